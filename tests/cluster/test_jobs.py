"""Jobs on a running cluster: started by a LocalCluster, and by hand."""

import os
import signal
import subprocess
import sys
import threading
import time

import gli
import pytest
from by_hand import PATIENCE, connected, wait_for
from job_places import LEASE, PLACES, a_client, a_place, script


@pytest.fixture(scope="module", params=PLACES)
def place(request, tmp_path_factory):
    yield from a_place(request.param, tmp_path_factory)


@pytest.fixture
def client(place):
    yield from a_client(place)


# --- what they give -------------------------------------------------------------------------------------------------------------------


def test_a_function_runs_with_its_arguments_and_its_result_comes_back(client):
    job = client.submit(lambda x, *more, y: (x, more, y), 1, 2, y={"a": [3]})
    assert job.result(timeout=PATIENCE) == (1, (2,), {"a": [3]})
    info = job.info()
    assert (info.state, info.exit_status, info.kind, info.error) == ("succeeded", 0, "function", "")
    assert info.submitted <= info.started <= info.ended
    assert client.job(job.id).result() == (1, (2,), {"a": [3]})


def test_inside_of_a_job_the_cluster_is_the_one_that_runs_it(client):
    def strongest(scale):
        with gli.connect() as own:
            return own.generate_kronecker(scale).pagerank().top(3)["id"]

    assert client.submit(strongest, 6).result(timeout=PATIENCE) == gli.generate_kronecker(6).pagerank().top(3)["id"]


def test_a_script_runs_where_it_was_submitted_with_its_words_and_the_modules_beside_it(client, tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("name = 'found'\n")
    path = script(
        tmp_path,
        """
        import os, sys, threading
        import beside
        print(sys.argv[1:], beside.name, os.getcwd(), __name__)
        print("to standard error", file=sys.stderr)
        threading.Thread(target=lambda: print("of a thread", beside.name)).start()
        """,
    )
    monkeypatch.chdir(tmp_path)
    job = client.submit("job.py", "--alpha", 3, "a b")
    assert job.result(timeout=PATIENCE) is None
    assert job.logs() == f"['--alpha', '3', 'a b'] found {tmp_path} __main__\nto standard error\nof a thread found\n"
    assert (job.name, job.info().kind, path.name) == ("job.py", "script", "job.py")


def test_a_result_of_fifty_megabytes_comes_back_whole(client):
    import hashlib

    result = client.submit(lambda: os.urandom(1) * (50 << 20)).result(timeout=PATIENCE)
    assert len(result) == 50 << 20 and result == result[:1] * len(result)
    sent = os.urandom(20 << 20)
    assert client.submit(lambda b: hashlib.sha256(b).hexdigest(), sent).result(timeout=PATIENCE) == hashlib.sha256(sent).hexdigest()


def test_eight_jobs_at_once_share_the_workers(client):
    def work(n, stop):
        with gli.connect() as own:
            g = own.generate_kronecker(8, seed=n)
            return [g.pagerank(iterations=k).summary for k in range(1, 6)], g.graph_id

    jobs = [client.submit(work, n, None) for n in range(8)]
    for n, job in enumerate(jobs):
        g = gli.generate_kronecker(8, seed=n)
        assert job.result(timeout=2 * PATIENCE) == ([g.pagerank(iterations=k).summary for k in range(1, 6)], g.graph_id)


def test_jobs_lists_them_in_order_and_status_has_them(client):
    first, second = client.submit(lambda: 1), client.submit(lambda: 2)
    assert second.result(PATIENCE) + first.result(PATIENCE) == 3
    numbers = [j.id for j in client.jobs()]
    assert numbers == sorted(numbers) and numbers[-2:] == [first.id, second.id]
    assert client.status().jobs[-1] == second.info()
    assert repr(second) == f"<gli.Job {second.id} (<lambda>), succeeded when last asked>"


def test_a_submission_that_is_repeated_is_one_job(client):
    ask = (4711, "twice", "script", b"print('once')", [], "", "", "", True, 10.0)
    (first,) = client._call(lambda core: core.submit(*ask))
    (second,) = client._call(lambda core: core.submit(*ask))
    with connected(client.address) as another:
        (third,) = another._call(lambda core: core.submit(*ask))
    assert first["id"] == second["id"] == third["id"]
    job = client.job(first["id"])
    assert job.wait(PATIENCE).state == "succeeded" and job.logs() == "once\n"


# --- how they fail --------------------------------------------------------------------------------------------------------------------


def test_what_a_job_raises_reaches_whoever_asks_with_its_traceback(client, tmp_path):
    def failing():
        return {}["nothing here"]

    job = client.submit(failing)
    with pytest.raises(KeyError, match="nothing here") as caught:
        job.result(PATIENCE)
    assert isinstance(caught.value.__cause__, gli.JobError)
    assert "in failing" in str(caught.value.__cause__) and "Traceback" in job.info().error
    assert "_job.py" not in job.info().error and job.logs().rstrip().endswith("KeyError: 'nothing here'")
    assert (job.status(), job.info().exit_status) == ("failed", 1)

    path = script(tmp_path, "def f():\n    raise OSError(28, 'no room')\n\nf()\n")
    with pytest.raises(OSError, match="no room") as caught:
        client.submit(path).result(PATIENCE)
    assert 'job.py", line 2, in f' in str(caught.value.__cause__)


def test_an_exception_that_cannot_be_had_here_is_a_job_error_with_its_text(client, tmp_path):
    class Stubborn(Exception):
        def __reduce__(self):
            raise RuntimeError("no")

    class Asymmetric(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    def fail(kind, *arguments):
        raise kind(*arguments)

    with pytest.raises(gli.JobError, match="Stubborn: inner"):
        client.submit(lambda: fail(Stubborn, "inner")).result(PATIENCE)
    with pytest.raises(gli.JobError, match="Asymmetric: one and two"):
        client.submit(lambda: fail(Asymmetric, "one", "two")).result(PATIENCE)
    with pytest.raises(gli.JobError, match="KeyboardInterrupt"):
        client.submit(lambda: fail(KeyboardInterrupt)).result(PATIENCE)
    (tmp_path / "elsewhere.py").write_text("class Here(Exception):\n    pass\n")
    path = script(tmp_path, "import elsewhere\nraise elsewhere.Here('deep down')\n")
    with pytest.raises(gli.JobError, match="elsewhere.Here: deep down"):
        client.submit(path).result(PATIENCE)


def test_an_exit_status_is_the_jobs(client, tmp_path):
    job = client.submit(script(tmp_path, "import sys\nprint('before')\nsys.exit(7)\n"))
    with pytest.raises(gli.JobError, match="exit status 7; its last log lines:\nbefore"):
        job.result(PATIENCE)
    assert job.info().exit_status == 7
    assert client.submit(script(tmp_path, "import sys\nsys.exit()\n")).result(PATIENCE) is None
    with pytest.raises(gli.JobError, match="exit status 0 and without a result"):
        client.submit(lambda: os._exit(0)).result(PATIENCE)


def test_a_result_that_cannot_be_sent_is_a_type_error(client):
    with pytest.raises(TypeError, match="the result of the job, a lock, cannot be sent"):
        client.submit(threading.Lock).result(PATIENCE)

    def a_graph():
        return gli.connect().generate_kronecker(3)

    with pytest.raises(TypeError, match="a client cannot be sent"):
        client.submit(a_graph).result(PATIENCE)


def test_a_job_whose_process_is_killed_fails_and_says_by_what(client):
    job = client.submit(time.sleep, 1000)
    pid = wait_for(lambda: job.info().pid, "its process")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(gli.JobError, match=r"was killed by signal 9 \(SIGKILL"):
        job.result(PATIENCE)
    assert job.info().exit_status == 137 and job.info().pid == 0


@pytest.mark.parametrize("whose", ["job", "guard"])
def test_nothing_stays_behind_of_a_job_that_starts_processes_and_is_killed(client, place, tmp_path, whose):
    path = script(
        tmp_path,
        """
        import os, subprocess, sys, time
        sleep = [sys.executable, "-c", "import time; print('child', flush=True); time.sleep(1000)"]
        subprocess.Popen(sleep)
        subprocess.Popen(sleep, start_new_session=True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                subprocess.run(sleep)
            os._exit(0)
        time.sleep(1000)
        """,
    )
    job = client.submit(path)
    wait_for(lambda: job.logs().count("child") == 3, "its children")
    pid = job.info().pid
    with open(f"/proc/{pid}/stat") as f:
        parent = int(f.read().rpartition(")")[2].split()[1])
    assert len(place.processes_of_jobs()) >= 6
    os.kill(pid if whose == "job" else parent, signal.SIGKILL)
    assert job.wait(PATIENCE).state == ("failed" if whose == "job" else "lost")
    assert place.processes_of_jobs() == []


def test_what_a_job_leaves_running_ends_with_it(client, place):
    def leave():
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
        return "left"

    assert client.submit(leave).result(PATIENCE) == "left"
    assert place.processes_of_jobs() == []


def test_jobs_may_use_processes_of_their_own(client, tmp_path):
    path = script(
        tmp_path,
        """
        from concurrent.futures import ProcessPoolExecutor

        def square(x):
            return x * x

        if __name__ == "__main__":
            import multiprocessing
            with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
                print(sum(pool.map(square, range(10))))
        """,
    )
    job = client.submit(path)
    job.result(PATIENCE)
    assert job.logs() == "285\n"


# --- cancelling, leases ---------------------------------------------------------------------------------------------------------------


def test_a_job_that_is_cancelled_may_put_things_in_order_and_is_cancelled(client, place):
    def tidy():
        signal.signal(signal.SIGTERM, lambda *_: (print("tidied"), sys.exit(3)))
        print("ready")
        time.sleep(1000)

    job = client.submit(tidy)
    assert next(job.logs(follow=True)) == "ready"
    job.cancel()
    with pytest.raises(gli.CancelledError, match="cancelled by a driver"):
        job.result(PATIENCE)
    assert job.logs() == "ready\ntidied\n" and job.status() == "cancelled"
    job.cancel()
    assert job.status() == "cancelled"


def test_a_job_that_does_not_want_to_end_is_killed_after_five_seconds(client, place):
    def deaf():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready")
        while True:
            time.sleep(1)

    job = client.submit(deaf)
    assert next(job.logs(follow=True)) == "ready"
    job.cancel()
    assert job.wait(PATIENCE).state == "cancelled"
    assert place.processes_of_jobs() == []


def test_a_wait_that_takes_too_long_is_a_timeout_and_the_job_goes_on(client):
    job = client.submit(time.sleep, 1000)
    with pytest.raises(TimeoutError, match=f"job {job.id} .sleep. has not ended within 0.3 s"):
        job.result(timeout=0.3)
    with pytest.raises(TimeoutError):
        job.result(timeout=0)
    job.cancel()
    assert job.wait(PATIENCE).state == "cancelled"


SUBMITTER = """
import sys, time, gli
client = gli.connect(sys.argv[1])
job = client.submit(time.sleep, 3600, detached=sys.argv[2] == "detached")
while job.status() != "running":
    time.sleep(0.02)
print(job.id, flush=True)
sys.stdin.read()
"""


def submitted_and_killed(place, how):
    """A job whose driver was killed."""
    words = [sys.executable, "-c", SUBMITTER, place.address, how]
    driver = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        return int(driver.stdout.readline())
    finally:
        driver.kill()
        driver.wait()
        driver.stdin.close()
        driver.stdout.close()


def test_an_attached_job_ends_a_lease_after_its_driver_was_killed(client, place):
    number = submitted_and_killed(place, "attached")
    began = time.monotonic()
    wait_for(lambda: {j.id: j._info.state for j in client.jobs()}[number] == "cancelled", "its end")
    assert time.monotonic() - began > LEASE / 2
    with pytest.raises(gli.CancelledError, match="its driver has gone"):
        client.job(number).result(PATIENCE)


def test_an_attached_job_that_somebody_asks_for_is_held_by_him(client, place):
    number = submitted_and_killed(place, "attached")
    with connected(place.address) as another:
        job = another.job(number)
        time.sleep(2 * LEASE)
        assert job.status() == "running"
    wait_for(lambda: {j.id: j._info.state for j in client.jobs()}[number] == "cancelled", "its end")


def test_a_detached_job_outlives_its_driver(client, place):
    number = submitted_and_killed(place, "detached")
    time.sleep(2 * LEASE)
    job = client.job(number)
    assert job.status() == "running"
    job.cancel()
    assert job.wait(PATIENCE).state == "cancelled"


# --- mistakes -------------------------------------------------------------------------------------------------------------------------


def test_what_cannot_be_a_job_is_refused_before_anything_is_sent(client, tmp_path):
    before = len(client.jobs())
    with pytest.raises(FileNotFoundError, match="nowhere.py"):
        client.submit(tmp_path / "nowhere.py")
    with pytest.raises(IsADirectoryError):
        client.submit(tmp_path)
    (tmp_path / "data.csv").write_text("a,b\n1,2 3\n")
    with pytest.raises(ValueError, match=r"data\.csv is no Python script: line 2"):
        client.submit(tmp_path / "data.csv")
    (tmp_path / "data.bin").write_bytes(b"\x00\xff\x10")
    with pytest.raises(ValueError, match="no Python script"):
        client.submit(tmp_path / "data.bin")
    (tmp_path / "empty.py").touch()
    with pytest.raises(ValueError, match="nothing to run"):
        client.submit(tmp_path / "empty.py")
    with pytest.raises(ValueError, match="NUL"):
        client.submit(script(tmp_path, "pass"), "a\0b")
    with pytest.raises(ValueError, match="at most 32 MiB"):
        client.submit(len, b"x" * (40 << 20))
    with pytest.raises(TypeError, match="a job is a function or the path"):
        client.submit(3)
    with pytest.raises(TypeError, match="words, not arguments with names: alpha"):
        client.submit(script(tmp_path, "pass"), alpha=3)
    with pytest.raises(TypeError, match="cannot be sent"):
        client.submit(len, threading.Lock())
    with pytest.raises(TypeError, match="inside of a job gli.connect"):
        client.submit(len, client)
    with pytest.raises(TypeError, match="detached is True or False"):
        client.submit(len, "x", detached="yes")
    with pytest.raises(KeyError, match="no job has the number 4000"):
        client.job(4000)
    with pytest.raises(TypeError, match="id is a whole number"):
        client.job("three")
    assert len(client.jobs()) == before


def test_a_directory_that_is_not_there_fails_the_job_by_name(client, tmp_path):
    with pytest.raises(gli.JobError, match=f"{tmp_path}/nowhere"):
        client.submit(len, "x", directory=tmp_path / "nowhere").result(PATIENCE)
    assert client.submit(os.getcwd, directory=tmp_path).result(PATIENCE) == str(tmp_path)
