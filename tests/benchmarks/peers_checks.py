"""How peers_bench.py compares two answers: functions of the graph, ours and theirs, which throw AssertionError."""

import numpy as np
from peers_graphs import Graphs, groups, numbers


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


def _weighs(graph: Graphs, ours, theirs) -> None:
    assert np.isclose(sum(ours.edges.to_arrow()["weight"].to_pylist()), theirs)


def a_cycle(graph: Graphs, ours, theirs) -> None:
    edges = set(map(tuple, graph.ends.tolist()))
    for cycle in (ours, [tuple(e) for e in theirs]):
        assert set(cycle) <= edges and all(a[1] == b[0] for a, b in zip(cycle, cycle[1:] + cycle[:1]))


def other_answers(graph: Graphs, ours, theirs) -> None:
    """Of a method with choices of its own; its work is compared."""


def same_triangles(graph: Graphs, ours, theirs) -> None:
    counts = np.bincount(np.asarray(theirs).ravel(), minlength=graph.n)
    np.testing.assert_array_equal(numbers(ours), counts)


def as_light(graph: Graphs, ours, theirs) -> None:
    if hasattr(theirs, "es"):
        return _weighs(graph, ours, sum(theirs.es["weight"]))
    _weighs(graph, ours, nk_weight(theirs) if hasattr(theirs, "iterEdgesWeights") else sum(w for _, _, w in theirs))


def nk_weight(forest) -> float:
    return sum(w for _, _, w in forest.iterEdgesWeights())
