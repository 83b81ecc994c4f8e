"""What every family of algorithms stands on."""

from __future__ import annotations

from typing import Any

import numpy as np

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


def int64s(keys: list) -> np.ndarray:
    """Int keys as an array.

    >>> int64s([1, 2**70])
    Traceback (most recent call last):
    TypeError: int keys have 64 bits, unlike 1180591620717411303424
    """
    try:
        return np.array(keys, "<i8")
    except OverflowError:
        wide = next(k for k in keys if not -(2**63) <= k < 2**63)
        raise TypeError(f"int keys have 64 bits, unlike {wide}") from None
