"""All processes of a cluster are killed inside of a commit: what is found is the state before or after. GLI_DURABILITY=long: 200 kills."""

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


class Commit(threading.Thread):
    """A commit from a thread that says when it is inside of the call."""

    def __init__(self, store, graph):
        super().__init__()
        self.store, self.graph = store, graph
        self.entered, self.left = threading.Event(), threading.Event()

    def run(self):
        self.entered.set()
        try:
            self.store.commit("under way", self.graph)
        except Exception:
            return
        self.left.set()


def kill_inside(cluster, store, graph, wait: float) -> bool:
    """Whether all processes were killed before the call returned."""
    pids = processes_of(cluster.cluster_id)
    commit = Commit(store, graph)
    commit.start()
    commit.entered.wait()
    time.sleep(wait)  # spreads kills over the call; nothing depends on it
    ends = [os.pidfd_open(pid) for pid in pids]
    for end in ends:
        signal.pidfd_send_signal(end, signal.SIGKILL)
    inside = not commit.left.is_set()
    for end in ends:  # a write that the kernel has begun is still done
        select.select([end], [], [])
        os.close(end)
    commit.join()
    return inside


def states(path) -> list:
    store = gli.GraphStore(path)
    store.tag("settles")  # until a write this process, which had the store open, may see the state before: storage/FORMAT.md, "Crashes"
    store.delete_tag("settles")
    assert store.verify()
    return [(c.message, c.graph_id, store.at(c).graph_id) for c in store.log()]


def test_what_a_killed_cluster_leaves_is_the_state_before_or_after(tmp_path):
    rng, path = random.Random(1), tmp_path / "s"
    hit = missed = after = 0
    with gli.LocalCluster(n_workers=2, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
        client.open_store(path).commit("first", client.from_edge_list(some_edges(rng)))
    longest, before = 0.05, states(path)
    while hit < KILLS:
        with gli.LocalCluster(n_workers=2, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
            graph = client.from_edge_list(some_edges(rng))
            identity = graph.graph_id
            inside = kill_inside(cluster, client.open_store(path), graph, rng.random() * longest)
        longest *= 1.25 if inside else 0.75
        hit, missed = hit + inside, missed + (not inside)
        now = states(path)
        assert now == before or now == [("under way", identity, identity), *before]
        assert inside or len(now) > len(before)
        after += inside and now != before
        here = gli.GraphStore(path)
        here.commit("after the kill", graph=gli.Graph.from_edge_list(some_edges(rng)))
        before = states(path)
        assert len(before) == len(now) + 1
        assert missed < 5 * KILLS + 20
    print(f"commit on 2 workers: {hit} kills inside, {missed} outside; {hit - after} of the state before, {after} of the one after")
