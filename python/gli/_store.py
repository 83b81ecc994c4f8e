"""The history of a graph in this process: in memory, or durable in a directory."""

from __future__ import annotations

import getpass
import os
from collections import OrderedDict
from collections.abc import Iterable

from . import _core
from ._checks import whole
from ._errors import ConflictError, CorruptError
from ._graph import Graph, _values_of
from ._history import Commit, Diff, Log, Move, Reflog
from ._merging import Strategy, checked_strategy, merged, older
from ._node_values import NodeValues
from ._table import counted

_KEPT_STATES = 4
_ANCESTOR_LEVELS = 8  # of criss-cross merges behind one another that a merge looks through
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
        self._working_branch = self.current_branch  # that the current graph belongs to
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
        branch = self._branch_as_seen()
        return self._commit(branch, graph, values, message, author, self._seen.get(branch))

    def _branch_as_seen(self) -> str:
        """The current branch. ConflictError when it is not the one that this object's current graph belongs to."""
        branch = self.current_branch
        if branch != self._working_branch:
            raise ConflictError(
                f"another process has switched from branch {self._working_branch!r} to {branch!r}: "
                f"say switch_branch({self._working_branch!r}) to go on where this one was, or switch_branch({branch!r})"
            )
        return branch

    def _commit(self, branch, graph, values, message, author, seen, parents=()) -> Commit:
        native, author = [v._values for v in values], author_or_user(author)
        commit = Commit._from_dict(self._core.commit(graph._core, native, message, author, branch, seen or "", list(parents)))
        self._seen[branch] = commit.id
        if branch == self._working_branch:
            self._working = graph
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
        if branch != self._working_branch:
            if self._uncommitted(self._seen.get(self._working_branch)):
                self._branch_as_seen()
            self._working, self._working_branch = None, branch
        head = self.branches[branch]
        if head is not None and (self._working is None or head != self._seen.get(branch)):
            self._working = self.at(head)
            self._seen[branch] = head
        return self._working

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, a tag, `name~3`, `name@{1}` or the first digits of an id mean. KeyError where there is none."""
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
        branch = self._working_branch
        if self.branches.get(branch) == commit.id != self._seen.get(branch) and not self._uncommitted(self._seen.get(branch)):
            self._seen[branch], self._working = commit.id, None
        return Graph._from_core(self._state(commit).graph)

    def _state(self, revision: str | Commit):
        commit = revision if isinstance(revision, Commit) else self.resolve(revision)
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
        self._working, self._working_branch, self._seen[name] = None, name, self.branches[name]

    def list_branches(self) -> list[str]:
        """The branches' names."""
        return list(self.branches)

    def delete_branch(self, name: str, force: bool = False) -> None:
        """Removes a branch's name. ValueError for the current one, and without force for one whose commits no other branch or tag has.

        Where it was stays in the reflog: create_branch(name, f"{name}@{{1}}") brings it back.
        """
        self._core.delete_branch(name, bool(force))
        self._seen.pop(name, None)

    def merge_branch(
        self, source: str | Commit, target: str | None = None, strategy: Strategy = "auto", message: str = "", author: str | None = None
    ) -> Commit:
        """Brings what `source` changed since both parted into `target` (default: the current branch), as a commit with both as parents.

        strategy as in Graph.merge: MergeConflict, and nothing changed, when "auto" or a dict leaves conflicts open. A target that has
        nothing of its own just moves to the source, unless a message is given; a source that the target has already changes nothing.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> _ = store.commit("first", graph=gli.Graph().add_node("ann"))
        >>> store.create_branch("side")
        >>> _ = store.commit("bob", graph=store.get_current_graph().add_node("bob"))
        >>> store.switch_branch("side")
        >>> _ = store.commit("eve", graph=store.get_current_graph().add_node("eve"))
        >>> store.switch_branch("main")
        >>> store.merge_branch("side").message, list(store.get_current_graph())
        ("merge 'side' into 'main'", ['ann', 'bob', 'eve'])
        """
        strategy = checked_strategy(strategy)
        check_message(message)
        target = self._branch_as_seen() if target is None else target
        theirs = self.resolve(source)
        head = self._committed_head(target)
        if head is None:
            raise ValueError(f"branch {target!r} has no commits to merge into")
        ours = self.resolve(head)
        bases = self._core.merge_bases(ours.id, theirs.id)
        if theirs.id in bases:
            return ours
        if ours.id in bases and not message:
            self._move(target, ours.id, theirs.id, f"merge: fast-forward to {_text(source)}")
            return theirs
        graph = Graph._from_core(merged(self._ancestor(bases, ours), self._state(ours).graph, self._state(theirs).graph, strategy))
        return self._commit(target, graph, [], message or f"merge {_text(source)!r} into {target!r}", author, ours.id, [theirs.id])

    def _ancestor(self, bases: list[str], like: Commit, levels: int = _ANCESTOR_LEVELS):
        """The graph that a merge begins from: of several best ancestors their own merge, whose ancestor is found likewise."""
        if not bases:
            graph = Graph._from_core(self._state(like).graph)
            return Graph(graph.directed, graph.multi)._core
        graph = self._state(bases[0]).graph
        if levels == 0:
            return graph
        for known, other in zip(bases, bases[1:]):
            before = self._ancestor(self._core.merge_bases(known, other), like, levels - 1)
            graph = merged(before, graph, self._state(other).graph, older)
        return graph

    def _committed_head(self, branch: str) -> str | None:
        """The branch's head. KeyError where there is none of that name.

        Of the current one, ConflictError when another writer moved it since this object looked, and ValueError when the current graph has
        something that is not committed.
        """
        branches = self.branches
        if branch not in branches:
            raise KeyError(f"no branch {branch!r}")
        head = branches[branch]
        if branch == self.current_branch:
            self._branch_as_seen()
            if head != self._seen.get(branch):
                raise ConflictError(f"another writer has moved branch {branch!r}: call get_current_graph() and look at what it has now")
            if self._uncommitted(head):
                raise ValueError("the current graph has changes that are not committed: commit or undo() them first")
        return head

    def _uncommitted(self, head: str | None) -> bool:
        return self._working is not None and (head is None or self._working.graph_id != self.resolve(head).graph_id)

    def _move(self, branch: str, head: str | None, to: str | None, action: str) -> None:
        self._core.move_branch(branch, head or "", to or "", action)
        self._seen[branch] = to
        if branch == self._working_branch:
            self._working = None

    def undo(self) -> Graph | None:
        """Takes the last step back: what update_graph set and nobody committed, else the last commit. The graph that is current then.

        A commit that was taken back stays: "main@{1}" is where the branch was. ValueError when there is nothing to take back.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> first = store.commit("first", graph=gli.Graph().add_node(1))
        >>> _ = store.commit("second", graph=gli.Graph().add_node(2))
        >>> list(store.undo()), list(store.at("main@{1}"))
        ([1], [2])
        """
        branch = self._branch_as_seen()
        if self._uncommitted(self._seen.get(branch)):
            self._working = None
            return self.get_current_graph()
        head = self._committed_head(branch)
        if head is None:
            raise ValueError(f"branch {branch!r} has no commits: there is nothing to undo")
        commit = self.resolve(head)
        self._move(branch, head, commit.parents[0] if commit.parents else None, f"undo: {commit.message}".partition("\n")[0])
        return self.get_current_graph()

    # --- tags and the reflog --------------------------------------------------------------------------------------------------

    @property
    def tags(self) -> dict[str, str]:
        """Tags and the ids of their commits."""
        return self._core.tags()

    def tag(self, name: str, revision: str | Commit | None = None) -> None:
        """Names a commit (default: the current branch's last), wherever the branches go. ValueError when the tag is there already."""
        self._core.create_tag(name, "" if revision is None else _text(revision))

    def delete_tag(self, name: str) -> None:
        """Removes a tag; its commit stays as long as something else has it. KeyError where there is none."""
        self._core.delete_tag(name)

    def reflog(self, limit: int | None = None) -> Reflog:
        """Every move of a branch, newest first, at most `limit`."""
        return Reflog(Move(*m) for m in self._core.reflog(0 if limit is None else whole(limit, "limit", 1)))

    # --- not available yet ----------------------------------------------------------------------------------------------------

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
