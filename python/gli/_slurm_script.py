"""The batch script of a Slurm job that runs a cluster (docs/slurm.md). Pure: nothing here asks Slurm anything."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._checks import collection, whole
from ._sizes import size_of

NOTICE_SECONDS = 60
_LONGEST_NOTICE = 65535  # what sbatch --signal takes
_MEBIBYTE = 1 << 20
_WALLTIME = re.compile(r"\d+(:\d{1,2}){0,2}|\d+-\d{1,2}(:\d{1,2}){0,2}|UNLIMITED|INFINITE", re.I)
_PLAIN = re.compile(r"[\w@%+=:,./\[\]-]+")


@dataclass(frozen=True)
class JobRequest:
    """What is asked of Slurm. Made by `job_request`, which checks it."""

    nodes: int
    cores: int | None
    memory: int | None
    """Bytes a node."""
    walltime: str | None
    queue: str | None
    account: str | None
    job_name: str
    log_directory: str | None
    job_extra_directives: tuple[str, ...]
    job_script_prologue: tuple[str, ...]
    python: str
    notice: int
    """Seconds before the walltime at which the job hears of it."""

    def script(self, words: Sequence[str]) -> str:
        """The batch script, whose process becomes `python -m gli._slurm_job WORDS`."""
        program = [self.python, "-P", "-m", "gli._slurm_job", *words]
        head = [f"#SBATCH {line}" for line in (*self._directives(), *self.job_extra_directives)]
        ignored = "trap '' USR1  # Slurm's notice, until gli waits for it"
        return "\n".join(["#!/usr/bin/env bash", *head, ignored, *self.job_script_prologue, f"exec {shlex.join(program)}", ""])

    def _directives(self) -> list[str]:
        log = None if self.log_directory is None else os.path.join(self.log_directory, "gli-%j.out")
        options = {
            "job-name": self.job_name,
            "nodes": self.nodes,
            "ntasks-per-node": 1,
            "cpus-per-task": self.cores,
            "mem": None if self.memory is None else f"{-(-self.memory // _MEBIBYTE)}M",
            "time": self.walltime,
            "partition": self.queue,
            "account": self.account,
            "output": log,
            "signal": f"B:USR1@{self.notice}",
        }
        return [f"--{name}={directive_value(str(value))}" for name, value in options.items() if value is not None]


def job_request(
    nodes: int = 1,
    cores: int | None = None,
    memory: int | str | None = None,
    walltime: str | None = "00:30:00",
    queue: str | None = None,
    account: str | None = None,
    job_name: str = "gli",
    log_directory: str | os.PathLike | None = None,
    job_extra_directives: Iterable[str] = (),
    job_script_prologue: Iterable[str] = (),
    python: str | None = None,
    notice: int = NOTICE_SECONDS,
) -> JobRequest:
    """Checked; ValueError or TypeError names what cannot be.

    >>> job_request(nodes=2, cores=4, memory="2GiB").script(["serve", "/home/ann"]).splitlines()[1:5]
    ['#SBATCH --job-name=gli', '#SBATCH --nodes=2', '#SBATCH --ntasks-per-node=1', '#SBATCH --cpus-per-task=4']
    """
    notice = whole(notice, "notice", 1)
    if notice > _LONGEST_NOTICE:
        raise ValueError(f"notice is at most {_LONGEST_NOTICE} seconds, not {notice}")
    if walltime is not None and not (isinstance(walltime, str) and _WALLTIME.fullmatch(walltime)):
        raise ValueError(f"walltime looks like '02:00:00', '1-12:00:00' or '90' (minutes), not {walltime!r}")
    return JobRequest(
        nodes=whole(nodes, "nodes", 1),
        cores=None if cores is None else whole(cores, "cores", 1),
        memory=None if memory is None else _memory(memory),
        walltime=walltime,
        queue=_word(queue, "queue"),
        account=_word(account, "account"),
        job_name=_word(job_name, "job_name") or "gli",
        log_directory=None if log_directory is None else os.path.abspath(os.fspath(log_directory)),
        job_extra_directives=tuple(_directive(d) for d in collection(job_extra_directives, "job_extra_directives")),
        job_script_prologue=tuple(_line(p, "a line of shell") for p in collection(job_script_prologue, "lines of job_script_prologue")),
        python=python or sys.executable,
        notice=notice,
    )


def _memory(given: int | str) -> int:
    try:
        return size_of(given)
    except (TypeError, ValueError) as error:
        raise type(error)(f"memory: {error}") from None


def _word(value: Any, name: str) -> str | None:
    return None if value is None else _line(value, name)


def _line(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is text, not {value!r}")
    if any(c in value for c in "\n\r\0"):
        raise ValueError(f"{name} is one line of text, not {value!r}")
    return value


def shared_folder(shared: str | os.PathLike, job: str) -> Path:
    """Where a job that serves drivers elsewhere tells its address, and lays their credentials."""
    return Path(shared) / f".gli-slurm-{job}"


def _directive(text: Any) -> str:
    return _line(text, "a directive of job_extra_directives").removeprefix("#SBATCH").strip()


def directive_value(text: str) -> str:
    """A value as sbatch reads it in a line of the script: in quotes where it must be.

    >>> print(directive_value("main"), directive_value('the "big" one'))
    main "the \\"big\\" one"
    """
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
