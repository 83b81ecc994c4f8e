"""Results as states: computed once, kept beside the commits, found again."""

import gli
import pytest

EDGES = [(i * 7 % 300, i * 11 % 300) for i in range(1500)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.gli"


@pytest.fixture
def counted(monkeypatch):
    """How often an algorithm really ran."""
    ran = []
    original = gli.Graph._run
    monkeypatch.setattr(gli.Graph, "_run", lambda self, name, arguments: ran.append(name) or original(self, name, arguments))
    return ran


def test_a_result_is_computed_once_also_after_reopening(path, counted):
    g = gli.Graph.from_edge_list(EDGES)
    store = gli.GraphStore(path)
    store.commit("first", graph=g)
    first = store.compute("pagerank", iterations=10)
    again = store.compute("pagerank", iterations=10)
    reopened = gli.GraphStore(path).compute("pagerank", iterations=10)
    assert counted == ["pagerank"]
    assert first.to_dict() == again.to_dict() == reopened.to_dict() == g.pagerank(iterations=10).to_dict()
    assert reopened.provenance == first.provenance and reopened.top(3)["id"] == first.top(3)["id"]


def test_other_parameters_and_other_content_are_other_results(path, counted):
    store = gli.GraphStore(path)
    store.commit("first", graph=gli.Graph.from_edge_list(EDGES))
    store.commit("second", graph=store.get_current_graph().add_edge(0, 299, create_nodes=True))
    for call in (
        {"algorithm": "pagerank"},
        {"algorithm": "pagerank", "alpha": 0.5},
        {"algorithm": "bfs", "source": 0},
        {"algorithm": "bfs", "source": 7, "undirected": True},
        {"algorithm": "bfs", "source": 7, "revision": "main~1"},
        {"algorithm": "connected_components"},
        {"algorithm": "degree", "mode": "in"},
    ):
        revision = call.get("revision", "main")
        parameters = {k: v for k, v in call.items() if k not in ("algorithm", "revision")}
        plain = getattr(store.at(revision), call["algorithm"])(**parameters)
        before = len(counted)
        assert store.compute(**call).to_dict() == store.compute(**call).to_dict() == plain.to_dict()
        assert len(counted) == before + 1
    assert [r.algorithm for r in store.results()] == ["pagerank", "pagerank", "bfs", "bfs", "connected_components", "degree"]
    assert [r.arguments["source"] for r in store.results("main~1")] == [7]
    assert store.verify()


def test_defaults_spelled_out_are_the_same_request(path, counted):
    store = gli.GraphStore(path)
    store.commit("first", graph=gli.Graph.from_edge_list(EDGES))
    store.compute("pagerank")
    store.compute("pagerank", alpha=0.85, max_iter=100, tol=1e-6, iterations=None)
    assert counted == ["pagerank"]


def test_the_same_content_in_another_order_finds_it(path, counted):
    store = gli.GraphStore(path)
    store.commit("first", graph=gli.Graph.from_edge_list([(f"n{u}", f"n{v}") for u, v in EDGES]))
    ranks = store.compute("pagerank")
    other = gli.Graph.from_edge_list([(f"n{u}", f"n{v}") for u, v in reversed(EDGES)])
    store.commit("the same", graph=other.add_node("x").remove_node("x"))
    found = store.compute("pagerank")
    assert counted == ["pagerank"]
    assert found.to_dict() == ranks.to_dict() and list(found) == list(store.at("main")) != list(ranks)


def test_a_revision_undone_and_made_again_finds_it(path, counted):
    store = gli.GraphStore(path)
    g = gli.Graph.from_edge_list(EDGES)
    store.commit("first", graph=g)
    store.commit("second", graph=g.remove_node(3))
    labels = store.compute("connected_components").to_dict()
    store.undo()
    store.commit("second again", graph=g.remove_node(3))
    assert store.compute("connected_components").to_dict() == labels and counted == ["connected_components"]


def test_what_was_committed_with_the_graph_stands_first_and_once(path):
    store = gli.GraphStore(path)
    g = gli.Graph.from_edge_list(EDGES)
    store.commit("first", graph=g, results=[g.degree()])
    store.compute("degree")
    store.compute("bfs", source=0)
    assert [r.algorithm for r in store.results()] == ["degree", "bfs"]
    assert store.result("main", "degree").to_dict() == g.degree().to_dict()


def test_what_cannot_be_computed_says_why_and_keeps_nothing(path):
    store = gli.GraphStore(path)
    store.commit("first", graph=gli.Graph.from_edge_list(EDGES))
    for ask, error, message in (
        (lambda: store.compute("page_rank"), ValueError, "no algorithm 'page_rank'; there are connected_components, strongly"),
        (lambda: store.compute("filter"), ValueError, "no algorithm 'filter'"),
        (lambda: store.compute("bfs", source=10**6), KeyError, "Node 1000000 not found"),
        (lambda: store.compute("bfs", source="x"), TypeError, "keys are int64"),
        (lambda: store.compute("pagerank", alpha=2.0), ValueError, "alpha must be between 0 and 1"),
        (lambda: store.compute("pagerank", beta=2.0), TypeError, "beta"),
        (lambda: store.compute("degree", "nowhere"), KeyError, "nowhere"),
        (lambda: store.compute("degree", 7, mode="in"), KeyError, "7"),
    ):
        with pytest.raises(error, match=message):
            ask()
    assert store.results() == ()
