"""Clusters that tests start as people do: with gli start and gli worker, each a process of its own, on this host or in a namespace."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import gli
from cluster_processes import processes_of

PATIENCE = 60


def command(*words):
    return [sys.executable, "-m", "gli._cli", *map(str, words)]


def wait_for(condition, what, seconds=PATIENCE):
    """Looks until the condition holds, and answers what it gave."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.02)


class ByHand:
    """One cluster: its coordinator's directory, its processes, and what they print."""

    def __init__(self, directory, prefix=lambda host: []):
        self.directory = Path(directory)
        self.identity = secrets.token_hex(8)
        self._prefix = prefix
        self.processes = []

    def spawn(self, words, log, host=None):
        with open(log, "ab") as output:
            process = subprocess.Popen(
                [*self._prefix(host), *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "GLI_CLUSTER_ID": self.identity, "PYTHONUNBUFFERED": "1"},
            )
        self.processes.append(process)
        return process

    def start(self, workers, listen=None, host=None, more=(), **options):
        """Options: of gli start, such as metrics="127.0.0.1:0"."""
        log = self.directory.parent / f"start-{len(self.processes)}.out"
        more = [*more, *(["--listen", listen] if listen else [])]
        for name, given in options.items():
            more += [f"--{name.replace('_', '-')}", given]
        process = self.spawn(command("start", "--dir", self.directory, "--workers", workers, *more), log, host)
        wait_for(lambda: process.poll() is not None or "to look and to end" in log.read_text(), "what gli start prints")
        assert process.poll() is None, log.read_text()
        self.said = log.read_text()
        return process

    def worker(self, name, *words, host=None):
        """A worker with a directory of its own; its log is `log(name)`."""
        own = self.directory.parent / name
        own.mkdir(mode=0o700, exist_ok=True)
        return self.spawn(command("worker", "--dir", own, "--threads", 1, *words), self.log(name), host)

    def log(self, name):
        return self.directory.parent / f"{name}.log"

    @property
    def address(self):
        return f"unix://{self.directory}/coordinator.sock"

    @property
    def tls_address(self):
        return (self.directory / "address").read_text().splitlines()[0]

    def copy(self, role, to):
        """A copy of the role's credentials, as scp -p makes it."""
        to.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.copy2(self.directory / "credentials" / f"{role}.pem", to)
        return to

    def coordinator_pid(self):
        """Of the one that was started last."""
        start = [p for p in self.processes if "start" in p.args][-1]
        with open(f"/proc/{start.pid}/task/{start.pid}/children") as f:
            return int(f.read())

    def kill_coordinator(self):
        """As a crash does it: it says no farewell."""
        start = [p for p in self.processes if "start" in p.args][-1]
        os.kill(self.coordinator_pid(), signal.SIGKILL)
        assert start.wait(PATIENCE) == 1

    def end(self):
        """Whatever happened, nothing of it is left."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        for pid in processes_of(self.identity):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not processes_of(self.identity), "the end of all processes")


def ready(client, seconds=PATIENCE):
    return wait_for(lambda: (s := client.status()).ready and s, "a cluster that is ready", seconds)


@contextlib.contextmanager
def connected(address, credentials=None):
    with gli.Client(address, credentials=credentials, timeout=PATIENCE) as client:
        yield client
