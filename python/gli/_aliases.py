"""Names that the earlier library used, for what has another name now."""

from __future__ import annotations

from ._methods import GraphMethods
from ._store import GraphStore


def _alias(cls, name: str, of: str) -> None:
    def call(self, *args, **kwargs):
        return getattr(self, of)(*args, **kwargs)

    call.__name__ = name
    call.__doc__ = f"The same as {of}()."
    setattr(cls, name, call)


def _get_node_ids(self) -> list:
    """All keys, in insertion order."""
    return list(self.nodes)


def _snapshot(self):
    """The graph itself: it never changes."""
    return self


for _name, _of in {"get_neighbors": "neighbors", "batch_add_nodes": "add_nodes", "batch_add_edges": "add_edges"}.items():
    _alias(GraphMethods, _name, _of)


_alias(GraphStore, "get_branch_diff", "diff")
GraphMethods.get_node_ids = _get_node_ids
GraphMethods.snapshot = _snapshot
GraphMethods.copy = _snapshot
