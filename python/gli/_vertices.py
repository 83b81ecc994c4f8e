"""What a program's function sees: the nodes of one partition as arrays. The same embedded and in a worker's host."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ._errors import ProgramError

_COMBINE = {"sum": np.add, "min": np.minimum, "max": np.maximum}


class Vertices:
    """The nodes of one partition in one round of a program: an array element for each, in every array the same.

    `v["name"]` is the state column of that name, which the function may change in place or set; what it holds stays until the next round.

    >>> import gli
    >>> @gli.program(state={"reached": "bool"}, message="int64", combine="max")
    ... def reach(v, start):
    ...     news = (v.keys == start) if v.round == 0 else (v.messages > 0) & ~v["reached"]
    ...     v["reached"] |= news
    ...     v.send(1, where=news)
    >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (4, 1)]).run(reach, start=1)["reached"].to_dict()
    {1: True, 2: True, 3: True, 4: False}
    """

    def __init__(self, memory, layout: Mapping[str, Any]):
        self._memory = memory
        self._layout = layout
        self._round = 0
        self._keys = self._array("keys") if "keys" in layout["arrays"] else None
        self._hashes, self._in, self._out = (self._array(name) for name in ("hashes", "in_degree", "out_degree"))
        self._messages = self._array("messages")
        self._given, self._gives = self._array("given", True), self._array("gives", True)
        self._state = {name: self._array(f"state.{name}", True) for name in layout["state"]}
        self._how = dict(layout["totals"])
        self._added = {name: self._array(f"total.{name}", True) for name in self._how}
        self._results = self._array("totals")
        self._totals: dict[str, float] = {}

    def _array(self, name: str, writable: bool = False) -> np.ndarray:
        dtype, offset, rows = self._layout["arrays"][name]
        array = np.frombuffer(self._memory, dtype, rows, offset) if rows else np.empty(0, dtype)
        array.flags.writeable = writable
        return array

    def _begin(self, round: int) -> None:
        self._round = round
        self._totals = dict(zip(self._how, self._results.tolist())) if round else {name: _start(how) for name, how in self._how.items()}
        for name, how in self._how.items():
            self._added[name].fill(_start(how))

    # --- what stays -----------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._layout["rows"]

    @property
    def keys(self) -> np.ndarray:
        """What users call the nodes: int64, or an array of str objects."""
        if self._keys is None:
            self._keys = np.array(self._text_keys(), object)
            self._keys.flags.writeable = False
        return self._keys

    def _text_keys(self) -> list[str]:
        ends, text = self._array("key_ends").tolist(), self._array("key_bytes").tobytes()
        return [text[begin:end].decode() for begin, end in zip([0, *ends], ends)]

    @property
    def hashes(self) -> np.ndarray:
        """An int64 for each node that depends on its key alone: to break ties, to draw lots."""
        return self._hashes

    @property
    def in_degree(self) -> np.ndarray:
        """How many edges enter each node, in the whole graph; undirected: how many it has, a self-loop once, as messages go."""
        return self._in

    @property
    def out_degree(self) -> np.ndarray:
        """How many edges leave each node; undirected: the same as in_degree."""
        return self._out

    @property
    def degree(self) -> np.ndarray:
        """How many edges each node has: in_degree + out_degree; undirected: the same as these."""
        return self._in + self._out if self._layout["directed"] else self._in

    @property
    def total_nodes(self) -> int:
        """How many nodes the whole graph has."""
        return self._layout["total_nodes"]

    @property
    def total_edges(self) -> int:
        """How many edges the whole graph has."""
        return self._layout["total_edges"]

    # --- what a round brings --------------------------------------------------------------------------------------------------

    @property
    def round(self) -> int:
        """0 when nothing was sent yet, then 1, 2 …"""
        return self._round

    @property
    def messages(self) -> np.ndarray:
        """What neighbors sent in the last round, combined; where none did, what changes nothing: 0, or the far end of the numbers."""
        return self._messages

    @property
    def totals(self) -> Mapping[str, float]:
        """What all nodes added in the last round, by name."""
        return dict(self._totals)

    def __getitem__(self, name: str) -> np.ndarray:
        self._known(name)
        return self._state[name]

    def __setitem__(self, name: str, values) -> None:
        self._known(name)
        if values is not self._state[name]:
            self._copy(self._state[name], values, f"state {name!r}")

    def _known(self, name) -> None:
        if name not in self._state:
            raise KeyError(f"program {self._layout['name']!r} has no state {name!r}; it has {', '.join(map(repr, self._state))}")

    # --- what the function does -----------------------------------------------------------------------------------------------

    def send(self, values, where=None) -> None:
        """Sends each node's value over its edges, to come in the next round; only of nodes where `where` is True, if it is given.

        A node that sends nothing has voted to end; one that sends again in a round replaces what it sent.
        """
        where = self._where(where)
        self._copy(self._given, values, "what is sent", where)
        np.logical_or(self._gives, where, out=self._gives)

    def add(self, total: str, values, where=None) -> None:
        """Adds each node's value to a total of all nodes, which all see in the next round; a single value is that of every node.

        Totals are float64. Pass the nodes' values, not their sum: so the total is the same on any number of partitions.
        """
        if total not in self._how:
            declared = ", ".join(map(repr, self._how)) or "none"
            raise KeyError(f"program {self._layout['name']!r} has no total {total!r}; declared with totals=: {declared}")
        where = self._where(where)
        given = np.empty(len(self), np.float64)
        self._copy(given, values, f"the total {total!r}", where)
        added = self._added[total]
        _COMBINE[self._how[total]](added, given, out=added, where=where)

    def _where(self, where) -> np.ndarray | bool:
        if where is None:
            return True
        where = np.asarray(where)
        if where.dtype != np.bool_:
            raise TypeError(f"where is an array of bool, not of {where.dtype}")
        if where.shape not in ((), (len(self),)):
            raise ValueError(f"where takes a bool for each of {len(self)} nodes, not an array of shape {where.shape}")
        return where

    def _copy(self, to: np.ndarray, values, what: str, where=True) -> None:
        values = np.asarray(values)
        if values.shape not in ((), to.shape):
            raise ValueError(f"{what} takes a value for each of {len(to)} nodes, not an array of shape {values.shape}")
        if not np.can_cast(values.dtype, to.dtype, "same_kind"):
            raise TypeError(f"{what} is {to.dtype}, and {values.dtype} does not convert to that")
        np.copyto(to, values, casting="same_kind", where=where)

    def __repr__(self):
        return f"<gli.Vertices: {len(self)} nodes in round {self._round} of {self._layout['name']!r}>"


def _start(how: str) -> float:
    return {"sum": 0.0, "min": np.inf, "max": -np.inf}[how]


class Calls:
    """Calls a program's function, once for each round, and says what went wrong there."""

    def __init__(self, memory, layout: str, function: Callable, parameters: Mapping[str, Any]):
        described = json.loads(layout)
        self._name = described["name"]
        self._vertices = Vertices(memory, described)
        self._function = function
        self._parameters = parameters

    def __call__(self, round: int) -> None:
        self._vertices._begin(round)
        try:
            answer = self._function(self._vertices, **self._parameters)
            if answer is not None:
                raise TypeError(f"the function answers {type(answer).__name__}, where it should v.send() values or set v['state']")
        except (Exception, SystemExit) as error:
            raise ProgramError(explained(f"program {self._name!r} raised {type(error).__name__} in round {round}", error)) from error


def explained(what: str, error: BaseException) -> str:
    """The text of an error that somebody reads elsewhere: with its traceback, without our own frames."""
    own = error.__traceback__.tb_next if error.__traceback__ is not None else None
    lines = "".join(traceback.format_exception(type(error), error, own))
    if len(lines) > _LONGEST:
        lines = lines[: _LONGEST // 2] + "\n…\n" + lines[-_LONGEST // 2 :]
    return f"{what}: {error}\n\n{lines}"


_LONGEST = 16_000
