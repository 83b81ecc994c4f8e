"""Each form of file against the library that knows it best, and what a form cannot hold."""

import json
import pickle
import warnings
from datetime import datetime

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import gli

PLAIN = {"weight": 0.5, "n": 3, "note": 'x<y & "z"\n', "ok": True}


@pytest.fixture
def g():
    return gli.Graph.from_edge_list([("ann", "bob", PLAIN), ("bob", "cé", {"weight": 2.0})], {"ann": {"age": 41, "tall": 1.0}, "lone": {}})


@pytest.fixture
def weighted():
    return gli.Graph.from_edge_list([(1, 2, {"weight": 5}), (2, 3, {"weight": 7}), (1, 3, {"weight": 1})], directed=False)


def same_as_networkx(ours: gli.Graph, theirs, key=str):
    assert ours.directed == theirs.is_directed() and ours.multi == theirs.is_multigraph()
    assert {key(n): a for n, a in ours.nodes.items()} == dict(theirs.nodes(data=True))
    edges = theirs.edges(keys=True, data=True) if ours.multi else theirs.edges(data=True)
    kind = tuple if ours.directed else frozenset
    mine = sorted((sorted(kind(map(key, e[:2]))), [*e[2:]], sorted(a.items())) for e, a in ours.edges.items())
    assert mine == sorted((sorted(kind(e[:2])), [*e[2:-1]], sorted(e[-1].items())) for e in edges)


@pytest.mark.parametrize("ending", [".graphml", ".gexf", ".json"])
@pytest.mark.parametrize("packed", ["", ".gz", ".zst"])
def test_a_graph_comes_back_from_its_own_file(g, tmp_path, ending, packed):
    g.write(tmp_path / f"g{ending}{packed}")
    again = gli.read(tmp_path / f"g{ending}{packed}")
    assert again == g and list(again.nodes.items()) == list(g.nodes.items())
    assert {n: type(v) for n, v in again.edges["ann", "bob"].items()} == {n: type(v) for n, v in PLAIN.items()}


@pytest.mark.parametrize("ending", [".graphml", ".gexf", ".json"])
@pytest.mark.parametrize("keys", [("x", "y"), (1, 2), ("1", "2")])
def test_parallel_edges_keep_their_keys(tmp_path, ending, keys):
    for directed in (True, False):
        m = gli.Graph.from_edge_list([("a", "b", k, {"w": i}) for i, k in enumerate(keys)], multi=True, directed=directed)
        m.write(tmp_path / f"m{ending}")
        assert gli.read(tmp_path / f"m{ending}") == m


@pytest.mark.parametrize("ending", [".graphml", ".gexf", ".json"])
def test_text_keys_that_look_like_numbers_stay_text(tmp_path, ending):
    g = gli.Graph.from_edge_list([("1", "2"), ("2", "3")])
    g.write(tmp_path / f"g{ending}")
    assert list(gli.read(tmp_path / f"g{ending}").nodes) == ["1", "2", "3"]


def test_networkx_reads_our_graphml_gexf_and_json(g, tmp_path):
    g.set_graph_attribute("year", 2020).write(tmp_path / "g.graphml")
    theirs = nx.read_graphml(tmp_path / "g.graphml")
    same_as_networkx(g, theirs)
    assert theirs.graph["year"] == 2020
    g.write(tmp_path / "g.gexf")
    theirs = nx.read_gexf(tmp_path / "g.gexf")
    for _, values in theirs.nodes(data=True):
        del values["label"]
    for *_, values in theirs.edges(data=True):
        del values["id"]
    same_as_networkx(g, theirs)
    g.write(tmp_path / "g.json")
    same_as_networkx(g, nx.node_link_graph(json.loads((tmp_path / "g.json").read_text()), edges="edges"))


@pytest.mark.parametrize("make", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_we_read_what_networkx_writes(tmp_path, make):
    theirs = make()
    theirs.add_node("a", n=1, x=0.5, s="<ü>", b=True)
    theirs.add_edge("a", "b", w=2)
    theirs.add_edge("b", "c", w=3, s="")
    if theirs.is_multigraph():
        theirs.add_edge("a", "b", w=4)
    nx.write_graphml_xml(theirs, tmp_path / "t.graphml")
    ours = gli.read(tmp_path / "t.graphml")
    same_as_networkx(ours, theirs)
    data = json.dumps(nx.node_link_data(theirs, edges="links"))
    (tmp_path / "t.json").write_text(data)
    same_as_networkx(gli.read(tmp_path / "t.json"), theirs)
    nx.write_gexf(theirs, tmp_path / "t.gexf")
    found = gli.read(tmp_path / "t.gexf")
    assert dict(found.nodes.items()) == dict(theirs.nodes(data=True)) and found.edge_count == theirs.number_of_edges()
    assert found.multi == theirs.is_multigraph() and found.directed == theirs.is_directed()


def test_graphml_defaults_apply_and_foreign_data_are_left_out(write):
    path = write(
        "d.graphml",
        """<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">
        <key id="c" for="node" attr.name="color" attr.type="string"><default>red</default></key>
        <key id="y" for="node" yfiles.type="nodegraphics"/>
        <graph edgedefault="undirected"><node id="1"><data key="y"><y:Shape xmlns:y="u">text</y:Shape></data></node>
        <node id="2"><data key="c">blue</data></node><edge source="1" target="2" directed="false"/></graph></graphml>""",
    )
    g = gli.read(path)
    assert dict(g.nodes.items()) == {1: {"color": "red"}, 2: {"color": "blue"}} and not g.directed and g.edge_count == 1


BOMB = """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]><graphml><graph edgedefault="directed">
<node id="&b;"/></graph></graphml>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/hostname">]><graphml><graph edgedefault="directed">
<node id="x"><data key="k">&a;</data></node></graph></graphml>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
@pytest.mark.parametrize("ending", [".graphml", ".gexf"])
def test_entities_are_refused(write, text, ending):
    with pytest.raises(ValueError, match=f"{ending}:1: the file declares entities"):
        gli.read(write(f"bomb{ending}", text))


@pytest.mark.parametrize(
    "body, line",
    [
        ("<node/>", "3: a node without id"),
        ("<edge source='1'/>", "3: a edge without target"),
        ("<node id='1'><data key='x'>1</data></node>", "3: data of a key 'x' that is not declared"),
        ("<node id='1'><data key='n'>one</data></node>", "3: 'one' is not of type int64"),
        ("<node id='1'>", "4: mismatched tag"),
        ("<edge source='1' target='2' directed='true'/>", "3: directed and undirected edges"),
        ("<node id='1'><graph edgedefault='directed'/></node>", "3: a second or nested graph"),
    ],
)
def test_what_is_wrong_with_graphml_is_named_with_its_line(write, body, line):
    head = "<graphml><key id='n' for='node' attr.name='n' attr.type='int'/>\n<graph edgedefault='undirected'>\n"
    with pytest.raises(ValueError, match=f"bad.graphml:{line}"):
        gli.read(write("bad.graphml", f"{head}{body}\n</graph></graphml>"))


def test_a_packed_file_that_was_cut_is_named(g, tmp_path, write):
    for packed in (".gz", ".zst"):
        g.write(tmp_path / f"g.json{packed}")
        cut = write(f"cut.json{packed}", (tmp_path / f"g.json{packed}").read_bytes()[:-9])
        with pytest.raises(ValueError, match=f"{cut}: truncated|{cut}: damaged"):
            gli.read(cut)


# --- JSON, Parquet, IPC: everything -------------------------------------------------------------------------------------------


@pytest.fixture
def everything(g):
    rich = g.update_node("bob", when=datetime(2020, 1, 2, 3, 4, 5, 6), raw=b"\0\xff", tree=[1, {"a": None}])
    return rich.set_graph_attribute("made", datetime(2021, 1, 1)).set_graph_attribute("raw", b"x").set_graph_attribute("tree", {"k": [1]})


def test_json_holds_everything(everything, tmp_path):
    everything.write(tmp_path / "e.json")
    again = gli.read(tmp_path / "e.json")
    assert again == everything and again.nodes["bob"] == everything.nodes["bob"] and again.attributes == everything.attributes


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_parquet_and_ipc_hold_everything_in_two_files(everything, tmp_path, ending):
    edges, nodes = tmp_path / f"e{ending}", tmp_path / f"n{ending}"
    everything.write(edges, nodes=nodes)
    again = gli.read(edges, nodes=nodes)
    assert again == everything and again.nodes["bob"] == everything.nodes["bob"] and again.attributes == everything.attributes
    assert list(again.nodes) == list(everything.nodes)
    with pytest.raises(ValueError, match="node attribute 'age'.*nodes="):
        everything.write(tmp_path / f"alone{ending}")


def test_parquet_of_others_is_read_by_its_column_names(tmp_path):
    pq.write_table(pa.table({"u": ["a", "b"], "v": ["b", "c"], "w": [1, 2]}), tmp_path / "t.parquet")
    assert gli.read(tmp_path / "t.parquet", source="u", target="v").edges["b", "c"] == {"w": 2}
    with pytest.raises(ValueError, match="no column 'source'"):
        gli.read(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(ValueError, match="t.parquet: no Parquet file"):
        gli.read(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    "text, what",
    [
        ("", "empty"),
        ("[1]", "node-link"),
        ('{"nodes": [], ', ":1: not JSON"),
        ('{"nodes": [{}], "links": []}', "number 1 of 'nodes' has no 'id'"),
        ('{"nodes": [{"id": 1}, {"id": "a"}], "links": []}', "keys"),
        ('{"nodes": [{"id": 1, "_x": 2}], "links": []}', "number 1 of 'nodes'.*'_x'"),
    ],
)
def test_json_that_is_no_graph_is_one_clear_error(write, text, what):
    with pytest.raises(ValueError, match=what):
        gli.read(write("bad.json", text))


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
    with pytest.warns(gli.SkippedLinesWarning), pytest.raises(ValueError, match="7"):
        (tmp_path / "b.v").write_text("1\n2\nx\n")
        (tmp_path / "b.e").write_text("1 2\n1\n")
        assert gli.read(tmp_path / "b.e", directed=True, on_error="skip").edge_count == 1
        (tmp_path / "b.e").write_text("1 2\n1 7\n")
        gli.read(tmp_path / "b.e", directed=True, on_error="skip")


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


# --- GAP ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directed", [True, False])
def test_gap_files_come_back(tmp_path, directed):
    edges = [(0, 1, {"weight": 5}), (2, 0, {"weight": -7}), (2, 2, {"weight": 0})]
    g = gli.Graph.from_edge_list(edges, {i: {} for i in range(4)}, directed=directed)
    g.write(tmp_path / "g.wsg")
    assert gli.read(tmp_path / "g.wsg") == g
    g.write(tmp_path / "g.sg.gz", lossy=True)
    bare = gli.Graph.from_edge_list([e[:2] for e in edges], {i: {} for i in range(4)}, directed=directed)
    assert gli.read(tmp_path / "g.sg.gz") == bare
    with pytest.raises(ValueError, match="edge attribute 'weight'"):
        g.write(tmp_path / "g.sg")


def test_gap_s_layout_is_that_of_its_writer(tmp_path):
    gli.Graph.from_edge_list([(0, 1), (0, 2), (2, 1)]).write(tmp_path / "g.sg")
    data = (tmp_path / "g.sg").read_bytes()
    assert data[0] == 1 and np.frombuffer(data[1:17], "<i8").tolist() == [3, 3]
    assert np.frombuffer(data[17:49], "<i8").tolist() == [0, 2, 2, 3] and np.frombuffer(data[49:61], "<i4").tolist() == [1, 2, 1]
    assert np.frombuffer(data[61:93], "<i8").tolist() == [0, 0, 2, 3] and np.frombuffer(data[93:], "<i4").tolist() == [0, 2, 0]


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda b: b[:40], "bytes too early"),
        (lambda b: b"\7" + b[1:], "no serialized graph"),
        (lambda b: b[:9] + b"\xff" * 8 + b[17:], "no serialized graph"),
        (lambda b: b[:9] + (2**30).to_bytes(8, "little") + b[17:], "bytes too early"),
        (lambda b: b[:25] + b"\x09" + b[26:], "offsets"),
        (lambda b: b[:49] + b"\x09" + b[50:], "a neighbor outside"),
    ],
)
def test_a_damaged_gap_file_is_named(tmp_path, write, change, what):
    gli.Graph.from_edge_list([(0, 1), (0, 2), (2, 1)]).write(tmp_path / "g.sg")
    bad = write("bad.sg", change((tmp_path / "g.sg").read_bytes()))
    with pytest.raises(ValueError, match=f"{bad}: .*{what}"):
        gli.read(bad)


# --- what forms cannot hold -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending, what",
    [
        (".txt", "node attribute"),
        (".csv", "node attribute"),
        (".mtx", "node attribute"),
        (".graphml", r"node attribute 'when' \(datetime\)"),
        (".gexf", r"node attribute 'when' \(datetime\)"),
        (".sg", "node attribute"),
    ],
)
def test_what_a_form_cannot_hold_is_named_and_nothing_is_written(g, tmp_path, ending, what):
    with pytest.raises(ValueError, match=what):
        g.update_node("ann", when=datetime(2020, 1, 1)).write(tmp_path / f"g{ending}")
    assert list(tmp_path.iterdir()) == []


def test_lossy_leaves_out_what_the_form_cannot_hold(g, tmp_path):
    g.update_node("ann", when=datetime(2020, 1, 1)).write(tmp_path / "g.graphml", lossy=True)
    assert gli.read(tmp_path / "g.graphml") == g
    g.write(tmp_path / "g.mtx", lossy=True, relabel=True)
    assert gli.read(tmp_path / "g.mtx").nodes[1] == {}


def test_a_file_that_was_there_stays_when_writing_fails(g, tmp_path):
    path = tmp_path / "g.graphml"
    g.write(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="XML cannot hold"):
        g.update_node("ann", name="\x01").write(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_an_ending_that_names_no_form_is_refused(g, tmp_path):
    for call in (g.write, gli.read):
        with pytest.raises(ValueError, match="'.docx' names no form"):
            call(tmp_path / "g.docx")
    with pytest.raises(FileNotFoundError, match="no such file"):
        gli.read(tmp_path / "missing.gexf")
    with pytest.raises(FileNotFoundError, match="no folder"):
        g.write(tmp_path / "missing" / "g.json")


def test_to_graphml_is_the_text_of_the_file(g, tmp_path):
    g.to_graphml(tmp_path / "g.graphml")
    assert g.to_graphml() == (tmp_path / "g.graphml").read_text()
