"""What a call takes is known before: within 20% of what the kernel then counts; and what cannot fit is refused before it starts."""

import functools
import random
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
ALGORITHMS = {  # arguments, by a graph
    "pagerank": lambda g: {"iterations": 3},
    "connected_components": lambda g: {},
    "label_propagation": lambda g: {"iterations": 2},
    "core_number": lambda g: {},
    "triangles": lambda g: {},
    "hits": lambda g: {"max_iter": 3, "tol": 1e6},
    "maximal_independent_set": lambda g: {},
    "sssp": lambda g: {"source": first_node(g)},
    "jaccard_coefficient": lambda g: {"ebunch": some_pairs(g, 30_000)},
    "modularity": lambda g: {"communities": {k: k % 97 for k in keys_of(g)}},
    "shortest_path_length": lambda g: {"source": first_node(g), "target": first_node(g)},
}


def first_node(g):
    return g.degree().top(1).to_arrow().column("id")[0].as_py()


def keys_of(g) -> list[int]:
    return g.nodes.to_arrow().column("id").to_pylist()


def some_pairs(g, count: int) -> list[tuple[int, int]]:
    return np.random.default_rng(2).choice(keys_of(g), size=(count, 2)).tolist()


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
        for algorithm, arguments_of in ALGORITHMS.items():
            arguments = arguments_of(g)
            told = client.estimate(g, algorithm, **arguments)
            measured, _ = peaks(cluster, lambda run=getattr(g, algorithm), given=arguments: run(**given))
            check(told, measured)


def test_a_published_graph_takes_what_was_estimated(fresh_cluster, data):
    file = data / "p2p-31" / "p2p-31.e"
    cluster = fresh_cluster(2, threads_per_worker=1)
    with gli.Client(cluster) as client:
        told = client.estimate(file, "pagerank", read={"directed": True})
        measured, g = peaks(cluster, lambda: client.read(file, directed=True))
        check(told, measured)
        assert (told.nodes, told.edges) == (g.node_count, g.edge_count)


@functools.cache
def people() -> gli.Graph:
    """Text keys, and attributes of several types."""
    draw, ids = np.random.default_rng(5), np.array([f"person-{i:06d}" for i in range(40_000)])
    sources, targets = draw.integers(0, len(ids), size=(2, 300_000))
    kinds = pa.array([f"kind {x}" for x in draw.integers(0, 9, size=len(sources))])
    edges = pa.table({"source": ids[sources], "target": ids[targets], "kind": kinds, "since": draw.random(len(sources))})
    return gli.from_arrow(edges, nodes=pa.table({"id": ids, "age": draw.integers(0, 99, size=len(ids))}), duplicates="last")


@functools.cache
def numbered() -> gli.Graph:
    """Keys from 1, and weights of edges."""
    rows = gli.generate_kronecker(15, directed=False).edges.to_arrow()
    ends = np.stack([rows.column(name).to_numpy() for name in ("source", "target")])
    keys, (sources, targets) = np.unique(ends, return_inverse=True)[0], np.searchsorted(np.unique(ends), ends)
    between = sources != targets
    edges = pa.table({"source": sources[between] + 1, "target": targets[between] + 1, "weight": np.arange(between.sum()) % 50 + 1})
    return gli.from_arrow(edges, nodes=pa.table({"id": np.arange(1, len(keys) + 1)}), directed=False)


FORMS = {  # by a file's name: what graph it holds, and how it is written and read
    "people.csv": (people, {"nodes": "ids.csv"}, {"nodes": "ids.csv"}),
    "people.parquet": (people, {"nodes": "ids.parquet"}, {"nodes": "ids.parquet"}),
    "people.arrow": (people, {"nodes": "ids.arrow"}, {"nodes": "ids.arrow"}),
    "people.graphml": (people, {}, {}),
    "people.gexf.zst": (people, {}, {}),
    "people.json": (people, {}, {}),
    "numbered.mtx": (numbered, {}, {}),
    "numbered.mtx.gz": (numbered, {}, {}),
    "numbered.metis": (numbered, {}, {}),
    "numbered.wsg": (numbered, {"relabel": True}, {}),
    "numbered.e": (numbered, {}, {"directed": False}),
    "numbered.parquet": (numbered, {"lossy": True}, {"directed": False}),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("workers", [1, 2])
def test_files_of_every_form_take_what_was_estimated(fresh_cluster, tmp_path, name, workers):
    make, *options = FORMS[name]
    write, read = ({n: tmp_path / x if n == "nodes" else x for n, x in given.items()} for given in options)
    file, here = tmp_path / name, make()
    here.write(file, **write)
    cluster = fresh_cluster(workers, threads_per_worker=1)
    with gli.Client(cluster) as client:
        told = client.estimate(file, read=read)
        measured, g = peaks(cluster, lambda: client.read(file, **read))
        check(told, measured)
        assert told.nodes == g.node_count
        assert abs(told.edges - g.edge_count) <= 0.01 * g.edge_count
        assert (told.driver > 4 * file.stat().st_size) == (name == "people.json")


def test_forms_are_all_that_gli_reads():
    from gli._estimate_files import _FORMS
    from gli._formats.readers import READERS

    assert _FORMS.keys() == set(READERS.values())


def test_every_algorithm_that_graphs_have_is_estimated(fresh_cluster):
    names = {"degree", *(name for name in dir(gli._algorithms.Algorithms) if not name.startswith("_"))}
    here = gli.generate_kronecker(8)
    with gli.Client(fresh_cluster(2)) as client:
        there = client.generate_kronecker(8)
        for name in names:
            assert gli.estimate(here, name).working > 0
            if name in ("k_truss", "minimum_spanning_tree", "minimum_spanning_edges"):
                with pytest.raises(NotImplementedError, match=rf"{name}\(\) is of embedded graphs"):
                    client.estimate(there, name)
            else:
                assert client.estimate(there, name).working > 0
    assert set(gli._core.algorithm_names()) <= names


def test_arguments_determine_what_it_takes():
    g = gli.generate_kronecker(12)
    few, many = (gli.estimate(g, "jaccard_coefficient", ebunch=[(1, 2)] * n).working for n in (10, 1000))
    assert many > few
    assert gli.estimate(g, "shortest_path", weight="weight").working > gli.estimate(g, "shortest_path").working
    with pytest.raises(TypeError, match=r"pagerank\(\): got an unexpected keyword argument 'depth'"):
        gli.estimate(g, "pagerank", depth=3)


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
    with pytest.raises(ValueError, match="there is no algorithm 'page_rank'; there are adamic_adar_index, "):
        gli.estimate(g, "page_rank")
    with pytest.raises(ValueError, match="names no form of file"):
        gli.estimate(tmp_path / "a.doc")
    with pytest.raises(TypeError, match=r"read_csv\(\): got an unexpected keyword argument 'directd'"):
        gli.estimate(tmp_path / "a.csv", read={"directd": True})
    for name, text in (
        ("a.json", "{}"),
        ("a.graphml", "<graphml/>"),
        ("a.parquet", "no"),
        ("a.mtx", "1 2"),
        ("a.metis", "x"),
        ("a.csv", ""),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=re.escape(str(tmp_path / name))):
            gli.estimate(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        gli.estimate(tmp_path / "absent.txt")
    with pytest.raises(TypeError, match="expected a path or a graph, not 5"):
        gli.estimate(5)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Some bytes of it changed, cut out or come again."""
    kind, begin = draw.randrange(4), draw.randrange(len(content))
    end = begin + 1 + draw.randrange(40)
    middle = {0: b"", 1: draw.randbytes(end - begin), 2: content[begin:end] * 3, 3: str(draw.randrange(10**18)).encode()}[kind]
    return content[:begin] + middle + content[end:]


@pytest.mark.parametrize("name", [*(n for n in FORMS if not n.startswith("people.g")), "people.graphml", "people.gexf", "numbered.txt"])
def test_damaged_files_are_estimated_or_named(tmp_path, name):
    file, draw = tmp_path / name, random.Random(name)
    rows = {"source": [f"n{i}" for i in range(50)] if name.startswith("people") else list(range(1, 51))}
    rows |= {"target": rows["source"][1:] + rows["source"][:1], "weight": list(range(1, 51))}
    here = gli.from_arrow(pa.table(rows), directed=name.startswith("people"))
    here.write(file, **({"relabel": True} if name.endswith((".mtx", ".mtx.gz", ".metis", ".wsg")) else {}))
    content = file.read_bytes()
    gli.estimate(file)
    for _ in range(300):
        file.write_bytes(damaged(content, draw))
        try:
            assert gli.estimate(file).loading >= 0
        except (ValueError, TypeError, OverflowError, OSError, NotImplementedError) as error:
            assert str(file) in str(error) or str(file.with_suffix(".v")) in str(error), error


def refused(what: str, limit: int) -> str:
    figures = rf" needs about [\d.]+ [MG]iB on each of 2 workers, [\d.]+ MiB are free under memory_limit={limit}.0 MiB: "
    return re.escape(what) + figures + r"([\d,]+) workers of this size would do"


def test_loads_that_cannot_fit_are_refused_before_they_start(fresh_cluster, tmp_path):
    file = tmp_path / "long.txt"
    gli.generate_kronecker(18).write(file)
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="96MiB")) as client:
        with pytest.raises(MemoryError, match=refused("a Kronecker graph", 96)):
            client.generate_kronecker(22)
        with pytest.raises(MemoryError, match=refused(str(file), 96)):
            client.read_edges(file)
        assert client.status().failed == ()


@pytest.mark.parametrize("name", ["long.parquet", "long.json", "long.csv", "long.mtx"])
def test_files_of_other_forms_are_refused_too(fresh_cluster, tmp_path, name):
    file = tmp_path / name
    draw = np.random.default_rng(3).integers(1, 100_001, size=(2, 1_200_000))
    edges = pa.table({"source": draw[0], "target": draw[1], "weight": np.arange(draw.shape[1]) % 7 + 1})
    gli.from_arrow(edges, nodes=pa.table({"id": np.arange(1, 100_001)}), duplicates="last").write(file)
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="52MiB")) as client:
        with pytest.raises(MemoryError, match=refused(str(file), 52)):
            client.read(file)
        with pytest.raises(MemoryError, match=refused("a table of 1,200,000 edges", 52)):
            client.from_arrow(edges)
        assert client.status().failed == ()


def test_a_graph_that_cannot_be_beside_itself_is_not_dealt_out_anew(fresh_cluster, tmp_path):
    draw = np.random.default_rng(3).integers(0, 300_000, size=(2, 1_500_000))
    with gli.Client(fresh_cluster(2, threads_per_worker=1)) as client:
        g = client.from_arrow(pa.table({"source": draw[0], "target": draw[1]}), directed=False)
        client.open_store(tmp_path / "a.gli").commit("large", graph=g)
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="96MiB")) as client:
        g = client.open_store(tmp_path / "a.gli").at("main")  # takes less than a load
        with pytest.raises(MemoryError, match=refused("repartition", 96)):
            g.repartition("range")
        assert client.status().failed == ()
        assert g.degree().to_arrow().num_rows == g.node_count


def test_commits_that_cannot_fit_are_refused_before_they_are_read(fresh_cluster, tmp_path):
    with gli.Client(fresh_cluster(2, threads_per_worker=1)) as client:
        commit = client.open_store(tmp_path / "a.gli").commit("large", graph=client.generate_kronecker(18))
    with gli.Client(fresh_cluster(2, threads_per_worker=1, memory_limit="48MiB")) as client:
        with pytest.raises(MemoryError, match=refused(f"the graph of commit {commit.id[:12]}", 48)):
            client.open_store(tmp_path / "a.gli").at("main")
        assert client.status().failed == ()


def test_a_refusal_says_how_to_try_all_the_same(fresh_cluster):
    with gli.Client(fresh_cluster(1, memory_limit="96MiB")) as client:
        with pytest.raises(MemoryError, match="workers with memory_limit=None refuse nothing"):
            client.generate_kronecker(22)


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
