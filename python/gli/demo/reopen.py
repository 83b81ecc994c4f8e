"""The demo's last part, run as a process of its own: python -m gli.demo.reopen STORE EXPECTED.json"""

from __future__ import annotations

import json
import sys

from .._history import Commit
from .._store import GraphStore
from .screen import Screen


def check(what: str, found, expected) -> None:
    """Ends the process with one line when a store does not hold what was left in it."""
    if found != expected:
        raise SystemExit(f"gli: error: {what}: found {found!r}, expected {expected!r}")


def check_commit(store: GraphStore, commit: Commit, graph_id: str):
    """Rehashes a commit's content and computes its ranks anew; returns the stored ranks."""
    graph = store.at(commit)
    check(f"the graph_id in the log, {commit.message}", commit.graph_id, graph_id)
    check(f"the graph_id of the content, {commit.message}", graph.graph_id, graph_id)
    ranks = store.result(commit, "pagerank")
    check(f"the ranks, {commit.message}", ranks.to_arrow().equals(graph.pagerank().to_arrow()), True)
    return ranks


def main(path: str, expected_file: str) -> None:
    """Shows the log and checks everything that the other process told us to expect."""
    with open(expected_file) as file:
        expected = json.load(file)
    screen = Screen()
    store = GraphStore(path, create=False)
    log = store.log(limit=2)
    screen.table(log.to_table())
    friday, monday = (check_commit(store, c, i) for c, i in zip(log, expected["graph_ids"]))
    check("what moved", friday.compare(monday).top(10).to_pylist(), expected["moved"])
    screen.line("Same graph_ids, computed from the stored pages. Same ranks, stored and computed\nanew. The same ten moved most.")


if __name__ == "__main__":
    main(*sys.argv[1:])
