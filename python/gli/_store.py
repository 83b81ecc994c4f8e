"""The history of a graph in this process: in memory, or durable in a directory."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from . import _core
from ._checks import whole
from ._commits import NO_LIMIT, author_or_user, check_message, list_of_results, revision_text
from ._errors import CorruptError
from ._events import Events
from ._graph import Graph
from ._history import Commit, Diff, Log
from ._methods import GraphMethods
from ._modules import load_modules
from ._node_values import NodeValues
from ._store_bundles import Bundles
from ._store_merging import Merging
from ._store_refs import References
from ._store_results import Results
from ._store_space import Space
from ._store_work import Working
from ._table import counted

_KEPT_STATES = 4


class GraphStore(References, Merging, Results, Working, Space, Bundles):
    """Commits, branches and diffs of a graph. path=None keeps everything in memory.

    >>> import gli
    >>> store = gli.GraphStore()
    >>> monday = store.commit("Monday", graph=gli.Graph().add_node("ann"))
    >>> friday = store.commit("Friday", graph=store.get_current_graph().add_node("bob"))
    >>> store.diff("main~1", "main").summary()["nodes_added"], len(store.at("main~1"))
    (1, 1)

    max_auto_states: how many of the graphs that update_graph set stay on each branch, for undo() and get_history(). modules: functions for
    run_module, as {name: function} or a .toml or .json file with a table for each: function = "package.module:function", parameters = {…}.
    """

    def __init__(
        self,
        path: str | os.PathLike | None = None,
        create: bool = True,
        max_auto_states: int = 10,
        modules: Mapping[str, Callable] | str | os.PathLike | None = None,
    ):
        self._max_auto_states = whole(max_auto_states, "max_auto_states", 0)
        self._modules = load_modules(modules)
        self._core = _core.Store(None if path is None else os.path.abspath(os.fspath(path)), create)
        self._graphs = {}
        self._working_branch = self.current_branch
        self._seen = self.branches
        self._automatic, self._undoable = {}, {}
        self._events = Events()
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
        graph = self._graphs.get(self._working_branch) if graph is None else graph
        if graph is None:
            raise ValueError("there is no graph to commit: say commit(message, graph=...)")
        self._check_kept(graph)
        values = [self._checked(r, graph) for r in list_of_results(results)]
        branch = self._branch_as_seen()
        return self._commit(branch, graph, values, message, author, self._seen.get(branch))

    def _commit(self, branch, graph, values, message, author, seen, parents=(), begins_part=False) -> Commit:
        native, author = [v._values for v in values], author_or_user(author)
        record = self._core.commit(graph, native, message, author, branch, seen or "", list(parents), begins_part)
        return self._committed(branch, record, graph)

    def _committed(self, branch: str, record: dict, graph) -> Commit:
        commit = Commit._from_dict(record)
        self._settle(branch, commit.id, graph)
        self._tell("state_committed", branch)
        return commit

    def _move(self, branch: str, head: str | None, to: str | None, action: str) -> None:
        self._core.move_branch(branch, head or "", to or "", action)
        self._settle(branch, to)

    @staticmethod
    def _check_kept(graph) -> None:
        if not isinstance(graph, Graph):
            raise TypeError(f"the graph of an embedded store is a gli.Graph, not {graph!r}: use client.open_store(path).commit(...)")

    @staticmethod
    def _checked(result: NodeValues, graph: Graph) -> NodeValues:
        if not isinstance(result, NodeValues):
            raise TypeError(f"results are NodeValues, not {result!r}")
        graph._check_same_place(result.graph)
        if result.graph != graph:
            raise ValueError(f"the result of {result.provenance.algorithm} is of another graph than the one committed")
        return result

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, a tag, `name~3`, `name@{1}` or the first digits of an id mean. KeyError where there is none."""
        return self._described(self._core.resolve(revision_text(revision)))

    def log(self, revision: str | None = None, limit: int | None = None) -> Log:
        """What `revision` (default: the current branch) came from, merged branches too, newest first, at most `limit` commits.

        Empty for a branch without commits.
        """
        limit = NO_LIMIT if limit is None else whole(limit, "limit", 0)
        if revision is None:
            revision = self.current_branch
            if self.branches.get(revision) is None:
                return Log()
        commits = self._core.log(revision_text(revision), limit) if limit else ()
        return Log(map(self._described, commits), self._names_by_commit())

    def at(self, revision: str | Commit) -> Graph:
        """The graph of a commit. What several workers wrote is gathered."""
        commit = self.resolve(revision)
        branch = self._working_branch
        if self.branches.get(branch) == commit.id != self._seen.get(branch) and not self._uncommitted(branch):
            self._settle(branch, commit.id)
        return self._graph(commit)

    def _graph(self, revision: str | Commit) -> Graph:
        return self._state(revision).as_graph(Graph)

    def _state(self, revision: str | Commit):
        commit = revision if isinstance(revision, Commit) else self.resolve(revision)
        if commit.id not in self._states:
            self._states[commit.id] = self._read(commit.id)
            if len(self._states) > _KEPT_STATES:
                self._states.popitem(last=False)
        self._states.move_to_end(commit.id)
        return self._states[commit.id]

    def _read(self, commit: str):
        return self._core.read(commit)

    def diff(self, older: str | Commit | GraphMethods, newer: str | Commit | GraphMethods) -> Diff:
        """What changed from one revision to another; either may also be a graph."""
        old, new = (x if isinstance(x, GraphMethods) else self.resolve(x) for x in (older, newer))
        before, after = (x if isinstance(x, GraphMethods) else self.at(x) for x in (old, new))
        return after.diff(before).between(old, new)

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
