"""Constructors that embedded graphs and clients share: `here` is gli.Graph, or the client of a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from . import _loading
from ._arrow import Rows, edge_rows, frame
from ._checks import attribute_name, flag


def from_arrow(
    here,
    edges=None,
    nodes=None,
    source: str = "source",
    target: str = "target",
    key: str | None = None,
    node: str = "id",
    directed: bool = True,
    multi: bool = False,
    key_type=None,
    duplicates: str = "first",
):
    """A graph of Arrow tables, data frames or streams: edges with columns `source` and `target` (and `key`), nodes with column `node`;
    the other columns become attributes. Nodes that only edges name are made. On a cluster a stream is passed on batch by batch.

    >>> import gli, pyarrow
    >>> gli.from_arrow(pyarrow.table({"source": [1, 2], "target": [2, 3], "weight": [0.5, 1.5]})).edges[1, 2]
    {'weight': 0.5}
    """
    multi = _loading.policy(duplicates, multi, key)[1]
    of_edges = edge_rows(edges, source, target, key)
    of_nodes = None if nodes is None else Rows(nodes, {node: ""}, [node], "node")

    def fill(rows, guesses, progress):
        if of_nodes is not None:
            of_nodes.feed(rows.add_nodes)
        if of_edges is not None:
            of_edges.feed(rows.add_edges)

    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    return _loading.load(here._place(), fill, "load", origin="Arrow table", **kind)


def from_batches(
    here,
    batches: Iterable[tuple[str, Any]],
    source: str = "source",
    target: str = "target",
    key: str | None = None,
    node: str = "id",
    directed: bool = True,
    multi: bool = False,
    key_type=None,
    duplicates: str = "first",
):
    """The same as from_arrow, of ("nodes" or "edges", batch) pairs as they come: what reads one stream of both needs to hold neither.

    >>> import gli
    >>> gli.Graph.from_batches([("edges", {"source": [1], "target": [2]}), ("nodes", {"id": [1], "name": ["one"]})]).nodes[1]
    {'name': 'one'}
    """
    multi = _loading.policy(duplicates, multi, key)[1]
    pending = iter(batches)

    def fill(rows, guesses, progress):
        sent = 0
        for pair in pending:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"batches come as ('nodes' or 'edges', batch) pairs, not as {pair!r}")
            what, batch = pair
            if what not in ("nodes", "edges"):
                raise ValueError(f"a batch is of 'nodes' or 'edges', not of {what!r}")
            named = Rows(batch, {node: ""}, [node], "node") if what == "nodes" else edge_rows(batch, source, target, key)
            named.feed(rows.add_nodes if what == "nodes" else rows.add_edges)
            sent += named.passed
            if progress is not None:
                progress("rows", sent, 0)

    kind = {"key_type": key_type, "directed": directed, "multi": multi, "duplicates": duplicates}
    return _loading.load(here._place(), fill, "load", origin="Arrow batches", **kind)


def from_pandas(
    here,
    edges=None,
    nodes=None,
    source: str = "source",
    target: str = "target",
    key: str | None = None,
    node: str = "id",
    directed: bool = True,
    multi: bool = False,
    key_type=None,
    duplicates: str = "first",
):
    """The same as from_arrow, of pandas data frames (their index is left out)."""
    return here.from_arrow(frame(edges), frame(nodes), source, target, key, node, directed, multi, key_type, duplicates)


def from_own_tables(here, edges: pa.Table, nodes: pa.Table, directed: bool, multi: bool, key_type: str, attributes: dict):
    """A graph of the tables that another graph's views give, and of its own attributes."""
    key = "key" if multi and "key" in edges.column_names else None
    made = from_arrow(here, edges, nodes, key=key, directed=directed, multi=multi, key_type=None if key_type == "none" else key_type)
    if not attributes:
        return made
    with made.batch_operations() as batch:
        for name, value in attributes.items():
            batch.set_graph_attribute(name, value)
    return batch.graph


def from_polars(
    here,
    edges=None,
    nodes=None,
    source: str = "source",
    target: str = "target",
    key: str | None = None,
    node: str = "id",
    directed: bool = True,
    multi: bool = False,
    key_type=None,
    duplicates: str = "first",
):
    """The same as from_arrow, of polars data frames.

    >>> import gli, polars
    >>> gli.from_polars(polars.DataFrame({"source": [1], "target": [2], "weight": [0.5]})).edges[1, 2]
    {'weight': 0.5}
    """
    for given in (edges, nodes):
        if given is not None and not hasattr(given, "__arrow_c_stream__"):
            instead = ": collect() it first" if hasattr(given, "collect") else ""
            raise TypeError(f"expected a polars data frame, not {type(given).__name__}{instead}")
    return here.from_arrow(edges, nodes, source, target, key, node, directed, multi, key_type, duplicates)


def from_scipy(here, matrix, directed: bool = True, edge_attribute: str = "weight", parallel_edges: bool = False, nodes=None):
    """A graph of a square sparse matrix, as networkx.from_scipy_sparse_array: entry (i, j) is the attribute of an edge from i to j.

    Nodes are 0 to n - 1, or those given in the order of the rows. Entries given twice are added up, entries that are stored count though
    they are 0. Undirected, the entries (i, j) and (j, i) are one edge, and the later one in the order of the rows counts. With
    parallel_edges an integer entry is how many edges of weight 1 there are.

    >>> import gli, scipy.sparse
    >>> g = gli.from_scipy(scipy.sparse.csr_array([[0, 2], [0, 0]]), nodes=["ann", "bob"])
    >>> dict(g.edges.items())
    {('ann', 'bob'): {'weight': 2}}
    """
    if not hasattr(matrix, "tocsr") or not hasattr(matrix, "shape"):
        raise TypeError(f"expected a SciPy sparse matrix, not {type(matrix).__name__}; a NumPy array goes to from_numpy")
    _check_square(matrix.shape)
    compressed = matrix.tocsr(copy=True)
    compressed.sum_duplicates()
    entries = compressed.tocoo()
    return _from_entries(here, entries.row, entries.col, entries.data, matrix.shape[0], directed, edge_attribute, parallel_edges, nodes)


def from_numpy(here, matrix, directed: bool = True, edge_attribute: str = "weight", parallel_edges: bool = False, nodes=None):
    """A graph of a square adjacency matrix, as networkx.from_numpy_array: an edge for each entry that is not 0.

    >>> import gli, numpy
    >>> list(gli.from_numpy(numpy.array([[0, 1], [1, 1]]), directed=False).edges)
    [(0, 1), (1, 1)]
    """
    import numpy as np

    array = np.asarray(matrix)
    _check_square(array.shape)
    rows, columns = array.nonzero()
    return _from_entries(here, rows, columns, array[rows, columns], len(array), directed, edge_attribute, parallel_edges, nodes)


def from_networkx(here, graph):
    """The same graph as a NetworkX graph, with its attributes; its keys must be all int or all str.

    >>> import gli, networkx
    >>> gli.from_networkx(networkx.path_graph(3, create_using=networkx.DiGraph)).edges[1, 2]
    {}
    """
    from ._graph import Graph
    from ._networkx import from_networkx

    made = from_networkx(graph)
    if here is Graph or (isinstance(here, type) and issubclass(here, Graph)):
        return made
    return here._from_graph(made)


def _check_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"an adjacency matrix is square, not of shape {tuple(shape)}")


def _values(data) -> Any:
    if data.dtype.kind in "iu":
        return data.astype("int64")
    if data.dtype.kind == "f":
        return data.astype("float64")
    if data.dtype.kind == "b":
        return data
    raise TypeError(f"the entries of an adjacency matrix are numbers or bools, not {data.dtype}")


def _from_entries(here, rows, columns, data, n: int, directed, edge_attribute, parallel_edges, nodes):
    import numpy as np

    flag(directed, "directed")
    attribute_name(edge_attribute, "edge")
    values = _values(data)
    many = flag(parallel_edges, "parallel_edges") and values.dtype.kind == "i"
    if not directed:
        rows, columns, values = _lower_ones_count(rows, columns, values, n)
    keys = pa.array(np.arange(n) if nodes is None else list(nodes))
    if len(keys) != n:
        raise ValueError(f"there are {len(keys)} nodes for a matrix of {n} rows")
    edges: dict[str, Any] = {}
    if many:
        counts = values
        if (counts < 0).any():
            raise ValueError("how many parallel edges there are cannot be negative")
        rows, columns, values = (np.repeat(a, counts) for a in (rows, columns, np.ones_like(counts)))
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        edges["key"] = np.arange(len(rows)) - starts
    edges = {"source": keys.take(pa.array(rows)), "target": keys.take(pa.array(columns)), **edges, edge_attribute: pa.array(values)}
    multi = flag(parallel_edges, "parallel_edges")
    return here.from_arrow(
        pa.table(edges) if len(rows) else None,
        pa.table({"id": keys}) if n else None,
        key="key" if many and len(rows) else None,
        directed=directed,
        multi=multi,
    )


def _lower_ones_count(rows, columns, values, n: int):
    """Of the entries (i, j) and (j, i) the one that comes later in the order of the rows, in the place of the first."""
    import numpy as np

    low, high = np.minimum(rows, columns).astype("int64"), np.maximum(rows, columns).astype("int64")
    names = low * n + high
    order = np.lexsort((columns, rows))
    _, first = np.unique(names[order], return_index=True)
    _, from_end = np.unique(names[order][::-1], return_index=True)
    last = len(order) - 1 - from_end
    place = np.argsort(first, kind="stable")
    return low[order][first][place], high[order][first][place], values[order][last][place]
