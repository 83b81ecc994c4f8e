"""The serialized graphs of the GAP Benchmark Suite: .sg, and .wsg with int32 weights. Little endian, without padding:

u8 directed; i64 entries; i64 nodes; i64 offsets[nodes + 1]; i32 neighbors[entries], in .wsg pairs (i32 neighbor, i32 weight); of directed
graphs then offsets and neighbors once more, against the edges. An undirected edge is an entry of both its ends.
[gapbs, src/writer.h, WriteSerializedGraph]
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .. import _loading
from .files import PlainBytes, ending, writing
from .tables import Tables, numbered

_MOST_NODES = 2**31 - 1
_HEAD_BYTES = 17
_PLACES = 8
_WEIGHTED = np.dtype([("node", "<i4"), ("weight", "<i4")])


def _is_weighted(path) -> bool:
    return ending(path) == ".wsg"


def _head(file: PlainBytes) -> tuple[bool, int, int]:
    flag = file.read_exactly(1)[0]
    entries, nodes = np.frombuffer(file.read_exactly(16), "<i8").tolist()
    if flag > 1 or not 0 <= nodes <= _MOST_NODES or entries < 0:
        raise ValueError(f"{file.path}: no serialized graph: directed {flag}, {entries} entries, {nodes} nodes")
    return bool(flag), entries, nodes


@dataclass(frozen=True)
class Told:
    """What a file says before its lists of neighbors are read; degrees, along edges, are of some nodes."""

    directed: bool
    entries: int
    nodes: int
    packed: bool
    degrees: np.ndarray


def told(path: str, most: int) -> Told:
    """Of a file, with the degrees of at most so many nodes of eight places, or of the first ones where it is packed."""
    with PlainBytes(path) as file:
        directed, entries, nodes = _head(file)
        if not file.packed and file.size < _HEAD_BYTES + 8 * (nodes + 1) + 4 * entries:
            raise ValueError(f"{path}: promises {nodes:,} nodes and {entries:,} entries, for which a file would be larger")
        if file.packed or nodes <= most:
            offsets = np.frombuffer(file.read_exactly(8 * (min(nodes, most) + 1)), "<i8")
            return Told(directed, entries, nodes, file.packed is not None, np.diff(offsets))
    parts = []
    with open(path, "rb") as plain:
        for place in range(_PLACES):
            plain.seek(_HEAD_BYTES + 8 * (nodes * place // _PLACES))
            parts.append(np.diff(np.frombuffer(plain.read(8 * (most // _PLACES)), "<i8")))
    return Told(directed, entries, nodes, False, np.concatenate(parts))


def read(place, path, duplicates="first"):
    """A graph of a .sg or .wsg file; nodes are numbered from 0."""
    path = os.fspath(path)
    multi = _loading.policy(duplicates, False)[1]
    with PlainBytes(path) as file:
        directed, _, nodes = _head(file)
        if not file.holds(8 * (nodes + 1)):
            raise ValueError(f"{path}: ends before the offsets of {nodes:,} nodes")
    sources = [
        _loading.Source("numbers", {"first": 0, "count": nodes}),
        _loading.Source("gap_edges", {"path": path, "weighted": _is_weighted(path)}),
    ]
    origin = _loading.rows_of(path)
    return _loading.load(
        place, sources, "load", key_type="int64", directed=directed, multi=multi, origin=origin, duplicates=duplicates, files=[path]
    )


def write(graph, path, relabel: bool = False, weight: str = "weight", lossy: bool = False) -> None:
    """Writes a .sg or .wsg file; nodes are 0 … n - 1."""
    weighted = _is_weighted(path)
    tables = Tables(graph, "GAP's .wsg" if weighted else "GAP's .sg", lossy, "Parquet" if weighted else ".wsg or Parquet")
    tables.without_parallel_edges()
    tables.without_graph_attributes()
    tables.keep("node", lambda field: False)
    field = tables.number_column(weight if weighted else None)
    if weighted and field is None and tables.edges.num_rows:
        raise ValueError(f"GAP's .wsg needs the edges' attribute {weight!r}: write .sg, or name another with weight=")
    sources, targets = (a.to_numpy(zero_copy_only=False) for a in numbered(tables, 0, relabel))
    weights = _weights(tables, field) if field is not None else None
    with writing(path) as stream:
        nodes = tables.nodes.num_rows
        if not graph.directed:
            other = sources != targets  # a self-loop is one entry
            sources, targets = np.concatenate([sources, targets[other]]), np.concatenate([targets, sources[other]])
            weights = None if weights is None else np.concatenate([weights, weights[other]])
        stream.write(bytes([graph.directed]) + np.array([len(sources), nodes], "<i8").tobytes())
        _write_lists(stream, nodes, sources, targets, weights, weighted)
        if graph.directed:
            _write_lists(stream, nodes, targets, sources, weights, weighted)


def _weights(tables: Tables, field: pa.Field) -> np.ndarray:
    values = tables.edges.column(field.name).to_numpy()
    if not pa.types.is_integer(field.type) or (len(values) and (values.min() < -(2**31) or values.max() >= 2**31)):
        raise tables.error(f"weights that are no int32, such as the edges' attribute {field.name!r} has")
    return values.astype("<i4")


def _write_lists(stream, nodes: int, sources, targets, weights, weighted: bool) -> None:
    order = np.lexsort((targets, sources))
    offsets = np.zeros(nodes + 1, "<i8")
    np.cumsum(np.bincount(sources, minlength=nodes)[:nodes], out=offsets[1:])
    entries = np.empty(len(order), _WEIGHTED if weighted else "<i4")
    if weighted:
        entries["node"] = targets[order]
        entries["weight"] = weights[order] if weights is not None else 0
    else:
        entries[:] = targets[order]
    stream.write(offsets.tobytes())
    stream.write(entries.tobytes())
