"""Algorithms that follow paths from a node."""

from __future__ import annotations

from typing import Any

from ._algorithm_runs import Runs, weighted
from ._checks import whole
from ._node_values import NodeValues
from ._timeout import limited


class Paths(Runs):
    """Searches, shortest paths, and what is near."""

    __slots__ = ()

    @limited
    def bfs(
        self, source, reverse: bool = False, undirected: bool = False, depth_limit: int | None = None, *, timeout: float | None = None
    ) -> NodeValues:
        """How many steps each node is from `source`, or from the nearest of a list of nodes. None: unreachable. O(n + m). [Moore 1959]

        Along edges, against them (reverse), or either way (undirected); at most `depth_limit` steps.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
        >>> g.bfs(3).to_dict(), g.bfs(3, reverse=True).to_dict(), g.bfs([1, 3]).to_dict()
        ({1: None, 2: None, 3: 0}, {1: 2, 2: 1, 3: 0}, {1: 0, 2: 1, 3: 0})
        """
        return self._run("bfs", self._search(source, reverse, undirected, depth_limit))

    @limited
    def bfs_predecessors(
        self, source, reverse: bool = False, undirected: bool = False, depth_limit: int | None = None, *, timeout: float | None = None
    ) -> NodeValues:
        """For each node the one before it on a path of bfs(): of several the smallest key (text: the smallest hash). None: there is none.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (1, 3), (2, 4), (3, 4)]).bfs_predecessors(1).to_dict()
        {1: None, 2: 1, 3: 1, 4: 2}
        """
        return self._run("bfs_predecessors", self._search(source, reverse, undirected, depth_limit))

    def _search(self, source, reverse: bool, undirected: bool, depth_limit: int | None) -> dict[str, Any]:
        several = isinstance(source, (list, tuple, set, frozenset))
        where = sorted({self._checked_key(k) for k in source}) if several else self._checked_key(source)
        arguments = {"source": where, "reverse": bool(reverse), "undirected": bool(undirected)}
        return arguments | ({} if depth_limit is None else {"depth_limit": whole(depth_limit, "depth_limit")})

    @limited
    def sssp(self, source, weight: str | None = None, *, timeout: float | None = None) -> NodeValues:
        """The length of the shortest path from `source` to each node; infinity where there is none.

        `weight` names an edge attribute of numbers, none negative (ValueError), none missing; without it every edge is 1 long. Nodes are
        settled a band of distances at a time, each partition as far as it gets alone. [Dijkstra 1959; Meyer, Sanders 2003]

        >>> import gli
        >>> g = gli.Graph().add_nodes(["a", "b", "c"]).add_edge("a", "b", km=5).add_edge("b", "c", km=2).add_edge("a", "c", km=9.5)
        >>> g.sssp("a", weight="km").to_dict(), g.sssp("b").to_dict()
        ({'a': 0.0, 'b': 5.0, 'c': 7.0}, {'a': inf, 'b': 0.0, 'c': 1.0})
        """
        return self._run("sssp", {"source": self._checked_key(source)} | weighted(weight))

    @limited
    def sssp_predecessors(self, source, weight: str | None = None, *, timeout: float | None = None) -> NodeValues:
        """For each node the one before it on a shortest path of the fewest edges: of several the smallest key (text: hash). None: none.

        >>> import gli
        >>> g = gli.Graph().add_nodes(["a", "b", "c"]).add_edge("a", "b", km=5).add_edge("b", "c", km=2).add_edge("a", "c", km=9.5)
        >>> g.sssp_predecessors("a", weight="km").to_dict()
        {'a': None, 'b': 'a', 'c': 'b'}
        """
        return self._run("sssp_predecessors", {"source": self._checked_key(source)} | weighted(weight))

    @limited
    def shortest_path(self, source, target, weight: str | None = None, *, timeout: float | None = None) -> list:
        """The nodes of a shortest path from source to target, both included. ValueError when there is none.

        Of several, one of the fewest edges, and then of the smallest keys before each (sssp_predecessors()). Embedded, searches go out from
        both ends until they meet. [Pohl 1971]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4), (1, 3)]).shortest_path(1, 4)
        [1, 3, 4]
        """
        found = self._path_between(source, target, weight)
        if found is None:
            raise ValueError(f"no path from {source!r} to {target!r}")
        return found

    @limited
    def shortest_path_length(self, source, target, weight: str | None = None, *, timeout: float | None = None) -> int | float:
        """How many edges the shortest path from source to target has, or with `weight` how long it is. ValueError when there is none.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (1, 3)]).shortest_path_length(1, 3)
        1
        """
        found = self._distance_between(source, target, weight)
        if found is None:
            raise ValueError(f"no path from {source!r} to {target!r}")
        return found

    @limited
    def has_path(self, source, target, *, timeout: float | None = None) -> bool:
        """Whether edges lead from source to target.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2)])
        >>> g.has_path(1, 2), g.has_path(2, 1)
        (True, False)
        """
        return self._distance_between(source, target, None) is not None

    def _path_between(self, source, target, weight) -> list | None:
        """By a search of the whole graph; graphs of this process search from both ends."""
        source, at = self._checked_key(source), self._existing(target)
        before = self.bfs_predecessors(source) if weight is None else self.sssp_predecessors(source, weight)
        path = [at]
        while at != source:
            at = before[at]
            if at is None:
                return None
            path.append(at)
        return path[::-1]

    def _distance_between(self, source, target, weight) -> int | float | None:
        found = (self.bfs(source) if weight is None else self.sssp(source, weight))[self._existing(target)]
        return None if found == float("inf") else found

    def _existing(self, node):
        key = self._checked_key(node)
        if not self.has_node(key):
            raise KeyError(f"Node {node!r} not found")
        return key

    @limited
    def ego_graph(self, node, radius: int = 1, undirected: bool = False, *, timeout: float | None = None):
        """The subgraph of the nodes at most `radius` steps from `node`, along edges or (undirected) either way.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4)])
        >>> sorted(g.ego_graph(1, radius=2).nodes)
        [1, 2, 3]
        """
        radius = whole(radius, "radius", 0)
        return self._select_by_values(self.bfs(node, undirected=undirected, depth_limit=radius), 0, radius)

    @limited
    def get_connected_component(self, node, *, timeout: float | None = None):
        """The subgraph of the component that holds `node`."""
        return self._select_by_values(self.bfs(node, undirected=True), 0, float("inf"))
