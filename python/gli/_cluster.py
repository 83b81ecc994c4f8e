"""A cluster of processes on this machine."""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import _page
from ._checks import at_least, whole
from ._client import Client, Status, WorkerInfo
from ._errors import ClusterError, GliError
from ._logs import words
from ._sizes import machine_memory, size_of
from ._table import counted

_START_SECONDS = 30
_END_SECONDS = 5
_POLL_SECONDS = 0.02
_EXITING = 0x4
_ANY_PORT = "127.0.0.1:0"


def glid_path() -> str:
    """The program that coordinators and workers run: the package's own, else the one on the PATH."""
    own = Path(__file__).parent / "bin" / "glid"
    found = str(own) if own.exists() else shutil.which("glid")
    if not found:
        raise ClusterError(f"glid is not installed: neither {own} nor on the PATH")
    return found


class LocalCluster:
    """A coordinator and workers as child processes. They end with this process, however it ends.

    `threads_per_worker` defaults to this machine's cores divided among the workers. `path` is the directory of sockets and logs (default: a
    new one for this user alone). `memory_limit` is what each worker may have of the machine's memory: a size such as "2GiB" or a number of
    bytes, "auto" for the machine's memory (its control group's, where that is less) divided among the workers, or None for no limit. A call
    that would need more is a MemoryError; the worker lives, and its graphs stay. ValueError for what is no size, ClusterError for less than
    a worker needs for itself. At most `max_jobs` submitted jobs run at a time, and an attached one goes on for `job_lease` seconds after
    its last client has gone (docs/jobs.md). `log_level` is the least that its processes write to their logs: "trace", "debug", "info",
    "warning", "error", "critical", or "off". `log_format` is "text" or "json" (docs/seeing.md). `page=True` serves a web page at
    `dashboard_link`, on any free port of 127.0.0.1; `page="127.0.0.1:8787"` says which.

    >>> import gli
    >>> with gli.LocalCluster(n_workers=1, memory_limit="512MiB") as cluster:
    ...     cluster.workers[0].memory_limit == 512 * 2**20
    True
    """

    def __init__(
        self,
        n_workers: int = 4,
        threads_per_worker: int | None = None,
        path: str | os.PathLike | None = None,
        memory_limit: str | int | None = "auto",
        max_jobs: int = 8,
        job_lease: float = 30,
        log_level: str = "info",
        log_format: str = "text",
        page: bool | str = False,
    ):
        self._owner = os.getpid()
        n_workers = whole(n_workers, "n_workers", 1)
        threads = None if threads_per_worker is None else whole(threads_per_worker, "threads_per_worker", 1)
        self._memory_limit = _limit_of(memory_limit, n_workers)
        self._jobs = ("--max-jobs", str(whole(max_jobs, "max_jobs", 1)), "--job-lease", str(at_least(job_lease, "job_lease", 0)))
        self._n_workers = n_workers
        self._logs = words(log_level, log_format)
        if not isinstance(page, (bool, str)):
            raise TypeError(f"page must be True, False or HOST:PORT, not {page!r}")
        self._page = None if page is False else _ANY_PORT if page is True else page
        self._threads = threads or max(1, (os.cpu_count() or 1) // self._n_workers)
        self._id = secrets.token_hex(8)
        self._directory = _directory(path)
        self._coordinator: subprocess.Popen | None = None
        self._workers: dict[int, subprocess.Popen] = {}
        self._client: Client | None = None
        atexit.register(self.close)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    # --- starting -------------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        words = ("--workers", str(self._n_workers), "--python", sys.executable, *self._jobs, *_page.words(self._page))
        self._coordinator = self._spawn("coordinator", *words, log=self._log_of("coordinator"))
        for index in range(self._n_workers):
            self._spawn_worker(index)
        self._await_ready()

    def _spawn_worker(self, index: int) -> None:
        log = self._log_of(f"worker-{index}")
        own = [
            "--index",
            str(index),
            "--threads",
            str(self._threads),
            "--memory-limit",
            str(self._memory_limit),
            "--python",
            sys.executable,
        ]
        self._workers[index] = self._spawn("worker", *own, log=log)

    def _spawn(self, role: str, *arguments: str, log: Path) -> subprocess.Popen:
        command = [
            glid_path(),
            role,
            "--dir",
            str(self._directory),
            "--parent",
            str(os.getpid()),
            "--log",
            str(log),
            *self._logs,
            *arguments,
        ]
        with open(log, "ab") as output:  # a session of its own: Ctrl-C in the terminal is the driver's
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "GLI_CLUSTER_ID": self._id},
            )

    def _log_of(self, name: str) -> Path:
        return self._directory / f"{name}.log"

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._check_children()
            status = self._try_status()
            if status is not None and any(w.state == "restoring" for w in status.workers):
                deadline = time.monotonic() + _START_SECONDS  # a large graph comes back for as long as that takes
            if status is not None and status.ready and {w.pid for w in status.workers} == {p.pid for p in self._workers.values()}:
                return
            if time.monotonic() > deadline:
                raise ClusterError(f"the cluster was not ready after {_START_SECONDS} s{self._last_lines(self._log_of('coordinator'))}")
            time.sleep(_POLL_SECONDS)

    def _try_status(self) -> Status | None:
        try:
            if self._client is None:
                self._client = Client(self.address, timeout=5)
            return self._client.status()
        except (GliError, OSError):
            self._client = None
            return None

    def _check_children(self) -> None:
        children = {"coordinator": self._coordinator, **{f"worker-{i}": w for i, w in self._workers.items()}}
        for name, child in children.items():
            if child is not None and child.poll() is not None:
                raise ClusterError(f"{name} (pid {child.pid}) ended with status {child.returncode}{self._last_lines(self._log_of(name))}")

    @staticmethod
    def _last_lines(log: Path, count: int = 5) -> str:
        try:
            lines = log.read_text(errors="replace").splitlines()[-count:]
        except OSError:
            return ""
        return "".join(f"\n    {line}" for line in lines)

    # --- looking --------------------------------------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """What gli.Client and gli.connect take."""
        return f"unix://{self._directory}/coordinator.sock"

    @property
    def cluster_id(self) -> str:
        """The tag that all its processes carry in GLI_CLUSTER_ID."""
        return self._id

    @property
    def directory(self) -> str:
        """Where sockets and logs are."""
        return str(self._directory)

    @property
    def dashboard_link(self) -> str:
        """The address of the cluster's page, with the token that lets its reader in. ClusterError unless page= asked for one.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=1, page=True) as cluster:
        ...     cluster.dashboard_link.startswith("http://127.0.0.1:")
        True
        """
        self._check_open()
        if self._page is None:
            raise ClusterError("this cluster serves no page: start it with gli.LocalCluster(page=True)")
        return _page.link(self._directory)

    @property
    def workers(self) -> tuple[WorkerInfo, ...]:
        """The workers as the coordinator knows them."""
        return self._status().workers

    @property
    def coordinator_pid(self) -> int:
        """The coordinator's process."""
        self._check_open()
        return self._coordinator.pid

    def _status(self) -> Status:
        self._check_open()
        status = self._try_status()
        if status is None:
            raise ClusterError(
                f"the coordinator (pid {self._coordinator.pid}) does not answer{self._last_lines(self._log_of('coordinator'))}"
            )
        return status

    def _check_open(self) -> None:
        if self._coordinator is None:
            raise ClusterError("this cluster is closed")

    # --- changing -------------------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Starts a process for each worker that ended, was killed or is lost, and waits until the cluster is ready."""
        lost = {w.pid for w in self._status().workers if w.state == "lost"}
        for index, process in list(self._workers.items()):
            if process.pid in lost and process.poll() is None:
                process.kill()  # frozen, or cut off: its partition goes to its successor
                process.wait()
            if _ended_or_ending(process):
                self._await_notice(process.pid)
                self._spawn_worker(index)
        self._await_ready()

    def _await_notice(self, pid: int) -> None:
        """Until the coordinator knows that this worker is gone: before, it would refuse the successor."""
        deadline = time.monotonic() + _START_SECONDS
        while any(w.pid == pid and w.state != "lost" for w in self._status().workers):
            if time.monotonic() > deadline:
                raise ClusterError(f"the coordinator did not notice within {_START_SECONDS} s that worker process {pid} ended")
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Ends all processes and removes the directory. Safe to call again; does nothing in a forked child."""
        if os.getpid() != self._owner:
            return
        atexit.unregister(self.close)
        children = [c for c in (*self._workers.values(), self._coordinator) if c is not None]
        self._ask_to_end()
        for wait, action in ((_END_SECONDS / 2, signal.SIGTERM), (_END_SECONDS / 2, signal.SIGKILL)):
            if _ended(children, wait):
                break
            for child in children:
                if child.poll() is None:
                    child.send_signal(action)
        for child in children:
            child.wait()
        self._coordinator, self._workers = None, {}
        shutil.rmtree(self._directory, ignore_errors=True)

    def _ask_to_end(self) -> None:
        try:
            if self._client is None and self._coordinator is not None and self._coordinator.poll() is None:
                self._client = Client(self.address, timeout=1)
            if self._client is not None:
                self._client.shutdown()
        except (GliError, OSError):
            pass
        self._client = None

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(self, *_):
        self.close()

    def __repr__(self):
        state = "closed" if self._coordinator is None else f"{counted(self._n_workers, 'worker')} at {self.address}"
        return f"<gli.LocalCluster: {state}>"


def _limit_of(given: str | int | None, workers: int) -> int:
    """Bytes for each worker; 0: no limit.

    >>> _limit_of("1GiB", 4), _limit_of(None, 4), _limit_of("auto", 4) > 0
    (1073741824, 0, True)
    """
    if given is None:
        return 0
    try:
        return machine_memory() // workers if given == "auto" else size_of(given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"memory_limit: {error}") from None


def _ended_or_ending(process: subprocess.Popen) -> bool:
    """Whether a child has ended; one that was killed but is not yet gone is waited for."""
    if process.poll() is None and _is_ending(process.pid):
        process.wait()
    return process.poll() is not None


def _is_ending(pid: int) -> bool:
    """Whether a process was killed: SIGKILL is pending, or the kernel takes it down already (proc(5): SigPnd, and PF_EXITING of flags)."""
    try:
        pending = re.search(r"^SigPnd:\s*(\w+)", Path(f"/proc/{pid}/status").read_text(), re.M)
        flags = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6])
    except (OSError, IndexError, ValueError):
        return True
    return bool(flags & _EXITING) or bool(pending and int(pending[1], 16) >> (signal.SIGKILL - 1) & 1)


def _ended(children: list[subprocess.Popen], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(c.poll() is None for c in children):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS / 2)
    return True


def _directory(path: str | os.PathLike | None) -> Path:
    if path is not None:
        directory = Path(path).resolve()
        directory.mkdir(mode=0o700, parents=True)
        return directory
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = runtime and os.access(runtime, os.W_OK) and len(runtime) < 60
    short = runtime if usable else tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"
    return Path(tempfile.mkdtemp(prefix="gli-", dir=short))
