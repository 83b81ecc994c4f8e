"""What every family of algorithms stands on."""

from __future__ import annotations

from typing import Any

from ._node_values import NodeValues


class Runs:
    """Something that runs the algorithms of partitions/catalog.h by name."""

    __slots__ = ()

    def _run(self, name: str, arguments: dict[str, Any]) -> NodeValues:
        raise NotImplementedError


def weighted(weight) -> dict[str, str]:
    if weight is None:
        return {}
    if not isinstance(weight, str):
        raise TypeError(f"weight is the name of an edge attribute, not {weight!r}")
    return {"weight": weight}
