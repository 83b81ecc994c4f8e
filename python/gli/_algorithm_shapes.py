"""Algorithms that say what a graph looks like as a whole."""

from __future__ import annotations

from . import _expressions as expressions
from ._algorithm_runs import Runs, weighted
from ._node_values import NodeValues
from ._timeout import limited


class Shapes(Runs):
    """Orders, cycles and trees."""

    __slots__ = ()

    @limited
    def topological_generations(self, *, timeout: float | None = None) -> NodeValues:
        """For each node how many edges the longest path to it has; None on a cycle and behind one. ValueError for undirected graphs.

        O(n + m), a round for each generation. [Kahn 1962]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (1, 3)]).topological_generations().to_dict()
        {1: 0, 2: 1, 3: 2}
        """
        return self._run("topological_generations", {})

    @limited
    def topological_sort(self, *, timeout: float | None = None) -> list:
        """The nodes in an order in which every edge leads forward: by generation, then as they came. ValueError where there is a cycle.

        >>> import gli
        >>> gli.Graph.from_edge_list([(3, 2), (2, 1), (3, 1)]).topological_sort()
        [3, 2, 1]
        """
        found = self.topological_generations()
        if found.summary["sorted"] != self.node_count:
            raise ValueError("the graph has a cycle: its nodes have no topological order")
        return found.to_arrow().sort_by("value").column("id").to_pylist()

    @limited
    def is_directed_acyclic_graph(self, *, timeout: float | None = None) -> bool:
        """Whether the graph is directed and no path leads from a node back to it.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
        >>> g.is_directed_acyclic_graph(), g.add_edge(3, 1).is_directed_acyclic_graph()
        (True, False)
        """
        return self.directed and self.topological_generations().summary["sorted"] == self.node_count

    @limited
    def find_cycle(self, source=None, *, timeout: float | None = None) -> list[tuple]:
        """The edges of a cycle, one after the other, as (source, target) or, in a multi graph, (source, target, key). ValueError: none.

        Directed: along edges, within the largest strong component, from its smallest key. Undirected: no edge twice; parallel edges are a
        cycle. A self-loop is one where there is no other. With `source` only what edges lead to from there. Some searches, O(m) each, and a
        question for each node on the way.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 2)]).find_cycle()
        [(2, 3), (3, 2)]
        """
        if source is not None:
            return self._select_by_values(self.bfs(source), 0, float("inf")).find_cycle()
        nodes = (self._directed_cycle() if self.directed else self._undirected_cycle()) or self._loop()
        if not nodes:
            raise ValueError("the graph has no cycle")
        return self._edges_along(nodes)

    def _directed_cycle(self) -> list:
        components = self.strongly_connected_components()
        if components.count() == self.node_count:
            return []
        start = components.sizes(1)["value"][0]
        back = self.bfs(start, reverse=True)
        after = next(u for u in sorted(self.successors(start)) if u != start and back[u] is not None)
        return [start, *self.shortest_path(after, start)[:-1]]

    def _undirected_cycle(self) -> list:
        """By a walk in the 2-core, where a way leads on from every node."""
        core = self.k_core(2)
        if core.node_count == 0:
            return []
        path = core.degree().top(1)["id"]
        place = {path[0]: 0}
        while True:
            before, here = (path[-2] if len(path) > 1 else None), path[-1]
            ahead = next((u for u in sorted(core.neighbors(here)) if u not in (here, before)), None)
            if ahead is None:
                return [before, here]
            if ahead in place:
                return path[place[ahead] :]
            place[ahead] = len(path)
            path.append(ahead)

    def _loop(self) -> list:
        loops = self.filter(edges=expressions.source() == expressions.target()).edges.to_arrow()
        return [min(loops.column("source").to_pylist())] if loops.num_rows else []

    def _edges_along(self, nodes: list) -> list[tuple]:
        steps = list(zip(nodes, nodes[1:] + nodes[:1]))
        if not self.multi:
            return steps
        used: dict = {}
        edges = []
        for u, v in steps:
            keys = used.setdefault((u, v) if self.directed else frozenset((u, v)), sorted(self.get_edge(u, v)))
            edges.append((u, v, keys.pop(0)))
        return edges

    @limited
    def is_forest(self, *, timeout: float | None = None) -> bool:
        """Whether there is no cycle, directions aside. ValueError for a graph without nodes.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (1, 3)]).add_node(4)
        >>> g.is_forest(), g.is_tree(), g.add_edge(2, 3).is_forest()
        (True, False, False)
        """
        if self.node_count == 0:
            raise ValueError("is_forest is asked of graphs that have nodes")
        return self.edge_count == self.node_count - self.connected_components().count()

    def is_tree(self, *, timeout: float | None = None) -> bool:
        """Whether the graph is in one piece and has no cycle, directions aside. ValueError for a graph without nodes."""
        nodes = self.node_count
        if nodes == 0:
            raise ValueError("is_tree is asked of graphs that have nodes")
        return self.edge_count == nodes - 1 and self.connected_components(timeout=timeout).count() == 1

    @limited
    def minimum_spanning_tree(self, weight: str | None = None, *, timeout: float | None = None):
        """The graph with the edges of a spanning tree of least weight only; of a graph in pieces, of a tree for each.

        `weight` names an edge attribute of numbers; without it every edge counts 1. Of edges of the same weight those of the smallest keys
        (text: hash). ValueError for directed graphs, NotImplementedError on a cluster. O(m log m). [Kruskal 1956]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2, {"km": 4}), (2, 3, {"km": 1}), (1, 3, {"km": 2})], directed=False)
        >>> list(g.minimum_spanning_tree(weight="km").edges)
        [(1, 3), (2, 3)]
        """
        return self._spanning_forest(weighted(weight).get("weight"))

    @limited
    def minimum_spanning_edges(self, weight: str | None = None, *, timeout: float | None = None):
        """The edges of minimum_spanning_tree(), as a view.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2, {"km": 4}), (2, 3, {"km": 1}), (1, 3, {"km": 2})], directed=False)
        >>> g.minimum_spanning_edges(weight="km").to_arrow()["km"].to_pylist()
        [2, 1]
        """
        return self.minimum_spanning_tree(weight).edges
