"""A small table: what questions with a few columns answer."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

_SHOWN_ROWS = 20


def shown(value) -> str:
    """A value as tables show it.

    >>> shown(1234567), shown(0.00012345), shown(None), shown("ann")
    ('1,234,567', '0.00012345', '', 'ann')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


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

    def __init__(self, data: pa.Table):
        self._data = data

    @property
    def column_names(self) -> list[str]:
        return self._data.column_names

    def to_arrow(self) -> pa.Table:
        return self._data

    def to_pandas(self):
        return self._data.to_pandas()

    def to_polars(self):
        import polars
        return polars.from_arrow(self._data)

    def to_pylist(self) -> list[dict]:
        return self._data.to_pylist()

    def __arrow_c_stream__(self, requested_schema=None):
        return self._data.__arrow_c_stream__(requested_schema)

    def __len__(self):
        return self._data.num_rows

    def __iter__(self) -> Iterator[tuple]:
        return zip(*(column.to_pylist() for column in self._data.columns))

    def __getitem__(self, which):
        if isinstance(which, str):
            return self._data.column(which).to_pylist()
        if isinstance(which, slice):
            return Table(self._data.take(range(*which.indices(len(self)))))
        return self._data.slice(range(len(self))[which], 1).to_pylist()[0]

    def __eq__(self, other):
        return isinstance(other, Table) and self._data.equals(other._data)

    __hash__ = None

    def __repr__(self):
        head = self._data.slice(0, _SHOWN_ROWS)
        columns = [[name, *(shown(v) for v in head.column(i).to_pylist())] for i, name in enumerate(self.column_names)]
        widths = [max(map(len, cells)) for cells in columns]
        numeric = [pa.types.is_integer(t) or pa.types.is_floating(t) for t in self._data.schema.types]
        aligned = [[c.rjust(w) if n else c.ljust(w) for c in cells] for cells, w, n in zip(columns, widths, numeric)]
        lines = ["  ".join(row).rstrip() for row in zip(*aligned)]
        if len(self) > _SHOWN_ROWS:
            lines.append(f"… {len(self) - _SHOWN_ROWS:,} more rows")
        return "\n".join(lines)

    def _repr_html_(self):
        from html import escape
        head = self._data.slice(0, _SHOWN_ROWS)
        names = "".join(f"<th>{escape(n)}</th>" for n in self.column_names)
        rows = "".join("<tr>" + "".join(f"<td>{escape(shown(v))}</td>" for v in row.values()) + "</tr>" for row in head.to_pylist())
        more = f"<p>… {len(self) - _SHOWN_ROWS:,} more rows</p>" if len(self) > _SHOWN_ROWS else ""
        return f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>{more}"
