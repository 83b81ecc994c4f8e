"""Files that the workers read themselves: the same graphs, reports and errors as embedded, and nothing of them passes the driver."""

import gzip
import os
import random
import signal
import threading
import warnings

import gli
import pytest
from gli import _core


@pytest.fixture
def no_driver_rows(monkeypatch):
    """Fails a load that sends rows from this process."""

    def refuse(*arguments):
        raise AssertionError("the driver was about to send rows")

    monkeypatch.setattr(_core, "Scatter", refuse)


def many_lines(seed: int, count: int = 40_000, weights: bool = True, words: bool = False) -> list[str]:
    """Over half a megabyte: several ranges for each worker."""
    rng = random.Random(seed)
    name = (lambda i: f"node-{i}") if words else str
    ends = ((rng.randrange(5000), int(5000 * rng.random() ** 3)) for _ in range(count))
    return [f"{name(u)} {name(v)}" + (f" {rng.randrange(1000)}" if weights else "") for u, v in ends]


def outcome(call):
    """The graph in words, or the error; and the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            g = call()
            result = (g.graph_id, g.key_type, list(g.nodes), g.edges.to_arrow().to_pydict())
        except (ValueError, TypeError, OSError) as error:
            result = (type(error), str(error))
    return result, [str(w.message) for w in told]


FILES = {
    "pairs": lambda: many_lines(1, weights=False),
    "weights": lambda: many_lines(2),
    "words": lambda: many_lines(3, words=True),
    "a late float": lambda: many_lines(4) + ["1 2 0.5"],
    "a late word among weights": lambda: many_lines(5) + ["1 2 heavy"],
    "a late id that is text": lambda: many_lines(6)[:-5] + ["007 8 9"] + many_lines(7)[:5],
    "comments": lambda: ["# head"] * 9000 + many_lines(8)[:3000] + ["# amid", "", "%"] * 500 + many_lines(9)[:3000],
    "one line": lambda: ["1 2 3"],
    "a bad line early": lambda: ["1 2 3", "4 5"] + many_lines(10),
    "a bad line late": lambda: many_lines(11) + ["4 5", "6"],
    "bad lines": lambda: [line if i % 997 else "1 2 3 4" for i, line in enumerate(many_lines(12), 1)],
    "no text late": lambda: many_lines(13) + ["caf\udce9 1 2"],
}


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("directed", [True, False], ids=["directed", "undirected"])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("name", FILES)
def test_an_edge_list_is_read_as_embedded(client, tmp_path, name, on_error, directed):
    path = tmp_path / "edges.txt"
    path.write_bytes("\n".join(FILES[name]()).encode(errors="surrogateescape"))
    here, there = (outcome(lambda: place.read_edges(path, on_error=on_error, directed=directed)) for place in (gli, client))
    assert here == there


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("duplicates", ["first", "last", "sum", "multi", "error"])
def test_duplicates_in_a_file_are_settled_as_embedded(client, tmp_path, duplicates):
    path = tmp_path / "edges.txt"
    path.write_text("\n".join(many_lines(14)))
    here, there = (outcome(lambda: place.read_edges(path, duplicates=duplicates)) for place in (gli, client))
    assert here == there


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("strays", [0, 30])
def test_ldbc_files_are_read_as_embedded(client, tmp_path, on_error, strays):
    rng = random.Random(15)
    ids = rng.sample(range(100_000), 20_000)
    ends = [(rng.choice(ids), rng.choice(ids)) for _ in range(40_000)]
    for _ in range(strays):
        ends.insert(rng.randrange(len(ends)), (rng.choice(ids), 200_000 + rng.randrange(9)))
    (tmp_path / "g.v").write_text("".join(f"{i}\n" for i in ids))
    (tmp_path / "g.e").write_text("".join(f"{u} {v} {rng.random():.3f}\n" for u, v in ends))
    here, there = (
        outcome(lambda: place.read_ldbc(tmp_path / "g.v", tmp_path / "g.e", directed=False, on_error=on_error)) for place in (gli, client)
    )
    assert here == there


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("symmetry", ["general", "symmetric", "skew-symmetric"])
def test_matrices_are_read_as_embedded(client, tmp_path, symmetry):
    rng = random.Random(16)
    n, lower = 3000, symmetry != "general"
    pairs = [(a, b) for a, b in ((rng.randrange(n), rng.randrange(n)) for _ in range(9000)) if a != b]
    cells = sorted({(max(p), min(p)) if lower else p for p in pairs})
    head = f"%%MatrixMarket matrix coordinate integer {symmetry}\n{n} {n} {len(cells)}\n"
    path = tmp_path / "m.mtx"
    path.write_text(head + "".join(f"{a + 1} {b + 1} {rng.randrange(-9, 9)}\n" for a, b in cells))
    here, there = (outcome(lambda: place.read_mtx(path)) for place in (gli, client))
    assert here == there
    path.write_text(head.replace(f" {len(cells)}\n", " 1\n") + "1 2 3\n2 3 4\n")
    here, there = (outcome(lambda: place.read_mtx(path)) for place in (gli, client))
    assert here == there and "2 follow" in here[0][1]


def metis_lines(nodes: int = 6000, weighted: bool = False, seed: int = 19) -> list[str]:
    """Over 64 KiB: several ranges; with a node that most are beside, and many without neighbors."""
    rng = random.Random(seed)
    edges: dict[tuple[int, int], int] = {}
    for _ in range(4 * nodes):
        u, v = sorted((rng.randrange(nodes * 3 // 4) + 1, int(nodes * rng.random() ** 4) + 1))
        if u != v:
            edges.setdefault((u, v), rng.randrange(1, 100))
    beside: list[list[str]] = [[] for _ in range(nodes + 1)]
    for (u, v), w in edges.items():
        for a, b in ((u, v), (v, u)):
            beside[a] += [str(b), str(w)] if weighted else [str(b)]
    values = [[str(rng.randrange(9)) for _ in range(3)] if weighted else [] for _ in range(nodes)]
    head = f"{nodes} {len(edges)}" + (" 111 2" if weighted else "")
    return [head, *(" ".join(own + others) for own, others in zip(values, beside[1:], strict=True))]


METIS = {
    "plain": metis_lines,
    "weights of all": lambda: metis_lines(weighted=True),
    "comments": lambda: ["% head", "", *metis_lines()[:2000], *["% amid"] * 500, *metis_lines()[2000:], "", "% end", " "],
    "windows": lambda: [line + "\r" for line in metis_lines()],
    "small": lambda: ["3 2", "2", "1 3", "2"],
    "no nodes": lambda: ["0 0"],
    "a bad line late": lambda: metis_lines()[:5000] + ["1 x"] + metis_lines()[5001:],
    "its own neighbor": lambda: metis_lines()[:3000] + ["3000"] + metis_lines()[3001:],
    "a neighbor too far": lambda: metis_lines()[:3000] + ["6001"] + metis_lines()[3001:],
    "weights missing": lambda: metis_lines(weighted=True)[:-3] + ["1"] + metis_lines(weighted=True)[-2:],
    "too few lines": lambda: metis_lines()[:-7],
    "too many lines": lambda: metis_lines() + ["1"],
    "one end only": lambda: [metis_lines()[0], "", *metis_lines()[2:]],
    "another promise": lambda: ["6000 17", *metis_lines()[1:]],
    "no header": lambda: ["% only", ""],
    "a bad header": lambda: ["3 2 7", *metis_lines()[1:]],
    "no text": lambda: metis_lines()[:5000] + ["caf\udce9"] + metis_lines()[5001:],
}


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("on_error", ["raise", "skip"])
@pytest.mark.parametrize("name", METIS)
def test_metis_files_are_read_as_embedded(client, tmp_path, name, on_error, packed):
    path = tmp_path / ("g.graph.gz" if packed else "g.graph")
    text = "\n".join(METIS[name]()).encode(errors="surrogateescape")
    path.write_bytes(gzip.compress(text) if packed else text)
    here, there = (outcome(lambda: place.read_metis(path, on_error=on_error)) for place in (gli, client))
    assert here == there
    assert here[0][0] is not OSError


@pytest.mark.usefixtures("no_driver_rows")
def test_a_line_of_metis_longer_than_a_range_is_read(client, tmp_path):
    nodes = 200_000
    path = tmp_path / "star.graph"
    path.write_text("\n".join([f"{nodes} {nodes - 1}", " ".join(map(str, range(2, nodes + 1))), *["1"] * (nodes - 1)]))
    assert path.stat().st_size > 1 << 20
    here, there = (place.read_metis(path) for place in (gli, client))
    assert here.graph_id == there.graph_id


@pytest.mark.usefixtures("no_driver_rows")
@pytest.mark.parametrize("seed", [0, 2**63 + 5])
def test_generated_graphs_are_those_of_one_process(client, seed):
    here, there = (place.generate_kronecker(11, seed=seed, directed=False) for place in (gli, client))
    assert here.graph_id == there.graph_id and list(here.nodes) == list(there.nodes)


@pytest.mark.usefixtures("no_driver_rows")
def test_packed_files_are_read_by_the_workers_too(client, tmp_path):
    path = tmp_path / "edges.txt.gz"
    path.write_bytes(gzip.compress("\n".join(many_lines(17)).encode()))
    here, there = (outcome(lambda: place.read(path)) for place in (gli, client))
    assert here == there


@pytest.mark.usefixtures("no_driver_rows")
def test_a_relative_path_is_the_drivers_and_messages_say_it_as_given(client, tmp_path, monkeypatch):
    (tmp_path / "edges.txt").write_text("1 2\n2 3\n3\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"^edges.txt:3: expected 2 fields, found 1$"):
        client.read_edges("edges.txt")
    with pytest.warns(gli.SkippedLinesWarning, match=r"^edges.txt: skipped 1 bad line: line 3: expected 2 fields, found 1$"):
        assert client.read_edges("edges.txt", on_error="skip").edge_count == 2


@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_a_pipe_is_read_by_the_driver(client, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    text = "\n".join(many_lines(18)[:20_000])
    writer = threading.Thread(target=lambda: path.write_text(text))
    writer.start()
    g = client.read_edges(path)
    writer.join()
    (tmp_path / "file").write_text(text)
    assert g.graph_id == gli.read_edges(tmp_path / "file").graph_id


def test_a_file_that_only_the_driver_can_open_is_said_to_be_one(client, tmp_path):
    (tmp_path / "edges.txt").write_text("1 2\n")
    with (tmp_path / "edges.txt").open() as file:
        os.set_inheritable(file.fileno(), False)
        path = f"/proc/self/fd/{os.dup2(file.fileno(), 99)}"
        try:
            with pytest.raises(FileNotFoundError, match=f"{path}: no such file; this process can read it, but the workers"):
                client.read_edges(path)
        finally:
            os.close(99)


def test_ctrl_c_in_a_load_leaves_nothing_and_the_cluster_goes_on(fresh_cluster):
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        before = client.status()
        timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            client.generate_kronecker(23)
        timer.join()
        assert client.generate_kronecker(8).graph_id == gli.generate_kronecker(8).graph_id
        assert client.status().workers == before.workers and not client.status().calls


def test_a_worker_killed_in_a_load_is_named_and_its_successor_loads(fresh_cluster):
    cluster = fresh_cluster(2)
    victim = cluster.workers[1]
    with gli.Client(cluster) as client:
        timer = threading.Timer(0.5, os.kill, [victim.pid, signal.SIGKILL])
        timer.start()
        with pytest.raises(gli.WorkerLostError, match=f"partition {victim.partition}.*pid {victim.pid}|pid {victim.pid}"):
            client.generate_kronecker(23)
        timer.join()
        cluster.restart()
        assert client.generate_kronecker(8).graph_id == gli.generate_kronecker(8).graph_id
