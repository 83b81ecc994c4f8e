"""Algorithms that say what a graph looks like as a whole."""

from __future__ import annotations

from ._algorithm_runs import Runs
from ._node_values import NodeValues


class Shapes(Runs):
    """Orders and cycles."""

    __slots__ = ()

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
