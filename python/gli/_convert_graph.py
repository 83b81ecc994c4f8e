"""Whole graphs as what other libraries work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from ._methods import GraphMethods

_FORMATS = ("bsr", "csr", "csc", "coo", "lil", "dia", "dok")


class Conversions:
    """to_* methods of every graph."""

    __slots__ = ()

    def to_networkx(self):
        """The same graph as a NetworkX graph, with all attributes; needs networkx.

        >>> import gli
        >>> gli.Graph().add_nodes([1, 2]).add_edge(1, 2, weight=0.5).to_networkx().edges(data=True)
        OutEdgeDataView([(1, 2, {'weight': 0.5})])
        """
        from ._networkx import to_networkx

        return to_networkx(self)

    def to_scipy(self, weight: str | None = None, format: str = "csr"):
        """The adjacency matrix as a SciPy sparse array, as networkx.to_scipy_sparse_array: rows and columns in the order of g.nodes.

        Entries are the edges' attribute `weight`, 1 where an edge has none; with None, how many edges there are. Parallel edges add up,
        undirected edges stand on both sides. Numbers are int64 or float64.

        >>> import gli
        >>> gli.Graph().add_nodes(["a", "b"]).add_edge("a", "b", weight=0.5).to_scipy("weight").toarray()
        array([[0. , 0.5],
               [0. , 0. ]])
        """
        return to_scipy(self, weight, format)


def _positions(keys: pa.ChunkedArray, nodes: pa.ChunkedArray):
    return pc.index_in(keys, value_set=nodes.combine_chunks()).to_numpy()


def _weights(graph: GraphMethods, edges: pa.Table, weight: str | None):
    import numpy as np

    if weight is None or (weight not in edges.column_names and not edges.num_rows):
        return np.ones(edges.num_rows, "int64")
    if weight not in edges.column_names or weight in ("source", "target", "key"):
        raise KeyError(f"no edge has attribute {weight!r}")
    column = edges.column(weight)
    if not (pa.types.is_int64(column.type) or pa.types.is_float64(column.type) or pa.types.is_boolean(column.type)):
        raise TypeError(f"weights are numbers, but the column {weight!r} is {column.type}")
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int64())
    return pc.fill_null(column, 1).to_numpy()


def to_scipy(graph: GraphMethods, weight: str | None, format: str):
    """What Conversions.to_scipy says."""
    import numpy as np
    from scipy import sparse

    if format not in _FORMATS:
        raise ValueError(f"format is one of {', '.join(map(repr, _FORMATS))}, not {format!r}")
    nodes, edges = graph.nodes._column("id"), graph.edges.to_arrow()
    values = _weights(graph, edges, weight)
    rows, columns = (_positions(edges.column(n), nodes) for n in ("source", "target"))
    if not graph.directed:
        others = rows != columns
        rows, columns, values = (
            np.concatenate((rows, columns[others])),
            np.concatenate((columns, rows[others])),
            np.concatenate((values, values[others])),
        )
    made = sparse.coo_array((values, (rows, columns)), shape=(len(nodes), len(nodes)))
    return made.tocsr().asformat(format)  # by way of csr: entries that are there twice are added up
