"""A small table: what questions with a few columns answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pyarrow as pa

from ._arrow import is_number as is_mixed_number
from ._arrow import shown as as_shown
from ._arrow import to_pandas, to_pylist

_SHOWN_ROWS = 20
_SHOWN_WIDTH = 80
_LEAST_WIDTH = 8
_DIGITS = 6
NAMES = frozenset({"id", "source", "target", "key", "partition", "worker", "pid"})  # columns of names: numbers in them are not counted


def shown(value, decimals: int | None = None, is_name: bool = False) -> str:
    """A value as tables show it.

    >>> shown(1234567), shown(1234567, is_name=True), shown(0.00012, decimals=6), shown(None), shown("ann")
    ('1,234,567', '1234567', '0.000120', '', 'ann')
    """
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and not is_name:
        return f"{value:,}"
    if isinstance(value, float) and decimals is not None:
        return f"{value:,.{decimals}f}"
    return str(value)


def shown_column(values: list, is_name: bool = False) -> list[str]:
    """A column's cells: numbers of one column with the same decimals, six digits of the largest.

    >>> shown_column([0.125939123, 0.00938944, None])
    ['0.125939', '0.009389', '']
    """
    largest = max((abs(v) for v in values if isinstance(v, float) and math.isfinite(v)), default=0.0)
    decimals = max(1, _DIGITS - 1 - math.floor(math.log10(largest))) if largest > 0 else 1
    return [shown(v, min(decimals, 12), is_name) for v in values]


def counted(count: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "node"), counted(2000, "node")
    ('1 node', '2,000 nodes')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def is_number(field: pa.Field) -> bool:
    """Whether a column stands to the right."""
    return pa.types.is_integer(field.type) or pa.types.is_floating(field.type) or is_mixed_number(field)


def _fitted(widths: list[int], width: int | None) -> list[int]:
    widths = list(widths)
    while width is not None and sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > _LEAST_WIDTH:
        widths[widths.index(max(widths))] -= 1
    return widths


def _cell(text: str, width: int, right: bool) -> str:
    if len(text) > width:
        text = text[: width - 1] + "…"
    return text.rjust(width) if right else text.ljust(width)


class Table:
    """Rows and columns over Arrow.

    >>> t = Table(pa.table({"id": ["ann", "bob"], "value": [1, None]}))
    >>> t[0], t["id"], len(t)
    ({'id': 'ann', 'value': 1}, ['ann', 'bob'], 2)
    >>> t
    id   value
    ann      1
    bob
    """

    def __init__(self, data: pa.Table, names: Iterable[str] = NAMES):
        self._data = data
        self._names = frozenset(names)

    def renamed(self, names: list[str]) -> Table:
        """The same with other column names."""
        titles = dict(zip(self.column_names, names))
        return Table(self._data.rename_columns(names), {titles[n] for n in self._names if n in titles})

    def cells(self, limit: int | None = None) -> list[list[str]]:
        """What is shown, by column, without the headings."""
        head = self._data.slice(0, limit)
        mixed = {f.name for f in head.schema if is_mixed_number(f)}
        columns = {n: to_pylist(head, n) if n in mixed else head.column(n).to_pylist() for n in self.column_names}
        return [shown_column(columns[n], n in self._names) for n in self.column_names]

    @property
    def column_names(self) -> list[str]:
        return self._data.column_names

    def to_arrow(self) -> pa.Table:
        return as_shown(self._data)

    def to_pandas(self):
        return to_pandas(self._data)

    def to_polars(self):
        import polars

        return polars.from_arrow(self.to_arrow())

    def to_pylist(self) -> list[dict]:
        return [dict(zip(self.column_names, row)) for row in self]

    def __arrow_c_stream__(self, requested_schema=None):
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __len__(self):
        return self._data.num_rows

    def __iter__(self) -> Iterator[tuple]:
        return zip(*(self[n] for n in self.column_names))

    def __getitem__(self, which):
        if isinstance(which, str):
            return to_pylist(self._data, which)
        if isinstance(which, slice):
            return Table(self._data.take(range(*which.indices(len(self)))), self._names)
        return Table(self._data.slice(range(len(self))[which], 1)).to_pylist()[0]

    def __eq__(self, other):
        return isinstance(other, Table) and self._data.equals(other._data)

    __hash__ = None

    def text(self, width: int | None = None, rows: int | None = None) -> str:
        """As print shows it, with lines of at most `width` characters and at most so many rows; None: as wide and long as it is."""
        columns = [[name, *cells] for name, cells in zip(self.column_names, self.cells(rows))]
        widths = _fitted([max(map(len, cells)) for cells in columns], width)
        right = [is_number(f) for f in self._data.schema]
        aligned = [[_cell(c, w, r) for c in cells] for cells, w, r in zip(columns, widths, right)]
        return "\n".join("  ".join(row).rstrip() for row in zip(*aligned))

    def __repr__(self):
        return "\n".join([self.text(_SHOWN_WIDTH, _SHOWN_ROWS), *self._more()])

    def _more(self) -> list[str]:
        return [f"… {len(self) - _SHOWN_ROWS:,} more rows"] if len(self) > _SHOWN_ROWS else []

    def _repr_html_(self):
        from html import escape

        names = "".join(f"<th>{escape(n)}</th>" for n in self.column_names)
        rows = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in zip(*self.cells(_SHOWN_ROWS)))
        more = "".join(f"<p>{line}</p>" for line in self._more())
        return f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{more}"
