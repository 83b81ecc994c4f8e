"""The demo's questions: each asked of a graph on the cluster and of one in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow.compute as pc

from .._methods import GraphMethods
from .._table import Table
from .subject import Subject


class Asked:
    """A graph and the subject that says what to ask of it."""

    def __init__(self, graph: GraphMethods, subject: Subject):
        self.graph = graph
        self.subject = subject

    @cached_property
    def followed(self) -> GraphMethods:
        """The graph of the edges that PageRank and BFS follow."""
        return self.graph if self.subject.followed is None else self.graph.filter(edges=self.subject.followed)


@dataclass
class Answer:
    """What is shown, and the whole values and graphs behind it, to be compared."""

    headline: str
    table: Table
    whole: tuple[Any, ...]

    def same_as(self, other: Answer) -> bool:
        """Whether everything agrees: text, table, every value of every node, and the graphs' content."""
        return (
            self.headline == other.headline
            and self.table == other.table
            and len(self.whole) == len(other.whole)
            and all(_same(a, b) for a, b in zip(self.whole, other.whole))
        )


def _same(a, b) -> bool:
    if isinstance(a, GraphMethods):
        return a.graph_id == b.graph_id
    return a.to_arrow().equals(b.to_arrow())


def components(asked: Asked) -> Answer:
    """How the whole hangs together."""
    found = asked.graph.connected_components()
    return Answer(f"{found.count():,} components; the five largest, by their first name:", _sizes(found, asked), (found,))


def pagerank(asked: Asked) -> Answer:
    """What everything rests on."""
    ranks = asked.followed.pagerank()
    return Answer(f"{ranks.summary['rounds']} rounds; the first ten:", ranks.top(10).renamed([asked.subject.nodes, "rank"]), (ranks,))


def neighborhood(asked: Asked) -> Answer:
    """What is near one node."""
    near = asked.graph.ego_graph(asked.subject.center, radius=2)
    depth = asked.graph.bfs(asked.subject.center, depth_limit=2)
    return Answer(
        f"{near.node_count:,} {asked.subject.nodes} with {near.edge_count:,} edges among them:", _depths(depth, asked), (near, depth)
    )


def reach(asked: Asked) -> Answer:
    """What a change in one node can touch."""
    depth = asked.followed.bfs(asked.subject.origin, reverse=True)
    reached = depth.summary["reached"] - 1
    share = 100 * reached / max(1, len(depth) - 1)
    return Answer(
        f"{reached:,} of {len(depth) - 1:,} other {asked.subject.nodes} ({share:.0f} %), by distance:", _depths(depth, asked), (depth,)
    )


def part(asked: Asked) -> Answer:
    """A subgraph and its own components."""
    subgraph = asked.graph.filter(nodes=asked.subject.part)
    found = subgraph.connected_components()
    headline = (
        f"{subgraph.node_count:,} {asked.subject.nodes}, {subgraph.edge_count:,} edges among them, "
        f"{found.count():,} components; the five largest:"
    )
    return Answer(headline, _sizes(found, asked), (subgraph, found))


def questions(subject: Subject) -> list[tuple[str, Callable[[Asked], Answer]]]:
    """Titles and questions, in the order of the demo."""
    return [
        ("Connected components", components),
        (f"PageRank over {subject.followed_title}", pagerank),
        (f"Everything within two hops of {subject.center}", neighborhood),
        (f"What a fix in {subject.origin} reaches", reach),
        (f"The subgraph of {subject.part_title}", part),
    ]


def _sizes(found, asked: Asked) -> Table:
    return found.sizes(5).renamed(["component", asked.subject.nodes])


def _depths(depth, asked: Asked) -> Table:
    """How many nodes at each depth; the unreachable are left out."""
    rows = depth.histogram().to_arrow()
    return Table(rows.filter(pc.is_valid(rows["value"])), ()).renamed(["hops", asked.subject.nodes])
