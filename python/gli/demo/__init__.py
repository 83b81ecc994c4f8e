"""The demo: a cluster of this machine's processes, a real graph, real questions, two commits and what changed between them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .. import _loading
from .._client import Client
from .._cluster import LocalCluster
from .._errors import GliError
from .._table import Table
from .questions import Answer, Asked, questions
from .screen import Screen, seconds
from .subject import Subject, choose


def default_store() -> Path:
    """Where the demo's store lies unless told otherwise; each run begins it anew."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(cache) / "gli" / "demo.gli"


def run(workers: int = 4, store: str | None = None) -> None:
    """Everything, from an empty machine to the reopened store. Raises GliError when any two answers differ."""
    screen = Screen()
    path = _store_path(store)
    subject = choose()
    began = time.monotonic()
    with LocalCluster(n_workers=workers) as cluster, Client(cluster) as client:
        screen.line(f"A coordinator (pid {cluster.coordinator_pid}) and {workers} workers started: {seconds(time.monotonic() - began)}")
        graph = _load(screen, client, subject)
        _ask_all(screen, Asked(graph, subject), Asked(_load_embedded(screen, subject), subject))
        expected = _commit_and_compare(screen, client, Asked(graph, subject), path)
    screen.heading("The cluster has ended; the store, reopened in a new process")
    _reopen(path, expected)
    screen.line(f"\nAll answers agree. {seconds(screen.elapsed)} in all. To look around:\n  gli log {path}")


def _store_path(store: str | None) -> str:
    if store is not None:
        return os.path.abspath(store)
    path = default_store()
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path)


# --- loading ------------------------------------------------------------------------------------------------------------------------


def _load(screen: Screen, client: Client, subject: Subject):
    screen.line(f"The graph: {subject.title}.")
    with screen.timed("Loaded onto the workers"):
        graph = subject.load(client)
    screen.heading(f"{graph.node_count:,} {subject.nodes}, {graph.edge_count:,} edges, in {client.status().partitions} partitions")
    stats = graph.partition_stats().to_arrow()
    screen.table(Table(stats.select([n for n in stats.column_names if n not in ("mirrors", "balance")])))
    return graph


def _load_embedded(screen: Screen, subject: Subject):
    with screen.timed("The same graph loaded into this process, to compare"):
        return subject.load(_loading.EMBEDDED)


# --- asking -------------------------------------------------------------------------------------------------------------------------


def _timed(ask, asked: Asked) -> tuple[Answer, float]:
    began = time.monotonic()
    return ask(asked), time.monotonic() - began


def _ask_all(screen: Screen, on_cluster: Asked, embedded: Asked) -> None:
    for title, ask in questions(on_cluster.subject):
        answer, cluster_time = _timed(ask, on_cluster)
        screen.heading(title)
        screen.line(answer.headline)
        screen.table(answer.table)
        again, embedded_time = _timed(ask, embedded)
        if not answer.same_as(again):
            raise GliError(f"{title}: the cluster and the embedded graph answer differently")
        screen.line(f"cluster {seconds(cluster_time)}, embedded {seconds(embedded_time)}: same answers")


# --- Monday and Friday --------------------------------------------------------------------------------------------------------------


def _commit_and_compare(screen: Screen, client: Client, asked: Asked, path: str) -> dict:
    """Two commits on the cluster; what a new process has to find in the store."""
    subject = asked.subject
    store = client.open_store(path)
    monday = asked.followed
    monday_ranks = monday.pagerank()
    screen.heading("Monday and Friday")
    with screen.timed(f"Monday committed: {subject.followed_title}, with ranks"):
        first = store.commit("Monday", monday, [monday_ranks])
    friday = monday.filter(nodes=subject.kept)
    friday_ranks = friday.pagerank()
    with screen.timed(f"Friday committed: {subject.change_title}"):
        last = store.commit("Friday", friday, [friday_ranks])
    _show_changes(screen, subject, store.diff(first, last).summary())
    moved = friday_ranks.compare(monday_ranks).top(10)
    screen.heading("Whose PageRank moved most")
    screen.table(moved.renamed([subject.nodes, "friday", "monday", "change"]))
    return {"graph_ids": [friday.graph_id, monday.graph_id], "moved": moved.to_pylist()}


def _show_changes(screen: Screen, subject: Subject, changes: dict[str, int]) -> None:
    for what, title in (("nodes", subject.nodes), ("edges", "edges")):
        counts = ", ".join(f"{changes[f'{what}_{how}']:,} {how}" for how in ("added", "removed", "changed"))
        screen.line(f"{title}: {counts}")


def _reopen(path: str, expected: dict) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(expected, file)
        file.flush()
        ended = subprocess.run([sys.executable, "-m", "gli.demo.reopen", path, file.name])
    if ended.returncode != 0:
        raise GliError(f"the store at {path} was not found as it was left")
