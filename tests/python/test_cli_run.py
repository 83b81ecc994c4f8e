"""gli run: every algorithm of the catalog, on files and stores, printed and written."""

import contextlib
import io
from types import SimpleNamespace

import gli
import pyarrow.csv
import pyarrow.parquet
import pytest
from gli._algorithms import Algorithms
from gli._cli import main
from gli._cli_run import _ALGORITHMS, _CANNOT


def run(*arguments):
    """What the command line answers, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["run", *map(str, arguments)])
    return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())


@pytest.fixture
def edges(write):
    return write("e", "1 2\n2 3\n7 8\n3 1\n3 4\n")


def test_every_algorithm_is_in_the_catalog_with_what_it_takes():
    public = {n for n in dir(Algorithms) if not n.startswith("_")}
    assert set(_ALGORITHMS) == (public - _CANNOT) | {"degree"}
    assert _ALGORITHMS["sssp"] == {"source": ("key", True), "weight": ("text", False)}
    assert _ALGORITHMS["betweenness_centrality"] == {
        "k": ("whole number", False),
        "normalized": ("yes or no", False),
        "seed": ("whole number", False),
    }


NEEDED = {"bfs": ["source=1"], "bfs_predecessors": ["source=1"], "sssp": ["source=1"], "sssp_predecessors": ["source=1"]}
NEEDED |= {name: ["source=1", "target=3"] for name in ("shortest_path", "shortest_path_length", "has_path")}
NEEDED |= {"ego_graph": ["node=1"], "k_truss": ["k=3"], "greedy_color": [], "degree": ["mode=in"]}
ACYCLIC = ("topological_generations", "topological_sort")
UNDIRECTED = ("minimum_spanning_tree", "minimum_spanning_edges")


@pytest.mark.parametrize("name", sorted(_ALGORITHMS))
def test_every_algorithm_runs_from_the_command_line(name, edges, write):
    path = write("dag", "1 2\n2 3\n1 3\n") if name in ACYCLIC else edges
    out = run(name, path, *NEEDED.get(name, []), *(["--undirected"] if name in UNDIRECTED else []))
    assert out.returncode == 0 and not out.stderr, out.stderr
    assert out.stdout.splitlines()[0].endswith("edges") and out.stdout.splitlines()[1].startswith(name)


def test_rows_are_written_as_they_are(edges, tmp_path):
    g = gli.read_edges(edges)
    assert run("pagerank", edges, "--out", tmp_path / "r.parquet").returncode == 0
    assert pyarrow.parquet.read_table(tmp_path / "r.parquet").equals(g.pagerank().to_arrow())
    assert run("connected_components", edges, "--out", tmp_path / "r.csv").returncode == 0
    assert pyarrow.csv.read_csv(tmp_path / "r.csv").to_pydict() == g.connected_components().to_arrow().to_pydict()
    assert run("hits", edges, "--out", tmp_path / "h.csv").returncode == 0
    assert pyarrow.csv.read_csv(tmp_path / "h.csv").column_names == ["id", "hubs", "authorities"]
    assert run("shortest_path", edges, "source=1", "target=4", "--out", tmp_path / "p.csv").returncode == 0
    assert pyarrow.csv.read_csv(tmp_path / "p.csv").to_pydict() == {"shortest_path": [1, 2, 3, 4]}
    assert run("find_cycle", edges, "--out", tmp_path / "c.csv").returncode == 0
    assert pyarrow.csv.read_csv(tmp_path / "c.csv").to_pydict() == {"source": [1, 2, 3], "target": [2, 3, 1]}
    assert run("k_core", edges, "k=2", "--out", tmp_path / "core.graphml").returncode == 0
    assert gli.read(tmp_path / "core.graphml").node_count == 3


def test_files_are_read_as_their_ending_says(tmp_path):
    g = gli.Graph.from_edge_list([("ann", "bob", {"since": 2020}), ("bob", "cid", {"since": 2021})])
    for name in ("g.csv", "g.graphml", "g.parquet", "g.json"):
        g.write(tmp_path / name)
        assert "3 nodes, 2 edges" in run("degree", tmp_path / name).stdout
    out = run("degree", tmp_path / "g.graphml", "--undirected")
    assert out.returncode == 1 and "says itself whether it is directed" in out.stderr


def test_a_store_is_asked_at_a_revision(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    store.commit("one", graph=gli.Graph().add_node("ann"))
    store.commit("two", graph=gli.Graph().add_node("ann").add_node("bob"))
    assert "2 nodes" in run("degree", tmp_path / "s").stdout
    assert "1 node" in run("degree", tmp_path / "s", "--revision", "main~1").stdout
    assert "2 nodes" in run("degree", tmp_path / "s", "--workers", "2").stdout


@pytest.mark.parametrize(
    "words, message",
    [
        (("pagerank", "FILE", "--out", "ranks.txt"), "rows are written to .parquet or .csv"),
        (("pagerank", "FILE", "--out", "/no/such/place/r.csv"), "there is no directory"),
        (("is_tree", "FILE", "--out", "t.csv"), "no table"),
        (("pagerank", "FILE", "--revision", "main"), "is no store"),
        (("pagerank", "FILE", "--cluster", "head"), "gli://HOST:PORT"),
        (("pagerank", "FILE", "weight=w"), "w"),
        (("louvain_communities", "FILE", "resolution=much"), "'resolution' is a number, not 'much'"),
        (("sssp", "FILE"), "sssp needs an argument 'source': source=KEY"),
    ],
)
def test_what_cannot_be_is_one_line(edges, words, message):
    out = run(*(edges if w == "FILE" else w for w in words))
    assert out.returncode == 1 and message in out.stderr
    assert out.stderr.startswith("gli: error: ") and out.stderr.count("\n") == 1
