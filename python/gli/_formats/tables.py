"""A graph as writers see it: tables of nodes and edges, and what a form of file cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Collection

import pyarrow as pa
import pyarrow.compute as pc

from .._arrow import is_json, nested_as_json

ALL_TYPES = ("bool", "int64", "float64", "str", "datetime", "bytes", "json")


def type_of(field: pa.Field) -> str:
    """What an attribute's column holds, as users call it.

    >>> type_of(pa.field("age", pa.int64())), type_of(pa.field("when", pa.timestamp("us")))
    ('int64', 'datetime')
    """
    t = field.type
    tests: list[tuple[Callable, str]] = [
        (pa.types.is_boolean, "bool"),
        (pa.types.is_integer, "int64"),
        (pa.types.is_floating, "float64"),
        (pa.types.is_timestamp, "datetime"),
        (pa.types.is_date, "datetime"),
        (pa.types.is_binary, "bytes"),
        (pa.types.is_large_binary, "bytes"),
    ]
    if is_json(field):
        return "json"
    if pa.types.is_string(t) or pa.types.is_large_string(t) or pa.types.is_dictionary(t) or pa.types.is_string_view(t):
        return "str"
    return next((name for test, name in tests if test(t)), "json")


def refuse(what: str, form: str, instead: str) -> ValueError:
    """The error of a file that cannot hold something."""
    return ValueError(f"{form} cannot hold {what}: write {instead}, or leave out what the form cannot hold with lossy=True")


class Tables:
    """Nodes and edges of a graph without what `form` cannot hold; that is a ValueError unless it may be lost."""

    def __init__(self, graph, form: str, lossy: bool, instead: str = "JSON (.json) or Parquet", nested: bool = False):
        self.graph, self.form, self.lossy, self.instead = graph, form, lossy, instead
        self.nodes, self.edges = (view._exact() if nested else nested_as_json(view._exact()) for view in (graph.nodes, graph.edges))
        self.edge_keys = ["source", "target", "key"] if graph.multi else ["source", "target"]

    def error(self, what: str) -> ValueError:
        """That the form cannot hold `what`."""
        return refuse(what, self.form, self.instead)

    def attributes(self, element: str) -> list[pa.Field]:
        """The attribute columns of "node"s or "edge"s."""
        table, keys = (self.nodes, ["id"]) if element == "node" else (self.edges, self.edge_keys)
        return [f for f in table.schema if f.name not in keys]

    def keep(self, element: str, wanted: Callable[[pa.Field], bool], why: str = "") -> None:
        """Leaves the attributes that the form can hold."""
        for field in self.attributes(element):
            if wanted(field):
                continue
            values = (self.nodes if element == "node" else self.edges).column(field.name)
            if not self.lossy and values.null_count < len(values):
                raise self.error(f"the {element} attribute {field.name!r} ({type_of(field)}){why}")
            if element == "node":
                self.nodes = self.nodes.drop_columns([field.name])
            else:
                self.edges = self.edges.drop_columns([field.name])

    def keep_types(self, types: Collection[str]) -> None:
        """Leaves attributes of these types."""
        for element in ("node", "edge"):
            self.keep(element, lambda field: type_of(field) in types)

    def without_graph_attributes(self) -> None:
        """The form has no place for the graph's own attributes."""
        for name in self.graph.attributes:
            if not self.lossy:
                raise self.error(f"the graph's own attribute {name!r}")

    def without_parallel_edges(self) -> None:
        """The form has no place for keys of parallel edges."""
        if self.graph.multi:
            raise ValueError(f"{self.form} cannot hold a graph with parallel edges: write {self.instead}")

    def without_nodes(self) -> None:
        """The form holds nothing but edges."""
        self.keep("node", lambda field: False)
        ends = pa.chunked_array(self.edges.column("source").chunks + self.edges.column("target").chunks, self.nodes.schema.field("id").type)
        alone = pc.invert(pc.is_in(self.nodes.column("id"), value_set=ends))
        if not self.lossy and pc.any(alone).as_py():
            node = self.nodes.filter(alone).column("id")[0].as_py()
            raise self.error(f"the node {node!r}, which has no edges")

    def number_column(self, name: str | None) -> pa.Field | None:
        """Leaves one column of numbers without nulls among the edges' attributes."""
        self.keep("edge", lambda field: field.name == name and type_of(field) in ("int64", "float64"))
        found = self.attributes("edge")
        if found and self.edges.column(found[0].name).null_count:
            raise self.error(f"edges without {found[0].name!r} among edges that have it")
        return found[0] if found else None


def as_text(values: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    """A column as text that reads back the same: whole floats keep their point.

    >>> as_text(pa.chunked_array([[1.0, 2.5, None]]), pa.field("x", pa.float64())).to_pylist()
    ['1.0', '2.5', None]
    """
    kind = type_of(field)
    if kind == "float64":
        text = pc.cast(values, pa.string())
        return pc.if_else(pc.match_substring_regex(text, r"^-?\d+$"), pc.binary_join_element_wise(text, "", ".0"), text)
    if kind == "datetime":
        return pc.strftime(pc.cast(values, pa.timestamp("us")), "%Y-%m-%dT%H:%M:%S")
    return pc.cast(values, pa.large_string())


def numbered(tables: Tables, first: int, relabel: bool) -> tuple[pa.Array, pa.Array]:
    """Sources and targets as numbers from `first`; keys are these numbers already, or nodes get them in insertion order."""
    ids = tables.nodes.column("id").combine_chunks()
    if not relabel:
        count = len(ids)
        fits = pa.types.is_integer(ids.type) and (count == 0 or (pc.min(ids).as_py() == first and pc.max(ids).as_py() == first + count - 1))
        if not fits:
            wanted = f"{first} … {first + count - 1}"
            raise ValueError(f"{tables.form} holds nodes {wanted} by number, not these keys: relabel=True numbers them in insertion order")
        return tuple(tables.edges.column(n).combine_chunks() for n in ("source", "target"))
    places = (pc.index_in(tables.edges.column(n), value_set=ids) for n in ("source", "target"))
    return tuple(pc.add(pc.cast(p, pa.int64()), first).combine_chunks() for p in places)
