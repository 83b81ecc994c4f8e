"""GLI: version control and analytics for property graphs, from a notebook to a cluster.

>>> import gli
>>> g = gli.Graph().add_node("ann", age=41).add_node("bob").add_edge("ann", "bob")
>>> g.pagerank().top(1)["id"]
['bob']
"""

from __future__ import annotations

from . import _aliases as _aliases
from . import _loading
from ._client import CallInfo, Client, FailedCall, Status, WorkerInfo, connect
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
    JobError,
    MergeConflict,
    ProgramError,
    ProtocolError,
    WorkerLostError,
)
from ._estimate import Estimate, estimate
from ._events import Event
from ._expressions import Expression, degree, edge, gathered, in_degree, key, maximum, minimum, node, out_degree, source, state, target
from ._formats.readers import EmbeddedReaders
from ._formats.skipped import SkippedLinesWarning
from ._graph import Graph
from ._history import Commit, Diff, History, Log, Move, Reflog, State
from ._jobs import Job, JobInfo
from ._merging import Conflict
from ._node_values import Comparison, NodeValues
from ._programs import Program, program
from ._progress import show_progress
from ._slurm import SLURMCluster
from ._store import GraphStore
from ._table import Table
from ._timeout import timeout
from ._vertices import Vertices

__all__ = [
    "__version__",
    "Batch",
    "CallInfo",
    "CancelledError",
    "Client",
    "ClusterError",
    "ClusterStore",
    "Commit",
    "Comparison",
    "Conflict",
    "ConflictError",
    "ConvergenceError",
    "CorruptError",
    "Diff",
    "DistributedGraph",
    "DuplicateWarning",
    "Estimate",
    "Event",
    "Expression",
    "FailedCall",
    "GliError",
    "Graph",
    "GraphStore",
    "History",
    "Job",
    "JobError",
    "JobInfo",
    "LocalCluster",
    "Log",
    "MergeConflict",
    "Move",
    "NodeValues",
    "Program",
    "ProgramError",
    "ProtocolError",
    "Reflog",
    "SLURMCluster",
    "SkippedLinesWarning",
    "State",
    "Status",
    "Table",
    "Vertices",
    "WorkerInfo",
    "WorkerLostError",
    "connect",
    "degree",
    "edge",
    "estimate",
    "from_arrow",
    "from_networkx",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "from_scipy",
    "gathered",
    "generate_kronecker",
    "in_degree",
    "key",
    "maximum",
    "minimum",
    "node",
    "out_degree",
    "program",
    "read",
    "read_csv",
    "read_edges",
    "read_gap",
    "read_gexf",
    "read_graphml",
    "read_ipc",
    "read_json",
    "read_ldbc",
    "read_metis",
    "read_mtx",
    "read_parquet",
    "show_progress",
    "source",
    "state",
    "target",
    "timeout",
]

from_arrow = Graph.from_arrow
from_pandas = Graph.from_pandas
from_networkx = Graph.from_networkx
from_numpy = Graph.from_numpy
from_polars = Graph.from_polars
from_scipy = Graph.from_scipy


_READERS = EmbeddedReaders()
read = _READERS.read
read_edges = _READERS.read_edges
read_ldbc = _READERS.read_ldbc
read_csv = _READERS.read_csv
read_mtx = _READERS.read_mtx
read_metis = _READERS.read_metis
read_graphml = _READERS.read_graphml
read_gexf = _READERS.read_gexf
read_json = _READERS.read_json
read_parquet = _READERS.read_parquet
read_ipc = _READERS.read_ipc
read_gap = _READERS.read_gap


def generate_kronecker(scale: int, edge_factor: int = 16, seed: int = 0, directed: bool = True) -> Graph:
    """A random graph of 2**scale possible nodes and edge_factor * 2**scale drawn edges, after the Graph500 specification.

    >>> generate_kronecker(4).node_count <= 16
    True
    """
    return _loading.generate_kronecker(_loading.EMBEDDED, scale, edge_factor, seed, directed)


def __dir__() -> list[str]:
    return __all__
