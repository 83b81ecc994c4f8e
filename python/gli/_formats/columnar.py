"""Parquet and Arrow IPC: edges in one file, nodes in another if there is more to them than their keys."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .. import _loading
from .files import PlainBytes, packing, writing
from .tables import Tables
from .xml_graphs import with_attributes

_MARK = b"gli"
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


def _marked(schema: pa.Schema) -> dict[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(_MARK, b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _batches(path: str, form: str, progress) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """A file's schema, and its batches as they are asked for."""
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path}: is a directory")
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: no such file")
    try:
        return _parquet(path, progress) if form == "Parquet" else _ipc(path, progress)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
        raise ValueError(f"{path}: no {form} file: {error}") from None


def _parquet(path: str, progress):
    file = pq.ParquetFile(path)

    def rows():
        done, total = 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=1 << 16):
            yield batch
            done += batch.num_rows
            if progress is not None:
                progress("read", done, total)

    return file.schema_arrow, rows()


def _ipc(path: str, progress):
    with open(path, "rb") as start:
        is_file = start.read(6) == b"ARROW1"
    if is_file:
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


def read(place, path, nodes, form: str, source, target, key, node, directed, multi, key_type):
    """A graph of a file of edges and perhaps one of nodes."""
    path = os.fspath(path)
    schema, _ = _batches(path, form, None)
    mark = _marked(schema)
    directed = mark.get("directed", True) if directed is None else directed
    multi = mark.get("multi", False) if multi is None else multi
    if key is None and multi and "key" in schema.names:
        key = "key"

    def fill(rows, guesses, progress):
        if nodes is not None:
            own = _batches(os.fspath(nodes), form, progress)
            _loading.Rows(_reader(*own, nodes), {node: ""}, [node], "node").feed(rows.add_nodes)
        _loading._edge_rows(_reader(*_batches(path, form, progress), path), source, target, key).feed(rows.add_edges)

    graph = _loading.load(place, fill, "load", key_type=key_type, directed=directed, multi=multi or key is not None, origin=path)
    return with_attributes(graph, {n: _untagged(v) for n, v in mark.get("attributes", {}).items()}, path)


def _reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch], path) -> pa.RecordBatchReader:
    def checked():
        try:
            yield from batches
        except (pa.ArrowInvalid, OSError) as error:
            raise ValueError(f"{os.fspath(path)}: damaged: {error}") from None

    return pa.RecordBatchReader.from_batches(schema, checked())


def write(graph, path, nodes, form: str, lossy: bool = False, compression: str | None = None) -> None:
    """Writes the edges, and the nodes where `nodes` says."""
    tables = Tables(graph, f"a {form} file of edges", lossy, "the nodes too, with nodes= and the path of a second file")
    for name in (path, nodes):
        if name is not None and packing(name):
            raise ValueError(f"{os.fspath(name)}: {form} packs its own columns: leave out the ending and say compression='zstd'")
    if nodes is None:
        tables.without_nodes()
    store = _write_parquet if form == "Parquet" else _write_ipc
    if nodes is not None:
        store(tables.nodes.replace_schema_metadata({_MARK: _mark(graph)}), nodes, compression)
    store(tables.edges.replace_schema_metadata({_MARK: _mark(graph)}), path, compression)


def _write_parquet(table: pa.Table, path, compression) -> None:
    with writing(path) as stream:
        pq.write_table(table, stream, compression=compression or "zstd", row_group_size=1 << 20)


def _write_ipc(table: pa.Table, path, compression) -> None:
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with writing(path) as stream, pa.ipc.new_file(stream, table.schema, options=options) as out:
        out.write_table(table, max_chunksize=1 << 16)
