"""A driver that asks more than it reads costs the cluster no memory, and others nothing."""

import contextlib
import select
import socket
import struct
import tempfile
import threading
import time
from pathlib import Path

import gli
import pytest
from gli import _core
from memory_of import MIB, descriptors, resident

HEADER_BYTES = 64
STUCK_SECONDS = 2  # without a byte being taken: it has stopped reading
MOST_BYTES = 256 * MIB
ALLOWED = 48 * MIB


@pytest.fixture(scope="module")
def house():
    with gli.LocalCluster(n_workers=2) as c:
        yield c


@pytest.fixture(scope="module")
def graph(house):
    with gli.Client(house) as client:
        yield client.generate_kronecker(10)


def door_of(house) -> str:
    return house.address.removeprefix("unix://")


def read_frame(s: socket.socket) -> bytes:
    head = read_exactly(s, HEADER_BYTES)
    return head + read_exactly(s, struct.unpack_from("<Q", head, 8)[0])


def read_exactly(s: socket.socket, bytes: int) -> bytes:
    got = b""
    while len(got) < bytes:
        piece = s.recv(bytes - len(got))
        if not piece:
            raise ConnectionError("hung up")
        got += piece
    return got


def frames_said(door: str, say) -> tuple[bytes, bytes]:
    """What a driver of ours sends through a door: its Hello, and its last request."""
    said = []
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = str(Path(folder) / "ear.sock")
        listener.bind(path)
        listener.listen()

        def between():
            near, _ = listener.accept()
            with near, socket.socket(socket.AF_UNIX) as far:
                far.connect(door)
                with contextlib.suppress(ConnectionError):
                    while True:
                        said.append(read_frame(near))
                        far.sendall(said[-1])
                        near.sendall(read_frame(far))

        ear = threading.Thread(target=between)
        ear.start()
        say(path)
        ear.join()
    return said[0], said[-1]


def ask_coordinator(*question):
    return lambda path: getattr(_core.DriverClient(path, 10), question[0])(*question[1:])


def admitted(door: str, hello: bytes) -> socket.socket:
    s = socket.socket(socket.AF_UNIX)
    s.connect(door)
    s.sendall(hello)
    read_frame(s)
    return s


def flood(s: socket.socket, request: bytes) -> int:
    """Sends it over and over and reads nothing, until nothing is taken any longer. How many bytes were taken."""
    s.setblocking(False)
    many, sent = request * (MIB // len(request) + 1), 0
    while sent < MOST_BYTES and select.select([], [s], [], STUCK_SECONDS)[1]:
        sent += s.send(memoryview(many)[sent % len(request) :])
    return sent


@pytest.mark.parametrize("what", ["ping", "status", "release"])
def test_a_driver_that_reads_no_answers_is_not_read_from_either(house, what):
    arguments = {"ping": (10,), "status": (10,), "release": ([12345], 10)}[what]
    hello, request = frames_said(door_of(house), ask_coordinator(what, *arguments))
    before = resident(house.coordinator_pid)
    with admitted(door_of(house), hello) as s:
        assert flood(s, request) < MOST_BYTES
        with gli.Client(house) as other:
            other.ping()
        assert resident(house.coordinator_pid) - before < ALLOWED


def test_a_driver_that_reads_no_rows_is_not_read_from_either(house, graph):
    door = house.workers[0].address

    def say(path):
        _core.WorkerClient(path, house.cluster_id).ask("nodes", graph._handle.number, 0, 0, {"limit": 1000})

    hello, request = frames_said(door, say)
    before = resident(house.workers[0].pid)
    with admitted(door, hello) as s:
        assert flood(s, request) < MOST_BYTES
        with gli.Client(house) as other:
            assert other.generate_kronecker(5).connected_components().count() >= 1
        assert resident(house.workers[0].pid) - before < ALLOWED


def test_a_driver_has_only_so_many_requests_under_way(house, graph):
    job = ("run", "degree", {"mode": "total"})
    hello, request = frames_said(door_of(house), ask_coordinator("job", graph._handle.number, job))
    before = resident(house.coordinator_pid)
    with admitted(door_of(house), hello) as s:
        s.sendall(request * 1000)
        answers = [read_frame(s) for _ in range(1000)]
        refused = [a for a in answers if b"under way: it must wait for answers" in a]
        assert 0 < len(refused) < 1000 - 32
        s.sendall(request)
        assert b"under way" not in read_frame(s)
    assert resident(house.coordinator_pid) - before < ALLOWED
    with gli.Client(house) as other:
        assert other.generate_kronecker(5).connected_components().count() >= 1


def test_a_driver_that_goes_in_the_middle_of_its_flood_leaves_nothing(house, graph):
    hello, request = frames_said(door_of(house), ask_coordinator("status", 10))
    with gli.Client(house) as other:
        other.ping()
        before, open_before = resident(house.coordinator_pid), descriptors(house.coordinator_pid)
        for _ in range(20):
            with admitted(door_of(house), hello) as s:
                s.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while True:
                        s.send(request * 100)
        deadline = time.monotonic() + 10
        while descriptors(house.coordinator_pid) > open_before and time.monotonic() < deadline:
            time.sleep(0.05)
        assert descriptors(house.coordinator_pid) <= open_before
        assert resident(house.coordinator_pid) - before < ALLOWED
        assert other.status().ready
