"""All processes of a cluster are killed inside of a commit or a merge: what is found is the state before or after.

GLI_DURABILITY=long: 200 kills inside of each.
"""

import os
import random
import select
import signal
import threading
import time

import gli
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


def kill_inside(cluster, what, wait: float) -> bool:
    """Whether all processes were killed before the call returned."""
    pids = processes_of(cluster.cluster_id)
    call = Call(what)
    call.start()
    call.entered.wait()
    time.sleep(wait)  # spreads kills over the call; nothing depends on it
    ends = [os.pidfd_open(pid) for pid in pids]
    for end in ends:
        signal.pidfd_send_signal(end, signal.SIGKILL)
    inside = not call.left.is_set()
    for end in ends:  # a write that the kernel has begun is still done
        select.select([end], [], [])
        os.close(end)
    call.join()
    return inside


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


def states(path) -> list:
    store = gli.GraphStore(path)
    store.tag("settles")  # until a write this process, which had the store open, may see the state before: storage/FORMAT.md, "Crashes"
    store.delete_tag("settles")
    assert store.verify()
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
        before = states(path)
        with two_workers() as cluster, gli.Client(cluster) as client:
            store = client.open_store(path)
            inside = kill_inside(cluster, lambda store=store, n=n: store.merge_branch(f"side-{n}", message="under way"), tally.wait())
        now = states(path)
        assert now == before or now == [("under way", merged, merged), *before]
        tally.count(inside, now != before)
    tally.report()
