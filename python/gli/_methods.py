"""What every graph can be asked, in terms of a few primitives, so that embedded and distributed graphs answer alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa

from . import _expressions as expressions
from ._algorithms import Algorithms
from ._arrow import type_text
from ._checks import attribute_name, collection
from ._convert_graph import Conversions
from ._edits import EditMethods
from ._history import Diff
from ._node_values import NodeValues
from ._programs import ProgramMethods
from ._table import Table, counted
from ._views import EdgesView, NodesView, without_nulls

Filter = expressions.Expression | Callable[..., bool]


_KEY_TYPES = {"int64": int, "str": str}


class GraphMethods(EditMethods, Algorithms, ProgramMethods, Conversions):
    """The methods that gli.Graph and gli.DistributedGraph share."""

    __slots__ = ()

    # --- primitives -----------------------------------------------------------------------------------------------------------

    def _query(self, name: str, values=None, other=None, **arguments) -> pa.Table:
        raise NotImplementedError

    def _rows(self, what: str, conditions: tuple):
        """Rows that conditions choose, of "nodes" or "edges", where they can be had without making a graph of them; else None."""
        return None

    def _run(self, name: str, arguments: dict[str, Any]) -> NodeValues:
        raise NotImplementedError

    def _select(self, nodes: Filter | None, edges: Filter | None):
        raise NotImplementedError

    def _select_by_values(self, values: NodeValues, low: float, high: float):
        raise NotImplementedError

    def _with_values(self, name: str, values: NodeValues):
        raise NotImplementedError

    def _identity(self) -> str:
        raise NotImplementedError

    def _count_changes(self, older: GraphMethods) -> dict[str, int]:
        raise NotImplementedError

    def _list_changes(self, older: GraphMethods, limit: int | None) -> pa.Table:
        raise NotImplementedError

    def _check_same_place(self, other: GraphMethods) -> None:
        raise NotImplementedError

    @property
    def directed(self) -> bool:
        """Whether edges have a direction."""
        raise NotImplementedError

    @property
    def multi(self) -> bool:
        """Whether there may be parallel edges, told apart by their keys."""
        raise NotImplementedError

    @property
    def key_type(self) -> str:
        """'int64' or 'str'; 'none' until there is a node."""
        raise NotImplementedError

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        raise NotImplementedError

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        raise NotImplementedError

    def partition_stats(self) -> Table:
        """Where the graph lies: a row for each partition with its worker, pid, partitioner ("hash" where hashes of keys deal nodes out),
        nodes, edges, cut edges (that leave it), mirrors, bytes, and balance: its nodes and edges ÷ an even share of all."""
        raise NotImplementedError

    # --- size and identity ----------------------------------------------------------------------------------------------------

    def number_of_nodes(self) -> int:
        """How many nodes there are."""
        return self.node_count

    def number_of_edges(self) -> int:
        """How many edges there are."""
        return self.edge_count

    def __len__(self) -> int:
        return self.node_count

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __bool__(self) -> bool:
        return True

    def __contains__(self, node) -> bool:
        return self.has_node(node)

    def __iter__(self):
        return iter(self.nodes)

    @property
    def graph_id(self) -> str:
        """The content's hash in hex: the same graph has the same id, however it was made and wherever it lies.

        >>> import gli
        >>> a = gli.Graph().add_node(1).add_node(2)
        >>> a.graph_id == gli.Graph().add_node(2).add_node(1).graph_id, a.graph_id == a.add_node(3).graph_id
        (True, False)
        """
        return self._identity()

    # --- nodes and edges ------------------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> NodesView:
        """The nodes, as a lazy view."""
        return NodesView(self)

    @property
    def edges(self) -> EdgesView:
        """The edges, as a lazy view."""
        return EdgesView(self)

    def _checked_key(self, key):
        if isinstance(key, str):
            if self.key_type == "int64":
                raise TypeError(f"this graph's keys are int64, not {key!r}")
            return key
        if isinstance(key, bool) or not hasattr(key, "__index__"):
            raise TypeError(f"keys are int or str, not {key!r}")
        if self.key_type == "str":
            raise TypeError(f"this graph's keys are str, not {key!r}")
        return key.__index__()

    def _checked_keys(self, keys: list) -> list:
        if set(map(type, keys)) == {_KEY_TYPES.get(self.key_type)}:
            return keys
        return [self._checked_key(k) for k in keys]

    def has_node(self, node) -> bool:
        """Whether the node is there."""
        return self._query("node", key=self._checked_key(node)).num_rows > 0

    def get_node(self, node) -> dict[str, Any]:
        """The node's attributes. KeyError when it is missing."""
        rows = self._query("node", key=self._checked_key(node))
        if rows.num_rows == 0:
            raise KeyError(f"Node {node!r} not found")
        return next(iter(without_nulls(rows.drop_columns(["id"]))))

    def _edges_between(self, source, target) -> list[tuple[Any, dict[str, Any]]]:
        rows = self._query("edge", source=self._checked_key(source), target=self._checked_key(target))
        keys = rows.column("key").to_pylist() if self.multi else [None] * rows.num_rows
        own = [n for n in ("source", "target", "key") if n in rows.column_names and (n != "key" or self.multi)]
        return list(zip(keys, without_nulls(rows.drop_columns(own))))

    def has_edge(self, source, target, key=None) -> bool:
        """Whether there is an edge from source to target (with that key)."""
        return any(key is None or k == key for k, _ in self._edges_between(source, target))

    def get_edge(self, source, target, key=None) -> dict:
        """The edge's attributes; where parallel edges may be and no key is given, {key: attributes}. KeyError when it is missing."""
        found = dict(self._edges_between(source, target))
        if not found or (key is not None and key not in found):
            with_key = "" if key is None else f", {key!r}"
            raise KeyError(f"Edge ({source!r}, {target!r}{with_key}) not found")
        return found if self.multi and key is None else found[key]

    def neighbors(self, node) -> list:
        """The nodes that edges lead to from `node` (undirected: all neighbors), each once."""
        return self._adjacent(node, "out" if self.directed else "all")

    def successors(self, node) -> list:
        """The nodes that edges lead to from `node`."""
        return self.neighbors(node)

    def predecessors(self, node) -> list:
        """The nodes that edges come from to `node`."""
        return self._adjacent(node, "in" if self.directed else "all")

    def _adjacent(self, node, direction: str) -> list:
        try:
            return self._query("neighbors", key=self._checked_key(node), direction=direction).column("id").to_pylist()
        except KeyError:
            raise KeyError(f"Node {node!r} not found") from None

    def degree(self, node=None, mode: str = "total"):
        """How many edges a node has; without a node, NodeValues of all. mode: "total", "in" or "out".

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (1, 3)])
        >>> g.degree(1), g.degree().to_dict()
        (2, {1: 2, 2: 1, 3: 1})
        """
        return self._all_degrees(mode) if node is None else self._degree_of(node, mode)

    def _all_degrees(self, mode: str) -> NodeValues:
        return self._run("degree", {"mode": mode})

    def with_values(self, name: str, values: NodeValues | Mapping[Any, Any]):
        """The graph with values as the node attribute `name`: all of an algorithm's, or a mapping's of some nodes.

        The algorithm may have run on another version with the same nodes, else ValueError. None is no attribute. KeyError when the mapping
        names a node that is missing.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("ann", "bob"), ("eve", "bob")])
        >>> g = g.with_values("fans", g.degree(mode="in")).with_values("age", {"eve": 41})
        >>> g.nodes["bob"], g.nodes["eve"]
        ({'fans': 2}, {'age': 41, 'fans': 0})
        """
        attribute_name(name, "node")
        if isinstance(values, NodeValues):
            self._check_same_place(values.graph)
            return self._with_values(name, values)
        if not isinstance(values, Mapping):
            raise TypeError(f"values are NodeValues or a mapping from nodes to values, not {values!r}")
        with self.batch_operations() as batch:
            for node, value in values.items():
                batch.set_node_attribute(node, name, value)
        return batch.graph

    def diff(self, older: GraphMethods) -> Diff:
        """What changed from an older graph to this one, both in one place; in columns, with old and new values.

        Its cost follows the change where one was made from the other.

        >>> import gli
        >>> monday = gli.Graph().add_node("ann", age=41).add_node("bob")
        >>> friday = monday.update_node("ann", age=42).remove_node("bob")
        >>> friday.diff(monday)
        a graph of 2 nodes, 0 edges → a graph of 1 node, 0 edges
          nodes: 0 added, 1 removed, 1 changed
          edges: 0 added, 0 removed, 0 changed
        >>> friday.diff(monday).rows(1)
        change   element  id   source  target  key  attribute  old  new
        changed  node     ann                       age        41   42
        """
        return Diff(older, self, self._count_changes(older), lambda limit: self._list_changes(older, limit))

    # --- subgraphs ------------------------------------------------------------------------------------------------------------

    def filter(self, nodes: Filter | None = None, edges: Filter | None = None):
        """The subgraph of the nodes and edges that pass; an edge stays when both its ends do.

        Filters are expressions; embedded graphs also take Python functions of (key, attributes) and (source, target, attributes).

        >>> import gli
        >>> g = gli.Graph().add_nodes([("ann", {"age": 41}), ("bob", {"age": 12})]).add_edge("ann", "bob")
        >>> adults = g.filter(nodes=gli.node("age") >= 18)
        >>> list(adults.nodes), len(adults.edges)
        (['ann'], 0)
        """
        if nodes is None and edges is None:
            return self
        return self._select(nodes, edges)

    def create_subgraph(self, node_filter: Filter | None = None, edge_filter: Filter | None = None):
        """The same as filter(nodes=node_filter, edges=edge_filter)."""
        return self.filter(nodes=node_filter, edges=edge_filter)

    def subgraph(self, nodes: Iterable):
        """The subgraph of these nodes and the edges between them."""
        return self.filter(nodes=expressions.key().is_in([self._checked_key(n) for n in collection(nodes, "nodes")]))

    def get_subgraph_by_attribute(self, name: str, value: Any):
        """The subgraph of the nodes whose attribute has the value."""
        return self.filter(nodes=expressions.node(name) == value)

    # --- elsewhere ------------------------------------------------------------------------------------------------------------

    def _description(self) -> str:
        direction = "directed" if self.directed else "undirected"
        return f"{direction}{' multi' if self.multi else ''}, {counted(self.node_count, 'node')}, {counted(self.edge_count, 'edge')}"

    def __repr__(self):
        return f"<gli.{type(self).__name__}: {self._description()}>"

    def _repr_html_(self):
        from html import escape

        rows = "".join(
            f"<tr><td>{what}</td><td>{escape(f.name)}</td><td>{escape(type_text(f))}</td></tr>"
            for what, view in (("nodes", self.nodes), ("edges", self.edges))
            for f in view._exact_schema()
        )
        return (
            f"<p>{escape(repr(self))}</p><table><thead><tr><th></th><th>column</th><th>type</th></tr></thead><tbody>{rows}</tbody></table>"
        )
