"""Louvain and Leiden beside NetworkX's Louvain, and what modularity says of any division."""

import networkx as nx
import pytest

import gli

NAMED = {
    "karate club": nx.karate_club_graph,
    "les miserables": nx.les_miserables_graph,
    "florentine families": nx.florentine_families_graph,
    "southern women": lambda: nx.convert_node_labels_to_integers(nx.davis_southern_women_graph()),
}
MADE = {
    "8 groups of 25": lambda seed: nx.planted_partition_graph(8, 25, 0.4, 0.03, seed=seed),
    "20 groups of 20, blurred": lambda seed: nx.planted_partition_graph(20, 20, 0.3, 0.02, seed=seed),
    "6 groups of 20, directed": lambda seed: nx.planted_partition_graph(6, 20, 0.3, 0.03, seed=seed, directed=True),
    "rewired cliques": lambda seed: nx.relaxed_caveman_graph(20, 10, 0.2, seed=seed),
    "power law with clusters": lambda seed: nx.powerlaw_cluster_graph(600, 3, 0.3, seed=seed),
}
CASES = {name: (make, None) for name, make in NAMED.items()}
CASES |= {f"{name}, weighted": (NAMED[name], "weight") for name in ("karate club", "les miserables")}
CASES |= {f"{name}, seed {seed}": (lambda make=make, seed=seed: make(seed), None) for name, make in MADE.items() for seed in range(3)}


def plain(there):
    """Without attributes of the graph that GLI cannot hold."""
    there.graph.clear()
    return there


def best_of_five(there, weight) -> float:
    found = (nx.community.louvain_communities(there, weight=weight, seed=seed) for seed in range(5))
    return max(nx.community.modularity(there, c, weight=weight) for c in found)


@pytest.mark.parametrize("method", ["louvain_communities", "leiden_communities"])
@pytest.mark.parametrize("case", CASES)
def test_divisions_are_nearly_as_good_as_the_best_of_five_of_networkx(case, method):
    make, weight = CASES[case]
    there = plain(make())
    here = gli.Graph.from_networkx(there)
    found = getattr(here, method)(weight=weight)
    reached = nx.community.modularity(there, found.groups(), weight=weight)
    assert reached >= 0.97 * best_of_five(there, weight)
    assert found.summary["modularity"] == pytest.approx(reached, abs=1e-12)
    assert here.modularity(found, weight=weight) == pytest.approx(reached, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_leiden_communities_hold_together(case):
    there = plain(CASES[case][0]())
    for seed in range(5):
        groups = gli.Graph.from_networkx(there).leiden_communities(seed=seed).groups()
        assert sum(map(len, groups)) == len(there)
        assert all(nx.is_connected(nx.Graph(there.subgraph(c))) for c in groups)


def test_resolution_makes_communities_small_and_seeds_make_other_divisions():
    here = gli.Graph.from_networkx(plain(nx.powerlaw_cluster_graph(300, 3, 0.3, seed=1)))
    counts = [here.louvain_communities(resolution=r).count() for r in (0.2, 1, 5)]
    assert counts == sorted(counts) and counts[0] < counts[2]
    assert len({tuple(here.louvain_communities(seed=s).values()) for s in range(5)}) > 1
    assert here.louvain_communities(seed=3) == here.louvain_communities(seed=3)
    assert here.louvain_communities(max_level=1).summary["levels"] == 1


def test_what_is_no_division_is_refused():
    g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
    for ask, error, message in (
        (lambda: g.modularity([{1, 2}]), ValueError, "communities have 2 of 3 nodes"),
        (lambda: g.modularity([{1, 2}, {2, 3}]), ValueError, "communities share a node"),
        (lambda: g.modularity([{1, 2}, {9}]), KeyError, "Node 9 not found"),
        (lambda: g.modularity({"a": 1}), TypeError, "keys are int64"),
        (lambda: g.modularity(5), TypeError, "communities come as a collection"),
        (lambda: gli.Graph().add_node(1).modularity([{1}]), ValueError, "modularity is of graphs that have edges"),
        (lambda: g.louvain_communities(resolution=0), ValueError, "resolution must be positive, not 0.0"),
        (lambda: g.louvain_communities(max_level=0), ValueError, "max_level must be at least 1, not 0"),
        (lambda: g.louvain_communities(threshold=-1), ValueError, "threshold must not be negative"),
        (lambda: g.leiden_communities(weight="km"), KeyError, "no edge has an attribute 'km'"),
    ):
        with pytest.raises(error, match=message):
            ask()
