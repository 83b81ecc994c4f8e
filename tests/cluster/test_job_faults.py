"""What becomes of jobs when workers, the coordinator or the whole cluster end under them."""

import os
import signal
import time

import gli
import pytest
from by_hand import PATIENCE, ByHand, connected, ready, wait_for
from cluster_processes import alive, processes_of


def ask_for_ever(gate):
    with gli.connect() as own:
        g = own.generate_kronecker(10)
        open(gate, "w").close()
        while True:
            g.pagerank()


def here_and_count(scale):
    return gli.connect().generate_kronecker(scale).node_count, os.getcwd()


def await_file(path):
    wait_for(lambda: os.path.exists(path), path)


def test_a_worker_that_is_killed_under_a_job_is_an_error_of_the_job_by_name(fresh_cluster, tmp_path):
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        job = client.submit(ask_for_ever, str(tmp_path / "gate"))
        await_file(tmp_path / "gate")
        victim = cluster.workers[1]
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(gli.WorkerLostError, match=f"pid {victim.pid}") as caught:
            job.result(PATIENCE)
        assert "in ask_for_ever" in str(caught.value.__cause__)
        later = client.submit(lambda: gli.connect().generate_kronecker(4).node_count)
        assert later.status() == "waiting"  # for the worker
        cluster.restart()
        assert later.result(PATIENCE) == gli.generate_kronecker(4).node_count


def test_as_many_jobs_run_as_may_and_others_wait_in_order(fresh_cluster, tmp_path):
    cluster = fresh_cluster(1, max_jobs=2)

    def until(gate):
        while not os.path.exists(gate):
            time.sleep(0.02)
        return True

    with gli.Client(cluster) as client:
        jobs = [client.submit(until, str(tmp_path / "gate")) for _ in range(5)]
        wait_for(lambda: [j.status() for j in jobs] == ["running"] * 2 + ["waiting"] * 3, "two that run")
        jobs[3].cancel()
        assert jobs[3].status() == "cancelled" and jobs[3].logs() == ""
        assert jobs[3].info().started is None
        (tmp_path / "gate").touch()
        assert all(j.result(PATIENCE) for j in jobs if j is not jobs[3])
        assert jobs[2].info().started <= jobs[4].info().started


def test_a_closed_cluster_ends_its_jobs_and_leaves_nothing(tmp_path):
    with gli.LocalCluster(1) as cluster, gli.Client(cluster) as client:
        job = client.submit(ask_for_ever, str(tmp_path / "gate"), detached=True)

        def deaf(gate):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            open(gate, "w").close()
            time.sleep(1000)

        client.submit(deaf, str(tmp_path / "deaf"), detached=True)
        await_file(tmp_path / "gate")
        await_file(tmp_path / "deaf")
        assert len(processes_of(cluster.cluster_id)) == 6 and job.status() == "running"
    assert processes_of(cluster.cluster_id) == []


@pytest.fixture
def hand(tmp_path):
    h = ByHand(tmp_path / "c")
    yield h
    h.end()


def test_a_coordinator_that_starts_again_lists_what_it_finds_and_lets_wait_what_waited(hand, tmp_path):
    hand.start(1, more=["--max-jobs", 1, "--job-lease", 1])
    hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
        done = client.submit(lambda: "done")
        assert done.result(PATIENCE) == "done"
        failed = client.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            failed.result(PATIENCE)
        running = client.submit(ask_for_ever, str(tmp_path / "gate"), detached=True)
        waiting = client.submit(lambda: gli.connect().generate_kronecker(4).node_count, detached=True)
        attached = client.submit(time.sleep, 1000)
        await_file(tmp_path / "gate")
        pid = running.info().pid
        hand.kill_coordinator()
        wait_for(lambda: not alive(pid), "the end of the job with its coordinator")
        with pytest.raises(gli.ClusterError):
            running.status()
    hand.start(1, more=["--max-jobs", 1, "--job-lease", 1])
    with connected(hand.address) as client:
        ready(client)
        assert [j.id for j in client.jobs()] == [1, 2, 3, 4, 5]
        assert client.job(done.id).result() == "done"
        with pytest.raises(ZeroDivisionError):
            client.job(failed.id).result()
        with pytest.raises(gli.JobError, match="was lost: the coordinator ended while the job ran"):
            client.job(running.id).result()
        assert client.job(waiting.id).result(PATIENCE) == gli.generate_kronecker(4).node_count
        wait_for(lambda: client.status().jobs[4].state == "cancelled", "the end of the lease of the one that was attached")
        assert client.submit(lambda: 6).id == 6
        assert attached.id == 5


def test_stopping_the_cluster_ends_its_jobs_first(hand, tmp_path):
    hand.start(1)
    hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
        job = client.submit(ask_for_ever, str(tmp_path / "gate"), detached=True)
        await_file(tmp_path / "gate")
        assert job.status() == "running"
        client.shutdown()
    for process in hand.processes:
        process.wait(PATIENCE)
    assert processes_of(hand.identity) == []


def test_jobs_reach_a_cluster_of_other_hosts_through_tls(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    hand.worker("w0", "--join", hand.tls_address, "--credentials", hand.copy("worker", tmp_path / "w" / "worker.pem"))
    with connected(hand.tls_address, hand.copy("driver", tmp_path / "me" / "driver.pem")) as client:
        ready(client)
        job = client.submit(here_and_count, 4)  # of a module that is not there
        assert job.result(PATIENCE) == (gli.generate_kronecker(4).node_count, str(hand.directory / "jobs" / str(job.id)))


def test_a_cluster_that_is_stopped_says_why_a_job_ended_when_it_is_started_again(hand, tmp_path):
    hand.start(1)
    hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
        job = client.submit(ask_for_ever, str(tmp_path / "gate"), detached=True)
        await_file(tmp_path / "gate")
        client.shutdown()
    for process in hand.processes:
        process.wait(PATIENCE)
    hand.start(1)
    with connected(hand.address) as client:
        with pytest.raises(gli.CancelledError, match="a driver asked for it"):
            client.job(job.id).result(PATIENCE)
