"""JSON in node-link form, as networkx.node_link_data writes it, with what GLI needs beside under "gli". The file is held in memory."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .. import _loading
from .._checks import attributes as checked
from .files import PlainBytes, TextWriter, writing
from .tables import type_of
from .xml_graphs import with_attributes

_DECODERS = {"datetime": datetime.fromisoformat, "bytes": base64.b64decode}


def _encoded(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _special_types(fields) -> dict[str, str]:
    return {f.name: type_of(f) for f in fields if type_of(f) in _DECODERS}


def _type_of_value(value: Any) -> str | None:
    return "datetime" if isinstance(value, datetime) else "bytes" if isinstance(value, bytes) else None


def _head(graph, edges: str) -> str:
    own = {
        "key_type": graph.key_type,
        "nodes": _special_types(graph.nodes.schema),
        "edges": _special_types(graph.edges.schema),
        "graph": {n: t for n, v in graph.attributes.items() if (t := _type_of_value(v))},
    }
    attributes = {n: _encoded(v) for n, v in graph.attributes.items()}
    head = {"directed": graph.directed, "multigraph": graph.multi, "graph": attributes, "gli": own}
    return _text(head)[:-1] + ', "nodes": [\n'


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def write(graph, path, edges: str = "edges") -> None:
    """Writes a graph as node-link JSON; the edges' list is called `edges`."""
    names = ("source", "target", "key") if graph.multi else ("source", "target")
    with writing(path) as stream:
        out = TextWriter(stream)
        out.write(_head(graph, edges))
        comma = ""
        for key, values in graph.nodes.items():
            out.write(comma + _text({"id": key, **{n: _encoded(v) for n, v in values.items()}}))
            comma = ",\n"
        out.write(f'\n], "{edges}": [\n')
        comma = ""
        for ends, values in graph.edges.items():
            out.write(comma + _text({**dict(zip(names, ends)), **{n: _encoded(v) for n, v in values.items()}}))
            comma = ",\n"
        out.write("\n]}\n")
        out.flush()


def _parsed(path) -> tuple[str, Mapping]:
    with PlainBytes(path) as file:
        content = file.read()
    if not content:
        raise ValueError(f"{file.path}: empty file")
    try:
        data = json.loads(content)
    except ValueError as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"{file.path}{line}: not JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{file.path}: JSON nested too deeply") from None
    if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
        raise ValueError(f"{file.path}: not node-link JSON: there is no list 'nodes'")
    return file.path, data


def _decoders(path: str, data: Mapping, part: str) -> dict[str, Callable]:
    """How attributes are read that JSON has no type for."""
    own = data.get("gli") or {}
    types = (own.get(part) or {}) if isinstance(own, Mapping) else None
    if not isinstance(types, Mapping) or not all(isinstance(t, str) for t in types.values()):
        raise ValueError(f"{path}: 'gli' does not say the types of {part!r} as GLI writes them")
    return {n: _DECODERS[t] for n, t in types.items() if t in _DECODERS}


def _elements(path: str, data: Mapping, name: str, keys: tuple[str, ...]) -> list[tuple]:
    types = _decoders(path, data, "nodes" if name == "nodes" else "edges")
    rows = []
    for number, element in enumerate(data[name], 1):
        if not isinstance(element, Mapping):
            raise ValueError(f"{path}: number {number} of {name!r} is no object")
        missing = [k for k in keys if k not in element and k != "key"]
        if missing:
            raise ValueError(f"{path}: number {number} of {name!r} has no {missing[0]!r}")
        try:
            values = {n: types[n](v) if n in types and v is not None else v for n, v in element.items() if n not in keys}
            rows.append((*(element.get(k) for k in keys), checked(values, "node" if name == "nodes" else "edge")))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: number {number} of {name!r}: {error}") from None
    return rows


def read(place, path, edges: str | None = None, duplicates: str = "first"):
    """A graph of node-link JSON."""
    from .._graph import Graph, _from_rows

    numbered = _loading.policy(duplicates, False)[1]

    path, data = _parsed(path)
    name = edges or ("edges" if "edges" in data else "links")
    if not isinstance(data.get(name), list):
        raise ValueError(f"{path}: not node-link JSON: there is no list {name!r}")
    directed, multi = bool(data.get("directed", False)), bool(data.get("multigraph", False))
    nodes = _elements(path, data, "nodes", ("id",))
    rows = _elements(path, data, name, ("source", "target", "key") if multi else ("source", "target"))
    if numbered or not multi:
        rows = [(row[0], row[1], None, row[-1]) for row in rows]
    try:
        graph = _from_rows(Graph, nodes, rows, directed, multi or numbered, duplicates)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) and duplicates == "sum" else ValueError
        raise kind(f"{path}: {error}") from None
    if hasattr(place, "_from_graph"):
        graph = place._from_graph(graph)
    with _loading.naming(path):
        return with_attributes(graph, _graph_attributes(path, data), path)


def _graph_attributes(path: str, data: Mapping) -> dict[str, Any]:
    given, types = data.get("graph") or {}, _decoders(path, data, "graph")
    return {str(n): types[n](v) if n in types else v for n, v in dict(given).items()}
