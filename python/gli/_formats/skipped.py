"""Bad lines that a reader was told to skip: counted, the first ten named."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).parents[1])
NAMED = 10


class SkippedLinesWarning(UserWarning):
    """A reader with on_error="skip" left out lines that it could not read.

    `path` is the file, `count` how many lines were left out, `lines` the first ten of them as (line number, what is wrong) pairs.

    >>> SkippedLinesWarning("friends.txt", 1, [(3, "expected 2 fields, found 1")])
    SkippedLinesWarning('friends.txt: skipped 1 bad line: line 3: expected 2 fields, found 1')
    """

    def __init__(self, path: str, count: int, lines: list[tuple[int, str]]):
        self.path, self.count, self.lines = path, count, lines
        named = "; ".join(f"line {line}: {what}" for line, what in lines)
        more = "; …" if count > len(lines) else ""
        super().__init__(f"{path}: skipped {count:,} bad line{'' if count == 1 else 's'}: {named}{more}")

    def __reduce__(self):
        return type(self), (self.path, self.count, self.lines)


def warn_caller(warning: Warning) -> None:
    """Warns at the line outside this package that called it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(warning, stacklevel=level)


def must_skip(on_error: str) -> bool:
    """Whether bad lines are left out.

    >>> must_skip("skip"), must_skip("raise")
    (True, False)
    """
    if on_error not in ("raise", "skip"):
        raise ValueError(f"on_error is 'raise' or 'skip', not {on_error!r}")
    return on_error == "skip"


class Skipped:
    """What one file's reading left out."""

    def __init__(self, path, on_error: str):
        self.path = os.fspath(path)
        self.wanted = must_skip(on_error)
        self.rows, self.count, self.lines = 0, 0, []

    def read(self, reader, options: dict[str, Any], rows, progress) -> dict | None:
        """Calls a native reader of lines and keeps what it reports."""
        report: dict[str, Any] = {}
        again = reader({**options, "skip_bad_lines": self.wanted}, rows, progress, report)
        self.take(report)
        return again

    def take(self, report: dict[str, Any]) -> None:
        """Keeps a native report in the place of an earlier one."""
        self.rows, self.count, self.lines = report.get("rows", 0), report.get("skipped", 0), report.get("lines", [])

    def take_summary(self, counts: dict[str, Any], source: int) -> None:
        """Keeps what the workers report of the source with this number."""
        lines = [(counts[f"line.{source}.{i}"], counts[f"what.{source}.{i}"]) for i in range(NAMED) if f"line.{source}.{i}" in counts]
        self.rows, self.count, self.lines = counts[f"rows.{source}"], counts[f"skipped.{source}"], lines

    def clear(self) -> None:
        """Forgets an attempt that begins again."""
        self.rows, self.count, self.lines = 0, 0, []

    def add(self, line: int, what: str) -> None:
        """Notes one bad line, or raises it as a ValueError when bad lines are errors."""
        if not self.wanted:
            raise ValueError(f"{self.path}:{line}: {what}")
        self.count += 1
        if len(self.lines) < NAMED:
            self.lines.append((line, what))

    def warn(self) -> None:
        """Warns at the caller's line when something was left out."""
        if self.count:
            warn_caller(SkippedLinesWarning(self.path, self.count, self.lines))
