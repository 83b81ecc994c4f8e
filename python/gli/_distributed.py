"""A graph on the workers of a cluster. Its results stay there until they are asked for."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import _construct, _core, _expressions as expressions
from ._edits import Batch, warn_of_duplicate
from ._fit import MOVED, VALUES
from ._formats.writers import Writers
from ._loading import EMBEDDED
from ._merge import merge, visible
from ._merging import Resolver, Strategy
from ._methods import GraphMethods
from ._node_values import NodeValues, Provenance
from ._programs import Program, pickled, python_version
from ._table import Table

if TYPE_CHECKING:
    from ._client import Client

_KEY_TYPES = {0: "none", 1: "int64", 2: "str"}
_ATTRIBUTE = "attribute."
_OF_ONE_NODE = {"node": "key", "value": "key", "neighbors": "key", "edge": "source"}
_SHOW_MIRRORS = {"edges", "edge", "neighbors"}


PARTITIONERS = ("hash", "range", "stream")


def partitioner_name(name: str) -> str:
    """It, if it is one.

    >>> partitioner_name("metis")
    Traceback (most recent call last):
    ValueError: a partitioner is 'hash', 'range' or 'stream', not 'metis'
    """
    if name not in PARTITIONERS:
        raise ValueError(f"a partitioner is 'hash', 'range' or 'stream', not {name!r}")
    return name


class Handle:
    """Names a graph or a result on a cluster; released when it is collected."""

    def __init__(self, client: Client, number: int):
        self.client = client
        self.number = number
        weakref.finalize(self, client._release, number).atexit = False


@dataclass(frozen=True)
class Shape:
    """What a graph's driver knows of it."""

    nodes: int
    edges: int
    directed: bool
    multi: bool
    key_type: str
    attributes: dict[str, Any]
    partitioner: str
    owners: str  # where two graphs' are equal, each node has one owner in both; "": the hashes of keys say it

    @classmethod
    def of(cls, summary: dict[str, Any]) -> Shape:
        own = {name.removeprefix(_ATTRIBUTE): x for name, x in summary.items() if name.startswith(_ATTRIBUTE)}
        facts = (summary["nodes"], summary["edges"], summary["directed"], summary["multi"], _KEY_TYPES[summary["keys"]], own)
        return cls(*facts, summary["partitioner"], summary["owners"])


class DistributedGraph(Writers, GraphMethods):
    """A graph on a cluster: the same methods as gli.Graph."""

    def __init__(self, client: Client, reply: dict):
        self._client = client
        self._handle = Handle(client, reply["output"])
        self._shape = Shape.of(reply["partitions"][0])
        self._mirrors_resolved = False
        self._id: str | None = None
        self._degrees: dict[str, NodeValues] = {}
        self._has_lists = False  # of neighbors, on the workers

    @property
    def client(self) -> Client:
        """The cluster's client."""
        return self._client

    @property
    def directed(self) -> bool:
        return self._shape.directed

    @property
    def multi(self) -> bool:
        return self._shape.multi

    @property
    def key_type(self) -> str:
        return self._shape.key_type

    @property
    def node_count(self) -> int:
        return self._shape.nodes

    @property
    def edge_count(self) -> int:
        return self._shape.edges

    @property
    def attributes(self) -> dict[str, Any]:
        """The graph's own attributes."""
        return dict(self._shape.attributes)

    # --- primitives -----------------------------------------------------------------------------------------------------------

    def _job(self, *body, title: str) -> dict:
        return self._client._job(self._handle.number, body, title)

    def _query(self, name, values=None, other=None, **arguments) -> pa.Table:
        if name in _SHOW_MIRRORS:
            self._resolve_mirrors()
        numbers = (self._handle.number, values.number if values else 0, other.number if other else 0)
        if name in _OF_ONE_NODE:
            return visible(self._client._ask_partition(self._owner(self._owning_key(name, arguments)), name, numbers, arguments))
        return merge(name, self._client._ask_all(name, numbers, _for_each_partition(name, arguments)), arguments)

    def _resolve_mirrors(self) -> None:
        """Lets every worker know the keys of the nodes that its edges lead to."""
        if not self._mirrors_resolved:
            self._job("resolve_mirrors", title="resolve")
            self._mirrors_resolved = True

    def _owner(self, key) -> int:
        """The partition that owns a node, if there is one of this key. Where the hash of the key does not say it, its home knows."""
        home = _core.owner_of(key, self._client._partitions())
        if not self._shape.owners:
            return home
        answer = self._client._ask_partition(home, "owner", (self._handle.number, 0, 0), {"key": key})
        return answer.column("partition")[0].as_py()

    def _owning_key(self, name: str, arguments: dict):
        if name == "edge" and not self.directed:
            return min(arguments["source"], arguments["target"])
        return arguments[_OF_ONE_NODE[name]]

    def _run(self, name, arguments) -> NodeValues:
        self._client._refuse_run(self, name, arguments)
        return values_of(self, self._job("run", name, arguments, title=name))

    def _run_program(self, program: Program, parameters, weight, max_rounds, timeout) -> list[NodeValues]:
        self._client._refuse_program(program.name, self, program.state)
        what = program._native(parameters, weight, max_rounds, pickled(program, parameters), python_version())
        try:
            reply = self._client._job(self._handle.number, ("program", what), program.name, timeout or 0)
        except TimeoutError:
            raise TimeoutError(f"program {program.name!r} did not end within {timeout:g} s") from None
        return [values_of(self, reply, i, f"{program.name}.{column}") for i, column in enumerate(program.state)]

    def _run_aggregate(self, aggregate: tuple) -> NodeValues:
        return values_of(self, self._job("aggregate", aggregate, title="aggregate"))

    def _select(self, nodes, edges) -> DistributedGraph:
        for f in (nodes, edges):
            if callable(f) and not isinstance(f, expressions.Expression):
                raise NotImplementedError(
                    "a graph on a cluster is filtered by expressions, such as gli.node('age') > 30, not by a Python function"
                )
        if expressions.mentions(edges, "target"):
            self._resolve_mirrors()
        reply = self._job("select", expressions.to_native(nodes, "nodes"), expressions.to_native(edges, "edges"), title="filter")
        return DistributedGraph(self._client, reply)

    def _select_by_values(self, values, low, high) -> DistributedGraph:
        return DistributedGraph(self._client, self._job("select_by_values", values._values.number, float(low), float(high), title="filter"))

    def _k_truss(self, k):
        raise NotImplementedError("k_truss() is of embedded graphs: k_core() works on a cluster, and to_local() makes an embedded graph")

    def _spanning_forest(self, weight):
        raise NotImplementedError(
            "spanning trees are of embedded graphs, which to_local() makes: connected_components() and bfs_predecessors() work on a cluster"
        )

    def _with_values(self, name, values):
        self._client._refuse_made("with_values", self, VALUES)
        return DistributedGraph(self._client, self._job("with_values", values._values.number, name, title="with_values"))

    def _identity(self) -> str:
        if self._id is None:
            self._id = self._job("identify", title="identify")["partitions"][0]["graph_id"]
        return self._id

    def _all_degrees(self, mode: str) -> NodeValues:
        if mode not in self._degrees:
            self._degrees[mode] = super()._all_degrees(mode)
        return self._degrees[mode]

    def _degree_of(self, node, mode: str) -> int:
        return self._all_degrees(mode)[node]

    def _check_same_place(self, other):
        if not isinstance(other, DistributedGraph) or other._client is not self._client:
            raise TypeError("values can be compared when both are on the same cluster and of one client")

    def _edit(self, edits) -> DistributedGraph:
        graph = self
        for part in _core.edit_lists(edits):
            graph = graph._edited(graph._job("edit", part, title="edit"))
        return graph

    def _worth_loading(self, rows: int) -> bool:
        return self.node_count + self.edge_count == 0

    def _add_table(self, rows) -> DistributedGraph:
        return self._edited(self._client._add_rows(self._handle.number, rows))

    def _place(self) -> Client:
        return self._client

    def _edited(self, reply: dict) -> DistributedGraph:
        if lossy := reply["partitions"][0]["lossy_duplicate"]:
            warn_of_duplicate(lossy)
        return DistributedGraph(self._client, reply)

    def batch_operations(self) -> Batch:
        """A block of edits, applied together: the result is in `batch.graph`; this graph stays, and nothing happens if the block raises."""
        return Batch(self)

    def __eq__(self, other):
        if not isinstance(other, DistributedGraph):
            return NotImplemented
        return self._handle is other._handle or self.graph_id == other.graph_id

    def __hash__(self):
        return hash(self.graph_id)

    # --- what only a cluster has ----------------------------------------------------------------------------------------------

    def repartition(self, partitioner: str | DistributedGraph) -> DistributedGraph:
        """The same graph with its nodes, and the edges that leave them, dealt out to the workers in another way; this one stays.

        "hash": by the hashes of keys. "range": sorted keys in as many ranges; good where near keys are neighbors. "stream": where a node's
        neighbors are, by linear deterministic greedy [Stanton, Kliot 2012], streamed several times over [Nishimura, Ugander 2013]. All give
        each worker about as many nodes and edges. Another graph on the cluster: where that has them. Results are the same wherever nodes
        are; partition_stats() tells how many edges are cut. On one worker nothing changes. ValueError for another name.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        ...     ring = client.from_edge_list([(i, (i + 1) % 1000) for i in range(1000)])
        ...     sum(ring.repartition("range").partition_stats()["cut_edges"]), sum(ring.partition_stats()["cut_edges"]) > 400
        (2, True)
        """
        if isinstance(partitioner, DistributedGraph):
            self._check_same_place(partitioner)
            name, like = "", partitioner._handle.number
        else:
            name, like = partitioner_name(partitioner), 0
        if self._client._partitions() > 1:
            self._client._refuse_made("repartition", self, MOVED)
        return DistributedGraph(self._client, self._job("repartition", name, like, title="repartition"))

    def _owned_like(self, other: DistributedGraph) -> DistributedGraph:
        """This graph, with each node where the other has it: only then do partitions find by themselves what two graphs have in common."""
        return self if self._shape.owners == other._shape.owners else self.repartition(other)

    def partition_stats(self) -> Table:
        rows = pa.concat_tables(self._client._ask_all("counts", (self._handle.number, 0, 0), {}))
        workers = self._client._workers_by_partition()
        where = pa.table(
            {
                "partition": [w.partition for w in workers],
                "worker": [str(w.worker) for w in workers],
                "pid": [w.pid for w in workers],
                "partitioner": [self._shape.partitioner] * len(workers),
            }
        )
        for name in rows.column_names:
            where = where.append_column(name, rows.column(name))
        sizes = [n + m for n, m in zip(rows.column("nodes").to_pylist(), rows.column("edges").to_pylist(), strict=True)]
        even = sum(sizes) / len(sizes)
        return Table(where.append_column("balance", pa.array([size / even if even else 1.0 for size in sizes])))

    def to_local(self):
        """The same graph in this process."""
        edges, nodes = self.edges._exact(), self.nodes._exact()
        return _construct.from_own_tables(EMBEDDED, edges, nodes, self.directed, self.multi, self.key_type, self.attributes)

    def _count_changes(self, older: DistributedGraph) -> dict[str, int]:
        if not isinstance(older, DistributedGraph):
            raise TypeError(f"a graph on a cluster is compared with an older one there, not with {older!r}")
        self._check_same_place(older)
        older = older._owned_like(self)
        return older._job("compare_graphs", self._handle.number, title="compare")["partitions"][0]

    def _list_changes(self, older: DistributedGraph, limit: int | None) -> pa.Table:
        older = older._owned_like(self)
        for graph in (self, older):
            graph._resolve_mirrors()
        limit = 2**63 - 1 if limit is None else limit
        answers = self._client._ask_all("differences", (self._handle.number, 0, older._handle.number), {"limit": limit})
        return merge("differences", answers, {"limit": limit})

    def merge(self, theirs: DistributedGraph, base: DistributedGraph, strategy: Strategy = "auto") -> DistributedGraph:
        """This graph with what `theirs` changed since `base`, as Graph.merge; the partitions merge what they own."""
        resolver = Resolver(strategy)
        for graph in (theirs, base):
            self._check_same_place(graph)
        theirs, base = theirs._owned_like(self), base._owned_like(self)
        sides = ("merge", base._handle.number, theirs._handle.number)
        reply = self._job(*sides, [], resolver.side or "ours", resolver.side is None, title="merge")
        made = DistributedGraph(self._client, reply)
        told = reply["partitions"][0].get("told")
        if not told:
            return made
        choices = [resolver.answer(conflict) for conflict in told]
        resolver.check()
        return DistributedGraph(self._client, self._job(*sides, choices, "ours", False, title="merge"))


def values_of(graph: DistributedGraph, reply: dict, which: int = 0, name: str | None = None) -> NodeValues:
    """The values that a job left on the workers; of several, which, and what they are called."""
    facts = dict(reply["partitions"][0])
    algorithm, version = facts.pop("algorithm"), facts.pop("version")
    arguments = {name.removeprefix("argument."): facts.pop(name) for name in list(facts) if name.startswith("argument.")}
    return NodeValues(graph, Handle(graph._client, reply["output"] + which), Provenance(name or algorithm, version, arguments, facts))


def _for_each_partition(name: str, arguments: dict) -> dict:
    """A window of the whole is cut after the merge: each partition answers from its beginning, and all of its sizes."""
    changed = dict(arguments)
    if name == "sizes":
        changed.pop("n", None)
    offset = changed.pop("offset", 0) or 0
    if changed.get("limit") is not None:
        changed["limit"] += offset
    return changed
