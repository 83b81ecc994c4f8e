"""What can be computed of every graph, embedded and distributed, with the names of NetworkX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._checks import flag, number, whole
from ._node_values import NodeValues


class Algorithms:
    """The algorithms of gli.Graph and gli.DistributedGraph. Results are the same bytes for any number of partitions and threads."""

    __slots__ = ()

    def _run(self, name: str, arguments: dict[str, Any]) -> NodeValues:
        raise NotImplementedError

    # --- groups ---------------------------------------------------------------------------------------------------------------

    def connected_components(self) -> NodeValues:
        """For each node the smallest key of its component; directions do not matter. See count() and sizes().

        Union-find in each partition, then labels between them; O(n + m) and a round for each time that components wind between partitions.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (4, 3)]).connected_components().to_dict()
        {1: 1, 2: 1, 4: 3, 3: 3}
        """
        return self._run("connected_components", {})

    def weakly_connected_components(self) -> NodeValues:
        """The same as connected_components()."""
        return self.connected_components()

    def strongly_connected_components(self) -> NodeValues:
        """For each node the smallest key among those that it reaches and that reach it. Undirected: the components.

        Marks spread forward; the node that keeps its own heads those of its mark that reach it, in turns. O(m log n) as a rule.
        [Orzan 2004]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 2)])
        >>> g.strongly_connected_components().to_dict()
        {1: 1, 2: 2, 3: 2}
        """
        return self._run("strongly_connected_components", {})

    def label_propagation(self, iterations: int = 10) -> NodeValues:
        """For each node the label of its community after rounds of CDLP as LDBC Graphalytics defines it.

        All begin with their own key, and take at the same time the label that most of their neighbors have, the smallest of several (text:
        the one whose hash is smallest). Edges count in both directions, a reciprocal pair twice. Ends early when no label changes.
        O(n + m) a round. [Raghavan et al. 2007]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (7, 8)]).label_propagation(3).to_dict()
        {1: 1, 2: 1, 3: 1, 7: 8, 8: 7}
        """
        return self._run("label_propagation", {"iterations": whole(iterations, "iterations", 0)})

    def core_number(self) -> NodeValues:
        """The largest k such that the node is in a subgraph where all have k edges or more.

        Edges count in both directions, parallel ones each; self-loops do not. Estimates fall from the degrees to the h-index of the
        neighbors' until none falls; O(m · rounds). [Montresor, De Pellegrini, Miorandi 2013]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)]).core_number().to_dict()
        {1: 2, 2: 2, 3: 2, 4: 1}
        """
        return self._run("core_number", {})

    def k_core(self, k: int | None = None):
        """The largest subgraph where all nodes have k edges or more; of the largest k that has one unless given.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)])
        >>> list(g.k_core().nodes), list(g.k_core(1).nodes), list(g.k_core(3).nodes)
        ([1, 2, 3], [1, 2, 3, 4], [])
        """
        cores = self.core_number()
        least = cores.summary["largest"] if k is None else whole(k, "k", 0)
        return self._select_by_values(cores, least, float("inf"))

    def maximal_independent_set(self) -> NodeValues:
        """True for nodes of a set no two of which share an edge, and to which none can be added.

        The set that a walk over the nodes in the order of their keys' hashes takes, found in rounds. Directions do not matter; nodes
        with self-loops never belong. O(m) in all, O(log n) rounds as a rule. [Luby 1986; Blelloch, Fineman, Shun 2012]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("hub", "a"), ("hub", "b"), ("a", "b")])
        >>> sum(g.maximal_independent_set().values())
        1
        """
        return self._run("maximal_independent_set", {})

    def greedy_color(self) -> NodeValues:
        """A colour from 0 for each node, other than its neighbors'; as few as a greedy walk takes.

        Nodes of more edges come first, ties in the order of their keys' hashes; found in rounds. O(m). [Welsh, Powell 1967; Jones,
        Plassmann 1993]

        >>> import gli
        >>> gli.Graph.from_edge_list([("a", "b"), ("b", "c")]).greedy_color().to_dict()
        {'a': 1, 'b': 0, 'c': 1}
        """
        return self._run("greedy_color", {})

    # --- triangles ------------------------------------------------------------------------------------------------------------

    def triangles(self) -> NodeValues:
        """How many triangles each node is part of; `summary["triangles"]` are those of the graph.

        Directions, parallel edges and self-loops do not matter. Neighbors of higher degree are intersected: O(m^1.5). [Schank, Wagner 2005]

        >>> import gli
        >>> t = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)]).triangles()
        >>> t.to_dict(), t.summary["triangles"]
        ({1: 1, 2: 1, 3: 1, 4: 0}, 1)
        """
        return self._run("triangles", {})

    def clustering(self, mode: str = "networkx") -> NodeValues:
        """The part of the pairs of a node's neighbors that share an edge: from 0 to 1, 0 for nodes of fewer than two neighbors. O(m^1.5).

        In directed graphs as NetworkX has it, the ways to go round a triangle of those that there could be [Fagiolo 2007]; mode "ldbc":
        the edges between neighbors, in either direction, of d·(d-1). Undirected: the same in both. Parallel edges and self-loops do not
        count. `summary["average"]` is the mean.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False)
        >>> g.clustering()[1], round(g.clustering()[3], 3)
        (1.0, 0.333)
        """
        return self._run("clustering", {"mode": mode})

    def average_clustering(self) -> float:
        """The mean of clustering() over all nodes; 0.0 for a graph without nodes.

        >>> import gli
        >>> round(gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False).average_clustering(), 3)
        0.583
        """
        return self.clustering().summary["average"]

    # --- rankings -------------------------------------------------------------------------------------------------------------

    def pagerank(
        self,
        alpha: float = 0.85,
        max_iter: int = 100,
        tol: float = 1e-6,
        iterations: int | None = None,
        weight: str | None = None,
        personalization: Mapping[Any, float] | str | None = None,
    ) -> NodeValues:
        """PageRank; ranks sum to 1, dangling nodes spread theirs as jumps go. O(n + m) a round. [Page et al. 1999]

        Stops as NetworkX does, when the ranks change by less than n·tol in all, else ConvergenceError; with `iterations` after exactly
        that many rounds. With `weight`, the name of an edge attribute, a node shares its rank in proportion to it. With `personalization`,
        numbers by node or the name of a node attribute, jumps go to nodes in proportion to that (others: 0) instead of evenly.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
        >>> r = g.pagerank()
        >>> r.top(1)["id"], round(sum(r.values()), 9)
        (['b'], 1.0)
        >>> {k: round(v, 3) for k, v in g.pagerank(personalization={"a": 1}).items()}
        {'a': 0.541, 'b': 0.459, 'c': 0.0}
        """
        arguments: dict[str, Any] = {"alpha": number(alpha, "alpha"), "max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")}
        if iterations is not None:
            arguments["iterations"] = whole(iterations, "iterations")
        if personalization is not None:
            arguments["personalization"] = self._numbers_of_nodes(personalization)
        return self._run("pagerank", arguments | _weight(weight))

    def _numbers_of_nodes(self, given):
        if isinstance(given, str):
            return given
        if not isinstance(given, Mapping):
            raise TypeError(f"personalization is a mapping from nodes to numbers, or the name of a node attribute, not {given!r}")
        pairs = [(self._checked_key(k), number(x, "a number of personalization")) for k, x in given.items()]
        return [list(pair) for pair in sorted(pairs)]

    def eigenvector_centrality(self, max_iter: int = 100, tol: float = 1e-6, weight: str | None = None) -> NodeValues:
        """Values in proportion to the sum of the predecessors' values; their squares sum to 1. [Bonacich 1972]

        By power iteration of A + I, until the values change by less than n·tol in all, else ConvergenceError. O(m) a round.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False)
        >>> {k: round(v, 3) for k, v in g.eigenvector_centrality().items()}
        {1: 0.523, 2: 0.523, 3: 0.612, 4: 0.282}
        """
        return self._run("eigenvector_centrality", {"max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")} | _weight(weight))

    def katz_centrality(
        self,
        alpha: float = 0.1,
        beta: float = 1.0,
        max_iter: int = 1000,
        tol: float = 1e-6,
        normalized: bool = True,
        weight: str | None = None,
    ) -> NodeValues:
        """beta for being there and alpha times the predecessors' values; normalized: their squares sum to 1. [Katz 1953]

        ConvergenceError where alpha is not below 1 / the largest eigenvalue, or max_iter rounds do not bring the change below n·tol.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
        >>> g.katz_centrality(normalized=False).to_dict()
        {'a': 1.0, 'b': 1.2, 'c': 1.0}
        """
        arguments = {"alpha": number(alpha, "alpha"), "beta": number(beta, "beta"), "max_iter": whole(max_iter, "max_iter")}
        arguments |= {"tol": number(tol, "tol"), "normalized": flag(normalized, "normalized")}
        return self._run("katz_centrality", arguments | _weight(weight))

    def hits(self, max_iter: int = 100, tol: float = 1e-8) -> tuple[NodeValues, NodeValues]:
        """(hubs, authorities): good hubs point to good authorities. Each sums to 1. O(m) a round. [Kleinberg 1999]

        Until the hubs change by less than tol in all, else ConvergenceError.

        >>> import gli
        >>> hubs, authorities = gli.Graph.from_edge_list([("a", "b"), ("c", "b")]).hits()
        >>> hubs.to_dict(), authorities.to_dict()
        ({'a': 0.5, 'b': 0.0, 'c': 0.5}, {'a': 0.0, 'b': 1.0, 'c': 0.0})
        """
        arguments = {"max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")}
        return tuple(self._run("hits", arguments | {"scores": scores}) for scores in ("hubs", "authorities"))

    def closeness_centrality(self, wf_improved: bool = True) -> NodeValues:
        """1 / the mean distance from the nodes that reach a node, times the part of all others that they are (wf_improved).

        Along the edges that lead to the node, as in NetworkX; reverse the graph for distances from it. Every node is searched from, 64 at
        a time: O(n · m · depth / 64). [Wasserman, Faust 1994; Then et al. 2014]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3)]).closeness_centrality().to_dict()
        {1: 0.0, 2: 0.5, 3: 0.6666666666666666}
        """
        return self._run("closeness_centrality", {"wf_improved": flag(wf_improved, "wf_improved")})

    def harmonic_centrality(self) -> NodeValues:
        """The sum of 1 / distance from all other nodes; those that do not reach a node add nothing. Costs what closeness_centrality() does.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3)]).harmonic_centrality().to_dict()
        {1: 0.0, 2: 1.0, 3: 1.5}
        """
        return self._run("harmonic_centrality", {})

    def betweenness_centrality(self, k: int | None = None, normalized: bool = True, seed: int = 0) -> NodeValues:
        """The part of the shortest paths between other nodes that lead over a node, as NetworkX has it. [Brandes 2001]

        From every node, O(n · m); with `k` from so many nodes, chosen by the hash of key and seed. normalized: of the pairs of other
        nodes, else paths counted. Parallel edges count once. ValueError where more paths lead to a node than a float64 can count.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("a", "b"), ("b", "c"), ("b", "d")], directed=False)
        >>> g.betweenness_centrality().to_dict()
        {'a': 0.0, 'b': 1.0, 'c': 0.0, 'd': 0.0}
        """
        arguments = {"normalized": flag(normalized, "normalized"), "seed": whole(seed, "seed", 0)}
        return self._run("betweenness_centrality", arguments | ({} if k is None else {"k": whole(k, "k", 1)}))

    # --- paths ----------------------------------------------------------------------------------------------------------------

    def bfs(self, source, reverse: bool = False, undirected: bool = False, depth_limit: int | None = None) -> NodeValues:
        """How many steps each node is from `source`, or from the nearest of a list of nodes. None: unreachable. O(n + m). [Moore 1959]

        Along edges, against them (reverse), or either way (undirected); at most `depth_limit` steps.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
        >>> g.bfs(3).to_dict(), g.bfs(3, reverse=True).to_dict(), g.bfs([1, 3]).to_dict()
        ({1: None, 2: None, 3: 0}, {1: 2, 2: 1, 3: 0}, {1: 0, 2: 1, 3: 0})
        """
        return self._run("bfs", self._search(source, reverse, undirected, depth_limit))

    def bfs_predecessors(self, source, reverse: bool = False, undirected: bool = False, depth_limit: int | None = None) -> NodeValues:
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

    def sssp(self, source, weight: str | None = None) -> NodeValues:
        """The length of the shortest path from `source` to each node; infinity where there is none.

        `weight` names an edge attribute of numbers, none negative (ValueError), none missing; without it every edge is 1 long. Nodes are
        settled a band of distances at a time, each partition as far as it gets alone. [Dijkstra 1959; Meyer, Sanders 2003]

        >>> import gli
        >>> g = gli.Graph().add_nodes(["a", "b", "c"]).add_edge("a", "b", km=5).add_edge("b", "c", km=2).add_edge("a", "c", km=9.5)
        >>> g.sssp("a", weight="km").to_dict(), g.sssp("b").to_dict()
        ({'a': 0.0, 'b': 5.0, 'c': 7.0}, {'a': inf, 'b': 0.0, 'c': 1.0})
        """
        return self._run("sssp", {"source": self._checked_key(source)} | _weight(weight))

    def sssp_predecessors(self, source, weight: str | None = None) -> NodeValues:
        """For each node the one before it on a shortest path of the fewest edges: of several the smallest key (text: hash). None: none.

        >>> import gli
        >>> g = gli.Graph().add_nodes(["a", "b", "c"]).add_edge("a", "b", km=5).add_edge("b", "c", km=2).add_edge("a", "c", km=9.5)
        >>> g.sssp_predecessors("a", weight="km").to_dict()
        {'a': None, 'b': 'a', 'c': 'b'}
        """
        return self._run("sssp_predecessors", {"source": self._checked_key(source)} | _weight(weight))

    def shortest_path(self, source, target, weight: str | None = None) -> list:
        """The nodes of a shortest path from source to target, both included. ValueError when there is none.

        Of several, one of the fewest edges, and then of the smallest keys before each (sssp_predecessors()).

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4), (1, 3)]).shortest_path(1, 4)
        [1, 3, 4]
        """
        source, at = self._checked_key(source), self._existing(target)
        before = self.bfs_predecessors(source) if weight is None else self.sssp_predecessors(source, weight)
        path = [at]
        while at != source:
            at = before[at]
            if at is None:
                raise ValueError(f"no path from {source!r} to {target!r}")
            path.append(at)
        return path[::-1]

    def shortest_path_length(self, source, target, weight: str | None = None) -> int | float:
        """How many edges the shortest path from source to target has, or with `weight` how long it is. ValueError when there is none.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (1, 3)]).shortest_path_length(1, 3)
        1
        """
        found = (self.bfs(source) if weight is None else self.sssp(source, weight))[self._existing(target)]
        if found is None or found == float("inf"):
            raise ValueError(f"no path from {source!r} to {target!r}")
        return found

    def has_path(self, source, target) -> bool:
        """Whether edges lead from source to target.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2)])
        >>> g.has_path(1, 2), g.has_path(2, 1)
        (True, False)
        """
        return self.bfs(source)[self._existing(target)] is not None

    def _existing(self, node):
        key = self._checked_key(node)
        if not self.has_node(key):
            raise KeyError(f"Node {node!r} not found")
        return key

    def ego_graph(self, node, radius: int = 1, undirected: bool = False):
        """The subgraph of the nodes at most `radius` steps from `node`, along edges or (undirected) either way.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4)])
        >>> sorted(g.ego_graph(1, radius=2).nodes)
        [1, 2, 3]
        """
        radius = whole(radius, "radius", 0)
        return self._select_by_values(self.bfs(node, undirected=undirected, depth_limit=radius), 0, radius)

    def get_connected_component(self, node):
        """The subgraph of the component that holds `node`."""
        return self._select_by_values(self.bfs(node, undirected=True), 0, float("inf"))

    # --- shape ----------------------------------------------------------------------------------------------------------------

    def topological_generations(self) -> NodeValues:
        """For each node how many edges the longest path to it has; None on a cycle and behind one. ValueError for undirected graphs.

        O(n + m), a round for each generation. [Kahn 1962]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (1, 3)]).topological_generations().to_dict()
        {1: 0, 2: 1, 3: 2}
        """
        return self._run("topological_generations", {})

    def topological_sort(self) -> list:
        """The nodes in an order in which every edge leads forward: by generation, then as they came. ValueError where there is a cycle.

        >>> import gli
        >>> gli.Graph.from_edge_list([(3, 2), (2, 1), (3, 1)]).topological_sort()
        [3, 2, 1]
        """
        found = self.topological_generations()
        if found.summary["sorted"] != self.node_count:
            raise ValueError("the graph has a cycle: its nodes have no topological order")
        return found.to_arrow().sort_by("value").column("id").to_pylist()

    def is_directed_acyclic_graph(self) -> bool:
        """Whether the graph is directed and no path leads from a node back to it.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
        >>> g.is_directed_acyclic_graph(), g.add_edge(3, 1).is_directed_acyclic_graph()
        (True, False)
        """
        return self.directed and self.topological_generations().summary["sorted"] == self.node_count


def _weight(weight) -> dict[str, str]:
    if weight is None:
        return {}
    if not isinstance(weight, str):
        raise TypeError(f"weight is the name of an edge attribute, not {weight!r}")
    return {"weight": weight}
