"""Jobs in a terminal: what they print as it comes, and the commands that start, list, follow and end them."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from by_hand import PATIENCE, command, wait_for
from job_places import PLACES, a_client, a_place, gli_command, script


@pytest.fixture(scope="module", params=PLACES)
def place(request, tmp_path_factory):
    yield from a_place(request.param, tmp_path_factory)


@pytest.fixture
def client(place):
    yield from a_client(place)


# --- their logs -------------------------------------------------------------------------------------------------------------------------


def test_the_lines_of_a_log_come_while_the_job_runs(client, tmp_path):
    gate = tmp_path / "gate"

    def talk(gate):
        print("first")
        while not os.path.exists(gate):
            time.sleep(0.02)
        print("second", end="")

    job = client.submit(talk, str(gate))
    lines = job.logs(follow=True)
    assert next(lines) == "first"
    assert job.status() == "running"
    gate.touch()
    assert list(lines) == ["second"]
    assert job.result(PATIENCE) is None


def test_a_job_that_prints_a_hundred_megabytes_keeps_the_last_of_it_and_says_so(client, place):
    job = client.submit(lambda: [print(f"{i:>99}") for i in range(1 << 20)] and None)
    job.result(timeout=PATIENCE)
    text = job.logs()
    assert 56 << 20 <= len(text) <= 65 << 20
    first, *lines = text.splitlines()
    assert first.endswith("bytes of this log are no longer kept]")
    gone = int(first[1:].split()[0].replace(",", ""))
    assert gone + len(text) - len(first) - 1 == 100 << 20
    assert lines[-1] == f"{(1 << 20) - 1:>99}" and len(lines) == (100 << 20) // 100 - gone // 100
    assert sum(f.stat().st_size for f in Path(place.directory, "jobs", str(job.id)).iterdir()) <= 66 << 20


# --- in a terminal --------------------------------------------------------------------------------------------------------------------


def test_submit_shows_what_the_script_prints_and_ends_as_it_does(client, place, tmp_path):
    path = script(tmp_path, "import sys\nprint('hello', sys.argv[1:])\nsys.exit(len(sys.argv) - 1)\n")
    out = gli_command("submit", path, "--cluster", place.address)
    assert (out.returncode, out.stdout) == (0, "hello []\n") and "(job.py) submitted" in out.stderr
    there = ["--cluster", place.address]
    for words in (["a", "b", *there], [*there, "--", "-x", "--"], ["a", *there, "b"]):
        out = gli_command("submit", path, *words)
        assert out.returncode == 2 and "failed with exit status 2" in out.stderr, out.stderr
    out = gli_command("submit", path, "--alpha", "3", "--cluster", place.address)
    assert out.returncode == 2 and "unrecognized arguments: --alpha: options of the script's own come behind --" in out.stderr
    out = gli_command("submit", script(tmp_path, "1 / 0"), GLI_ADDRESS=place.address)
    assert out.returncode == 1 and out.stdout.endswith("ZeroDivisionError: division by zero\n")


def test_detach_jobs_logs_and_cancel(client, place, tmp_path):
    path = script(tmp_path, "import time\nprint('one')\nprint('two')\ntime.sleep(1000)\n")
    number = gli_command("submit", "--detach", path, "--cluster", place.address).stdout.strip()
    job = client.job(int(number))
    wait_for(lambda: "two" in job.logs(), "its output")
    assert gli_command("logs", number, "--cluster", place.address).stdout == "one\ntwo\n"
    assert gli_command("logs", number, "--tail", 1, GLI_ADDRESS=place.address).stdout == "two\n"
    listed = gli_command("jobs", place.address).stdout
    assert any(number in line and "job.py" in line and "running" in line for line in listed.splitlines())
    assert "1 running" in gli_command("status", place.address).stdout.splitlines()[1]
    out = gli_command("cancel", number, "--cluster", place.address)
    assert (out.returncode, out.stdout) == (0, f"job {number}: cancelled\n")
    import json

    (found,) = [j for j in json.loads(gli_command("jobs", "--json", place.address).stdout) if j["id"] == int(number)]
    assert found["state"] == "cancelled" and found["error"] == "cancelled by a driver"
    out = gli_command("logs", 4000, "--cluster", place.address)
    assert (out.returncode, out.stderr) == (1, "gli: error: no job has the number 4000\n")


def test_interrupting_submit_leaves_the_job_running_and_says_how_to_end_it(client, place, tmp_path):
    path = script(tmp_path, "import time\nprint('here')\ntime.sleep(1000)\n")
    words = command("submit", path, "--cluster", place.address)
    follower = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert follower.stdout.readline() == "here\n"
    os.killpg(follower.pid, signal.SIGINT)
    _, said = follower.communicate(timeout=PATIENCE)
    job = client.jobs()[-1]
    assert follower.returncode == 130 and f"gli cancel {job.id} ends it" in said
    assert job.status() == "running"
    job.cancel()
    assert job.wait(PATIENCE).state == "cancelled"
