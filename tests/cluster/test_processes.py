"""Processes are processes: their pids, their deaths, and that none is left behind."""

import os
import signal
import subprocess
import sys
import time

import gli
import pytest
from cluster_processes import alive, processes_of


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_every_worker_is_a_process_of_its_own_and_holds_its_part(client, cluster):
    g = client.generate_kronecker(8)
    stats = g.partition_stats()
    pids = set(stats["pid"])
    assert len(pids) == len(cluster.workers)
    assert os.getpid() not in pids and cluster.coordinator_pid not in pids
    assert pids <= set(processes_of(cluster.cluster_id))
    assert sum(stats["nodes"]) == g.node_count
    assert sum(stats["edges"]) == g.edge_count


def test_nothing_is_left_after_a_cluster_was_closed():
    cluster = gli.LocalCluster(n_workers=2)
    assert len(processes_of(cluster.cluster_id)) == 3
    cluster.close()
    assert processes_of(cluster.cluster_id) == []
    assert not os.path.exists(cluster.directory)


def test_workers_end_when_the_coordinator_is_killed(fresh_cluster):
    cluster = fresh_cluster(2)
    os.kill(cluster.coordinator_pid, signal.SIGKILL)
    workers = [w for w in processes_of(cluster.cluster_id) if w != cluster.coordinator_pid]
    assert wait_until(lambda: not any(alive(p) for p in workers), 5)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_everything_ends_when_the_driver_that_made_the_cluster_is_killed(how):
    code = "import gli, sys; c = gli.LocalCluster(2); print(c.cluster_id, flush=True); sys.stdin.read()"
    driver = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        identity = driver.stdout.readline().strip()
        children = [p for p in processes_of(identity) if p != driver.pid]
        assert len(children) == 3
    finally:
        driver.send_signal(how)
        driver.wait()
        driver.stdin.close()
        driver.stdout.close()
    assert wait_until(lambda: not any(alive(p) for p in children), 5), "processes outlived their driver by 5 s"


def test_a_worker_that_cannot_reach_the_coordinator_says_so_and_tries_again(tmp_path):
    from gli._cluster import glid_path
    directory = tmp_path / "d"
    directory.mkdir(mode=0o700)
    log = tmp_path / "log"
    with open(log, "wb") as output:
        command = [glid_path(), "worker", "--dir", str(directory), "--index", "0", "--parent", str(os.getpid())]
        worker = subprocess.Popen(command, stderr=output)
    try:
        assert wait_until(lambda: log.read_text().count("cannot reach the coordinator") >= 2, 5)
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait()


def test_a_killed_workers_question_fails_by_name_and_the_next_is_answered_after_restart(fresh_cluster, tmp_path):
    cluster = fresh_cluster(3)
    with gli.Client(cluster) as client:
        g = client.generate_kronecker(14)
        expected = g.pagerank(iterations=3)
        expected_top = expected.top(5)
        store = client.open_store(tmp_path / "store.gli")
        store.commit("before", graph=g, results=[expected])
        victim = cluster.workers[1]
        uncommitted = client.generate_kronecker(6)

        killed_at = kill_during(client, victim.pid, lambda: g.pagerank(iterations=2000))
        took, error = killed_at
        assert took < 2
        assert f"pid {victim.pid}" in str(error) and f"partition {victim.partition}" in str(error)
        assert "last log lines" in str(error)

        with pytest.raises(gli.WorkerLostError, match="has no worker"):
            g.pagerank(iterations=1)
        cluster.restart()
        assert g.pagerank(iterations=3).top(5) == expected_top
        assert expected.top(5) == expected_top
        assert g.graph_id == store.log()[0].graph_id
        with pytest.raises(gli.WorkerLostError, match="never been committed"):
            uncommitted.pagerank()


def kill_during(client, pid: int, question):
    """Kills a process while the question runs; how long the failure took to arrive, and the failure."""
    import threading
    killed = []

    def kill():
        time.sleep(0.3)
        killed.append(time.monotonic())
        os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(gli.WorkerLostError) as caught:
        question()
    thread.join()
    return time.monotonic() - killed[0], caught.value


def test_a_worker_that_dies_while_loading_fails_the_load_by_name_and_nothing_is_half_loaded(fresh_cluster, tmp_path):
    cluster = fresh_cluster(2)
    victim = cluster.workers[0]
    path = tmp_path / "edges"
    path.write_text("".join(f"{i} {i * 31 % 100003}\n" for i in range(300000)))
    with gli.Client(cluster) as client:
        os.kill(victim.pid, signal.SIGSTOP)  # so that the load is under way when it dies

        def kill():
            time.sleep(0.3)
            os.kill(victim.pid, signal.SIGKILL)

        import threading
        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(gli.GliError, match=f"(partition {victim.partition}|pid {victim.pid})"):
            client.read_edges(path)
        thread.join()
        cluster.restart()
        assert client.read_edges(path).edge_count == 300000
