"""Whoever knocks without being one of ours gets nothing, and the cluster goes on."""

import os
import random
import socket
import stat
import struct
import threading

import gli
import pytest
import xxhash
from cluster_processes import processes_of

HEADER = struct.Struct("<IHHQQIIQIIIIQ")
MAGIC = 0x31494C47
HELLO = 1
FAILURE = 3


@pytest.fixture(scope="module")
def house():
    with gli.LocalCluster(n_workers=2) as c:
        yield c


@pytest.fixture(params=["coordinator", "worker"])
def door(request, house):
    return socket_of(house.address) if request.param == "coordinator" else house.workers[0].address


@pytest.fixture
def process(house, door):
    """Whose door it is."""
    return house.coordinator_pid if door == socket_of(house.address) else house.workers[0].pid


def socket_of(address):
    return address.removeprefix("unix://")


class Peer(socket.socket):
    """A connection to a door, and the body of the last frame it received."""

    last_body = b""


def knock(path):
    s = Peer(socket.AF_UNIX)
    s.connect(path)  # waits while the door's queue is full
    s.settimeout(10)
    return s


def header(kind, length, magic=MAGIC):
    first = HEADER.pack(magic, kind, 1, length, 0, 0, 0, 0, 0, 0, 0, 0, 0)[:56]
    return first + struct.pack("<Q", xxhash.xxh3_64_intdigest(first))


def drain(s):
    received = b""
    try:
        while chunk := s.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    return received


def was_turned_away(s):
    """Hung up on, with nothing said but at most why."""
    received = drain(s)
    return received == b"" or HEADER.unpack(received[:64])[1] == FAILURE


def send_all_if_it_takes(s, data):
    try:
        s.sendall(data)
    except OSError:  # it hung up before the end
        pass


def still_answers(house):
    with gli.Client(house) as client:
        g = client.generate_kronecker(5)
        assert g.connected_components().count() >= 1


def test_a_megabyte_of_random_bytes_is_hung_up_on(house, door):
    with knock(door) as s:
        send_all_if_it_takes(s, random.Random(1).randbytes(1 << 20))
        assert was_turned_away(s)
    still_answers(house)


def resident(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_header_that_announces_two_gigabytes_allocates_nothing(house, door, process):
    before = resident(process)
    with knock(door) as s:
        send_all_if_it_takes(s, header(HELLO, 2 << 30))
        assert was_turned_away(s)
    assert resident(process) - before < 64 << 20
    still_answers(house)


def test_two_gigabytes_announced_after_the_welcome_allocate_nothing_either(house):
    with gli.Client(house):  # the door admits this user; then a frame of ours, but for its length
        with knock(socket_of(house.address)) as s:
            s.sendall(hello())
            assert kind_of(s) == 2
            before = resident(house.coordinator_pid)
            send_all_if_it_takes(s, header(10, 2 << 30))
            assert drain(s) == b""
            assert resident(house.coordinator_pid) - before < 64 << 20
    still_answers(house)


def hello(version=1, cluster=b""):
    """A Hello as capnp lays it out: 4 words of data, 5 pointers; written by hand so that the test needs no encoder of ours."""
    cluster_words = (len(cluster) + 1 + 7) // 8 if cluster else 0
    data = struct.pack("<IBBHIIII", version, 3, 0, 0, os.getpid(), 0, 0, 0)
    data = data[:24]
    pointers = [0] * 5
    if cluster:
        pointers[1] = ((5 - 1 - 1) << 2 | 1) | ((2 | (len(cluster) + 1) << 3) << 32)
    root = struct.pack("<Q", 3 << 32 | 5 << 48)
    text = (cluster + b"\0").ljust(cluster_words * 8, b"\0") if cluster else b""
    body = root + data + b"".join(struct.pack("<Q", p) for p in pointers) + text
    return header(HELLO, len(body)) + body


def receive(s, n):
    data = b""
    while len(data) < n:
        chunk = s.recv(n - len(data))
        assert chunk, "hung up"
        data += chunk
    return data


def kind_of(s):
    fields = HEADER.unpack(receive(s, 64))
    s.last_body = receive(s, fields[3])
    return fields[1]


def test_a_driver_of_another_version_is_told_both_versions(house, door):
    with knock(door) as s:
        s.sendall(hello(version=77))
        assert kind_of(s) == FAILURE
        text = s.last_body.decode(errors="replace")
        assert "77" in text and "protocol" in text and "1" in text
        assert drain(s) == b""
    still_answers(house)


def test_a_hello_to_another_cluster_is_refused(house, door):
    with knock(door) as s:
        s.sendall(hello(cluster=b"somebody-elses"))
        assert kind_of(s) == FAILURE
        assert b"somebody-elses" in s.last_body


def malformed(rng):
    """What a peer might send that is out of order, at once or after a Hello."""
    after_hello = rng.random() < 0.5
    body = rng.randbytes(8 * rng.randrange(0, 60))
    kind = rng.choice([0, 1, 2, 3, 10, 11, 12, 20, 21, 22, 23, 30, 31, 32, 41, 99, 65535])
    frame = header(kind, len(body)) + body
    damage = rng.randrange(4)
    if damage == 0:
        frame = frame[: rng.randrange(len(frame))]
    elif damage == 1:
        at = rng.randrange(64)
        frame = frame[:at] + bytes([frame[at] ^ 1 << rng.randrange(8)]) + frame[at + 1 :]
    elif damage == 2:
        frame = header(kind, rng.choice([1, 7, 1 << 12, 1 << 26, 1 << 40, 2**64 - 8])) + body
    return (hello() if after_hello else b"") + frame


def test_ten_thousand_malformed_frames_change_nothing(house, door, process):
    rng = random.Random(9)
    before = resident(process)
    for _ in range(5000):  # at either door
        with knock(door) as s:
            send_all_if_it_takes(s, malformed(rng))
    assert resident(process) - before < 64 << 20
    still_answers(house)


def test_two_hundred_silent_connections_do_not_keep_drivers_out_for_ever(house):
    silent = [knock(socket_of(house.address)) for _ in range(200)]
    try:
        for s in silent[:64]:
            assert was_turned_away(s)  # he made room for another, or had his five seconds
        still_answers(house)
    finally:
        for s in silent:
            s.close()


def test_many_strangers_at_once_do_not_disturb_a_running_question(house):
    with gli.Client(house) as client:
        g = client.generate_kronecker(12)
        expected = g.pagerank(iterations=5).top(3)

        def pester(seed):
            rng = random.Random(seed)
            for _ in range(20):
                with knock(socket_of(house.address)) as s:
                    send_all_if_it_takes(s, rng.randbytes(rng.randrange(1, 4000)))

        threads = [threading.Thread(target=pester, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for _ in range(5):
            assert g.pagerank(iterations=5).top(3) == expected
        for t in threads:
            t.join()


def test_the_directory_is_for_this_user_alone(house):
    assert stat.S_IMODE(os.stat(house.directory).st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_another_user_of_the_host_is_hung_up_on(house):
    os.chmod(house.directory, 0o711)  # as if the directory did not protect it
    os.chmod(socket_of(house.address), 0o666)
    try:
        pid = os.fork()
        if pid == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                with knock(socket_of(house.address)) as s:
                    send_all_if_it_takes(s, hello())
                    os._exit(0 if drain(s) == b"" else 1)
            except BaseException:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    finally:
        os.chmod(house.directory, 0o700)
    still_answers(house)


def test_the_cluster_opens_no_network_port(house):
    inodes = set()
    for pid in processes_of(house.cluster_id):
        for fd in os.scandir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(fd.path)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        with open(table) as f:
            listening |= {line.split()[9] for line in f.readlines()[1:]}
    assert inodes and not inodes & listening
