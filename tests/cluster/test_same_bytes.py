"""Results, order of rows and graph_id are the same bytes embedded, on every number of workers and under every partitioner."""

import random

import gli
import numpy as np
import pyarrow as pa
import pytest
from catalog_calls import CALLS


def table_bytes(table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(pa.table(table).combine_chunks())
    return sink.getvalue().to_pybytes()


def random_tables(seed: int, text_keys: bool):
    rng = random.Random(seed)
    n = 120
    name = (lambda i: f"node-{i * 7919 % 1000:03d}") if text_keys else (lambda i: i * 7919 % 1000)
    nodes = pa.table({"id": [name(i) for i in range(n)], "age": [rng.choice([None, rng.randrange(90)]) for _ in range(n)],
                      "city": [rng.choice(["Bern", "Köln", "", None]) for _ in range(n)]})
    edges = [(name(rng.randrange(n)), name(min(rng.randrange(n), rng.randrange(n)))) for _ in range(3 * n)]
    table = pa.table({"source": [a for a, _ in edges], "target": [b for _, b in edges], "kind": [rng.choice("xyz") for _ in edges],
                      "weight": [rng.random() for _ in edges]})
    return nodes, table


@pytest.fixture(params=[(text, directed, multi) for text in (False, True) for directed in (True, False) for multi in (False, True)],
                ids=lambda p: f"{'text' if p[0] else 'int'} keys, {'directed' if p[1] else 'undirected'}{', multi' if p[2] else ''}")
def kind(request):
    return request.param


@pytest.fixture(params=["hash", "range", "stream"])
def partitioner(request):
    return request.param


@pytest.fixture
def pair(kind, partitioner, client):
    text, directed, multi = kind
    nodes, edges = random_tables(7, text)
    arguments = {"nodes": nodes, "directed": directed, "key": "kind" if multi else None}
    if multi:
        edges = edges.set_column(2, "kind", edges["kind"])
    return gli.Graph.from_arrow(edges, **arguments), client.from_arrow(edges, **arguments, partitioner=partitioner)


def test_shape_and_graph_id_are_the_same(pair):
    here, there = pair
    assert (here.node_count, here.edge_count) == (there.node_count, there.edge_count)
    assert here.graph_id == there.graph_id


def test_rows_come_in_the_same_order(pair):
    here, there = pair
    assert table_bytes(here.nodes.to_arrow()) == table_bytes(there.nodes.to_arrow())
    assert table_bytes(here.edges.to_arrow()) == table_bytes(there.edges.to_arrow())


def test_results_are_the_same_bytes(pair):
    here, there = pair
    source = next(iter(here.nodes))
    for name, calls in CALLS.items():
        for ask in calls:
            a, b = ask(here, source), ask(there, source)
            assert table_bytes(a.to_arrow()) == table_bytes(b.to_arrow()), name
            assert a.top(20) == b.top(20), name
            assert a.sizes().to_arrow().to_pylist() == b.sizes().to_arrow().to_pylist(), name


def test_paths_and_orders_are_the_same(pair):
    here, there = pair
    nodes = list(here.nodes)
    for target in nodes[1:20:3]:
        for weight in (None, "weight"):
            assert here.has_path(nodes[0], target) == there.has_path(nodes[0], target)
            if here.has_path(nodes[0], target):
                assert here.shortest_path(nodes[0], target, weight) == there.shortest_path(nodes[0], target, weight)
    pairs = list(zip(nodes, nodes[1:] + nodes[:1]))
    assert table_bytes(here.jaccard_coefficient(pairs).to_arrow()) == table_bytes(there.jaccard_coefficient(pairs).to_arrow())
    assert table_bytes(here.adamic_adar_index(pairs).to_arrow()) == table_bytes(there.adamic_adar_index(pairs).to_arrow())
    assert here.modularity(here.louvain_communities()) == there.modularity(there.louvain_communities())
    assert here.is_directed_acyclic_graph() == there.is_directed_acyclic_graph()
    assert here.is_forest() == there.is_forest() and here.is_tree() == there.is_tree()
    assert here.find_cycle() == there.find_cycle() and here.find_cycle(nodes[0]) == there.find_cycle(nodes[0])
    assert here.k_core(2).graph_id == there.k_core(2).graph_id
    if here.directed:
        assert table_bytes(here.topological_generations().to_arrow()) == table_bytes(there.topological_generations().to_arrow())


def test_subgraphs_and_their_results_are_the_same(pair):
    here, there = pair
    center = next(iter(here.nodes))
    for cut in (lambda g: g.filter(nodes=(gli.node("age") > 30) | gli.node("city").is_null()),
                lambda g: g.filter(edges=gli.edge("weight") < 0.5),
                lambda g: g.ego_graph(center, radius=2),
                lambda g: g.filter(nodes=gli.node("city") == "Köln", edges=gli.edge("weight") > 0.1)):
        a, b = cut(here), cut(there)
        assert a.graph_id == b.graph_id
        assert a.node_count == b.node_count
        assert table_bytes(a.pagerank(iterations=5).to_arrow()) == table_bytes(b.pagerank(iterations=5).to_arrow())
        assert table_bytes(a.connected_components().to_arrow()) == table_bytes(b.connected_components().to_arrow())


def test_single_questions_are_answered_alike(pair):
    here, there = pair
    for node in list(here.nodes)[:10]:
        assert here.get_node(node) == there.get_node(node)
        assert sorted(here.neighbors(node)) == sorted(there.neighbors(node))
        assert sorted(here.predecessors(node)) == sorted(there.predecessors(node))
    ranks_here, ranks_there = here.pagerank(), there.pagerank()
    assert all(ranks_here[n] == ranks_there[n] for n in list(here.nodes)[:10])


def test_comparisons_of_results_are_the_same(pair):
    here, there = pair
    keep = gli.node("age").is_null() | (gli.node("age") < 60)
    a = here.filter(nodes=keep).pagerank().compare(here.pagerank())
    b = there.filter(nodes=keep).pagerank().compare(there.pagerank())
    assert table_bytes(a.to_arrow()) == table_bytes(b.to_arrow())


def test_algorithms_leave_the_processor_able_to_reckon_with_long_doubles():
    nodes, edges = random_tables(7, text_keys=False)
    for directed in (True, False):
        g = gli.Graph.from_arrow(edges, nodes=nodes, directed=directed)
        for name, calls in CALLS.items():
            for call in calls:
                call(g, 0)
                assert np.longdouble(1) / 4 == 0.25, name
