"""Workers that die while a graph is being edited: nothing half-done is ever seen."""

import os
import signal
import threading

import gli
import pytest
from test_processes import wait_until


def kill_at_work(cluster, victim, edit):
    """Runs an edit that a frozen worker holds up, and kills the worker once the job is under way; the failure."""
    os.kill(victim.pid, signal.SIGSTOP)
    with gli.Client(cluster) as watcher:

        def kill():
            wait_until(lambda: watcher.status().calls, 5)
            os.kill(victim.pid, signal.SIGKILL)

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(gli.WorkerLostError) as caught:
            edit()
        thread.join()
    return caught.value


@pytest.mark.parametrize("index", [0, 1])
def test_an_edit_that_loses_a_worker_fails_by_name_and_changes_nothing(fresh_cluster, tmp_path, index):
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        pairs = [(i, i * 7 % 50) for i in range(100)]
        g = client.from_edge_list(pairs)
        store = client.open_store(tmp_path / "s")
        store.commit("before", g)
        uncommitted = g.add_node(1000)
        victim = cluster.workers[index]
        error = kill_at_work(cluster, victim, lambda: g.remove_node(7).add_node(2000))
        assert f"pid {victim.pid}" in str(error) and f"partition {victim.partition}" in str(error)
        cluster.restart()
        here = gli.Graph.from_edge_list(pairs)
        assert g.graph_id == here.graph_id and list(g.nodes) == list(here.nodes)
        with pytest.raises(gli.WorkerLostError, match="never been committed"):
            uncommitted.add_node(1001)
        assert g.remove_node(7).graph_id == here.remove_node(7).graph_id
        assert store.log()[0].graph_id == here.graph_id and store.verify()

