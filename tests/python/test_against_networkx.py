"""Every algorithm beside NetworkX's, on thousands of small random graphs of every kind."""

import math
import os
import random

import networkx as nx
import pytest

import gli

GRAPHS = int(os.environ.get("GLI_RANDOM_GRAPHS", "150"))
KINDS = [(directed, multi, text) for directed in (False, True) for multi in (False, True) for text in (False, True)]


def random_graph(seed: int, directed: bool, multi: bool, text: bool):
    """(NetworkX's, GLI's): 0 to 24 nodes, some alone, loops among the edges, and in a multi graph parallel ones."""
    rng = random.Random(seed)
    n = rng.choice([0, 1, 2, 3, 5, 9, 16, 24])
    name = (lambda i: f"n{i * 7 % 31}") if text else (lambda i: i * 7 % 31 - 9)
    there = (nx.MultiDiGraph if multi else nx.DiGraph)() if directed else (nx.MultiGraph if multi else nx.Graph)()
    there.add_nodes_from(name(i) for i in range(n))
    for _ in range(rng.choice([0, 1, n, 2 * n, 4 * n]) if n else 0):
        there.add_edge(name(rng.randrange(n)), name(rng.randrange(n)), weight=rng.choice([0, 0.5, 1, 2.25, 7]))
    return there, gli.Graph.from_networkx(there)


def named(kind) -> str:
    directed, multi, text = kind
    return f"{'directed' if directed else 'undirected'}{', multi' if multi else ''}, {'text' if text else 'int'} keys"


@pytest.fixture(params=KINDS, ids=named)
def graphs(request):
    return [random_graph(seed, *request.param) for seed in range(GRAPHS // len(KINDS) + 1)]


def groups(labels) -> set:
    found: dict = {}
    for node, label in labels.items():
        found.setdefault(label, set()).add(node)
    return {frozenset(g) for g in found.values()}


def without_loops(there):
    there = there.copy()
    there.remove_edges_from(list(nx.selfloop_edges(there, keys=True)) if there.is_multigraph() else list(nx.selfloop_edges(there)))
    return there


def simple(there):
    """Without parallel edges, whose weights were added."""
    made = nx.DiGraph() if there.is_directed() else nx.Graph()
    made.add_nodes_from(there)
    for u, v, w in there.edges(data="weight"):
        made.add_edge(u, v, weight=w + (made[u][v]["weight"] if made.has_edge(u, v) else 0))
    return made


def test_components(graphs):
    for there, here in graphs:
        weak = nx.weakly_connected_components(there) if there.is_directed() else nx.connected_components(there)
        assert groups(here.connected_components()) == {frozenset(c) for c in weak}
        strong = nx.strongly_connected_components(there) if there.is_directed() else nx.connected_components(there)
        found = here.strongly_connected_components()
        assert groups(found) == {frozenset(c) for c in strong} and found.summary["count"] == len(groups(found))
        assert all(label == min(k for k in found if found[k] == label) for label in found.values())


def test_core_numbers_and_cores(graphs):
    for there, here in graphs:
        if there.is_multigraph():
            continue  # NetworkX has none; tests/partitions/groups_test.cpp has an oracle
        expected = nx.core_number(without_loops(there))
        assert here.core_number().to_dict() == expected
        for k in (0, 1, 2, 3):
            assert set(here.k_core(k).nodes) == set(nx.k_core(without_loops(there), k))


def test_independent_sets_are_independent_and_maximal(graphs):
    for there, here in graphs:
        chosen = {k for k, x in here.maximal_independent_set().items() if x}
        loops = set(nx.nodes_with_selfloops(there))
        beside = {k: set(nx.all_neighbors(there, k)) - {k} for k in there}
        assert all(not beside[k] & chosen and k not in loops for k in chosen)
        assert all(k in chosen or k in loops or beside[k] & chosen for k in there)


def test_colours_differ_along_edges(graphs):
    for there, here in graphs:
        colour = here.greedy_color().to_dict()
        assert all(colour[u] != colour[v] for u, v in there.edges() if u != v)
        assert all(c <= there.degree(k) for k, c in colour.items())


def test_trusses(graphs):
    for there, here in graphs:
        plain = without_loops(nx.Graph(there))
        for k in (0, 2, 3, 4, 5):
            expected, found = nx.k_truss(plain, k), here.k_truss(k)
            assert set(found.nodes) == set(expected)
            assert {frozenset(e[:2]) for e in found.edges} == {frozenset(e) for e in expected.edges}
            assert found.edge_count == sum(1 for u, v in there.edges() if expected.has_edge(u, v))


def test_spanning_forests(graphs):
    for there, here in graphs:
        if there.is_directed():
            with pytest.raises(ValueError, match="a spanning tree is of an undirected graph"):
                here.minimum_spanning_tree()
            continue
        for weight in (None, "weight") if there.number_of_edges() else (None,):
            found = here.minimum_spanning_tree(weight=weight)
            assert list(found.nodes) == list(here.nodes) and found.edge_count == len(there) - nx.number_connected_components(there)
            assert groups(found.connected_components()) == groups(here.connected_components())
            if weight:
                expected = nx.minimum_spanning_tree(there, weight="weight")
                assert found.to_networkx().size(weight="weight") == expected.size(weight="weight")
                assert list(here.minimum_spanning_edges(weight="weight")) == list(found.edges)


def test_cycles_and_trees(graphs):
    for there, here in graphs:
        if len(there) == 0:
            continue
        assert here.is_tree() == nx.is_tree(there) and here.is_forest() == nx.is_forest(there)
        for source in (None, next(iter(there))):
            try:
                nx.find_cycle(there, source)
            except nx.NetworkXNoCycle:
                with pytest.raises(ValueError, match="the graph has no cycle"):
                    here.find_cycle(source)
                continue
            cycle = here.find_cycle(source)
            assert all(there.has_edge(u, v) for u, v, *_ in cycle)
            assert [e[1] for e in cycle] == [e[0] for e in cycle[1:] + cycle[:1]] and len({e[0] for e in cycle}) == len(cycle)
            ends = (lambda e: tuple(e[:2])) if there.is_directed() else (lambda e: frozenset(e[:2]))
            assert len({(ends(e), *e[2:]) for e in cycle}) == len(cycle)
            if here.multi:
                assert all(key in here.get_edge(u, v) for u, v, key in cycle)
            if source is not None:
                assert all(nx.has_path(there, source, e[0]) for e in cycle)


def lightest(there, u, v) -> float:
    return min(x["weight"] for x in there[u][v].values()) if there.is_multigraph() else there[u][v]["weight"]


def test_paths(graphs):
    for there, here in graphs:
        for source in list(there)[:3]:
            steps, far = here.bfs(source).to_dict(), here.sssp(source, weight="weight").to_dict() if there.number_of_edges() else None
            assert {k: d for k, d in steps.items() if d is not None} == dict(nx.single_source_shortest_path_length(there, source))
            if far is not None:
                expected = nx.single_source_dijkstra_path_length(there, source)
                assert {k: d for k, d in far.items() if d < math.inf} == expected
            for target in list(there)[-3:]:
                assert here.has_path(source, target) == nx.has_path(there, source, target)
                if not nx.has_path(there, source, target):
                    with pytest.raises(ValueError, match="no path"):
                        here.shortest_path(source, target)
                    continue
                path = here.shortest_path(source, target)
                assert nx.is_path(there, path) and len(path) - 1 == nx.shortest_path_length(there, source, target)
                assert here.shortest_path_length(source, target) == len(path) - 1
                if far is not None:
                    path = here.shortest_path(source, target, weight="weight")
                    length = sum(lightest(there, u, v) for u, v in nx.utils.pairwise(path))
                    assert (path[0], path[-1]) == (source, target) and length == far[target] and len(set(path)) == len(path)


def test_searches_from_several_nodes(graphs):
    for there, here in graphs:
        if len(there) < 3:
            continue
        sources = list(there)[:3]
        each = [dict(nx.single_source_shortest_path_length(there, s)) for s in sources]
        expected = {k: min((d[k] for d in each if k in d), default=None) for k in there}
        assert here.bfs(sources).to_dict() == expected
        before = here.bfs_predecessors(sources).to_dict()
        assert {k for k, p in before.items() if p is None} == {k for k, d in expected.items() if not d}
        assert all(expected[p] == expected[k] - 1 and there.has_edge(p, k) for k, p in before.items() if p is not None)


def test_topological_orders(graphs):
    for there, here in graphs:
        if not there.is_directed():
            with pytest.raises(ValueError, match="directed"):
                here.topological_sort()
            assert not here.is_directed_acyclic_graph()
            continue
        assert here.is_directed_acyclic_graph() == nx.is_directed_acyclic_graph(there)
        if not nx.is_directed_acyclic_graph(there):
            with pytest.raises(ValueError, match="cycle"):
                here.topological_sort()
            continue
        for generation, nodes in enumerate(nx.topological_generations(there)):
            assert all(here.topological_generations()[k] == generation for k in nodes)
        place = {k: i for i, k in enumerate(here.topological_sort())}
        assert len(place) == len(there) and all(place[u] < place[v] for u, v in there.edges())


def approx(values):
    return pytest.approx(values, abs=1e-9, rel=1e-7)


def test_pagerank_with_weights_and_jumps(graphs):
    for seed, (there, here) in enumerate(graphs):
        if len(there) == 0 or there.number_of_edges() == 0:
            continue
        rng = random.Random(seed)
        jumps = {k: rng.choice([0, 1, 2.5]) for k in there} | {next(iter(there)): 1}
        tight = {"tol": 1e-13, "max_iter": 2000}
        for weight in (None, "weight"):
            plain = there if weight or not there.is_multigraph() else simple_counts(there)
            named = weight or ("count" if there.is_multigraph() else None)
            assert here.pagerank(weight=weight, **tight).to_dict() == approx(nx.pagerank(plain, weight=named, **tight))
            expected = nx.pagerank(plain, weight=named, personalization=jumps, **tight)
            assert here.pagerank(weight=weight, personalization=jumps, **tight).to_dict() == approx(expected)
            assert here.with_values("jump", jumps).pagerank(weight=weight, personalization="jump", **tight).to_dict() == approx(expected)


def simple_counts(there):
    """How many parallel edges there are, as an attribute `count`."""
    made = nx.DiGraph() if there.is_directed() else nx.Graph()
    made.add_nodes_from(there)
    for u, v in there.edges():
        made.add_edge(u, v, count=1 + (made[u][v]["count"] if made.has_edge(u, v) else 0))
    return made


def test_eigenvector_katz_and_hits(graphs):
    for there, here in graphs:
        if len(there) < 2 or there.number_of_edges() == 0:
            continue
        for weight in (None, "weight"):
            if weight and not any(w for _, _, w in there.edges(data="weight")):
                continue
            plain, named = (simple(there), "weight") if weight else (simple_counts(there), "count")  # NetworkX refuses parallel edges
            alpha = 0.9 / max(1, max(abs(x) for x in nx.adjacency_spectrum(plain, weight=named)))
            assert here.katz_centrality(alpha, tol=1e-13, max_iter=5000, weight=weight).to_dict() == approx(
                nx.katz_centrality(plain, alpha, tol=1e-13, max_iter=5000, weight=named))
            try:
                expected = nx.eigenvector_centrality(plain, max_iter=3000, tol=1e-10, weight=named)
            except nx.PowerIterationFailedConvergence:
                with pytest.raises(gli.ConvergenceError, match="did not converge"):
                    here.eigenvector_centrality(max_iter=3000, tol=1e-10, weight=weight)
                continue
            assert here.eigenvector_centrality(max_iter=3000, tol=1e-10, weight=weight).to_dict() == pytest.approx(expected, abs=1e-6)


def test_hits_are_fixed_points(graphs):
    for there, here in graphs:
        if len(there) < 2 or there.number_of_edges() == 0:
            continue
        hubs, authorities = (x.to_dict() for x in here.hits(max_iter=100_000, tol=1e-12))
        arriving = {k: sum(hubs[u] * there.number_of_edges(u, k) for u in there if there.has_edge(u, k)) for k in there}
        total = sum(arriving.values())
        assert authorities == pytest.approx({k: x / total for k, x in arriving.items()}, abs=1e-6)
        assert sum(hubs.values()) == pytest.approx(1) and min(hubs.values()) >= 0


def test_betweenness(graphs):
    for there, here in graphs:
        for normalized in (True, False):
            found = here.betweenness_centrality(normalized=normalized).to_dict()
            assert found == approx(nx.betweenness_centrality(there, normalized=normalized))
        if len(there) > 2:
            assert here.betweenness_centrality(k=len(there)).to_dict() == approx(nx.betweenness_centrality(there))
            some = here.betweenness_centrality(k=2, seed=1)
            assert some.to_dict() == here.betweenness_centrality(k=2, seed=1).to_dict() and min(some.values()) >= 0


def ldbc_clustering(there) -> dict:
    """From the specification: arcs between neighbors of all that there could be."""
    found = {}
    for v in there:
        beside = set(nx.all_neighbors(there, v)) - {v}
        arcs = sum(there.has_edge(u, w) for u in beside for w in beside if u != w)
        found[v] = arcs / (len(beside) * (len(beside) - 1)) if len(beside) > 1 else 0.0
    return found


def test_triangles_and_clustering(graphs):
    for there, here in graphs:
        plain = nx.Graph(there)
        assert here.triangles().to_dict() == nx.triangles(plain)
        assert here.triangles().summary["triangles"] == sum(nx.triangles(plain).values()) // 3
        expected = nx.clustering(nx.DiGraph(there) if there.is_directed() else plain)
        assert here.clustering().to_dict() == approx(expected)
        assert here.clustering(mode="ldbc").to_dict() == approx(ldbc_clustering(there))
        assert here.average_clustering() == approx(sum(expected.values()) / max(1, len(expected)))
    with pytest.raises(ValueError, match="mode must be 'networkx' or 'ldbc', not 'graph'"):
        here.clustering(mode="graph")


def test_closeness_and_harmonic(graphs):
    for there, here in graphs:
        if len(there) == 0:
            assert here.closeness_centrality().to_dict() == here.harmonic_centrality().to_dict() == {}
            continue
        for improved in (True, False):
            assert here.closeness_centrality(improved).to_dict() == approx(nx.closeness_centrality(there, wf_improved=improved))
        assert here.harmonic_centrality().to_dict() == approx(nx.harmonic_centrality(there))


def test_modularity_of_any_division_and_of_the_communities_found(graphs):
    for seed, (there, here) in enumerate(graphs):
        if there.number_of_edges() == 0:
            with pytest.raises(ValueError, match="modularity is of graphs that have edges"):
                here.modularity([{k} for k in there])
            continue
        rng = random.Random(seed)
        label = {k: rng.randrange(4) for k in there}
        for weight in (None, "weight"):
            if weight and not any(w for _, _, w in there.edges(data="weight")):
                continue
            for resolution in (1, 0.3):
                expected = nx.community.modularity(there, groups(label), weight=weight, resolution=resolution)
                assert here.modularity(label, weight=weight, resolution=resolution) == approx(expected)
                assert here.modularity(groups(label), weight=weight, resolution=resolution) == approx(expected)
            alone = nx.community.modularity(there, [{k} for k in there], weight=weight)
            for found in (here.louvain_communities(weight=weight), here.leiden_communities(weight=weight)):
                reached = nx.community.modularity(there, groups(found), weight=weight)
                assert found.summary["modularity"] == approx(reached) and reached >= alone - 1e-12
                assert found.count() == len(groups(found)) and found.groups() == sorted(found.groups(), key=len, reverse=True)
                assert all(label == min(k for k in found if found[k] == label) for label in found.values())


def plain_pair(there, u, v) -> tuple[float, float]:
    """Jaccard's coefficient and Adamic's and Adar's index from their definitions."""
    beside = {k: set(nx.all_neighbors(there, k)) for k in (u, v)}
    common, either = beside[u] & beside[v] - {u, v}, beside[u] | beside[v]
    logs = [math.log(there.degree(k)) for k in common]
    return len(common) / len(either) if either else 0.0, math.inf if 0 in logs else sum(1 / x for x in logs)


def test_pairs(graphs):
    for seed, (there, here) in enumerate(graphs):
        rng, nodes = random.Random(seed), list(there)
        pairs = [(rng.choice(nodes), rng.choice(nodes)) for _ in range(10)] if nodes else []
        expected = [plain_pair(there, u, v) for u, v in pairs]
        assert here.jaccard_coefficient(pairs)["value"] == approx([a for a, _ in expected])
        assert here.adamic_adar_index(pairs)["value"] == approx([b for _, b in expected])
        if there.is_directed() or there.is_multigraph():
            continue  # NetworkX has none
        for ours, theirs in ((here.jaccard_coefficient, nx.jaccard_coefficient), (here.adamic_adar_index, nx.adamic_adar_index)):
            known = {frozenset((u, v)): x for u, v, x in theirs(there)}
            assert {frozenset((r["source"], r["target"])): r["value"] for r in ours().to_pylist()} == approx(known)


def test_what_cannot_be_computed_says_why():
    g = gli.Graph.from_edge_list([(1, 2), (2, 3)]).add_node(4).update_edge(1, 2, km=3, name="x")
    for ask, error, message in (
        (lambda: g.sssp(9), KeyError, "Node 9 not found"),
        (lambda: g.sssp("1"), TypeError, "keys are int64"),
        (lambda: g.sssp(1, weight="cost"), KeyError, "no edge has an attribute 'cost'"),
        (lambda: g.sssp(1, weight="name"), TypeError, "'name' is utf8, not numbers"),
        (lambda: g.sssp(1, weight="km"), ValueError, "edge 2 → 3 has no 'km'"),
        (lambda: g.sssp(1, weight=3), TypeError, "weight is the name of an edge attribute"),
        (lambda: g.pagerank(weight="km"), ValueError, "edge 2 → 3 has no 'km'"),
        (lambda: g.pagerank(personalization={9: 1}), KeyError, "Node 9 not found"),
        (lambda: g.pagerank(personalization={1: -1}), ValueError, "-1.0 of node 1 must be finite and not negative"),
        (lambda: g.pagerank(personalization={1: "x"}), TypeError, "number"),
        (lambda: g.pagerank(personalization={1: 0}), ValueError, "personalization must give some node more than 0"),
        (lambda: g.pagerank(personalization="age"), KeyError, "no node has an attribute 'age'"),
        (lambda: g.pagerank(personalization=[1, 2]), TypeError, "personalization is a mapping"),
        (lambda: g.bfs([]), ValueError, "empty list"),
        (lambda: g.bfs([1, 9]), KeyError, "Node 9 not found"),
        (lambda: g.shortest_path(1, 9), KeyError, "Node 9 not found"),
        (lambda: g.shortest_path(1, 4), ValueError, "no path from 1 to 4"),
        (lambda: g.katz_centrality(alpha=-1.0), ValueError, "alpha must be positive"),
        (lambda: g.eigenvector_centrality(max_iter=1), gli.ConvergenceError, "did not converge to tol = 1e-06 in 1 rounds"),
        (lambda: gli.Graph.from_edge_list([(1, 2), (2, 1)]).katz_centrality(alpha=2.0), gli.ConvergenceError, "alpha must be below"),
        (lambda: g.jaccard_coefficient([(1, 9)]), KeyError, "Node 9 not found"),
        (lambda: g.jaccard_coefficient([1]), TypeError, "a pair is .node, node., not 1"),
        (lambda: g.adamic_adar_index("ab"), TypeError, "pairs come as a collection"),
        (lambda: gli.generate_kronecker(12).jaccard_coefficient(), ValueError, "name those to look at"),
        (lambda: g.k_core(-1), ValueError, "k must be at least 0"),
        (lambda: g.label_propagation(-1), ValueError, "iterations must be at least 0"),
    ):
        with pytest.raises(error, match=message.replace("'", ".")):
            ask()
