"""Edits, written once: on a Graph each gives a new graph, in a batch they are kept until the block ends."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import _checks as checks
from ._errors import DuplicateWarning
from ._table import counted

_PACKAGE = str(Path(__file__).parent)
_warned: set[tuple[str, int]] = set()


def warn_of_duplicate(element: str) -> None:
    """Warns once for each line of the user's that loses attributes."""
    warn(f"{element} is there already and keeps its attributes; use update_* or upsert_* to change them", once=True)


def warn(message: str, once: bool = False) -> None:
    """A DuplicateWarning at the user's line; `once`: not again for the same line."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    site = (frame.f_code.co_filename, frame.f_lineno)
    if once and site in _warned:
        return
    if once:
        _warned.add(site)
    warnings.warn(message, DuplicateWarning, stacklevel=level)


def _row(operation, node=None, target=None, key=None, attributes=None, create_nodes=False) -> tuple:
    return (operation, node, target, key, attributes or None, create_nodes)


def _node(operation, node, attributes) -> tuple:
    return _row(operation, node, attributes=checks.attributes(attributes, "node"))


def edge_edit(operation, source, target, key, attributes, create_nodes=False) -> tuple:
    """An edit of an edge."""
    return _row(operation, source, target, key, checks.attributes(attributes, "edge"), create_nodes)


def _node_rows(nodes: Iterable) -> list[tuple]:
    if isinstance(nodes, Mapping):
        raise TypeError(f"nodes come as keys or (key, attributes) pairs: give .items() of {type(nodes).__name__}")
    return [_node("add_node", *checks.node_row(n)) for n in checks.collection(nodes, "nodes")]


def _names(names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(names)


class EditMethods:
    """Every edit; `_edit` carries them out, all or nothing."""

    __slots__ = ()

    multi: bool

    def _edit(self, edits: list[tuple]):
        raise NotImplementedError

    def _add_rows(self, rows):
        """With the rows of gli._bulk."""
        return rows.add_to(self)

    # --- nodes ----------------------------------------------------------------------------------------------------------------

    def add_node(self, node, /, **attributes):
        """With the node; one that is there already stays as it is.

        >>> import gli
        >>> gli.Graph().add_node("ann", age=41).nodes["ann"]
        {'age': 41}
        """
        return self._edit([_node("add_node", node, attributes)])

    def add_nodes(self, nodes, node: str = "id", duplicates: str = "first"):
        """With all nodes: keys, (key, attributes) pairs, or rows in columns, whose column `node` holds the keys: an Arrow table or stream,
        a data frame, a dictionary of columns, a NumPy array of keys.

        Of a node that is there already, or comes again, `duplicates` keeps the "first" or the "last" attributes, or refuses it ("error").

        >>> import gli
        >>> len(gli.Graph().add_nodes([1, (2, {"name": "two"})]))
        2
        >>> gli.Graph().add_nodes({"id": ["ann", "bob"], "age": [41, None]}).nodes["ann"]
        {'age': 41}
        """
        from . import _bulk

        table = _bulk.columns(nodes, [node])
        rows = _bulk.node_rows(nodes, duplicates) if table is None else _bulk.NodeRows(table, node, duplicates)
        return self._edit(_node_rows(nodes)) if rows is None else self._add_rows(rows.checked())

    def update_node(self, node, /, **attributes):
        """Changes attributes; None removes one. KeyError when the node is missing."""
        return self._edit([_node("update_node", node, attributes)])

    def upsert_node(self, node, /, **attributes):
        """Adds the node or changes its attributes."""
        return self._edit([_node("upsert_node", node, attributes)])

    def remove_node(self, node, /):
        """Without the node and its edges. KeyError when it is missing."""
        return self._edit([_row("remove_node", node)])

    def remove_nodes(self, nodes: Iterable):
        """Without all these nodes and their edges."""
        return self._edit([_row("remove_node", n) for n in checks.collection(nodes, "nodes")])

    def set_node_attribute(self, node, name: str, value: Any):
        """With one attribute of a node changed."""
        return self._edit([_node("update_node", node, {name: value})])

    def remove_node_attribute(self, node, *names: str):
        """Without these attributes of a node."""
        return self._edit([_row("remove_node_attribute", node, attributes=_names(names))])

    # --- edges ----------------------------------------------------------------------------------------------------------------

    def add_edge(self, source, target, /, key=None, create_nodes: bool = False, **attributes):
        """With the edge; one that is there already stays as it is. KeyError when an end is missing, unless create_nodes.

        >>> import gli
        >>> gli.Graph().add_edge("ann", "bob", create_nodes=True, weight=0.5).edges["ann", "bob"]
        {'weight': 0.5}
        >>> gli.Graph().add_node("ann").add_edge("ann", "bob")
        Traceback (most recent call last):
        KeyError: "Node 'bob' not found"
        """
        return self._edit([edge_edit("add_edge", source, target, key, attributes, create_nodes)])

    def add_edges(
        self,
        edges,
        create_nodes: bool = False,
        source: str = "source",
        target: str = "target",
        key: str | None = None,
        duplicates: str = "first",
    ):
        """With all edges: (source, target), (source, target, attributes) or (source, target, key, attributes) rows; or rows in columns, of
        which `source`, `target` and `key` name the edges: an Arrow table or stream, a data frame, a dictionary of columns, a NumPy array of
        two columns.

        Of an edge that is there already, or comes again, `duplicates` keeps the "first" or the "last" attributes, adds up numbers ("sum"),
        refuses it ("error") or, in a multi graph, keeps all under new keys ("multi").

        >>> import gli, numpy
        >>> gli.Graph().add_edges(numpy.array([[1, 2], [2, 3]]), create_nodes=True)
        <gli.Graph: directed, 3 nodes, 2 edges>
        >>> trips = {"source": ["ann", "ann"], "target": ["bob", "bob"], "km": [3, 4]}
        >>> gli.Graph().add_edges(trips, create_nodes=True, duplicates="sum").edges["ann", "bob"]
        {'km': 7}
        """
        from . import _bulk

        table = _bulk.columns(edges, [source, target])
        if table is not None:
            return self._add_rows(_bulk.EdgeRows(table, source, target, key, create_nodes, duplicates).checked(self.multi))
        edges = checks.collection(edges, "edges")
        edges = edges if isinstance(edges, list) else list(edges)
        rows = _bulk.edge_rows(edges, self.multi, create_nodes, duplicates)
        return self._edit(_bulk.edge_edits(edges, self.multi, create_nodes)) if rows is None else self._add_rows(rows)

    def update_edge(self, source, target, /, key=None, **attributes):
        """Changes attributes of an edge; None removes one. KeyError when it is missing."""
        return self._edit([edge_edit("update_edge", source, target, key, attributes)])

    def upsert_edge(self, source, target, /, key=None, create_nodes: bool = False, **attributes):
        """Adds the edge or changes its attributes."""
        return self._edit([edge_edit("upsert_edge", source, target, key, attributes, create_nodes)])

    def remove_edge(self, source, target, /, key=None):
        """Without the edge. KeyError when it is missing."""
        return self._edit([_row("remove_edge", source, target, key)])

    def remove_edges(self, edges: Iterable[tuple]):
        """Without all these edges: (source, target) or (source, target, key)."""
        return self._edit([_row("remove_edge", *checks.edge_name(e)) for e in checks.collection(edges, "edges")])

    def set_edge_attribute(self, source, target, name: str, value: Any, key=None):
        """With one attribute of an edge changed."""
        return self._edit([edge_edit("update_edge", source, target, key, {name: value})])

    def remove_edge_attribute(self, source, target, *names: str, key=None):
        """Without these attributes of an edge."""
        return self._edit([_row("remove_edge_attribute", source, target, key, _names(names))])

    # --- the graph's own ------------------------------------------------------------------------------------------------------

    def set_graph_attribute(self, name: str, value: Any):
        """With an attribute of the graph itself.

        >>> import gli
        >>> gli.Graph().set_graph_attribute("origin", "survey").attributes
        {'origin': 'survey'}
        """
        return self._edit([_row("set_graph_attribute", attributes={name: value})])

    def remove_graph_attribute(self, *names: str):
        """Without these attributes of the graph itself."""
        return self._edit([_row("remove_graph_attribute", attributes=_names(names))])


class Batch(EditMethods):
    """Edits of one `with` block, applied together at its end."""

    def __init__(self, base):
        self._base = base
        self._edits: list[tuple] = []
        self._result = None

    def _edit(self, edits):
        if self._result is not None:
            raise ValueError("this batch has ended; start another one from its graph")
        self._edits += edits
        return self

    def _add_rows(self, rows):
        self._edit([])
        self._base, self._edits = self._base._edit(self._edits)._add_rows(rows), []
        return self

    @property
    def multi(self) -> bool:
        """Whether there may be parallel edges, told apart by their keys."""
        return self._base.multi

    @property
    def graph(self):
        """The graph after all edits; there once the block has ended."""
        if self._result is None:
            raise ValueError("a batch has its graph when its block has ended")
        return self._result

    def __repr__(self):
        state = f"{counted(len(self._edits), 'edit')} to come on {self._base!r}" if self._result is None else f"ended with {self._result!r}"
        return f"<gli.Batch: {state}>"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self._result = self._base._edit(self._edits)
        self._edits = []
