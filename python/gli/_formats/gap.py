"""The serialized graphs of the GAP Benchmark Suite: .sg, and .wsg with int32 weights. Little endian, without padding:

u8 directed; i64 entries; i64 nodes; i64 offsets[nodes + 1]; i32 neighbors[entries], in .wsg pairs (i32 neighbor, i32 weight); of directed
graphs then offsets and neighbors once more, against the edges. An undirected edge is an entry of both its ends.
[gapbs, src/writer.h, WriteSerializedGraph]
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .. import _loading
from .files import PlainBytes, ending, writing
from .tables import Tables, numbered

AT_ONCE = 1 << 19
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


def _offsets(file: PlainBytes, nodes: int, entries: int) -> np.ndarray:
    offsets = np.frombuffer(file.read_exactly(8 * (nodes + 1)), "<i8")
    if offsets[0] != 0 or offsets[-1] != entries or (np.diff(offsets) < 0).any():
        raise ValueError(f"{file.path}: the offsets do not lead from 0 to {entries}")
    return offsets


def _blocks(file: PlainBytes, directed: bool, offsets: np.ndarray, weighted: bool) -> Iterator[pa.RecordBatch]:
    nodes, entries = len(offsets) - 1, int(offsets[-1])
    dtype = _WEIGHTED if weighted else np.dtype("<i4")
    for begin in range(0, entries, AT_ONCE):
        end = min(begin + AT_ONCE, entries)
        block = np.frombuffer(file.read_exactly((end - begin) * dtype.itemsize), dtype)
        first = int(np.searchsorted(offsets, begin, "right")) - 1
        last = int(np.searchsorted(offsets, end, "left"))
        counts = np.diff(np.clip(offsets[first : last + 1], begin, end))
        sources = np.repeat(np.arange(first, last, dtype=np.int64), counts)
        targets = (block["node"] if weighted else block).astype(np.int64)
        if targets.size and (targets.min() < 0 or targets.max() >= nodes):
            raise ValueError(f"{file.path}: a neighbor outside 0 … {nodes - 1}")
        columns = {"source": sources, "target": targets}
        if weighted:
            columns["weight"] = block["weight"].astype(np.int64)
        kept = slice(None) if directed else sources <= targets
        yield pa.record_batch({name: pa.array(values[kept]) for name, values in columns.items()})


@dataclass(frozen=True)
class Told:
    """What a file says before its lists of neighbors are read; degrees, along edges, are of some nodes."""

    directed: bool
    entries: int
    nodes: int
    degrees: np.ndarray


HELD_OF_NODE = 17
"""Bytes that the reading process holds for each node: offsets, and what checks them."""


def told(path: str, most: int) -> Told:
    """Of a file, with the degrees of at most so many nodes of eight places, or of the first ones where it is packed."""
    with PlainBytes(path) as file:
        directed, entries, nodes = _head(file)
        if not file.packed and file.size < _HEAD_BYTES + 8 * (nodes + 1) + 4 * entries:
            raise ValueError(f"{path}: promises {nodes:,} nodes and {entries:,} entries, for which a file would be larger")
        if file.packed or nodes <= most:
            offsets = np.frombuffer(file.read_exactly(8 * (min(nodes, most) + 1)), "<i8")
            return Told(directed, entries, nodes, np.diff(offsets))
    parts = []
    with open(path, "rb") as plain:
        for place in range(_PLACES):
            plain.seek(_HEAD_BYTES + 8 * (nodes * place // _PLACES))
            parts.append(np.diff(np.frombuffer(plain.read(8 * (most // _PLACES)), "<i8")))
    return Told(directed, entries, nodes, np.concatenate(parts))


def read(place, path, duplicates="first"):
    """A graph of a .sg or .wsg file; nodes are numbered from 0."""
    path, weighted = os.fspath(path), _is_weighted(path)
    multi = _loading.policy(duplicates, False)[1]
    with PlainBytes(path) as file:
        directed, _, _ = _head(file)

    def fill(rows, guesses, progress):
        with PlainBytes(path) as file:
            _, entries, nodes = _head(file)
            offsets = _offsets(file, nodes, entries)
            for begin in range(0, nodes, AT_ONCE):
                rows.add_nodes(pa.table({"": np.arange(begin, min(begin + AT_ONCE, nodes), dtype=np.int64)}))
            for batch in _blocks(file, directed, offsets, weighted):
                rows.add_edges(pa.RecordBatchReader.from_batches(batch.schema, [batch]))
                if progress is not None:
                    progress("read", file.done(), file.size)

    origin = _loading.rows_of(path)
    return _loading.load(
        place, fill, "load", key_type="int64", directed=directed, multi=multi, origin=origin, duplicates=duplicates, files=[path]
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
