"""Jobs on a running cluster: docs/jobs.md."""

from __future__ import annotations

import codecs
import os
import pickle
import secrets
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, overload

from ._addresses import is_beyond
from ._checks import flag, number, whole
from ._errors import CancelledError, JobError

_WAIT_SECONDS = 0.25  # for which one request waits: others of the same client come between
_ENDED = ("succeeded", "failed", "cancelled", "lost")


@dataclass(frozen=True)
class JobInfo:
    """A job as the coordinator knows it."""

    id: int
    name: str
    """Of its script or function."""
    kind: str
    """"script" or "function"."""
    state: str
    """"waiting", "running", "succeeded", "failed", "cancelled" or "lost" (the coordinator ended under it)."""
    detached: bool
    """Whether it goes on without its drivers."""
    pid: int
    """Its process, on the coordinator's host; 0: none."""
    submitted: float
    """In seconds since 1970, likewise the next two; None: not yet."""
    started: float | None
    ended: float | None
    exit_status: int | None
    """Of a job that ended: 128 + the signal that killed it; None: it has none."""
    error: str
    """Why it failed, was cancelled or lost: a traceback, or how it ended."""
    result_bytes: int
    """Of its pickled result or exception."""


class Job:
    """A job that was submitted to a cluster: `client.submit`, `client.job` and `client.jobs` give them.

    >>> import gli
    >>> with gli.LocalCluster(n_workers=1) as cluster, gli.Client(cluster) as client:
    ...     job = client.submit(lambda x, y: print("adding") or x + y, 3, y=4)
    ...     job.result(timeout=60), job.status(), job.logs()
    (7, 'succeeded', 'adding\\n')
    """

    def __init__(self, client: JobCalls, info: JobInfo):
        self._client = client
        self._info = info

    @property
    def id(self) -> int:
        """Its number on the cluster: `client.job(id)` is this job for everyone."""
        return self._info.id

    @property
    def name(self) -> str:
        """Of its script or function."""
        return self._info.name

    def __repr__(self):
        return f"<gli.Job {self.id} ({self.name}), {self._info.state} when last asked>"

    def info(self) -> JobInfo:
        """What the coordinator knows of it now."""
        return self._ask(0)

    def status(self) -> str:
        """ "waiting", "running", "succeeded", "failed", "cancelled" or "lost"."""
        return self.info().state

    def wait(self, timeout: float | None = None) -> JobInfo:
        """Returns when it has ended, however. TimeoutError if that takes longer than so many seconds; the job goes on."""
        deadline = None if timeout is None else time.monotonic() + number(timeout, "timeout")
        while True:
            left = _WAIT_SECONDS if deadline is None else min(_WAIT_SECONDS, deadline - time.monotonic())
            info = self._ask(max(left, 0))
            if info.state in _ENDED:
                return info
            if left <= 0:
                raise TimeoutError(f"job {self.id} ({self.name}) has not ended within {timeout} s: it is {info.state}, and goes on")

    def result(self, timeout: float | None = None) -> Any:
        """What its function returned, once it has; None for a script that succeeded.

        Raises what the job raised (its traceback is the cause), or JobError where that cannot be had here, CancelledError for a job that
        was cancelled, TimeoutError as wait().
        """
        info = self.wait(timeout)
        if info.state == "cancelled":
            raise CancelledError(f"job {self.id} ({self.name}) was cancelled: {info.error}")
        if info.state == "succeeded":
            return None if info.kind == "script" else pickle.loads(self._result())
        failed = JobError(f"job {self.id} ({self.name}) {'was lost' if info.state == 'lost' else 'failed'}: {info.error}")
        raised = self._exception() if info.state == "failed" and info.result_bytes else None
        if raised is None:
            raise failed
        raise raised from failed

    def _exception(self) -> Exception | None:
        try:
            raised = pickle.loads(self._result())
        except Exception:  # of a type that this process does not have
            return None
        return raised if isinstance(raised, Exception) else None

    def _result(self) -> bytes:
        parts, offset, last = [], 0, False
        while not last:
            _, data, last = self._client._call(lambda core: core.job_result(self.id, offset, self._client._timeout))
            parts.append(data)
            offset += len(data)
        return b"".join(parts)

    @overload
    def logs(self, follow: Literal[False] = False) -> str: ...
    @overload
    def logs(self, follow: Literal[True]) -> Iterator[str]: ...
    def logs(self, follow: bool = False):
        """What it printed so far, standard output and error together; with follow=True its lines as they come, until it has ended.

        Of a job that prints more than 64 MiB the last are kept, after a line that says how much is gone.
        """
        return self._lines() if flag(follow, "follow") else "".join(self._chunks(False))

    def _lines(self) -> Iterator[str]:
        rest = ""
        for chunk in self._chunks(True):
            *lines, rest = (rest + chunk).split("\n")
            yield from lines
        if rest:
            yield rest

    def _chunks(self, follow: bool) -> Iterator[str]:
        """Text as it comes; the end of what is there now, or of the job."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        offset, last = 0, False
        while not last:
            begin, data, last = self._log_piece(offset, _WAIT_SECONDS if follow else 0)
            if begin > offset:
                decoder.reset()
                yield f"[{begin - offset:,} bytes of this log are no longer kept]\n"
            if data:
                yield decoder.decode(data)
            elif not follow:
                break
            offset = begin + len(data)
        yield decoder.decode(b"", final=True)

    def cancel(self) -> None:
        """Tells it to end: SIGTERM to its processes, after 5 s SIGKILL. Nothing happens to a job that has ended."""
        self._client._call(lambda core: core.cancel_job(self.id, self._client._timeout))

    def _log_piece(self, offset: int, seconds: float) -> tuple[int, bytes, bool]:
        return self._client._call(lambda core: core.job_log(self.id, offset, int(seconds * 1000), seconds + self._client._timeout))

    def _ask(self, seconds: float) -> JobInfo:
        wait = int(seconds * 1000)
        (told,) = self._client._call(lambda core: core.job_state(self.id, wait, seconds + self._client._timeout))
        self._info = JobInfo(**told)
        return self._info


class JobCalls:
    """What a client can do with jobs."""

    _timeout: float
    _door: str
    _call: Callable[[Callable], Any]

    def submit(
        self, what: Callable | str | os.PathLike, *args, detached: bool = False, directory: str | os.PathLike | None = None, **kwargs
    ) -> Job:
        """Runs a function with these arguments, or a script with these words, on the coordinator's host: as a job, which goes on while
        this process does something else.

        Inside of it `gli.connect()` is this cluster. An attached job, the default, is cancelled 30 s after the last client has gone that
        submitted it or asked for it; a detached one goes on without anyone. `directory` is where it runs (default: here, if the coordinator
        is on this host, else a folder of its own). Functions and arguments are sent by value, at most 32 MiB.
        """
        flag(detached, "detached")
        here = None if is_beyond(self._door) else os.getcwd()
        if callable(what):
            name, program, words, imports = _name_of(what), _pickled(what, args, kwargs, here is None), [], here and _home_of(what)
        elif isinstance(what, (str, os.PathLike)):
            if kwargs:
                raise TypeError(f"a script takes words, not arguments with names: {', '.join(kwargs)}")
            path = Path(what)
            name, program, words, imports = path.name, _text_of(path), [os.fspath(a) if _is_path(a) else str(a) for a in args], here
            imports = here and str(path.absolute().parent)
        else:
            raise TypeError(f"a job is a function or the path of a Python script, not {what!r}")
        kind = "function" if callable(what) else "script"
        where = os.path.abspath(directory) if directory is not None else here or ""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        token = secrets.randbits(63) + 1
        (told,) = self._call(
            lambda core: core.submit(token, name, kind, program, words, where, imports or "", version, detached, self._timeout + 60)
        )
        return Job(self, JobInfo(**told))

    def jobs(self) -> list[Job]:
        """The jobs of the cluster that wait, run, or have ended and are kept: the last 100. Oldest first."""
        return [Job(self, JobInfo(**told)) for told in self._call(lambda core: core.jobs(self._timeout))]

    def job(self, id: int) -> Job:
        """The job of that number; KeyError if there is none. This client holds it from now on, if it is attached."""
        number = whole(id, "id", 1)
        (told,) = self._call(lambda core: core.job_state(number, 0, self._timeout))
        return Job(self, JobInfo(**told))


def _is_path(given) -> bool:
    return isinstance(given, os.PathLike)


def _name_of(function: Callable) -> str:
    return getattr(function, "__name__", type(function).__name__)[:100]


def _module_of(function: Callable) -> ModuleType | None:
    """The user's own module that defines a function: neither the session nor what is installed."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    file = getattr(module, "__file__", None)
    installed = [sysconfig.get_path(p) for p in ("stdlib", "platstdlib", "purelib", "platlib")]
    return None if file is None or any(Path(file).is_relative_to(p) for p in installed) else module


def _home_of(function: Callable) -> str:
    """Where modules are found that its module imports."""
    module = _module_of(function)
    if module is None:
        return os.getcwd()
    file = Path(module.__file__ or "").absolute()
    levels = module.__name__.count(".") + (file.name == "__init__.py")
    return str(file.parents[levels])


def _pickled(function: Callable, arguments: tuple, options: dict, with_module: bool) -> bytes:
    """`with_module`: its module is not there where it runs, and goes along."""
    import cloudpickle

    module = _module_of(function) if with_module else None
    if module is not None and module.__name__ != "__main__":
        cloudpickle.register_pickle_by_value(module)
    else:
        module = None
    try:
        return cloudpickle.dumps((function, arguments, options))
    except Exception as error:
        raise TypeError(f"job {_name_of(function)!r} cannot be sent: {error}") from error
    finally:
        if module is not None:
            cloudpickle.unregister_pickle_by_value(module)


def _text_of(path: Path) -> bytes:
    """A script's; ValueError for what is none."""
    text = path.read_bytes()
    try:
        compile(text, str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) and error.lineno else str(error)
        raise ValueError(f"{path} is no Python script: {line}") from None
    return text
