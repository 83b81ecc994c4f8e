"""Ctrl-C stops the question, not the graph or the cluster."""

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
