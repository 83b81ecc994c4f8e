"""Algorithms that give every node a number by which to rank it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._algorithm_runs import Runs, weighted
from ._checks import flag, number, whole
from ._node_values import NodeValues
from ._timeout import limited


class Rankings(Runs):
    """PageRank and its kin, closeness, betweenness."""

    __slots__ = ()

    @limited
    def pagerank(
        self,
        alpha: float = 0.85,
        max_iter: int = 100,
        tol: float = 1e-6,
        iterations: int | None = None,
        weight: str | None = None,
        personalization: Mapping[Any, float] | str | None = None,
        precision: str = "double",
        *,
        timeout: float | None = None,
    ) -> NodeValues:
        """PageRank; ranks sum to 1, dangling nodes spread theirs as jumps go. O(n + m) a round. [Page et al. 1999]

        Stops as NetworkX does, when the ranks change by less than n·tol in all, else ConvergenceError; with `iterations` after exactly
        that many rounds. With `weight`, the name of an edge attribute, a node shares its rank in proportion to it. With `personalization`,
        numbers by node or the name of a node attribute, jumps go to nodes in proportion to that (others: 0) instead of evenly.
        `precision="single"` passes ranks on as float32, in less time, with an error of some 2^-24 of each; either way the bytes are the
        same on any number of threads and workers. ValueError with `weight` or `personalization`.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
        >>> r = g.pagerank()
        >>> r.top(1)["id"], round(sum(r.values()), 9)
        (['b'], 1.0)
        >>> {k: round(v, 3) for k, v in g.pagerank(personalization={"a": 1}).items()}
        {'a': 0.541, 'b': 0.459, 'c': 0.0}
        >>> round(g.pagerank(precision="single")["b"], 6) == round(r["b"], 6)
        True
        """
        arguments: dict[str, Any] = {"alpha": number(alpha, "alpha"), "max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")}
        if iterations is not None:
            arguments["iterations"] = whole(iterations, "iterations")
        if personalization is not None:
            arguments["personalization"] = self._numbers_of_nodes(personalization)
        if precision != "double":
            arguments["precision"] = precision
        return self._run("pagerank", arguments | weighted(weight))

    def _numbers_of_nodes(self, given):
        if isinstance(given, str):
            return given
        if not isinstance(given, Mapping):
            raise TypeError(f"personalization is a mapping from nodes to numbers, or the name of a node attribute, not {given!r}")
        pairs = [(self._checked_key(k), number(x, "a number of personalization")) for k, x in given.items()]
        return [list(pair) for pair in sorted(pairs)]

    @limited
    def eigenvector_centrality(
        self, max_iter: int = 100, tol: float = 1e-6, weight: str | None = None, *, timeout: float | None = None
    ) -> NodeValues:
        """Values in proportion to the sum of the predecessors' values; their squares sum to 1. [Bonacich 1972]

        By power iteration of A + I, until the values change by less than n·tol in all, else ConvergenceError. O(m) a round.

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False)
        >>> {k: round(v, 3) for k, v in g.eigenvector_centrality().items()}
        {1: 0.523, 2: 0.523, 3: 0.612, 4: 0.282}
        """
        return self._run("eigenvector_centrality", {"max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")} | weighted(weight))

    @limited
    def katz_centrality(
        self,
        alpha: float = 0.1,
        beta: float = 1.0,
        max_iter: int = 1000,
        tol: float = 1e-6,
        normalized: bool = True,
        weight: str | None = None,
        *,
        timeout: float | None = None,
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
        return self._run("katz_centrality", arguments | weighted(weight))

    @limited
    def hits(self, max_iter: int = 100, tol: float = 1e-8, *, timeout: float | None = None) -> tuple[NodeValues, NodeValues]:
        """(hubs, authorities): good hubs point to good authorities. Each sums to 1. O(m) a round. [Kleinberg 1999]

        Until the hubs change by less than tol in all, else ConvergenceError.

        >>> import gli
        >>> hubs, authorities = gli.Graph.from_edge_list([("a", "b"), ("c", "b")]).hits()
        >>> hubs.to_dict(), authorities.to_dict()
        ({'a': 0.5, 'b': 0.0, 'c': 0.5}, {'a': 0.0, 'b': 1.0, 'c': 0.0})
        """
        arguments = {"max_iter": whole(max_iter, "max_iter"), "tol": number(tol, "tol")}
        return tuple(self._run("hits", arguments | {"scores": scores}) for scores in ("hubs", "authorities"))

    @limited
    def closeness_centrality(self, wf_improved: bool = True, *, timeout: float | None = None) -> NodeValues:
        """1 / the mean distance from the nodes that reach a node, times the part of all others that they are (wf_improved).

        Along the edges that lead to the node, as in NetworkX; reverse the graph for distances from it. Every node is searched from, 64 at
        a time: O(n · m · depth / 64). [Wasserman, Faust 1994; Then et al. 2014]

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3)]).closeness_centrality().to_dict()
        {1: 0.0, 2: 0.5, 3: 0.6666666666666666}
        """
        return self._run("closeness_centrality", {"wf_improved": flag(wf_improved, "wf_improved")})

    @limited
    def harmonic_centrality(self, *, timeout: float | None = None) -> NodeValues:
        """The sum of 1 / distance from all other nodes; those that do not reach a node add nothing. Costs what closeness_centrality() does.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (2, 3)]).harmonic_centrality().to_dict()
        {1: 0.0, 2: 1.0, 3: 1.5}
        """
        return self._run("harmonic_centrality", {})

    @limited
    def betweenness_centrality(
        self, k: int | None = None, normalized: bool = True, seed: int = 0, *, timeout: float | None = None
    ) -> NodeValues:
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
