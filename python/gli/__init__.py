"""GLI: version control and analytics for property graphs, from a notebook to a cluster.

>>> import gli
>>> g = gli.Graph().add_node("ann", age=41).add_node("bob").add_edge("ann", "bob")
>>> g.pagerank().top(1)["id"]
['bob']
"""

from __future__ import annotations

import os

from . import _aliases as _aliases
from . import _loading
from ._client import Client, Status, WorkerInfo, connect
from ._cluster import LocalCluster
from ._cluster_store import ClusterStore
from ._core import __version__
from ._distributed import DistributedGraph
from ._edits import Batch
from ._errors import (
    CancelledError,
    ClusterError,
    ConflictError,
    ConvergenceError,
    CorruptError,
    DuplicateWarning,
    GliError,
    ProtocolError,
    WorkerLostError,
)
from ._expressions import Expression, degree, edge, in_degree, key, node, out_degree, source, target
from ._graph import Graph
from ._history import Commit, Diff, Log
from ._node_values import Comparison, NodeValues
from ._progress import show_progress
from ._store import GraphStore
from ._table import Table

__all__ = [
    "__version__",
    "Batch",
    "CancelledError",
    "Client",
    "ClusterError",
    "ClusterStore",
    "Commit",
    "Comparison",
    "ConflictError",
    "ConvergenceError",
    "CorruptError",
    "Diff",
    "DistributedGraph",
    "DuplicateWarning",
    "Expression",
    "GliError",
    "Graph",
    "GraphStore",
    "LocalCluster",
    "Log",
    "NodeValues",
    "ProtocolError",
    "Status",
    "Table",
    "WorkerInfo",
    "WorkerLostError",
    "connect",
    "degree",
    "edge",
    "from_arrow",
    "from_networkx",
    "from_pandas",
    "generate_kronecker",
    "in_degree",
    "key",
    "node",
    "out_degree",
    "read_edges",
    "read_ldbc",
    "show_progress",
    "source",
    "target",
]

from_arrow = Graph.from_arrow
from_pandas = Graph.from_pandas
from_networkx = Graph.from_networkx

_HERE = _loading.Embedded()


def read_edges(
    path: str | os.PathLike,
    names: list[str] | None = None,
    directed: bool = True,
    delimiter: str | None = None,
    header: bool = False,
    comment: str | None = "#",
    key_type=None,
    multi: bool = False,
    types: list[str] | None = None,
) -> Graph:
    """A graph of an edge list: a text file, or one packed with gzip, with a source, a target and attributes on each line.

    Keys are int64 when every id is a canonical decimal, else str; key_type="str" forces it. `names` names the columns, `types` the
    attributes' types ("int64", "float64" or "str"); `delimiter` None means spaces and tabs. ValueError names file and line of what does
    not fit; then nothing is loaded. Duplicate edges (the first stays) and self-loops are no errors.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.txt"
    >>> _ = file.write_text("ann bob 0.5\\nbob cid 1.5\\n")
    >>> read_edges(file, names=["source", "target", "weight"]).edges["ann", "bob"]
    {'weight': 0.5}
    """
    return _loading.read_edges(_HERE, path, names, directed, delimiter, header, comment, key_type, multi, types)


def read_ldbc(vfile: str | os.PathLike, efile: str | os.PathLike, directed: bool) -> Graph:
    """A graph in LDBC Graphalytics form: nodes `id [value]` and edges `source target [weight]`, in two text files.

    An edge to a node that is not in the node file is a ValueError.
    """
    return _loading.read_ldbc(_HERE, vfile, efile, directed)


def generate_kronecker(scale: int, edge_factor: int = 16, seed: int = 0, directed: bool = True) -> Graph:
    """A random graph of 2**scale possible nodes and edge_factor * 2**scale drawn edges, after the Graph500 specification.

    >>> generate_kronecker(4).node_count <= 16
    True
    """
    return _loading.generate_kronecker(_HERE, scale, edge_factor, seed, directed)


def __dir__() -> list[str]:
    return __all__
