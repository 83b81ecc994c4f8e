"""A store that the workers of a cluster write: each its own partition, the coordinator the history."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ._commits import author_or_user
from ._distributed import DistributedGraph, values_of
from ._history import Commit, StoredResult
from ._node_values import NodeValues
from ._progress import Progress
from ._store import GraphStore

if TYPE_CHECKING:
    from ._client import Client


class ClusterStore(GraphStore):
    """Commits, branches and diffs of distributed graphs: what gli.GraphStore does, with graphs that stay on the workers.

    gli.GraphStore opens the same directory without a cluster. Graphs are written and read by the workers, and the coordinator adds commits;
    names and moves of branches are written from here: the directory is one that this process reaches too.
    """

    def __init__(
        self,
        client: Client,
        path: str | os.PathLike,
        max_auto_states: int = 10,
        modules: Mapping[str, Callable] | str | os.PathLike | None = None,
    ):
        path = os.path.abspath(path)
        for _ in range(2):  # made where the coordinator is, if it is not there; then this process sees the same, or is on another host
            client._call(lambda core: core.open_store(path))
        super().__init__(path, False, max_auto_states, modules)
        self._client = client

    def _commit(self, branch, graph, values, message, author, seen, parents=(), begins_part=False) -> Commit:
        numbers, author = [v._values.number for v in values], author_or_user(author)
        request = (self.path, graph._handle.number, message, author, branch, numbers, seen or "", list(parents), begins_part)
        with Progress("commit") as progress:
            commits = self._client._call(lambda core: core.commit(*request, progress))
        return self._committed(branch, commits[0], graph)

    @staticmethod
    def _check_kept(graph) -> None:
        if not isinstance(graph, DistributedGraph):
            raise TypeError(f"a cluster's store keeps a gli.DistributedGraph, not {graph!r}: use gli.GraphStore(path).commit(...)")

    def _graph(self, revision: str | Commit) -> DistributedGraph:
        return self._state(revision)

    def _read(self, commit: str) -> DistributedGraph:
        self._client._refuse_checkout(self.resolve(commit))
        return DistributedGraph(self._client, self._checkout(lambda core, progress: core.checkout(self.path, commit, -1, 0, progress)))

    def _empty(self, like: Commit) -> DistributedGraph:
        graph = self._graph(like)
        return self._client.from_edge_list([], directed=graph.directed, multi=graph.multi)

    def _checkout(self, read: Callable[[Any, Progress], dict]) -> dict:
        with Progress("checkout") as progress:
            return self._client._call(lambda core: read(core, progress))

    def result(self, revision: str | Commit, which: str | int, graph: DistributedGraph | None = None) -> NodeValues:
        """A commit's result, by the algorithm's name or by number; `graph` is the commit's graph if it is there already."""
        commit = self.resolve(revision)
        index, graph = commit.result_index(which), graph or self._graph(commit)
        if index >= commit.committed_results:
            return self._kept(commit, graph, commit.results[index])
        number = graph._handle.number
        return values_of(graph, self._checkout(lambda core, progress: core.checkout(self.path, commit.id, index, number, progress)))

    def _kept(self, commit: Commit, graph: DistributedGraph, what: StoredResult) -> NodeValues:
        request = (self.path, commit.id, graph._handle.number, what.algorithm, what.version, what.arguments)
        return values_of(graph, self._checkout(lambda core, progress: core.kept_result(*request, progress)))

    def _asking(self, commit: Commit, recall: Callable[[str, dict], NodeValues]) -> _Asking:
        return _Asking(self._graph(commit), recall)

    def _recall(self, commit: Commit, name: str, arguments: dict[str, Any]) -> NodeValues:
        graph = self._graph(commit)
        kept = self._core.kept_today(commit.id, name, arguments)
        if kept is not None:
            return self._kept(commit, graph, StoredResult._from_dict(kept))
        values = graph._run(name, arguments)
        self._client._call(lambda core: core.keep_result(self.path, commit.id, values._values.number))
        return values

    def __repr__(self):
        return f"<gli.ClusterStore {self.path}>"


class _Asking(DistributedGraph):
    """A graph whose algorithms ask the store first."""

    def __init__(self, graph: DistributedGraph, recall: Callable[[str, dict], NodeValues]):
        self.__dict__.update(graph.__dict__, _degrees={})
        self._recall = recall

    def _run(self, name, arguments) -> NodeValues:
        return self._recall(name, arguments)
