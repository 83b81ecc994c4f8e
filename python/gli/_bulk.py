"""Many rows at once: columns in whatever form users have them, and what becomes of a graph that is there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from . import _core, _loading
from ._arrow import ROWS_AT_ONCE, column_of, columns_from_rows, frame, is_json, table_of
from ._checks import attribute_name, collection, edge_row, flag, node_row
from ._edits import edge_edit

if TYPE_CHECKING:
    from ._distributed import DistributedGraph
    from ._graph import Graph

    AnyGraph = Graph | DistributedGraph

_RELOAD_SHARE = 4  # rows are loaded together with the graph when they are at least this part of it
_RELOAD_LEAST = 1_000


def columns(data, names: list[str]) -> pa.Table | None:
    """Rows as an Arrow table when they come in columns, else None. `names` are the columns that an array without names has.

    >>> columns({"id": [1, 2]}, ["id"]).num_rows, columns([(1, 2)], ["source", "target"])
    (2, None)
    """
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if isinstance(data, pa.RecordBatchReader):
        return data.read_all()
    if isinstance(data, Mapping):
        return _of_mapping(data, names)
    if isinstance(data, np.ndarray):
        return _of_array(data, names)
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        return frame(data)
    if hasattr(data, "__arrow_c_stream__"):
        return pa.table(data)
    if isinstance(data, (list, tuple)) and data and all(isinstance(row, dict) for row in data):
        return _of_mapping(columns_from_rows(data), names)
    return None


def _of_mapping(data: Mapping, names: list[str]) -> pa.Table:
    for name in names:
        if name not in data:
            raise TypeError(
                f"there is no column {name!r}: a mapping holds columns by their names; rows come as keys, tuples or (key, attributes) pairs"
            )
    made = {}
    for name, values in data.items():
        made[name] = pa.array(values) if isinstance(values, (np.ndarray, pa.Array)) else values
        if not isinstance(made[name], (pa.Array, pa.ChunkedArray)):
            made[name] = column_of(list(values))
        if made[name] is None:
            raise TypeError(f"column {name!r} holds values of several types: give its rows one by one")
    return table_of(made)


def _of_array(data: np.ndarray, names: list[str]) -> pa.Table:
    if data.ndim != (1 if len(names) == 1 else 2) or (data.ndim == 2 and data.shape[1] != len(names)):
        wanted = "one dimension" if len(names) == 1 else f"{len(names)} columns"
        raise ValueError(f"an array of {'keys' if len(names) == 1 else 'edges'} has {wanted}, not the shape {data.shape}")
    parts = [data] if data.ndim == 1 else [data[:, i] for i in range(data.shape[1])]
    return pa.table({name: pa.array(part) for name, part in zip(names, parts)})


@dataclass
class NodeRows:
    """Nodes to add: a table whose column `node` holds keys."""

    table: pa.Table
    node: str
    duplicates: str
    create_nodes = False

    def checked(self) -> NodeRows:
        if self.duplicates not in ("first", "last", "error"):
            raise ValueError(f"duplicates of nodes is 'first', 'last' or 'error', not {self.duplicates!r}")
        _check_names(self.table, [self.node], "node")
        return self

    def rows(self) -> pa.RecordBatchReader:
        return _renamed(self.table, {self.node: ""})

    def edit(self, core) -> tuple:
        return _core.add_node_rows(core, self.rows(), self.duplicates)

    def add_to(self, graph: AnyGraph) -> AnyGraph:
        if (
            self.duplicates != "error"
            and graph._worth_loading(self.table.num_rows)
            and _fits(self.table, [self.node], graph.nodes._exact())
        ):
            return _loaded(graph, self.fill, self.duplicates)
        return graph._add_table(self)

    @property
    def policy(self) -> str:
        return self.duplicates

    def fill(self, rows) -> None:
        rows.add_nodes(self.rows())


@dataclass
class EdgeRows:
    """Edges to add: a table whose columns `source`, `target` (and `key`) name them."""

    table: pa.Table
    source: str
    target: str
    key: str | None
    create_nodes: bool
    duplicates: str

    def checked(self, multi: bool) -> EdgeRows:
        _loading.policy(self.duplicates, multi, self.key)
        if (self.key is not None or self.duplicates == "multi") and not multi:
            raise ValueError("edges of this graph have no keys and none are parallel: make it with multi=True")
        flag(self.create_nodes, "create_nodes")
        _check_names(self.table, self._names(), "edge")
        return self

    def _names(self) -> list[str]:
        return [self.source, self.target] if self.key is None else [self.source, self.target, self.key]

    @property
    def policy(self) -> str:
        return "first" if self.duplicates == "multi" else self.duplicates

    def rows(self) -> pa.RecordBatchReader:
        return _renamed(self.table, dict(zip(self._names(), ("source", "target", "key"))))

    def edit(self, core) -> tuple:
        return _core.add_edge_rows(core, self.rows(), self.policy, self.create_nodes)

    def add_to(self, graph: AnyGraph) -> AnyGraph:
        if (
            self.duplicates == "error"
            or not graph._worth_loading(self.table.num_rows)
            or not _fits(self.table, self._names(), graph.edges._exact())
        ):
            return graph._add_table(self)
        made = _loaded(graph, self.fill, self.policy)
        return made if self.create_nodes else _without_new_nodes(made, graph)

    def fill(self, rows) -> None:
        rows.add_edges(self.rows())


def _check_names(table: pa.Table, leading: list[str], element: str) -> None:
    for name in leading:
        if name not in table.column_names:
            raise ValueError(f"there is no column {name!r} among {', '.join(map(repr, table.column_names))}")
    if len(set(table.column_names)) < len(table.column_names):
        raise ValueError(f"two columns have one name among {', '.join(map(repr, table.column_names))}")
    for name in table.column_names:
        if name not in leading:
            attribute_name(name, element)


def _renamed(table: pa.Table, names: dict[str, str]) -> pa.RecordBatchReader:
    return table.rename_columns([names.get(n, n) for n in table.column_names]).to_reader(max_chunksize=ROWS_AT_ONCE)


def worth_loading(rows: int, elements: int) -> bool:
    """Whether one load of a graph and rows together costs less than so many edits."""
    return elements == 0 or (rows >= _RELOAD_LEAST and rows * _RELOAD_SHARE >= elements)


def _fits(table: pa.Table, keys: list[str], known: pa.Table) -> bool:
    """Whether all columns have one type in both: then nothing in them is changed by a load."""
    types = {f.name: (f.type, is_json(f)) for f in known.schema}
    return all(
        f.name in keys or f.name not in types or (_plain(f.type), is_json(f)) == (_plain(types[f.name][0]), types[f.name][1])
        for f in table.schema
    )


def _plain(t: pa.DataType) -> str:
    if pa.types.is_integer(t):
        return "int64"
    if pa.types.is_floating(t):
        return "float64"
    if pa.types.is_list(t) or pa.types.is_large_list(t) or pa.types.is_fixed_size_list(t):
        return f"list of {_plain(t.value_type)}"
    return "text" if pa.types.is_string(t) or pa.types.is_large_string(t) else str(t)


def _loaded(graph: AnyGraph, add: Callable[[Any], None], duplicates: str) -> AnyGraph:
    """The graph with more rows, all loaded together: its own come first."""
    edges, nodes = graph.edges._exact(), graph.nodes._exact()

    def fill(rows, guesses, progress):
        if nodes.num_rows:
            rows.add_nodes(_renamed(nodes, {"id": ""}))
        if edges.num_rows:
            rows.add_edges(_renamed(edges, {}))
        add(rows)

    keys = None if graph.key_type == "none" else graph.key_type
    kind = {"key_type": keys, "directed": graph.directed, "multi": graph.multi}
    made = _loading.load(graph._place(), fill, "load", duplicates=duplicates, **kind)
    if graph.attributes:
        with made.batch_operations() as batch:
            for name, value in graph.attributes.items():
                batch.set_graph_attribute(name, value)
        made = batch.graph
    return made


def _without_new_nodes(made: AnyGraph, before: AnyGraph) -> AnyGraph:
    if made.node_count == before.node_count:
        return made
    missing = made.nodes.to_arrow().column("id")[before.node_count].as_py()
    raise KeyError(f"Node {missing!r} not found")


def from_pairs(place: _loading.Place, edges: Iterable, directed: bool, multi: bool, duplicates: str):
    """A graph of a list of (source, target) pairs, all of str or all of int; None when it holds anything else."""
    if not isinstance(edges, list):
        return None

    def fill(rows, guesses, progress):
        if not _core.add_pairs(rows, edges):
            raise _OtherRows

    return _attempt(lambda: _loading.load(place, fill, "load", directed=directed, multi=multi, duplicates=duplicates))


@dataclass
class PairRows:
    """Edges to add: a list of rows, most likely (source, target) pairs."""

    edges: list
    create_nodes: bool
    duplicates: str

    def add_to(self, graph: AnyGraph) -> AnyGraph:
        if graph._worth_loading(len(self.edges)):
            made = _attempt(lambda: _loaded(graph, self.fill, "first"))
            if made is not None:
                return made if self.create_nodes else _without_new_nodes(made, graph)
        made = _attempt(lambda: graph._add_table(self))
        return graph._edit(edge_edits(self.edges, graph.multi, self.create_nodes)) if made is None else made

    @property
    def policy(self) -> str:
        return self.duplicates

    def fill(self, rows) -> None:
        if not _core.add_pairs(rows, self.edges):
            raise _OtherRows

    def edit(self, core) -> tuple:
        raise _OtherRows


class _OtherRows(Exception):
    """Rows that are not all pairs of one type of key."""


def _attempt(make: Callable[[], Any]):
    try:
        return make()
    except _OtherRows:
        return None


def edge_edits(edges: Iterable, multi: bool, create_nodes: bool) -> list[tuple]:
    """Rows as edits, one each."""
    return [edge_edit("add_edge", *edge_row(e, multi), create_nodes) for e in edges]


def edge_rows(edges: list, multi: bool, create_nodes: bool, duplicates: str) -> PairRows | EdgeRows | None:
    """A list of edges as something to add at once; None when its rows are to be added one by one."""
    _loading.policy(duplicates, multi)
    if duplicates != "first":
        table = _edge_table([edge_row(e, multi) for e in edges])
        key = "key" if "key" in table.column_names else None
        return EdgeRows(table, "source", "target", key, create_nodes, duplicates).checked(multi)
    return PairRows(edges, create_nodes, duplicates) if len(edges) >= _RELOAD_LEAST else None


def node_rows(nodes, duplicates: str) -> NodeRows | None:
    """The same of a list of nodes."""
    if duplicates == "first":
        return None
    rows = [node_row(n) for n in collection(nodes, "nodes")]
    return NodeRows(_of_mapping({"id": [k for k, _ in rows], **_attributes(rows, "node")}, ["id"]), "id", duplicates)


def _attributes(rows: list[tuple], element: str) -> dict[str, list]:
    named = columns_from_rows(row[-1] or {} for row in rows)
    for name in named:
        attribute_name(name, element)
    return named


def _edge_table(rows: list[tuple]) -> pa.Table:
    ends = {"source": [r[0] for r in rows], "target": [r[1] for r in rows]}
    if any(r[2] is not None for r in rows):
        ends["key"] = [r[2] for r in rows]
    return _of_mapping({**ends, **_attributes(rows, "edge")}, ["source", "target"])


def settled(rows: list[tuple], directed: bool, duplicates: str) -> list[tuple]:
    """Rows of names and, last, attributes, each name once: for values that no column holds, row by row.

    >>> settled([("a", "b", {"x": 1}), ("a", "b", {"x": 0.5})], True, "sum")
    [('a', 'b', {'x': 1.5})]
    """
    if duplicates in ("first", "multi"):
        return rows
    kept: dict[tuple, dict | None] = {}
    for i, (*name, attributes) in enumerate(rows):
        ends = tuple(name) if directed or len(name) == 1 else (*sorted(name[:2]), *name[2:])
        if ends in kept and duplicates == "error":
            raise ValueError(f"row {i}: {' -> '.join(map(repr, name[:2]))} is there already")
        kept[ends] = _sum(kept[ends], attributes) if ends in kept and duplicates == "sum" else attributes
    return [(*name, attributes) for name, attributes in kept.items()]


def _sum(a: Mapping | None, b: Mapping | None) -> dict:
    sums = dict(a or {})
    for name, value in (b or {}).items():
        for x in (sums.get(name), value):
            if x is not None and (isinstance(x, bool) or not isinstance(x, (int, float))):
                raise TypeError(f"duplicates='sum' adds numbers, but the edges' attribute {name!r} has {x!r}")
        sums[name] = value if sums.get(name) is None else sums[name] if value is None else sums[name] + value
    return sums
