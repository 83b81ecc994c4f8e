"""Sizes of memory, as people write them."""

from __future__ import annotations

import os
import re
from pathlib import Path

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


def size_text(bytes: float) -> str:
    """
    >>> size_text(3 * 2**20), size_text(5 * 2**30), size_text(300)
    ('3.0 MiB', '5.0 GiB', '0.0 MiB')
    """
    return f"{bytes / 2**30:.1f} GiB" if bytes >= 2**30 else f"{bytes / 2**20:.1f} MiB"


def machine_memory() -> int:
    """Bytes that the processes of this one may have together: the machine's memory, or less where a control group says so."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([memory, *_group_limits()])


def _group_limits() -> list[int]:
    """Of the control groups, version 2 or 1, that this process is in."""
    try:
        groups = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    except OSError:
        return []
    root, found = Path("/sys/fs/cgroup"), []
    for _, controllers, path in groups:
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = (root / "memory", "memory.limit_in_bytes") if controllers else (root, "memory.max")
        inside = top / path.lstrip("/")
        for folder in (inside, *inside.parents):
            if not folder.is_relative_to(top):
                break
            try:
                found.append(int((folder / name).read_text()))
            except (OSError, ValueError):  # "max", or none here
                continue
    return found
