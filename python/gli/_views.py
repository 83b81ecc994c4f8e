"""Lazy views of a graph's nodes and edges: nothing is fetched until it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from ._arrow import to_pandas, to_pylist
from ._checks import edge_name, whole
from ._table import Table, counted

if TYPE_CHECKING:
    from ._methods import GraphMethods


class _View:
    """Rows of a graph; `filter` gives a view whose selection is made on first use."""

    _query_name: str

    def __init__(self, graph: GraphMethods, filters: tuple = ()):
        self._whole = graph
        self._filters = filters
        self._selected: GraphMethods | None = None

    @property
    def _graph(self) -> GraphMethods:
        if self._selected is None:
            g = self._whole
            for f in self._filters:
                g = self._narrow(g, f)
            self._selected = g
        return self._selected

    def _narrow(self, graph: GraphMethods, filter) -> GraphMethods:
        raise NotImplementedError

    def filter(self, condition):
        """The rows for which an expression (or, embedded, a Python function) holds."""
        return type(self)(self._whole, (*self._filters, condition))

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table, in insertion order."""
        return self._graph._query(self._query_name)

    def head(self, n: int = 5):
        """The first n rows as a table."""
        return Table(self._graph._query(self._query_name, limit=whole(n, "n", 0)))

    def to_pylist(self) -> list[dict]:
        """A dictionary for each row."""
        return Table(self.to_arrow()).to_pylist()

    def to_pandas(self):
        return to_pandas(self.to_arrow())

    def to_polars(self):
        import polars

        return polars.from_arrow(self.to_arrow())

    def __arrow_c_stream__(self, requested_schema=None):
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._graph._query(self._query_name, limit=0).schema

    def __repr__(self):
        if self._filters:
            return f"<{self._query_name} of {self._whole!r}{''.join(f'.filter({f!r})' for f in self._filters)}>"
        return f"<{counted(len(self), self._query_name[:-1])} of {self._whole!r}>"

    def _repr_html_(self):
        return f"<p>{counted(len(self), self._query_name[:-1])}</p>{self.head(10)._repr_html_()}"


class NodesView(_View):
    """A graph's nodes: a mapping from key to attributes.

    >>> import gli
    >>> g = gli.Graph().add_node("ann", age=41).add_node("bob")
    >>> list(g.nodes), len(g.nodes), "bob" in g.nodes, g.nodes["ann"]
    (['ann', 'bob'], 2, True, {'age': 41})
    >>> list(g.nodes.filter(gli.node("age") > 30))
    ['ann']
    """

    _query_name = "nodes"

    def _narrow(self, graph, filter):
        return graph.filter(nodes=filter)

    def __len__(self) -> int:
        return self._graph.node_count

    def __contains__(self, key) -> bool:
        return self._graph.has_node(key)

    def __iter__(self) -> Iterator:
        return iter(self.to_arrow().column("id").to_pylist())

    def __getitem__(self, key) -> dict:
        return self._graph.get_node(key)

    def items(self) -> Iterator[tuple]:
        """(key, attributes) pairs in insertion order."""
        rows = self.to_arrow()
        yield from zip(rows.column("id").to_pylist(), without_nulls(rows.drop_columns(["id"])))


class EdgesView(_View):
    """A graph's edges. Iteration gives (source, target), or (source, target, key) where parallel edges are told apart.

    >>> import gli
    >>> g = gli.Graph().add_nodes([1, 2]).add_edge(1, 2, weight=0.5)
    >>> list(g.edges), len(g.edges), (2, 1) in g.edges, g.edges[1, 2]
    ([(1, 2)], 1, False, {'weight': 0.5})
    """

    _query_name = "edges"

    def _narrow(self, graph, filter):
        return graph.filter(edges=filter)

    def __len__(self) -> int:
        return self._graph.edge_count

    def __contains__(self, ends) -> bool:
        return self._graph.has_edge(*edge_name(ends))

    def __iter__(self) -> Iterator[tuple]:
        rows = self.to_arrow()
        return zip(*(rows.column(n).to_pylist() for n in self._key_names(rows)))

    def __getitem__(self, ends):
        return self._graph.get_edge(*edge_name(ends))

    def items(self) -> Iterator[tuple]:
        """((source, target), attributes) pairs."""
        rows = self.to_arrow()
        names = self._key_names(rows)
        ends = zip(*(rows.column(n).to_pylist() for n in names))
        yield from zip(ends, without_nulls(rows.drop_columns(names)))

    def _key_names(self, rows: pa.Table) -> list[str]:
        return ["source", "target", "key"] if self._graph.multi else ["source", "target"]


def without_nulls(rows: pa.Table) -> Iterator[dict]:
    """The rows as dictionaries of what is there."""
    if not rows.column_names:
        return ({} for _ in range(rows.num_rows))
    names = rows.column_names
    return ({n: v for n, v in zip(names, values) if v is not None} for values in zip(*(to_pylist(rows, n) for n in names)))
