"""Searches from both ends say what searches of the whole graph say: the same path, among several too, and the same length, bit by bit."""

import random

import gli
import pytest
from gli._algorithm_paths import Paths

ANSWERS = 40


def random_graph(numbers: random.Random, directed: bool, text: bool, weights: list[float]):
    n = numbers.choice([2, 3, 5, 12, 60])
    name = (lambda k: f"n{k * 7919 % 1000}") if text else (lambda k: k * 7919 % 1000)
    ends = [(name(numbers.randrange(n)), name(numbers.randrange(n))) for _ in range(numbers.randrange(1, 3 * n))]
    edges = {(u, v) if directed or u < v else (v, u): (u, v, {"w": numbers.choice(weights)}) for u, v in ends}
    g = gli.Graph.from_edge_list(edges.values(), directed=directed)
    nodes = list(g.nodes)
    return g.remove_node(nodes[0]) if len(nodes) > 4 and numbers.random() < 0.2 else g


def by_whole_searches(g, source, target, weight):
    return Paths._path_between(g, source, target, weight), Paths._distance_between(g, source, target, weight)


@pytest.mark.parametrize("weights", [None, [1.0], [0.0, 1.0], [0.1, 0.2, 0.3, 0.7], [1, 2, 3], [1e-9, 1e9, 0.1], [float("inf"), 1.0]])
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("directed", [True, False])
def test_a_path_is_that_of_the_whole_search(directed, text, weights):
    numbers = random.Random(f"{directed} {text} {weights}")
    for _ in range(ANSWERS):
        g = random_graph(numbers, directed, text, weights or [1.0])
        weight = weights and "w"
        nodes = list(g.nodes)
        for _ in range(10):
            source, target = numbers.choice(nodes), numbers.choice(nodes)
            path, length = by_whole_searches(g, source, target, weight)
            assert g._path_between(source, target, weight) == path
            found = g._distance_between(source, target, weight)
            assert (found, type(found)) == (length, type(length))
            assert g.has_path(source, target) == (by_whole_searches(g, source, target, None)[1] is not None)


def test_paths_through_large_graphs_are_those_of_the_whole_search():
    g = gli.generate_kronecker(11, directed=False)
    numbers = random.Random(1)
    nodes = sorted(g.nodes)
    for source, target in ([numbers.choice(nodes), numbers.choice(nodes)] for _ in range(100)):
        found = g._path_between(source, target, None), g._distance_between(source, target, None)
        assert found == by_whole_searches(g, source, target, None)


def test_a_path_along_a_line_and_round_a_circle():
    n = 3000
    line = gli.Graph.from_edge_list([(k, k + 1, {"w": 0.1}) for k in range(n)])
    assert line.shortest_path(0, n) == line.shortest_path(0, n, weight="w") == list(range(n + 1))
    assert line.shortest_path_length(0, n, weight="w") == line.sssp(0, weight="w")[n]
    circle = line.add_edge(n, 0, w=0.1)
    assert circle.shortest_path(n, 1) == [n, 0, 1] and circle.shortest_path_length(1, 0) == n


def test_nodes_that_are_not_there_and_paths_that_are_not():
    g = gli.Graph.from_edge_list([(1, 2, {"w": 1.5}), (3, 4, {"w": 2})])
    for ask in (g.shortest_path, g.shortest_path_length):
        for weight in (None, "w"):
            with pytest.raises(ValueError, match="no path from 1 to 4"):
                ask(1, 4, weight=weight)
            with pytest.raises(KeyError, match="Node 9 not found"):
                ask(9, 1, weight=weight)
            with pytest.raises(KeyError, match="Node 9 not found"):
                ask(1, 9, weight=weight)
            with pytest.raises(TypeError, match="keys are int64"):
                ask(1, "a", weight=weight)
            assert ask(1, 1, weight=weight) in ([1], 0)
    with pytest.raises(KeyError):
        g.shortest_path(1, 2, weight="km")
    with pytest.raises(TypeError):
        g.shortest_path(1, 2, weight=3)
    with pytest.raises(ValueError, match="negative"):
        g.add_edge(1, 3, w=-1).shortest_path(1, 2, weight="w")
