"""What the rows of peers_bench.py are made of: a question, who is asked, and how peers are called.

A question is a function of a graph that answers as its library does: a column, a list, a mapping.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from peers_graphs import PEERS

ig, nk, rx = (PEERS.get(name) for name in ("igraph", "networkit", "rustworkx"))


@dataclass
class Row:
    name: str
    graphs: list[str]
    ours: Callable
    peers: dict[str, Callable]
    check: Callable  # of the graph, our answer and theirs
    note: str = ""
    alone: bool = False  # a library keeps the answer with its graph: every question is asked of a graph made anew
    theirs: dict[str, Callable] = field(default_factory=dict)  # theirs of those that are installed

    def __post_init__(self):
        self.theirs = {name: ask for name, ask in self.peers.items() if name in PEERS}


def nk_scores(make: Callable) -> Callable:
    return lambda g: make(g).run().scores()


def nk_groups(make: Callable) -> Callable:
    return lambda g: make(g).run().getPartition().getVector()


def nk_pairs(index: str, pairs: Callable) -> Callable:
    return lambda g: [score for _, score in getattr(nk.linkprediction, index)(g).runOn(pairs(g.numberOfNodes()))]


def rx_depths(g) -> list[int]:
    depths = [0] * g.num_nodes()
    for i, layer in enumerate(rx.bfs_layers(g, [0])):
        for v in layer:
            depths[v] = i
    return depths


def some_pairs(n: int) -> list[tuple[int, int]]:
    """In the order in which NetworKit answers."""
    made = np.random.default_rng(5).integers(0, n, (10_000, 2)).tolist()
    return sorted({(u, v) for u, v in made if u != v})


def far(n: int) -> int:
    return n // 2 + 1


def labels(n: int) -> np.ndarray:
    """A division of the nodes in a hundred parts, for modularity."""
    return np.arange(n) % 100


def nk_division(g):
    made = nk.Partition(g.numberOfNodes(), labels(g.numberOfNodes()).tolist())
    made.setUpperBound(100)
    return made


TOLERANCE = 1e-9  # the most that all values together change in a last round, of every library that iterates


def by_node(tolerance: float, n: int) -> float:
    """As NetworkX has it, and with it ours and rustworkx's."""
    return tolerance / n
