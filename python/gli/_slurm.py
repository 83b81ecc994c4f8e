"""A cluster as a job of Slurm's, made from a driver outside of it."""

from __future__ import annotations

import atexit
import dataclasses
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from ._checks import number, whole
from ._client import Client
from ._errors import ClusterError
from ._slurm_commands import SlurmJob, submit
from ._slurm_script import NOTICE_SECONDS, JobRequest, job_request, shared_folder
from ._table import counted

_SEEN_SECONDS = 360  # in which a job that runs has its workers, and another host sees the file that says so
_SAY_AFTER_SECONDS = 2.0


class SLURMCluster:
    """A coordinator and `nodes` workers, one a node, in one job of Slurm's; gli.Client(cluster) asks it.

    >>> import gli
    >>> cluster = gli.SLURMCluster(nodes=4, cores=32, memory="64GiB", walltime="02:00:00", queue="main")
    >>> print("\\n".join(cluster.job_script().splitlines()[:6]))
    #!/usr/bin/env bash
    #SBATCH --job-name=gli
    #SBATCH --nodes=4
    #SBATCH --ntasks-per-node=1
    #SBATCH --cpus-per-task=32
    #SBATCH --mem=65536M

    Names and defaults are dask-jobqueue's, but that one job is the whole cluster and `nodes` its size. Nothing is submitted before the
    cluster is used: by `with`, scale(), wait() or a client. It ends with close(), with this process, or at its walltime; the stores that it
    committed to are then bundled in `bundle_directory`.

    nodes: how many workers, and so partitions. cores: of each node, for its worker's threads. memory: of each node, such as "64GiB"; a
    worker takes at most nine tenths. walltime: "HH:MM:SS", "D-HH:MM:SS" or minutes; None: the queue's. queue, account: Slurm's partition
    and account. job_extra_directives: further lines for #SBATCH, such as "--constraint=haswell". job_script_prologue: lines of shell
    before the cluster starts, such as "module load python". log_directory: where the job's output goes, as gli-JOB.out (default:
    slurm-JOB.out in this directory). interface: the network's interface by which nodes and drivers reach the coordinator, such as
    "ib0". shared_directory: one that this host and the nodes see (default: this one); the job makes a folder of mode 0700 in it, with its
    address and the drivers' credentials. bundle_directory: default: the shared directory. python: the nodes' interpreter, which has gli
    (default: this one, by its path). notice: how many seconds before the walltime bundling begins. death_timeout: how many seconds the
    cluster outlives this process, and every other driver.

    ValueError or TypeError for what cannot be; ClusterError when Slurm refuses, is not there, or the job ends before it is ready.
    """

    def __init__(
        self,
        nodes: int = 1,
        cores: int | None = None,
        memory: int | str | None = None,
        walltime: str | None = "00:30:00",
        queue: str | None = None,
        account: str | None = None,
        job_extra_directives: Sequence[str] = (),
        *,
        job_name: str = "gli",
        job_script_prologue: Iterable[str] = (),
        log_directory: str | os.PathLike | None = None,
        interface: str | None = None,
        shared_directory: str | os.PathLike | None = None,
        bundle_directory: str | os.PathLike | None = None,
        python: str | None = None,
        notice: int = NOTICE_SECONDS,
        death_timeout: int = 60,
    ):
        self._owner = os.getpid()
        self._request = job_request(
            nodes=nodes,
            cores=cores,
            memory=memory,
            walltime=walltime,
            queue=queue,
            account=account,
            job_name=job_name,
            log_directory=log_directory,
            job_extra_directives=job_extra_directives,
            job_script_prologue=job_script_prologue,
            python=python,
            notice=notice,
        )
        self._shared = Path(shared_directory or ".").absolute()
        self._bundles = Path(bundle_directory).absolute() if bundle_directory is not None else self._shared
        options = ["--bundles", str(self._bundles), "--lease", str(whole(death_timeout, "death_timeout", 1))]
        self._words = ["serve", *options, *([] if interface is None else ["--interface", interface]), str(self._shared)]
        self._closed = False
        self._job: SlurmJob | None = None
        self._address: str | None = None
        self._held: Client | None = None
        """Of no use but to be there: the cluster ends some time after its last driver."""

    # --- looking --------------------------------------------------------------------------------------------------------------

    def job_script(self) -> str:
        """The batch script that sbatch gets. There is no secret in it."""
        return self._request.script(self._words)

    @property
    def job_id(self) -> str | None:
        """Slurm's number of the job; None: it has not been submitted, or is closed."""
        return None if self._job is None else self._job.number

    @property
    def status(self) -> str:
        """The job's state as squeue says it, such as "RUNNING" or "PENDING (Resources)"; "not submitted", "closed" or "ended"."""
        if self._job is None:
            return "closed" if self._closed else "not submitted"
        return self._job.state or "ended"

    @property
    def address(self) -> str:
        """What gli.Client takes. Submits the job and waits until its workers are there, as wait() does."""
        self.wait()
        assert self._address is not None
        return self._address

    @property
    def credentials(self) -> str:
        """The path of the drivers' credentials, which gli.Client(cluster) takes by itself."""
        self.wait()
        return str(self._folder / "driver.pem")

    @property
    def _folder(self) -> Path:
        assert self._job is not None
        return shared_folder(self._shared, self._job.number)

    # --- changing -------------------------------------------------------------------------------------------------------------

    def scale(self, nodes: int, restart: bool = False) -> None:
        """Submits the job with that many nodes. One that still waits in the queue makes room for it; where Slurm refuses the new one
        (ClusterError), all stays as it is.

        A cluster that runs keeps its number of partitions for its life. restart=True ends it for another one: its stores are bundled, its
        clients fail, graphs that were not committed are lost; a new gli.Client(cluster) is of the other one. Without it, ClusterError.
        """
        nodes = whole(nodes, "nodes", 1)
        if self._job is not None and nodes == self._request.nodes and self._job.state:
            return
        if self._job is not None and not restart and self.status.startswith("RUNNING"):
            raise ClusterError(
                f"job {self._job.number} runs a cluster of {counted(self._request.nodes, 'worker')}, and so many it has for its life. "
                f"scale({nodes}, restart=True) ends it and submits another one: stores are bundled in {self._bundles}, graphs that are in "
                f"no store are lost, and clients are made anew. To keep it beside a larger one, make another SLURMCluster(nodes={nodes})"
            )
        request = dataclasses.replace(self._request, nodes=nodes)
        job = self._submitted(request)
        self._end()
        self._request, self._job = request, job

    def _submitted(self, request: JobRequest) -> SlurmJob:
        if self._closed:
            raise ClusterError("this cluster is closed")
        if not os.access(self._shared, os.W_OK | os.X_OK):
            raise PermissionError(f"shared_directory {self._shared} is no directory that this process can write to")
        job = submit(request.script(self._words))
        atexit.register(self.close)
        return job

    def wait(self, timeout: float | None = None) -> None:
        """Submits the job if nobody has, and returns when all its workers are there. However long the queue is: Ctrl-C ends the waiting,
        and the job stays in the queue. TimeoutError after `timeout` seconds. On a terminal it says what the job waits for."""
        if self._job is None:
            self._job = self._submitted(self._request)
        if self._held is not None:
            return
        limit = float("inf") if timeout is None else number(timeout, "timeout")
        begun, runs_since, said = time.monotonic(), float("inf"), ""
        for state in self._job.states():
            if state == "RUNNING" and self._answer():
                break
            now = time.monotonic()
            if now - begun > limit:
                raise TimeoutError(f"job {self._job.number} was not ready after {timeout:g} s: {state}")
            runs_since = min(runs_since, now) if state == "RUNNING" else float("inf")
            if now - runs_since > _SEEN_SECONDS:
                raise ClusterError(f"job {self._job.number} runs, and {self._folder} is not here: shared_directory= is one that both see")
            if state != said and now - begun > _SAY_AFTER_SECONDS and sys.stderr.isatty():
                print(f"gli: job {self._job.number}: {state}", file=sys.stderr)
                said = state
        else:
            raise ClusterError(self._job.end())
        self._held = Client(self._address, credentials=self._folder / "driver.pem")
        self._held.ping()
        (self._folder / "driver").touch()

    def _answer(self) -> bool:
        """Whether the job has told its address, in a folder that is this user's own. The folder is listed: network file systems remember
        for long what is not there."""
        try:
            if "address" not in os.listdir(self._folder) or self._folder.lstat().st_uid != os.geteuid():
                return False
            self._address = (self._folder / "address").read_text()
        except (FileNotFoundError, PermissionError):
            return False
        return True

    def close(self) -> None:
        """Ends the job, and returns when it has left the queue, with its stores bundled. Safe to call again; does nothing in a forked
        child."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.close)
        self._end()
        self._closed = True

    def _end(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = self._address = self._held = None

    def __enter__(self) -> SLURMCluster:
        try:
            self.wait()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        job = "" if self._job is None else f"job {self._job.number}, "
        return f"<gli.SLURMCluster: {counted(self._request.nodes, 'node')}, {job}{self.status}>"
