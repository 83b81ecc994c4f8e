"""Sixty-four drivers at once: each gets its own right answers, none waits for ever, and nothing of them stays."""

import statistics
import threading
import time

import gli
from memory_of import MIB, descriptors, resident

DRIVERS = 64


def ring_with_chords(number: int) -> list[tuple[int, int]]:
    size = 50 + number
    return [(i, (i + 1) % size) for i in range(size)] + [(0, i) for i in range(2, 2 + number % 7)]


def drive(address: str, number: int, begin: threading.Barrier, found: dict, took: dict) -> None:
    """What differs from the embedded graph's answers, or None."""
    try:
        begin.wait(60)
        started = time.monotonic()
        with gli.connect(address, timeout=120) as client:
            edges = ring_with_chords(number)
            g, expected = client.from_edge_list(edges), gli.Graph.from_edge_list(edges)
            same = (
                g.node_count == expected.node_count,
                sorted(g.neighbors(0)) == sorted(expected.neighbors(0)),
                g.has_node(10_000) is False,
                g.degree(0) == expected.degree(0),
                g.connected_components().count() == 1,
                g.pagerank(iterations=3).to_dict() == expected.pagerank(iterations=3).to_dict(),
            )
            found[number] = None if all(same) else same
        took[number] = time.monotonic() - started
    except BaseException as error:
        found[number] = error


def all_drive(address: str) -> tuple[dict, dict]:
    begin, found, took = threading.Barrier(DRIVERS), {}, {}
    drivers = [threading.Thread(target=drive, args=(address, n, begin, found, took)) for n in range(DRIVERS)]
    for d in drivers:
        d.start()
    for d in drivers:
        d.join()
    return found, took


def pids_of(cluster) -> list[int]:
    return [cluster.coordinator_pid, *(w.pid for w in cluster.workers)]


def await_descriptors(pids: list[int], most: list[int]) -> list[int]:
    """Until each has no more than that: what drivers had is closed a little after they left."""
    deadline = time.monotonic() + 20
    while any(descriptors(p) > m for p, m in zip(pids, most, strict=True)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [descriptors(p) for p in pids]


def test_sixty_four_drivers_at_once(fresh_cluster):
    cluster = fresh_cluster(2)
    pids = pids_of(cluster)
    assert set(all_drive(cluster.address)[0].values()) == {None}
    few = await_descriptors(pids, [DRIVERS // 2 for _ in pids])
    assert max(few) <= DRIVERS // 2
    held = [resident(p) for p in pids]
    for _ in range(3):
        found, took = all_drive(cluster.address)
        assert set(found.values()) == {None}
        assert max(took.values()) < 20 * statistics.median(took.values())
    assert all(now <= before for now, before in zip(await_descriptors(pids, few), few, strict=True))
    assert all(resident(p) - h < 32 * MIB for p, h in zip(pids, held, strict=True))
