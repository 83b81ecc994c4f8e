"""Arrow tables from what users bring, and back to Python values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._checks import attribute_name
from ._convert import from_json, to_json

_JSON_FIELD = b"gli:json"
_NUMBER_FIELD = b"gli:number"
NUMBER = pa.struct([("int", pa.int64()), ("float", pa.float64())])  # a number that is an int or a float
ROWS_AT_ONCE = 1 << 16  # small enough for a processor's caches


def is_json(field: pa.Field) -> bool:
    """Whether a text column holds JSON values."""
    return bool(field.metadata) and _JSON_FIELD in field.metadata


def is_number(field: pa.Field) -> bool:
    """Whether a struct stands for numbers of which each is an int or a float."""
    return bool(field.metadata) and _NUMBER_FIELD in field.metadata and pa.types.is_struct(field.type)


def is_list(field: pa.Field) -> bool:
    """Whether a column of a graph holds lists of one type."""
    return pa.types.is_large_list(field.type)


def type_text(field: pa.Field) -> str:
    """A column's type as tables show it."""
    return "number" if is_number(field) else "json" if is_json(field) else str(field.type)


def _as_json(values: list) -> pa.Array:
    return pa.array([None if v is None else _text(v) for v in values], pa.large_string())


def _text(value) -> str:
    return json.dumps(value) if isinstance(value, float) else to_json(value)  # json has words for NaN and infinities, to_json none


def _shown_number(field: pa.Field, values: pa.ChunkedArray) -> tuple[pa.Field, pa.ChunkedArray | pa.Array]:
    ints, floats = (pc.struct_field(values, i) for i in range(2))
    try:
        return pa.field(field.name, pa.float64()), pc.coalesce(floats, pc.cast(ints, pa.float64()))
    except pa.ArrowInvalid:  # an int of more than 53 bits
        return pa.field(field.name, pa.large_string(), metadata={_JSON_FIELD: b""}), _as_json(_numbers(values))


def _replaced(rows: pa.Table, wanted, made) -> pa.Table:
    for i, field in enumerate(rows.schema):
        if wanted(field):
            rows = rows.set_column(i, *made(field, rows.column(i)))
    return rows


def shown(rows: pa.Table) -> pa.Table:
    """The rows as users get them: columns of ints and floats are float64, or JSON where an int has more than 53 bits."""
    return _replaced(rows, is_number, _shown_number)


def nested_as_json(rows: pa.Table) -> pa.Table:
    """The rows with columns of lists, and of ints and floats, as JSON: for forms of files that have no such columns."""

    def nested(field: pa.Field) -> bool:
        return is_number(field) or is_list(field)

    def made(field: pa.Field, values: pa.ChunkedArray):
        listed = _numbers(values) if is_number(field) else values.to_pylist()
        return pa.field(field.name, pa.large_string(), metadata={_JSON_FIELD: b""}), _as_json(listed)

    return _replaced(rows, nested, made)


def _numbers(values: pa.ChunkedArray) -> list:
    ints, floats = (pc.struct_field(values, i).to_pylist() for i in range(2))
    return [x if i is None else i for i, x in zip(ints, floats)]


def to_pylist(rows: pa.Table, name: str) -> list:
    """A column's values; JSON columns are parsed."""
    field = rows.schema.field(name)
    if is_number(field):
        return _numbers(rows.column(name))
    values = rows.column(name).to_pylist()
    if is_json(field):
        return [None if v is None else from_json(v) for v in values]
    return values


def to_pandas(rows: pa.Table):
    """A pandas data frame; lists are Python lists, and JSON columns are parsed."""
    rows = shown(rows)
    frame = rows.to_pandas()
    for field in rows.schema:
        if is_json(field) or is_list(field):
            frame[field.name] = _objects(to_pylist(rows, field.name))
    return frame


def _objects(values: list):
    """An array of just these objects: neither lists nor ints among floats become something else."""
    array = np.empty(len(values), object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def to_numpy(rows: pa.Table, name: str):
    """A column as a NumPy array; lists are Python lists, and JSON columns are parsed into objects."""
    rows = shown(rows.select([name]))
    field = rows.schema.field(name)
    if not (is_json(field) or is_list(field)):
        return rows.column(name).to_numpy()
    return _objects(to_pylist(rows, name))


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


def table_of(columns: dict[str, pa.Array]) -> pa.Table:
    """Columns from column_of as a table."""
    marks = {name: {_NUMBER_FIELD: b""} if array.type == NUMBER else None for name, array in columns.items()}
    return pa.table(list(columns.values()), pa.schema([pa.field(n, a.type, metadata=marks[n]) for n, a in columns.items()]))


def column_of(values: list[Any]) -> pa.Array | None:
    """An Arrow array of one of the types that graphs keep, or None when the values need another way.

    >>> column_of([1, 2.5, None]).to_pylist(), column_of([[1], []]).type, column_of([[1], [2.5]])
    ([{'int': 1, 'float': None}, {'int': None, 'float': 2.5}, None], ListType(list<item: int64>), None)
    """
    try:
        kinds = {type(v) for v in values} - {type(None)}
        whole = {k for k in kinds if issubclass(k, (int, np.integer)) and k is not bool}
        if whole and whole < kinds and all(issubclass(k, (float, np.floating)) for k in kinds - whole):
            return _number_array(values, tuple(whole))
        array = pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    t = array.type
    if pa.types.is_list(t):
        return array if kinds <= {list, tuple} and _fits_list_column(array, values) else None
    plain = (
        pa.types.is_boolean(t)
        or pa.types.is_int64(t)
        or pa.types.is_float64(t)
        or pa.types.is_string(t)
        or pa.types.is_timestamp(t)
        or pa.types.is_binary(t)
    )
    if pa.types.is_null(t):
        return array.cast(pa.string())
    return array if plain else None


def _number_array(values: list, whole: tuple[type, ...]) -> pa.Array:
    ints = pa.array([v if isinstance(v, whole) else None for v in values], pa.int64())
    floats = pa.array([None if isinstance(v, whole) else v for v in values], pa.float64())
    absent = pa.array([v is None for v in values], pa.bool_())
    return pa.StructArray.from_arrays([ints, floats], fields=list(NUMBER), mask=absent)


def _fits_list_column(array: pa.ListArray, values: list) -> bool:
    t, elements = array.type.value_type, array.flatten()
    if elements.null_count:
        return False
    if pa.types.is_float64(t):
        return pc.all(pc.is_finite(elements)).as_py() is not False and all(isinstance(x, float) for v in values if v is not None for x in v)
    return pa.types.is_boolean(t) or pa.types.is_int64(t) or pa.types.is_string(t) or pa.types.is_timestamp(t)
