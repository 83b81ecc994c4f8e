"""What memory depends on: how large a graph is, or will be."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import Literal, NamedTuple

import numpy as np
import pyarrow.compute as pc

from ._formats.tables import type_of
from ._graph import Graph

_LOOKED_AT = 1 << 16


class Column(NamedTuple):
    """An attribute: of which sort, and how many bytes of it the graph keeps for each element."""

    sort: Literal["number", "bool", "text"]
    kept: float


_SORTS: dict[str, Literal["number", "bool", "text"]] = {"bool": "bool"} | dict.fromkeys(("int64", "float64", "datetime"), "number")
NUMBER = Column("number", 8)


@dataclass(frozen=True)
class Size:
    """Nodes, edges and attributes of the whole graph, and how many mirrors a partition has."""

    nodes: float
    edges: float
    directed: bool
    workers: int
    mirrors: float
    node_columns: tuple[Column, ...] = ()
    edge_columns: tuple[Column, ...] = ()
    keys: float = 0
    """Bytes of a key that is text; 0: they are int64."""
    text: float = 0
    """Bytes of text, where workers read it themselves; edges, where they draw them or read them as numbers."""
    at_one_worker: bool = False
    """Whether one worker has all of that under way, as of packed text."""
    at_once: int = 1 << 16
    """Rows that come together, where another process reads them."""
    drawn: bool = False
    """Whether the workers draw it themselves, or read it as numbers."""
    driver: float = 0
    """Bytes that the reading process holds of it meanwhile."""


@dataclass(frozen=True)
class Terms:
    """Bytes for each own node, each mirror and each own edge, and once; `slot`: for each node that an index has room for, which is a power
    of two."""

    node: float = 0
    mirror: float = 0
    edge: float = 0
    once: float = 0
    slot: float = 0

    def __add__(self, other: Terms) -> Terms:
        return Terms(*(a + b for a, b in zip(astuple(self), astuple(other))))

    def of(self, size: Size) -> int:
        """On a worker with an even share."""
        own = size.nodes / size.workers
        slots = 2 ** math.ceil(math.log2(own)) if own >= 1 else 0
        return int(self.node * own + self.slot * slots + self.mirror * size.mirrors + self.edge * size.edges / size.workers + self.once)


def mirrors_of(nodes: float, degrees: np.ndarray, workers: int) -> float:
    """How many nodes of others a partition has neighbors of, where hashes deal nodes out: all but those with no neighbor there."""
    if workers == 1 or not len(degrees):
        return 0
    return nodes * (1 - 1 / workers) * float(np.mean(1 - (1 - 1 / workers) ** degrees))


def columns_of(graph: Graph, what: Literal["nodes", "edges"]) -> tuple[Column, ...]:
    """The attributes of its nodes or edges."""
    view, count = (graph.nodes, graph.node_count) if what == "nodes" else (graph.edges, graph.edge_count)
    bytes_of, keys = graph.memory_usage(), ("id", "source", "target", "key")
    sorts = {f.name: _SORTS.get(type_of(f), "text") for f in view.schema if f.name not in keys}
    return tuple(Column(sort, bytes_of.get(f"{what[:-1]} column {name}", 0) / max(count, 1)) for name, sort in sorts.items())


def key_bytes_of(graph: Graph) -> float:
    """How long its keys are, if they are text."""
    if graph.key_type != "str" or not graph.node_count:
        return 0
    return pc.mean(pc.binary_length(graph.nodes[:_LOOKED_AT].to_arrow().column("id"))).as_py()


def rows_at_once(columns: tuple[Column, ...]) -> int:
    """How many rows the tables of a graph have in one piece."""
    return 1 << (13 if any(column.sort == "text" for column in columns) else 16)


def size_of_graph(graph: Graph, workers: int = 1) -> Size:
    """Of one in this process."""
    degrees = graph.degree().to_arrow().column("value").to_numpy()
    mirrors = mirrors_of(graph.node_count, degrees, workers)
    columns = {"node_columns": columns_of(graph, "nodes"), "edge_columns": columns_of(graph, "edges")}
    columns["at_once"] = rows_at_once(columns["edge_columns"])
    return Size(graph.node_count, graph.edge_count, graph.directed, workers, mirrors, keys=key_bytes_of(graph), **columns)
