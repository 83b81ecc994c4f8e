"""What a store tells those who listen."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from ._history import Commit

NAMES = ("state_committed", "branch_created", "branch_switched", "branch_merged")


@dataclass(frozen=True)
class Event:
    """What a store object did: its name, the branch, the commit that the branch is at now (None: none), and of a merge its source."""

    name: str
    branch: str
    commit: Commit | None
    source: str | None = None


Listener = Callable[[Event], object]


class Events:
    """Who listens to what."""

    def __init__(self):
        self._listeners: dict[str, list[Listener]] = {name: [] for name in NAMES}

    def _of(self, name: str) -> list[Listener]:
        if name not in self._listeners:
            raise ValueError(f"no event {name!r}: there are {', '.join(NAMES)}")
        return self._listeners[name]

    def add(self, name: str, listener: Listener) -> None:
        """Calls the listener at each such event. ValueError for an event that there is not."""
        if not callable(listener):
            raise TypeError(f"a listener is a function of an Event, not {listener!r}")
        self._of(name).append(listener)

    def remove(self, name: str, listener: Listener) -> None:
        """ValueError when it does not listen."""
        if listener not in self._of(name):
            raise ValueError(f"{listener!r} does not listen to {name!r}")
        self._of(name).remove(listener)

    def heard(self, name: str) -> bool:
        """Whether anybody listens."""
        return bool(self._of(name))

    def tell(self, event: Event) -> None:
        """What happened has happened: a listener that raises is a RuntimeWarning."""
        for listener in list(self._of(event.name)):
            try:
                listener(event)
            except Exception as error:
                failed = f"the listener {listener!r} to {event.name!r} failed: {type(error).__name__}: {error}"
                warnings.warn(failed, RuntimeWarning, stacklevel=3)
