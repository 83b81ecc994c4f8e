"""Ctrl-C stops the question, not the graph or the cluster."""

import inspect
import signal
import threading

import pytest

import gli


def interrupted(call, seconds=0.3):
    """Raises what `call` raises when SIGINT comes while it runs."""
    timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        return call()
    finally:
        timer.cancel()
        timer.join()


def long_calls():
    """Of one long round, where no round's end could stop them, by name."""
    return {
        "triangles": lambda g: g.triangles(),
        "betweenness_centrality": lambda g: g.betweenness_centrality(),
        "closeness_centrality": lambda g: g.closeness_centrality(),
        "louvain_communities": lambda g: [g.louvain_communities(seed=s) for s in range(1000)],
        "k_truss": lambda g: [g.k_truss(5) for _ in range(1000)],
    }


def endless(graph):
    return lambda: graph.pagerank(iterations=10_000_000)


def test_an_embedded_question_stops():
    graph = gli.generate_kronecker(12)
    with pytest.raises(KeyboardInterrupt):
        interrupted(endless(graph))
    assert graph.pagerank(iterations=2).summary["rounds"] == 2


def test_a_question_on_a_cluster_stops_and_the_next_is_answered():
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        graph = client.generate_kronecker(12)
        pids = {w.pid for w in cluster.workers}
        with pytest.raises(KeyboardInterrupt):
            interrupted(endless(graph))
        assert graph.pagerank(iterations=2).summary["rounds"] == 2
        assert {w.pid for w in cluster.workers} == pids


def test_time_is_over_embedded():
    graph = gli.generate_kronecker(12)
    with pytest.raises(TimeoutError, match="not done within the given timeout"), gli.timeout(0.2):
        endless(graph)()
    assert graph.pagerank(iterations=2).summary["rounds"] == 2


def test_time_is_over_on_a_cluster_and_the_next_question_is_answered():
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        graph = client.generate_kronecker(12)
        pids = {w.pid for w in cluster.workers}
        with pytest.raises(TimeoutError, match="within the given timeout"), gli.timeout(0.3):
            endless(graph)()
        assert graph.pagerank(iterations=2).summary["rounds"] == 2
        assert {w.pid for w in cluster.workers} == pids


@pytest.fixture(scope="module")
def large():
    return gli.generate_kronecker(16, directed=False)


@pytest.mark.parametrize("name", long_calls())
def test_long_rounds_are_given_up_too(name, large):
    with pytest.raises(TimeoutError), gli.timeout(0.05):
        long_calls()[name](large)
    assert large.connected_components().count() > 0


def test_the_block_that_ends_first_counts_and_an_outer_one_is_there_again():
    graph = gli.generate_kronecker(8)
    with gli.timeout(0.2):
        with gli.timeout(100), pytest.raises(TimeoutError):
            endless(graph)()
        with pytest.raises(TimeoutError):
            endless(graph)()
    assert graph.pagerank(iterations=2).summary["rounds"] == 2
    for seconds, error in ((0, ValueError), (-1, ValueError), (float("nan"), ValueError), ("1", TypeError)):
        with pytest.raises(error, match="seconds"), gli.timeout(seconds):
            pass


def test_every_algorithm_can_be_given_a_timeout():
    graph = gli.generate_kronecker(12)
    for name in ("pagerank", "k_core", "connected_components", "topological_sort", "jaccard_coefficient", "shortest_path"):
        parameter = inspect.signature(getattr(graph, name)).parameters["timeout"]
        assert (parameter.kind, parameter.default) == (inspect.Parameter.KEYWORD_ONLY, None)
    with pytest.raises(TimeoutError, match="within the given timeout"):
        graph.pagerank(iterations=10_000_000, timeout=0.1)
    with gli.timeout(0.1), pytest.raises(TimeoutError):
        graph.pagerank(iterations=10_000_000, timeout=60)
    with pytest.raises(ValueError, match="seconds must be positive"):
        graph.bfs(0, timeout=0)
    assert graph.bfs(0, timeout=60) == graph.bfs(0)


def test_a_read_can_be_given_a_timeout(tmp_path):
    file = tmp_path / "much.el"
    file.write_text("1 2\n3 4\n" * 2_000_000)
    with pytest.raises(TimeoutError):
        gli.read(file, timeout=0.01)
    assert gli.read(file, timeout=600).edge_count == 2


def test_a_deadline_is_of_its_thread_only():
    graph = gli.generate_kronecker(8)
    answers = []
    with gli.timeout(0.05):
        thread = threading.Thread(target=lambda: answers.append(graph.pagerank(iterations=2000).summary["rounds"]))
        thread.start()
        with pytest.raises(TimeoutError):
            endless(graph)()
        thread.join()
    assert answers == [2000]
