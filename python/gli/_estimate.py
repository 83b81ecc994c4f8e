"""How much memory loading a graph and computing with it will take, from its size: the terms are those of docs/limits.md."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ._formats.files import PlainBytes, ending
from ._formats.readers import EmbeddedReaders
from ._graph import Graph
from ._sizes import size_text

_SAMPLE_BYTES = 8 << 20
_PLACES = 8
_EDGE_LISTS = (".txt", ".el", ".wel", ".edges", ".edgelist", ".tsv", ".csv", ".e")
_MIB = 2**20


@dataclass(frozen=True)
class Size:
    """What memory depends on: nodes, edges and columns of edges of the whole graph, and how many mirrors a partition has."""

    nodes: float
    edges: float
    edge_columns: int
    directed: bool
    workers: int
    mirrors: float
    text: float = 0
    """Bytes of the file that it is read from."""
    drawn: bool = False
    """Whether the workers draw it themselves."""


@dataclass(frozen=True)
class Terms:
    """Bytes for each own node, each mirror and each own edge, and once."""

    node: float = 0
    mirror: float = 0
    edge: float = 0
    once: float = 0

    def of(self, size: Size) -> int:
        """On a worker with an even share."""
        return int(self.node * size.nodes / size.workers + self.mirror * size.mirrors + self.edge * size.edges / size.workers + self.once)


PROCESS_BYTES = 15 * _MIB  # what a worker has resident before it was asked anything
_GRAPH = Terms(node=92, mirror=26, edge=8)
_EDGE_COLUMN = Terms(edge=8)
_LOADING_WHOLE = Terms(node=54, edge=18)
_LOADING_SHARED = Terms(node=120, mirror=64, edge=33)
_PIECES = 6 * _MIB  # of rows that are under way, of which there are more for each byte of text, up to so many
_PIECES_OF_TEXT_WHOLE, _MOST_PIECES_WHOLE = 3, 24 * _MIB
_PIECES_OF_TEXT_SHARED, _MOST_PIECES_SHARED = 4, 40 * _MIB
_PIECES_DRAWN_WHOLE, _PIECES_DRAWN_SHARED = 18 * _MIB, 31 * _MIB
_PIECES_OF_ROWS = 10 * _MIB
_LOADED_COLUMN = Terms(edge=24)
_JOINED_LISTS = Terms(node=4, edge=8)  # of undirected graphs, where a node's neighbors are asked for again


def _by_vertex(bytes: float, edge: float = 0) -> Terms:
    return Terms(node=bytes, mirror=bytes, edge=edge, once=_CODE)


# State structs of partitions/algorithms/, their border buffers (to and from), and results.
_CODE = 600 << 10  # and tables that are touched for the first time
_WORKING = {
    "betweenness_centrality": _by_vertex(98, 11),
    "bfs": _by_vertex(8),
    "bfs_predecessors": _by_vertex(20),
    "closeness_centrality": _by_vertex(20),
    "clustering": _by_vertex(60, 3),
    "connected_components": _by_vertex(36),
    "core_number": _by_vertex(20),
    "degree": _by_vertex(4),
    "eigenvector_centrality": _by_vertex(22),
    "greedy_color": _by_vertex(34),
    "harmonic_centrality": _by_vertex(20),
    "hits": _by_vertex(30),
    "katz_centrality": _by_vertex(22),
    "label_propagation": _by_vertex(18),
    "leiden_communities": _by_vertex(190, 384),
    "louvain_communities": _by_vertex(190, 384),
    "maximal_independent_set": _by_vertex(42),
    "pagerank": _by_vertex(26),
    "sssp": _by_vertex(18),
    "sssp_predecessors": _by_vertex(28),
    "strongly_connected_components": _by_vertex(46),
    "topological_generations": _by_vertex(14),
    "triangles": _by_vertex(60, 3),
}
_WORKING_ALONE = _WORKING | dict.fromkeys(("clustering", "triangles"), Terms(edge=7.5, once=_CODE))
_JOINS_LISTS = {"betweenness_centrality", "clustering", "pagerank", "sssp", "sssp_predecessors", "triangles"}
_MIRROR_LISTS = {"core_number"}  # who is next to a mirror, between workers
_EDGES_OF_MIRRORS = Terms(edge=4)
_LISTS_UNDER_WAY = {"clustering", "triangles"}  # between workers, to and from each other: 8 MiB each, or all there is
_MOST_UNDER_WAY, _UNDER_WAY = Terms(once=32 * _MIB), Terms(edge=40)


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

    @property
    def peak(self) -> int:
        """The most that a worker will have resident."""
        return self.process + max(self.loading, self.graph + self.working)

    def __str__(self) -> str:
        what = self.algorithm or "loading"
        where = "in this process" if self.workers == 1 else f"on each of {self.workers} workers"
        parts = [("loading", self.loading), ("the graph", self.graph), (self.algorithm or "", self.working)]
        named = ", ".join(f"{name} {size_text(size)}" for name, size in parts if size)
        return f"{what} needs about {size_text(self.peak)} {where}: {named}, the process {size_text(self.process)}"


def estimate_of(size: Size, algorithm: str | None) -> Estimate:
    """Of what has to be loaded."""
    columns = size.edge_columns * _EDGE_COLUMN.of(size)
    graph = _GRAPH.of(size) + columns
    working = 0 if algorithm is None else working_bytes(algorithm, size)
    return Estimate(
        algorithm, size.workers, round(size.nodes), round(size.edges), graph, max(graph, loading_bytes(size)), working, PROCESS_BYTES
    )


def loading_bytes(size: Size) -> int:
    """The most while it is loaded."""
    alone = size.workers == 1
    rows = (_LOADING_WHOLE if alone else _LOADING_SHARED).of(size) + size.edge_columns * _LOADED_COLUMN.of(size)
    if size.drawn:
        return rows + (_PIECES_DRAWN_WHOLE if alone else _PIECES_DRAWN_SHARED)
    if not size.text:
        return rows + _PIECES_OF_ROWS
    of_text = (_PIECES_OF_TEXT_WHOLE if alone else _PIECES_OF_TEXT_SHARED) * size.text / size.workers
    return rows + min(_PIECES + int(of_text), _MOST_PIECES_WHOLE if alone else _MOST_PIECES_SHARED)


def estimate_there(size: Size, algorithm: str | None, graph: int, process: int, has_lists: bool = False) -> Estimate:
    """Of a graph that is loaded, with bytes `graph`, in a process that has `process` besides; has_lists: neighbors were joined before."""
    working = 0 if algorithm is None else working_bytes(algorithm, size, has_lists)
    return Estimate(algorithm, size.workers, round(size.nodes), round(size.edges), graph, 0, working, process)


def working_bytes(algorithm: str, size: Size, has_lists: bool = False) -> int:
    """The state of an algorithm on a worker, with its result. ValueError for another name, and those of pairs and given communities.

    >>> working_bytes("page_rank", Size(1, 1, 0, True, 1, 0))
    Traceback (most recent call last):
    ValueError: what 'page_rank' takes is not known; it is of betweenness_centrality, ...
    """
    if algorithm not in _WORKING:
        raise ValueError(f"what {algorithm!r} takes is not known; it is of {', '.join(sorted(_WORKING))}")
    working = (_WORKING_ALONE if size.workers == 1 else _WORKING)[algorithm].of(size)
    if joins_lists(algorithm, size.directed) and not has_lists:
        working += _JOINED_LISTS.of(size)
    if algorithm in _MIRROR_LISTS and size.workers > 1:
        working += _EDGES_OF_MIRRORS.of(size)
    if algorithm in _LISTS_UNDER_WAY and size.workers > 1:
        working += min(_MOST_UNDER_WAY.of(size), _UNDER_WAY.of(size))
    return working


def is_known(algorithm: str) -> bool:
    """Whether what it takes is known."""
    return algorithm in _WORKING


def joins_lists(algorithm: str, directed: bool) -> bool:
    """Whether it makes lists of neighbors that the graph keeps."""
    return algorithm in _JOINS_LISTS and not directed


# --- sizes ----------------------------------------------------------------------------------------------------------------------------


def size_of_file(path: str | os.PathLike, workers: int, read: Mapping[str, Any]) -> Size:
    """Of a list of edges as text, from its first megabytes: all of it, where there is no more. Nodes grow with edges as they do within
    these (Heaps' law). ValueError for other forms of file."""
    if ending(path) not in _EDGE_LISTS:
        raise ValueError(
            f"{os.fspath(path)}: what it takes is told from lists of edges as text ({', '.join(_EDGE_LISTS)}), and from graphs"
        )
    parts, ratio, text = _some_lines(path)
    whole = _sample(b"".join(parts), path, read)
    facts = Size(whole.node_count, whole.edge_count, edge_columns(whole), whole.directed, workers, 0, text=text)
    if ratio > 1:
        half = _sample(b"".join(parts[::2]), path, read)
        slope = math.log(max(whole.node_count, 2) / max(half.node_count, 1)) / math.log(max(whole.edge_count, 2) / max(half.edge_count, 1))
        facts = replace(facts, nodes=whole.node_count * ratio ** min(max(slope, 0.0), 1.0), edges=whole.edge_count * ratio)
    degrees = whole.degree().to_arrow().column("value").to_numpy()
    denser = (facts.edges / facts.nodes) / (whole.edge_count / whole.node_count) if whole.edge_count else 1
    return replace(facts, mirrors=mirrors_of(facts.nodes, degrees * denser, workers))


def mirrors_of(nodes: float, degrees: np.ndarray, workers: int) -> float:
    """How many nodes of others a partition has neighbors of, where hashes deal nodes out: all but those with no neighbor there."""
    if workers == 1 or not len(degrees):
        return 0
    return nodes * (1 - 1 / workers) * float(np.mean(1 - (1 - 1 / workers) ** degrees))


def _some_lines(path) -> tuple[list[bytes], float, float]:
    """Whole lines of eight places of a file, or of the beginning of one that is packed; how many times as much all is, and its bytes."""
    plain = PlainBytes(path)
    if plain.packed:
        parts, taken = [_read(plain, _SAMPLE_BYTES // 2), _read(plain, _SAMPLE_BYTES // 2)], plain._file.tell()
        ratio = plain.size / taken if plain.read(1) else 1.0
        joined = b"".join(parts)
        return _halves(joined if ratio == 1 else joined[: joined.rindex(b"\n") + 1]), ratio, len(joined) * ratio
    if plain.size <= _SAMPLE_BYTES:
        return [_read(plain, _SAMPLE_BYTES)], 1.0, plain.size
    parts = []
    with open(path, "rb") as file:
        for place in range(_PLACES):
            file.seek(plain.size * place // _PLACES)
            piece = file.read(_SAMPLE_BYTES // _PLACES)
            parts.append(piece[piece.index(b"\n") + 1 if place else 0 : piece.rindex(b"\n") + 1])
    return parts, plain.size / sum(map(len, parts)), plain.size


def _read(plain: PlainBytes, most: int) -> bytes:
    got = b""
    while len(got) < most and (more := plain.read(most - len(got))):
        got += more
    return got


def _halves(lines: bytes) -> list[bytes]:
    middle = lines.find(b"\n", len(lines) // 2) + 1
    return [lines[:middle], lines[middle:]]


def _sample(lines: bytes, path, read: Mapping[str, Any]) -> Graph:
    form = ".csv" if ending(path) == ".csv" else ".tsv" if ending(path) == ".tsv" else ".txt"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"sample{form}"
        file.write_bytes(lines)
        return EmbeddedReaders().read(file, **read)


def edge_columns(graph: Graph) -> int:
    """How many attributes its edges have."""
    return sum(name.startswith("edge column ") for name in graph.memory_usage())


def size_of_graph(graph: Graph) -> Size:
    """Of one in this process."""
    return Size(graph.node_count, graph.edge_count, edge_columns(graph), graph.directed, 1, 0)


def resident_here() -> int:
    """What this process has of the machine's memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def estimate(what, algorithm: str | None = None, *, read: Mapping[str, Any] | None = None, **arguments) -> Estimate:
    """About how much memory it takes in this process: to load a file (a path; `read`: options of gli.read), or of a graph that is there;
    and to run an algorithm of it, named as its method, with its arguments. An Estimate, in bytes; nothing is loaded but some megabytes of a
    file. Of a graph that is on a cluster: the same as client.estimate(). ValueError for what is no algorithm or one of pairs or given
    communities, and for files that are not lists of edges as text.

    >>> import gli
    >>> g = gli.generate_kronecker(10)
    >>> gli.estimate(g, "pagerank", iterations=10).working > gli.estimate(g, "degree").working > 0
    True
    """
    if isinstance(what, (str, os.PathLike)):
        return estimate_of(size_of_file(what, 1, read or {}), algorithm)
    if isinstance(what, Graph):
        known = what.memory_usage()
        graph = sum(x for name, x in known.items() if name != "log")
        process = max(0, resident_here() - graph)
        return estimate_there(size_of_graph(what), algorithm, graph, process, "neighbors" in known)
    if hasattr(what, "client"):
        return what.client.estimate(what, algorithm, **arguments)
    raise TypeError(f"expected a path or a graph, not {what!r}")
