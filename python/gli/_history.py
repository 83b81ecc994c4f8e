"""Commits and what lies between them, as stores show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ._checks import whole
from ._convert import to_datetime
from ._table import Table, counted, shown

if TYPE_CHECKING:
    from ._graph import Graph
    from ._methods import GraphMethods


@dataclass(frozen=True)
class StoredResult:
    """A result kept with a commit: the algorithm, its version and arguments."""

    algorithm: str
    version: int
    arguments: dict[str, Any]

    @classmethod
    def _from_dict(cls, d: dict) -> StoredResult:
        return cls(d["algorithm"], d["version"], d["arguments"])

    def __str__(self):
        return f"{self.algorithm}({', '.join(f'{k}={v!r}' for k, v in self.arguments.items() if v is not None)})"


@dataclass(frozen=True, eq=False)
class Commit:
    """One state in a graph's history. Times are UTC. results: those committed with it (committed_results), then those kept since."""

    id: str
    graph_id: str
    parents: tuple[str, ...]
    message: str
    author: str
    time: datetime
    nodes: int
    edges: int
    results: tuple[StoredResult, ...]
    committed_results: int

    @classmethod
    def _from_dict(cls, d: dict) -> Commit:
        results = tuple(StoredResult._from_dict(r) for r in d["results"])
        time, parents = to_datetime(d["time"]), tuple(d["parents"])
        return cls(d["id"], d["graph_id"], parents, d["message"], d["author"], time, d["nodes"], d["edges"], results, len(results))

    def __eq__(self, other):
        return isinstance(other, Commit) and self.id == other.id

    def __hash__(self):
        return hash(self.id)

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]

    def result_index(self, which: str | int) -> int:
        """Where a result is: by number, or the last of an algorithm."""
        if isinstance(which, int) and 0 <= which < len(self.results):
            return which
        found = [i for i, r in enumerate(self.results) if r.algorithm == which]
        if not found:
            names = ", ".join(r.algorithm for r in self.results) or "none"
            raise KeyError(f"commit {self.id[:12]} has no result {which!r}; it has: {names}")
        return found[-1]

    def __str__(self):
        return f"{self.id[:12]}  {self.time:%Y-%m-%d %H:%M}  {self.author}  {self.title}"


class Log(list):
    """Commits, newest first; prints as a table. `refs`: the branches and tags at each commit, by its id, the current branch with a star.

    >>> import gli
    >>> store = gli.GraphStore()
    >>> _ = store.commit("first", graph=gli.Graph().add_node(1))
    >>> log = store.log()
    >>> [c.message for c in log], log.refs[log[0].id]
    (['first'], ['*main'])
    """

    def __init__(self, commits: Iterable[Commit] = (), refs: Mapping[str, list[str]] | None = None):
        super().__init__(commits)
        self.refs = dict(refs or {})

    def to_table(self) -> Table:
        """commit, graph_id (first digits), refs, time (UTC), author, nodes, edges, message (first line), results where there are."""
        columns = {
            "commit": [c.id[:8] for c in self],
            "refs": [", ".join(self.refs.get(c.id, ())) for c in self],
            "time": [f"{c.time:%Y-%m-%d %H:%M}" for c in self],
            "author": [c.author for c in self],
            "nodes": pa.array([c.nodes for c in self], pa.int64()),
            "edges": pa.array([c.edges for c in self], pa.int64()),
            "graph_id": [c.graph_id[:8] for c in self],
            "message": [c.title for c in self],
        }
        if any(c.results for c in self):
            columns["results"] = [", ".join(f"{r.algorithm} v{r.version}" for r in c.results) or None for c in self]
        return Table(pa.table(columns))

    def __repr__(self):
        return repr(self.to_table())

    def _repr_html_(self):
        return self.to_table()._repr_html_()


@dataclass(frozen=True)
class State:
    """An automatic state: a graph that was current on a branch and that nobody had committed, what made it, and when (UTC)."""

    branch: str
    operation: str
    time: datetime
    graph: Graph


class History(list):
    """Commits and automatic states, newest first; prints as a table.

    >>> import gli
    >>> store = gli.GraphStore()
    >>> _ = store.commit("first", graph=gli.Graph().add_node(1))
    >>> _ = store.update_graph(store.get_current_graph().add_node(2), "add 2")
    >>> store.get_history(commits_only=False).to_table()["what"]
    ['add 2', 'first']
    """

    def to_table(self) -> Table:
        """Commit (its first digits; None of an automatic state), time (UTC), nodes, edges, and the operation or message."""
        return Table(
            pa.table(
                {
                    "commit": pa.array([s.id[:8] if isinstance(s, Commit) else None for s in self], pa.string()),
                    "time": pa.array([f"{s.time:%Y-%m-%d %H:%M}" for s in self], pa.string()),
                    "nodes": pa.array([s.nodes if isinstance(s, Commit) else s.graph.node_count for s in self], pa.int64()),
                    "edges": pa.array([s.edges if isinstance(s, Commit) else s.graph.edge_count for s in self], pa.int64()),
                    "what": pa.array([s.title if isinstance(s, Commit) else s.operation for s in self], pa.string()),
                }
            )
        )

    def __repr__(self):
        return repr(self.to_table())

    def _repr_html_(self):
        return self.to_table()._repr_html_()


@dataclass(frozen=True)
class Move:
    """One move of a branch: the commits it was at before and after (None: none), when (UTC), and what moved it."""

    branch: str
    before: str | None
    after: str | None
    time: datetime
    action: str


class Reflog(list):
    """Moves of branches, newest first; prints as a table.

    >>> import gli
    >>> store = gli.GraphStore()
    >>> _ = store.commit("first", graph=gli.Graph().add_node(1))
    >>> [m.action for m in store.reflog()]
    ['commit: first']
    """

    def to_table(self) -> Table:
        """Branch, commits before and after by their first digits, time (UTC) and action."""
        return Table(
            pa.table(
                {
                    "branch": pa.array([m.branch for m in self], pa.string()),
                    "before": pa.array([m.before and m.before[:8] for m in self], pa.string()),
                    "after": pa.array([m.after and m.after[:8] for m in self], pa.string()),
                    "time": pa.array([f"{m.time:%Y-%m-%d %H:%M}" for m in self], pa.string()),
                    "action": pa.array([m.action for m in self], pa.string()),
                }
            )
        )

    def __repr__(self):
        return repr(self.to_table())

    def _repr_html_(self):
        return self.to_table()._repr_html_()


class Diff:
    """What changed from one commit or graph (`older`) to another (`newer`)."""

    def __init__(self, older: Commit | GraphMethods, newer: Commit | GraphMethods, summary: dict[str, int], rows: Callable):
        self.older = older
        self.newer = newer
        self._summary = summary
        self._rows = rows

    def between(self, older: Commit | GraphMethods, newer: Commit | GraphMethods) -> Diff:
        """The same, of what has these graphs."""
        return Diff(older, newer, self._summary, self._rows)

    def summary(self) -> dict[str, int]:
        """How many nodes and edges were added, removed and changed."""
        return dict(self._summary)

    def rows(self, limit: int | None = None) -> Table:
        """A row for each element added or removed and each attribute changed, at most `limit`.

        Columns: change (added, removed, changed), element (node, edge, graph), id of a node, source, target and key of an edge, attribute,
        and old and new, as JSON: the attribute's values, or all attributes of an element that is only on one side.
        """
        return Table(self._rows(None if limit is None else whole(limit, "limit", 0)))

    def to_arrow(self, limit: int | None = None) -> pa.Table:
        """The rows as an Arrow table."""
        return self.rows(limit).to_arrow()

    def __len__(self):
        return sum(self._summary.values())

    def __bool__(self):
        return self.older.graph_id != self.newer.graph_id

    def __eq__(self, other):
        return isinstance(other, Diff) and (self.older, self.newer) == (other.older, other.newer)

    __hash__ = None

    def __str__(self):
        lines = [f"{_named(self.older)} → {_named(self.newer)}"]
        for what in ("nodes", "edges"):
            lines.append(
                "  "
                + what
                + ": "
                + ", ".join(f"{shown(self._summary.get(f'{what}_{how}', 0))} {how}" for how in ("added", "removed", "changed"))
            )
        if self and not len(self):
            lines.append("  the graph's own attributes: changed")
        return "\n".join(lines)

    __repr__ = __str__


def _named(side: Commit | GraphMethods) -> str:
    if isinstance(side, Commit):
        return f"{side.id[:12]} ({side.title})"
    return f"a graph of {counted(side.node_count, 'node')}, {counted(side.edge_count, 'edge')}"
