"""Whoever knocks at a TLS door without belonging to the cluster hears nothing of ours, and the cluster goes on."""

import contextlib
import os
import random
import socket
import ssl
import struct
import threading
import time

import gli
import pytest
from by_hand import ByHand, connected, ready
from cluster_processes import processor_seconds
from test_strangers import drain, hello, malformed, resident, send_all_if_it_takes

ALERT = 7  # bytes of a TLS alert in plain: more than that none of these hears before it is admitted


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    h = ByHand(tmp_path_factory.mktemp("beyond") / "c")
    try:
        h.start(1, listen="127.0.0.1:0")
        h.worker("w0", "--join", h.tls_address, "--credentials", h.directory / "credentials")
        yield h
    finally:
        h.end()


@pytest.fixture
def client(hand):
    with connected(hand.tls_address, hand.directory / "credentials") as c:
        ready(c)
        yield c


@pytest.fixture(params=["coordinator", "worker"])
def door(request, hand, client):
    address = hand.tls_address if request.param == "coordinator" else client.status().workers[0].tls_address
    return "127.0.0.1", int(address.rpartition(":")[2])


@pytest.fixture
def processes(hand, client):
    return [hand.coordinator_pid(), *(w.pid for w in client.status().workers)]


def knock(door):
    s = socket.create_connection(door, timeout=30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def tls(certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        context.load_cert_chain(certificate)
    return context


def still_answers(client):
    g = client.generate_kronecker(5)
    assert g.connected_components().count() >= 1


def test_plaintext_and_noise_hear_at_most_an_alert(client, door):
    rng = random.Random(3)
    for data in (hello(), b"GET / HTTP/1.1\r\n\r\n", rng.randbytes(1 << 20), b"\x16\x03\x01" + rng.randbytes(9000), b"\0" * 64):
        with knock(door) as s:
            send_all_if_it_takes(s, data)
            with contextlib.suppress(OSError):  # it hung up already
                s.shutdown(socket.SHUT_WR) if len(data) < 1000 else None
            assert len(drain(s)) <= ALERT
    still_answers(client)


def heard_over_tls(door, certificate, data):
    """What comes of a TLS connection on which these bytes are sent, or the alert's name."""
    try:
        with tls(certificate).wrap_socket(knock(door)) as s:
            s.sendall(data)
            return s.recv(65536)
    except (ssl.SSLError, ConnectionError) as error:
        return str(error)


def test_no_certificate_is_an_alert_and_nothing_more(client, door):
    answer = heard_over_tls(door, None, b"\0" * 32 + hello())
    assert isinstance(answer, str) and ("alert" in answer.lower() or "reset" in answer.lower() or "EOF" in answer)
    still_answers(client)


def test_the_certificate_without_the_secret_hears_nothing(hand, client, door):
    rng = random.Random(4)
    for proof in (b"\0" * 32, rng.randbytes(32), b"", rng.randbytes(31)):
        with tls(hand.directory / "credentials" / "driver.pem").wrap_socket(knock(door)) as s:
            s.sendall(proof + hello() if len(proof) == 32 else proof)
            s.settimeout(30)
            try:
                assert s.recv(65536) == b""  # at once, or when its time is over
            except ConnectionError:
                pass
    still_answers(client)


def malformed_over_tls(rng):
    """Malformed frames as they are, or in what claims to be a record of TLS, whole or not."""
    frames = malformed(rng)
    if rng.random() < 0.5:
        return frames
    kind, length = rng.choice([20, 21, 22, 23, 24, 99]), rng.choice([len(frames), rng.randrange(1 << 16)])
    return struct.pack(">BHH", kind, rng.choice([0x0301, 0x0303, 0x0304, 0]), length) + frames


def test_ten_thousand_malformed_frames_hear_at_most_an_alert(client, door, processes):
    rng = random.Random(8)
    before = sum(map(resident, processes))
    for _ in range(5000):  # at either door
        with knock(door) as s:
            send_all_if_it_takes(s, malformed_over_tls(rng))
            with contextlib.suppress(OSError):  # it hung up already
                s.shutdown(socket.SHUT_WR)
            assert len(drain(s)) <= ALERT
    assert sum(map(resident, processes)) - before < 64 << 20
    still_answers(client)


IDLE_SHARE = 0.01  # of one core, coordinator and worker together: docs/hosts.md


def test_a_cluster_that_nobody_asks_costs_under_a_hundredth_of_a_core(client, processes):
    client.ping()
    used, begun = processor_seconds(processes), time.monotonic()
    time.sleep(10)  # what is measured is this time
    assert processor_seconds(processes) - used < IDLE_SHARE * (time.monotonic() - begun)


def test_a_thousand_idle_connections_cost_little_memory_and_time_and_keep_nobody_out(hand, client, door, processes):
    memory, used, begun = sum(map(resident, processes)), processor_seconds(processes), time.monotonic()
    idle = [knock(door) for _ in range(1000)]
    try:
        client.ping()  # who was admitted before does not notice
        with connected(hand.tls_address, hand.directory / "credentials") as late:  # who comes behind them is
            late.ping()
        for s in idle:
            assert drain(s) == b""  # all are hung up on without a word
        assert processor_seconds(processes) - used < 1 + 0.1 * (time.monotonic() - begun)
        assert sum(map(resident, processes)) - memory < 64 << 20
    finally:
        for s in idle:
            s.close()
    still_answers(client)


def test_strangers_at_both_doors_do_not_disturb_a_running_question(hand, client):
    g = client.generate_kronecker(10)
    expected = g.pagerank(iterations=5).top(3)
    doors = [("127.0.0.1", int(a.rpartition(":")[2])) for a in (hand.tls_address, client.status().workers[0].tls_address)]

    def pester(seed):
        rng = random.Random(seed)
        for i in range(100):
            with knock(doors[i % 2]) as s:
                send_all_if_it_takes(s, rng.randbytes(rng.randrange(1, 4000)))

    threads = [threading.Thread(target=pester, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for _ in range(5):
        assert g.pagerank(iterations=5).top(3) == expected
    for t in threads:
        t.join()


def test_a_port_of_caf_is_opened_by_nobody(hand, client, processes):
    doors = {int(a.rpartition(":")[2]) for a in (hand.tls_address, client.status().workers[0].tls_address)}
    inodes = set()
    for pid in processes:
        for fd in os.scandir(f"/proc/{pid}/fd"):
            target = os.readlink(fd.path)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as f:
            rows = [line.split() for line in f.readlines()[1:]]
        listening |= {int(r[1].rpartition(":")[2], 16) for r in rows if r[9] in inodes and r[3] == "0A"}
    assert listening == doors


def test_credentials_of_a_worker_make_no_driver(hand, client):
    with pytest.raises(ValueError, match="a worker's; a driver has driver.pem"):
        gli.connect(hand.tls_address, credentials=hand.directory / "credentials" / "worker.pem")
