"""Aggregates of neighbors without Python in the loop: the same embedded and on 1, 2 and 4 workers."""

import math
import random

import gli
import pyarrow as pa
import pytest


def tables(seed: int, nodes: int = 70, edges: int = 200):
    rng = random.Random(seed)
    name = lambda i: i * 7919 % 1000  # noqa: E731
    rows = pa.table(
        {
            "id": [name(i) for i in range(nodes)],
            "x": [rng.uniform(-5, 5) for _ in range(nodes)],
            "n": [rng.randrange(9) for _ in range(nodes)],
        }
    )
    ends = [(name(rng.randrange(nodes)), name(min(rng.randrange(nodes), rng.randrange(nodes)))) for _ in range(edges)]
    return rows, pa.table({"source": [a for a, _ in ends], "target": [b for _, b in ends], "w": [rng.uniform(0, 3) for _ in ends]})


@pytest.fixture(params=[True, False], ids=["directed", "undirected"])
def graphs(request, place):
    nodes, edges = tables(3)
    return tuple(p.from_arrow(edges, nodes, directed=request.param) for p in (place, gli))


def same(a, b) -> bool:
    return a.to_arrow().equals(b.to_arrow()) and a.summary == b.summary and a.provenance == b.provenance


def givers(g, over: str):
    """(from, to, weight) of all values that go."""
    for s, t, w in g.edges.to_arrow().select(["source", "target", "w"]).to_pandas().itertuples(index=False):
        if over != "in" or not g.directed:
            yield s, t, w
        if over != "out" and g.directed or not g.directed and s != t:
            yield t, s, w


@pytest.mark.parametrize("over", ["out", "in", "all"])
@pytest.mark.parametrize("reduce", ["sum", "min", "max"])
@pytest.mark.parametrize("weight", [None, "w"])
def test_one_round_is_what_a_loop_computes(graphs, over, reduce, weight):
    there, here = graphs
    found = there.aggregate("x", reduce=reduce, over=over, weight=weight)
    assert same(found, here.aggregate("x", reduce=reduce, over=over, weight=weight))
    x, terms = here.nodes.to_arrow().to_pandas().set_index("id")["x"].to_dict(), {k: [] for k in here.nodes}
    for s, t, w in givers(here, over):
        terms[t].append(x[s] if weight is None else x[s] * w if reduce == "sum" else x[s] + w)
    combine, nothing = {"sum": (math.fsum, 0.0), "min": (min, math.inf), "max": (max, -math.inf)}[reduce]
    expected = {k: combine(ts) if ts else nothing for k, ts in terms.items()}
    assert found.to_dict() == {k: pytest.approx(y, rel=1e-12, abs=1e-12) for k, y in expected.items()}
    if reduce != "sum":
        assert found.to_dict() == expected


def test_components_and_shortest_paths_are_those_of_the_algorithms(graphs):
    there, here = graphs
    smallest = gli.minimum(gli.state(), gli.gathered())
    labels = there.aggregate(gli.key(), smallest, reduce="min", over="all", until=0)
    assert labels.to_dict() == {k: float(x) for k, x in here.connected_components().items()}
    source = next(iter(here.nodes))
    start = there.aggregate(zero_at(source), smallest, reduce="min", weight="w", until=0)
    assert start.to_arrow().equals(there.sssp(source, weight="w").to_arrow())


def zero_at(source):
    """0 at a node of int keys, infinity elsewhere."""
    far = (gli.key() - source) * (gli.key() - source)
    return gli.maximum(far, 0.5) / gli.maximum(0.5 - far, 0.0) - 1.0


def test_pagerank_without_sinks_is_pagerank(place):
    n = 40
    edges = pa.table({"source": [i for i in range(n) for _ in range(2)], "target": [(i * 3 + k) % n for i in range(n) for k in (1, 2)]})
    g = place.from_arrow(edges)
    found = g.aggregate(1 / n, 0.15 / n + 0.85 * gli.gathered(), give=gli.state() / gli.out_degree(), rounds=20)
    assert found.to_dict() == {k: pytest.approx(x, rel=1e-12) for k, x in g.pagerank(iterations=20).items()}
    assert found.summary["rounds"] == 20 and found.summary["change"] >= 0
    settled = g.aggregate(1 / n, 0.15 / n + 0.85 * gli.gathered(), give=gli.state() / gli.out_degree(), until=1e-9)
    assert settled.summary["change"] <= 1e-9 and settled.to_dict() == {
        k: pytest.approx(x, abs=1e-7) for k, x in g.pagerank(iterations=200).items()
    }


def test_attributes_and_degrees_may_be_part_of_it(graphs):
    there, here = graphs
    found = there.aggregate(
        gli.node("n") * 2, gli.gathered() + gli.node("x") / gli.maximum(1, gli.degree()), give=gli.state() - gli.node("n"), rounds=3
    )
    assert same(
        found,
        here.aggregate(
            gli.node("n") * 2, gli.gathered() + gli.node("x") / gli.maximum(1, gli.degree()), give=gli.state() - gli.node("n"), rounds=3
        ),
    )
    assert found.provenance.arguments["give"] == "(state() - node('n'))" and found.provenance.algorithm == "aggregate"
    assert there.aggregate("n", rounds=0).to_dict() == {k: float(a["n"]) for k, a in here.nodes.items()}


def test_graphs_of_no_node_one_and_two(place):
    empty = place.from_arrow(pa.table({"source": pa.array([], pa.int64()), "target": pa.array([], pa.int64())}))
    assert len(empty.aggregate(1)) == 0
    assert place.from_arrow(None, pa.table({"id": [7]})).aggregate(1).to_dict() == {7: 0.0}
    assert place.from_arrow(pa.table({"source": [3], "target": [1]})).aggregate(gli.key()).to_dict() == {3: 0.0, 1: 3.0}


def test_what_cannot_be_computed_says_so(place):
    g = place.from_arrow(
        pa.table({"source": [1, 2], "target": [2, 3]}), pa.table({"id": [1, 2, 3], "x": [1.0, None, 2.0], "name": ["a", "b", "c"]})
    )
    for call, error, message in (
        (lambda: g.aggregate("x"), ValueError, r"node\('x'\) is null for node 2"),
        (lambda: g.aggregate("y"), KeyError, "no node has attribute 'y'"),
        (lambda: g.aggregate("name"), TypeError, "an aggregate is of numbers, not of column 'name'"),
        (lambda: g.aggregate(gli.gathered()), ValueError, r"gathered\(\) has no value here"),
        (lambda: g.aggregate(1, give=gli.gathered()), ValueError, r"gathered\(\) has no value here"),
        (lambda: g.filter(nodes=gli.state() > 1), ValueError, r"state\(\) has no value here"),
        (lambda: g.aggregate(1, gli.state() > 1), TypeError, "an aggregate is of numbers"),
        (lambda: g.aggregate(1, gli.gathered() + gli.edge("w")), ValueError, "edge"),
        (lambda: g.aggregate(gli.node("name") + 1), TypeError, "cannot add column 'name'"),
        (lambda: g.aggregate(gli.minimum(gli.node("name"), 1)), TypeError, "cannot compare column 'name'"),
        (lambda: g.aggregate(gli.key(), give=gli.state() / 0.0), ValueError, "node 1 gives"),
        (lambda: g.aggregate(1, reduce="mean"), ValueError, "reduce is 'sum', 'min' or 'max', not 'mean'"),
        (lambda: g.aggregate(1, over="both"), ValueError, "over is 'out', 'in' or 'all', not 'both'"),
        (lambda: g.aggregate(1, until=-1), ValueError, "until"),
        (lambda: g.aggregate(1, weight="w"), KeyError, "no edge has an attribute 'w'"),
        (
            lambda: g.aggregate(1, gli.state() + 1, rounds=3, until=0.5),
            gli.ConvergenceError,
            "did not settle to until = 0.5 in 3 rounds: the last changed a value by 1",
        ),
    ):
        with pytest.raises(error, match=message):
            call()
    assert len(g.nodes) == 3


def test_smaller_and_larger_are_for_filters_too(place):
    g = place.from_arrow(None, pa.table({"id": [1, 2, 3], "a": [1, 5, 3], "b": [2.5, 1.0, None]}))
    assert list(g.filter(nodes=gli.minimum(gli.node("a"), gli.node("b")) > 0.9).nodes) == [1, 2]
    assert list(g.filter(nodes=gli.maximum(gli.node("a"), 4) == 4).nodes) == [1, 3]
