"""Matrix Market coordinate files. https://math.nist.gov/MatrixMarket/formats.html

Nodes are 1 … n. A general matrix is a directed graph, a symmetric one undirected; a skew-symmetric one is directed, each entry with its
negated mirror.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from .. import _loading
from .edge_text import _write_lines
from .files import PlainBytes, writing
from .skipped import Skipped
from .tables import Tables, as_text, numbered

FIELDS = {"pattern": [], "integer": ["int64"], "real": ["float64"], "double": ["float64"]}
_SYMMETRIES = ("general", "symmetric", "skew-symmetric")
_LONGEST_HEAD = 1 << 20
_NODES_FREE, _NODES_PER_BYTE = 1 << 20, 16  # how many a file may promise: memory follows what is there, not a number in its head


@dataclass
class Head:
    """What stands before the entries."""

    field: str
    symmetry: str
    nodes: int
    entries: int
    lines: int  # up to the first entry


def head_of(path: str) -> Head:
    """Of a file."""
    with PlainBytes(path) as file:
        text = file.read(_LONGEST_HEAD)
    if not text:
        raise ValueError(f"{path}: empty file")
    lines = text.decode("utf-8", "replace").split("\n")
    words = lines[0].lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise ValueError(f"{path}:1: a Matrix Market file begins '%%MatrixMarket matrix coordinate …', not {lines[0][:60]!r}")
    form, field, symmetry = words[2:]
    if form != "coordinate" or field not in FIELDS or symmetry not in _SYMMETRIES:
        known = f"coordinate, one of {', '.join(FIELDS)}, one of {', '.join(_SYMMETRIES)}"
        raise ValueError(f"{path}:1: {form} {field} {symmetry} is not read, only {known}")
    for number, line in enumerate(lines[1:], 2):
        if line.strip() and not line.lstrip().startswith("%"):
            return Head(field, symmetry, *_sizes(path, number, line), number)
    raise ValueError(f"{path}: there is no line of sizes")


def _sizes(path: str, number: int, line: str) -> tuple[int, int]:
    try:
        rows, columns, entries = map(int, line.split())
    except ValueError:
        raise ValueError(f"{path}:{number}: expected rows, columns and entries, found {line[:60]!r}") from None
    if rows != columns:
        raise ValueError(f"{path}:{number}: a matrix of {rows} × {columns} is no graph: it has to be square")
    if not 0 <= rows < 2**31 or entries < 0:
        raise ValueError(f"{path}:{number}: {rows} nodes and {entries} entries cannot be")
    return rows, entries


def check_promise(path: str, nodes: int) -> None:
    """ValueError for more nodes than a file can have."""
    needed = (nodes - _NODES_FREE) // _NODES_PER_BYTE
    with PlainBytes(path) as file:
        if needed > 0 and not file.holds(needed):
            raise ValueError(f"{path}: promises {nodes:,} nodes, for which a file would have {needed:,} bytes of text or more")


def read(place, path, weight: str = "weight", on_error: str = "raise", duplicates: str = "first"):
    """A graph of a square sparse matrix."""
    path = os.fspath(path)
    multi = _loading.policy(duplicates, False)[1]
    head = head_of(path)
    check_promise(path, head.nodes)
    skipped = Skipped(path, on_error)
    types = FIELDS[head.field]

    entries = _loading.text_source(
        "edges",
        path,
        skipped,
        comment="%",
        names=["source", "target", *([weight] if types else [])],
        types=types,
        skip_lines=head.lines,
        negated_mirrors=head.symmetry == "skew-symmetric",
        lowest_id=1,
        highest_id=head.nodes,
    )
    sources = [_loading.Source("numbers", {"count": head.nodes}), *([entries] if head.entries else [])]

    def check():
        if skipped.rows + skipped.count != head.entries:
            raise ValueError(f"{path}: {head.entries} entries are promised, {skipped.rows + skipped.count} follow")

    directed = head.symmetry != "symmetric"
    graph = _loading.load(
        place, sources, "load", key_type="int64", directed=directed, multi=multi, origin=path, duplicates=duplicates, files=[path]
    )
    check()
    skipped.warn()
    return graph


def write(graph, path, relabel: bool = False, weight: str = "weight", lossy: bool = False) -> None:
    """Writes a graph as a matrix: pattern without weights, else integer or real."""
    tables = Tables(graph, "Matrix Market", lossy)
    tables.without_parallel_edges()
    tables.without_graph_attributes()
    tables.keep("node", lambda field: False)
    field = tables.number_column(weight)
    sources, targets = numbered(tables, 1, relabel)
    kind = "pattern" if field is None else "integer" if pa.types.is_integer(field.type) else "real"
    if graph.directed:
        columns = {"row": sources, "column": targets}
    else:  # of a symmetric matrix the lower half
        columns = {"row": pc.max_element_wise(sources, targets), "column": pc.min_element_wise(sources, targets)}
    text = {name: pc.cast(values, pa.large_string()) for name, values in columns.items()}
    if field is not None:
        text["value"] = as_text(tables.edges.column(field.name), field)
    nodes = tables.nodes.num_rows
    with writing(path) as stream:
        head = f"%%MatrixMarket matrix coordinate {kind} {'general' if graph.directed else 'symmetric'}\n"
        stream.write(f"{head}{nodes} {nodes} {tables.edges.num_rows}\n".encode())
        _write_lines(stream, pa.table(text), " ")
