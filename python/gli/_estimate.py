"""How much memory loading a graph and computing with it will take, from its size: the terms are those of docs/limits.md."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ._formats.files import ending
from ._sizes import size_text

_SAMPLE_BYTES = 8 << 20
_EDGE_LISTS = {".txt", ".el", ".wel", ".edges", ".edgelist", ".tsv", ".e"}
_PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_MIB = 2**20


@dataclass(frozen=True)
class Size:
    """What memory depends on: of the whole graph nodes, edges and columns of edges, and how many mirrors a partition has of others' nodes."""

    nodes: float
    edges: float
    edge_columns: int
    directed: bool
    workers: int
    mirrors: float


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


_PROCESS = 15 * _MIB  # what a worker has resident before it was asked anything
_GRAPH = Terms(node=92, mirror=26, edge=8)
_EDGE_COLUMN = Terms(edge=8)
_LOADING_WHOLE = Terms(node=54, edge=18, once=15 * _MIB)
_LOADING_SHARED = Terms(node=120, mirror=64, edge=33, once=14 * _MIB)
_LOADED_COLUMN = Terms(edge=24)
_JOINED_LISTS = Terms(node=4, edge=8)  # of undirected graphs, where a node's neighbors are asked for again


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


def estimate_of(size: Size, algorithm: str | None, is_there: bool, graph_bytes: int | None = None, process: int = _PROCESS) -> Estimate:
    """From the size. `graph_bytes`: what the graph has on the worker that has most of it, where that is known."""
    columns = [_EDGE_COLUMN.of(size)] * size.edge_columns
    graph = graph_bytes if graph_bytes is not None else _GRAPH.of(size) + sum(columns)
    loading = 0
    if not is_there:
        loading = (_LOADING_WHOLE if size.workers == 1 else _LOADING_SHARED).of(size) + size.edge_columns * _LOADED_COLUMN.of(size)
        loading = max(loading, graph)
    working = 0 if algorithm is None else working_bytes(algorithm, size)
    return Estimate(algorithm, size.workers, round(size.nodes), round(size.edges), graph, loading, working, process)
