"""METIS graphs: undirected, nodes 1 … n, whole weights. The reader is native."""

from __future__ import annotations

import os

import numpy as np

from .. import _loading
from .files import writing
from .skipped import Skipped
from .tables import Tables, numbered, type_of


def read(place, path, on_error: str = "raise", duplicates: str = "first"):
    """A graph of a METIS file."""
    skipped = Skipped(path, on_error)
    multi = _loading.policy(duplicates, False)[1]
    if skipped.wanted and duplicates not in ("first", "last"):
        raise ValueError(
            f"duplicates={duplicates!r} counts every edge twice with on_error='skip', which takes it from the lines of both ends"
        )

    sources = [_loading.Source("metis_nodes", {"path": os.fspath(path)}, skipped)]
    sources.append(_loading.Source("metis_edges", {"path": os.fspath(path)}, Skipped(path, on_error)))
    origin = _loading.rows_of(path)
    graph = _loading.load(
        place, sources, "load", key_type="int64", directed=False, multi=multi, origin=origin, duplicates=duplicates, files=[path]
    )
    skipped.warn()
    return graph


def write(graph, path, relabel: bool = False, lossy: bool = False) -> None:
    """Writes an undirected graph; node attributes "size", "weight" or "weight_1" …, edge attribute "weight"."""
    if graph.directed:
        raise ValueError("METIS holds undirected graphs only: write Matrix Market, JSON (.json) or Parquet")
    tables = Tables(graph, "METIS", lossy)
    tables.without_parallel_edges()
    tables.without_graph_attributes()
    weights = _weight_names([f.name for f in tables.attributes("node")])
    tables.keep("node", lambda f: f.name in ["size", *weights] and type_of(f) == "int64")
    tables.keep("edge", lambda f: f.name == "weight" and type_of(f) == "int64")
    sources, targets = (a.to_numpy(zero_copy_only=False) for a in numbered(tables, 1, relabel))
    if (sources == targets).any():
        raise tables.error(f"the self-loop of node {tables.edges.column('source')[int(np.argmax(sources == targets))].as_py()!r}")
    node_columns = [_whole(tables, "node", n) for n in ["size", *weights] if n in tables.nodes.column_names]
    edge_weights = _whole(tables, "edge", "weight") if tables.attributes("edge") else None
    if not relabel and node_columns:
        order = np.argsort(tables.nodes.column("id").to_numpy())
        node_columns = [values[order] for values in node_columns]
    present = [n for n in weights if n in tables.nodes.column_names]
    with writing(path) as stream:
        shape = f"{int('size' in tables.nodes.column_names)}{int(bool(present))}{int(edge_weights is not None)}"
        ncon = f" {len(present)}" if len(present) > 1 else ""
        head = f"{tables.nodes.num_rows} {len(sources)}" + (f" {shape}{ncon}" if shape != "000" else "")
        stream.write((head + "\n").encode())
        _write_nodes(stream, tables.nodes.num_rows, node_columns, sources, targets, edge_weights)


def _weight_names(names: list[str]) -> list[str]:
    """"weight", or "weight_1" … as far as they go."""
    if "weight" in names:
        return ["weight"]
    count = 0
    while f"weight_{count + 1}" in names:
        count += 1
    return [f"weight_{i + 1}" for i in range(count)]


def _whole(tables: Tables, element: str, name: str) -> np.ndarray:
    values = (tables.nodes if element == "node" else tables.edges).column(name)
    if values.null_count:
        raise tables.error(f"{element}s without {name!r} among {element}s that have it")
    numbers = values.to_numpy()
    if len(numbers) and numbers.min() < (0 if element == "node" else 1):
        raise tables.error(f"the {element} attribute {name!r} below {0 if element == 'node' else 1}")
    return numbers


def _write_nodes(stream, nodes: int, node_columns, sources, targets, weights) -> None:
    ends, neighbors = np.concatenate([sources, targets]), np.concatenate([targets, sources])
    order = np.lexsort((neighbors, ends))
    offsets = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(ends - 1, minlength=nodes), out=offsets[1:])
    words = neighbors[order]
    if weights is not None:
        words = np.column_stack([words, np.concatenate([weights, weights])[order]]).ravel()
        offsets = offsets * 2
    at_once = 1 << 14
    for begin in range(0, nodes, at_once):
        end = min(begin + at_once, nodes)
        lines = []
        for node in range(begin, end):
            values = [str(c[node]) for c in node_columns]
            lines.append(" ".join([*values, *map(str, words[offsets[node] : offsets[node + 1]].tolist())]))
        stream.write("\n".join([*lines, ""]).encode())

