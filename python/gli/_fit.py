"""Whether a call fits into the memory that a cluster's workers have left."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ._formats.files import packing
from ._estimate import (
    PROCESS_BYTES,
    Estimate,
    Size,
    edge_columns,
    estimate_of,
    estimate_there,
    is_known,
    joins_lists,
    mirrors_of,
    size_of_file,
    working_bytes,
)
from ._graph import Graph
from ._sizes import size_text

if TYPE_CHECKING:
    from ._distributed import DistributedGraph
    from ._loading import Source

_CERTAIN = 1.25  # an estimate is within 20%: what is above all of that cannot fit
_NOTICED = 1 / 4  # of the limit: what is below needs no look at the workers
_RESERVE = 16 << 20  # for control, or 1/16 of a smaller limit
_CODE = 14 << 20  # that is not resident and counts, as docs/limits.md says
_MOST_WORKERS = 4096
_MOST_OF_ELEMENT = 512  # bytes of any algorithm for a node or edge
_BYTES_OF_TEXT = 16  # at most, that loading takes for each
_PACKED_RATIO = 8
_KRONECKER_NODES, _KRONECKER_EDGES, _KRONECKER_MIRRORS = 0.65, 0.95, 0.8  # of what could be: about, from scale 16 to 24


class Fit:
    """The part of a Client that knows what calls will take, and refuses what cannot be."""

    _ask_all: Callable
    _partitions: Callable
    _workers_by_partition: Callable

    def estimate(
        self,
        what: DistributedGraph | Graph | str | os.PathLike,
        algorithm: str | None = None,
        *,
        read: Mapping[str, Any] | None = None,
        **arguments,
    ) -> Estimate:
        """About how much memory it takes on each worker: to load a file (a path; `read`: options of its reader), or a graph of this
        process, and to run an algorithm of it, named as its method, with its arguments; or only that, of a graph that is on the cluster.
        An Estimate, in bytes, within 20% of what is then measured; nothing is loaded but some megabytes of a file. ValueError for what
        is no algorithm or one of pairs or given communities, and for files that are not lists of edges as text.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        ...     g = client.generate_kronecker(10)
        ...     client.estimate(g, "pagerank").working > 0, client.estimate(g).workers
        (True, 2)
        """
        from ._distributed import DistributedGraph

        workers = self._partitions()
        if isinstance(what, (str, os.PathLike)):
            return estimate_of(size_of_file(what, workers, read or {}), algorithm)
        if isinstance(what, DistributedGraph):
            return self._estimate_there(what, algorithm)[0]
        if isinstance(what, Graph):
            degrees = what.degree().to_arrow().column("value").to_numpy()
            mirrors = mirrors_of(what.node_count, degrees, workers)
            size = Size(what.node_count, what.edge_count, edge_columns(what), what.directed, workers, mirrors)
            return estimate_of(size, algorithm)
        raise TypeError(f"expected a path or a graph, not {what!r}")

    def _limit(self) -> int:
        """Of the worker that may have least; 0: none has a limit."""
        return min((w.memory_limit for w in self._workers_by_partition() if w.memory_limit), default=0)

    def _estimate_there(self, graph: DistributedGraph, algorithm: str | None) -> tuple[Estimate, Size]:
        """With the most that any worker has of the graph, as if all had that much."""
        rows = graph.partition_stats().to_arrow()
        most = {name: max(rows.column(name).to_pylist()) for name in ("nodes", "edges", "mirrors", "bytes")}
        workers = rows.num_rows
        size = Size(most["nodes"] * workers, most["edges"] * workers, 0, graph.directed, workers, most["mirrors"])
        resident = max(resident for resident, _ in self._memory())
        return estimate_there(size, algorithm, most["bytes"], max(0, resident - most["bytes"]), graph._has_lists), size

    def _memory(self) -> list[tuple[int, int]]:
        """What each worker has resident, and its limit."""
        rows = [answer.to_pylist()[0] for answer in self._ask_all("memory", (0, 0, 0), {})]
        return [(r["resident"], r["limit"]) for r in rows]

    def _refuse_run(self, graph: DistributedGraph, algorithm: str) -> None:
        """MemoryError for an algorithm whose state cannot fit."""
        limit = self._limit()
        if limit and is_known(algorithm) and _MOST_OF_ELEMENT * (graph.node_count + graph.edge_count) > limit * _NOTICED:
            if working_bytes(algorithm, most_of(graph)) > limit * _NOTICED:
                e, size = self._estimate_there(graph, algorithm)
                self._refuse(algorithm, e, e.working, size, limit)
        graph._has_lists = graph._has_lists or joins_lists(algorithm, graph.directed)

    def _refuse_sources(self, sources: list[Source], directed: bool) -> None:
        """MemoryError for what cannot be loaded, where that can be told."""
        limit, workers = self._limit(), self._partitions()
        for s in sources if limit else ():
            if s.what == "kronecker":
                self._refuse_load(
                    _kronecker_size(s.options["scale"], s.options["edge_factor"], directed, workers), "a Kronecker graph", limit
                )
            elif s.what == "edges" and s.path is not None and _BYTES_OF_TEXT * _plain_bytes(s.path) / workers > limit * _NOTICED:
                with suppress(ValueError, OSError):  # the load itself says what is wrong with it
                    self._refuse_load(size_of_file(s.path, workers, {"directed": directed}), s.path, limit)

    def _refuse_load(self, size: Size, what: str, limit: int) -> None:
        e = estimate_of(size, None)
        if e.loading > limit * _NOTICED:
            self._refuse(what, e, e.loading, size, limit)

    def _refuse(self, what: str, e: Estimate, needed: int, size: Size, limit: int) -> None:
        free = min(max(0, room_under(most) - resident) for resident, most in self._memory() if most)
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
    return Size(
        nodes, _KRONECKER_EDGES * edge_factor * 2**scale, 0, directed, workers, _KRONECKER_MIRRORS * nodes * (1 - 1 / workers), drawn=True
    )


def _plain_bytes(path: str) -> int:
    """Of a file unpacked, at most; 0 where there is none."""
    try:
        return os.path.getsize(path) * (_PACKED_RATIO if packing(path) else 1)
    except OSError:
        return 0


def most_of(graph: DistributedGraph) -> Size:
    """Not less than its size on any worker, where nodes are dealt out evenly: told without asking one."""
    workers = graph._client._partitions()
    return Size(graph.node_count, graph.edge_count, 0, graph.directed, workers, graph.node_count * (1 - 1 / workers))


def room_under(limit: int) -> int:
    """What of a limit may become resident."""
    return limit - _CODE - min(_RESERVE, limit // 16)


def workers_enough(size: Size, e: Estimate, limit: int) -> int | None:
    """How many workers with this limit could do it from the beginning; None where none could."""
    room = room_under(limit)
    degree = 2 * size.edges / max(size.nodes, 1)
    workers = size.workers + 1
    while workers <= _MOST_WORKERS:
        mirrors = size.nodes * (1 - 1 / workers) * (1 - (1 - 1 / workers) ** degree)
        there = replace(size, workers=workers, mirrors=mirrors)
        if max(estimate_of(there, e.algorithm).peak, PROCESS_BYTES + e.graph * size.workers // workers) * _CERTAIN <= room:
            return workers
        workers += max(1, workers // 16)
    return None
