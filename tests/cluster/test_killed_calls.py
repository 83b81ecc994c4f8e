"""All processes of a cluster are killed inside of a commit, merge, gc or bundle: what is found is the state before or after.

GLI_DURABILITY=long: 200 kills inside of each.
"""

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import gli
import pytest
from cluster_processes import processes_of

KILLS = 200 if os.environ.get("GLI_DURABILITY") == "long" else 3


def some_edges(rng: random.Random) -> list:
    return [(f"node {rng.randrange(500)}", f"node {rng.randrange(500)}") for _ in range(2000)]


class Call(threading.Thread):
    """A call from a thread that says when it is inside of it."""

    def __init__(self, call):
        super().__init__()
        self.call = call
        self.entered, self.left = threading.Event(), threading.Event()

    def run(self):
        self.entered.set()
        try:
            self.call()
        except Exception:
            return
        self.left.set()


@contextmanager
def killed(pids: list[int], wait: float):
    """Kills all at once and runs the block; behind it none of them writes any more."""
    time.sleep(wait)  # spreads kills over the call; nothing depends on it
    ends = [os.pidfd_open(pid) for pid in pids]
    for end in ends:
        signal.pidfd_send_signal(end, signal.SIGKILL)
    yield
    for end in ends:  # a write that the kernel has begun is still done
        select.select([end], [], [])
        os.close(end)


def kill_inside(cluster, what, wait: float) -> bool:
    """Whether all processes were killed before the call returned."""
    pids = processes_of(cluster.cluster_id)
    call = Call(what)
    call.start()
    call.entered.wait()
    with killed(pids, wait):
        inside = not call.left.is_set()
    call.join()
    return inside


# What the driver does itself is killed with the driver: a process that says when it is inside of the call.
DRIVER = """
import sys, gli
with gli.LocalCluster(n_workers=2, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
    store = client.open_store(sys.argv[1])
    graph = store.at("main")
    print(cluster.cluster_id, flush=True)
    sys.stdin.readline()
    print("entered", flush=True)
    {call}
    print("left", flush=True)
    sys.stdin.readline()
"""


def kill_driver_inside(call: str, path, wait: float) -> bool:
    """Whether the driver and its cluster's processes were killed before the call returned."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", DRIVER.format(call=call), path], text=True, **pipes) as driver:
        pids = [driver.pid, *processes_of(driver.stdout.readline().strip())]
        assert len(pids) == 4
        print("go", file=driver.stdin, flush=True)
        assert driver.stdout.readline() == "entered\n"
        with killed(pids, wait):
            pass
        return driver.stdout.read() == ""


class Tally:
    """Kills until there were enough inside of the call; how long to wait before one follows from those before."""

    def __init__(self, call: str):
        self.call, self.rng = call, random.Random(1)
        self.hit = self.missed = self.after = 0
        self.longest = 0.05

    def goes_on(self) -> bool:
        assert self.missed < 5 * KILLS + 20
        return self.hit < KILLS

    def wait(self) -> float:
        return self.rng.random() * self.longest

    def count(self, inside: bool, changed: bool):
        assert inside or changed
        self.longest *= 1.25 if inside else 0.75
        self.hit, self.missed = self.hit + inside, self.missed + (not inside)
        self.after += inside and changed

    def report(self):
        print(f"{self.call} on 2 workers: {self.hit} kills inside, {self.missed} outside;", end=" ")
        print(f"{self.hit - self.after} of the state before, {self.after} of the one after")


def sound(path) -> gli.GraphStore:
    store = gli.GraphStore(path)
    store.tag("settles")  # until a write this process, which had the store open, may see the state before: storage/FORMAT.md, "Crashes"
    store.delete_tag("settles")
    assert store.verify()
    return store


def states(path) -> list:
    store = sound(path)
    return [(c.message, c.graph_id, store.at(c).graph_id) for c in store.log()]


def two_workers():
    return gli.LocalCluster(n_workers=2, threads_per_worker=1)


def test_what_a_killed_cluster_leaves_is_the_state_before_or_after(tmp_path):
    rng, path = random.Random(1), tmp_path / "s"
    with two_workers() as cluster, gli.Client(cluster) as client:
        client.open_store(path).commit("first", client.from_edge_list(some_edges(rng)))
    tally, before = Tally("commit"), states(path)
    while tally.goes_on():
        with two_workers() as cluster, gli.Client(cluster) as client:
            graph = client.from_edge_list(some_edges(rng))
            identity, store = graph.graph_id, client.open_store(path)
            inside = kill_inside(cluster, lambda store=store, graph=graph: store.commit("under way", graph), tally.wait())
        now = states(path)
        assert now == before or now == [("under way", identity, identity), *before]
        tally.count(inside, now != before)
        here = gli.GraphStore(path)
        here.commit("after the kill", graph=gli.Graph.from_edge_list(some_edges(rng)))
        before = states(path)
        assert len(before) == len(now) + 1
    tally.report()


def two_sides(path, n: int) -> str:
    """Commits on main and on a branch of its own since, as pages, which a cluster reads; the graph_id of both merged."""
    store = gli.GraphStore(path)
    base = store.at("main")
    store.create_branch(f"side-{n}")
    sides = [gli.Graph.from_edge_list([*base.edges, (f"{name} {n}", "node 0")]) for name in ("ours", "theirs")]
    store.commit("ours", graph=sides[0])
    store.switch_branch(f"side-{n}")
    store.commit("theirs", graph=sides[1])
    store.switch_branch("main")
    return sides[0].merge(sides[1], base).graph_id


def test_what_a_cluster_that_was_killed_inside_of_a_merge_leaves_is_the_state_before_or_after(tmp_path):
    rng, path, n = random.Random(2), tmp_path / "s", 0
    gli.GraphStore(path).commit("first", graph=gli.Graph.from_edge_list([*some_edges(rng), ("node 0", "node 1")]))
    tally = Tally("merge")
    while tally.goes_on():
        n += 1
        merged = two_sides(path, n)
        before, theirs = states(path), gli.GraphStore(path).at(f"side-{n}").graph_id
        with two_workers() as cluster, gli.Client(cluster) as client:
            store = client.open_store(path)
            inside = kill_inside(cluster, lambda store=store, n=n: store.merge_branch(f"side-{n}", message="under way"), tally.wait())
        now = states(path)
        if now != before:  # and what was merged belongs to main's history now
            assert now[0] == ("under way", merged, merged)
            assert sorted(now[1:]) == sorted([("theirs", theirs, theirs), *before])
        tally.count(inside, now != before)
    tally.report()


@pytest.fixture(scope="module")
def littered(tmp_path_factory):
    """A store of two workers with ten commits, eight of which nothing reaches."""
    rng, path = random.Random(3), tmp_path_factory.mktemp("littered") / "s"
    with two_workers() as cluster, gli.Client(cluster) as client:
        store = client.open_store(path)
        for i in range(10):
            store.commit(str(i), client.from_edge_list(some_edges(rng)))
            if 0 < i < 9:
                store.undo()
    return path


def test_what_a_driver_that_was_killed_inside_of_a_gc_leaves_is_all_that_roots_reach(littered, tmp_path):
    tally, before = Tally("gc"), states(littered)
    path = tmp_path / "s"
    while tally.goes_on():
        shutil.copytree(littered, path)
        inside = kill_driver_inside("store.gc(keep_reflog=0)", path, tally.wait())
        assert states(path) == before
        collected = sound(path).get_storage_stats().commits == len(before)
        tally.count(inside, collected)
        sound(path).gc(keep_reflog=0)
        assert states(path) == before and sound(path).get_storage_stats().commits == len(before)
        shutil.rmtree(path)
    tally.report()


def test_a_bundle_whose_driver_was_killed_inside_of_it_is_whole_or_not_there(littered, tmp_path):
    tally, before = Tally("bundle"), states(littered)
    bundle = tmp_path / "bundle"
    while tally.goes_on():
        inside = kill_driver_inside(f"store.bundle({str(bundle)!r})", littered, tally.wait())
        assert states(littered) == before
        there = bundle.exists()
        tally.count(inside, there)
        if there:
            gli.GraphStore(tmp_path / "other").unbundle(bundle)
            assert states(tmp_path / "other") == before
            shutil.rmtree(tmp_path / "other")
            bundle.unlink()
    tally.report()
