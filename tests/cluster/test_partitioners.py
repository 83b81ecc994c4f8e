"""Graphs whose nodes a partitioner deals out are edited, compared, merged, committed, lost and found again like all others."""

import os
import random
import signal

import gli
import numpy as np
import pyarrow as pa
import pytest
from test_same_bytes import table_bytes

PARTITIONERS = ["hash", "range", "stream"]


@pytest.fixture(params=PARTITIONERS)
def partitioner(request):
    return request.param


def grid(side: int) -> pa.Table:
    at = np.arange(side * side).reshape(side, side)
    source, target = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()]), np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    return pa.table({"source": source, "target": target})


def some_pairs(seed: int, text: bool):
    rng = random.Random(seed)
    name = (lambda i: f"n{i}") if text else (lambda i: i * 3 - 100)
    return [(name(rng.randrange(80)), name(rng.randrange(80)), {"weight": rng.randrange(9)}) for _ in range(300)]


def some_edits(graph, text: bool):
    name = (lambda i: f"n{i}") if text else (lambda i: i * 3 - 100)
    with graph.batch_operations() as batch:
        for i in range(0, 80, 9):
            if graph.has_node(name(i)):
                batch.remove_node(name(i))
        for i in range(500, 520):
            batch.add_node(name(i), age=i)
            batch.add_edge(name(i), name(i + 1), create_nodes=True, weight=i)
            batch.upsert_edge(name(i), name(i - 499), create_nodes=True, weight=i)
    return batch.graph


def shown(graph) -> tuple:
    return graph.graph_id, graph.nodes.to_arrow().to_pylist(), graph.edges.to_arrow().to_pylist()


@pytest.mark.parametrize("text", [False, True], ids=["int keys", "text keys"])
@pytest.mark.parametrize("directed", [True, False], ids=["directed", "undirected"])
def test_edits_find_owners_of_old_and_new_keys(client, partitioner, text, directed):
    pairs = some_pairs(1, text)
    here = gli.Graph.from_edge_list(pairs, directed=directed)
    there = client.from_edge_list(pairs, directed=directed, partitioner=partitioner)
    for _ in range(2):
        here, there = some_edits(here, text), some_edits(there, text)
        assert shown(there) == shown(here)
        assert table_bytes(there.pagerank(iterations=5).to_arrow()) == table_bytes(here.pagerank(iterations=5).to_arrow())
        assert table_bytes(there.louvain_communities().to_arrow()) == table_bytes(here.louvain_communities().to_arrow())
        assert table_bytes(there.connected_components().to_arrow()) == table_bytes(here.connected_components().to_arrow())
        for node in list(here.nodes)[::7]:
            assert there.nodes[node] == here.nodes[node]
            assert sorted(there.neighbors(node)) == sorted(here.neighbors(node))
        assert not there.has_node("nobody" if text else 10**9)
    more = pa.table({"source": ["x", "n1"] if text else [9001, -97], "target": ["n500", "y"] if text else [1400, 9002]})
    assert shown(there.add_edges(more, create_nodes=True)) == shown(here.add_edges(more, create_nodes=True))


def test_graphs_that_lie_otherwise_are_compared_and_merged(client):
    pairs = some_pairs(2, text=True)
    base = gli.Graph.from_edge_list(pairs)
    ours, theirs = some_edits(base, text=True), base.upsert_node("n3", age=5).add_edge("n3", "fresh", create_nodes=True)
    deal = lambda graph, how: client._from_graph(graph).repartition(how)  # noqa: E731
    there = {how: (deal(base, how), deal(ours, how), deal(theirs, how)) for how in PARTITIONERS}
    told = ours.diff(base)
    rows = sorted(map(repr, told.to_arrow().to_pylist()))
    for a in PARTITIONERS:
        for b in PARTITIONERS:
            diff = there[a][1].diff(there[b][0])
            assert diff.summary() == told.summary()
            assert sorted(map(repr, diff.to_arrow().to_pylist())) == rows
            merged = there[a][1].merge(there[b][2], there["stream"][0], strategy="ours")
            assert merged.graph_id == ours.merge(theirs, base, strategy="ours").graph_id


def test_a_graph_goes_where_another_is(client):
    one, other = client.from_edge_list(some_pairs(3, False)), client.from_edge_list(some_pairs(4, False), partitioner="range")
    made = one.repartition(other)
    both = [node for node in one.nodes if other.has_node(node)]
    assert both and all(made._owner(node) == other._owner(node) for node in both)
    assert shown(made) == shown(one)
    assert made.repartition("hash").partition_stats()["nodes"] == one.partition_stats()["nodes"]


def test_values_are_compared_and_assigned_where_nodes_lie_alike(client):
    pairs = some_pairs(5, True)
    hashed, ranged = client.from_edge_list(pairs), client.from_edge_list(pairs, partitioner="range")
    if len(client.status().workers) == 1:
        hashed.pagerank().compare(ranged.pagerank())
        return
    with pytest.raises(ValueError, match="lie on other partitions .*repartition"):
        hashed.pagerank().compare(ranged.pagerank()).to_arrow()
    again = hashed.repartition(ranged).pagerank().compare(ranged.pagerank())
    assert set(again.to_arrow()["change"].to_pylist()) == {0}


def test_stats_say_how_even_and_how_cut(client, partitioner):
    g = client.from_arrow(grid(80), directed=False, partitioner=partitioner)
    stats = g.partition_stats().to_arrow().to_pydict()
    workers = len(stats["partition"])
    assert sum(stats["nodes"]) == 6400 and sum(stats["edges"]) == 2 * 80 * 79
    assert set(stats["partitioner"]) == {partitioner if workers > 1 else "hash"}
    assert all(0.85 < b < 1.15 for b in stats["balance"]) and all(size > 0 for size in stats["bytes"])
    cut, mirrors = sum(stats["cut_edges"]), sum(stats["mirrors"])
    if workers == 1:
        assert cut == mirrors == 0
    elif partitioner == "hash":
        assert cut > 5000
    else:
        assert 0 < cut <= 2 * 80 * (workers - 1) and 0 < mirrors <= 4 * 80 * (workers - 1)


def test_a_commit_keeps_where_nodes_lie_and_a_store_opens_everywhere(client, tmp_path, partitioner):
    pairs = some_pairs(6, True)
    g = client.from_edge_list(pairs, partitioner=partitioner)
    where = {node: g._owner(node) for node in g.nodes}
    results = [g.pagerank(iterations=5), g.connected_components(), g.label_propagation(3)]
    said = [table_bytes(r.to_arrow()) for r in results]
    store = client.open_store(tmp_path / "s")
    first = store.commit("first", graph=g, results=results)
    edited = some_edits(g, text=True)
    second = store.commit("second", graph=edited)
    again = client.open_store(tmp_path / "s")
    read = again.at(first.id)
    assert shown(read) == shown(g)
    assert {node: read._owner(node) for node in read.nodes} == where
    assert [table_bytes(again.result(first.id, i).to_arrow()) for i in range(3)] == said
    assert shown(again.at(second.id)) == shown(edited)
    assert shown(some_edits(read, text=True)) == shown(edited)
    assert again.diff(first.id, second.id).summary() == edited.diff(g).summary()
    assert again.verify()
    embedded = gli.GraphStore(tmp_path / "s")
    assert shown(embedded.at(first.id)) == shown(g) and shown(embedded.at(second.id)) == shown(edited)
    assert [table_bytes(embedded.result(first.id, i).to_arrow()) for i in range(3)] == said


def test_a_store_opens_on_another_number_of_workers_by_hash(fresh_cluster, tmp_path):
    with gli.Client(fresh_cluster(3)) as three, gli.Client(fresh_cluster(2)) as two:
        g = three.from_edge_list(some_pairs(7, False), partitioner="range")
        ranks = g.pagerank()
        commit = three.open_store(tmp_path / "s").commit("m", graph=g, results=[ranks])
        store = two.open_store(tmp_path / "s")
        read = store.at(commit.id)
        assert shown(read) == shown(g)
        assert set(read.partition_stats()["partitioner"]) == {"hash"}
        assert table_bytes(store.result(commit.id, 0).to_arrow()) == table_bytes(ranks.to_arrow())
        spread = read.repartition("stream")
        later = store.commit("spread", graph=spread, results=[spread.pagerank()])
        there = three.open_store(tmp_path / "s")
        assert table_bytes(there.result(later.id, 0).to_arrow()) == table_bytes(ranks.to_arrow())


def test_a_committed_graph_and_its_results_survive_a_killed_worker(fresh_cluster, tmp_path, partitioner):
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        g = client.from_edge_list(some_pairs(8, True), partitioner=partitioner)
        ranks = g.pagerank()
        said, ids = shown(g), table_bytes(ranks.to_arrow())
        client.open_store(tmp_path / "s").commit("m", graph=g, results=[ranks])
        os.kill(cluster.workers[1].pid, signal.SIGKILL)
        cluster.restart()
        assert shown(g) == said
        assert table_bytes(ranks.to_arrow()) == ids
        assert table_bytes(g.pagerank().to_arrow()) == ids
        assert all(g.has_node(node) for node in list(g.nodes)[::9])


def test_what_is_no_partitioner_is_refused_before_anything_is_read(client, tmp_path):
    for call in (
        lambda: client.read(tmp_path / "not_there.csv", partitioner="metis"),
        lambda: client.from_edge_list([(1, 2)], partitioner="metis"),
        lambda: client.from_edge_list([(1, 2)]).repartition("metis"),
    ):
        with pytest.raises(ValueError, match="a partitioner is 'hash', 'range' or 'stream', not 'metis'"):
            call()
    with pytest.raises(TypeError, match="partitioner"):
        gli.Graph.from_edge_list([(1, 2)], partitioner="range")


def test_readers_and_constructors_take_a_partitioner(client, tmp_path):
    import networkx
    import scipy.sparse

    pairs = [(i, i + 1) for i in range(200)]
    graph = gli.Graph.from_edge_list(pairs)
    made = [client.from_networkx(networkx.DiGraph(pairs), partitioner="range"), client.from_edge_list(pairs, partitioner="range")]
    for name in ("g.csv", "g.json", "g.parquet", "g.graphml", "g.txt"):
        graph.write(tmp_path / name)
        made.append(client.read(tmp_path / name, partitioner="range"))
    for there in made:
        assert there.graph_id == graph.graph_id
        assert sum(there.partition_stats()["cut_edges"]) == len(client.status().workers) - 1
    matrix = client.from_scipy(scipy.sparse.eye_array(50, k=1, format="csr"), partitioner="range")
    assert sum(matrix.partition_stats()["cut_edges"]) == len(client.status().workers) - 1
    kron = client.generate_kronecker(8, seed=1, partitioner="stream")
    assert kron.graph_id == gli.generate_kronecker(8, seed=1).graph_id
