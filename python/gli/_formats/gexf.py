"""GEXF 1.2 and 1.3. https://gexf.net/schema.html"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .files import TextWriter, writing
from .tables import Tables, type_of
from .xml_events import escaped
from .xml_graphs import GraphHandler, directed_of, load, own_mark, text_of, value_of

_TYPES = {
    **dict.fromkeys(("integer", "long", "short", "byte"), "int64"),
    **dict.fromkeys(("float", "double"), "float64"),
    **dict.fromkeys(("string", "anyURI", "liststring", "char", "date", "dateTime"), "str"),
    "boolean": "bool",
}
_NAMES = {"bool": "boolean", "int64": "long", "float64": "double", "str": "string"}
_KEY = "networkx_key"  # under which NetworkX keeps the keys of parallel edges
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
{mark}<gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">
<graph defaultedgetype="{direction}" mode="static">
"""


@dataclass
class _Attribute:
    title: str
    type: str


class _Gexf(GraphHandler):
    def __init__(self, rows, guesses, multi, directed):
        super().__init__(rows, guesses, multi, directed)
        self._declared: dict[str, dict[str, _Attribute]] = {"node": {}, "edge": {}}
        self._defaults: dict[str, dict[str, Any]] = {"node": {}, "edge": {}}
        self._labels_are_text = {"node": True, "edge": True}
        self._class = "node"
        self._attribute: _Attribute | None = None
        self._open: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    def columns(self, element):
        columns = {a.title: a.type for a in self._declared[element].values() if a.title != _KEY or element == "node"}
        columns.setdefault("label", "str")
        if element == "edge":
            columns.setdefault("weight", "float64")
        return columns

    def start(self, name, attributes):
        if name == "graph" and attributes.get("mode", "static") != "static":
            raise ValueError("a dynamic graph is not read")
        if name in ("spell", "spells", "slices"):
            raise ValueError("a dynamic graph is not read")
        if name == "attributes":
            self._class = attributes.get("class", "node")
            if self._class not in self._declared:
                raise ValueError(f"attributes are of class 'node' or 'edge', not {self._class!r}")
        elif name == "attribute":
            self._declare(attributes)
        elif name == "attvalue":
            self._set(attributes)
        elif name in ("node", "edge"):
            self._begin(name, attributes)
        return name == "default"

    def _declare(self, attributes):
        word = attributes.get("type", "string")
        if word not in _TYPES:
            raise ValueError(f"the type {word!r} is none of {', '.join(_TYPES)}")
        if "id" not in attributes:
            raise ValueError("an attribute without id")
        self._attribute = _Attribute(attributes.get("title", attributes["id"]), _TYPES[word])
        self._declared[self._class][attributes["id"]] = self._attribute
        if self._attribute.title == "label":
            self._labels_are_text[self._class] = self._attribute.type == "str"

    def _begin(self, name, attributes):
        if name == "node" and self._open:
            raise ValueError("nodes within nodes are not read")
        if name == "edge" and directed_of(attributes.get("type", "directed" if self._directed else "undirected")) != self._directed:
            raise ValueError("directed and undirected edges in one graph are not read")
        self._open.append((name, attributes, dict(self._defaults[name])))

    def _set(self, attributes):
        if not self._open:
            return
        name, _, values = self._open[-1]
        key = attributes.get("for", attributes.get("id"))
        declared = self._declared[name].get(key)
        if declared is None:
            raise ValueError(f"a value of attribute {key!r} that is not declared")
        value = value_of(attributes.get("value", ""), declared.type)
        if value is not None:
            values[declared.title] = value

    def end(self, name, text):
        if name == "default" and self._attribute is not None:
            value = value_of(text, self._attribute.type)
            if value is not None:
                self._defaults[self._class][self._attribute.title] = value
        elif name in ("node", "edge"):
            self._finish(*self._open.pop())

    def _finish(self, name, attributes, values):
        try:
            label, id = attributes.get("label"), attributes.get("id")
            if label is not None and label != id and self._labels_are_text[name]:
                values.setdefault("label", label)
            if name == "node":
                self.add_node(attributes["id"], values)
                return
            if "weight" in attributes and "weight" not in values:
                values["weight"] = value_of(attributes["weight"], self.columns("edge")["weight"])
            key = values.pop(_KEY, None)
            self.add_edge(attributes["source"], attributes["target"], id if key is None else str(key), values)
        except KeyError as missing:
            raise ValueError(f"a {name} without {missing.args[0]}") from None


def read(place, path, key_type=None, multi=None, duplicates="first"):
    """A graph of a GEXF file."""
    return load(place, path, _Gexf, "defaultedgetype", key_type, multi, duplicates)


def _declarations(tables: Tables, element: str) -> tuple[str, dict[str, str]]:
    fields = [(f.name, type_of(f)) for f in tables.attributes(element)]
    if element == "edge" and tables.graph.multi:
        fields.append((_KEY, "int64" if pa.types.is_integer(tables.edges.schema.field("key").type) else "str"))
    ids = {name: str(i) for i, (name, _) in enumerate(fields)}
    lines = [f'<attribute id="{ids[n]}" title="{escaped(n, "an attribute")}" type="{_NAMES[kind]}"/>\n' for n, kind in fields]
    return f'<attributes class="{element}" mode="static">\n{"".join(lines)}</attributes>\n' if lines else "", ids


def _values(ids: dict[str, str], values: dict[str, Any]) -> str:
    if not values:
        return ""
    inner = "".join(f'<attvalue for="{ids[n]}" value="{escaped(text_of(v), repr(n))}"/>' for n, v in values.items())
    return f"<attvalues>{inner}</attvalues>"


def _nodes(tables: Tables, ids, write) -> None:
    from .._views import without_nulls

    write("<nodes>\n")
    for batch in tables.nodes.to_batches(max_chunksize=1 << 15):
        rows = pa.Table.from_batches([batch])
        for key, values in zip(rows.column("id").to_pylist(), without_nulls(rows.drop_columns(["id"]))):
            id, label = escaped(str(key), "a key"), escaped(str(values.get("label", key)), "a label")
            write(f'<node id="{id}" label="{label}">{_values(ids, values)}</node>\n')
    write("</nodes>\n")


def _edges(tables: Tables, ids, write) -> None:
    from .._views import without_nulls

    write("<edges>\n")
    number = 0
    for batch in tables.edges.to_batches(max_chunksize=1 << 15):
        rows = pa.Table.from_batches([batch])
        names = [rows.column(n).to_pylist() for n in tables.edge_keys]
        for ends, values in zip(zip(*names), without_nulls(rows.drop_columns(tables.edge_keys))):
            source, target = (escaped(str(e), "a key") for e in ends[:2])
            weight = values.get("weight")
            shown = f' weight="{text_of(weight)}"' if type(weight) in (int, float) else ""
            if len(ends) > 2:
                values[_KEY] = ends[2]
            write(f'<edge id="{number}" source="{source}" target="{target}"{shown}>{_values(ids, values)}</edge>\n')
            number += 1
    write("</edges>\n")


def write(graph, path, lossy: bool = False) -> None:
    """Writes a graph as GEXF 1.2."""
    tables = Tables(graph, "GEXF", lossy, "GraphML, JSON (.json) or Parquet")
    tables.without_graph_attributes()
    tables.keep_types(_NAMES)
    with writing(path) as stream:
        out = TextWriter(stream)
        mark = own_mark(graph, "str" if graph.multi and not pa.types.is_integer(tables.edges.schema.field("key").type) else "int64")
        out.write(_HEAD.format(mark=mark, direction="directed" if graph.directed else "undirected"))
        declared_nodes, node_ids = _declarations(tables, "node")
        declared_edges, edge_ids = _declarations(tables, "edge")
        out.write(declared_nodes + declared_edges)
        _nodes(tables, node_ids, out.write)
        _edges(tables, edge_ids, out.write)
        out.write("</graph>\n</gexf>\n")
        out.flush()
