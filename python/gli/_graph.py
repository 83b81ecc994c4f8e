"""The graph value in this process."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from . import _bulk, _construct, _core, _expressions as expressions, _loading
from ._algorithm_runs import weighted
from ._arrow import column_of, columns_from_rows, table_of
from ._checks import attribute_name, collection, edge_row, flag, mapping
from ._edits import Batch, warn_of_duplicate
from ._formats.writers import Writers
from ._loading import EMBEDDED
from ._merge import merge
from ._methods import GraphMethods
from ._node_values import NodeValues, Provenance
from ._programs import Alarm, Program, beginning
from ._progress import Progress
from ._merging import Strategy, merged
from ._table import Table


class Graph(_core.Version, Writers, GraphMethods):
    """An immutable property graph: every edit gives a new graph and leaves this one as it is.

    Keys are int or str (one type in a graph); attributes are None, bool, int, float, str, datetime, bytes, or lists and dicts of these.

    >>> import gli
    >>> g = gli.Graph()
    >>> g2 = g.add_node("ann", age=41).add_node("bob").add_edge("ann", "bob", weight=0.5)
    >>> g, g2
    (<gli.Graph: directed, 0 nodes, 0 edges>, <gli.Graph: directed, 2 nodes, 1 edge>)
    """

    __slots__ = ()

    def __init__(self, directed: bool = True, multi: bool = False):
        instead = ": a graph of edges is gli.Graph.from_edge_list(edges), one of a file gli.read_edges(path)"
        self._core = _core.Graph(flag(directed, "directed", instead), flag(multi, "multi"))

    @classmethod
    def _from_core(cls, core) -> Graph:
        graph = cls.__new__(cls)
        graph._core = core
        return graph

    # --- constructors ---------------------------------------------------------------------------------------------------------

    @classmethod
    def empty(cls, directed: bool = True, multi: bool = False) -> Graph:
        """A graph without nodes."""
        return cls(directed, multi)

    @classmethod
    def from_node_list(cls, ids: Iterable, node_attrs: Mapping | None = None, directed: bool = True, duplicates: str = "first") -> Graph:
        """A graph of nodes; node_attrs is {key: attributes}. duplicates="error" refuses a key that comes twice.

        >>> Graph.from_node_list(["ann", "bob"], {"ann": {"age": 41}}).nodes["ann"]
        {'age': 41}
        """
        attributes = mapping(node_attrs, "node_attrs")
        keys = list(collection(ids, "keys"))
        _check_used(attributes, set(keys), "node")
        if duplicates not in ("first", "last", "error"):
            raise ValueError(f"duplicates of nodes is 'first', 'last' or 'error', not {duplicates!r}")
        return _from_rows(cls, [(k, attributes.get(k)) for k in keys], [], directed, False, duplicates)

    @classmethod
    def from_edge_list(
        cls,
        edges: Iterable[tuple],
        node_attrs: Mapping | None = None,
        edge_attrs: Mapping | None = None,
        directed: bool = True,
        multi: bool = False,
        duplicates: str = "first",
    ) -> Graph:
        """A graph of edges, (source, target), (source, target, attributes) or, in a multi graph, (source, target, key, attributes); makes
        their ends. node_attrs is {key: attributes}, edge_attrs {(source, target): attributes}.

        >>> g = Graph.from_edge_list([("ann", "bob", {"weight": 2})], {"ann": {"age": 41}})
        >>> g.edges["ann", "bob"], g.nodes["ann"]
        ({'weight': 2}, {'age': 41})
        """
        _, multi = _loading.policy(duplicates, multi)
        if not node_attrs and not edge_attrs:
            graph = _bulk.from_pairs(EMBEDDED, edges, directed, multi, duplicates)
            if graph is not None:
                return graph
        rows = [edge_row(e, multi) for e in collection(edges, "edges")]
        rows = _with_attributes(rows, mapping(edge_attrs, "edge_attrs"), directed)
        nodes = list(mapping(node_attrs, "node_attrs").items())
        return _from_rows(cls, nodes, rows, directed, multi, duplicates)

    @staticmethod
    def _place() -> _loading.Place:
        return EMBEDDED

    from_arrow = classmethod(_construct.from_arrow)
    from_batches = classmethod(_construct.from_batches)
    from_pandas = classmethod(_construct.from_pandas)
    from_polars = classmethod(_construct.from_polars)
    from_scipy = classmethod(_construct.from_scipy)
    from_numpy = classmethod(_construct.from_numpy)
    from_networkx = classmethod(_construct.from_networkx)

    # --- primitives -----------------------------------------------------------------------------------------------------------

    def _query(self, name, values=None, other=None, **arguments) -> pa.Table:
        return merge(name, [pa.table(self._core.answer(name, arguments, values, other))], arguments)

    def _rows(self, what, conditions):
        return _core.Rows(self._core, what == "edges", [c if _is_function(c) else expressions.to_native(c, what) for c in conditions])

    def _run(self, name, arguments) -> NodeValues:
        with Progress(name) as progress:
            return _values_of(self, self._core.run(name, arguments, progress))

    def _run_program(self, program: Program, parameters, weight, max_rounds, timeout) -> list[NodeValues]:
        what = program._native(parameters, weight, max_rounds)
        with Progress(program.name) as progress, Alarm(program, timeout) as alarm:
            made = _core.run_program(self._core, what, beginning(program, parameters, alarm), progress)
        return [_values_of(self, core) for core in made]

    def _run_aggregate(self, aggregate: tuple) -> NodeValues:
        with Progress("aggregate") as progress:
            return _values_of(self, _core.run_aggregate(self._core, aggregate, progress))

    def _select(self, nodes, edges) -> Graph:
        if _is_function(nodes) or _is_function(edges):
            return self._filter_rows(nodes, edges)
        with Progress("filter") as progress:
            return Graph._from_core(
                self._core.select(expressions.to_native(nodes, "nodes"), expressions.to_native(edges, "edges"), progress)
            )

    def _filter_rows(self, nodes, edges) -> Graph:
        graph = self
        if isinstance(nodes, expressions.Expression) or isinstance(edges, expressions.Expression):
            graph = self._select(*(f if isinstance(f, expressions.Expression) else None for f in (nodes, edges)))
        return Graph._from_core(graph._core.filter_rows(*(f if _is_function(f) else None for f in (nodes, edges))))

    def subgraph(self, nodes: Iterable) -> Graph:
        """The subgraph of these nodes and the edges between them; keys that no node has are passed over, as in NetworkX.

        >>> g = Graph.from_edge_list([(1, 2), (2, 3)])
        >>> list(g.subgraph([1, 2, 9]).edges)
        [(1, 2)]
        """
        return Graph._from_core(self._core.subgraph(list(collection(nodes, "nodes"))))

    def _k_truss(self, k) -> Graph:
        with Progress("k_truss") as progress:
            return Graph._from_core(self._core.k_truss(k, progress))

    def _path_between(self, source, target, weight) -> list | None:
        found = self._meet(source, target, weight)
        return found and found[0]

    def _distance_between(self, source, target, weight) -> int | float | None:
        found = self._meet(source, target, weight)
        return found and (int(found[1]) if weight is None else found[1])

    def _meet(self, source, target, weight) -> tuple[list, float] | None:
        source, target = self._checked_key(source), self._checked_key(target)
        with Progress("shortest_path") as progress:
            return self._core.path_between(source, target, weighted(weight).get("weight"), progress)

    def _spanning_forest(self, weight) -> Graph:
        with Progress("minimum_spanning_tree") as progress:
            return Graph._from_core(self._core.spanning_forest(weight, progress))

    def _select_by_values(self, values, low, high) -> Graph:
        return Graph._from_core(self._core.select_by_values(values._values, low, high))

    def _with_values(self, name: str, values: NodeValues) -> Graph:
        return Graph._from_core(self._core.with_values(name, values._values))

    def _check_same_place(self, other):
        if not isinstance(other, Graph):
            raise TypeError("values of an embedded graph and of one on a cluster cannot be compared: both must be in one place")

    def _worth_loading(self, rows: int) -> bool:
        return _bulk.worth_loading(rows, self.node_count + self.edge_count)

    def _add_table(self, rows) -> Graph:
        core, _, lossy = rows.edit(self._core)
        if lossy:
            warn_of_duplicate(lossy)
        return Graph._from_core(core)

    def batch_operations(self) -> Batch:
        """A block of edits, applied together: the result is in `batch.graph`; this graph stays, and nothing happens if the block raises.

        >>> g = Graph()
        >>> with g.batch_operations() as b:
        ...     _ = b.add_nodes([1, 2]).add_edge(1, 2)
        >>> b.graph, g
        (<gli.Graph: directed, 2 nodes, 1 edge>, <gli.Graph: directed, 0 nodes, 0 edges>)
        """
        return Batch(self)

    def partition_stats(self) -> Table:
        rows = self._query("counts")
        where = pa.table({"partition": [0], "worker": ["embedded"], "pid": [os.getpid()], "partitioner": ["hash"]})
        for name in rows.column_names:
            where = where.append_column(name, rows.column(name))
        return Table(where.append_column("balance", pa.array([1.0])))

    def memory_usage(self) -> dict[str, int]:
        """Bytes by part; "log" is what edits since the last time the graph was written to pages take."""
        return {**self._core.memory_usage(), "log": self._log_bytes}

    def merge(self, theirs: Graph, base: Graph, strategy: Strategy = "auto") -> Graph:
        """This graph with what `theirs` changed since `base`, element by element and attribute by attribute.

        What both changed, and not to the same, is a conflict. strategy="auto" raises MergeConflict, which lists them; "ours" keeps this
        graph's side, "theirs" takes the other; a function of a Conflict answers the attribute's value, or of a whole element whether it is
        kept; a dict {conflict: answer} decides one by one. An edge never stays without its ends.

        >>> base = Graph.from_edge_list([(1, 2)], {1: {"age": 41}})
        >>> ours, theirs = base.update_node(1, age=42), base.update_node(1, age=43).add_node(3)
        >>> ours.merge(theirs, base)
        Traceback (most recent call last):
        gli._errors.MergeConflict: 1 conflict; strategy= decides them
          node 1, attribute 'age': 41 became 42 in ours, 43 in theirs
        >>> ours.merge(theirs, base, strategy=lambda c: max(c.ours, c.theirs)).nodes[1]
        {'age': 43}
        """
        return merged(_graph(base), self, _graph(theirs), strategy)

    def _count_changes(self, older: Graph) -> dict[str, int]:
        return _core.count_changes(self, _graph(older))

    def _list_changes(self, older: Graph, limit: int | None) -> pa.Table:
        return pa.table(_core.differences(self, _graph(older), 2**63 - 1 if limit is None else limit))

    def __reduce__(self):
        kind = (self.directed, self.multi, self.key_type)
        return _rebuilt, (self.edges._exact(), self.nodes._exact(), kind, self.attributes)

    def __eq__(self, other):
        if not isinstance(other, Graph):
            return NotImplemented
        return self._core is other._core or self.graph_id == other.graph_id

    def __hash__(self):
        return hash(self.graph_id)


def _values_of(graph: Graph, core) -> NodeValues:
    return NodeValues(graph, core, Provenance(core.algorithm, core.version, core.arguments, core.summary))


def _rebuilt(edges: pa.Table, nodes: pa.Table, kind: tuple, attributes: dict[str, Any]) -> Graph:
    return _construct.from_own_tables(EMBEDDED, edges, nodes, *kind, attributes)


def _graph(older) -> Graph:
    if not isinstance(older, Graph):
        raise TypeError(f"a graph is compared with an older gli.Graph, not with {older!r}")
    return older


def _is_function(filter) -> bool:
    return callable(filter) and not isinstance(filter, expressions.Expression)


def _check_used(attributes: Mapping, keys: set, element: str) -> None:
    for key in attributes:
        if key not in keys:
            raise KeyError(f"{element}_attrs has {key!r}, but there is no such {element}")


def _with_attributes(rows: list[tuple], edge_attrs: Mapping, directed: bool) -> list[tuple]:
    """Edges with what edge_attrs has for their ends, in either order where edges have no direction."""
    if not edge_attrs:
        return rows
    ends = {(u, v) for u, v, *_ in rows}
    _check_used(edge_attrs, ends if directed else ends | {(v, u) for u, v in ends}, "edge")
    either = {} if directed else {(v, u): a for (u, v), a in edge_attrs.items()}
    given = {**either, **edge_attrs}
    return [(u, v, k, {**(a or {}), **(given[u, v] or {})} if (u, v) in given else a) for u, v, k, a in rows]


def _from_rows(cls, nodes: list[tuple], edges: list[tuple], directed: bool, multi: bool, duplicates: str = "first") -> Graph:
    """Through columns where values allow it (fast), else edit by edit."""
    node_table = _table({"id": [n for n, _ in nodes]}, [a for _, a in nodes])
    ends = {"source": [e[0] for e in edges], "target": [e[1] for e in edges]}
    keyed = any(e[2] is not None for e in edges)
    if keyed:
        ends["key"] = [e[2] for e in edges]
    edge_table = _table(ends, [e[3] for e in edges])
    plain = node_table is not None and edge_table is not None and not (keyed and None in ends["key"])
    if plain and (keyed or not multi or duplicates == "multi"):
        return cls.from_arrow(
            edge_table if edges else None,
            node_table if nodes else None,
            key="key" if keyed else None,
            directed=directed,
            multi=multi,
            duplicates=duplicates,
        )
    with cls(directed, multi).batch_operations() as batch:
        batch.add_nodes((n, a or {}) for n, a in _bulk.settled(nodes, True, duplicates))
        batch.add_edges(((u, v, k, a or {}) for u, v, k, a in _bulk.settled(edges, directed, duplicates)), create_nodes=True)
    return batch.graph


def _table(keys: dict[str, list], attributes: list[Mapping | None]) -> pa.Table | None:
    columns = columns_from_rows(a or {} for a in attributes) if any(attributes) else {}
    for name in columns:
        attribute_name(name, "node" if "id" in keys else "edge")
    if columns.keys() & {"key", ""} or any(None in values for values in keys.values()):
        return None
    arrays = {}
    for name, values in {**keys, **columns}.items():
        arrays[name] = column_of(values)
        if arrays[name] is None or (name in keys and not (pa.types.is_int64(arrays[name].type) or pa.types.is_string(arrays[name].type))):
            return None
    return table_of(arrays)
