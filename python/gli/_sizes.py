"""Sizes in bytes, as people write them."""

from __future__ import annotations

import operator
import re

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def bytes_of(size: int | str, name: str) -> int:
    """A size in bytes: a whole number of them, or text.

    >>> bytes_of("4GiB", "memory"), bytes_of("1.5 MB", "memory"), bytes_of(1000, "memory")
    (4294967296, 1500000, 1000)
    >>> bytes_of("much", "memory")
    Traceback (most recent call last):
    ValueError: memory is a size such as 4GiB or 500MB, not 'much'
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt]i?)?b?)", size.strip().lower()) if isinstance(size, str) else None
    if isinstance(size, str):
        count = int(float(found[1]) * _UNITS[found[2] or ""]) if found else 0
    else:
        try:
            count = operator.index(size)
        except TypeError:
            raise TypeError(f"{name} is a size such as '4GiB' or a number of bytes, not {size!r}") from None
    if count < 1:
        raise ValueError(f"{name} is a size such as 4GiB or 500MB, not {size!r}")
    return count
