"""What peers_bench.py asks: searches and rankings, of ours and of every peer that has them, with the same parameters."""

import numpy as np
from peers_calls import TOLERANCE, Row, by_node, far, nk, nk_pairs, nk_scores, rx, rx_depths, some_pairs
from peers_checks import as_long, as_many, equal, one_step_back, other_answers, same, same_but_for_scale
from peers_group_rows import groups_of_nodes, shapes

_all = ["kron16", "p2p-31"]


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
