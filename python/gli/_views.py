"""Lazy views of a graph's nodes and edges: nothing is fetched until it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import _expressions as expressions
from ._arrow import is_number, shown, to_numpy, to_pandas, to_pylist
from ._checks import edge_name, whole
from ._table import Table, counted

if TYPE_CHECKING:
    from ._methods import GraphMethods

_STEP = 1 << 16  # rows that iteration holds at a time


class View:
    """Rows of a graph, in insertion order. Filters and slices give views, whose rows are chosen when they are first asked for.

    All filters look at the whole graph: ``g.nodes.filter(a).filter(b)`` is ``g.nodes.filter(a & b)``.
    """

    _query_name: str

    def __init__(self, graph: GraphMethods, filters: tuple = (), slices: tuple[slice, ...] = ()):
        self._whole = graph
        self._filters = filters
        self._slices = slices

    # --- which rows -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _rows(self):
        """The chosen rows of a graph in this process; None on a cluster."""
        return self._whole._rows(self._query_name, self._filters)

    @cached_property
    def _graph(self) -> GraphMethods:
        """The graph without the rest."""
        conditions = [f for f in self._filters if isinstance(f, expressions.Expression)]
        graph = self._whole
        if conditions:
            graph = graph.filter(**{self._query_name: reduce(lambda a, b: a & b, conditions)})
        for f in self._filters:
            if not isinstance(f, expressions.Expression):
                graph = graph.filter(**{self._query_name: f})
        return graph

    def _count(self) -> int:
        """How many rows there are before slices."""
        if not self._filters:
            return self._total(self._whole)
        return self._total(self._graph) if self._rows is None else self._rows.count

    @staticmethod
    def _total(graph: GraphMethods) -> int:
        raise NotImplementedError

    @cached_property
    def _range(self) -> range:
        rows = range(self._count())
        for s in self._slices:
            rows = rows[s]
        return rows

    def _table(self, start: int, stop: int, names: tuple[str, ...] | None = None) -> pa.Table:
        if self._rows is not None:
            return pa.table(self._rows.table(start, max(stop - start, 0), names))
        rows = self._graph._query(self._query_name, offset=start, limit=max(stop - start, 0))
        return rows if names is None else rows.select([n for n in names if n in rows.column_names])

    def filter(self, condition):
        """The rows for which an expression (or, embedded, a Python function) holds."""
        if self._slices:
            raise TypeError("rows are filtered before they are sliced: g.nodes.filter(...)[:10]")
        return type(self)(self._whole, (*self._filters, condition))

    def _sliced(self, rows: slice):
        if rows.step not in (None, 1):
            raise ValueError(f"rows are sliced in steps of 1, not {rows.step!r}")
        for end in (rows.start, rows.stop):
            if end is not None:
                whole(end, "an end of a slice of rows")
        return type(self)(self._whole, self._filters, (*self._slices, rows))

    def __len__(self) -> int:
        return len(self._range)

    def __bool__(self) -> bool:
        return len(self) > 0

    # --- conversions ----------------------------------------------------------------------------------------------------------

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table.

        Columns of numbers, times, bools and lists of numbers share the graph's memory where rows stand together, in chunks; so does text,
        but where a page of the graph has few different values. Lists of one type (bool, int64, float64, string, timestamp) are large_list.
        A column of ints and floats is float64: which of them were ints, to_pylist() and attributes say. Where an int has more than 53 bits,
        and where values are of other types that differ, dictionaries or lists of anything else, the column is large_string with JSON in it:
        its field's metadata has the key ``b"gli:json"``. to_pandas(), to_pylist() and to_numpy() parse it.

        >>> import gli
        >>> g = gli.Graph().add_node(1, size=3, tags=["a"]).add_node(2, size=0.5)
        >>> rows = g.nodes.to_arrow()
        >>> rows["size"].to_pylist(), g.nodes.to_pylist()[0], rows["tags"].type
        ([3.0, 0.5], {'id': 1, 'size': 3, 'tags': ['a']}, LargeListType(large_list<item: large_string>))
        >>> mixed = g.update_node(1, size="big").nodes.to_arrow()
        >>> mixed["size"].to_pylist(), mixed.schema.field("size").metadata
        (['"big"', '0.5'], {b'gli:json': b''})
        """
        return shown(self._exact())

    def _exact(self) -> pa.Table:
        """The same with columns of ints and floats as structs of which a value has one field: what a graph is made of again."""
        return self._table(self._range.start, self._range.stop)

    def head(self, n: int = 5) -> Table:
        """The first n rows as a table."""
        rows = self._range[: whole(n, "n", 0)]
        return Table(self._table(rows.start, rows.stop))

    def to_pylist(self) -> list[dict]:
        """A dictionary for each row."""
        return Table(self._exact()).to_pylist()

    def to_pandas(self):
        """A pandas data frame."""
        return to_pandas(self.to_arrow())

    def to_polars(self):
        """A polars data frame."""
        import polars

        return polars.from_arrow(self.to_arrow())

    def to_numpy(self, column: str | None = None):
        """One column as a NumPy array, or a dictionary of all of them.

        Where there are nulls, numbers become float64 with NaN, times have NaT, and other columns are arrays of objects, as text always is.

        >>> import gli
        >>> g = gli.Graph().add_nodes([(1, {"x": 0.5}), (2, {})])
        >>> g.nodes.to_numpy("x"), g.nodes.to_numpy()["id"]
        (array([0.5, nan]), array([1, 2]))
        """
        if column is None:
            rows = self.to_arrow()
            return {n: to_numpy(rows, n) for n in rows.column_names}
        if column not in self.schema.names:
            raise KeyError(f"no column {column!r} among {', '.join(map(repr, self.schema.names))}")
        return to_numpy(self._columns((column,)), column)

    def _column(self, name: str) -> pa.ChunkedArray:
        return self._columns((name,)).column(name)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        schema = self._exact_schema()
        mixed = tuple(f.name for f in schema if is_number(f))
        if mixed:  # what they are shown as depends on their values
            for field in shown(type(self)(self._whole)._columns(mixed)).schema:
                schema = schema.set(schema.get_field_index(field.name), field)
        return schema

    def _exact_schema(self) -> pa.Schema:
        return View._table(type(self)(self._whole), 0, 0).schema

    def _columns(self, names: tuple[str, ...]) -> pa.Table:
        return self._table(self._range.start, self._range.stop, names)

    def _walk(self, names: tuple[str, ...] | None = None) -> Iterator[pa.Table]:
        """The rows, some at a time."""
        step = _STEP if self._rows is not None else max(len(self), 1)
        for start in range(self._range.start, self._range.stop, step):
            yield self._table(start, min(start + step, self._range.stop), names)

    def __repr__(self):
        if self._filters or self._slices:
            shown = "".join(f".filter({f!r})" for f in self._filters) + "".join(f"[{_shown(s)}]" for s in self._slices)
            return f"<{self._query_name} of {self._whole!r}{shown}>"
        return f"<{counted(len(self), self._query_name[:-1])} of {self._whole!r}>"

    def _repr_html_(self):
        return f"<p>{counted(len(self), self._query_name[:-1])}</p>{self.head(10)._repr_html_()}"


class NodesView(View):
    """A graph's nodes: a mapping from key to attributes.

    >>> import gli
    >>> g = gli.Graph().add_node("ann", age=41).add_node("bob")
    >>> list(g.nodes), len(g.nodes), "bob" in g.nodes, g.nodes["ann"]
    (['ann', 'bob'], 2, True, {'age': 41})
    >>> list(g.nodes.filter(gli.node("age") > 30)), list(g.nodes[1:])
    (['ann'], ['bob'])
    """

    _query_name = "nodes"

    @staticmethod
    def _total(graph) -> int:
        return graph.node_count

    def __contains__(self, key) -> bool:
        if self._slices:
            return key in list(self)
        if self._filters and self._rows is not None:
            return self._rows.has_node(key)
        return self._graph.has_node(key)

    def __iter__(self) -> Iterator:
        for rows in self._walk(("id",)):
            yield from rows.column("id").to_pylist()

    def __getitem__(self, key) -> Any:
        if isinstance(key, slice):
            return self._sliced(key)
        if (self._filters or self._slices) and key not in self:
            raise KeyError(f"Node {key!r} not found")
        return self._whole.get_node(key)

    def items(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """(key, attributes) pairs."""
        for rows in self._walk():
            yield from zip(rows.column("id").to_pylist(), without_nulls(rows.drop_columns(["id"])))


class EdgesView(View):
    """A graph's edges. Iteration gives (source, target), or (source, target, key) where parallel edges are told apart.

    >>> import gli
    >>> g = gli.Graph().add_nodes([1, 2]).add_edge(1, 2, weight=0.5)
    >>> list(g.edges), len(g.edges), (2, 1) in g.edges, g.edges[1, 2]
    ([(1, 2)], 1, False, {'weight': 0.5})
    """

    _query_name = "edges"

    @staticmethod
    def _total(graph) -> int:
        return graph.edge_count

    @property
    def _ends(self) -> tuple[str, ...]:
        return ("source", "target", "key") if self._whole.multi else ("source", "target")

    def __contains__(self, ends) -> bool:
        if self._slices:
            return edge_name(ends) in list(self)
        return self._graph.has_edge(*edge_name(ends))

    def __iter__(self) -> Iterator[tuple]:
        for rows in self._walk(self._ends):
            yield from zip(*(rows.column(n).to_pylist() for n in self._ends))

    def __getitem__(self, ends) -> Any:
        if isinstance(ends, slice):
            return self._sliced(ends)
        if self._slices and ends not in self:
            raise KeyError(f"Edge {edge_name(ends)!r} not found")
        return self._graph.get_edge(*edge_name(ends))

    def items(self) -> Iterator[tuple[tuple, dict[str, Any]]]:
        """((source, target), attributes) pairs."""
        for rows in self._walk():
            ends = zip(*(rows.column(n).to_pylist() for n in self._ends))
            yield from zip(ends, without_nulls(rows.drop_columns(list(self._ends))))


def _shown(s: slice) -> str:
    return f"{'' if s.start is None else s.start}:{'' if s.stop is None else s.stop}"


def without_nulls(rows: pa.Table) -> Iterator[dict]:
    """The rows as dictionaries of what is there."""
    if not rows.column_names:
        return ({} for _ in range(rows.num_rows))
    names = rows.column_names
    return ({n: v for n, v in zip(names, values) if v is not None} for values in zip(*(to_pylist(rows, n) for n in names)))
