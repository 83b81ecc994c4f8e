"""Three-way merges of graphs, and what stands in their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import _core
from ._errors import MergeConflict

_SHOWN = 10


class Conflict:
    """What both sides of a merge changed, and not to the same.

    `element` is "node", "edge" or "graph"; `key` the node's, (source, target) or (source, target, key) of an edge, None of the graph. Of an
    `attribute`, `base`, `ours` and `theirs` are its values, None where it is not set. Where `attribute` is None, one side removed the
    element and the other changed it (or, of a node, added or changed an edge at it): then they say whether it is there.
    """

    __slots__ = ("element", "key", "attribute", "base", "ours", "theirs")

    def __init__(self, element: str, key: Any, attribute: str | None, base: Any, ours: Any, theirs: Any):
        self.element, self.key, self.attribute = element, key, attribute
        self.base, self.ours, self.theirs = base, ours, theirs

    def _identity(self) -> tuple:
        return self.element, self.key, self.attribute

    def __eq__(self, other):
        return isinstance(other, Conflict) and self._identity() == other._identity()

    def __hash__(self):
        return hash(self._identity())

    def __str__(self):
        name = "the graph" if self.key is None else f"node {self.key!r}"
        if self.element == "edge":
            name = f"edge {self.key[0]!r} -> {self.key[1]!r}" + (f" (key {self.key[2]!r})" if len(self.key) == 3 else "")
        if self.attribute is not None:
            return f"{name}, attribute {self.attribute!r}: {self.base!r} became {self.ours!r} in ours, {self.theirs!r} in theirs"
        there, gone = ("ours", "theirs") if self.ours else ("theirs", "ours")
        return f"{name}: {gone} removed it, {there} changed it" + (" or an edge at it" if self.element == "node" else "")

    def __repr__(self):
        return f"<gli.Conflict {self}>"


Strategy = str | Callable[[Conflict], Any] | Mapping[Conflict, Any]


def checked_strategy(strategy: Strategy) -> Strategy:
    """ValueError or TypeError for what is no strategy."""
    if isinstance(strategy, str):
        if strategy not in ("auto", "ours", "theirs"):
            raise ValueError(f"strategy is 'auto', 'ours', 'theirs', a function or a dict, not {strategy!r}")
    elif not callable(strategy) and not isinstance(strategy, Mapping):
        raise TypeError(f"strategy is 'auto', 'ours', 'theirs', a function or a dict, not {strategy!r}")
    return strategy


def _answer(conflict: Conflict, answer: Any) -> str | tuple:
    """What the function or dict said, as the native merge takes it."""
    if conflict.attribute is not None:
        return (answer,)
    if not isinstance(answer, bool):
        raise TypeError(f"{conflict}: True keeps it, False removes it; the answer was {answer!r}")
    return "ours" if answer == conflict.ours else "theirs"


def older(conflict: Conflict) -> Any:
    """The strategy of ancestors: what was before, and what is there stays."""
    return True if conflict.attribute is None else conflict.base


class Resolver:
    """Answers conflicts by a strategy, and keeps those that it leaves open."""

    def __init__(self, strategy: Strategy):
        self.strategy = checked_strategy(strategy)
        self._open: list[Conflict] = []

    @property
    def side(self) -> str | None:
        """The side that wins every conflict, if one does."""
        return self.strategy if self.strategy in ("ours", "theirs") else None

    def answer(self, described: tuple) -> str | tuple:
        """Of what the native merge says of a conflict."""
        conflict, strategy = Conflict(*described), self.strategy
        if self.side:
            return self.side
        if callable(strategy):
            return _answer(conflict, strategy(conflict))
        if isinstance(strategy, Mapping) and conflict in strategy:
            return _answer(conflict, strategy[conflict])
        self._open.append(conflict)
        return "ours"

    def check(self) -> None:
        """MergeConflict when something is left to decide."""
        if self._open:
            raise MergeConflict(self._open, _listed(self._open))


def merged(base, ours, theirs, strategy: Strategy):
    """The graph of ours with theirs. MergeConflict when something is left to decide; everything else raises as it comes."""
    resolver = Resolver(strategy)
    result = _core.merge(base, ours, theirs, resolver.answer)
    resolver.check()
    return result


def _listed(conflicts: list[Conflict]) -> str:
    lines = [f"{len(conflicts)} conflict{'s' if len(conflicts) > 1 else ''}; strategy= decides them"]
    lines += [f"  {c}" for c in conflicts[:_SHOWN]]
    if len(conflicts) > _SHOWN:
        lines.append(f"  and {len(conflicts) - _SHOWN} more (.conflicts)")
    return "\n".join(lines)
