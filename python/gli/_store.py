"""The history of a graph in this process: in memory, or durable in a directory."""

from __future__ import annotations

import getpass
import os
from collections import OrderedDict
from collections.abc import Iterable

from . import _core
from ._checks import whole
from ._errors import CorruptError
from ._graph import Graph, _values_of
from ._history import Commit, Diff, Log
from ._node_values import NodeValues
from ._table import counted

_KEPT_STATES = 4
NO_LIMIT = 2**32 - 1


def author_or_user(author: str | None) -> str:
    """The author given, or the user's name."""
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


class GraphStore:
    """Commits, branches and diffs of a graph. path=None keeps everything in memory.

    >>> import gli
    >>> store = gli.GraphStore()
    >>> monday = store.commit("Monday", graph=gli.Graph().add_node("ann"))
    >>> friday = store.commit("Friday", graph=store.get_current_graph().add_node("bob"))
    >>> store.diff("main~1", "main").summary()["nodes_added"], len(store.at("main~1"))
    (1, 1)
    """

    def __init__(self, path: str | os.PathLike | None = None, create: bool = True):
        self._core = _core.Store(None if path is None else os.path.abspath(os.fspath(path)), create)
        self._working: Graph | None = None
        self._seen = self.branches  # heads as this object knows them: commits go on top of these
        self._states: OrderedDict[str, object] = OrderedDict()

    @property
    def path(self) -> str | None:
        """The directory, or None in memory."""
        return self._core.path or None

    # --- commits --------------------------------------------------------------------------------------------------------------

    def commit(
        self, message: str, graph: Graph | None = None, results: Iterable[NodeValues] | NodeValues = (), author: str | None = None
    ) -> Commit:
        """Adds a state to the current branch: the graph given, else the current one, with results of it. Durable when it returns.

        ConflictError when another writer has committed to the branch since this object last opened, read or committed its head.
        """
        check_message(message)
        graph = self._working if graph is None else graph
        if graph is None:
            raise ValueError("there is no graph to commit: say commit(message, graph=...)")
        if not isinstance(graph, Graph):
            raise TypeError(f"an embedded store keeps embedded graphs, not {graph!r}: use client.open_store(path).commit(...)")
        values = [self._checked(r, graph) for r in list_of_results(results)]
        branch = self.current_branch
        commit = Commit._from_dict(
            self._core.commit(graph._core, [v._values for v in values], message, author_or_user(author), self._seen.get(branch) or "")
        )
        self._working, self._seen[branch] = graph, commit.id
        return commit

    @staticmethod
    def _checked(result: NodeValues, graph: Graph) -> NodeValues:
        if not isinstance(result, NodeValues):
            raise TypeError(f"results are NodeValues, not {result!r}")
        graph._check_same_place(result.graph)
        if result.graph._core is not graph._core and result.graph.graph_id != graph.graph_id:
            raise ValueError(f"the result of {result.provenance.algorithm} is of another graph than the one committed")
        return result

    def update_graph(self, graph: Graph, operation: str | None = None) -> Graph:
        """Makes this the current graph, which commit(message) keeps."""
        if not isinstance(graph, Graph):
            raise TypeError(f"the current graph is a gli.Graph, not {graph!r}")
        self._working = graph
        return graph

    def get_current_graph(self) -> Graph | None:
        """The current graph: what was set or committed last here, else the branch's last commit; None where there is none.

        When another writer has committed meanwhile, it is that commit's graph: edit it and commit again.
        """
        branch = self.current_branch
        head = self.branches[branch]
        if head is not None and (self._working is None or head != self._seen.get(branch)):
            self._working = self.at(head)
            self._seen[branch] = head
        return self._working

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch name, `name~3`, or the first digits of an id mean. KeyError where there is none."""
        return Commit._from_dict(self._core.resolve(_text(revision)))

    def log(self, revision: str | None = None, limit: int | None = None) -> Log:
        """The commits back from `revision` (default: the current branch), newest first; empty for a branch without commits."""
        limit = NO_LIMIT if limit is None else whole(limit, "limit", 0)
        if revision is None:
            revision = self.current_branch
            if self.branches.get(revision) is None:
                return Log()
        return Log(Commit._from_dict(d) for d in self._core.log(_text(revision), limit)) if limit else Log()

    def at(self, revision: str | Commit) -> Graph:
        """The graph of a commit. What several workers wrote is gathered."""
        commit = self.resolve(revision)
        branch = self.current_branch
        if self.branches[branch] == commit.id != self._seen.get(branch):
            self._seen[branch], self._working = commit.id, None
        return Graph._from_core(self._state(commit).graph)

    def _state(self, revision):
        commit = self.resolve(revision)
        if commit.id not in self._states:
            self._states[commit.id] = self._core.read(commit.id)
            if len(self._states) > _KEPT_STATES:
                self._states.popitem(last=False)
        self._states.move_to_end(commit.id)
        return self._states[commit.id]

    def results(self, revision: str | Commit = "") -> tuple:
        """Which results a commit has."""
        return self.resolve(revision or self.current_branch).results

    def result(self, revision: str | Commit, which: str | int) -> NodeValues:
        """A commit's result, by the algorithm's name or by number. KeyError where there is none."""
        commit = self.resolve(revision)
        state = self._state(commit)
        values = self._core.result(commit.id, commit.result_index(which), state)
        return _values_of(Graph._from_core(state.graph), values)

    def diff(self, older: str | Commit, newer: str | Commit) -> Diff:
        """What changed from one commit to another."""
        a, b = self.resolve(older), self.resolve(newer)
        old, new = self.at(a), self.at(b)
        return Diff(a, b, new.compare_summary(old), lambda limit: new.differences(old, limit))

    # --- branches -------------------------------------------------------------------------------------------------------------

    @property
    def current_branch(self) -> str:
        """The branch that commits go to."""
        return self._core.current_branch

    @property
    def branches(self) -> dict[str, str | None]:
        """Branches and the ids of their last commits."""
        return self._core.branches()

    def create_branch(self, name: str, from_revision: str | Commit | None = None) -> None:
        """A branch that begins at a revision, or where the current one is."""
        self._core.create_branch(name, "" if from_revision is None else _text(from_revision))
        self._seen[name] = self.branches[name]

    def switch_branch(self, name: str) -> None:
        """Makes commits go to this branch."""
        self._core.switch_branch(name)
        self._working, self._seen[name] = None, self.branches[name]

    def list_branches(self) -> list[str]:
        """The branches' names."""
        return list(self.branches)

    # --- not available yet ----------------------------------------------------------------------------------------------------

    def merge_branch(self, source: str, target: str | None = None, strategy: str = "auto", message: str = "") -> Commit:
        """Not available yet."""
        raise NotImplementedError("merging branches comes later: diff(target, source).rows() lists what to bring over")

    def delete_branch(self, name: str, force: bool = False) -> None:
        """Not available yet."""
        raise NotImplementedError("deleting branches comes later: a branch that is not used costs nothing")

    def undo(self) -> Graph:
        """Not available yet."""
        raise NotImplementedError("undo comes later: create_branch(name, 'main~1') begins again one commit back")

    def tag(self, name: str, revision: str | Commit | None = None) -> None:
        """Not available yet."""
        raise NotImplementedError("tags come later: create_branch(name, revision) names a commit")

    def gc(self, compact: bool = False) -> None:
        """Not available yet."""
        raise NotImplementedError("garbage collection comes later: a store keeps all that was ever committed")

    def get_storage_stats(self) -> dict:
        """Not available yet."""
        raise NotImplementedError("statistics of a store come later: len(store.log()) and the directory's size say most of it")

    def run_module(self, name: str, **parameters) -> Graph:
        """Not available yet."""
        raise NotImplementedError("named modules come later: call the function on get_current_graph() and update_graph() with its result")

    # --- the whole ------------------------------------------------------------------------------------------------------------

    def verify(self) -> bool:
        """Rereads and rehashes everything. CorruptError names what is damaged; True otherwise."""
        damaged = self._core.verify()
        if damaged:
            raise CorruptError("\n".join(damaged))
        return True

    def __repr__(self):
        where, commits, branches = self.path or "in memory", counted(len(self.log()), "commit"), f"{len(self.branches)} branches"
        branches = branches.removesuffix("es") if len(self.branches) == 1 else branches
        return f"<gli.GraphStore {where}: {commits} on {self.current_branch!r}, {branches}>"


def check_message(message) -> None:
    """TypeError for what is no message, which is most often the graph."""
    if not isinstance(message, str):
        raise TypeError(f"a commit begins with its message, commit('Monday', graph=...), not with {message!r}")


def list_of_results(results) -> list:
    """One result or several as a list."""
    if isinstance(results, NodeValues):
        return [results]
    if isinstance(results, (str, bytes)) or not isinstance(results, Iterable):
        raise TypeError(f"results are NodeValues or a list of them, not {results!r}")
    return list(results)


def _text(revision) -> str:
    return revision.id if isinstance(revision, Commit) else str(revision)
