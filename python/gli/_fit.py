"""Whether a call fits into the memory that a cluster's workers have left."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ._estimate import PROCESS_BYTES, Estimate, estimate_of, estimate_there, graph_bytes
from ._estimate_files import part_of_table, size_of_file
from ._estimate_sizes import Size, Terms, size_of_graph
from ._estimate_work import Work, work_of
from ._formats.files import ending, packing
from ._formats.readers import ldbc_pair
from ._graph import Graph
from ._sizes import size_text

if TYPE_CHECKING:
    from ._distributed import DistributedGraph
    from ._history import Commit
    from ._loading import Source

_CERTAIN = 1.25  # an estimate is within 20%: what is above all of that cannot fit
_NOTICED = 1 / 4  # of the limit: what is below needs no look at the workers
_RESERVE = 16 << 20  # for control, or 1/16 of a smaller limit
_CODE = 14 << 20  # that is not resident and counts, as docs/limits.md says
_MOST_WORKERS = 4096
_MOST_OF_ELEMENT = 512  # bytes of any algorithm for a node, an edge or a pair
_MOST_OF_BYTE, _MOST_OF_PACKED_BYTE = 16, 128  # of a file, that loading takes for each
_COLUMNAR = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".arrows")  # which may pack themselves
_MOST_OF_ROW = 200  # of a table
_KRONECKER_NODES, _KRONECKER_EDGES, _KRONECKER_MIRRORS = 0.65, 0.95, 0.8  # of what could be: about, from scale 16 to 24
_PLACES, _SAMPLE_ROWS = 8, 1 << 19
MOVED = Terms(slot=56, node=40, mirror=105, edge=31, once=3.5e6)
"""What dealing a graph's nodes out anew takes, with the graph that comes of it."""

VALUES = Terms(node=8, once=1 << 20)
"""What a column of values takes that a graph gets."""


def fitting(reader: Callable) -> Callable:
    """A reader of files that is refused before it starts where what it reads cannot fit."""

    @functools.wraps(reader)
    def fits(self: Fit, path, *arguments, **options):
        self._refuse_file(reader.__name__, path, options)
        return reader(self, path, *arguments, **options)

    return fits


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
        """About how much memory it takes on each worker: to load a file (a path; `read`: options of gli.read), or a graph of this process,
        and to run an algorithm of it, named as its method, with its arguments; or only that, of a graph that is on the cluster.

        An Estimate, in bytes, within 20% of what is then measured; of algorithms that make a subgraph, as if all of the graph were in it.
        Nothing is loaded but some megabytes of a file; XML and JSON are counted through. ValueError for what is no algorithm and for files
        of which it cannot be told, TypeError for arguments that the method or the reader does not take, NotImplementedError for what only
        embedded graphs have.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        ...     g = client.generate_kronecker(10)
        ...     client.estimate(g, "pagerank").working > 0, client.estimate(g).workers
        (True, 2)
        """
        from ._distributed import DistributedGraph

        work = None if algorithm is None else work_of(algorithm, arguments, embedded=False)
        workers = self._partitions()
        if isinstance(what, (str, os.PathLike)):
            return estimate_of(size_of_file(what, workers, read or {}), work)
        if isinstance(what, DistributedGraph):
            return self._estimate_there(what, work)[0]
        if isinstance(what, Graph):
            return estimate_of(size_of_graph(what, workers), work)
        raise TypeError(f"expected a path or a graph, not {what!r}")

    def _limit(self) -> int:
        """Of the worker that may have least; 0: none has a limit."""
        return min((w.memory_limit for w in self._workers_by_partition() if w.memory_limit), default=0)

    def _estimate_there(self, graph: DistributedGraph, work: Work | None) -> tuple[Estimate, Size]:
        """With the most that any worker has of the graph, as if all had that much."""
        rows = graph.partition_stats().to_arrow()
        most = {name: max(rows.column(name).to_pylist()) for name in ("nodes", "edges", "mirrors", "bytes")}
        workers = rows.num_rows
        size = Size(most["nodes"] * workers, most["edges"] * workers, graph.directed, workers, most["mirrors"])
        resident = max(resident for resident, _ in self._memory())
        return estimate_there(size, work, most["bytes"], max(0, resident - most["bytes"]), graph._has_lists), size

    def _memory(self) -> list[tuple[int, int]]:
        """What each worker has resident, and its limit."""
        rows = [answer.to_pylist()[0] for answer in self._ask_all("memory", (0, 0, 0), {})]
        return [(r["resident"], r["limit"]) for r in rows]

    # --- refusals -------------------------------------------------------------------------------------------------------------

    def _refuse_run(self, graph: DistributedGraph, algorithm: str, arguments: Mapping[str, Any]) -> None:
        """MemoryError for an algorithm whose state cannot fit."""
        work, limit = Work.of_run(algorithm, arguments), self._limit()
        if limit and _MOST_OF_ELEMENT * (graph.node_count + graph.edge_count + work.pairs) > limit * _NOTICED:
            if work.bytes(most_of(graph)) > limit * _NOTICED:
                e, size = self._estimate_there(graph, work)
                self._refuse(algorithm, e.working, size, limit, lambda s: _beside(e.graph, size, s) + work.bytes(s))
        graph._has_lists = graph._has_lists or work.joins_lists(graph.directed)

    def _refuse_made(self, what: str, graph: DistributedGraph, terms: Terms) -> None:
        """MemoryError for what is made of a graph, where it cannot be beside that."""
        limit = self._limit()
        if limit and terms.of(most_of(graph)) > limit * _NOTICED:
            e, size = self._estimate_there(graph, None)
            self._refuse(what, terms.of(size), size, limit, lambda s: _beside(e.graph, size, s) + terms.of(s))

    def _refuse_program(self, what: str, graph: DistributedGraph, state: Mapping[str, str]) -> None:
        """MemoryError for a program whose state alone cannot fit."""
        bytes = sum(1 / 8 if type == "bool" else 8 for type in state.values())
        self._refuse_made(what, graph, Terms(node=bytes, mirror=bytes))

    def _refuse_sources(self, sources: list[Source], directed: bool) -> None:
        """MemoryError for graphs that the workers cannot draw."""
        limit, workers = self._limit(), self._partitions()
        for s in sources if limit else ():
            if s.what == "kronecker":
                size = _kronecker_size(s.options["scale"], s.options["edge_factor"], directed, workers)
                self._refuse_load(size, "a Kronecker graph", limit)

    def _refuse_file(self, reader: str, path, options: Mapping[str, Any]) -> None:
        """MemoryError for a file that cannot be loaded, where that can be told; the load itself says what else is wrong with it."""
        limit, workers = self._limit(), self._partitions()
        path = _edges_of(reader, path)
        if limit and _most_of_file(path) / workers > limit * _NOTICED:
            with suppress(ValueError, TypeError, KeyError, OSError, OverflowError, pa.ArrowException):
                size = size_of_file(path, workers, options, reader)
                self._refuse_load(size, os.fspath(path), limit)

    def _refuse_table(self, edges, options: Mapping[str, Any]) -> None:
        """The same of a table of edges in this process."""
        limit, workers = self._limit(), self._partitions()
        if limit and isinstance(edges, pa.Table) and _MOST_OF_ROW * edges.num_rows / workers > limit * _NOTICED:
            with suppress(ValueError, TypeError, KeyError, OverflowError, pa.ArrowException):
                options = {name: x for name, x in options.items() if name != "nodes"}
                at, rows = edges.num_rows // _PLACES, min(edges.num_rows, _SAMPLE_ROWS) // _PLACES
                some = pa.concat_tables(edges.slice(i * at, rows) for i in range(_PLACES))
                size = part_of_table(some, edges.num_rows, "the table", options).size(workers)
                self._refuse_load(size, f"a table of {edges.num_rows:,} edges", limit)

    def _refuse_checkout(self, commit: Commit) -> None:
        """MemoryError for a commit whose graph cannot be beside what there is."""
        limit, workers = self._limit(), self._partitions()
        size = Size(commit.nodes, commit.edges, True, workers, 0)
        if limit and graph_bytes(size) > limit * _NOTICED:
            what = f"the graph of commit {commit.id[:12]}"
            self._refuse(what, graph_bytes(size), size, limit, lambda s: PROCESS_BYTES + graph_bytes(replace(s, mirrors=0)))

    def _refuse_load(self, size: Size, what: str, limit: int) -> None:
        loading = estimate_of(size, None).loading
        if loading > limit * _NOTICED:
            self._refuse(what, loading, size, limit, lambda s: estimate_of(s, None).peak)

    def _refuse(self, what: str, needed: int, size: Size, limit: int, peak: Callable[[Size], float]) -> None:
        """MemoryError where so much is not free; peak: what a worker has resident at most, with another number of workers."""
        free = min(max(0, room_under(most) - resident) for resident, most in self._memory() if most)
        if needed <= free * _CERTAIN:
            return
        enough = workers_enough(size, peak, limit)
        would_do = f"{enough:,} workers of this size would do" if enough else "no number of workers of this size would do"
        where = "its one worker" if size.workers == 1 else f"each of {size.workers} workers"
        raise MemoryError(
            f"{what} needs about {size_text(needed)} on {where}, {size_text(free)} {'are' if free >> 20 != 1 else 'is'} free under "
            f"memory_limit={size_text(limit)}: {would_do}; workers with memory_limit=None refuse nothing"
        )


def _kronecker_size(scale: int, edge_factor: int, directed: bool, workers: int) -> Size:
    nodes, drawn = _KRONECKER_NODES * 2**scale, edge_factor * 2**scale
    mirrors = _KRONECKER_MIRRORS * nodes * (1 - 1 / workers)
    return Size(nodes, _KRONECKER_EDGES * drawn, directed, workers, mirrors, text=drawn, at_one_worker=True, drawn=True)


def _edges_of(reader: str, path):
    """The file of edges, by the first that a reader is given."""
    return ldbc_pair(path)[1] if reader == "read_ldbc" and ending(path) == ".v" else path


def _most_of_file(path) -> int:
    """Bytes that loading it takes at most; 0 where there is none."""
    try:
        packed = packing(path) or os.path.splitext(path)[1].lower() in _COLUMNAR
        return os.path.getsize(path) * (_MOST_OF_PACKED_BYTE if packed else _MOST_OF_BYTE)
    except (OSError, TypeError):
        return 0


def most_of(graph: DistributedGraph) -> Size:
    """Not less than its size on any worker, where nodes are dealt out evenly: told without asking one."""
    workers = graph._client._partitions()
    return Size(graph.node_count, graph.edge_count, graph.directed, workers, graph.node_count * (1 - 1 / workers))


def _beside(graph: int, here: Size, there: Size) -> float:
    """What a worker has resident with a graph, of which each has so many bytes here."""
    return PROCESS_BYTES + graph * here.workers / there.workers


def room_under(limit: int) -> int:
    """What of a limit may become resident."""
    return limit - _CODE - min(_RESERVE, limit // 16)


def workers_enough(size: Size, peak: Callable[[Size], float], limit: int) -> int | None:
    """How many workers with this limit could do it; None where none could."""
    degree = 2 * size.edges / max(size.nodes, 1)
    workers = size.workers + 1
    while workers <= _MOST_WORKERS:
        mirrors = size.nodes * (1 - 1 / workers) * (1 - (1 - 1 / workers) ** degree)
        if peak(replace(size, workers=workers, mirrors=mirrors)) * _CERTAIN <= room_under(limit):
            return workers
        workers += max(1, workers // 16)
    return None
