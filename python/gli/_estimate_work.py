"""How much memory algorithms take, from the size of the graph: the terms are those of docs/limits.md."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from typing import Any

from ._algorithms import Algorithms
from ._estimate_sizes import Size, Terms
from ._methods import GraphMethods

_CODE = 600 << 10  # and tables that are touched for the first time


def _by_vertex(bytes: float, edge: float = 0) -> Terms:
    return Terms(node=bytes, mirror=bytes, edge=edge, once=_CODE)


# State structs of partitions/algorithms/, their border buffers (to and from), and results: by the names of partitions/catalog.h.
_WORKING = {
    "adamic_adar_index": Terms(node=25, mirror=8, once=_CODE),
    "betweenness_centrality": _by_vertex(98, 11),
    "bfs": _by_vertex(8),
    "bfs_predecessors": _by_vertex(20),
    "closeness_centrality": _by_vertex(20),
    "clustering": _by_vertex(60, 3),
    "connected_components": _by_vertex(36),
    "core_number": _by_vertex(20),
    "degree": _by_vertex(4),
    "eigenvector_centrality": _by_vertex(22),
    "greedy_color": _by_vertex(38),
    "harmonic_centrality": _by_vertex(20),
    "hits": _by_vertex(30),
    "jaccard_coefficient": Terms(node=25, mirror=8, once=_CODE),
    "katz_centrality": _by_vertex(22),
    "label_propagation": _by_vertex(18),
    "leiden_communities": _by_vertex(198, 384),
    "louvain_communities": _by_vertex(198, 384),
    "maximal_independent_set": _by_vertex(42),
    "modularity": Terms(node=130, mirror=300, edge=4, once=_CODE),
    "pagerank": _by_vertex(26),
    "sssp": _by_vertex(18),
    "sssp_predecessors": _by_vertex(28),
    "strongly_connected_components": _by_vertex(46),
    "topological_generations": _by_vertex(14),
    "triangles": _by_vertex(60, 3),
}
_WORKING_ALONE = _WORKING | dict.fromkeys(("clustering", "triangles"), Terms(edge=7.5, once=_CODE))
_EMBEDDED = {"k_truss": _by_vertex(56, 26), "minimum_spanning_tree": _by_vertex(214, 16.5)}  # that no partition runs
_JOINED_LISTS = Terms(node=4, edge=8)  # of undirected graphs, where a node's neighbors are asked for again
_JOINS_LISTS = {
    "adamic_adar_index",
    "betweenness_centrality",
    "clustering",
    "eigenvector_centrality",
    "hits",
    "jaccard_coefficient",
    "katz_centrality",
    "pagerank",
    "sssp",
    "sssp_predecessors",
    "triangles",
}
_MIRROR_LISTS = {"core_number", "greedy_color"}  # who is next to a mirror, between workers
_EDGES_OF_MIRRORS = Terms(edge=4)
_LISTS_UNDER_WAY = {"clustering", "triangles"}  # between workers, to and from each other: 8 MiB each, or all there is
_MOST_UNDER_WAY, _UNDER_WAY = Terms(once=32 << 20), Terms(edge=40)
_PAIR, _PAIRS_AT_ONCE, _NEIGHBOR_OF_PAIR = 260, 4096, 37  # bytes of a pair of nodes, and of a neighbor of one that is looked at
_SUBGRAPH = Terms(edge=8, once=1 << 20)  # that an algorithm makes of its result, if all of the graph is in it

_RUN_BY = {  # methods that run another algorithm, with that
    "average_clustering": "clustering",
    "ego_graph": "bfs",
    "find_cycle": "strongly_connected_components",
    "get_connected_component": "bfs",
    "has_path": "bfs",
    "is_directed_acyclic_graph": "topological_generations",
    "is_forest": "connected_components",
    "is_tree": "connected_components",
    "k_core": "core_number",
    "minimum_spanning_edges": "minimum_spanning_tree",
    "shortest_path": "bfs_predecessors",
    "shortest_path_length": "bfs",
    "topological_sort": "topological_generations",
    "weakly_connected_components": "connected_components",
}
_RUN_BY_WITH_WEIGHT = {"shortest_path": "sssp_predecessors", "shortest_path_length": "sssp"}
_MAKE_SUBGRAPHS = {"ego_graph", "get_connected_component", "k_core"}


@dataclass(frozen=True)
class Work:
    """A method of graphs, and the algorithm of the catalog that it runs; pairs: how many it looks at, None: all that there are."""

    name: str
    algorithm: str
    pairs: int | None = 0
    makes_subgraph: bool = False

    def bytes(self, size: Size, has_lists: bool = False) -> int:
        """Its state and result on a worker; has_lists: neighbors were joined before."""
        alone = size.workers == 1
        working = (_WORKING_ALONE | _EMBEDDED if alone else _WORKING)[self.algorithm].of(size)
        if self.joins_lists(size.directed) and not has_lists:
            working += _JOINED_LISTS.of(size)
        if self.algorithm in _MIRROR_LISTS and not alone:
            working += _EDGES_OF_MIRRORS.of(size)
        if self.algorithm in _LISTS_UNDER_WAY and not alone:
            working += min(_MOST_UNDER_WAY.of(size), _UNDER_WAY.of(size))
        if self.makes_subgraph:
            working += _SUBGRAPH.of(size)
        return working + self._of_pairs(size)

    @classmethod
    def of_run(cls, algorithm: str, arguments: Mapping[str, Any]) -> Work:
        """What a run of the catalog takes."""
        return cls(algorithm, algorithm, len(arguments.get("pairs", ())))

    def joins_lists(self, directed: bool) -> bool:
        """Whether it makes lists of neighbors that the graph keeps."""
        return self.algorithm in _JOINS_LISTS and not directed

    def _of_pairs(self, size: Size) -> int:
        pairs = size.nodes * (size.nodes - 1) / 2 if self.pairs is None else self.pairs
        neighbors = 2 * size.edges / max(size.nodes, 1)
        return int(_PAIR * pairs + _NEIGHBOR_OF_PAIR * neighbors * min(pairs, _PAIRS_AT_ONCE))


def algorithm_names() -> list[str]:
    """The algorithms that graphs have, by their methods."""
    return sorted({"degree", *(name for name in dir(Algorithms) if not name.startswith("_"))})


def work_of(name: str, arguments: Mapping[str, Any], embedded: bool) -> Work:
    """What a method runs. ValueError for what is no algorithm, TypeError for arguments that it does not take, NotImplementedError for what
    clusters do not run.

    >>> work_of("page_rank", {}, True)
    Traceback (most recent call last):
    ValueError: there is no algorithm 'page_rank'; there are adamic_adar_index, ...
    """
    if name not in algorithm_names():
        raise ValueError(f"there is no algorithm {name!r}; there are {', '.join(algorithm_names())}")
    try:
        given = inspect.signature(getattr(GraphMethods, name)).bind_partial(None, **arguments).arguments
    except TypeError as error:
        raise TypeError(f"{name}(): {error}") from None
    runs = _RUN_BY_WITH_WEIGHT if given.get("weight") is not None else {}
    algorithm = runs.get(name) or _RUN_BY.get(name, name)
    if algorithm in _EMBEDDED and not embedded:
        raise NotImplementedError(f"{name}() is of embedded graphs: gli.estimate() tells what it takes of one")
    pairs = given.get("ebunch") if algorithm in ("adamic_adar_index", "jaccard_coefficient") else ()
    if pairs is not None and not isinstance(pairs, Sized):
        raise TypeError(f"{name}(): ebunch is a list of pairs whose length can be told, not {pairs!r}")
    return Work(name, algorithm, None if pairs is None else len(pairs), name in _MAKE_SUBGRAPHS)
