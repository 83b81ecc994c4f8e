"""Progress bars for calls that take longer than half a second in a terminal."""

from __future__ import annotations

import shutil
import sys
import time

from ._store_space import size

_DELAY_SECONDS = 0.5
_enabled: bool | None = None


def show_progress(enabled: bool | None) -> None:
    """Turns progress bars on or off; None, the default, shows them when standard error is a terminal."""
    global _enabled
    _enabled = enabled


class Progress:
    """A context whose value is called with (what, done, total, detail, bytes) as work goes on; total 0 means unknown, bytes
    is what workers have sent each other."""

    def __init__(self, title: str):
        self._title = title
        self._bar = None
        self._started = time.monotonic()

    def __enter__(self):
        wanted = sys.stderr.isatty() if _enabled is None else _enabled
        return self if wanted else None

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()

    def __call__(self, what: str, done: int, total: int, detail: str = "", bytes: int = 0):
        if self._bar is None:
            if time.monotonic() - self._started < _DELAY_SECONDS:
                return
            self._bar = self._make_bar(total)
        if total and self._bar.total != total:
            self._bar.total = total
        detail = ", ".join(filter(None, [detail, f"{size(bytes)} exchanged" if bytes else ""]))
        parts = [what] if what == self._title else [self._title, what]
        self._bar.set_description_str(": ".join([*parts, detail] if detail else parts), refresh=False)
        self._bar.n = done
        self._bar.refresh()

    def _make_bar(self, total: int):
        from tqdm import tqdm

        columns, lines = shutil.get_terminal_size()  # 80 × 24 for a terminal that does not know its size, where tqdm would show nothing
        return tqdm(
            desc=self._title,
            total=total or None,
            leave=False,
            file=sys.stderr,
            ncols=min(columns, 80),
            nrows=lines,
            unit_scale=True,
            unit="",
        )
