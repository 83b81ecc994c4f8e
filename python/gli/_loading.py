"""Readers, written once: they fill a target of rows, which makes a graph in this process or on the workers of a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import pyarrow as pa

from . import _core
from ._checks import attribute_name, collection, flag, whole
from ._edits import warn
from ._formats.skipped import Skipped
from ._progress import Progress
from ._table import counted

DUPLICATES = ("first", "last", "error", "sum", "multi")
KEY_TYPES = {None: "none", "int": "int64", int: "int64", "int64": "int64", "str": "str", str: "str"}


@dataclass
class Load:
    """Rows on their way: what the readers fill, and its number on a cluster."""

    rows: _core.Loader | _core.Scatter
    number: int = 0


class Place(Protocol):
    """Where graphs are made: this process, or a cluster."""

    def _place(self) -> Place:
        """Itself."""

    def _begin(self, *, directed: bool, multi: bool, keys: str, endpoints_must_exist: bool, origin: str, duplicates: str) -> Load:
        """A load without rows."""

    def _finish(self, target: Load, progress) -> tuple[Any, dict[str, int]]:
        """The graph of a filled load, and what was counted: duplicate_nodes, duplicate_edges, lost_nodes, lost_edges."""

    def _abort(self, target: Load) -> None:
        """Forgets a load that failed."""

    def _explain(self, error: BaseException) -> None:
        """Raises a better error than the one that a load failed with, if there is one."""


class Embedded:
    """Graphs of this process."""

    def _place(self) -> Embedded:
        return self

    def _begin(self, *, directed, multi, keys, endpoints_must_exist, origin, duplicates):
        return Load(_core.Loader(directed, multi, keys, endpoints_must_exist, origin, duplicates))

    def _finish(self, target, progress):
        from ._graph import Graph

        core, counts = target.rows.finish(progress)
        return Graph._from_core(core), counts

    def _abort(self, target):
        pass

    def _explain(self, error):
        pass


EMBEDDED = Embedded()


def rows_of(path) -> str:
    """How messages begin that name a row of a file: the origin of a load that knows no lines.

    >>> rows_of("g.parquet") + "7"
    'g.parquet: row 7'
    """
    return f"{os.fspath(path)}: row "


@contextmanager
def naming(*paths) -> Iterator[None]:
    """Errors of input that name none of the files get the first one in front, and are of Python's own kinds.

    >>> with naming("g.csv"):
    ...     raise ValueError("no text")
    Traceback (most recent call last):
    ValueError: g.csv: no text
    """
    try:
        yield
    except (ValueError, TypeError, KeyError, OverflowError, MemoryError, pa.ArrowException) as error:
        text = str(error)
        if not paths or any(os.fspath(path) in text for path in paths):
            raise
        kind = next((k for k in (TypeError, OverflowError, MemoryError) if isinstance(error, k)), ValueError)
        raise kind(f"{os.fspath(paths[0])}: {text}") from None


def load(
    place: Place,
    fill: Callable[[Any, dict, Any], dict | None],
    title: str,
    *,
    key_type=None,
    directed=True,
    multi=False,
    endpoints_must_exist=False,
    origin="",
    duplicates="first",
    files=(),
):
    """Fills a load and makes the graph. `fill(rows, guesses, progress)` is None, or which guesses to begin again with. Errors name one of
    the files."""
    directed, multi = flag(directed, "directed"), flag(multi, "multi")
    duplicates, multi = policy(duplicates, multi)
    guesses = {"keys": _key_type(key_type)}
    with Progress(title) as progress:
        while True:
            target = place._begin(
                directed=directed,
                multi=multi,
                keys=guesses["keys"],
                endpoints_must_exist=endpoints_must_exist,
                origin=origin,
                duplicates=duplicates,
            )
            try:
                with naming(*files):
                    again = fill(target.rows, guesses, progress)
                    if again is None:
                        graph, counts = place._finish(target, progress)
                        break
            except BaseException as error:
                place._abort(target)
                place._explain(error)
                raise
            place._abort(target)
            guesses.update(again)
    _tell_lost(counts)
    return graph


def policy(duplicates: str, multi: bool, key: str | None = None) -> tuple[str, bool]:
    """What the native part does with duplicates, and whether edges may be parallel.

    >>> policy("multi", False), policy("sum", False)
    (('first', True), ('sum', False))
    """
    if duplicates not in DUPLICATES:
        raise ValueError(f"duplicates is one of {', '.join(map(repr, DUPLICATES))}, not {duplicates!r}")
    if duplicates == "multi" and key is not None:
        raise ValueError("duplicates='multi' numbers parallel edges itself: leave key= out, or choose another policy for edges of one key")
    return ("first", True) if duplicates == "multi" else (duplicates, multi or key is not None)


def _tell_lost(counts: dict[str, int]) -> None:
    told = [
        f"{counts['lost_' + what]:,} of {counted(counts['duplicate_' + what], 'duplicate ' + what[:-1])}"
        for what in ("nodes", "edges")
        if counts["lost_" + what]
    ]
    if told:
        warn(f"{' and '.join(told)} had other attributes than the first, which were kept; duplicates= chooses otherwise")


def _key_type(key_type) -> str:
    try:
        return KEY_TYPES[key_type]
    except (KeyError, TypeError):
        raise ValueError(f"key_type is 'int64', 'str' or None, not {key_type!r}") from None


def text_options(
    path, guesses: dict, *, delimiter=None, comment="#", header=False, names=(), types=(), skip_lines=0, skew=False, **more
) -> dict:
    """What the native readers of lines take."""
    return {
        "path": os.fspath(path),
        "delimiter": delimiter or "",
        "comment": comment or "",
        "header": bool(header),
        "names": list(names or ()),
        "types": list(types or ()),
        "types_may_widen": False,
        "skip_lines": skip_lines,
        "skew": skew,
        **more,
        **guesses,
    }


def read_edges(
    place: Place,
    path,
    names=None,
    directed=True,
    delimiter=None,
    header=False,
    comment="#",
    key_type=None,
    multi=False,
    types=None,
    on_error="raise",
    duplicates="first",
):
    multi = policy(duplicates, multi)[1]
    names = None if names is None else list(collection(names, "names of columns"))
    for name in (names or [])[2:]:
        if not (multi and name == "key"):
            attribute_name(name, "edge")

    skipped = Skipped(path, on_error)

    def fill(rows, guesses, progress):
        options = text_options(path, guesses, delimiter=delimiter, comment=comment, header=header, names=names, types=types)
        return skipped.read(_core.read_edge_text, options, rows, progress)

    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    graph = load(place, fill, "load", origin=os.fspath(path), files=[path], **kind)
    if header:
        _check_header(path, graph.edges.schema.names[2:], multi)
    skipped.warn()
    return graph


def _check_header(path, names: list[str], multi: bool) -> None:
    for name in names:
        if name == "key" and not multi:
            raise ValueError(f"{os.fspath(path)}:1: the column 'key' names parallel edges: say multi=True, or give names= with another one")
        if name != "key":
            with naming(path):
                attribute_name(name, "edge")


def read_ldbc(place: Place, vfile, efile, directed, on_error="raise", duplicates="first"):
    def options(path, guesses):
        return text_options(path, guesses, comment="", types=["float64"])

    skipped = Skipped(vfile, on_error), Skipped(efile, on_error)

    def fill(rows, guesses, progress):
        if skipped[1].wanted:
            known = _core.KnownIds()
            skipped[0].read(partial(_core.read_known_nodes, ids=known), options(vfile, guesses), rows, progress)
            return skipped[1].read(_core.read_edge_text, {**options(efile, guesses), "known_ids": known}, rows, progress)
        skipped[0].read(_core.read_node_text, options(vfile, guesses), rows, progress)
        return skipped[1].read(_core.read_edge_text, options(efile, guesses), rows, progress)

    graph = load(
        place,
        fill,
        "load",
        key_type="int64",
        directed=directed,
        endpoints_must_exist=True,
        origin=os.fspath(efile),
        duplicates=duplicates,
        files=[efile, vfile],
    )
    for part in skipped:
        part.warn()
    return graph


def generate_kronecker(place: Place, scale, edge_factor=16, seed=0, directed=True):
    scale, edge_factor, seed = whole(scale, "scale"), whole(edge_factor, "edge_factor", 0), whole(seed, "seed", 0)
    if not 1 <= scale <= 30:
        raise ValueError(f"scale must be from 1 to 30, not {scale}")

    def fill(rows, guesses, progress):
        _core.generate_kronecker(scale, edge_factor, seed, rows, progress)

    return load(place, fill, "generate", key_type="int64", directed=directed, origin=f"Kronecker graph of scale {scale}")
