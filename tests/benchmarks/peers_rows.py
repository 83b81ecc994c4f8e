"""What peers_bench.py asks: each algorithm of ours beside every peer that has it, with the same parameters, and how answers are compared.

A question is a function of a graph that answers as its library does: a column, a list, a mapping. Checks throw AssertionError.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from peers_graphs import PEERS, Graphs, groups, numbers

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


# --- checks -----------------------------------------------------------------------------------------------------------------


def same(graph: Graphs, ours, theirs) -> None:
    np.testing.assert_allclose(numbers(ours), numbers(theirs), rtol=1e-5, atol=1e-9)


def same_but_for_scale(graph: Graphs, ours, theirs) -> None:
    a, b = numbers(ours), numbers(theirs)
    np.testing.assert_allclose(a / a.max(), b / b.max(), rtol=1e-3, atol=1e-6)


def same_groups(graph: Graphs, ours, theirs) -> None:
    np.testing.assert_array_equal(groups(ours), groups(theirs))


def equal(graph: Graphs, ours, theirs) -> None:
    assert np.isclose(ours, theirs), f"{ours} is not {theirs}"


def as_long(graph: Graphs, ours, theirs) -> None:
    """Paths, of which there are several."""
    steps = {} if not graph.weighted else {(u, v): w for (u, v), w in zip(graph.ends.tolist(), graph.weights.tolist())}

    def length(path) -> float:
        pairs = zip(path[:-1], path[1:])
        return sum(steps[e] if e in steps else steps[e[::-1]] for e in pairs) if graph.weighted else len(path)

    assert (ours[0], ours[-1]) == (theirs[0], theirs[-1]) and np.isclose(length(ours), length(theirs))


def one_step_back(graph: Graphs, ours, theirs) -> None:
    """Trees of a search from node 0: each parent is one step nearer than its child."""
    depth = numbers(graph.of("gli").bfs(0).to_arrow())
    for parents in (numbers(ours), np.asarray(theirs, float)):
        children = np.flatnonzero(np.isfinite(depth) & (depth > 0))
        assert (depth[parents[children].astype(int)] == depth[children] - 1).all()


def about_as_modular(graph: Graphs, ours, theirs) -> None:
    a, b = (graph.of("gli").modularity(dict(enumerate(groups(x).tolist()))) for x in (ours, theirs))
    assert a > b - 0.02, f"modularity {a:.3f} beside {b:.3f}"


def independent(graph: Graphs, ours, theirs) -> None:
    for members in (numbers(ours), numbers(theirs)):
        chosen = members.astype(bool)
        u, v = graph.ends.T
        assert not (chosen[u] & chosen[v]).any()
        near = chosen.copy()
        near[u[chosen[v]]] = near[v[chosen[u]]] = True
        assert near.all()


def proper(graph: Graphs, ours, theirs) -> None:
    most = []
    for colours in (numbers(ours), numbers(theirs)):
        assert (colours[graph.ends[:, 0]] != colours[graph.ends[:, 1]]).all()
        most.append(colours.max() + 1)
    assert most[0] <= 1.1 * most[1], f"{most[0]} colours beside {most[1]}"


def forward(graph: Graphs, ours, theirs) -> None:
    for order in (ours, list(theirs)):
        place = np.empty(graph.n, int)
        place[np.asarray(order)] = np.arange(graph.n)
        assert (place[graph.ends[:, 0]] < place[graph.ends[:, 1]]).all()


def same_generations(graph: Graphs, ours, theirs) -> None:
    mine = numbers(ours)
    for i, members in enumerate(theirs):
        assert (mine[list(members)] == i).all()


def as_many(graph: Graphs, ours, theirs) -> None:
    """Graphs, or sets of nodes, of the same number of nodes; of edges where theirs has them."""
    nodes, edges = (theirs.vcount(), theirs.ecount()) if hasattr(theirs, "vcount") else (len(theirs), None)
    assert ours.node_count == nodes and edges in (None, ours.edge_count)


def as_light(graph: Graphs, ours, theirs) -> None:
    assert np.isclose(sum(ours.edges.to_arrow()["weight"].to_pylist()), theirs)


def a_cycle(graph: Graphs, ours, theirs) -> None:
    edges = set(map(tuple, graph.ends.tolist()))
    for cycle in (ours, [tuple(e) for e in theirs]):
        assert set(cycle) <= edges and all(a[1] == b[0] for a, b in zip(cycle, cycle[1:] + cycle[:1]))


def other_answers(graph: Graphs, ours, theirs) -> None:
    """Of a method with choices of its own; its work is compared."""


# --- their calls ------------------------------------------------------------------------------------------------------------


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


def nk_weight(forest) -> float:
    return sum(w for _, _, w in forest.iterEdgesWeights())


TOLERANCE = 1e-9  # the most that all values together change in a last round, of every library that iterates
_all = ["kron16", "p2p-31"]


def by_node(tolerance: float, n: int) -> float:
    """As NetworkX has it, and with it ours and rustworkx's."""
    return tolerance / n


def rows() -> list[Row]:
    return [*searches(), *rankings(), *groups_of_nodes(), *shapes()]


def searches() -> list[Row]:
    reaching = {
        "igraph": lambda g: g.distances(0)[0],
        "networkit": lambda g: nk.distance.BFS(g, 0, False).run().getDistances(),
    }
    return [
        Row("bfs", ["kron16"], lambda g: g.bfs(0).to_arrow(), {**reaching, "rustworkx": rx_depths}, same),
        Row("bfs", ["p2p-31"], lambda g: g.bfs(0).to_arrow(), reaching, same),
        Row("bfs_predecessors", _all, lambda g: g.bfs_predecessors(0).to_arrow(), {"igraph": lambda g: g.bfs(0)[2]}, one_step_back),
        Row(
            "sssp",
            ["kron16 weighted", "p2p-31 weighted"],
            lambda g: g.sssp(0, weight="weight").to_arrow(),
            {
                "igraph": lambda g: g.distances(0, weights="weight")[0],
                "networkit": lambda g: nk.distance.Dijkstra(g, 0, False).run().getDistances(),
                "rustworkx": lambda g: _with_source(rx.dijkstra_shortest_path_lengths(g, 0, float), 0, g.num_nodes()),
            },
            same,
        ),
        Row(
            "shortest_path",
            ["kron16"],
            lambda g: g.shortest_path(0, far(g.node_count)),
            {
                "igraph": lambda g: g.get_shortest_path(0, far(g.vcount())),
                "networkit": lambda g: _nk_path(nk.distance.BidirectionalBFS, g),
                "rustworkx": lambda g: list(rx.dijkstra_shortest_paths(g, 0, far(g.num_nodes()))[far(g.num_nodes())]),
            },
            as_long,
        ),
        Row(
            "shortest_path, weighted",
            ["kron16 weighted"],
            lambda g: g.shortest_path(0, far(g.node_count), weight="weight"),
            {
                "igraph": lambda g: g.get_shortest_path(0, far(g.vcount()), weights="weight"),
                "networkit": lambda g: _nk_path(nk.distance.BidirectionalDijkstra, g),
                "rustworkx": lambda g: list(rx.dijkstra_shortest_paths(g, 0, far(g.num_nodes()), float)[far(g.num_nodes())]),
            },
            as_long,
        ),
        Row(
            "shortest_path_length",
            ["kron16"],
            lambda g: g.shortest_path_length(0, far(g.node_count)),
            {
                "igraph": lambda g: g.distances(0, far(g.vcount()))[0][0],
                "networkit": lambda g: nk.distance.BidirectionalBFS(g, 0, far(g.numberOfNodes()), False).run().getDistance(),
            },
            equal,
        ),
        Row("has_path", _all, lambda g: g.has_path(0, 9), {"rustworkx": lambda g: rx.has_path(g, 0, 9)}, equal),
        Row(
            "ego_graph, 1 step",
            ["kron16"],
            lambda g: g.ego_graph(9),
            {"igraph": lambda g: g.induced_subgraph(g.neighborhood(9, 1))},
            as_many,
        ),
        Row(
            "get_connected_component",
            ["kron16"],
            lambda g: g.get_connected_component(0),
            {
                "igraph": lambda g: g.induced_subgraph(g.subcomponent(0)),
                "rustworkx": lambda g: g.subgraph(list(rx.node_connected_component(g, 0))),
            },
            lambda graph, ours, theirs: as_many(graph, ours, theirs if hasattr(theirs, "vcount") else theirs.node_indices()),
        ),
    ]


def _with_source(lengths, source: int, n: int) -> np.ndarray:
    """rustworkx leaves the source out, and what cannot be reached."""
    found = np.full(n, np.inf)
    found[np.fromiter(lengths.keys(), int, len(lengths))] = np.fromiter(lengths.values(), float, len(lengths))
    found[source] = 0
    return found


def _nk_path(kind, g) -> list[int]:
    target = far(g.numberOfNodes())
    between = kind(g, 0, target).run().getPath()
    return between if between and between[0] == 0 else [0, *between, target]


def rankings() -> list[Row]:
    ranks = {
        "igraph": lambda g: g.pagerank(),
        "networkit": nk_scores(_nk_pagerank),
    }
    jumps = {v: 1.0 for v in range(0, 1000, 10)}
    return [
        Row("degree", _all, lambda g: g.degree().to_arrow(), {"igraph": lambda g: g.degree()}, same),
        Row(
            "degree, out",
            ["p2p-31"],
            lambda g: g.degree(mode="out").to_arrow(),
            {
                "igraph": lambda g: g.outdegree(),
                "networkit": lambda g: nk.centrality.DegreeCentrality(g, ignoreSelfLoops=False).run().scores(),
            },
            same,
        ),
        Row("pagerank", ["kron16"], lambda g: g.pagerank(tol=by_node(TOLERANCE, g.node_count)).to_arrow(), ranks, same),
        Row(
            "pagerank",
            ["p2p-31"],
            lambda g: g.pagerank(tol=by_node(TOLERANCE, g.node_count)).to_arrow(),
            {**ranks, "rustworkx": lambda g: rx.pagerank(g, tol=by_node(TOLERANCE, g.num_nodes()))},
            same,
        ),
        Row(
            "pagerank, weighted",
            ["kron16 weighted"],
            lambda g: g.pagerank(weight="weight", tol=by_node(TOLERANCE, g.node_count)).to_arrow(),
            {"igraph": lambda g: g.pagerank(weights="weight"), "networkit": nk_scores(_nk_pagerank)},
            same,
        ),
        Row(
            "pagerank, personalised",
            ["p2p-31"],
            lambda g: g.pagerank(personalization=jumps, tol=by_node(TOLERANCE, g.node_count)).to_arrow(),
            {"rustworkx": lambda g: rx.pagerank(g, personalization=jumps, tol=by_node(TOLERANCE, g.num_nodes()))},
            same,
        ),
        Row(
            "eigenvector_centrality",
            ["kron16"],
            lambda g: g.eigenvector_centrality(tol=by_node(1e-7, g.node_count)).to_arrow(),
            {
                "igraph": lambda g: g.eigenvector_centrality(),
                "networkit": nk_scores(lambda g: nk.centrality.EigenvectorCentrality(g, 1e-7)),
                "rustworkx": lambda g: rx.eigenvector_centrality(g, tol=by_node(1e-7, g.num_nodes())),
            },
            same_but_for_scale,
        ),
        Row(
            "katz_centrality",
            ["kron16"],
            lambda g: g.katz_centrality(alpha=0.0005, tol=by_node(1e-7, g.node_count)).to_arrow(),
            {"rustworkx": lambda g: rx.katz_centrality(g, 0.0005, tol=by_node(1e-7, g.num_nodes()))},
            same_but_for_scale,
            "NetworKit's do not solve x = alpha A x + beta",
        ),
        Row(
            "hits",
            ["p2p-31"],
            lambda g: g.hits(tol=1e-8, max_iter=1000)[0].to_arrow(),
            {"igraph": lambda g: g.hub_score(), "rustworkx": lambda g: rx.hits(g, tol=1e-8 / g.num_nodes(), max_iter=1000)[0]},
            same_but_for_scale,
        ),
        Row(
            "closeness_centrality",
            ["kron12"],
            lambda g: g.closeness_centrality().to_arrow(),
            {
                "igraph": lambda g: g.closeness(),
                "networkit": nk_scores(lambda g: nk.centrality.Closeness(g, True, nk.centrality.ClosenessVariant.Generalized)),
                "rustworkx": lambda g: rx.closeness_centrality(g),
            },
            same,
        ),
        Row(
            "harmonic_centrality",
            ["kron12"],
            lambda g: g.harmonic_centrality().to_arrow(),
            {
                "igraph": lambda g: np.multiply(g.harmonic_centrality(), g.vcount() - 1),
                "networkit": nk_scores(lambda g: nk.centrality.HarmonicCloseness(g, False)),
            },
            same,
        ),
        Row(
            "betweenness_centrality",
            ["kron12"],
            lambda g: g.betweenness_centrality().to_arrow(),
            {
                "igraph": lambda g: g.betweenness(),
                "networkit": nk_scores(lambda g: nk.centrality.Betweenness(g, True)),
                "rustworkx": lambda g: rx.betweenness_centrality(g),
            },
            same_but_for_scale,
        ),
        Row(
            "betweenness_centrality, 16 sources",
            ["kron16"],
            lambda g: g.betweenness_centrality(k=16).to_arrow(),
            {
                "igraph": lambda g: g.betweenness(sources=list(range(0, g.vcount(), g.vcount() // 15))),
                "networkit": nk_scores(lambda g: nk.centrality.EstimateBetweenness(g, 16, parallel=True)),
            },
            other_answers,
            "sources of their own",
        ),
        Row(
            "jaccard_coefficient, 10,000 pairs",
            ["kron16"],
            lambda g: g.jaccard_coefficient(some_pairs(g.node_count))["value"],
            {"networkit": nk_pairs("JaccardIndex", some_pairs)},
            same,
            "igraph's are not the neighbors of both by those of either",
        ),
        Row(
            "adamic_adar_index, 10,000 pairs",
            ["kron16"],
            lambda g: g.adamic_adar_index(some_pairs(g.node_count))["value"],
            {"networkit": nk_pairs("AdamicAdarIndex", some_pairs)},
            same,
        ),
    ]


def _nk_pagerank(g):
    made = nk.centrality.PageRank(g, 0.85, TOLERANCE, distributeSinks=nk.centrality.SinkHandling.DistributeSinks)
    made.norm = nk.centrality.Norm.l1norm
    return made


def groups_of_nodes() -> list[Row]:
    parts = {"igraph": lambda g: g.connected_components(mode="weak").membership, "rustworkx": _rx_components}
    return [
        Row(
            "connected_components",
            ["kron16"],
            lambda g: g.connected_components().to_arrow(),
            {**parts, "networkit": nk_groups(lambda g: nk.components.ParallelConnectedComponents(g))},
            same_groups,
        ),
        Row(
            "connected_components",
            ["p2p-31"],
            lambda g: g.connected_components().to_arrow(),
            {**parts, "networkit": nk_groups(lambda g: nk.components.WeaklyConnectedComponents(g))},
            same_groups,
        ),
        Row(
            "strongly_connected_components",
            ["p2p-31"],
            lambda g: g.strongly_connected_components().to_arrow(),
            {
                "igraph": lambda g: g.connected_components(mode="strong").membership,
                "networkit": nk_groups(lambda g: nk.components.StronglyConnectedComponents(g)),
                "rustworkx": lambda g: rx.strongly_connected_components(g),
            },
            same_groups,
        ),
        Row(
            "label_propagation, 10 rounds",
            ["kron16"],
            lambda g: g.label_propagation(10).to_arrow(),
            {
                "igraph": lambda g: g.community_label_propagation().membership,
                "networkit": nk_groups(lambda g: nk.community.PLP(g, 1, 10)),
            },
            other_answers,
            "igraph until it settles",
        ),
        Row(
            "core_number",
            ["kron16"],
            lambda g: g.core_number().to_arrow(),
            {
                "igraph": lambda g: g.coreness(),
                "networkit": nk_scores(lambda g: nk.centrality.CoreDecomposition(g)),
                "rustworkx": lambda g: rx.core_number(g),
            },
            same,
        ),
        Row("k_core, k = 20", ["kron16"], lambda g: g.k_core(20), {"igraph": lambda g: g.k_core(20)}, as_many),
        Row(
            "clustering",
            ["kron16"],
            lambda g: g.clustering().to_arrow(),
            {
                "igraph": lambda g: g.transitivity_local_undirected(mode="zero"),
                "networkit": nk_scores(lambda g: nk.centrality.LocalClusteringCoefficient(g, True)),
            },
            same,
        ),
        Row(
            "average_clustering",
            ["kron16"],
            lambda g: g.average_clustering(),
            {"igraph": lambda g: g.transitivity_avglocal_undirected(mode="zero")},
            equal,
        ),
        Row(
            "triangles",
            ["kron12"],
            lambda g: g.triangles().to_arrow(),
            {"igraph": lambda g: g.list_triangles()},
            _same_triangles,
            "a list",
        ),
        Row(
            "louvain_communities",
            ["kron16", "p2p-31 either way"],
            lambda g: g.louvain_communities().to_arrow(),
            {
                "igraph": lambda g: g.community_multilevel().membership,
                "networkit": nk_groups(lambda g: nk.community.PLM(g)),
            },
            about_as_modular,
        ),
        Row(
            "leiden_communities",
            ["kron16", "p2p-31 either way"],
            lambda g: g.leiden_communities().to_arrow(),
            {
                "igraph": lambda g: g.community_leiden(objective_function="modularity").membership,
                "networkit": nk_groups(lambda g: nk.community.ParallelLeiden(g)),
            },
            about_as_modular,
        ),
        Row(
            "modularity of 100 parts",
            ["kron16"],
            lambda g: g.modularity(dict(enumerate(labels(g.node_count).tolist()))),
            {
                "igraph": lambda g: g.modularity(labels(g.vcount()).tolist()),
                "networkit": lambda g: nk.community.Modularity().getQuality(nk_division(g), g),
            },
            equal,
        ),
        Row(
            "maximal_independent_set",
            ["kron16"],
            lambda g: g.maximal_independent_set().to_arrow(),
            {"networkit": lambda g: nk.independentset.Luby().run(g)},
            independent,
        ),
        Row(
            "greedy_color",
            ["kron16"],
            lambda g: g.greedy_color().to_arrow(),
            {
                "igraph": lambda g: g.vertex_coloring_greedy(method="coloring_greedy_colored_neighbors"),
                "rustworkx": lambda g: rx.graph_greedy_color(g),
            },
            proper,
        ),
    ]


def _rx_components(g) -> list:
    return rx.weakly_connected_components(g) if isinstance(g, rx.PyDiGraph) else rx.connected_components(g)


def _same_triangles(graph: Graphs, ours, theirs) -> None:
    counts = np.bincount(np.asarray(theirs).ravel(), minlength=graph.n)
    np.testing.assert_array_equal(numbers(ours), counts)


def shapes() -> list[Row]:
    return [
        Row(
            "topological_sort",
            ["acyclic16"],
            lambda g: g.topological_sort(),
            {
                "igraph": lambda g: g.topological_sorting(),
                "networkit": lambda g: nk.graphtools.topologicalSort(g),
                "rustworkx": lambda g: rx.topological_sort(g),
            },
            forward,
        ),
        Row(
            "topological_generations",
            ["acyclic16"],
            lambda g: g.topological_generations().to_arrow(),
            {"rustworkx": lambda g: rx.topological_generations(g)},
            same_generations,
        ),
        Row(
            "is_directed_acyclic_graph",
            ["acyclic16", "p2p-31"],
            lambda g: g.is_directed_acyclic_graph(),
            {"igraph": lambda g: g.is_dag(), "rustworkx": lambda g: rx.is_directed_acyclic_graph(g)},
            equal,
            "asked once",
            alone=True,
        ),
        Row("find_cycle", ["p2p-31"], lambda g: g.find_cycle(), {"rustworkx": lambda g: rx.digraph_find_cycle(g)}, a_cycle),
        Row("is_tree", ["kron16"], lambda g: g.is_tree(), {"igraph": lambda g: g.is_tree()}, equal),
        Row(
            "minimum_spanning_tree",
            ["kron16 weighted"],
            lambda g: g.minimum_spanning_tree(weight="weight"),
            {
                "igraph": lambda g: g.spanning_tree(weights="weight"),
                "networkit": lambda g: nk.graph.KruskalMSF(g).run().getForest(),
                "rustworkx": lambda g: rx.minimum_spanning_edges(g, float),
            },
            _as_light,
        ),
    ]


def _as_light(graph: Graphs, ours, theirs) -> None:
    if hasattr(theirs, "es"):
        return as_light(graph, ours, sum(theirs.es["weight"]))
    as_light(graph, ours, nk_weight(theirs) if hasattr(theirs, "iterEdgesWeights") else sum(w for _, _, w in theirs))
