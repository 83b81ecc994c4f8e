"""What tests of jobs on a running cluster have in common: the clusters that run them, scripts and commands."""

import os
import subprocess
import textwrap

import gli
from by_hand import ByHand, command, connected, ready, wait_for
from cluster_processes import alive, processes_of

LEASE = 1.5
PLACES = ("LocalCluster", "by hand")


class Place:
    """A cluster with two workers, its address, its tag, and how many jobs it runs at a time."""

    def __init__(self, address, identity, directory):
        self.address, self.identity, self.directory = address, identity, directory

    def processes_of_jobs(self):
        """Guards, jobs, and what jobs started."""

        def is_of_job(pid):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    return b"GLI_JOB=" in f.read()
            except OSError:
                return False

        return [pid for pid in processes_of(self.identity) if is_of_job(pid) and alive(pid)]


def a_place(which, tmp_path_factory):
    """For a fixture of a module: a cluster, of which no process is left."""
    if which == "LocalCluster":
        with gli.LocalCluster(n_workers=2, job_lease=LEASE) as c:
            yield Place(c.address, c.cluster_id, c.directory)
        assert processes_of(c.cluster_id) == []
    else:
        hand = ByHand(tmp_path_factory.mktemp("jobs") / "c")
        try:
            hand.start(2, more=["--job-lease", LEASE])
            for i in range(2):
                hand.worker(f"w{i}", "--join", hand.address)
            yield Place(hand.address, hand.identity, str(hand.directory))
        finally:
            hand.end()


def a_client(place):
    """For a fixture of a test: a client, after which no process of a job is left."""
    with connected(place.address) as c:
        ready(c)
        yield c
    wait_for(lambda: not place.processes_of_jobs(), "the end of all jobs' processes")


def script(tmp_path, text, name="job.py"):
    path = tmp_path / name
    path.write_text(textwrap.dedent(text))
    return path


def gli_command(*words, **environment):
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, env={**os.environ, **environment})
