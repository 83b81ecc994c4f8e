"""The same questions embedded and on workers. tests/cluster has the faults."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

import gli


def processes_of(cluster_id: str) -> list[str]:
    """Processes that carry the cluster's tag."""
    tag = f"GLI_CLUSTER_ID={cluster_id}".encode()

    def carries(pid):
        try:
            return tag in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False

    return [pid for pid in os.listdir("/proc") if pid.isdigit() and carries(pid)]


@pytest.fixture(scope="module", params=[1, 2, 4])
def cluster(request):
    with gli.LocalCluster(n_workers=request.param, threads_per_worker=1) as cluster:
        yield cluster
    assert processes_of(cluster.cluster_id) == [] and not os.path.exists(cluster.directory)


@pytest.fixture
def client(cluster):
    with gli.Client(cluster) as client:
        yield client


EDGES = pa.table(
    {
        "source": ["a", "b", "c", "f", "a", "g"],
        "target": ["b", "c", "a", "g", "c", "g"],
        "w": [1.5, None, 2.5, 0.5, 9.0, 1.0],
        "kind": ["x", "y", "x", None, "y", "x"],
    }
)
NODES = pa.table({"id": ["z", "a", "b", "h"], "age": [1, None, 3, 4], "name": ["Zed", "Ann", None, "Hugh"]})
INTS = pa.table({"source": [5, 3, 3, 9, 1], "target": [3, 1, 9, 9, 5]})


def edge_rows(graph) -> list[dict]:
    """All edges, in one order: a graph keeps the order of its nodes, not of a node's edges."""
    return sorted(graph.edges.to_arrow().to_pylist(), key=str)


@pytest.fixture(params=["text", "text undirected", "parallel", "int", "int undirected"])
def both(request, client):
    """The same graph on the cluster and in this process."""
    kind = request.param
    if kind.startswith("int"):
        arguments = {"edges": INTS, "nodes": None, "directed": "undirected" not in kind}
    elif kind == "parallel":
        edges = pa.concat_tables([EDGES, EDGES.slice(0, 2).set_column(3, "kind", [["z", "z"]])]).filter(pa.compute.field("kind").is_valid())
        arguments = {"edges": edges, "nodes": NODES, "key": "kind"}
    else:
        arguments = {"edges": EDGES, "nodes": NODES, "directed": "undirected" not in kind}
    return client.from_arrow(**arguments), gli.from_arrow(**arguments)


def test_every_worker_is_a_process_of_its_own(cluster, client):
    status = client.status()
    assert status.ready and status.partitions == len(status.workers) == len({w.pid for w in status.workers})
    assert {str(w.pid) for w in status.workers} < set(processes_of(cluster.cluster_id))
    client.ping()


def test_nodes_edges_and_identity_are_the_same(both):
    there, here = both
    assert there.graph_id == here.graph_id and there.to_local().graph_id == here.graph_id
    assert (there.node_count, there.edge_count, there.key_type, there.multi) == (
        here.node_count,
        here.edge_count,
        here.key_type,
        here.multi,
    )
    assert there.nodes.to_arrow().equals(here.nodes.to_arrow())
    assert edge_rows(there) == edge_rows(here) and there.edges.schema.equals(here.edges.schema)
    assert there.nodes.head(2) == here.nodes.head(2)
    assert sum(there.partition_stats()["nodes"]) == here.node_count and sum(there.partition_stats()["edges"]) == here.edge_count


def test_single_nodes_and_edges_are_the_same(both):
    there, here = both
    for k in here.nodes:
        assert there.get_node(k) == here.get_node(k) and k in there
        assert sorted(there.neighbors(k)) == sorted(here.neighbors(k)) and sorted(there.predecessors(k)) == sorted(here.predecessors(k))
        assert there.degree(k) == here.degree(k)
    for ends in here.edges:
        assert there.edges[ends] == here.edges[ends]
        assert there.has_edge(*ends[1::-1]) == here.has_edge(*ends[1::-1])
    missing = "q" if here.key_type == "str" else 77
    assert missing not in there
    for ask in (lambda: there.nodes[missing], lambda: there.bfs(missing), lambda: there.neighbors(missing)):
        with pytest.raises(KeyError, match=str(missing)):
            ask()
    with pytest.raises(TypeError):
        there.get_node(1 if here.key_type == "str" else "1")


def test_algorithms_answer_with_the_same_bytes(both):
    there, here = both
    start = next(iter(here.nodes))
    for ask in (
        lambda g: g.connected_components(),
        lambda g: g.pagerank(),
        lambda g: g.pagerank(iterations=7),
        lambda g: g.bfs(start),
        lambda g: g.bfs(start, reverse=True),
        lambda g: g.bfs(start, undirected=True, depth_limit=1),
        lambda g: g.degree(),
    ):
        a, b = ask(there), ask(here)
        assert a.to_arrow().equals(b.to_arrow()) and a.summary == b.summary and a.provenance.arguments == b.provenance.arguments
        assert a.top(3) == b.top(3) and a.top(3, ascending=True) == b.top(3, ascending=True)
        assert a.sizes() == b.sizes() and a.sizes(1) == b.sizes(1) and a.histogram() == b.histogram() and a[start] == b[start]


def test_subgraphs_and_comparisons_are_the_same(both):
    there, here = both
    start = next(iter(here.nodes))
    part = [g.filter(nodes=gli.key() != start) for g in both]
    assert part[0].graph_id == part[1].graph_id and part[0].nodes.to_arrow().equals(part[1].nodes.to_arrow())
    assert edge_rows(part[0]) == edge_rows(part[1])
    moved = [g.pagerank().compare(w.pagerank()).top(20) for g, w in zip(part, both)]
    assert moved[0] == moved[1] and len(moved[0]) == here.node_count
    near = [g.ego_graph(start, radius=2, undirected=True).graph_id for g in both]
    assert near[0] == near[1] and part[0].diff(there).summary() == part[1].diff(here).summary()
    assert part[0].pagerank().to_arrow().equals(part[1].pagerank().to_arrow())


def test_filters_by_attributes_are_the_same(client):
    there, here = client.from_arrow(EDGES, NODES), gli.from_arrow(EDGES, NODES)
    for nodes, edges in (
        (gli.node("age") > 1, None),
        (None, gli.edge("w") < 2),
        (gli.node("age").is_null(), gli.edge("kind") == "x"),
        (None, gli.node("age").is_null()),
        (gli.degree() > 1, gli.source() != gli.target()),
    ):
        assert there.filter(nodes, edges).graph_id == here.filter(nodes, edges).graph_id
    for wrong, error in ((gli.node("agee") > 1, KeyError), (gli.node("age") > "x", TypeError)):
        with pytest.raises(error, match="age"):
            there.filter(nodes=wrong)
    with pytest.raises(NotImplementedError, match="expressions"):
        there.filter(nodes=lambda k, a: True)


def test_files_load_alike(client, write):
    v, e = write("g.v", "1 10\n2 20\n9 90\n"), write("g.e", "1 2 0.5\n2 9 1.5\n")
    assert client.read_ldbc(v, e, directed=False).graph_id == gli.read_ldbc(v, e, directed=False).graph_id
    mixed = write("mixed", "1 2\n2 3\n007 1\n")
    assert client.read_edges(mixed).nodes.to_arrow().equals(gli.read_edges(mixed).nodes.to_arrow())
    with pytest.raises(ValueError, match="bad.e:2.*77"):
        client.read_ldbc(v, write("bad.e", "1 2 0.5\n1 77 1.5\n"), directed=True)
    with pytest.raises(ValueError, match="bad:2: "):
        client.read_edges(write("bad", "1 2\n1 2 3 4 5\n"))
    with pytest.raises(FileNotFoundError):
        client.read_edges("/no/such/file")
    assert client.generate_kronecker(7, seed=3).graph_id == gli.generate_kronecker(7, seed=3).graph_id
    client.ping()


def test_a_weight_that_no_edge_has_is_named(client):
    for ask in (lambda: client.from_arrow(INTS).pagerank(weight="wt"), lambda: client.from_arrow(INTS).sssp(1, weight="wt")):
        with pytest.raises(KeyError, match="no edge has an attribute 'wt'"):
            ask()


def test_a_store_written_by_workers_opens_there_and_here(client, tmp_path):
    there, here = client.from_arrow(EDGES, NODES), gli.from_arrow(EDGES, NODES)
    store = client.open_store(tmp_path / "s")
    first = store.commit("first", there, there.pagerank())
    part = there.filter(nodes=gli.key() != "a")
    second = store.commit("second", part, [part.pagerank(), part.connected_components()])
    assert [c.id for c in store.log()] == [second.id, first.id] and second.parents == (first.id,) and first.graph_id == here.graph_id
    assert store.at("main~1").nodes.to_arrow().equals(here.nodes.to_arrow())
    assert store.result("main", "connected_components").to_arrow().equals(part.connected_components().to_arrow())
    assert store.diff("main~1", "main").summary()["nodes_removed"] == 1
    store.create_branch("old", first)
    embedded = gli.GraphStore(tmp_path / "s", create=False)
    assert embedded.at("old").graph_id == here.graph_id and embedded.at("old").nodes.to_arrow().equals(here.nodes.to_arrow())
    assert edge_rows(embedded.at("old")) == edge_rows(here)
    assert embedded.result("main~1", "pagerank").to_arrow().equals(here.pagerank().to_arrow())
    assert embedded.diff("main~1", "main").summary() == store.diff("main~1", "main").summary() and embedded.verify()
    with pytest.raises(KeyError, match="nowhere"):
        store.at("nowhere")


def test_branches_of_a_store_written_by_workers(client, tmp_path):
    store = client.open_store(tmp_path / "s")
    first, part = client.from_arrow(EDGES, NODES), client.from_arrow(EDGES)
    commit = store.commit("first", first)
    store.create_branch("other")
    assert store.branches == {"main": commit.id, "other": commit.id} and store.current_branch == "main"
    store.switch_branch("other")
    second = store.commit("second", part)
    assert store.current_branch == "other" and store.branches == {"main": commit.id, "other": second.id}
    assert store.get_current_graph() == part and store.at("main") == first != part
    assert store.verify() and store.log(limit=0) == [] and hash(store.at("main")) == hash(first)
    for wrong in (lambda: store.commit(part), lambda: store.commit("x", part, results=3), lambda: first.diff(3).summary()):
        with pytest.raises(TypeError):
            wrong()


def test_a_client_loads_what_an_embedded_graph_loads(client):
    networkx = pytest.importorskip("networkx")
    pairs = [("ann", "bob", {"tags": ["x", 1]}), ("bob", "cid")]
    there, here = (c.from_edge_list(pairs, {"dan": {"age": 3}}) for c in (client, gli.Graph))
    assert there.graph_id == here.graph_id and there.edges["ann", "bob"] == {"tags": ["x", 1]}
    assert there.to_local() == here and there.nodes.to_pylist() == here.nodes.to_pylist()
    other = networkx.MultiGraph([(1, 2, "a", {"w": 1}), (1, 2, "b")])
    assert client.from_networkx(other).graph_id == gli.from_networkx(other).graph_id
    assert client.from_networkx(networkx.MultiDiGraph()).graph_id == gli.Graph(multi=True).graph_id
    frame = EDGES.to_pandas()
    assert client.from_pandas(frame).graph_id == gli.from_pandas(frame).graph_id


def test_handles_go_when_their_objects_do(client):
    for _ in range(3):
        client.from_arrow(INTS).pagerank()
    client.ping()
    assert client._dropped == []


def test_p2p31_has_its_published_components(client, p2p31):
    g = client.read_edges(p2p31 / "p2p-31.e", names=["source", "target", "weight"])
    here = gli.read_edges(p2p31 / "p2p-31.e", names=["source", "target", "weight"])
    assert g.graph_id == here.graph_id
    assert g.connected_components().to_arrow().equals(here.connected_components().to_arrow())
    assert g.bfs(6).to_arrow().equals(here.bfs(6).to_arrow())
    assert g.pagerank(iterations=10).to_arrow().equals(here.pagerank(iterations=10).to_arrow())


def test_addresses_and_options_that_are_not_there_yet_say_so(tmp_path):
    with pytest.raises(ValueError, match="gli://HOST:PORT"):
        gli.connect("tls://head:7878")
    with pytest.raises(ValueError, match="credentials"):
        gli.connect("gli://head:7878")
    with pytest.raises(ValueError, match="unix://"):
        gli.connect("head")
    with pytest.raises((gli.ClusterError, OSError), match="nothing.sock"):
        gli.connect(f"unix://{tmp_path}/nothing.sock", timeout=1)
    with pytest.raises(ValueError, match="n_workers"):
        gli.LocalCluster(n_workers=0)
