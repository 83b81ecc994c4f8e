"""What a call takes is known before: within 20% of what the kernel then counts; and what cannot fit is refused before it starts."""

import re

import gli
import numpy as np
import pyarrow as pa
import pytest
from memory_of import peak, reset_peak

WITHIN = 0.2


def edges(sources, targets) -> gli.Graph:
    return gli.from_arrow(pa.table({"source": sources, "target": targets}), directed=False)


def grid(side: int) -> gli.Graph:
    at = np.arange(side * side).reshape(side, side)
    return edges(np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()]), np.concatenate([at[:, 1:].ravel(), at[1:].ravel()]))


def uniform(nodes: int, count: int) -> gli.Graph:
    return edges(*np.random.default_rng(1).integers(0, nodes, size=(2, count)))


GRAPHS = {
    "kronecker 14": lambda: gli.generate_kronecker(14),
    "kronecker 17": lambda: gli.generate_kronecker(17, directed=False),
    "uniform": lambda: uniform(100_000, 800_000),
    "grid": lambda: grid(300),
}
ALGORITHMS = {
    "pagerank": lambda g: g.pagerank(iterations=3),
    "connected_components": lambda g: g.connected_components(),
    "label_propagation": lambda g: g.label_propagation(iterations=2),
    "core_number": lambda g: g.core_number(),
    "triangles": lambda g: g.triangles(),
    "hits": lambda g: g.hits(max_iter=3, tol=1e6),
    "maximal_independent_set": lambda g: g.maximal_independent_set(),
    "sssp": lambda g: g.sssp(first_node(g)),
}


def first_node(g):
    return g.degree().top(1).to_arrow().column("id")[0].as_py()


def peaks(cluster, call):
    """The most that a worker had resident meanwhile, and what the call answered."""
    pids = [w.pid for w in cluster.workers]
    for pid in pids:
        reset_peak(pid)
    answer = call()
    return max(map(peak, pids)), answer


def check(estimate: gli.Estimate, measured: int) -> None:
    assert abs(estimate.peak - measured) <= WITHIN * measured, f"{estimate}; measured {measured / 2**20:.1f} MiB"


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("workers", [1, 2])
def test_loading_and_algorithms_take_what_was_estimated(fresh_cluster, tmp_path, name, workers):
    here = GRAPHS[name]()
    file = tmp_path / "edges.txt"
    here.write(file)
    kind = {"directed": here.directed}
    cluster = fresh_cluster(workers, threads_per_worker=1)
    with gli.Client(cluster) as client:
        told = client.estimate(file, read=kind)
        measured, g = peaks(cluster, lambda: client.read_edges(file, **kind))
        check(told, measured)
        for algorithm, run in ALGORITHMS.items():
            told = client.estimate(g, algorithm)
            measured, _ = peaks(cluster, lambda run=run: run(g))
            check(told, measured)


def test_a_published_graph_takes_what_was_estimated(fresh_cluster, data):
    file = data / "p2p-31" / "p2p-31.e"
    cluster = fresh_cluster(2, threads_per_worker=1)
    with gli.Client(cluster) as client:
        told = client.estimate(file, "pagerank")
        measured, g = peaks(cluster, lambda: client.read_edges(file))
        check(told, measured)
        assert (told.nodes, told.edges) == (g.node_count, g.edge_count)


def test_the_size_of_a_long_file_is_told_by_parts_of_it(tmp_path):
    here = gli.generate_kronecker(17)
    for ending in ("txt", "txt.zst"):
        file = tmp_path / f"edges.{ending}"
        here.write(file)
        told = gli.estimate(file)
        assert abs(told.edges - here.edge_count) <= WITHIN * here.edge_count
        assert abs(told.nodes - here.node_count) <= WITHIN * here.node_count


def test_what_cannot_be_estimated_says_why(fresh_cluster, tmp_path):
    g = gli.generate_kronecker(5)
    with pytest.raises(ValueError, match="what 'page_rank' takes is not known; it is of"):
        gli.estimate(g, "page_rank")
    with pytest.raises(ValueError, match="told from lists of edges as text"):
        gli.estimate(tmp_path / "a.parquet")
    with pytest.raises(FileNotFoundError):
        gli.estimate(tmp_path / "absent.txt")
    with pytest.raises(TypeError, match="expected a path or a graph, not 5"):
        gli.estimate(5)


def refused(what: str, limit: int) -> str:
    figures = rf" needs about [\d.]+ [MG]iB on each of 2 workers, [\d.]+ MiB are free under memory_limit={limit}.0 MiB: "
    return re.escape(what) + figures + r"(\d+) workers of this size would do"


def test_loads_that_cannot_fit_are_refused_before_they_start(fresh_cluster, tmp_path):
    file = tmp_path / "long.txt"
    gli.generate_kronecker(18).write(file)
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="96MiB")) as client:
        with pytest.raises(MemoryError, match=refused("a Kronecker graph", 96)):
            client.generate_kronecker(22)
        with pytest.raises(MemoryError, match=refused(str(file), 96)):
            client.read_edges(file)
        assert client.status().failed == ()


def test_algorithms_that_cannot_fit_are_refused_before_they_start(fresh_cluster):
    pairs = np.arange(700_000)
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="192MiB")) as client:
        g = client.from_arrow(pa.table({"source": pairs[::2], "target": pairs[1::2]}), directed=False)
        with pytest.raises(MemoryError, match=refused("louvain_communities", 192)):
            g.louvain_communities()
        assert client.status().failed == ()
        assert g.connected_components().count() == 350_000


def test_as_many_workers_as_a_refusal_names_would_do(fresh_cluster):
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="256MiB")) as client:
        with pytest.raises(MemoryError, match=refused("a Kronecker graph", 256)) as why:
            client.generate_kronecker(20)
    enough = int(re.search(r"(\d+) workers", str(why.value).split(":")[1])[1])
    with gli.Client(fresh_cluster(enough, threads_per_worker=1, memory_limit="256MiB")) as client:
        assert client.generate_kronecker(20).node_count > 2**19
