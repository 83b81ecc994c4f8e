"""A limit of time for whatever takes long."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from . import _core
from ._checks import number

Method = TypeVar("Method", bound=Callable[..., Any])


@contextmanager
def timeout(seconds: float) -> Iterator[None]:
    """A block whose loads, algorithms, filters and jobs are given up with TimeoutError when they are not done `seconds` after it began.

    Embedded and on a cluster, which stops working on it; graphs and the cluster stay as they were. Of blocks in one another the one that
    ends first counts. Of this thread only. Algorithms and gli.read() have it as their keyword timeout=.

    >>> import gli
    >>> g = gli.generate_kronecker(10)
    >>> with gli.timeout(60):
    ...     ranks = g.pagerank()
    >>> with gli.timeout(0.05):
    ...     g.pagerank(iterations=10_000_000)
    Traceback (most recent call last):
    TimeoutError: not done within the given timeout
    >>> g.bfs(0, timeout=60)[0]
    0
    """
    seconds = number(seconds, "seconds")
    if not seconds > 0:
        raise ValueError(f"seconds must be positive, not {seconds}")
    outer, own = _core.deadline(), time.monotonic() + seconds
    _core.set_deadline(own if outer is None else min(own, outer))
    try:
        yield
    finally:
        _core.set_deadline(outer)


def limited(method: Method) -> Method:
    """`method` in a block of gli.timeout() where it is given its keyword `timeout`, in seconds."""

    @functools.wraps(method)
    def call(*args, timeout: float | None = None, **keywords):
        if timeout is None:
            return method(*args, **keywords)
        with _block(timeout):
            return method(*args, **keywords)

    return call  # type: ignore[return-value]


_block = timeout
