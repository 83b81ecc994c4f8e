"""Algorithms that score pairs of nodes: which edge might come next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ._algorithm_runs import Runs, int64s
from ._checks import collection
from ._node_values import NodeValues
from ._table import Table
from ._timeout import limited

_ALL_PAIRS = 1_000_000  # of which all are looked at unless some are named
_ONE_BY_ONE = 64  # nodes that are asked for by themselves


class Pairs(Runs):
    """What two nodes have in common."""

    __slots__ = ()

    @limited
    def jaccard_coefficient(self, ebunch: Iterable[tuple] | None = None, *, timeout: float | None = None) -> Table:
        """For pairs of nodes the part of the neighbors of either that are neighbors of both: columns source, target and value.

        0.0 where neither has neighbors. Neighbors are distinct, and in directed graphs in either direction; a node with a self-loop is its
        own, but the pair itself is never what it has in common. `ebunch` are pairs of nodes; without it all that share no edge, of a
        million at most (ValueError). O(the degrees of both) a pair. [Jaccard 1901; Liben-Nowell, Kleinberg 2007]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4), (4, 1), (4, 2)], directed=False)
        >>> g.jaccard_coefficient([(1, 2), (1, 3)])["value"]
        [0.25, 1.0]
        """
        return self._scores("jaccard_coefficient", ebunch)

    @limited
    def adamic_adar_index(self, ebunch: Iterable[tuple] | None = None, *, timeout: float | None = None) -> Table:
        """For pairs of nodes the sum of 1 / log(degree) of the neighbors that both have; rows and pairs as jaccard_coefficient() has them.

        Degrees count every edge, a self-loop of an undirected graph twice. Of a node with itself infinite where a neighbor has one edge.
        [Adamic, Adar 2003]

        >>> import gli
        >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4), (4, 1)], directed=False)
        >>> g.adamic_adar_index().to_pylist()
        [{'source': 1, 'target': 3, 'value': 2.8853900817779268}, {'source': 2, 'target': 4, 'value': 2.8853900817779268}]
        """
        return self._scores("adamic_adar_index", ebunch)

    def _scores(self, name: str, ebunch) -> Table:
        firsts, seconds = self._ends(self._without_edges() if ebunch is None else collection(ebunch, "pairs"))
        if self.key_type == "int64":
            pairs: Any = int64s(firsts + seconds).tobytes()
        else:
            pairs = [list(pair) for pair in zip(firsts, seconds)]
        found = self._run(name, {"pairs": pairs})
        keys = pa.string() if self.key_type == "str" else pa.int64()
        source = pa.array(firsts, keys)
        return Table(pa.table({"source": source, "target": pa.array(seconds, keys), "value": _in_order(source, found)}))

    def _ends(self, pairs: Iterable) -> tuple[list, list]:
        pairs = list(pairs)
        for pair in pairs:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise TypeError(f"a pair is (node, node), not {pair!r}")
        ends = self._checked_keys(list(chain.from_iterable(pairs)))
        return ends[::2], ends[1::2]

    def _without_edges(self) -> Iterator[tuple[Any, Any]]:
        pairs = self.node_count * (self.node_count - 1) // 2
        if pairs > _ALL_PAIRS:
            raise ValueError(f"{self.node_count:,} nodes make {pairs:,} pairs: name those to look at, such as [(u, v), ...]")
        nodes = list(self.nodes)
        rows = self.edges.to_arrow()
        linked = {frozenset(ends) for ends in zip(rows.column("source").to_pylist(), rows.column("target").to_pylist())}
        return ((u, v) for i, u in enumerate(nodes) for v in nodes[i + 1 :] if frozenset((u, v)) not in linked)


def _in_order(source: pa.Array, found: NodeValues) -> np.ndarray:
    """The scores of pairs by their first nodes, of values that have the bytes of each node's scores in the order of its pairs."""
    nodes = source.unique()
    if len(nodes) <= _ONE_BY_ONE:
        scores = [found[u] for u in nodes.to_pylist()]
    else:
        rows = found.to_arrow()
        rows = rows.filter(rows["value"].is_valid())
        nodes, scores = rows["id"].combine_chunks(), rows["value"].to_pylist()
    order = np.argsort(pc.index_in(source, nodes).to_numpy(zero_copy_only=False), kind="stable")
    made = np.empty(len(source))
    made[order] = np.frombuffer(b"".join(scores), "<f8")
    return made
