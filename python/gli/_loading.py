"""Readers, written once: they fill a target of rows, which makes a graph in this process or on the workers of a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from . import _core
from ._checks import attribute_name, collection, flag, whole
from ._edits import warn
from ._formats.skipped import Skipped
from ._progress import Progress
from ._table import counted

_NODES_AT_ONCE = 1 << 18
DUPLICATES = ("first", "last", "error", "sum", "multi")
KEY_TYPES = {None: "none", "int": "int64", int: "int64", "int64": "int64", "str": "str", str: "str"}


@dataclass
class Load:
    """Rows on their way: what the readers fill, and its number on a cluster."""

    rows: _core.Loader | _core.Scatter
    number: int = 0


@dataclass(frozen=True)
class Source:
    """Rows that native code reads, here or on the workers of a cluster: "nodes" or "edges" of a text file; "metis_nodes" of a METIS file,
    which here brings the edges too, and "metis_edges"; "gap_edges" of a serialized graph; "kronecker" edges; or "numbers", nodes with the
    keys first (default: 1), first + 1, …: count of them."""

    what: str
    options: dict[str, Any]
    skipped: Skipped | None = None

    @property
    def path(self) -> str | None:
        """Of its file, if it has one."""
        return self.options.get("path")

    def read(self, rows, guesses: dict, progress, known) -> dict | None:
        """Fills `rows` in this process; None, or which guesses to begin again with. `known` are the ids that edges may name."""
        if self.what == "kronecker":
            return _core.generate_kronecker(**self.options, target=rows, progress=progress)
        if self.what == "numbers":
            return self._number(rows)
        if self.what == "gap_edges":
            return _core.read_gap_edges(**self.options, target=rows, progress=progress)
        assert self.skipped is not None
        if self.what == "metis_edges":
            return None
        if self.what == "metis_nodes":
            report: dict = {}
            _core.read_metis_text(self.options["path"], self.skipped.wanted, rows, progress, report)
            return self.skipped.take(report)
        options = {**self.options, **guesses}
        if self.what == "nodes":
            reader = _core.read_node_text if known is None else partial(_core.read_known_nodes, ids=known)
        else:
            reader = _core.read_edge_text
            options["known_ids"] = known if options.get("known_ids") else None
        return self.skipped.read(reader, options, rows, progress)

    def _number(self, rows) -> None:
        first, count = self.options.get("first", 1), self.options["count"]
        for begin in range(0, count, _NODES_AT_ONCE):
            rows.add_nodes(pa.table({"": np.arange(begin, min(begin + _NODES_AT_ONCE, count), dtype=np.int64) + first}))

    def for_workers(self) -> tuple[str, dict[str, Any]]:
        """What names it in a job: the file as every process can open it, and as messages name it."""
        if self.what == "kronecker":
            seed = self.options["seed"]
            return self.what, {**self.options, "seed": seed if seed < 1 << 63 else seed - (1 << 64)}  # the same bits
        if self.path is None:
            return self.what, self.options
        lines = {} if self.skipped is None else {"skip_bad_lines": self.skipped.wanted}
        return self.what, {**self.options, "path": os.path.abspath(self.path), "name": self.path, **lines}


class Place(Protocol):
    """Where graphs are made: this process, or a cluster."""

    def _place(self) -> Place:
        """Itself."""

    def _begin(self, *, directed: bool, multi: bool, keys: str, endpoints_must_exist: bool, origin: str, duplicates: str) -> Load:
        """A load without rows."""

    def _load_sources(self, sources: list[Source], progress, **kind) -> tuple[Any, dict[str, int]] | None:
        """As _finish, of a load that this place reads itself; None where the caller is to begin one and fill it."""

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

    def _load_sources(self, sources, progress, **kind):
        return None

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
    """Fills a load and makes the graph. `fill(rows, guesses, progress)` is None, or which guesses to begin again with; or it is a list of
    sources, which the place may read itself. Errors name one of the files."""
    directed, multi = flag(directed, "directed"), flag(multi, "multi")
    duplicates, multi = policy(duplicates, multi)
    kind = {
        "directed": directed,
        "multi": multi,
        "keys": _key_type(key_type),
        "endpoints_must_exist": endpoints_must_exist,
        "origin": origin,
        "duplicates": duplicates,
    }
    with Progress(title) as progress:
        made = None
        if not callable(fill):
            with naming(*files):
                made = place._load_sources(fill, progress, **kind)
        graph, counts = made or _fill(place, fill if callable(fill) else partial(_read, fill), kind, files, progress)
    _tell_lost(counts)
    return graph


def _fill(place: Place, fill, kind: dict, files, progress) -> tuple[Any, dict[str, int]]:
    guesses = {"keys": kind["keys"]}
    while True:
        target = place._begin(**{**kind, "keys": guesses["keys"]})
        try:
            with naming(*files):
                again = fill(target.rows, guesses, progress)
                if again is None:
                    return place._finish(target, progress)
        except BaseException as error:
            place._abort(target)
            place._explain(error)
            raise
        place._abort(target)
        guesses.update(again)


def _read(sources: list[Source], rows, guesses: dict, progress) -> dict | None:
    known = _core.KnownIds() if any(s.options.get("known_ids") for s in sources) else None
    for source in sources:
        again = source.read(rows, guesses, progress, known)
        if again is not None:
            return again
    return None


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


def text_source(
    what: str, path, skipped: Skipped, *, delimiter=None, comment="#", header=False, names=(), types=(), skip_lines=0, **more
) -> Source:
    """The lines of a file as rows of "nodes" or "edges"; `more` as in partitions/loaders/source_share.h."""
    options = {
        "path": os.fspath(path),
        "delimiter": delimiter or "",
        "comment": comment or "",
        "header": bool(header),
        "names": list(names or ()),
        "types": list(types or ()),
        "skip_lines": skip_lines,
        **more,
    }
    return Source(what, options, skipped)


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
    lines = text_source("edges", path, skipped, delimiter=delimiter, comment=comment, header=header, names=names, types=types)
    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    graph = load(place, [lines], "load", origin=os.fspath(path), files=[path], **kind)
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
    skipped = Skipped(vfile, on_error), Skipped(efile, on_error)
    lines = [
        text_source("nodes", vfile, skipped[0], comment="", types=["float64"]),
        text_source("edges", efile, skipped[1], comment="", types=["float64"], known_ids=skipped[1].wanted),
    ]
    graph = load(
        place,
        lines,
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

    edges = Source("kronecker", {"scale": scale, "edge_factor": edge_factor, "seed": seed})
    return load(place, [edges], "generate", key_type="int64", directed=directed, origin=f"Kronecker graph of scale {scale}")
