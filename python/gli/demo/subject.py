"""What the demo asks about: this machine's packages, or a generated graph where there are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import _construct, _loading
from .._expressions import Expression, degree, edge, key, node
from . import packages

_SCALE = 14


@dataclass(frozen=True)
class Subject:
    """A graph and what is interesting in it."""

    title: str
    nodes: str  # what its nodes are called
    load: Callable[[Any], Any]  # from a place (_loading.Place) to its graph
    followed: Expression | None  # the edges that PageRank and BFS follow; None: all
    followed_title: str
    center: Any  # its neighborhood is asked for
    origin: Any  # what reaches it is asked for
    part: Expression  # the subgraph asked for
    part_title: str
    kept: Expression  # what Friday keeps
    change_title: str


def packages_of_this_machine() -> Subject:
    """The package lists of `apt-cache dumpavail`."""
    return Subject(
        title="this machine's own packages, from apt-cache dumpavail",
        nodes="packages",
        load=lambda place: _construct.from_batches(place, packages.batches(packages.read()), key="key"),
        followed=edge("kind").is_in(["Depends", "Pre-Depends"]),
        followed_title="the dependencies",
        center="openssl",
        origin="libc6",
        part=node("section") == "science",
        part_title="section science",
        kept=(node("section") != "games") | node("section").is_null(),
        change_title="the packages of section games are dropped",
    )


def generated() -> Subject:
    """A Kronecker graph, for machines without package lists."""
    half = 1 << (_SCALE - 1)
    return Subject(
        title=f"a Kronecker graph of scale {_SCALE}, generated: there are no package lists here",
        nodes="nodes",
        load=lambda place: _loading.generate_kronecker(place, _SCALE),
        followed=None,
        followed_title="all edges",
        center=0,
        origin=0,
        part=key() < half,
        part_title=f"the nodes below {half:,}",
        kept=degree() >= 4,
        change_title="the nodes with fewer than 4 edges are dropped",
    )


def choose() -> Subject:
    """The packages where there are any."""
    return packages_of_this_machine() if packages.available() else generated()
