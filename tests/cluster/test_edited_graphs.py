"""Every algorithm gives the same bytes of a graph with edits as of one made anew of the same nodes and edges, embedded and on workers."""

import random

import gli
import pyarrow as pa
import pytest
from catalog_calls import CALLS

KINDS = [(directed, multi, text) for directed in (False, True) for multi in (False, True) for text in (False, True)]


def table_bytes(table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def made(place, directed, multi, nodes, edges):
    """From rows: (key, age) and (source, target, key, weight)."""
    columns = {"source": [e[0] for e in edges], "target": [e[1] for e in edges], "weight": [e[3] for e in edges]}
    if multi:
        columns["key"] = [e[2] for e in edges]
    table = pa.table({"id": [k for k, _ in nodes], "age": [age for _, age in nodes]})
    return place.from_arrow(pa.table(columns), nodes=table, key="key" if multi else None, directed=directed, multi=multi)


def random_rows(rng, directed, multi, text):
    name = (lambda i: f"n{i * 7 % 101}") if text else (lambda i: i * 7 % 101 - 30)
    nodes = [(name(i), rng.randrange(1, 90)) for i in range(60)]
    edges = {}
    for _ in range(150):
        ends = (name(rng.randrange(60)), name(rng.randrange(40)))
        if not directed:
            ends = tuple(sorted(ends))
        key = rng.randrange(3) if multi else 0
        edges[ends + (key,)] = rng.choice([0.5, 1, 2.25, 7])
    return nodes, [(u, v, k, w) for (u, v, k), w in edges.items()]


def edited(graph, rows, rng, directed, multi, new):
    """The graph after some edits, and the rows that it then has: nodes that are removed, added, edges likewise, attributes changed."""
    nodes, edges = dict(rows[0]), {(u, v, k): w for u, v, k, w in rows[1]}
    keyed = (lambda e: (e[0], e[1], e[2])) if multi else (lambda e: (e[0], e[1]))
    with graph.batch_operations() as batch:
        for gone in rng.sample(sorted(nodes), 3):
            batch.remove_node(gone)
            del nodes[gone]
            edges = {e: w for e, w in edges.items() if gone not in e[:2]}
        for gone in rng.sample(sorted(edges), 4):
            batch.remove_edge(*keyed(gone))
            del edges[gone]
        for node in new:
            batch.add_node(node, age=50)
            nodes[node] = 50
        for changed in rng.sample(sorted(nodes), 3):
            batch.update_node(changed, age=17)
            nodes[changed] = 17
        for changed in rng.sample(sorted(edges), 4):
            batch.update_edge(*keyed(changed), weight=3.5)
            edges[changed] = 3.5
        for _ in range(6):
            ends = (rng.choice(sorted(nodes)), rng.choice(sorted(nodes)))
            ends = ends if directed else tuple(sorted(ends))
            if ends + (0,) not in edges:
                batch.add_edge(*ends, *((0,) if multi else ()), weight=1.5)
                edges[ends + (0,)] = 1.5
    return batch.graph, (list(nodes.items()), [(u, v, k, w) for (u, v, k), w in edges.items()])


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_results_of_edited_graphs_are_those_of_graphs_made_anew(place, kind):
    for seed in range(8 if place is gli else 1):
        compare_with_anew(place, kind, random.Random(f"{kind} {seed}"))


def compare_with_anew(place, kind, rng):
    directed, multi, text = kind
    rows = random_rows(rng, *kind)
    graph = made(place, directed, multi, *rows)
    for step in range(2 if place is gli else 1):
        new = [f"new{step}", f"newer{step}"] if text else [200 + step, 300 + step]
        graph, rows = edited(graph, rows, rng, directed, multi, new)
        anew = made(place, directed, multi, *rows)
        assert graph.graph_id == anew.graph_id
        source = rows[0][0][0]
        for name, calls in CALLS.items():
            for ask in calls:
                assert table_bytes(ask(graph, source).to_arrow()) == table_bytes(ask(anew, source).to_arrow()), name
        assert graph.k_core().graph_id == anew.k_core().graph_id
        assert graph.ego_graph(source, radius=2).graph_id == anew.ego_graph(source, radius=2).graph_id
        if place is gli:
            assert graph.k_truss(3).graph_id == anew.k_truss(3).graph_id
            if not directed:
                assert graph.minimum_spanning_tree(weight="weight").graph_id == anew.minimum_spanning_tree(weight="weight").graph_id
