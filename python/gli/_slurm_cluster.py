"""The cluster of a Slurm job, seen from the job's first node: a coordinator there, and a worker on every node (docs/slurm.md)."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import _slurm_worker
from ._addresses import address_in, credentials_in
from ._cli_cluster import await_answer
from ._client import Client
from ._cluster import glid_path
from ._errors import ClusterError
from ._slurm_allocation import Allocation, own_address
from ._slurm_worker import die_with_parent, private_folder

_START_SECONDS = 300  # srun may wait for a node's prologue
_END_SECONDS = 10
_POLL_SECONDS = 0.05
_SHARE_OF_MEMORY = 0.9  # of a node's; the rest is for the script and the coordinator


class Ended(Exception):
    """Slurm ends the job."""


class Told:
    """What Slurm told this process: `notice`, by SIGUSR1, that the walltime is near, and `end`, by SIGTERM."""

    def __init__(self):
        self.notice = self.end = False
        signal.signal(signal.SIGUSR1, self._note)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number, _frame) -> None:
        if number == signal.SIGUSR1:
            self.notice = True
        else:
            self.end = True


class AllocationCluster:
    """A context: whatever happens inside, nothing of the cluster is left after it."""

    def __init__(self, allocation: Allocation, interface: str | None, told: Told, driver_lease: int = 0):
        self._allocation, self._interface, self._told, self._driver_lease = allocation, interface, told, driver_lease
        self._directory = Path(private_folder())
        self._environment = {**os.environ, "GLI_CLUSTER_ID": f"slurm-{allocation.life}-{secrets.token_hex(4)}"}
        self._coordinator: subprocess.Popen | None = None
        self._workers: subprocess.Popen | None = None

    # --- starting -------------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Returns when all workers are there; Ended, or ClusterError with their last lines, when they will not be."""
        self._coordinator = self._start_coordinator()
        self._workers = self._start_workers()
        self._await_ready()

    def _start_coordinator(self) -> subprocess.Popen:
        log = self._directory / "coordinator.log"
        command = [glid_path(), "coordinator", "--dir", str(self._directory), "--workers", str(self._allocation.nodes), "--log", str(log)]
        command += [
            "--listen",
            f"{own_address(self._interface)}:0",
            "--parent",
            str(os.getpid()),
            "--driver-lease",
            str(self._driver_lease),
            "--python",
            sys.executable,
        ]
        with open(log, "ab") as output:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment)
        self._coordinator = child
        await_answer(child, self._directory, log, 0)
        return child

    def _start_workers(self) -> subprocess.Popen:
        nodes, cpus = str(self._allocation.nodes), str(self._allocation.cpus)
        step = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", f"--cpus-per-task={cpus}", "--mem=0", "--overlap"]
        step += ["--export=ALL", "--input=all", "--label", "--mpi=none", "--kill-on-bad-exit=0", "--wait=0", "--job-name=gli-workers"]
        worker = [sys.executable, "-P", _slurm_worker.__file__, glid_path(), self.address, *self._memory_limit()]
        credentials = credentials_in(self._directory, "worker").read_bytes()
        with open(self._log, "ab") as output:
            child = subprocess.Popen(
                [*step, *worker],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=self._environment,
                preexec_fn=die_with_parent,
            )
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # srun has ended, and _await_ready says why
            child.stdin.write(b"%d\n" % len(credentials) + credentials)  # less than a pipe holds
            child.stdin.flush()
        return child

    def _memory_limit(self) -> list[str]:
        memory = self._allocation.memory
        return [] if memory is None else [str(int(memory * _SHARE_OF_MEMORY))]

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with Client(address_in(self._directory)) as client:
            while not (status := client.status()).ready:
                if self._told.end:
                    raise Ended
                if self._workers is not None and self._workers.poll() is not None:
                    raise ClusterError(f"srun ended with status {self._workers.returncode}{self._last_lines()}")
                if time.monotonic() > deadline:
                    there = f"{len(status.workers)} of {status.partitions} workers came within {_START_SECONDS} s"
                    raise ClusterError(f"{there}{self._last_lines()}")
                time.sleep(_POLL_SECONDS)

    # --- looking --------------------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Of the coordinator, for other nodes and hosts."""
        return (self._directory / "address").read_text().splitlines()[0]

    @property
    def driver_credentials(self) -> Path:
        """What proves on this node that one is a driver."""
        return credentials_in(self._directory, "driver")

    @property
    def stores(self) -> Path:
        """Where the coordinator lists the stores that it committed to."""
        return self._directory / "stores"

    @property
    def runs(self) -> bool:
        """Whether the coordinator has not ended."""
        return self._coordinator is not None and self._coordinator.poll() is None

    @property
    def coordinator_status(self) -> int:
        """Once it has ended."""
        return abs(self._coordinator.returncode) if self._coordinator is not None and self._coordinator.returncode is not None else 1

    @property
    def why_ended(self) -> str:
        """As the coordinator said it; empty if it did not."""
        with contextlib.suppress(OSError):
            said = re.findall(r"\bending: (.*)", (self._directory / "coordinator.log").read_text(errors="replace"))
            return said[-1] if said else ""
        return ""

    @property
    def _log(self) -> Path:
        return self._directory / "workers.log"

    def _last_lines(self, count: int = 8) -> str:
        with contextlib.suppress(OSError):
            return "".join(f"\n    {line}" for line in self._log.read_text(errors="replace").splitlines()[-count:])
        return ""

    # --- ending ---------------------------------------------------------------------------------------------------------------

    def __enter__(self) -> AllocationCluster:
        return self

    def __exit__(self, *_) -> None:
        if self._coordinator is not None:
            self._coordinator.terminate()  # it tells the workers to quit
            _await_end(self._coordinator)
        if self._workers is not None:
            with contextlib.suppress(BrokenPipeError):
                self._workers.stdin.close()  # which tells them again, should the coordinator not have
            _await_end(self._workers)
        self._repeat_what_workers_said()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _repeat_what_workers_said(self) -> None:
        """Of workers that were lost and replaced."""
        with contextlib.suppress(OSError):
            for line in self._log.read_text(errors="replace").splitlines():
                if "gli: " in line:
                    print(line[line.index("gli: ") :], file=sys.stderr)


def _await_end(child: subprocess.Popen) -> None:
    """Insists when it takes long."""
    for number in (None, signal.SIGTERM, signal.SIGKILL):
        if number is not None:
            child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_END_SECONDS)
            return
