"""Elements as they come from a file, to columns for the loader."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from .._checks import attribute_name

ROWS_AT_ONCE = 1 << 15
_CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,18}")
TYPES = {"bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64(), "str": pa.large_string()}


class KeysAreText(Exception):
    """Keys were taken for numbers and one is not: the reader begins again with text."""


class ParallelEdges(Exception):
    """A graph that was taken for a simple one has parallel edges: the reader begins again."""


def canonical_int(text: str) -> int | None:
    """A decimal within int64 in its one spelling.

    >>> canonical_int("-5"), canonical_int("007"), canonical_int("9223372036854775808")
    (-5, None, None)
    """
    if not _CANONICAL.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def key_reader(type: str) -> Callable[[str], Any]:
    """What makes a key of text: "none" guesses int64 until KeysAreText."""

    def read(text: str):
        if text == "" and type != "str":
            raise KeysAreText if type == "none" else ValueError("an id is empty")
        number = canonical_int(text)
        if number is None:
            raise KeysAreText if type == "none" else ValueError(f"{text!r} is not an int64 id")
        return number

    return str if type == "str" else read


class Elements:
    """Collects rows and hands them on in batches; `leading` are the key columns, `columns` the attributes, both by type."""

    def __init__(self, add: Callable, leading: dict[str, pa.DataType], columns: dict[str, str], element: str):
        for name in columns:
            attribute_name(name, element)
        self._add = add
        self._columns = columns
        self._leading = leading
        self._keys: list[tuple] = []
        self._values: list[dict[str, Any]] = []

    def append(self, keys: tuple, values: dict[str, Any]) -> None:
        """Adds a row."""
        self._keys.append(keys)
        self._values.append(values)
        if len(self._keys) == ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Hands on what is left."""
        if not self._keys:
            return
        arrays = [pa.array(values, t) for values, t in zip(zip(*self._keys), self._leading.values())]
        names = list(self._leading)
        for name, t in self._columns.items():
            values = pa.array([v.get(name) for v in self._values], TYPES[t])
            if values.null_count < len(values):
                names.append(name)
                arrays.append(values)
        batch = pa.RecordBatch.from_arrays(arrays, names=names)
        self._keys, self._values = [], []
        self._add(pa.RecordBatchReader.from_batches(batch.schema, [batch]))


def text_type(key_type: str) -> pa.DataType:
    """The column type of keys."""
    return pa.large_string() if key_type == "str" else pa.int64()
