"""CSV files with quoted fields, parsed by pyarrow; of edges, and of nodes if there are any.

Every column is read as text and turned into the type that the first block suggests; a later value that does not fit makes the reader
begin again with a wider type. An empty field is null, a quoted empty one is empty text.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from .. import _loading
from .._checks import attribute_name
from .edge_text import _write_lines
from .files import PlainBytes, writing
from .rows import canonical_int
from .skipped import NAMED, Skipped
from .tables import Tables, as_text, type_of

_PATTERNS = {
    "bool": r"^(?i:true|false)$",
    "int64": r"^[+-]?[0-9]{1,19}$",
    "float64": r"^[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|(?i:nan|inf|infinity))$",
    "datetime": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?$",
}
_ARROW = {"bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64(), "datetime": pa.timestamp("us"), "str": pa.string()}
_CANONICAL = r"^(0|-?[1-9][0-9]{0,18})$"
_SIGN = r"^\+"


_NO_TEXT = "\ufffd\0\ufffd"  # stands for bytes that are no text; no text has it

codecs.register_error("gli-no-text", lambda error: (_NO_TEXT, error.end))


class _Text(PlainBytes):
    """The bytes of a file, with _NO_TEXT for those that are no UTF-8: then the row is bad, not the file."""

    def __init__(self, path):
        super().__init__(path)
        self._decoder = codecs.getincrementaldecoder("utf-8")("gli-no-text")
        self._ready, self._ended = b"", False

    def read(self, n: int = -1) -> bytes:
        """Up to n bytes, b"" at the end."""
        if n < 0:
            return super().read(n)
        while not self._ready and not self._ended:
            part = super().read(n)
            self._ended = not part
            self._ready = self._decoder.decode(part, self._ended).encode()
        out, self._ready = self._ready[:n], self._ready[n:]
        return out


def _rows(file: _Text, dialect: dict[str, Any]) -> Iterator[tuple[int, list[str]]]:
    """Rows and the lines they begin on."""
    csv.field_size_limit(max(csv.field_size_limit(), 1 << 30))
    pieces = iter(lambda: file.read(1 << 20), b"")
    rows, line = csv.reader(io.TextIOWrapper(_Pieces(pieces), "utf-8-sig", newline=""), **dialect), 1
    try:
        for row in rows:
            yield line, row
            line = rows.line_num + 1
    except csv.Error as error:
        raise ValueError(f"{file.path}:{line}: {error}") from None


class _Wider(Exception):
    """A guessed type did not hold."""


def _cast(values: pa.Array, type: str) -> pa.Array | None:
    """The values as a type, or None when one of them is not of it."""
    if type == "str":
        return values
    if not pc.all(pc.fill_null(pc.match_substring_regex(values, _PATTERNS[type]), True), min_count=0).as_py():
        return None
    try:
        return pc.cast(pc.replace_substring_regex(values, _SIGN, ""), _ARROW[type])
    except pa.ArrowInvalid:
        return None


def _guess(values: pa.Array) -> str:
    if values.null_count == len(values):
        return "null"
    return next((t for t in ("bool", "int64", "float64", "datetime") if _cast(values, t) is not None), "str")


def _widened(old: str, values: pa.Array) -> str:
    new = _guess(values)
    if old == "null" or new == old:
        return new
    return "float64" if {old, new} == {"int64", "float64"} else "str"


class _File:
    """One CSV file on its way: what is known of its columns outlives an attempt."""

    def __init__(self, path, keys: list[str], options: dict[str, Any], types: dict[str, str], skipped: Skipped):
        self.path, self.keys, self.options, self.skipped = os.fspath(path), keys, options, skipped
        self.given = types
        self.types: dict[str, str] = {}
        self._bad: list[tuple[int, str]] = []  # rows with too few or too many fields
        self.skipped_rows: list[tuple[int, str]] = []  # others, counted among those with the right number

    def _open(self, file):
        wanted = {"column_types": dict.fromkeys(self._names(), pa.string())}
        return pyarrow.csv.open_csv(
            file,
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=4 << 20),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self.options["delimiter"],
                quote_char=self.options["quote"],
                newlines_in_values=True,
                invalid_row_handler=self._refuse_row,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                **wanted, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
            ),
        )

    def _names(self) -> list[str]:
        with _Text(self.path) as file:
            names = next((row for _, row in _rows(file, self._dialect()) if row), [])
            if not names and file.size == 0:
                raise ValueError(f"{self.path}: empty file")
        seen: set[str] = set()
        for name in names:
            if _NO_TEXT in name:
                raise ValueError(f"{self.path}:1: not a text file")
            if name in seen:
                raise ValueError(f"{self.path}:1: two columns are named {name!r}")
            seen.add(name)
        for key in self.keys:
            if key not in names:
                raise ValueError(f"{self.path}:1: there is no column {key!r} among {', '.join(map(repr, names))}")
        return names

    def _dialect(self) -> dict[str, Any]:
        return {"delimiter": self.options["delimiter"], "quotechar": self.options["quote"]}

    def _refuse_row(self, row) -> str:
        self._bad.append((row.number, f"expected {row.expected_columns} fields, found {row.actual_columns}"))
        return "skip"

    def batches(self, element: str, progress) -> Iterator[pa.RecordBatch]:
        """Batches of typed columns, the keys as text."""
        self._bad, self.skipped_rows = [], []
        good = 0
        with _Text(self.path) as file:
            try:
                for batch in self._open(file):
                    if self._bad and not self.skipped.wanted:
                        self._report()
                    for name in batch.schema.names:
                        if name not in self.keys:
                            attribute_name(name, element)
                    yield self._typed(batch, good)
                    good += batch.num_rows
                    if progress is not None:
                        progress("read", file.done(), file.size)
            except pa.ArrowInvalid as error:
                raise ValueError(f"{self.path}: {error}") from None
        self._report()

    def _typed(self, batch: pa.RecordBatch, first: int) -> pa.RecordBatch:
        bad = np.zeros(batch.num_rows, bool)
        columns = {}
        for name in batch.schema.names:
            values = batch.column(name)
            values = self._texts(name, values, bad, first)
            columns[name] = self._key(name, values, bad, first) if name in self.keys else self._attribute(name, values, bad, first)
        kept = pa.array(~bad)
        result = pa.record_batch({n: c for n, c in columns.items() if c is not None} or {"": pa.nulls(batch.num_rows)})
        return result.filter(kept) if bad.any() else result

    def _texts(self, name: str, values: pa.Array, bad: np.ndarray, first: int) -> pa.Array:
        """Null for what is no text."""
        found = pc.fill_null(pc.match_substring(values, _NO_TEXT), False)
        if not pc.any(found, min_count=0).as_py():
            return values
        self._mark(bad, found, first, f"{name} is no text", None)
        return pc.if_else(found, None, values)

    def _key(self, name: str, values: pa.Array, bad: np.ndarray, first: int) -> pa.Array:
        if values.null_count:
            self._mark(bad, pc.is_null(values), first, f"{name} is empty", None)
        return values

    def _attribute(self, name: str, values: pa.Array, bad: np.ndarray, first: int) -> pa.Array | None:
        if name in self.given:
            return self._as_given(name, values, bad, first)
        type = self.types.get(name)
        if type is None:
            type = self.types[name] = _guess(values)
        if type == "null" and values.null_count == len(values):
            return None
        typed = _cast(values, type) if type != "null" else None
        if typed is None:
            self.types[name] = _widened(type, values)
            if type != "null":
                raise _Wider
            return _cast(values, self.types[name])
        return typed

    def _as_given(self, name: str, values: pa.Array, bad: np.ndarray, first: int) -> pa.Array:
        type = self.given[name]
        typed = _cast(values, type)
        if typed is not None:
            return typed
        fits = pa.array([v is None or _cast(pa.array([v], pa.string()), type) is not None for v in values.to_pylist()])
        self._mark(bad, pc.invert(fits), first, f"{name} {{value!r}} is not of type {type}", values)
        return _cast(pc.if_else(fits, values, None), type)

    def _mark(self, bad: np.ndarray, which: pa.Array, first: int, what: str, values: pa.Array | None) -> None:
        for i in np.flatnonzero(which.to_numpy(zero_copy_only=False)).tolist():
            if not bad[i]:
                bad[i] = True
                self.skipped_rows.append((first + i, what.format(value=values[i].as_py()) if values is not None else what))
                if not self.skipped.wanted:
                    self._report()

    def _report(self) -> None:
        """Names the lines of what was left out, or raises the first of them. Row numbers count the header as 1 and no blank lines."""
        refused = sorted(self._bad)
        bad = list(refused)
        for row, what in sorted(self.skipped_rows)[:NAMED]:
            number = row + 2
            for other, _ in refused:
                if other > number:
                    break
                number += 1
            bad.append((number, what))
        bad = sorted(bad)[:NAMED]
        if not bad:
            return
        lines = _lines_of_rows(self.path, [number for number, _ in bad], self._dialect())
        for number, what in bad:
            self.skipped.add(lines.get(number, number), what)
        self.skipped.count = len(self._bad) + len(self.skipped_rows)


def _lines_of_rows(path: str, wanted: list[int], dialect: dict[str, Any]) -> dict[int, int]:
    """The lines on which rows begin; only read again when there is something to name."""
    found: dict[int, int] = {}
    with _Text(path) as file:
        number = 0
        for line, row in _rows(file, dialect):
            number += bool(row)
            if row and number in wanted:
                found[number] = line
                if len(found) == len(set(wanted)):
                    break
    return found


class _Pieces:
    """An iterator of bytes as a raw file."""

    def __init__(self, pieces: Iterator[bytes]):
        self._pieces, self._left = pieces, b""
        self.closed = False

    def read1(self, n: int = -1) -> bytes:
        """The next bytes."""
        if not self._left:
            self._left = next(self._pieces, b"")
        n = len(self._left) if n is None or n < 0 else n
        part, self._left = self._left[:n], self._left[n:]
        return part

    read = read1

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """No."""
        return False

    def seekable(self) -> bool:
        """No."""
        return False

    def flush(self) -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""
        self.closed = True


def _keyed(batch: pa.RecordBatch, keys: dict[str, str], key_type: str, edge_key: str | None, state: dict) -> pa.RecordBatch:
    """Columns renamed for the loader and keys of their type, first."""
    columns = {}
    for name, title in keys.items():
        values = batch.column(name)
        if name == edge_key:
            columns[title] = values if state["edge_keys"] == "str" else _ints(values)
            if columns[title] is None:
                state["edge_keys"] = "str"
                raise _Wider
        elif key_type == "str":
            columns[title] = values
        else:
            columns[title] = _ints(values)
            if columns[title] is None:
                raise _KeysAreText(next(v for v in values.to_pylist() if canonical_int(v) is None))
    for name in batch.schema.names:
        if name not in keys:
            columns[name] = batch.column(name)
    return pa.record_batch(columns)


class _KeysAreText(Exception):
    """A key that is no int64."""


def _ints(values: pa.Array) -> pa.Array | None:
    if not pc.all(pc.match_substring_regex(values, _CANONICAL), min_count=0).as_py():
        return None
    try:
        return pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return None


def read(place, path, nodes, source, target, key, node, directed, multi, key_type, delimiter, quote, types, on_error, duplicates):
    """A graph of CSV files."""
    for name, type in (types or {}).items():
        if type not in _ARROW:
            raise ValueError(f"the type of column {name!r} is 'bool', 'int64', 'float64', 'str' or 'datetime', not {type!r}")
    multi = _loading.policy(duplicates, multi, key)[1]
    if multi and key is None and duplicates != "multi":
        key = "key"
    options = {"delimiter": delimiter, "quote": quote}
    edge_names = {source: "source", target: "target", **({key: "key"} if key else {})}
    files = [] if nodes is None else [(_File(nodes, [node], options, types or {}, Skipped(nodes, on_error)), {node: ""}, "node")]
    files.append((_File(path, list(edge_names), options, types or {}, Skipped(path, on_error)), edge_names, "edge"))
    state = {"edge_keys": "int64"}

    def fill(rows, guesses, progress):
        for file, names, element in files:
            file.skipped.clear()
            add = rows.add_nodes if element == "node" else rows.add_edges
            try:
                for batch in file.batches(element, progress):
                    ready = _keyed(batch, names, guesses["keys"], key if element == "edge" else None, state)
                    add(pa.RecordBatchReader.from_batches(ready.schema, [ready]))
            except _Wider:
                return {}
            except _KeysAreText as error:
                if guesses["keys"] == "int64":
                    raise ValueError(f"{file.path}: {error.args[0]!r} is not an int64 id") from None
                return {"keys": "str"}

    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    paths = [path] if nodes is None else [path, nodes]
    graph = _loading.load(place, fill, "load", origin=_loading.rows_of(path), files=paths, **kind)
    for file, _, _ in files:
        file.skipped.warn()
    return graph


def write(graph, path, nodes, delimiter: str = ",", lossy: bool = False) -> None:
    """Writes the edges, and the nodes where `nodes` says; text is quoted, a null is an empty field."""
    tables = Tables(graph, "CSV" if nodes is not None else "a CSV file of edges", lossy, _instead(nodes))
    if len(delimiter.encode()) != 1 or delimiter in '\r\n"':
        raise ValueError(f"delimiter is one ASCII character other than a line end and a quote, not {delimiter!r}")
    tables.without_graph_attributes()
    tables.keep_types(("bool", "int64", "float64", "str", "datetime"))
    if nodes is None:
        tables.without_nodes()
    with writing(path) as stream, nullcontext() if nodes is None else writing(nodes) as node_stream:
        if nodes is not None:
            _write_table(tables.nodes, node_stream, delimiter)
        _write_table(tables.edges, stream, delimiter)


def _instead(nodes) -> str:
    return "JSON (.json) or Parquet" if nodes is not None else "a second file with nodes=, JSON (.json) or Parquet"


def _quoted(values: pa.Array) -> pa.Array:
    doubled = pc.replace_substring(pc.cast(values, pa.large_string()), '"', '""')
    quote, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    return pc.binary_join_element_wise(quote, doubled, quote, nothing)


def _write_table(table: pa.Table, stream, delimiter: str) -> None:
    columns = {f.name: _quoted(table.column(f.name)) if type_of(f) == "str" else as_text(table.column(f.name), f) for f in table.schema}
    titles = _quoted(pa.array(table.column_names, pa.large_string())).to_pylist()
    stream.write((delimiter.join(titles) + "\n").encode())
    _write_lines(stream, pa.table(columns), delimiter)
