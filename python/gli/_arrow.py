"""Arrow tables from what users bring, and back to Python values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from ._checks import attribute_name
from ._convert import from_json

_JSON_FIELD = b"gli:json"
ROWS_AT_ONCE = 1 << 16  # small enough for a processor's caches


def is_json(field: pa.Field) -> bool:
    """Whether a text column holds JSON values."""
    return bool(field.metadata) and _JSON_FIELD in field.metadata


def to_pylist(rows: pa.Table, name: str) -> list:
    """A column's values; JSON columns are parsed."""
    values = rows.column(name).to_pylist()
    if is_json(rows.schema.field(name)):
        return [None if v is None else from_json(v) for v in values]
    return values


def to_pandas(rows: pa.Table):
    """A pandas data frame; JSON columns are parsed."""
    frame = rows.to_pandas()
    for field in filter(is_json, rows.schema):
        frame[field.name] = to_pylist(rows, field.name)
    return frame


def to_numpy(rows: pa.Table, name: str):
    """A column as a NumPy array; JSON columns are parsed into objects."""
    import numpy as np

    if not is_json(rows.schema.field(name)):
        return rows.column(name).to_numpy()
    values = np.empty(rows.num_rows, object)
    values[:] = to_pylist(rows, name)
    return values


def frame(data) -> pa.Table | None:
    """A pandas data frame as a table, without its index."""
    if data is None:
        return None
    if not hasattr(data, "dtypes") or not hasattr(data, "columns"):
        raise TypeError(f"expected a pandas data frame, not {data!r}")
    return pa.Table.from_pandas(data, preserve_index=False)


def reader_of(data) -> pa.RecordBatchReader:
    """A stream of record batches from a table, data frame, dictionary of columns, or whatever has __arrow_c_stream__."""
    if isinstance(data, pa.RecordBatchReader):
        return data
    if isinstance(data, pa.Table):
        return data.to_reader()
    if isinstance(data, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(data.schema, [data])
    if isinstance(data, dict):
        return pa.table(data).to_reader()
    if hasattr(data, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(data)
    raise TypeError(f"expected an Arrow table, a data frame or a stream, not {type(data).__name__}")


class Rows:
    """A stream with its columns named as the loader wants them; keeps the exception that the user's own generator raised."""

    def __init__(self, data, names: dict[str, str], leading: list[str], element: str):
        self._reader = reader_of(data)
        schema = self._reader.schema
        for wanted in leading:
            if wanted not in schema.names:
                raise ValueError(f"there is no column {wanted!r} among {', '.join(map(repr, schema.names))}")
        order = leading + [n for n in schema.names if n not in leading]
        self._indices = [schema.get_field_index(n) for n in order]
        if -1 in self._indices:
            raise ValueError(f"two columns have one name among {', '.join(map(repr, schema.names))}")
        self._schema = pa.schema([schema.field(i).with_name(names.get(n, n)) for i, n in zip(self._indices, order)])
        for name in order[len(leading) :]:
            attribute_name(name, element)
        self._error: Exception | None = None
        self.passed = 0  # rows

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._reader:
                self.passed += batch.num_rows
                for begin in range(0, max(batch.num_rows, 1), ROWS_AT_ONCE):
                    rows = batch.slice(begin, ROWS_AT_ONCE)
                    yield pa.RecordBatch.from_arrays([rows.column(i) for i in self._indices], schema=self._schema)
        except Exception as error:
            self._error = error
            raise

    def feed(self, add) -> None:
        """Calls add(stream) and raises what the source of the rows raised."""
        try:
            add(pa.RecordBatchReader.from_batches(self._schema, self._batches()))
        except Exception:
            if self._error is not None:
                raise self._error from None
            raise


def edge_rows(edges, source: str, target: str, key: str | None) -> Rows | None:
    """Rows of edges as the loader wants them; None of none."""
    if edges is None:
        return None
    reader = reader_of(edges)
    names = {source: "source", target: "target"}
    if key is not None:
        names[key] = "key"
    elif "key" in reader.schema.names:
        raise ValueError("the column 'key' names parallel edges: say key='key', or rename it")
    return Rows(reader, names, list(names), "edge")


def columns_from_rows(rows: Iterable[dict]) -> dict[str, list]:
    """Columns of dictionaries, None where a row lacks a name.

    >>> columns_from_rows([{"a": 1}, {"b": 2}])
    {'a': [1, None], 'b': [None, 2]}
    """
    columns: dict[str, list] = {}
    count = 0
    for row in rows:
        for name, value in row.items():
            if name not in columns:
                columns[name] = [None] * count
            columns[name].append(value)
        count += 1
        for values in columns.values():
            if len(values) < count:
                values.append(None)
    return columns


def column_of(values: list[Any]) -> pa.Array | None:
    """An Arrow array of one of the types that graphs keep, or None when the values need another way."""
    try:
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    t = array.type
    plain = (
        pa.types.is_boolean(t)
        or pa.types.is_int64(t)
        or pa.types.is_float64(t)
        or pa.types.is_string(t)
        or pa.types.is_timestamp(t)
        or pa.types.is_binary(t)
    )
    if pa.types.is_float64(t) and any(type(v) is int for v in values):
        return None
    if pa.types.is_null(t):
        return array.cast(pa.string())
    return array if plain else None
