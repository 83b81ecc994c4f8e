"""Programs of the user's over all nodes in rounds, and aggregates of neighbors: embedded and beside the workers of a cluster."""

from __future__ import annotations

import ctypes
import hashlib
import inspect
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, overload

import numpy as np

from . import _expressions as expressions
from ._checks import number, whole
from ._expressions import Expression
from ._node_values import NodeValues
from ._vertices import Calls

_STATE_TYPES = ("float64", "int64", "bool")
_MESSAGE_TYPES = ("float64", "int64")
_COMBINE = ("sum", "min", "max")
_OVER = ("out", "in", "all")
_OWN_ARGUMENTS = ("weight", "max_rounds", "timeout")
_PLAIN = (type(None), bool, int, float, str)


class Program:
    """What `gli.program` makes of a function; `graph.run` runs it."""

    def __init__(self, function: Callable, state, message, combine, over, totals):
        self._parameters = _parameters_of(function)
        self._function = function
        self._name = function.__name__
        if not isinstance(state, Mapping) or not state:
            raise TypeError(f"state names the columns and their types, such as {{'rank': 'float64'}}, not {state!r}")
        self._state = {_text(name, "state"): _type(given, f"state {name!r}", _STATE_TYPES) for name, given in state.items()}
        self._message = _type(message, "message", _MESSAGE_TYPES)
        self._combine = _one_of(combine, "combine", _COMBINE)
        self._over = _one_of(over, "over", _OVER)
        if totals is not None and not isinstance(totals, Mapping):
            raise TypeError(f"totals names them and how they are combined, such as {{'change': 'sum'}}, not {totals!r}")
        self._totals = {_text(name, "totals"): _one_of(how, f"total {name!r}", _COMBINE) for name, how in (totals or {}).items()}

    @property
    def name(self) -> str:
        """The function's name."""
        return self._name

    @property
    def function(self) -> Callable:
        """The function, to be tried out by itself."""
        return self._function

    @property
    def state(self) -> dict[str, str]:
        """The state columns and their types."""
        return dict(self._state)

    def __call__(self, *_, **__):
        raise TypeError(f"a program is run by a graph: g.run({self._name}, …)")

    def __repr__(self):
        return f"<gli.Program {self._name}: state {', '.join(self._state)}>"

    def _check(self, parameters: Mapping[str, Any]) -> None:
        """TypeError for parameters that the function does not take, or lacks."""
        try:
            self._parameters.bind(**parameters)
        except TypeError as error:
            raise TypeError(f"program {self._name!r}: {error}") from None

    def _arguments(self, parameters: Mapping[str, Any], weight: str, max_rounds: int | None) -> dict[str, Any]:
        """What provenance shows: plain parameters, and a hash of the function's own code."""
        bound = self._parameters.bind(**parameters)
        bound.apply_defaults()
        plain = {f"parameter.{n}": x for n, x in bound.arguments.items() if isinstance(x, _PLAIN)}
        return plain | {"weight": weight or None, "max_rounds": max_rounds, "code": _hash_of(self._function.__code__)}

    def _native(self, parameters: Mapping[str, Any], weight: str, max_rounds: int | None, code: bytes = b"", python: str = "") -> tuple:
        columns, totals = list(self._state.items()), list(self._totals.items())
        arguments = self._arguments(parameters, weight, max_rounds)
        return (self._name, columns, totals, self._message, self._combine, self._over, weight, max_rounds, arguments, code, python)


@overload
def program(function: Callable, /, **declared) -> Program: ...
@overload
def program(**declared) -> Callable[[Callable], Program]: ...
def program(
    function: Callable | None = None,
    /,
    *,
    state: Mapping[str, Any],
    message="float64",
    combine: str = "sum",
    over: str = "out",
    totals: Mapping[str, str] | None = None,
):
    """A decorator that makes a program of a function of arrays, called once a round for all nodes of a partition. docs/programs.md.

    The function gets `gli.Vertices` and the parameters given to `graph.run`. `state` names columns ("float64", "int64" or "bool", at first
    0) that are kept between rounds and are the answer. What nodes send travels along their out-edges (`over`: "out", "in" or "all") and is
    combined where it arrives ("sum", "min" or "max" of "float64" or "int64"). `totals` names what all nodes add to, by sum, min or max.
    The run ends when no node sends. [Malewicz et al. 2010, "Pregel"; combiners and aggregators as there]

    >>> import gli
    >>> @gli.program(state={"rank": "float64"}, totals={"sinks": "sum"})
    ... def pagerank(v, alpha=0.85, rounds=20):
    ...     if v.round == 0:
    ...         v["rank"] = 1 / v.total_nodes
    ...     else:
    ...         v["rank"] = (1 - alpha + alpha * v.totals["sinks"]) / v.total_nodes + alpha * v.messages
    ...     if v.round < rounds:
    ...         v.send(v["rank"] / v.out_degree.clip(1))
    ...         v.add("sinks", v["rank"], where=v.out_degree == 0)
    >>> g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
    >>> {k: round(x, 6) for k, x in g.run(pagerank)["rank"].items()} == {k: round(x, 6) for k, x in g.pagerank(iterations=20).items()}
    True
    """
    if function is not None and not inspect.isfunction(function):
        raise TypeError(f"gli.program decorates a function, not {function!r}")

    def decorate(wrapped: Callable) -> Program:
        if not inspect.isfunction(wrapped):
            raise TypeError(f"gli.program decorates a function, not {wrapped!r}")
        return Program(wrapped, state, message, combine, over, totals)

    return decorate if function is None else decorate(function)


class ProgramMethods:
    """The part of gli.Graph and gli.DistributedGraph that runs programs and aggregates."""

    __slots__ = ()

    def _run_program(
        self, program: Program, parameters: dict, weight: str, max_rounds: int | None, timeout: float | None
    ) -> list[NodeValues]:
        raise NotImplementedError

    def _run_aggregate(self, aggregate: tuple) -> NodeValues:
        raise NotImplementedError

    def run(
        self, program: Program, /, *, weight: str | None = None, max_rounds: int | None = None, timeout: float | None = None, **parameters
    ) -> dict[str, NodeValues]:
        """Runs a program until no node sends: NodeValues of each state column, by name.

        With `weight`, the name of an edge attribute of numbers, edges multiply what is summed and are added to what is compared.
        `max_rounds`: at most so many rounds after round 0; summary["halted"] says whether they were enough. `timeout`: seconds, then
        TimeoutError. What the function raises is a ProgramError with its traceback; on a cluster, so is the end of its process. O(n + m) a
        round besides the function.

        >>> import gli
        >>> @gli.program(state={"distance": "float64"}, combine="min")
        ... def distances(v, source):
        ...     if v.round == 0:
        ...         v["distance"] = float("inf")
        ...     found = (v.keys == source) if v.round == 0 else v.messages < v["distance"]
        ...     v["distance"][found] = 0 if v.round == 0 else v.messages[found]
        ...     v.send(v["distance"], where=found)
        >>> g = gli.Graph().add_nodes(["a", "b", "c"]).add_edge("a", "b", km=5).add_edge("b", "c", km=2).add_edge("a", "c", km=9)
        >>> g.run(distances, source="a", weight="km")["distance"].to_dict()
        {'a': 0.0, 'b': 5.0, 'c': 7.0}
        """
        if not isinstance(program, Program):
            raise TypeError(f"run takes what @gli.program made of a function, not {program!r}")
        program._check(parameters)
        limit = None if max_rounds is None else whole(max_rounds, "max_rounds", 0)
        seconds = None if timeout is None else number(timeout, "timeout")
        if seconds is not None and not seconds > 0:
            raise ValueError(f"timeout is a positive number of seconds, not {timeout!r}")
        made = self._run_program(program, parameters, _weight(weight), limit, seconds)
        return dict(zip(program._state, made))

    def aggregate(
        self,
        initial: Expression | str | float,
        update: Expression | str | float | None = None,
        *,
        give: Expression | None = None,
        reduce: str = "sum",
        over: str = "out",
        weight: str | None = None,
        rounds: int | None = None,
        until: float | None = None,
    ) -> NodeValues:
        """What neighbors give, combined, then an expression of it, in rounds: a program without Python in the loop.

        Every node begins with `initial` (an expression, the name of a node attribute, or a number). In a round it gives `give` (its value,
        gli.state(), unless given) along its out-edges (`over`: "out", "in" or "all"); what arrives is reduced ("sum", "min" or "max"), and
        its value becomes `update`, an expression over gli.state() and gli.gathered() (the latter unless given). `weight` as in run().
        Exactly `rounds` rounds (1 unless given), or with `until` until no value changes by more than that, ConvergenceError when `rounds`
        do not suffice. Values are float64. O(n + m) a round. [Hamilton et al. 2017, aggregate and combine]

        >>> import gli
        >>> g = gli.Graph().add_nodes([(1, {"age": 40}), (2, {"age": 20}), (3, {"age": 60})]).add_edge(1, 2).add_edge(2, 3)
        >>> g.aggregate("age", over="all").to_dict()
        {1: 20.0, 2: 100.0, 3: 20.0}
        >>> smallest = gli.minimum(gli.state(), gli.gathered())
        >>> g.aggregate(gli.key(), smallest, reduce="min", over="all", until=0).to_dict()
        {1: 1.0, 2: 1.0, 3: 1.0}
        """
        parts = (_number_of(initial, "initial"), _number_of(give, "give", "state"), _number_of(update, "update", "gathered"))
        how = (_one_of(reduce, "reduce", _COMBINE), _one_of(over, "over", _OVER), _weight(weight))
        limit = whole(rounds, "rounds", 0) if rounds is not None else 1 if until is None else None
        tolerance = None if until is None else number(until, "until")
        if tolerance is not None and not tolerance >= 0:
            raise ValueError(f"until is how much a value may still change, 0 or more, not {until!r}")
        return self._run_aggregate((*parts, *how, limit, tolerance))


# --- arguments ----------------------------------------------------------------------------------------------------------------


def _parameters_of(function: Callable) -> inspect.Signature:
    """Without the first, which is the vertices'."""
    signature = inspect.signature(function)
    named = list(signature.parameters.values())
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not named or named[0].kind not in positional:
        raise TypeError(f"a program's function takes the vertices first: def {function.__name__}(v, …)")
    for own in _OWN_ARGUMENTS:
        if own in signature.parameters:
            raise TypeError(f"a program's parameter cannot be called {own!r}: run() has one of that name")
    return signature.replace(parameters=named[1:])


def _text(name, what: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"names in {what} are str, not {name!r}")
    return name


def _type(given, what: str, among: tuple[str, ...]) -> str:
    try:
        name = None if given is None else np.dtype(given).name
    except TypeError:
        name = None
    if name not in among:
        raise TypeError(f"{what} is {', '.join(map(repr, among[:-1]))} or {among[-1]!r}, not {given!r}")
    return name


def _one_of(given, what: str, among: tuple[str, ...]) -> str:
    if given not in among:
        raise ValueError(f"{what} is {', '.join(map(repr, among[:-1]))} or {among[-1]!r}, not {given!r}")
    return given


def _weight(name) -> str:
    if name is not None and (not isinstance(name, str) or not name):
        raise TypeError(f"weight is the name of an edge attribute, not {name!r}")
    return name or ""


def _number_of(given, what: str, otherwise: str | None = None) -> tuple:
    """An expression as the native part reads it, from one, a node attribute's name, or a number."""
    if given is None and otherwise is not None:
        given = Expression(otherwise)
    if isinstance(given, str):
        given = expressions.node(given)
    elif not isinstance(given, Expression):
        given = Expression("literal", number(given, what))
    if expressions.depth(given) > 60:
        raise ValueError(f"{what} is nested more than 60 deep")
    return given.to_tuple()


def _hash_of(code: CodeType) -> str:
    """Of what a function does, wherever it stands in a file."""
    digest = hashlib.blake2b(digest_size=8)

    def take(part: CodeType) -> None:
        digest.update(part.co_code + repr(part.co_names + part.co_varnames).encode())
        for constant in part.co_consts:
            if isinstance(constant, CodeType):
                take(constant)
            else:
                digest.update(repr(constant).encode())

    take(code)
    return digest.hexdigest()


# --- embedded -----------------------------------------------------------------------------------------------------------------


class Alarm:
    """Raises TimeoutError in the thread that made it, between rounds or inside of one, when the time of a program is over."""

    def __init__(self, program: Program, seconds: float | None):
        self._message = f"program {program.name!r} did not end within {seconds:g} s" if seconds else ""
        self._deadline = time.monotonic() + seconds if seconds else None
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._inside = False
        self._timer = threading.Timer(seconds, self._ring) if seconds else None

    def __enter__(self):
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_):
        if self._timer:
            self._timer.cancel()

    def _ring(self) -> None:
        with self._lock:
            if self._inside:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), ctypes.py_object(_TimeIsOver))

    def _enter(self, inside: bool) -> None:
        with self._lock:
            self._inside = inside
            if not inside:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), None)

    def guard(self, step: Callable[[int], None]) -> Callable[[int], None]:
        """The same steps, watched."""
        return step if self._deadline is None else lambda round: self._watched(step, round)

    def _watched(self, step: Callable[[int], None], round: int) -> None:
        try:
            if time.monotonic() > self._deadline:
                raise _TimeIsOver
            self._enter(True)
            try:
                step(round)
            finally:
                self._enter(False)
        except _TimeIsOver:
            raise TimeoutError(self._message) from None


class _TimeIsOver(BaseException):
    """Not for the function to catch."""


def beginning(program: Program, parameters: Mapping[str, Any], alarm: Alarm) -> Callable[[Any, str], Callable[[int], None]]:
    """What the native part calls with the memory and its layout, for what it calls in each round."""
    return lambda memory, layout: alarm.guard(Calls(memory, layout, program.function, parameters))


# --- on a cluster -------------------------------------------------------------------------------------------------------------


def pickled(program: Program, parameters: Mapping[str, Any]) -> bytes:
    """The function with what it uses of its own module, and the parameters. TypeError for what cannot be sent."""
    import cloudpickle

    module = sys.modules.get(program.function.__module__)
    by_value = module is not None and module.__name__ not in cloudpickle.list_registry_pickle_by_value()
    if by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps((program.function, dict(parameters)))
    except Exception as error:
        raise TypeError(f"program {program.name!r} cannot be sent to the workers: {error}") from error
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)


def python_version() -> str:
    """As pickled functions depend on it."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"
