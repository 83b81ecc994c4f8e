"""Forms of lines: CSV, edge lists, LDBC, Matrix Market, METIS; and their bad lines."""

import gzip
import pickle
import re
import warnings
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import gli

PLAIN = {"weight": 0.5, "n": 3, "note": 'x<y & "z"\n', "ok": True}


@pytest.fixture
def g():
    return gli.Graph.from_edge_list([("ann", "bob", PLAIN), ("bob", "cé", {"weight": 2.0})], {"ann": {"age": 41, "tall": 1.0}, "lone": {}})


@pytest.fixture
def weighted():
    return gli.Graph.from_edge_list([(1, 2, {"weight": 5}), (2, 3, {"weight": 7}), (1, 3, {"weight": 1})], directed=False)


# --- CSV ------------------------------------------------------------------------------------------------------------------------


def test_csv_fields_may_be_quoted(write):
    g = gli.read_csv(write("e.csv", 'source,target,note\na,b,"x, ""y""\nand z"\n"b","c",\nc,a,""\n'))
    assert [a for _, a in g.edges.items()] == [{"note": 'x, "y"\nand z'}, {}, {"note": ""}]


def test_csv_columns_widen_as_far_as_a_file_asks(write):
    rows = "".join(f"{i},{i + 1},{i}\n" for i in range(400_000))
    g = gli.read(write("e.csv", "source,target,x\n" + rows + "400000,7,2.5\n"))
    assert g.edges[400000, 7] == {"x": 2.5} and g.key_type == "int64" and type(g.edges[0, 1]["x"]) is float
    g = gli.read(write("e.csv", "source,target,x\n" + rows + "ann,7,later\n"))
    assert g.edges["ann", "7"] == {"x": "later"} and g.edges["0", "1"] == {"x": "0"} and len(g) == 400_002


def test_csv_reads_what_pyarrow_writes(tmp_path):
    times = pa.array([0, 10**6], pa.timestamp("us"))
    table = pa.table({"source": [1, 2], "target": [2, 3], "s": ["", None], "b": [True, None], "t": times})
    pyarrow.csv.write_csv(table, tmp_path / "t.csv")
    g = gli.read(tmp_path / "t.csv")
    assert g.edges[1, 2] == {"s": "", "b": True, "t": datetime(1970, 1, 1)} and g.edges[2, 3] == {"t": datetime(1970, 1, 1, 0, 0, 1)}


def test_pyarrow_reads_what_we_write_as_csv(g, tmp_path):
    g.write_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv")
    rows = pyarrow.csv.read_csv(tmp_path / "e.csv", parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True)).to_pylist()
    assert rows[0] == {"source": "ann", "target": "bob", **PLAIN}
    assert gli.read_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv") == g


def test_bad_rows_of_csv_are_named_by_line(write):
    text = 'source,target,n\n1,2,3\n\n"4",5,"6"\n1,2\n7,8,x\n,9,1\n9,9,9\n'
    with pytest.raises(ValueError, match=":5: expected 3 fields, found 2"):
        gli.read_csv(write("e.csv", text))
    with pytest.warns(gli.SkippedLinesWarning) as caught:
        g = gli.read_csv(write("e.csv", text), types={"n": "int64"}, on_error="skip")
    assert sorted(g.edges) == [(1, 2), (4, 5), (9, 9)]
    assert caught[0].message.lines == [(5, "expected 3 fields, found 2"), (6, "n 'x' is not of type int64"), (7, "source is empty")]
    with pytest.raises(ValueError, match="'ann' is not an int64 id"):
        gli.read_csv(write("k.csv", "source,target\nann,2\n"), key_type="int64")
    for text, what in (("", "empty file"), ("a,b\n1,2\n", "no column 'source'"), ("source,source\n", "two columns")):
        with pytest.raises(ValueError, match=what):
            gli.read_csv(write("h.csv", text))


# --- lines ----------------------------------------------------------------------------------------------------------------------


def test_skipped_lines_are_counted_and_the_first_ten_named(write):
    path = write("e.txt", "1 2\n" + "x\n" * 25)
    with pytest.warns(gli.SkippedLinesWarning, match="skipped 25 bad lines: line 2: expected 2 fields, found 1; .*…") as caught:
        assert gli.read(path, on_error="skip").edge_count == 1
    told = caught[0].message
    assert (told.count, len(told.lines), told.path) == (25, 10, str(path)) and caught[0].filename == __file__
    assert pickle.loads(pickle.dumps(told)).lines == told.lines
    with pytest.raises(ValueError, match=f"{path}:2: "):
        gli.read(path)
    with pytest.raises(ValueError, match="on_error"):
        gli.read(path, on_error="ignore")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gli.read(write("good.txt", "1 2\n"), on_error="skip")


def test_edge_lists_come_back(tmp_path):
    g = gli.Graph.from_edge_list([("ann", "bob", {"w": 1.0, "s": "x"}), ("bob", "bob", {"w": 2.5, "s": "y"})])
    g.write(tmp_path / "e.txt.gz")
    assert gli.read(tmp_path / "e.txt.gz", names=["source", "target", "w", "s"]) == g
    g.write(tmp_path / "e.tsv", header=True)
    assert gli.read(tmp_path / "e.tsv", header=True) == g
    m = gli.Graph.from_edge_list([(1, 2, "x", {}), (1, 2, "y", {})], multi=True)
    m.write(tmp_path / "m.txt")
    assert gli.read(tmp_path / "m.txt", names=["source", "target", "key"], multi=True) == m


@pytest.mark.parametrize("key", ["a b", "#a", "", "a\n", "x\ty"])
def test_edge_lists_refuse_keys_that_would_not_come_back(tmp_path, key):
    with pytest.raises(ValueError, match="an edge list cannot hold"):
        gli.Graph.from_edge_list([(key, "b")]).write(tmp_path / "e.txt")
    assert list(tmp_path.iterdir()) == []


def test_ldbc_files_come_back(tmp_path):
    g = gli.Graph.from_edge_list([(1, 2, {"weight": 1.0})], {9: {"value": 2.0}, 1: {"value": 1.5}, 2: {"value": 0.5}})
    g.write(tmp_path / "g.e.gz")
    assert gli.read(tmp_path / "g.v.gz", directed=True) == g
    (tmp_path / "b.v").write_text("1\n2\nx\n")
    (tmp_path / "b.e").write_text("1 2\n1\n")
    with pytest.warns(gli.SkippedLinesWarning):
        assert gli.read(tmp_path / "b.e", directed=True, on_error="skip").edge_count == 1


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_ldbc_edges_to_nodes_that_no_row_brought_are_bad_lines(tmp_path, packed):
    def written(name, text):
        path = tmp_path / (name + packed)
        path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
        return path

    v = written("g.v", "5\n2\nx\n-3\n")
    lines = ["2 5 0.5", "5 7 1.5", "-3 2 2.5", "1", *(f"{i} 2 1" for i in range(10, 30)), "2 -3 9"]
    e = written("g.e", "".join(line + "\n" for line in lines))
    with pytest.warns(gli.SkippedLinesWarning) as caught:
        g = gli.read_ldbc(v, e, directed=True, on_error="skip")
    assert list(g.nodes) == [5, 2, -3]
    assert dict(g.edges.items()) == {(2, 5): {"weight": 0.5}, (-3, 2): {"weight": 2.5}, (2, -3): {"weight": 9.0}}
    nodes, edges = (w.message for w in caught)
    assert (nodes.count, nodes.lines) == (1, [(3, "node 'x' is not an int64 id")])
    assert (edges.path, edges.count) == (str(e), 22)
    assert edges.lines[:2] == [(2, "edge to node 7, which is not in the node file"), (4, "expected 3 fields, found 1")]
    assert edges.lines[2:] == [(line, f"edge to node {line + 5}, which is not in the node file") for line in range(5, 13)]
    with pytest.raises(ValueError, match=re.escape(str(e)) + ":2: edge to node 7, "):
        gli.read_ldbc(written("h.v", "5\n2\n-3\n"), written("g.e", "2 5 0.5\n5 7 1.5\n"), directed=True)


def test_matrix_market_agrees_with_scipy(tmp_path, weighted):
    scipy_io, sparse = pytest.importorskip("scipy.io"), pytest.importorskip("scipy.sparse")
    weighted.write(tmp_path / "w.mtx")
    matrix = scipy_io.mmread(tmp_path / "w.mtx").toarray()
    assert matrix.tolist() == [[0, 5, 1], [5, 0, 7], [1, 7, 0]] and gli.read(tmp_path / "w.mtx") == weighted
    random = sparse.random(40, 40, 0.1, random_state=3)
    scipy_io.mmwrite(tmp_path / "r.mtx", random)
    g = gli.read(tmp_path / "r.mtx")
    assert {(u - 1, v - 1): a["weight"] for (u, v), a in g.edges.items()} == {
        (int(i), int(j)): float(x) for i, j, x in zip(random.row, random.col, random.data)
    }
    assert list(g.nodes) == list(range(1, 41))
    skew = sparse.coo_array(np.array([[0, 2.0, 0], [-2.0, 0, 0], [0, 0, 0]]))
    scipy_io.mmwrite(tmp_path / "s.mtx", skew, symmetry="skew-symmetric")
    assert dict(gli.read(tmp_path / "s.mtx").edges.items()) == {(1, 2): {"weight": 2.0}, (2, 1): {"weight": -2.0}}


@pytest.mark.parametrize(
    "text, what",
    [
        ("1 2\n", ":1: a Matrix Market file begins"),
        ("%%MatrixMarket matrix array real general\n1 1\n1\n", ":1: array real general is not read"),
        ("%%MatrixMarket matrix coordinate pattern general\n% c\n2 3 1\n", ":3: a matrix of 2 × 3"),
        ("%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 3\n", ":3: target 3 is not within 1 and 2"),
        ("%%MatrixMarket matrix coordinate pattern general\n2 2 2\n1 2\n", "2 entries are promised, 1 follow"),
        ("%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 2 x\n", ":3: weight 'x' is not an integer"),
    ],
)
def test_what_is_wrong_with_a_matrix_is_named(write, text, what):
    with pytest.raises(ValueError, match=what):
        gli.read(write("bad.mtx", text))


def test_metis_files_come_back(tmp_path, weighted, write):
    weighted.write(tmp_path / "w.graph")
    assert (tmp_path / "w.graph").read_text() == "3 3 001\n2 5 3 1\n1 5 3 7\n1 1 2 7\n"
    assert gli.read(tmp_path / "w.graph") == weighted
    sizes = {n: {"size": i, "weight_1": 2 * i, "weight_2": 7} for i, n in enumerate("abc")}
    named = gli.Graph.from_edge_list([("a", "b")], sizes, directed=False)
    named.write(tmp_path / "n.metis.zst", relabel=True)
    assert dict(gli.read(tmp_path / "n.metis.zst").nodes.items())[3] == {"size": 2, "weight_1": 4, "weight_2": 7}
    with pytest.warns(gli.SkippedLinesWarning, match="line 3: neighbor 9"):
        assert gli.read(write("s.graph", "3 2\n2\n9\n2\n"), on_error="skip").edge_count == 2
