"""A store that the workers of a cluster write: each its own partition, the coordinator the history."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ._checks import whole
from ._commits import NO_LIMIT, author_or_user, check_message, list_of_results, revision_text
from ._distributed import DistributedGraph, values_of
from ._history import Commit, Diff, Log
from ._node_values import NodeValues
from ._progress import Progress
from ._store import GraphStore

if TYPE_CHECKING:
    from ._client import Client


class ClusterStore:
    """Commits of distributed graphs; gli.GraphStore opens the same directory without a cluster."""

    def __init__(self, client: Client, path: str | os.PathLike):
        self._client = client
        self._path = os.path.abspath(os.fspath(path))

    @property
    def path(self) -> str:
        """The directory."""
        return self._path

    def commit(
        self,
        message: str,
        graph: DistributedGraph,
        results: Iterable[NodeValues] | NodeValues = (),
        author: str | None = None,
        branch: str = "",
    ) -> Commit:
        """Adds a state to a branch (default: the current one): pages first, on every worker, then the history. Durable when it returns."""
        check_message(message)
        if not isinstance(graph, DistributedGraph):
            raise TypeError(f"a cluster's store keeps distributed graphs, not {graph!r}: use gli.GraphStore(path).commit(...)")
        values = list_of_results(results)
        for v in values:
            if not isinstance(v, NodeValues):
                raise TypeError(f"results are NodeValues, not {v!r}")
            graph._check_same_place(v.graph)
            if v.graph._handle is not graph._handle and v.graph.graph_id != graph.graph_id:
                raise ValueError(f"the result of {v.provenance.algorithm} is of another graph than the one committed")
        numbers = [v._values.number for v in values]
        with Progress("commit") as progress:
            commits = self._client._call(
                lambda core: core.commit(self._path, graph._handle.number, str(message), author_or_user(author), branch, numbers, progress)
            )
        return Commit._from_dict(commits[0])

    def log(self, revision: str = "", limit: int | None = None) -> Log:
        """The commits back from `revision` (default: the current branch), newest first."""
        limit = NO_LIMIT if limit is None else whole(limit, "limit", 0)
        rows = self._client._call(lambda core: core.history(self._path, revision_text(revision), limit)) if limit else []
        return Log(Commit._from_dict(d) for d in rows)

    def resolve(self, revision: str | Commit = "") -> Commit:
        """The commit that a revision means. KeyError where there is none."""
        return self.log(revision_text(revision), limit=1)[0]

    def at(self, revision: str | Commit) -> DistributedGraph:
        """The graph of a commit, on the workers."""
        return DistributedGraph(self._client, self._checkout(revision_text(revision), -1, 0))

    def _checkout(self, revision: str, result: int, graph: int) -> dict:
        with Progress("checkout") as progress:
            return self._client._call(lambda core: core.checkout(self._path, revision, result, graph, progress))

    def results(self, revision: str | Commit = "") -> tuple:
        """Which results a commit has."""
        return self.resolve(revision).results

    def result(self, revision: str | Commit, which: str | int, graph: DistributedGraph | None = None) -> NodeValues:
        """A commit's result, by the algorithm's name or by number; `graph` is the commit's graph if it is there already."""
        commit = self.resolve(revision)
        graph = graph or self.at(commit)
        return values_of(graph, self._checkout(commit.id, commit.result_index(which), graph._handle.number))

    def diff(self, older: str | Commit, newer: str | Commit) -> Diff:
        """How much changed from one commit to another."""
        a, b = self.resolve(older), self.resolve(newer)
        return Diff(a, b, self.at(b).compare_summary(self.at(a)))

    def create_branch(self, name: str, from_revision: str | Commit | None = None) -> None:
        """A branch that begins at a revision, or where the current one is."""
        start = "" if from_revision is None else revision_text(from_revision)
        self._client._call(lambda core: core.create_branch(self._path, name, start))

    # --- what this process reads and writes itself: the directory is on this machine ------------------------------------------

    def _here(self) -> GraphStore:
        return GraphStore(self._path, create=False)

    @property
    def current_branch(self) -> str:
        """The branch that commits go to."""
        return self._here().current_branch

    @property
    def branches(self) -> dict[str, str | None]:
        """Branches and the ids of their last commits."""
        return self._here().branches

    def switch_branch(self, name: str) -> None:
        """Makes commits go to this branch."""
        self._here().switch_branch(name)

    def get_current_graph(self) -> DistributedGraph | None:
        """The graph of the current branch's last commit, on the workers; None where there is none."""
        here = self._here()
        head = here.branches[here.current_branch]
        return None if head is None else self.at(head)

    def verify(self) -> bool:
        """Rereads and rehashes everything. CorruptError names what is damaged; True otherwise."""
        return self._here().verify()

    def __repr__(self):
        return f"<gli.ClusterStore {self._path}>"
