"""What the demo writes: headings, tables and times, at most 80 columns wide."""

from __future__ import annotations

import time
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from .._table import Table, is_number

_WIDTH = 80


def console() -> Console:
    """The terminal, no wider than tables should be."""
    found = Console(highlight=False, soft_wrap=False)
    found.width = min(found.width, _WIDTH)
    return found


def grid(table: Table) -> RichTable:
    """A table for the console: numbers to the right, long text cut."""
    result = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for field in table.to_arrow().schema:
        result.add_column(
            field.name.replace("_", " "), justify="right" if is_number(field) else "left", no_wrap=True, overflow="ellipsis"
        )
    for row in zip(*table.cells()):
        result.add_row(*map(escape, row))
    return result


class Screen:
    """The demo's output."""

    def __init__(self):
        self._console = console()
        self._started = time.monotonic()

    def heading(self, text: str) -> None:
        """Begins a part."""
        self._console.print(f"\n[bold]{text}[/bold]")

    def line(self, text: str) -> None:
        """Writes a line of text."""
        self._console.print(text, markup=False)

    def table(self, table: Table) -> None:
        """Writes a table, indented."""
        self._console.print(grid(table))

    @contextmanager
    def timed(self, text: str):
        """Says what was done and how long it took."""
        began = time.monotonic()
        yield
        self.line(f"{text}: {seconds(time.monotonic() - began)}")

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started


def seconds(duration: float) -> str:
    """A duration as the demo shows it.

    >>> seconds(0.01234), seconds(3.21)
    ('12 ms', '3.2 s')
    """
    return f"{duration * 1000:.0f} ms" if duration < 1 else f"{duration:.1f} s"
