"""A store that was written anywhere, embedded or by any number of workers, opens everywhere: the same graphs, results and history."""

import contextlib
import os
import random
import signal
import tempfile
from pathlib import Path

import gli
import pytest
from cluster_processes import processes_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_same_bytes import table_bytes

PLACES = ("embedded", 1, 2, 4)
FULL = os.environ.get("GLI_TEST_PROGRAMS") == "full"
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.fixture(scope="module")
def clients():
    with contextlib.ExitStack() as stack:
        made = {n: stack.enter_context(gli.LocalCluster(n_workers=n, threads_per_worker=1)) for n in PLACES[1:]}
        identities = [c.cluster_id for c in made.values()]
        yield {n: stack.enter_context(gli.Client(c)) for n, c in made.items()}
    assert all(processes_of(i) == [] for i in identities)


@pytest.fixture
def opened(clients):
    """opened(where, path): a store."""
    return lambda where, path: gli.GraphStore(path) if where == "embedded" else clients[where].open_store(path)


@pytest.fixture
def place(clients):
    """place(where): what makes graphs there."""
    return lambda where: gli.Graph if where == "embedded" else clients[where]


def rows_of(view) -> str:
    """Rows in their order, each value as what it is. The order of columns, and the type of one that once held other values, follow the way
    on which a version was read: patches settle them."""
    return repr([sorted(row.items()) for row in view.to_pylist()])


def shown(graph) -> tuple:
    """All that a graph shows, in its order."""
    kind = (graph.directed, graph.multi, graph.key_type, graph.graph_id, graph.attributes)
    return kind, rows_of(graph.nodes), rows_of(graph.edges)


VALUES = (None, 1, 2.5, "t", True, [1, {"a": None}], b"\0\1", 2**60)


def some_edits(dice: random.Random, graph, name, count: int):
    """The graph after edits that are possible in any."""
    with graph.batch_operations() as batch:
        there = set(graph.nodes)
        for _ in range(count):
            node, other = name(dice.randrange(40)), name(dice.randrange(40))
            what = dice.choice(("node", "node", "edge", "edge", "edge", "remove", "graph"))
            values = {dice.choice("abc"): dice.choice(VALUES) for _ in range(dice.randrange(3))}
            if what == "node":
                batch.upsert_node(node, **values)
                there.add(node)
            elif what == "edge":
                key = {"key": dice.randrange(3)} if graph.multi else {}
                batch.upsert_edge(node, other, **key, create_nodes=True, **values)
                there |= {node, other}
            elif what == "graph":
                batch.set_graph_attribute(dice.choice("xy"), dice.choice(VALUES[1:]))
            elif node in there:
                batch.remove_node(node)
                there.remove(node)
    return batch.graph


def some_graph(at, dice: random.Random, name, directed: bool, multi: bool):
    pairs = [(name(dice.randrange(30)), name(dice.randrange(30))) for _ in range(dice.randrange(60))]
    attrs = {name(i): {"a": dice.randrange(9)} for i in range(30)} if pairs else None
    known = {u for pair in pairs for u in pair}
    return at.from_edge_list(pairs, {k: v for k, v in (attrs or {}).items() if k in known}, directed=directed, multi=multi)


@settings(max_examples=120 if FULL else 10, **SLOW)
@given(
    seed=st.integers(0, 2**32),
    writer=st.sampled_from(PLACES),
    text=st.booleans(),
    directed=st.booleans(),
    multi=st.booleans(),
)
def test_a_history_written_anywhere_reads_the_same_everywhere(opened, place, seed, writer, text, directed, multi):
    dice = random.Random(seed)
    name = (lambda i: f"n{i * 7 % 40}") if text else (lambda i: i * 7 % 40 - 9)
    with tempfile.TemporaryDirectory() as directory:
        store = opened(writer, Path(directory) / "s")
        graph = some_graph(place(writer), dice, name, directed, multi)
        said = []
        for n in range(3):
            results = [graph.pagerank(iterations=5), graph.connected_components()] if len(graph) else []
            commit = store.commit(f"state {n}", graph=graph, results=results)
            assert commit.graph_id == graph.graph_id
            said.append((commit.id, shown(graph), [table_bytes(r.to_arrow()) for r in results], [r.provenance for r in results]))
            graph = some_edits(dice, graph, name, 15)
        for reader in PLACES:
            other = opened(reader, Path(directory) / "s")
            for id, graph_said, values_said, provenance in said:
                assert shown(other.at(id)) == graph_said, f"{writer} to {reader}"
                read = [other.result(id, i) for i in range(len(values_said))]
                assert [table_bytes(r.to_arrow()) for r in read] == values_said, f"{writer} to {reader}"
                assert [r.provenance for r in read] == provenance
            assert other.verify()


@pytest.mark.parametrize("writer", PLACES)
def test_a_store_goes_on_wherever_it_is_opened(opened, place, tmp_path, writer):
    name = "n{}".format
    dice, path = random.Random(3), tmp_path / "s"
    graph = some_graph(place(writer), dice, name, True, False)
    opened(writer, path).commit("first", graph=graph)
    expected = gli.GraphStore(path).at("main")
    for turn, where in enumerate((*PLACES, *reversed(PLACES))):
        store = opened(where, path)
        edited = some_edits(random.Random(turn), store.get_current_graph(), name, 10)
        expected = some_edits(random.Random(turn), expected, name, 10)
        assert store.commit(f"at {where}", graph=edited).graph_id == expected.graph_id
        assert shown(edited) == shown(expected)
    for where in PLACES:
        store = opened(where, path)
        assert shown(store.at("main")) == shown(expected) and len(store.log()) == 9
        assert store.diff("main~1", "main").summary() == gli.GraphStore(path).diff("main~1", "main").summary()
        assert store.verify()


def test_commits_that_are_patches_open_on_workers(opened, tmp_path):
    path = tmp_path / "s"
    store = gli.GraphStore(path)
    graph = gli.Graph.from_edge_list([(i, i * 7 % 500) for i in range(3000)], {i: {"x": i} for i in range(400)})
    commits = [store.commit("first", graph=graph)]
    before = store.get_storage_stats().pages
    for n in range(5):
        graph = graph.update_node(n, x="changed", y=n).remove_node(100 + n).upsert_edge(1000 + n, n, create_nodes=True, w=0.5)
        results = [graph.degree()] if n == 3 else []
        commits.append(store.commit(f"edit {n}", graph=graph, results=results))
    assert store.get_storage_stats().pages <= before + 10, "patches have no pages"
    for where in PLACES[1:]:
        other = opened(where, path)
        for commit in reversed(commits):
            assert shown(other.at(commit)) == shown(store.at(commit))
        assert other.result("main~1", "degree").to_dict() == store.at("main~1").degree().to_dict()
        assert other.diff("main~5", "main").summary() == store.diff("main~5", "main").summary()
        merged = other.at("main").add_node(-where)
        other.create_branch(f"of-{where}", "main")
        other.switch_branch(f"of-{where}")
        assert other.commit("on top", graph=merged).parents == (commits[-1].id,)


@pytest.fixture
def ran(monkeypatch):
    """Which algorithms really ran."""
    from gli._distributed import DistributedGraph

    names = []
    for of in (gli.Graph, DistributedGraph):
        monkeypatch.setattr(of, "_run", lambda self, name, arguments, run=of._run: names.append(name) or run(self, name, arguments))
    return names


@pytest.mark.parametrize("writer", PLACES)
def test_what_was_computed_anywhere_is_found_everywhere(opened, place, tmp_path, ran, writer):
    path = tmp_path / "s"
    graph = place(writer).from_edge_list([(f"n{i * 7 % 300}", f"n{i * 11 % 300}") for i in range(1500)])
    store = opened(writer, path)
    store.commit("first", graph=graph)
    asked = (("pagerank", {"iterations": 10}), ("connected_components", {}), ("bfs", {"source": "n7"}), ("degree", {"mode": "in"}))
    said = {name: store.compute(name, **parameters) for name, parameters in asked}
    assert ran == [name for name, _ in asked]
    rows = {name: table_bytes(values.to_arrow()) for name, values in said.items()}
    for where in PLACES:
        other = opened(where, path)
        assert [r.algorithm for r in other.results()] == [name for name, _ in asked]
        for name, parameters in asked:
            found = other.compute(name, **parameters)
            assert table_bytes(found.to_arrow()) == rows[name] == table_bytes(other.result("main", name).to_arrow())
            assert found.provenance == said[name].provenance
        assert other.verify()
    assert ran == [name for name, _ in asked], "nothing was computed again"
    opened(PLACES[-1], path).compute("degree", mode="out")
    assert gli.GraphStore(path).compute("degree", mode="out").to_dict() == gli.GraphStore(path).at("main").degree(mode="out").to_dict()


@pytest.mark.parametrize("where", PLACES[1:])
def test_what_cannot_be_computed_says_why_and_keeps_nothing(opened, place, tmp_path, where):
    store = opened(where, tmp_path / "s")
    store.commit("first", graph=place(where).from_edge_list([(1, 2), (2, 3)]))
    for ask, error, message in (
        (lambda: store.compute("page_rank"), ValueError, "no algorithm 'page_rank'; there are"),
        (lambda: store.compute("bfs", source=10**6), KeyError, "Node 1000000 not found"),
        (lambda: store.compute("bfs", source="x"), TypeError, "keys are int64"),
        (lambda: store.compute("pagerank", alpha=2.0), ValueError, "alpha must be between 0 and 1"),
        (lambda: store.compute("pagerank", beta=2.0), TypeError, "beta"),
        (lambda: store.compute("degree", "nowhere"), KeyError, "nowhere"),
        (lambda: store.result("main", "degree"), KeyError, "has no result 'degree'"),
        (lambda: store.result("main", 0), KeyError, "has no result 0"),
    ):
        with pytest.raises(error, match=message):
            ask()
    assert store.results() == () and store.get_storage_stats() == gli.GraphStore(tmp_path / "s").get_storage_stats()


def test_statistics_are_those_of_the_files_whoever_asks(opened, place, tmp_path):
    for writer in PLACES:
        path = tmp_path / f"s{writer}"
        store = opened(writer, path)
        graph = place(writer).from_edge_list([(i, i * 7 % 500) for i in range(3000)])
        store.commit("first", graph=graph, results=graph.pagerank(iterations=3))
        store.commit("second", graph=graph.add_edge(1, 499, create_nodes=True))
        store.compute("degree")
        store.tag("v1")
        said = gli.GraphStore(path).get_storage_stats()
        assert said.commits == 2 and said.tags == 1 and said.pages > 0
        assert len(said.environments) == 1 + (1 if writer == "embedded" else writer)
        for reader in PLACES:
            assert opened(reader, path).get_storage_stats() == said


def test_a_store_is_compacted_beside_a_cluster_that_goes_on(opened, place, tmp_path):
    path = tmp_path / "s"
    store = opened(4, path)
    graph = place(4).from_edge_list([(i, i * 7 % 500) for i in range(3000)])
    store.commit("first", graph=graph)
    for n in range(4):
        store.commit("gone", graph=place(4).from_edge_list([(i, i * (11 + n) % 700) for i in range(5000)]))
        store.undo()
    store._states.clear()
    before = store.get_storage_stats()
    report = store.gc(keep_reflog=0, compact=True)
    assert report.commits_removed == 4 and report.file_bytes_kept * 2 < before.file_bytes
    assert store.commit("second", graph=graph.add_edge(1, 499, create_nodes=True)).parents == (store.resolve("main~1").id,)
    del store
    for where in PLACES:
        other = opened(where, path)
        assert shown(other.at("main~1")) == shown(graph) and other.verify()


def test_graphs_and_results_of_other_partitions_come_back_with_a_worker(tmp_path, fresh_cluster):
    path = tmp_path / "s"
    store = gli.GraphStore(path)
    graph = gli.Graph.from_edge_list([(i, i * 7 % 500) for i in range(3000)])
    store.commit("first", graph=graph, results=graph.pagerank(iterations=3))
    graph = graph.add_edge(-1, -2, create_nodes=True)
    store.commit("second", graph=graph)  # a patch
    components = store.compute("connected_components")
    cluster = fresh_cluster(n_workers=2)
    with gli.Client(cluster) as client:
        there = client.open_store(path)
        first, second = there.at("main~1"), there.at("main")
        ranks, labels, degrees = there.result("main~1", 0), there.compute("connected_components"), there.compute("degree")
        rows = [table_bytes(x) for x in (second.edges.to_arrow(), ranks.to_arrow(), labels.to_arrow(), degrees.to_arrow())]
        os.kill(cluster.workers[1].pid, signal.SIGKILL)
        cluster.restart()
        assert [table_bytes(x) for x in (second.edges.to_arrow(), ranks.to_arrow(), labels.to_arrow(), degrees.to_arrow())] == rows
        assert first.graph_id == store.resolve("main~1").graph_id and second.graph_id == graph.graph_id
        assert labels.to_dict() == components.to_dict()
        assert second.add_edge(-1, 3).connected_components().count() == graph.add_edge(-1, 3).connected_components().count()


def test_kept_stores_open_on_workers(clients, tmp_path):
    import tarfile

    for archive in sorted((Path(__file__).parents[1] / "fixtures" / "stores").glob("*.tar.gz")):
        with tarfile.open(archive) as files:
            files.extractall(tmp_path)
        path = tmp_path / archive.name.removesuffix(".tar.gz")
        here = gli.GraphStore(path, create=False)
        for client in clients.values():
            there = client.open_store(path)
            for id in {m.after for m in here.reflog() if m.after}:
                assert shown(there.at(id)) == shown(here.at(id))
                for n in range(len(here.resolve(id).results)):
                    assert there.result(id, n).to_dict() == here.result(id, n).to_dict()
