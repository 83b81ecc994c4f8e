"""Algorithms that sort nodes into groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ._algorithm_runs import Runs, int64s, weighted
from ._checks import collection, number, whole
from ._node_values import NodeValues
from ._timeout import limited


class Groups(Runs):
    """Components, communities, cores, triangles: what belongs together."""

    __slots__ = ()

    @limited
    def connected_components(self, *, timeout: float | None = None) -> NodeValues:
        """For each node the smallest key of its component; directions do not matter. See count() and sizes().

        Union-find in each partition, then labels between them; O(n + m) and a round for each time that components wind between partitions.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (4, 3)]).connected_components().to_dict()
        {1: 1, 2: 1, 4: 3, 3: 3}
        """
        return self._run("connected_components", {})

    @limited
    def weakly_connected_components(self, *, timeout: float | None = None) -> NodeValues:
        """The same as connected_components()."""
        return self.connected_components()

    @limited
    def strongly_connected_components(self, *, timeout: float | None = None) -> NodeValues:
        """For each node the smallest key among those that it reaches and that reach it. Undirected: the components.

        Marks spread forward; the node that keeps its own heads those of its mark that reach it, in turns. O(m log n) as a rule.
        [Orzan 2004]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 2)])
        >>> g.strongly_connected_components().to_dict()
        {1: 1, 2: 2, 3: 2}
        """
        return self._run("strongly_connected_components", {})

    @limited
    def label_propagation(self, iterations: int = 10, *, timeout: float | None = None) -> NodeValues:
        """For each node the label of its community after rounds of CDLP as LDBC Graphalytics defines it.

        All begin with their own key, and take at the same time the label that most of their neighbors have, the smallest of several (text:
        the one whose hash is smallest). Edges count in both directions, a reciprocal pair twice. Ends early when no label changes.
        O(n + m) a round. [Raghavan et al. 2007]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (7, 8)]).label_propagation(3).to_dict()
        {1: 1, 2: 1, 3: 1, 7: 8, 8: 7}
        """
        return self._run("label_propagation", {"iterations": whole(iterations, "iterations", 0)})

    @limited
    def core_number(self, *, timeout: float | None = None) -> NodeValues:
        """The largest k such that the node is in a subgraph where all have k edges or more.

        Edges count in both directions, parallel ones each; self-loops do not. Estimates fall from the degrees to the h-index of the
        neighbors' until none falls; O(m · rounds). [Montresor, De Pellegrini, Miorandi 2013]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)]).core_number().to_dict()
        {1: 2, 2: 2, 3: 2, 4: 1}
        """
        return self._run("core_number", {})

    @limited
    def k_core(self, k: int | None = None, *, timeout: float | None = None):
        """The largest subgraph where all nodes have k edges or more; of the largest k that has one unless given.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)])
        >>> list(g.k_core().nodes), list(g.k_core(1).nodes), list(g.k_core(3).nodes)
        ([1, 2, 3], [1, 2, 3, 4], [])
        """
        cores = self.core_number()
        least = cores.summary["largest"] if k is None else whole(k, "k", 0)
        return self._select_by_values(cores, least, float("inf"))

    @limited
    def k_truss(self, k: int, *, timeout: float | None = None):
        """The largest subgraph whose edges are each in k - 2 triangles of it or more, and the nodes of these edges.

        Directions and parallel edges do not matter: those of one pair of nodes stay or go together; self-loops go. Edges of fewer triangles
        are taken away until there are none; O(m^1.5). NotImplementedError on a cluster. [Cohen 2008; Wang, Cheng 2012]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)])
        >>> list(g.k_truss(3).edges), list(g.k_truss(4).nodes)
        ([(1, 2), (2, 3), (3, 1)], [])
        """
        return self._k_truss(whole(k, "k", 0))

    @limited
    def maximal_independent_set(self, *, timeout: float | None = None) -> NodeValues:
        """True for nodes of a set no two of which share an edge, and to which none can be added.

        The set that a walk over the nodes in the order of their keys' hashes takes, found in rounds. Directions do not matter; nodes
        with self-loops never belong. O(m) in all, O(log n) rounds as a rule. [Luby 1986; Blelloch, Fineman, Shun 2012]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("hub", "a"), ("hub", "b"), ("a", "b")])
        >>> sum(g.maximal_independent_set().values())
        1
        """
        return self._run("maximal_independent_set", {})

    @limited
    def greedy_color(self, *, timeout: float | None = None) -> NodeValues:
        """A colour from 0 for each node, other than its neighbors'; as few as a greedy walk takes.

        Nodes of more edges come first, ties in the order of their keys' hashes; found in rounds. O(m). [Welsh, Powell 1967; Jones,
        Plassmann 1993]

        >>> import gli
        >>> gli.Graph.from_edge_list([("a", "b"), ("b", "c")]).greedy_color().to_dict()
        {'a': 1, 'b': 0, 'c': 1}
        """
        return self._run("greedy_color", {})

    # --- communities ----------------------------------------------------------------------------------------------------------

    @limited
    def louvain_communities(
        self,
        weight: str | None = None,
        resolution: float = 1.0,
        threshold: float = 1e-7,
        max_level: int | None = None,
        seed: int = 0,
        *,
        timeout: float | None = None,
    ) -> NodeValues:
        """For each node the smallest key of its community, of a division of much modularity. See count(), sizes() and groups().

        Nodes move to the community beside them that gains the most, until a pass gains no more than `threshold`; then communities become
        nodes and move likewise, `max_level` times at most. A node is asked again once a neighbor of its moved. Nodes of one of 16 classes
        by the hash of key and seed move at the same time; of equal gains that of the community with the smallest hash. Same bytes for any
        number of partitions and threads; another seed gives another division. Above 1, `resolution` favours small communities. Weights,
        none negative, are exact to 2^-62 of their sum. Directed edges count as in directed modularity. `summary` has modularity and
        count. O(m) a pass.
        [Blondel, Guillaume, Lambiotte, Lefebvre 2008; Dugué, Perez 2015; Ozaki, Tezuka, Inaba 2016; Gottesbüren, Hamann 2022]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)], directed=False)
        >>> found = g.louvain_communities()
        >>> found.groups(), round(found.summary["modularity"], 3)
        ([{1, 2, 3}, {4, 5, 6}], 0.357)
        """
        return self._run("louvain_communities", _searching(resolution, threshold, max_level, seed) | weighted(weight))

    @limited
    def leiden_communities(
        self,
        weight: str | None = None,
        resolution: float = 1.0,
        threshold: float = 1e-7,
        max_level: int | None = None,
        seed: int = 0,
        *,
        timeout: float | None = None,
    ) -> NodeValues:
        """As louvain_communities(), but what becomes a node are parts of communities that hold together: later levels can part them.

        Every node of such a part had an edge to the rest when it joined. A few more passes than Louvain, often more modularity.
        [Traag, Waltman, van Eck 2019]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)], directed=False)
        >>> g.leiden_communities().to_dict()
        {1: 1, 2: 1, 3: 1, 4: 4, 5: 4, 6: 4}
        """
        return self._run("leiden_communities", _searching(resolution, threshold, max_level, seed) | weighted(weight))

    @limited
    def modularity(self, communities, weight: str | None = None, resolution: float = 1.0, *, timeout: float | None = None) -> float:
        """The part of edges inside of communities, less what it would be if edges went anywhere. [Newman 2004; Leicht, Newman 2008]

        `communities` are sets of nodes, or a mapping from nodes to labels such as NodeValues; every node is in one, else ValueError. The
        same for a graph without edges, which has none.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 6), (6, 4)], directed=False)
        >>> round(g.modularity([{1, 2, 3}, {4, 5, 6}]), 3), round(g.modularity({k: k > 3 for k in g.nodes}), 3)
        (0.357, 0.357)
        """
        arguments = {"communities": self._numbered(communities), "resolution": number(resolution, "resolution")}
        return self._run("modularity", arguments | weighted(weight)).summary["modularity"]

    def _numbered(self, communities) -> list[list] | bytes:
        """[[node, number of its community], ...]; of int keys the bytes of all keys and all numbers (partitions/node_weights.h)."""
        if isinstance(communities, Mapping):
            keys, labels = list(communities), list(communities.values())
        else:
            sets = [collection(c, "the nodes of a community") for c in collection(communities, "communities")]
            keys, labels = [k for c in sets for k in c], [i for i, c in enumerate(sets) for _ in c]
        keys = self._checked_keys(keys)
        whole_numbers = self.key_type == "int64"
        ids = int64s(keys) if whole_numbers else np.array(keys, object)
        order = ids.argsort(kind="stable")
        ids = ids[order]
        given = len(ids) - int((ids[1:] == ids[:-1]).sum())
        if given != len(keys):
            raise ValueError("communities share a node: each node is in one")
        if given < self.node_count:
            raise ValueError(f"communities have {given} of {self.node_count} nodes: each node is in one")
        if (order[1:] < order[:-1]).any():
            labels = [labels[i] for i in order.tolist()]
        numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        numbered = map(numbers.__getitem__, labels)
        if whole_numbers:
            return ids.tobytes() + np.fromiter(numbered, "<f8", len(labels)).tobytes()
        return [[key, number] for key, number in zip(ids.tolist(), numbered)]

    # --- triangles ------------------------------------------------------------------------------------------------------------

    @limited
    def triangles(self, *, timeout: float | None = None) -> NodeValues:
        """How many triangles each node is part of; `summary["triangles"]` are those of the graph.

        Directions, parallel edges and self-loops do not matter. Neighbors of higher degree are intersected: O(m^1.5). [Schank, Wagner 2005]

        >>> import gli
        >>> t = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)]).triangles()
        >>> t.to_dict(), t.summary["triangles"]
        ({1: 1, 2: 1, 3: 1, 4: 0}, 1)
        """
        return self._run("triangles", {})

    @limited
    def clustering(self, mode: str = "networkx", *, timeout: float | None = None) -> NodeValues:
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

    @limited
    def average_clustering(self, *, timeout: float | None = None) -> float:
        """The mean of clustering() over all nodes; 0.0 for a graph without nodes.

        >>> import gli
        >>> round(gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False).average_clustering(), 3)
        0.583
        """
        return self.clustering().summary["average"]


def _searching(resolution, threshold, max_level, seed) -> dict[str, Any]:
    arguments = {"resolution": number(resolution, "resolution"), "threshold": number(threshold, "threshold")}
    arguments |= {"seed": whole(seed, "seed", 0)}
    return arguments | ({} if max_level is None else {"max_level": whole(max_level, "max_level", 1)})
