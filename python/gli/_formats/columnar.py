"""Parquet and Arrow IPC: edges in one file, nodes in another if there is more to them than their keys."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .. import _loading
from .._arrow import Rows, edge_rows
from .._checks import flag
from .files import PlainBytes, packing, writing
from .tables import Tables
from .xml_graphs import with_attributes

_MARK = b"gli"
_PLACES, _PARQUET_ROWS = 8, 1 << 16
_FORMS = {b"PAR1": "Parquet file", b"ARRO": "Arrow IPC file"}  # by their first bytes
_TAGS = {"$datetime": datetime.fromisoformat, "$bytes": base64.b64decode, "$json": lambda value: value}


def _tagged(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    return {"$json": value} if isinstance(value, (dict, list)) else value


def _untagged(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        tag, inner = next(iter(value.items()))
        return _TAGS[tag](inner)
    return value


def _mark(graph) -> bytes:
    attributes = {n: _tagged(v) for n, v in graph.attributes.items()}
    return json.dumps({"directed": graph.directed, "multi": graph.multi, "key_type": graph.key_type, "attributes": attributes}).encode()


@dataclass
class Mark:
    """What GLI notes of a graph in its own files."""

    directed: bool = True
    multi: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)


def marked(schema: pa.Schema, path: str) -> Mark:
    """What a file's schema says of it."""
    try:
        found = json.loads((schema.metadata or {}).get(_MARK, b"{}"))
        attributes = {n: _untagged(v) for n, v in found.get("attributes", {}).items()}
        return Mark(flag(found.get("directed", True), "directed"), flag(found.get("multi", False), "multi"), attributes)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path}: the schema's metadata {_MARK.decode()!r} is not what GLI writes: {error}") from None


def _batches(path: str, progress) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """A file's schema, and its batches as they are asked for."""
    with PlainBytes(path) as start:
        form = _FORMS.get(start.read(4), "Arrow IPC stream")
    try:
        schema, batches = _parquet(path, progress) if form == "Parquet file" else _ipc(path, form, progress)
        _ = schema.names
        return schema, batches
    except (pa.ArrowException, OSError, ValueError) as error:  # ValueError: names of columns that are no text
        raise ValueError(f"{path}: no {form}: {error}") from None


def _parquet(path: str, progress):
    file = pq.ParquetFile(path)

    def rows():
        done, total = 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=_PARQUET_ROWS):
            yield batch
            done += batch.num_rows
            if progress is not None:
                progress("read", done, total)

    return file.schema_arrow, rows()


def _ipc(path: str, form: str, progress):
    if form == "Arrow IPC file":
        reader = pa.ipc.open_file(pa.memory_map(path))
        batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
        return reader.schema, _counted(batches, reader.num_record_batches, progress)
    reader = pa.ipc.open_stream(PlainBytes(path))
    return reader.schema, _counted(reader, 0, progress)


def _counted(batches, total: int, progress):
    for number, batch in enumerate(batches, 1):
        yield batch
        if progress is not None:
            progress("read", number, total)


def read(place, path, nodes, source, target, key, node, directed, multi, key_type, duplicates):
    """A graph of a file of edges and perhaps one of nodes."""
    path = os.fspath(path)
    schema, _ = _batches(path, None)
    mark = marked(schema, path)
    directed = mark.directed if directed is None else directed
    multi = mark.multi if multi is None else multi
    if key is None and multi and "key" in schema.names:
        if duplicates == "multi":
            raise ValueError(f"{path}: its column 'key' tells parallel edges apart: leave duplicates='multi' out, which numbers them")
        key = "key"
    multi = _loading.policy(duplicates, multi, key)[1]

    def fill(rows, guesses, progress):
        if nodes is not None:
            own = _batches(os.fspath(nodes), progress)
            Rows(_reader(*own, nodes), {node: ""}, [node], "node").feed(rows.add_nodes)
        edge_rows(_reader(*_batches(path, progress), path), source, target, key).feed(rows.add_edges)

    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    files = [path] if nodes is None else [path, nodes]
    graph = _loading.load(place, fill, "load", origin=_loading.rows_of(path), files=files, **kind)
    return with_attributes(graph, mark.attributes, path)


def sample(path, rows: int) -> tuple[pa.Table, float, int]:
    """About so many rows of eight places of a file, or of the beginning of a stream; how many there are; and how many come at once."""
    path = os.fspath(path)
    with PlainBytes(path) as start:
        form = _FORMS.get(start.read(4), "Arrow IPC stream")
    try:
        return (_sample_parquet if form == "Parquet file" else _sample_ipc if form == "Arrow IPC file" else _sample_stream)(path, rows)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: no {form}: {error}") from None


def _places(count: int, wanted: float) -> list[int]:
    """Of so many parts about as many as wanted, but eight at least, from the first to the last."""
    places = max(_PLACES, min(math.ceil(wanted), count))
    return sorted({round(i * (count - 1) / (places - 1)) for i in range(places)}) if count else []


def _sample_parquet(path: str, rows: int) -> tuple[pa.Table, float, int]:
    file = pq.ParquetFile(path)
    count = file.metadata.num_rows
    groups = _places(file.num_row_groups, file.num_row_groups * rows / max(count, 1))
    firsts = (next(file.iter_batches(batch_size=rows // len(groups), row_groups=[i]), None) for i in groups)
    return pa.Table.from_batches([b for b in firsts if b is not None], file.schema_arrow), count, _PARQUET_ROWS


def _sample_ipc(path: str, rows: int) -> tuple[pa.Table, float, int]:
    reader = pa.ipc.open_file(pa.memory_map(path))
    size = reader.num_record_batches
    batches = [reader.get_batch(i) for i in _places(size, size and rows / max(reader.get_batch(0).num_rows, 1))]
    count = sum(b.num_rows for b in batches) * size / max(len(batches), 1)
    return (
        pa.Table.from_batches([b.slice(0, rows // len(batches)) for b in batches], reader.schema),
        count,
        max((b.num_rows for b in batches), default=0),
    )


def _sample_stream(path: str, rows: int) -> tuple[pa.Table, float, int]:
    with PlainBytes(path) as file:
        reader, batches, count = pa.ipc.open_stream(file), [], 0
        for batch in reader:
            batches.append(batch)
            count += batch.num_rows
            if count >= rows:
                break
        table = pa.Table.from_batches(batches, reader.schema)
        return table, count * file.size / file.done() if count >= rows else count, max((b.num_rows for b in batches), default=0)


def _reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch], path) -> pa.RecordBatchReader:
    def checked():
        try:
            for batch in batches:
                batch.validate()
                yield batch
        except (pa.ArrowInvalid, OSError) as error:
            raise ValueError(f"{os.fspath(path)}: damaged: {error}") from None

    return pa.RecordBatchReader.from_batches(schema, checked())


def write(graph, path, nodes, form: str, lossy: bool = False, compression: str | None = None) -> None:
    """Writes the edges, and the nodes where `nodes` says."""
    tables = Tables(graph, f"a {form} file of edges", lossy, "the nodes too, with nodes= and the path of a second file", nested=True)
    for name in (path, nodes):
        if name is not None and packing(name):
            raise ValueError(f"{os.fspath(name)}: {form} packs its own columns: leave out the ending and say compression='zstd'")
    if nodes is None:
        tables.without_nodes()
    store = _write_parquet if form == "Parquet" else _write_ipc
    with writing(path) as stream, nullcontext() if nodes is None else writing(nodes) as node_stream:
        if nodes is not None:
            store(tables.nodes.replace_schema_metadata({_MARK: _mark(graph)}), node_stream, compression)
        store(tables.edges.replace_schema_metadata({_MARK: _mark(graph)}), stream, compression)


def _write_parquet(table: pa.Table, stream, compression) -> None:
    pq.write_table(table, stream, compression=compression or "zstd", row_group_size=1 << 20)


def _write_ipc(table: pa.Table, stream, compression) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(stream, table.schema, options=options) as out:
        out.write_table(table, max_chunksize=1 << 16)
