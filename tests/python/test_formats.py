"""Each form of file against the library that knows it best, and what a form cannot hold."""

import json
from datetime import datetime

import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gli

PLAIN = {"weight": 0.5, "n": 3, "note": 'x<y & "z"\n', "ok": True}


@pytest.fixture
def g():
    return gli.Graph.from_edge_list([("ann", "bob", PLAIN), ("bob", "cé", {"weight": 2.0})], {"ann": {"age": 41, "tall": 1.0}, "lone": {}})


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
        (lambda b: b[:40], "ends before the offsets of 3 nodes"),
        (lambda b: b[:57], "ends 4 bytes too early"),
        (lambda b: b"\7" + b[1:], "no serialized graph"),
        (lambda b: b[:9] + b"\xff" * 8 + b[17:], "no serialized graph"),
        (lambda b: b[:9] + (2**30).to_bytes(8, "little") + b[17:], "ends before the offsets of 1,073,741,824 nodes"),
        (lambda b: b[:25] + b"\x09" + b[26:], "offsets"),
        (lambda b: b[:49] + b"\x09" + b[50:], "a neighbor 9 outside 0 … 2"),
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


def test_gexf_labels_weights_and_defaults(write):
    path = write(
        "d.gexf",
        """<gexf xmlns="http://gexf.net/1.3" version="1.3"><graph defaultedgetype="directed"><attributes class="node">
        <attribute id="0" title="color" type="string"><default>red</default></attribute></attributes>
        <nodes><node id="1" label="one"/><node id="2" label="2"><attvalues><attvalue for="0" value="blue"/></attvalues></node></nodes>
        <edges><edge id="0" source="1" target="2" weight="1.5"/></edges></graph></gexf>""",
    )
    g = gli.read(path)
    assert dict(g.nodes.items()) == {1: {"color": "red", "label": "one"}, 2: {"color": "blue"}}
    assert g.edges[1, 2] == {"weight": 1.5} and g.directed
    with pytest.raises(ValueError, match="dynamic"):
        gli.read(write("dynamic.gexf", '<gexf><graph mode="dynamic" defaultedgetype="directed"></graph></gexf>'))
