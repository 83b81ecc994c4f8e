"""Slurm's commands, as gli calls them."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ._errors import ClusterError

_COMMAND_SECONDS = 60
_POLL_SECONDS = 0.25
_LAST_LINES = 5


def slurm(command: str, *words: str, text: str | None = None) -> str:
    """What one of Slurm's commands prints; ClusterError with what it complains of."""
    try:
        done = subprocess.run([command, *words], input=text or "", capture_output=True, text=True, timeout=_COMMAND_SECONDS)
    except FileNotFoundError:
        raise ClusterError(f"{command} is not on the PATH: this is no host that submits to Slurm") from None
    except subprocess.TimeoutExpired:
        raise ClusterError(f"{command} did not answer within {_COMMAND_SECONDS} s") from None
    if done.returncode:
        said = [re.sub(rf"^{command}: (error: |fatal: )?", "", line) for line in done.stderr.splitlines()]
        raise ClusterError(f"{command}: {'; '.join(said) or f'it ended with status {done.returncode}'}")
    return done.stdout


@dataclass(frozen=True)
class SlurmJob:
    """A job that was submitted."""

    number: str

    @property
    def state(self) -> str:
        """As squeue says it, "PENDING (Resources)" or "RUNNING"; empty once it has left the queue."""
        try:
            found = slurm("squeue", "--noheader", "--jobs", self.number, "--states", "all", "--format", "%T|%r").strip()
        except ClusterError as error:
            if "Invalid job id" in str(error):
                return ""
            raise
        state, _, reason = found.partition("|")
        if state in _ENDED:
            return ""
        return f"{state} ({reason})" if state == "PENDING" and reason not in ("", "None") else state

    def cancel(self) -> None:
        """Returns when it has left the queue, and its nodes are free."""
        try:
            slurm("scancel", self.number)
        except ClusterError as error:
            if "Invalid job id" not in str(error):
                raise
        for _ in self.states():
            pass

    def end(self) -> str:
        """How it ended, with the last lines of its output."""
        known = self._known()
        if not known:
            return f"job {self.number} is not known to Slurm any more"
        return f"job {self.number} ended: {known['JobState']}, exit code {known['ExitCode']}{_last_lines(known.get('StdOut', ''))}"

    @property
    def exit_status(self) -> int:
        """Once it has ended: the script's; 128 and a signal's number, as shells have it; 1 if it never ran."""
        known = self._known()
        status, _, number = known.get("ExitCode", "1:0").partition(":")
        failed = known.get("JobState") != "COMPLETED"
        return int(status) or (int(number) and 128 + int(number)) or int(failed)

    def _known(self) -> dict[str, str]:
        try:
            said = slurm("scontrol", "--oneliner", "show", "job", self.number)
        except ClusterError:
            return {}
        return dict(re.findall(r"(?<!\S)(JobState|ExitCode|StdOut)=(\S+)", said))

    def states(self) -> Iterator[str]:
        """Its state, looked at again and again, until it has left the queue."""
        while state := self.state:
            yield state
            time.sleep(_POLL_SECONDS)


_ENDED = frozenset("BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT SPECIAL_EXIT".split())


def submit(script: str) -> SlurmJob:
    """Hands a batch script to sbatch, on its standard input."""
    return SlurmJob(slurm("sbatch", "--parsable", text=script).strip().partition(";")[0])


def _last_lines(path: str) -> str:
    try:
        return "".join(f"\n    {line}" for line in Path(path).read_text(errors="replace").splitlines()[-_LAST_LINES:])
    except OSError:
        return ""
