"""How much memory loading a graph and computing with it will take, from its size: the terms are those of docs/limits.md."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ._estimate_files import size_of_file
from ._estimate_sizes import Column, Size, Terms, size_of_graph
from ._estimate_work import Work, work_of
from ._graph import Graph
from ._sizes import size_text

_MIB = 2**20
PROCESS_BYTES = 15 * _MIB  # what a worker has resident before it was asked anything
_GRAPH = Terms(slot=56, node=8, mirror=33, edge=8)
_TEXT_KEY = 12  # beside its bytes


@dataclass(frozen=True)
class Loading:
    """What loading takes: for nodes and edges; for each attribute of an element, by its sort; for each byte of text (or edge that is drawn)
    that is under way, of which there are at most so many."""

    rows: Terms
    columns: dict[str, float]
    under_way: float = 0
    most_under_way: float = 0


_KEPT_TEXT_AGAIN = 1.4  # of an attribute's text that the graph keeps, while it is loaded
_BATCHES_UNDER_WAY = 5  # of rows that another process reads
_ALONE = {"number": 16, "bool": 6, "text": 20}
_SHARED = {"number": 23, "bool": 12, "text": 24}
_LOADING = {  # by how rows come, and whether one worker is alone
    ("rows", True): Loading(Terms(slot=57, node=22, edge=19, once=3.0e6), _ALONE),
    ("rows", False): Loading(Terms(slot=74, node=50, mirror=130, edge=31, once=2.0e6), _SHARED),
    ("text", True): Loading(Terms(slot=55, node=17, edge=14, once=2.7e6), _ALONE, 3.5, 8e6),
    ("text", False): Loading(Terms(slot=53, mirror=127, edge=21, once=1.5e6), _SHARED | {"number": 14}, 7.3, 6e6),
    ("drawn", True): Loading(Terms(slot=45, edge=16, once=1.2e6), _ALONE, 20, 9e5),
    ("drawn", False): Loading(Terms(slot=53, mirror=127, edge=34, once=1.5e6), _SHARED, 54, 5.3e5),
}


@dataclass(frozen=True)
class Estimate:
    """Bytes on each worker, as client.estimate() and gli.estimate() answer."""

    algorithm: str | None
    """Or None: loading only."""
    workers: int
    """1: this process alone."""
    nodes: int
    edges: int
    graph: int
    """What the graph keeps."""
    loading: int
    """The most while it is loaded, itself included; 0: it is there."""
    working: int
    """The algorithm's own state, with its result."""
    process: int
    """What the process has besides."""
    driver: int = 0
    """What the process of a client holds meanwhile of a form that it cannot pass on piece by piece, such as JSON."""

    @property
    def peak(self) -> int:
        """The most that a worker will have resident."""
        return self.process + max(self.loading, self.graph + self.working)

    def __str__(self) -> str:
        what = self.algorithm or "loading"
        where = "in this process" if self.workers == 1 else f"on each of {self.workers} workers"
        parts = [("loading", self.loading), ("the graph", self.graph), (self.algorithm or "", self.working)]
        named = ", ".join(f"{name} {size_text(size)}" for name, size in parts if size)
        here = f"; this process {size_text(self.driver)} meanwhile" if self.driver >= _MIB else ""
        return f"{what} needs about {size_text(self.peak)} {where}: {named}, the process {size_text(self.process)}{here}"


def estimate_of(size: Size, work: Work | None) -> Estimate:
    """Of what has to be loaded."""
    graph, working = graph_bytes(size), 0 if work is None else work.bytes(size)
    facts = (round(size.nodes), round(size.edges), graph, max(graph, loading_bytes(size)), working, PROCESS_BYTES, int(size.driver))
    return Estimate(None if work is None else work.name, size.workers, *facts)


def graph_bytes(size: Size) -> int:
    """What the graph keeps on a worker."""
    of_edge, of_node = (sum(column.kept for column in columns) for columns in (size.edge_columns, size.node_columns))
    return (_GRAPH + Terms(edge=of_edge, node=of_node + (size.keys + _TEXT_KEY if size.keys else 0))).of(size)


def loading_bytes(size: Size) -> int:
    """The most while it is loaded."""
    come = "drawn" if size.drawn else "text" if size.text else "rows"
    loading = _LOADING[come, size.workers == 1]
    of_edge, of_node = (sum(_column_bytes(loading, column) for column in columns) for columns in (size.edge_columns, size.node_columns))
    return (loading.rows + Terms(edge=of_edge, node=of_node + size.keys / 2)).of(size) + int(_under_way(loading, size))


def _under_way(loading: Loading, size: Size) -> float:
    """Bytes of pieces that wait for their turn."""
    if size.text:
        readers = 1 if size.at_one_worker else size.workers
        return loading.under_way * min(size.text / readers, loading.most_under_way)
    row = 2 * (size.keys or 8) + sum(8 + column.kept if column.sort == "text" else 8 for column in size.edge_columns)
    return row * min(_BATCHES_UNDER_WAY * size.at_once, size.edges) / size.workers


def _column_bytes(loading: Loading, column: Column) -> float:
    return loading.columns[column.sort] + (_KEPT_TEXT_AGAIN * column.kept if column.sort == "text" else 0)


def estimate_there(size: Size, work: Work | None, graph: int, process: int, has_lists: bool = False) -> Estimate:
    """Of a graph that is loaded, with bytes `graph`, in a process that has `process` besides; has_lists: neighbors were joined before."""
    working = 0 if work is None else work.bytes(size, has_lists)
    return Estimate(None if work is None else work.name, size.workers, round(size.nodes), round(size.edges), graph, 0, working, process)


def resident_here() -> int:
    """What this process has of the machine's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def estimate(what, algorithm: str | None = None, *, read: Mapping[str, Any] | None = None, **arguments) -> Estimate:
    """About how much memory it takes in this process: to load a file (a path; `read`: options of gli.read), or of a graph that is there;
    and to run an algorithm of it, named as its method, with its arguments. An Estimate, in bytes; nothing is loaded but some megabytes of a
    file, and XML and JSON are counted through. Of a graph that is on a cluster: the same as client.estimate(). ValueError for what is no
    algorithm and for files of which it cannot be told, TypeError for arguments that the method does not take.

    >>> import gli
    >>> g = gli.generate_kronecker(10)
    >>> gli.estimate(g, "pagerank", iterations=10).working > gli.estimate(g, "degree").working > 0
    True
    """
    if isinstance(what, (str, os.PathLike)):
        work = None if algorithm is None else work_of(algorithm, arguments, True)
        told = estimate_of(size_of_file(what, 1, read or {}), work)
        return replace(told, loading=told.loading + told.driver, process=resident_here(), driver=0)
    if isinstance(what, Graph):
        work = None if algorithm is None else work_of(algorithm, arguments, True)
        known = what.memory_usage()
        graph = sum(x for name, x in known.items() if name != "log")
        return estimate_there(size_of_graph(what), work, graph, max(0, resident_here() - graph), "neighbors" in known)
    if hasattr(what, "client"):
        return what.client.estimate(what, algorithm, **arguments)
    raise TypeError(f"expected a path or a graph, not {what!r}")
