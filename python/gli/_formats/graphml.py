"""GraphML. http://graphml.graphdrawing.org/specification.html, with the types of its GraphML-Attributes extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from .files import TextWriter, writing
from .tables import Tables, type_of
from .xml_events import escaped
from .xml_graphs import GraphHandler, load, own_mark, text_of, value_of

_TYPES = {"boolean": "bool", "int": "int64", "long": "int64", "float": "float64", "double": "float64", "string": "str"}
_NAMES = {"bool": "boolean", "int64": "long", "float64": "double", "str": "string"}
_WORDS = {True: "true", False: "false"}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
{mark}<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""
_TAIL = "</graph>\n</graphml>\n"


@dataclass
class _Key:
    name: str
    type: str
    domain: str
    default: Any = None

    def is_of(self, element: str) -> bool:
        return self.domain in ("all", element)


class _GraphML(GraphHandler):
    def __init__(self, rows, guesses, multi, directed):
        super().__init__(rows, guesses, multi, directed)
        self._keys: dict[str, _Key | None] = {}  # None: another program's own, left out
        self._open_key: _Key | None = None
        self._data: _Key | None = None
        self._element: list[tuple[str, dict[str, str], dict[str, Any]]] = []  # open graph, node or edge: name, XML attributes, values
        self._graphs = 0

    def columns(self, element):
        return {k.name: k.type for k in self._keys.values() if k is not None and k.is_of(element)}

    def start(self, name, attributes):
        if name in ("graph", "node", "edge"):
            self._begin(name, attributes)
        elif name == "key":
            self._declare(attributes)
        elif name == "data":
            return self._begin_data(attributes)
        elif name == "hyperedge":
            raise ValueError("hyperedges are not read")
        return name == "default"

    def _begin(self, name, attributes):
        if name == "graph":
            self._graphs += 1
            if self._graphs > 1:
                raise ValueError("a second or nested graph is not read")
        if name == "edge" and attributes.get("directed", _WORDS[self._directed]) != _WORDS[self._directed]:
            raise ValueError("directed and undirected edges in one graph are not read")
        values = {k.name: k.default for k in self._keys.values() if k is not None and k.default is not None and k.is_of(name)}
        self._element.append((name, attributes, values))

    def _declare(self, attributes):
        if "id" not in attributes:
            raise ValueError("a key without id")
        self._open_key = None
        word = attributes.get("attr.type", "string")
        foreign = "attr.name" not in attributes and any(n.startswith("yfiles") or ":" in n for n in attributes)
        if not foreign and word not in _TYPES:
            raise ValueError(f"the type {word!r} of key {attributes['id']!r} is none of {', '.join(_TYPES)}")
        if not foreign:
            self._open_key = _Key(attributes.get("attr.name", attributes["id"]), _TYPES[word], attributes.get("for", "all"))
        self._keys[attributes["id"]] = self._open_key

    def _begin_data(self, attributes):
        key = attributes.get("key")
        if key not in self._keys:
            raise ValueError(f"data of a key {key!r} that is not declared")
        self._data = self._keys[key]
        return self._data is not None

    def end(self, name, text):
        if name == "default" and self._open_key is not None:
            self._open_key.default = value_of(text, self._open_key.type)
        elif name == "data" and self._data is not None and self._element:
            value = value_of(text, self._data.type)
            if value is not None:
                self._element[-1][2][self._data.name] = value
            self._data = None
        elif name in ("graph", "node", "edge"):
            self._finish(*self._element.pop())

    def _finish(self, name, attributes, values):
        try:
            if name == "node":
                self.add_node(attributes["id"], values)
            elif name == "edge":
                self.add_edge(attributes["source"], attributes["target"], attributes.get("id"), values)
            else:
                self.graph_attributes = values
        except KeyError as missing:
            raise ValueError(f"a {name} without {missing.args[0]}") from None


def read(place, path, key_type=None, multi=None, duplicates="first"):
    """A graph of a GraphML file."""
    return load(place, path, _GraphML, "edgedefault", key_type, multi, duplicates)


def _keys(tables: Tables) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Declarations, and for each element the key id of each attribute."""
    lines: list[str] = []
    ids: dict[str, dict[str, str]] = {"graph": {}, "node": {}, "edge": {}}
    fields = [("node", f.name, type_of(f)) for f in tables.attributes("node")]
    fields += [("edge", f.name, type_of(f)) for f in tables.attributes("edge")]
    fields += [("graph", name, _type_of_value(value)) for name, value in tables.graph.attributes.items()]
    for element, name, kind in fields:
        if kind not in _NAMES:
            if tables.lossy:
                continue
            raise tables.error(f"the graph's own attribute {name!r}")
        ids[element][name] = f"d{len(lines)}"
        title = escaped(name, "an attribute's name")
        lines.append(f'<key id="d{len(lines)}" for="{element}" attr.name="{title}" attr.type="{_NAMES[kind]}"/>\n')
    return lines, ids


def _type_of_value(value: Any) -> str:
    return {bool: "bool", int: "int64", float: "float64", str: "str"}.get(type(value), "json")


def _data(ids: dict[str, str], values: dict[str, Any]) -> str:
    return "".join(f'<data key="{ids[n]}">{escaped(text_of(v), repr(n))}</data>' for n, v in values.items() if n in ids)


def to_text(graph, write, lossy: bool = False) -> None:
    """Calls write(text) with pieces of the GraphML of a graph."""
    from .._views import without_nulls

    tables = Tables(graph, "GraphML", lossy)
    tables.keep_types(_NAMES)
    lines, ids = _keys(tables)
    mark = own_mark(graph, "str" if graph.multi and not pa.types.is_integer(tables.edges.schema.field("key").type) else "int64")
    write(_HEAD.format(mark=mark))
    write("".join(lines))
    write(f'<graph edgedefault="{"directed" if graph.directed else "undirected"}">\n{_data(ids["graph"], graph.attributes)}')
    write("\n" if ids["graph"] else "")
    for batch in tables.nodes.to_batches(max_chunksize=1 << 15):
        rows = pa.Table.from_batches([batch])
        for key, values in zip(rows.column("id").to_pylist(), without_nulls(rows.drop_columns(["id"]))):
            write(f'<node id="{escaped(str(key), "a key")}">{_data(ids["node"], values)}</node>\n')
    for batch in tables.edges.to_batches(max_chunksize=1 << 15):
        rows = pa.Table.from_batches([batch])
        names = [rows.column(n).to_pylist() for n in tables.edge_keys]
        for ends, values in zip(zip(*names), without_nulls(rows.drop_columns(tables.edge_keys))):
            source, target, *key = (escaped(str(e), "a key") for e in ends)
            id = f' id="{key[0]}"' if key else ""
            write(f'<edge source="{source}" target="{target}"{id}>{_data(ids["edge"], values)}</edge>\n')
    write(_TAIL)


def write(graph, path, lossy: bool = False) -> None:
    """Writes a graph as GraphML."""
    with writing(path) as stream:
        out = TextWriter(stream)
        to_text(graph, out.write, lossy)
        out.flush()
