"""What arguments must be, said in one line when they are something else."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any

_NODE_COLUMNS = frozenset({"id"})
_EDGE_COLUMNS = frozenset({"source", "target", "key"})


def whole(value, name: str, least: int | None = None) -> int:
    """A whole number.

    >>> whole(3, "n")
    3
    >>> whole(1.5, "n")
    Traceback (most recent call last):
    TypeError: n is a whole number, not 1.5
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number


def number(value, name: str) -> float:
    """A number as a float."""
    if isinstance(value, str):
        raise TypeError(f"{name} is a number, not {value!r}")
    try:
        return float(value)
    except TypeError:
        raise TypeError(f"{name} is a number, not {value!r}") from None


def at_least(value, name: str, least: float) -> float:
    """A number that is not smaller, nor NaN.

    >>> at_least(2, "n", 0)
    2.0
    """
    found = number(value, name)
    if not found >= least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return found


def mapping(given: Mapping | None, name: str) -> Mapping:
    """Attributes by element; an empty mapping for None."""
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f"{name} is a mapping from elements to their attributes, not {given!r}")
    for element, own in (given or {}).items():
        if own is not None and not isinstance(own, Mapping):
            raise TypeError(f"{name} has {own!r} for {element!r}, which is no mapping of attributes")
    return given or {}


def flag(value, name: str, instead: str = "") -> bool:
    """True or False and nothing that only counts as one of them."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {value!r}{instead}")
    return value


def collection(items: Any, what: str) -> Iterable:
    """Something to go through; a str is one thing here, not its letters."""
    if isinstance(items, (str, bytes)) or not isinstance(items, Iterable):
        raise TypeError(f"{what} come as a collection, such as a list, not as {items!r}")
    return items


def attribute_name(name, element: str) -> None:
    """ValueError for a name that cannot be an attribute of a "node" or "edge", because rows of them have a column of that name."""
    if not isinstance(name, str):
        raise TypeError(f"names of attributes are str, not {name!r}")
    if name.startswith("_"):
        raise ValueError(f"an attribute cannot be named {name!r}: names that begin with '_' are kept for GLI's own columns")
    if name in (_NODE_COLUMNS if element == "node" else _EDGE_COLUMNS):
        raise ValueError(f"an attribute cannot be named {name!r}: rows of {element}s have a column of that name already")


def attributes(given: Mapping | None, element: str) -> dict[str, Any] | None:
    """Attributes under names that can be; None for none."""
    if not given:
        return None
    for name in given:
        attribute_name(name, element)
    return given if type(given) is dict else dict(given)


def node_row(row) -> tuple[Any, Mapping | None]:
    """The key and attributes of a row: a key, or (key, attributes)."""
    if not isinstance(row, tuple):
        return row, None
    if len(row) != 2 or not (row[1] is None or isinstance(row[1], Mapping)):
        raise TypeError(f"a node is a key or (key, attributes), not {row!r}")
    return row


def edge_row(row, multi: bool) -> tuple[Any, Any, Any, Mapping | None]:
    """Source, target, key and attributes of a row."""
    if not isinstance(row, (tuple, list)) or len(row) < 2:
        raise TypeError(f"{_EDGE_FORMS}, not {row!r}")
    source, target, *rest = row
    given = rest.pop() if rest and (rest[-1] is None or isinstance(rest[-1], Mapping)) else None
    if len(rest) > 1 or (rest and rest[0] is not None and not multi):
        raise ValueError(f"{_EDGE_FORMS}, not {row!r}")
    return source, target, rest[0] if rest else None, given


_EDGE_FORMS = "an edge is (source, target), (source, target, attributes) or, in a multi graph, (source, target, key, attributes)"


def edge_name(row) -> tuple:
    """(source, target) or (source, target, key)."""
    if not isinstance(row, (tuple, list)) or len(row) not in (2, 3):
        raise TypeError(f"an edge is named by its source and target (and key), not {row!r}")
    return tuple(row)
