"""Readers, written once: they fill a target of rows, which makes a graph in this process or on the workers of a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from . import _core
from ._arrow import Rows, reader_of
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
):
    """Fills a load and makes the graph. `fill(rows, guesses, progress)` is None, or which guesses to begin again with."""
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

    graph = load(place, fill, "load", key_type=key_type, directed=directed, multi=multi, origin=os.fspath(path), duplicates=duplicates)
    if header and not multi and "key" in graph.edges.schema.names:
        raise ValueError(f"{os.fspath(path)}:1: the column 'key' names parallel edges: say multi=True, or give names= with another one")
    skipped.warn()
    return graph


def read_ldbc(place: Place, vfile, efile, directed, on_error="raise", duplicates="first"):
    def options(path, guesses):
        return text_options(path, guesses, comment="", types=["float64"])

    skipped = Skipped(vfile, on_error), Skipped(efile, on_error)

    def fill(rows, guesses, progress):
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
    )
    for part in skipped:
        part.warn()
    return graph


def from_arrow(
    place: Place,
    edges=None,
    nodes=None,
    source="source",
    target="target",
    key=None,
    node="id",
    directed=True,
    multi=False,
    key_type=None,
    duplicates="first",
):
    multi = policy(duplicates, multi, key)[1]
    edge_rows = _edge_rows(edges, source, target, key)
    node_rows = None if nodes is None else Rows(nodes, {node: ""}, [node], "node")

    def fill(rows, guesses, progress):
        if node_rows is not None:
            node_rows.feed(rows.add_nodes)
        if edge_rows is not None:
            edge_rows.feed(rows.add_edges)

    return load(place, fill, "load", key_type=key_type, directed=directed, multi=multi, origin="Arrow table", duplicates=duplicates)


def from_batches(
    place: Place,
    batches,
    source="source",
    target="target",
    key=None,
    node="id",
    directed=True,
    multi=False,
    key_type=None,
    duplicates="first",
):
    multi = policy(duplicates, multi, key)[1]
    pending = iter(batches)

    def fill(rows, guesses, progress):
        sent = 0
        for pair in pending:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"batches come as ('nodes' or 'edges', batch) pairs, not as {pair!r}")
            what, batch = pair
            if what not in ("nodes", "edges"):
                raise ValueError(f"a batch is of 'nodes' or 'edges', not of {what!r}")
            named = Rows(batch, {node: ""}, [node], "node") if what == "nodes" else _edge_rows(batch, source, target, key)
            named.feed(rows.add_nodes if what == "nodes" else rows.add_edges)
            sent += named.passed
            if progress is not None:
                progress("rows", sent, 0)

    return load(place, fill, "load", key_type=key_type, directed=directed, multi=multi, origin="Arrow batches", duplicates=duplicates)


def from_own_tables(place: Place, edges, nodes, directed: bool, multi: bool, key_type: str):
    """A graph of the tables that another graph's views give."""
    key = "key" if multi and "key" in edges.column_names else None
    return from_arrow(place, edges, nodes, key=key, directed=directed, multi=multi, key_type=None if key_type == "none" else key_type)


def _edge_rows(edges, source, target, key) -> Rows | None:
    if edges is None:
        return None
    reader = reader_of(edges)
    names = {source: "source", target: "target"}
    if key is not None:
        names[key] = "key"
    elif "key" in reader.schema.names:
        raise ValueError("the column 'key' names parallel edges: say key='key', or rename it")
    return Rows(reader, names, list(names), "edge")


def generate_kronecker(place: Place, scale, edge_factor=16, seed=0, directed=True):
    scale, edge_factor, seed = whole(scale, "scale"), whole(edge_factor, "edge_factor", 0), whole(seed, "seed", 0)
    if not 1 <= scale <= 30:
        raise ValueError(f"scale must be from 1 to 30, not {scale}")

    def fill(rows, guesses, progress):
        _core.generate_kronecker(scale, edge_factor, seed, rows, progress)

    return load(place, fill, "generate", key_type="int64", directed=directed, origin=f"Kronecker graph of scale {scale}")
