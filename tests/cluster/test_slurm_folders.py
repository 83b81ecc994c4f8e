"""What processes of a Slurm job keep on a node: gone with them, and, where they were killed, with the next job there."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from slurm_jobs import await_line, ended, output, submitted, write

HOLDS = "import sys; from gli._slurm_worker import private_folder; print(private_folder(), flush=True); sys.stdin.read()"


@pytest.fixture
def place():
    """A node's TMPDIR, with a path that is short enough."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def hold(place):
    """hold(): a process, and the folder that it made."""
    made = []

    def begin():
        environment = {**os.environ, "TMPDIR": str(place), "SLURM_JOB_ID": "7"}
        words = [sys.executable, "-c", HOLDS]
        made.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment))
        return made[-1], Path(made[-1].stdout.readline().strip())

    yield begin
    for process in made:
        process.kill()
        process.communicate()


def test_the_folder_of_a_process_that_was_killed_goes_with_the_next_one_and_no_other_does(hold, place):
    alive, its_own = hold()
    killed, left = hold()
    (left / "worker.pem").touch(mode=0o600)
    (place / "gli-slurm-else").write_text("no folder of ours")
    (place / "gli-slurm-link").symlink_to(left)
    elsewhere = shutil.copytree(left, place / "gli-slurm-elsewhere")
    (elsewhere / "boot").write_text("another kernel's\n")
    killed.kill()
    killed.wait()
    _, newest = hold()
    assert not left.exists() and elsewhere.exists() and alive.poll() is None
    assert {p.name for p in place.iterdir()} == {its_own.name, newest.name, elsewhere.name, "gli-slurm-else", "gli-slurm-link"}
    assert newest.name.startswith("gli-slurm-7-") and newest.stat().st_mode & 0o777 == 0o700


def test_the_folder_of_another_user_stays(hold, place):
    if os.geteuid() != 0:
        pytest.skip("needs root to be another user")
    killed, left = hold()
    killed.kill()
    killed.wait()
    os.chown(left, 12345, 12345)
    hold()
    assert left.exists()


def test_a_batch_process_that_is_killed_leaves_its_credentials_until_the_next_job_of_that_user(slurm, tmp_path):
    waits = "import os, time\nprint(os.getppid())\nprint('ready', flush=True)\ntime.sleep(1000)\n"
    number = submitted(slurm, tmp_path, write(tmp_path, waits, "waits.py"))
    await_line(tmp_path, number, "ready")
    os.kill(int(output(tmp_path, number).split()[0]), signal.SIGKILL)
    slurm.await_end(number)
    left = list((slurm.folder / "tmp").glob(f"gli-slurm-{number}-*"))
    assert [p for folder in left for p in folder.rglob("*.pem")]
    following = submitted(slurm, tmp_path, write(tmp_path, "print('here')"))
    assert ended(slurm, tmp_path, following)["ExitCode"] == "0:0"
    ended(slurm, tmp_path, number)
