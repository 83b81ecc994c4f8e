"""What GraphML and GEXF share: values as text, marks of GLI's own, and the load that begins again when a guess did not hold."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

from .. import _loading
from .rows import Elements, KeysAreText, ParallelEdges, key_reader, text_type
from .xml_events import Handler, Stop, parse

_WORDS = {"true": True, "1": True, "false": False, "0": False}


def value_of(text: str, type: str) -> Any:
    """A value of its text; None for no number at all.

    >>> value_of(" 5 ", "int64"), value_of("INF", "float64"), value_of("", "str"), value_of("", "int64")
    (5, inf, '', None)
    """
    if type == "str":
        return text
    text = text.strip()
    if text == "":
        return None
    try:
        if type == "bool":
            return _WORDS[text.lower()]
        number = int(text) if type == "int64" else float(text)
    except (KeyError, ValueError):
        raise ValueError(f"{text[:60]!r} is not of type {type}") from None
    if type == "int64" and not -(2**63) <= number < 2**63:
        raise ValueError(f"{text[:60]!r} is beyond int64")
    return number


def text_of(value: Any) -> str:
    """The text of a value as XML Schema has it.

    >>> text_of(True), text_of(1.0), text_of(float("-inf")), text_of("a")
    ('true', '1.0', '-INF', 'a')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    return value if isinstance(value, str) else repr(value)


def own_mark(graph, edge_key_type: str) -> str:
    """The instruction by which GLI knows the kind of its own files again; others pass over it."""
    multi = f' multi="true" edge-key-type="{edge_key_type}"' if graph.multi else ' multi="false"'
    return f'<?gli key-type="{graph.key_type}"{multi}?>\n'


class Shape(Handler):
    """What is known of a file before its first node: the direction of its edges, and GLI's own marks."""

    def __init__(self, direction: str):
        self._direction = direction
        self.directed: bool | None = None
        self.marks: dict[str, str] = {}

    def instruction(self, values):
        self.marks.update(values)

    def start(self, name, attributes):
        if name == "graph":
            self.directed = directed_of(attributes.get(self._direction, "undirected"))
            raise Stop
        return False


def directed_of(word: str) -> bool:
    """Whether "directed" or "undirected"."""
    if word not in ("directed", "undirected"):
        raise ValueError(f"edges are 'directed' or 'undirected', not {word!r}")
    return word == "directed"


class GraphHandler(Handler):
    """Collects nodes and edges; each form says in start() and end() what its elements are."""

    def __init__(self, rows, guesses: dict, multi: bool | None, directed: bool):
        self._rows, self._guesses, self._directed = rows, guesses, directed
        self._keyed = bool(multi) and guesses["edge_keys"] is not None  # else the loader numbers parallel edges
        self._key = key_reader(guesses["keys"])
        self._edge_key = key_reader(guesses["edge_keys"] or "none")
        self._multi = multi
        self._pairs: set[tuple] | None = set() if multi is None else None
        self._numbers: dict[tuple, int] = {}
        self._nodes: Elements | None = None
        self._edges: Elements | None = None
        self.graph_attributes: dict[str, Any] = {}

    def columns(self, element: str) -> dict[str, str]:
        """Names and types of the attributes of "node"s or "edge"s; asked once, at the first of them."""
        raise NotImplementedError

    def add_node(self, id: str, values: dict[str, Any]) -> None:
        """A node has ended."""
        if self._nodes is None:
            leading = {"": text_type(self._guesses["keys"])}
            self._nodes = Elements(self._rows.add_nodes, leading, self.columns("node"), "node")
        self._nodes.append((self._key(id),), values)

    def add_edge(self, source: str, target: str, id: str | None, values: dict[str, Any]) -> None:
        """An edge has ended."""
        if self._edges is None:
            key = {"key": text_type(self._guesses["edge_keys"])} if self._keyed else {}
            ends = text_type(self._guesses["keys"])
            self._edges = Elements(self._rows.add_edges, {"source": ends, "target": ends, **key}, self.columns("edge"), "edge")
        ends = self._key(source), self._key(target)
        if not self._directed and ends[1] < ends[0]:
            ends = ends[1], ends[0]
        self._look_for_parallels(ends, id)
        self._edges.append((*ends, self._key_between(ends, id)) if self._keyed else ends, values)

    def _look_for_parallels(self, ends: tuple, id: str | None) -> None:
        if self._pairs is None:
            return
        if id is None:
            self._pairs = None
        elif ends in self._pairs:
            raise ParallelEdges
        else:
            self._pairs.add(ends)

    def _key_between(self, ends: tuple, id: str | None) -> Any:
        if id is None:
            number = self._numbers.get(ends, 0)
            self._numbers[ends] = number + 1
            id = str(number)
        try:
            return self._edge_key(id)
        except KeysAreText:
            raise EdgeKeysAreText from None

    def flush(self) -> None:
        """The file has ended."""
        for part in (self._nodes, self._edges):
            if part is not None:
                part.flush()


class EdgeKeysAreText(Exception):
    """As KeysAreText, of parallel edges."""


def load(place, path, make: Callable[..., GraphHandler], direction: str, key_type=None, multi: bool | None = None, duplicates="first"):
    """A graph of the file: make(rows, guesses, multi, directed) is its handler."""
    path = os.fspath(path)
    if _loading.policy(duplicates, bool(multi))[1]:
        multi = True
    shape = Shape(direction)
    parse(path, shape)
    if shape.directed is None:
        raise ValueError(f"{path}: there is no graph element")
    if multi is None and "multi" in shape.marks:
        multi = shape.marks["multi"] == "true"
    if key_type is None and shape.marks.get("key-type") in ("int64", "str"):
        key_type = shape.marks["key-type"]
    edge_keys = shape.marks.get("edge-key-type")
    edge_keys = None if duplicates == "multi" else edge_keys if edge_keys in ("int64", "str") else "none"
    try:
        return _load(place, path, make, key_type, shape.directed, multi, edge_keys, duplicates)
    except ParallelEdges:
        return _load(place, path, make, key_type, shape.directed, True, edge_keys, duplicates)


def _load(place, path, make, key_type, directed, multi, edge_keys, duplicates):
    found: dict[str, Any] = {}
    own = {"edge_keys": edge_keys}

    def fill(rows, guesses, progress):
        handler = make(rows, {**guesses, **own}, multi, directed)
        try:
            parse(path, handler, progress)
            handler.flush()
        except KeysAreText:
            return {"keys": "str"}
        except EdgeKeysAreText:
            own["edge_keys"] = "str"
            return {}
        found.update(handler.graph_attributes)
        return None

    origin = _loading.rows_of(path)
    graph = _loading.load(
        place, fill, "load", key_type=key_type, directed=directed, multi=bool(multi), origin=origin, duplicates=duplicates, files=[path]
    )
    return with_attributes(graph, found, path)


def with_attributes(graph, attributes: dict[str, Any], path):
    """The graph with attributes of its own."""
    if not attributes:
        return graph
    with _loading.naming(path), graph.batch_operations() as batch:
        for name, value in attributes.items():
            batch.set_graph_attribute(name, value)
    return batch.graph
