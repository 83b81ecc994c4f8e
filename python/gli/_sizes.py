"""Sizes of memory, as people write them."""

from __future__ import annotations

import re

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([kmgt]i?)?b?)", re.IGNORECASE)


def size_of(given: str | int) -> int:
    """A size in bytes. ValueError for what is none, TypeError for what is neither text nor an int.

    >>> size_of("4GiB"), size_of("1.5 MB"), size_of("1000"), size_of(2**20)
    (4294967296, 1500000, 1000, 1048576)
    >>> size_of("4 gallons")
    Traceback (most recent call last):
    ValueError: expected a size such as '4GiB' or '500MB', not '4 gallons'
    """
    if isinstance(given, bool) or not isinstance(given, (str, int)):
        raise TypeError(f"expected a size such as '4GiB' or a number of bytes, not {given!r}")
    if isinstance(given, int):
        size = given
    else:
        found = _SIZE.fullmatch(given.strip())
        size = int(float(found[1]) * _UNITS[(found[2] or "").lower()]) if found else 0
    if size < 1:
        raise ValueError(f"expected a size such as '4GiB' or '500MB', not {given!r}")
    return size
