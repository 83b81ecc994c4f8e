"""Whether a call fits into the memory that a cluster's workers have left."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._formats.files import packing
from ._estimate import Estimate, Size, edge_columns, estimate_of, mirrors_of, size_of_file
from ._graph import Graph
from ._sizes import size_text

if TYPE_CHECKING:
    from ._client import Client
    from ._distributed import DistributedGraph
    from ._loading import Source

_CERTAIN = 1.25  # an estimate is within 20%: what is above all of that cannot fit
_NOTICED = 1 / 4  # of the limit: what is below needs no look at the workers
_RESERVE = 16 << 20
_MOST_WORKERS = 4096
_BYTES_OF_TEXT = 16  # at most, that loading takes for each
_PACKED_RATIO = 8
_KRONECKER_NODES, _KRONECKER_EDGES, _KRONECKER_MIRRORS = 0.65, 0.95, 0.8  # of what could be: about, from scale 16 to 24


class Fit:
    """The part of a Client that knows what calls will take, and refuses what cannot be."""

    _ask_all: Callable
    _partitions: Callable
    _workers_by_partition: Callable

    def estimate(
        self, what: DistributedGraph | Graph | str | os.PathLike, algorithm: str | None = None, *, read: Mapping[str, Any] | None = None, **arguments
    ) -> Estimate:
        """About how much memory it takes on each worker: to load a file (a path; `read`: options of its reader), or a graph of this process,
        and to run an algorithm of it, named as its method, with its arguments; or only that, of a graph that is on the cluster. An Estimate,
        in bytes, within 20% of what is then measured; nothing is loaded but a file's first megabytes. ValueError for an unknown algorithm,
        and for files that are not lists of edges as text.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        ...     g = client.generate_kronecker(10)
        ...     client.estimate(g, "pagerank").working > 0, client.estimate(g).workers
        (True, 2)
        """
        from ._distributed import DistributedGraph

        workers = self._partitions()
        if isinstance(what, (str, os.PathLike)):
            return estimate_of(size_of_file(what, workers, read or {}), algorithm, is_there=False)
        if isinstance(what, DistributedGraph):
            size, graph_bytes = size_on_workers(what)
            return estimate_of(size, algorithm, is_there=True, graph_bytes=graph_bytes)
        if isinstance(what, Graph):
            degrees = what.degree().to_arrow().column("value").to_numpy()
            mirrors = mirrors_of(what.node_count, degrees, workers)
            size = Size(what.node_count, what.edge_count, edge_columns(what), what.directed, workers, mirrors)
            return estimate_of(size, algorithm, is_there=False)
        raise TypeError(f"expected a path or a graph, not {what!r}")

    def _limit(self) -> int:
        """Of the worker that may have least; 0: none has a limit."""
        return min((w.memory_limit for w in self._workers_by_partition() if w.memory_limit), default=0)

    def _refuse_run(self, graph: DistributedGraph, algorithm: str) -> None:
        """MemoryError for an algorithm whose state cannot fit."""
        limit = self._limit()
        if limit and estimate_of(most_of(graph), algorithm, is_there=True).working > limit * _NOTICED:
            size, graph_bytes = size_on_workers(graph)
            e = estimate_of(size, algorithm, is_there=True, graph_bytes=graph_bytes)
            self._refuse(algorithm, e, e.working, size, limit)

    def _refuse_sources(self, sources: list[Source], directed: bool) -> None:
        """MemoryError for what cannot be loaded, where that can be told."""
        limit, workers = self._limit(), self._partitions()
        for s in sources if limit else ():
            if s.what == "kronecker":
                self._refuse_load(_kronecker_size(s.options["scale"], s.options["edge_factor"], directed, workers), "a Kronecker graph", limit)
            elif s.what == "edges" and s.path is not None and _BYTES_OF_TEXT * _plain_bytes(s.path) / workers > limit * _NOTICED:
                with suppress(ValueError, OSError):  # the load itself says what is wrong with it
                    self._refuse_load(size_of_file(s.path, workers, {"directed": directed}), s.path, limit)

    def _refuse_load(self, size: Size, what: str, limit: int) -> None:
        e = estimate_of(size, None, is_there=False)
        if e.loading > limit * _NOTICED:
            self._refuse(what, e, e.loading, size, limit)

    def _refuse(self, what: str, e: Estimate, needed: int, size: Size, limit: int) -> None:
        rows = [a.to_pylist()[0] for a in self._ask_all("memory", (0, 0, 0), {})]
        free = min(max(0, r["limit"] - r["resident"] - min(_RESERVE, r["limit"] // 16)) for r in rows if r["limit"])
        if needed <= free * _CERTAIN:
            return
        enough = workers_enough(size, e, limit)
        would_do = f"{enough:,} workers of this size would do" if enough else "no number of workers of this size would do"
        where = "its one worker" if size.workers == 1 else f"each of {size.workers} workers"
        raise MemoryError(
            f"{what} needs about {size_text(needed)} on {where}, {size_text(free)} {'are' if free >> 20 != 1 else 'is'} free under "
            f"memory_limit={size_text(limit)}: {would_do}"
        )


def _kronecker_size(scale: int, edge_factor: int, directed: bool, workers: int) -> Size:
    nodes = _KRONECKER_NODES * 2**scale
    return Size(nodes, _KRONECKER_EDGES * edge_factor * 2**scale, 0, directed, workers, _KRONECKER_MIRRORS * nodes * (1 - 1 / workers))


def _plain_bytes(path: str) -> int:
    """Of a file unpacked, at most; 0 where there is none."""
    try:
        return os.path.getsize(path) * (_PACKED_RATIO if packing(path) else 1)
    except OSError:
        return 0


def size_on_workers(graph: DistributedGraph) -> tuple[Size, int]:
    """Of the worker that has most of it, as if all had that much; and the graph's bytes there. Asked once of each graph."""
    if graph._size_there is None:
        rows = graph.partition_stats().to_arrow()
        most = {name: max(rows.column(name).to_pylist()) for name in ("nodes", "edges", "mirrors", "bytes")}
        workers = rows.num_rows
        columns = 0  # they are in the graph's bytes
        size = Size(most["nodes"] * workers, most["edges"] * workers, columns, graph.directed, workers, most["mirrors"])
        graph._size_there = (size, most["bytes"])
    return graph._size_there


def most_of(graph: DistributedGraph) -> Size:
    """Not less than its size on any worker, where nodes are dealt out evenly: told without asking one."""
    workers = graph._client._partitions()
    return Size(graph.node_count, graph.edge_count, 0, graph.directed, workers, graph.node_count * (1 - 1 / workers))


def workers_enough(size: Size, e: Estimate, limit: int) -> int | None:
    """How many workers with this limit could do it from the beginning; None where none could."""
    room = limit - min(_RESERVE, limit // 16)
    degree = 2 * size.edges / max(size.nodes, 1)
    workers = size.workers + 1
    while workers <= _MOST_WORKERS:
        mirrors = size.nodes * (1 - 1 / workers) * (1 - (1 - 1 / workers) ** degree)
        there = Size(size.nodes, size.edges, size.edge_columns, size.directed, workers, mirrors)
        if estimate_of(there, e.algorithm, is_there=e.loading == 0).peak <= room:
            return workers
        workers += max(1, workers // 16)
    return None
