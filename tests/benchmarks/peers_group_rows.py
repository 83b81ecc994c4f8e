"""What peers_bench.py asks: groups of nodes and shapes of whole graphs; ours, and every peer that has them, with the same parameters."""

from peers_calls import Row, labels, nk, nk_division, nk_groups, nk_scores, rx
from peers_checks import (
    a_cycle,
    about_as_modular,
    as_light,
    as_many,
    equal,
    forward,
    independent,
    other_answers,
    proper,
    same,
    same_generations,
    same_groups,
    same_triangles,
)


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
            same_triangles,
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
            as_light,
        ),
    ]
