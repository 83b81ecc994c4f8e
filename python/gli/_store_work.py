"""What a store's user works on between commits: the current graph of each branch, automatic states, undo, modules."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any

from ._errors import ConflictError
from ._events import Event, Events, Listener
from ._graph import Graph
from ._methods import GraphMethods
from ._history import Commit, History, Log, State
from ._modules import Module


class Working:
    """The part of gli.GraphStore that is about graphs which are not committed. They live in this object: a commit makes them durable."""

    _graphs: dict[str, Graph]  # what is current on a branch, where this object has it
    _working_branch: str  # that this object's user is on
    _seen: dict[str, str | None]  # heads as this object knows them: commits go on top of these
    _automatic: dict[str, deque[State]]  # by branch, newest last
    _undoable: dict[str, deque[State]]  # those since the branch last moved
    _max_auto_states: int
    _modules: dict[str, Module]
    _events: Events

    # --- the current graph ----------------------------------------------------------------------------------------------------

    def update_graph(self, graph: Graph, operation: str | None = None) -> Graph:
        """Makes this the branch's current graph, which commit(message) keeps, and an automatic state, which undo() goes back through.

        `operation` says in get_history() what made it. A branch keeps its current graph while another one is current; the
        newest max_auto_states automatic states stay.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> g = store.update_graph(gli.Graph().add_node("ann"))
        >>> g = store.update_graph(g.add_node("bob"), "add bob")
        >>> store.get_history(commits_only=False)[0].operation, list(store.undo())
        ('add bob', ['ann'])
        """
        self._check_kept(graph)
        if operation is not None and not isinstance(operation, str):
            raise TypeError(f"operation says in words what made the graph, not {operation!r}")
        branch = self._working_branch
        state = State(branch, operation or "update", datetime.now(UTC).replace(tzinfo=None), graph)
        self._graphs[branch] = graph
        for kept in (self._automatic, self._undoable):
            kept.setdefault(branch, deque(maxlen=self._max_auto_states)).append(state)
        return graph

    def get_current_graph(self) -> Graph | None:
        """The current graph: what was set or committed last here, else the branch's last commit; None where there is none.

        When another writer has committed meanwhile, it is that commit's graph: edit it and commit again.
        """
        branch = self.current_branch
        if branch != self._working_branch:
            if self._uncommitted(self._working_branch):
                self._branch_as_seen()
            self._enter(branch)
        head = self.branches[branch]
        if head is not None and (branch not in self._graphs or head != self._seen.get(branch)):
            self._settle(branch, head, self.at(head))
        return self._graphs.get(branch)

    def _branch_as_seen(self) -> str:
        """The current branch. ConflictError when it is not the one that this object's user is on."""
        branch = self.current_branch
        if branch != self._working_branch:
            raise ConflictError(
                f"another process has switched from branch {self._working_branch!r} to {branch!r}: "
                f"say switch_branch({self._working_branch!r}) to go on where this one was, or switch_branch({branch!r})"
            )
        return branch

    def _enter(self, branch: str) -> None:
        """The user is on this branch now, and finds there what was left uncommitted."""
        self._working_branch = branch
        if not self._uncommitted(branch):
            self._settle(branch, self.branches[branch])

    def _settle(self, branch: str, head: str | None, graph: Graph | None = None) -> None:
        """The branch is at `head`, with nothing to undo behind it; its current graph is the one given, or the head's when somebody asks."""
        self._seen[branch] = head
        self._undoable.pop(branch, None)
        if graph is None:
            self._graphs.pop(branch, None)
        else:
            self._graphs[branch] = graph

    def _forget(self, branch: str) -> None:
        for of in (self._graphs, self._seen, self._undoable, self._automatic):
            of.pop(branch, None)

    def _uncommitted(self, branch: str) -> bool:
        graph, head = self._graphs.get(branch), self._seen.get(branch)
        return graph is not None and (head is None or graph.graph_id != self.resolve(head).graph_id)

    # --- back -----------------------------------------------------------------------------------------------------------------

    def undo(self) -> Graph | None:
        """Takes the last step back: the last update_graph that nobody committed, else the last commit. The graph that is current then.

        A commit that was taken back stays: "main@{1}" is where the branch was. ValueError when there is nothing to take back.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> first = store.commit("first", graph=gli.Graph().add_node(1))
        >>> _ = store.commit("second", graph=gli.Graph().add_node(2))
        >>> list(store.undo()), list(store.at("main@{1}"))
        ([1], [2])
        """
        branch = self._branch_as_seen()
        if self._undoable.get(branch) or self._uncommitted(branch):
            return self._undo_update(branch)
        head = self._committed_head(branch)
        if head is None:
            raise ValueError(f"branch {branch!r} has no commits: there is nothing to undo")
        commit = self.resolve(head)
        self._move(branch, head, commit.parents[0] if commit.parents else None, f"undo: {commit.title}")
        return self.get_current_graph()

    def _undo_update(self, branch: str) -> Graph | None:
        states = self._undoable.get(branch)
        if states:
            states.pop()
        if states:
            self._graphs[branch] = states[-1].graph
        else:
            self._graphs.pop(branch, None)
        return self.get_current_graph()

    def get_history(self, commits_only: bool = True) -> Log | History:
        """The current branch's commits, newest first; commits_only=False: and the automatic states that are kept, with their graphs."""
        if commits_only:
            return self.log()
        states: list[State | Commit] = [*self._automatic.get(self.current_branch, ()), *self.log()]
        return History(sorted(states, key=lambda s: s.time, reverse=True))

    # --- modules and events ---------------------------------------------------------------------------------------------------

    def run_module(self, name: str, **parameters: Any) -> Graph:
        """Gives the current graph to a function of GraphStore(modules=...), with these parameters, and makes what it answers current.

        KeyError for a name that there is not, TypeError for an answer that is no graph; then nothing changed.

        >>> import gli
        >>> def largest(graph, minimum=1):
        ...     return graph.filter(nodes=gli.degree() >= minimum)
        >>> store = gli.GraphStore(modules={"largest": largest})
        >>> _ = store.update_graph(gli.Graph.from_edge_list([(1, 2), (1, 3)]))
        >>> list(store.run_module("largest", minimum=2))
        [1]
        """
        if name not in self._modules:
            raise KeyError(f"no module {name!r}: there are {', '.join(sorted(self._modules)) or 'none: say GraphStore(path, modules=...)'}")
        graph = self.get_current_graph()
        if graph is None:
            raise ValueError("there is no graph to run a module on: say update_graph(graph)")
        given = {**self._modules[name].parameters, **parameters}
        made = self._modules[name].load(name)(graph, **given)
        if not isinstance(made, GraphMethods):
            raise TypeError(f"module {name!r} answers a gli.Graph, not {made!r}")
        return self.update_graph(made, f"{name}({', '.join(f'{k}={v!r}' for k, v in given.items())})")

    def on(self, event: str, listener: Listener) -> None:
        """Calls `listener(event)` after each "state_committed", "branch_created", "branch_switched" or "branch_merged" of this object.

        >>> import gli
        >>> store = gli.GraphStore()
        >>> store.on("state_committed", lambda e: print(e.branch, e.commit.message))
        >>> _ = store.commit("first", graph=gli.Graph().add_node(1))
        main first
        """
        self._events.add(event, listener)

    def off(self, event: str, listener: Listener) -> None:
        """Ends what on() began. ValueError when it did not."""
        self._events.remove(event, listener)

    def _tell(self, name: str, branch: str, source: str | None = None) -> None:
        if not self._events.heard(name):
            return
        head = self._seen.get(branch)
        self._events.tell(Event(name, branch, None if head is None else self.resolve(head), source))
