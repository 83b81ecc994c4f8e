"""Results as states: what an algorithm computed, kept beside the commits and found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import _core
from ._graph import Graph, _values_of
from ._history import Commit, StoredResult
from ._methods import GraphMethods
from ._node_values import NodeValues


class Results:
    """The part of gli.GraphStore that keeps results."""

    def results(self, revision: str | Commit = "") -> tuple[StoredResult, ...]:
        """What there is of a commit's graph: the results committed with it, then those that compute() kept."""
        return self.resolve(revision or self.current_branch).results

    def result(self, revision: str | Commit, which: str | int) -> NodeValues:
        """One of a commit's results, by the algorithm's name (the last of several) or by number. KeyError where there is none."""
        commit = self.resolve(revision)
        index, state = commit.result_index(which), self._state(commit)
        graph = Graph._from_core(state.graph)
        if index < commit.committed_results:
            return _values_of(graph, self._core.result(commit.id, index, state))
        wanted = commit.results[index]
        values = self._core.find_result(commit.id, wanted.algorithm, wanted.arguments, state.graph, wanted.version)
        if values is None:
            raise KeyError(f"{wanted} was removed: compute() makes it anew")
        return _values_of(graph, values)

    def _described(self, described: dict) -> Commit:
        """A commit with what compute() kept of its graph."""
        commit = Commit._from_dict(described)
        kept = (StoredResult._from_dict(r) for r in self._core.results_of(commit.graph_id))
        more = tuple(r for r in kept if r not in commit.results)
        return replace(commit, results=commit.results + more) if more else commit

    def compute(self, algorithm: str, revision: str | Commit = "", **parameters: Any) -> NodeValues:
        """What a method of the commit's graph answers, computed once: it is kept beside the commits, durably, and found again.

        The same algorithm of the same version, with the same parameters, on the same content (graph_id) is the same result, of whichever
        commit. `revision` is the current branch unless given; parameters as the method has them.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph.from_edge_list([("a", "b"), ("c", "b")]))
        >>> store.compute("pagerank", iterations=10).top(1)["id"]
        ['b']
        >>> store.results()[0].arguments["iterations"]
        10
        """
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
            raise ValueError(f"no algorithm {algorithm!r}; there are {', '.join(_ALGORITHMS)}")
        commit = self.resolve(revision or self.current_branch)
        return getattr(self._asking(commit, lambda name, arguments: self._recall(commit, name, arguments)), algorithm)(**parameters)

    def _asking(self, commit: Commit, recall: Callable[[str, dict], NodeValues]) -> GraphMethods:
        """The commit's graph, whose algorithms are told by `recall`."""
        asking = _Asking._from_core(self._state(commit).graph)
        asking._recall = recall
        return asking

    def _recall(self, commit: Commit, name: str, arguments: dict[str, Any]) -> NodeValues:
        graph = Graph._from_core(self._state(commit).graph)
        found = self._core.find_result(commit.id, name, arguments, graph._core)
        if found is not None:
            return _values_of(graph, found)
        values = graph._run(name, arguments)
        self._core.keep_result(commit.id, values._values)
        return values


_ALGORITHMS = _core.algorithm_names()


class _Asking(Graph):
    """A graph whose algorithms ask the store first."""

    __slots__ = ("_recall",)

    def _run(self, name: str, arguments: dict[str, Any]) -> NodeValues:
        return self._recall(name, arguments)
