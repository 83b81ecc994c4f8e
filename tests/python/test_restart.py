"""Workers that die or freeze, as LocalCluster and Client see it. tests/cluster has more."""

import os
import signal
import time

import pytest

import gli


@pytest.fixture
def cluster():
    with gli.LocalCluster(n_workers=2, threads_per_worker=1) as cluster:
        yield cluster


def pids(cluster) -> list[int]:
    return [w.pid for w in sorted(cluster.workers, key=lambda w: w.partition)]


def test_restart_right_after_a_kill_replaces_the_worker(cluster):
    for _ in range(3):
        before = pids(cluster)
        os.kill(before[0], signal.SIGKILL)
        cluster.restart()
        after = pids(cluster)
        assert after[0] != before[0] and after[1] == before[1] and all(w.state == "ready" for w in cluster.workers)


def test_restart_of_all_workers_at_once(cluster):
    before = pids(cluster)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    cluster.restart()
    assert not set(before) & set(pids(cluster))
    with gli.Client(cluster) as client:
        assert client.from_edge_list([(1, 2), (2, 3)]).connected_components().count() == 1


def test_a_restart_without_need_changes_nothing(cluster):
    before = pids(cluster)
    cluster.restart()
    assert pids(cluster) == before


def test_a_frozen_worker_is_replaced(cluster):
    before = pids(cluster)
    os.kill(before[1], signal.SIGSTOP)
    deadline = time.monotonic() + 60
    while not any(w.state == "lost" for w in cluster.workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    cluster.restart()
    assert pids(cluster)[0] == before[0] and pids(cluster)[1] != before[1]
    assert not os.path.exists(f"/proc/{before[1]}")


def test_a_graph_that_was_lost_with_a_worker_is_no_missing_key(cluster):
    with gli.Client(cluster) as client:
        g = client.from_edge_list([(i, i + 1) for i in range(20)])
        degrees = g.degree()
        for pid in pids(cluster):
            os.kill(pid, signal.SIGKILL)
        cluster.restart()
        for ask in (lambda: [degrees.get(i) for i in range(20)], lambda: [g.nodes[i] for i in range(20)], lambda: g.nodes.head()):
            with pytest.raises(gli.WorkerLostError, match="load or compute it again"):
                ask()


def test_a_forked_child_leaves_the_cluster_alone(cluster):
    child = os.fork()
    if child == 0:
        cluster.close()
        os._exit(0 if os.path.exists(cluster.directory) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert all(w.state == "ready" for w in cluster.workers)


def test_a_committed_graph_comes_back_with_the_worker(cluster, tmp_path):
    with gli.Client(cluster) as client:
        g = client.from_edge_list([(i, i + 1) for i in range(20)])
        edges = g.edges.to_arrow()
        client.open_store(tmp_path / "s").commit("kept", g)
        for pid in pids(cluster):
            os.kill(pid, signal.SIGKILL)
        cluster.restart()
        assert g.edges.to_arrow().equals(edges) and g.neighbors(3) == [4] and g.connected_components().count() == 1
