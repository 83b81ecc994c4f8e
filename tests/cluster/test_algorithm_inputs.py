"""What algorithms cannot compute they refuse alike, embedded and on workers, and say why; small and empty graphs have answers."""

import inspect

import gli
import pytest
from gli._algorithms import Algorithms

NODE = [
    lambda g, k: g.bfs(k),
    lambda g, k: g.bfs([1, k]),
    lambda g, k: g.bfs_predecessors(k),
    lambda g, k: g.sssp(k),
    lambda g, k: g.sssp_predecessors(k),
    lambda g, k: g.shortest_path(k, 1),
    lambda g, k: g.shortest_path(1, k),
    lambda g, k: g.shortest_path_length(1, k),
    lambda g, k: g.has_path(k, 1),
    lambda g, k: g.has_path(1, k),
    lambda g, k: g.ego_graph(k),
    lambda g, k: g.get_connected_component(k),
    lambda g, k: g.find_cycle(k),
    lambda g, k: g.pagerank(personalization={k: 1}),
    lambda g, k: g.jaccard_coefficient([(1, k)]),
    lambda g, k: g.adamic_adar_index([(k, 1)]),
    lambda g, k: g.modularity([{1, 2, 3}, {k}]),
]

WEIGHTED = {
    "eigenvector_centrality": lambda g, w: g.eigenvector_centrality(weight=w),
    "katz_centrality": lambda g, w: g.katz_centrality(weight=w),
    "leiden_communities": lambda g, w: g.leiden_communities(weight=w),
    "louvain_communities": lambda g, w: g.louvain_communities(weight=w),
    "minimum_spanning_edges": lambda g, w: g.minimum_spanning_edges(weight=w),
    "minimum_spanning_tree": lambda g, w: g.minimum_spanning_tree(weight=w),
    "modularity": lambda g, w: g.modularity([{1, 2, 3, 4}], weight=w),
    "pagerank": lambda g, w: g.pagerank(weight=w),
    "shortest_path": lambda g, w: g.shortest_path(1, 2, weight=w),
    "shortest_path_length": lambda g, w: g.shortest_path_length(1, 2, weight=w),
    "sssp": lambda g, w: g.sssp(1, weight=w),
    "sssp_predecessors": lambda g, w: g.sssp_predecessors(1, weight=w),
}

ARGUMENTS = [
    (lambda g: g.pagerank(alpha=1.0), ValueError, "alpha must be between 0 and 1, not 1.0"),
    (lambda g: g.pagerank(alpha=0), ValueError, "alpha must be between 0 and 1, not 0.0"),
    (lambda g: g.pagerank(alpha=float("nan")), ValueError, "alpha must be between 0 and 1"),
    (lambda g: g.pagerank(alpha="x"), TypeError, "alpha is a number"),
    (lambda g: g.pagerank(tol=0), ValueError, "tol must be positive"),
    (lambda g: g.pagerank(iterations=-1), ValueError, "iterations must not be negative: -1"),
    (lambda g: g.pagerank(max_iter=1.5), TypeError, "max_iter is a whole number"),
    (lambda g: g.pagerank(personalization={1: 0}), ValueError, "must give some node more than 0"),
    (lambda g: g.pagerank(personalization={1: -1}), ValueError, "must be finite and not negative"),
    (lambda g: g.pagerank(personalization="height"), KeyError, "no node has an attribute 'height'"),
    (lambda g: g.katz_centrality(alpha=-0.1), ValueError, "alpha must be positive, not -0.1"),
    (lambda g: g.katz_centrality(beta=0), ValueError, "beta must be positive"),
    (lambda g: g.eigenvector_centrality(tol=-1), ValueError, "tol must be positive"),
    (lambda g: g.hits(tol=0), ValueError, "tol must be positive"),
    (lambda g: g.betweenness_centrality(k=0), ValueError, "k must be at least 1"),
    (lambda g: g.betweenness_centrality(k=9), ValueError, "k must be between 1 and the number of nodes, 4, not 9"),
    (lambda g: g.clustering(mode="x"), ValueError, "mode must be 'networkx' or 'ldbc', not 'x'"),
    (lambda g: g.degree(mode="x"), ValueError, "mode must be 'total', 'in' or 'out', not 'x'"),
    (lambda g: g.label_propagation(-1), ValueError, "iterations must be at least 0"),
    (lambda g: g.k_core(-1), ValueError, "k must be at least 0"),
    (lambda g: g.k_truss(-1), ValueError, "k must be at least 0"),
    (lambda g: g.ego_graph(1, radius=-1), ValueError, "radius must be at least 0"),
    (lambda g: g.bfs(1, depth_limit=-1), ValueError, "depth_limit must not be negative"),
    (lambda g: g.bfs([]), ValueError, "empty list"),
    (lambda g: g.louvain_communities(resolution=0), ValueError, "resolution must be positive"),
    (lambda g: g.louvain_communities(max_level=0), ValueError, "max_level must be at least 1"),
    (lambda g: g.leiden_communities(seed=-1), ValueError, "seed must be at least 0"),
    (lambda g: g.modularity([{1, 2}]), ValueError, "communities have 2 of 4 nodes"),
    (lambda g: g.jaccard_coefficient([(1, 2, 3)]), TypeError, "a pair is"),
    (lambda g: g.jaccard_coefficient([(1, 2**70)]), TypeError, "int keys have 64 bits, unlike 1180591620717411303424"),
    (lambda g: g.modularity([{1, 2, 3, 2**70}]), TypeError, "int keys have 64 bits, unlike 1180591620717411303424"),
    (lambda g: g.shortest_path(1, 4), ValueError, "no path from 1 to 4"),
    (lambda g: g.shortest_path_length(1, 4), ValueError, "no path from 1 to 4"),
]


def at(place, graph):
    """The graph, or the same on the place's workers."""
    return graph if place is gli else place._from_graph(graph)


@pytest.fixture
def chain(place):
    """1 — 2 — 3, and 4 alone; edges with attributes of every kind."""

    def make(directed):
        g = gli.Graph(directed=directed).add_nodes([1, 2, 3, 4])
        g = g.add_edge(1, 2, text="a", some=1, minus=-1, endless=float("inf"), nan=float("nan"), mixed=1)
        return at(place, g.add_edge(2, 3, text="b", minus=2, endless=1.0, nan=1.0, mixed=[1]))

    return make


def raises(error, message):
    return pytest.raises(error, match=message.replace("'", ".").replace("(", ".").replace(")", "."))


@pytest.mark.parametrize("directed", [True, False])
def test_nodes_that_are_not_there_are_named(chain, directed):
    g = chain(directed)
    for ask in NODE:
        with raises(KeyError, "Node 9 not found"):
            ask(g, 9)
        with raises(TypeError, "keys are int64, not 'x'"):
            ask(g, "x")
        with raises(TypeError, "keys are int or str, not 1.5"):
            ask(g, 1.5)


def test_every_method_with_weights_is_tried():
    methods = ((n, f) for n, f in inspect.getmembers(Algorithms, callable) if not n.startswith("_"))
    assert WEIGHTED.keys() == {n for n, f in methods if "weight" in inspect.signature(f).parameters}


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_that_are_none_are_refused(place, chain, name):
    g, spanning = chain(False), name.startswith("minimum_spanning")
    if spanning and place is not gli:
        with raises(NotImplementedError, "to_local() makes"):
            WEIGHTED[name](g, None)
        return
    for weight, error, message in (
        ("none", KeyError, "no edge has an attribute 'none'"),
        ("text", TypeError, "'text' is utf8, not numbers"),
        ("mixed", TypeError, "'mixed' is .*, no number"),
        ("some", ValueError, "edge (2 → 3|3 → 2) has no 'some'"),
        ("nan", ValueError, "'nan' is not a number"),
        (3, TypeError, "weight is the name of an edge attribute, not 3"),
    ):
        with pytest.raises(error, match=message):
            WEIGHTED[name](g, weight)
    if not spanning:
        with raises(ValueError, "-1 is negative|-1.0 is negative"):
            WEIGHTED[name](g, "minus")
    if not spanning and not name.startswith(("sssp", "shortest")):
        with raises(ValueError, "'endless' is infinite"):
            WEIGHTED[name](g, "endless")


def test_arguments_out_of_range_are_named(chain):
    g = chain(True)
    for ask, error, message in ARGUMENTS:
        with raises(error, message):
            ask(g)


def test_what_only_one_kind_of_graph_has_is_refused_of_others(place, chain):
    with raises(ValueError, "directed graphs"):
        chain(False).topological_sort()
    with raises(ValueError, "the graph has no cycle"):
        chain(True).find_cycle()
    with raises(ValueError, "has no cycle"):
        chain(False).find_cycle()
    if place is gli:
        with raises(ValueError, "a spanning tree is of an undirected graph"):
            chain(True).minimum_spanning_tree()
    else:
        with raises(NotImplementedError, "k_core() works on a cluster"):
            chain(True).k_truss(3)


def test_what_does_not_converge_says_how_far_it_came(place):
    g = at(place, gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 1), (3, 4)], directed=False))
    for ask in (
        lambda tol: g.pagerank(max_iter=2, tol=tol),
        lambda tol: g.pagerank(max_iter=2, tol=tol, personalization={1: 1}),
        lambda tol: g.eigenvector_centrality(max_iter=2, tol=tol),
        lambda tol: g.katz_centrality(max_iter=2, tol=tol),
        lambda tol: g.hits(max_iter=2, tol=tol),
    ):
        with raises(gli.ConvergenceError, "did not converge to tol = 1e-12 in 2 rounds") as caught:
            ask(1e-12)
        assert 1e-12 < caught.value.residual < 10
    with raises(gli.ConvergenceError, "alpha must be below") as caught:
        g.katz_centrality(alpha=2.0)
    assert caught.value.residual is None


# --- small graphs ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
def test_a_graph_without_nodes_has_answers_without_values(place, directed):
    g = at(place, gli.Graph(directed=directed))
    for ask in (
        g.connected_components, g.strongly_connected_components, g.label_propagation, g.core_number, g.maximal_independent_set,
        g.greedy_color, g.louvain_communities, g.leiden_communities, g.triangles, g.clustering, g.pagerank, g.eigenvector_centrality,
        g.katz_centrality, g.closeness_centrality, g.harmonic_centrality, g.betweenness_centrality, g.degree,
        lambda: g.hits()[0], lambda: g.hits()[1],
    ):
        assert ask().to_dict() == {} and ask().groups() == []
    assert g.connected_components().count() == g.louvain_communities().count() == 0
    assert g.average_clustering() == 0.0 and g.k_core().node_count == 0 and len(g.jaccard_coefficient()) == 0
    for ask in (lambda: g.bfs(1), lambda: g.sssp(1), lambda: g.ego_graph(1), lambda: g.has_path(1, 1), lambda: g.shortest_path(1, 1)):
        with raises(KeyError, "Node 1 not found"):
            ask()
    for ask in (g.is_tree, g.is_forest):
        with raises(ValueError, "asked of graphs that have nodes"):
            ask()
    with raises(ValueError, "has no cycle"):
        g.find_cycle()
    assert g.is_directed_acyclic_graph() == directed and (not directed or g.topological_sort() == [])


@pytest.mark.parametrize("loops", [0, 1, 2])
@pytest.mark.parametrize("directed", [True, False])
def test_one_node_with_and_without_self_loops(place, directed, loops):
    g = gli.Graph(directed=directed, multi=True).add_nodes([5, 7]).remove_node(7)
    for key in range(loops):
        g = g.add_edge(5, 5, key, weight=1)
    g = at(place, g)
    assert g.bfs(5).to_dict() == g.sssp(5).to_dict() == {5: 0} and g.bfs_predecessors(5).to_dict() == {5: None}
    assert g.has_path(5, 5) and g.shortest_path(5, 5) == [5] and list(g.ego_graph(5).nodes) == [5]
    together = (g.connected_components, g.strongly_connected_components, g.louvain_communities, g.leiden_communities, g.label_propagation)
    for labels in (ask() for ask in together):
        assert labels.to_dict() == {5: 5} and labels.groups() == [{5}]
    assert g.core_number().to_dict() == g.triangles().to_dict() == {5: 0} and g.clustering().to_dict() == {5: 0.0}
    assert g.greedy_color().to_dict() == {5: 0} and g.maximal_independent_set().to_dict() == {5: loops == 0}
    assert g.pagerank().to_dict() == {5: 1.0} and g.betweenness_centrality().to_dict() == {5: 0.0}
    assert g.closeness_centrality().to_dict() == g.harmonic_centrality().to_dict() == {5: 0.0}
    assert g.degree().to_dict() == {5: 2 * loops}
    assert g.is_directed_acyclic_graph() == (directed and not loops) and g.is_tree() == g.is_forest() == (not loops)
    if loops:
        assert g.find_cycle() == g.find_cycle(5) == [(5, 5, 0)]


@pytest.mark.parametrize("directed", [True, False])
def test_two_nodes_with_parallel_edges(place, directed):
    g = gli.Graph(directed=directed, multi=True).add_nodes([3, 5, 7]).remove_node(3)
    g = at(place, g.add_edge(7, 5, 0, weight=2).add_edge(7, 5, 1, weight=1))
    assert g.sssp(7, weight="weight").to_dict() == {5: 1.0, 7: 0.0} and g.shortest_path(7, 5, weight="weight") == [7, 5]
    assert g.bfs(7).to_dict() == g.bfs(7, reverse=not directed).to_dict() == {5: 1, 7: 0}
    assert g.bfs(5).to_dict() == ({5: 0, 7: None} if directed else {5: 0, 7: 1})
    assert g.connected_components().groups() == [{5, 7}]
    parted = [{5}, {7}] if directed else [{5, 7}]  # one edge, from one node to another, is worth nothing in directed modularity
    assert g.louvain_communities().groups() == g.leiden_communities().groups() == parted
    assert g.strongly_connected_components().count() == (2 if directed else 1)
    assert g.core_number().to_dict() == {5: 2, 7: 2} and g.triangles().to_dict() == {5: 0, 7: 0}
    assert g.jaccard_coefficient([(5, 7), (5, 5)])["value"] == [0.0, 1.0]
    assert g.is_forest() is False and g.is_directed_acyclic_graph() == directed
    if directed:
        assert g.topological_sort() == [7, 5]
    else:
        assert sorted(key for _, _, key in g.find_cycle()) == [0, 1] and {n for u, v, _ in g.find_cycle() for n in (u, v)} == {5, 7}
        if place is gli:
            assert [(k, g.get_edge(u, v, k)["weight"]) for u, v, k in g.minimum_spanning_tree().edges] == [(0, 2)]
            assert g.minimum_spanning_edges(weight="weight").to_arrow()["weight"].to_pylist() == [1]
