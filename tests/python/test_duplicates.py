"""Rows that name a node or an edge again, against plain dicts and NetworkX."""

import json
import random
import re
import warnings

import gli
import networkx as nx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

EDGES = {"source": ["a", "a", "b", "a"], "target": ["b", "b", "a", "b"], "km": [1, 2, 4, None], "toll": [0.5, None, 2.0, 0.25]}


def weight_of(g, u="a", v="b"):
    return g.edges[u, v]


@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
@pytest.mark.parametrize(
    "policy, expected",
    [
        ("first", {"km": 1, "toll": 0.5}),
        ("last", {"toll": 0.25}),
        ("sum", {"km": 3, "toll": 0.75}),
    ],
)
def test_a_repeated_edge_keeps_what_the_policy_says(policy, expected):
    g = gli.from_arrow(pa.table(EDGES), duplicates=policy)
    assert weight_of(g) == expected and weight_of(g, "b", "a") == {"km": 4, "toll": 2.0}


def test_both_directions_of_an_undirected_edge_are_one():
    assert weight_of(gli.from_arrow(pa.table(EDGES), directed=False, duplicates="sum")) == {"km": 7, "toll": 2.75}


def test_multi_keeps_all_under_the_keys_that_networkx_gives():
    g = gli.from_arrow(pa.table(EDGES), duplicates="multi")
    n = nx.MultiDiGraph()
    n.add_edges_from(zip(EDGES["source"], EDGES["target"]))
    assert g.multi and sorted(g.edges) == sorted(n.edges(keys=True))


def test_errors_name_the_line_and_the_edge(write):
    path = write("e.txt", "1 2\n# again\n3 4\n1 2\n")
    with pytest.raises(ValueError, match=f"{path}:4: edge 1 -> 2 is there already"):
        gli.read_edges(path, duplicates="error")
    with pytest.raises(ValueError, match=r":1: edge 'a' -> 'b' is there already"):
        gli.from_arrow(pa.table(EDGES), duplicates="error")
    with pytest.raises(ValueError, match="node 7 is there already"):
        gli.from_arrow(nodes={"id": [7, 8, 7]}, duplicates="error")


@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_nodes_keep_the_first_or_the_last_row():
    rows = {"id": [1, 2, 1], "name": ["one", "two", None], "age": [1, 2, 3]}
    assert gli.from_arrow(nodes=rows).nodes[1] == {"name": "one", "age": 1}
    last = gli.from_arrow(nodes=rows, duplicates="last")
    assert last.nodes[1] == {"age": 3} and list(last.nodes) == [1, 2]


def test_only_numbers_add_up():
    with pytest.raises(TypeError, match="'name'"):
        gli.from_arrow({"source": [1], "target": [2], "name": ["x"]}, duplicates="sum")
    with pytest.raises(ValueError, match="none"):
        gli.from_arrow({"source": [1], "target": [2]}, duplicates="sum")
    with pytest.raises(ValueError, match="exceeds int64"):
        gli.from_arrow({"source": [1, 1], "target": [2, 2], "n": [2**63 - 1, 1]}, duplicates="sum")


def test_a_policy_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match="'newest'"):
        gli.from_arrow(pa.table(EDGES), duplicates="newest")
    with pytest.raises(ValueError, match="key"):
        gli.from_arrow({"source": [1], "target": [2], "k": [0]}, key="k", duplicates="multi")


def test_lost_attributes_are_told_once_with_their_count():
    rows = {"source": [1, 1, 1, 1], "target": [2, 2, 2, 3], "w": [1, 1, 2, 5]}
    with pytest.warns(gli.DuplicateWarning, match="1 of 2 duplicate edges"):
        gli.from_arrow(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gli.from_arrow({"source": [1, 1], "target": [2, 2], "w": [1, None]})
        gli.from_arrow({"source": [1, 1], "target": [2, 2]})
        gli.from_arrow(rows, duplicates="last")


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("policy", ["first", "last", "sum"])
@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_random_edges_come_out_as_from_a_dict(directed, policy):
    rng = random.Random(5)
    rows = [(f"n{rng.randrange(20)}", f"n{rng.randrange(20)}", {"w": rng.choice([rng.random(), 1.5])}) for _ in range(800)]
    expected = {}
    for u, v, a in rows:
        name = (u, v) if directed else tuple(sorted((u, v)))
        if name not in expected or policy == "last":
            expected[name] = a["w"]
        elif policy == "sum":
            expected[name] += a["w"]
    g = gli.Graph.from_edge_list(rows, directed=directed, duplicates=policy)
    assert {tuple(e) if directed else tuple(sorted(e)): a["w"] for e, a in g.edges.items()} == expected


def test_values_that_no_column_holds_follow_the_policy_too():
    rows = [(1, 2, {"x": 1}), (2, 1, {"x": 0.5}), (1, 2, {"x": 2})]
    assert gli.Graph.from_edge_list(rows, duplicates="sum").edges[1, 2] == {"x": 3}
    assert gli.Graph.from_edge_list(rows, directed=False, duplicates="sum").edges[1, 2] == {"x": 3.5}
    assert gli.Graph.from_edge_list(rows, duplicates="last").edges[1, 2] == {"x": 2}
    with pytest.raises(ValueError, match="1 -> 2 is there already"):
        gli.Graph.from_edge_list(rows, duplicates="error")
    assert gli.Graph.from_edge_list(rows, duplicates="multi").edge_count == 3


def test_ids_that_run_out_are_a_memory_error():
    from gli import _core

    loader = _core.Loader(True, False, "none", False, "", "first", 10)
    with pytest.raises(MemoryError, match="at most 10 nodes"):
        loader.add_nodes(pa.table({"": list(range(11))}))


# --- files ----------------------------------------------------------------------------------------------------------------------

GRAPHML = """<graphml><key id="w" for="edge" attr.name="w" attr.type="long"/><graph edgedefault="directed">
<edge source="1" target="2"><data key="w">5</data></edge><edge source="2" target="3"><data key="w">1</data></edge>
<edge source="1" target="2"><data key="w">7</data></edge></graph></graphml>"""
GEXF = """<gexf><graph defaultedgetype="directed"><attributes class="edge"><attribute id="0" title="w" type="long"/></attributes><nodes/>
<edges><edge source="1" target="2"><attvalues><attvalue for="0" value="5"/></attvalues></edge>
<edge source="2" target="3"><attvalues><attvalue for="0" value="1"/></attvalues></edge>
<edge source="1" target="2"><attvalues><attvalue for="0" value="7"/></attvalues></edge></edges></graph></gexf>"""
ROWS = pa.table({"source": [1, 2, 1], "target": [2, 3, 2], "w": [5, 1, 7]})


def rows_file(name):
    sink = pa.BufferOutputStream()
    if name.endswith("parquet"):
        pq.write_table(ROWS, sink)
    else:
        with pa.ipc.new_stream(sink, ROWS.schema) as out:
            out.write_table(ROWS)
    return sink.getvalue().to_pybytes()


def gap_file():
    entries = np.array([[2, 5], [2, 7], [3, 1]], "<i4")
    lists = np.array([0, 0, 2, 3, 3], "<i8").tobytes() + entries.tobytes()
    return b"\1" + np.array([3, 4], "<i8").tobytes() + lists + lists


FILES = {
    "e.csv": b"source,target,w\n1,2,5\n2,3,1\n1,2,7\n",
    "e.txt": b"1 2 5\n2 3 1\n1 2 7\n",
    "e.mtx": b"%%MatrixMarket matrix coordinate integer general\n3 3 3\n1 2 5\n2 3 1\n1 2 7\n",
    "e.graphml": GRAPHML.encode(),
    "e.gexf": GEXF.encode(),
    "e.json": json.dumps({"directed": True, "nodes": [], "links": ROWS.to_pylist()}).encode(),
    "e.parquet": rows_file("e.parquet"),
    "e.arrow": rows_file("e.arrow"),
    "e.wsg": gap_file(),
    "e.e": b"1 2 5\n2 3 1\n1 2 7\n",
    "e.graph": b"3 3 001\n2 5 2 7\n1 5 1 7 3 1\n2 1\n",
}


@pytest.fixture(scope="module")
def client():
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        yield client


@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
@pytest.mark.parametrize("name", FILES)
def test_every_file_that_names_an_edge_again_follows_the_policy(write, client, name):
    path = write(name, FILES[name])
    write("e.v", "1\n2\n3\n")
    options = {"directed": True} if name == "e.e" else {}
    for place in (gli, client):
        for policy, value in {"first": 5, "last": 7, "sum": 12}.items():
            (found,) = place.read(path, duplicates=policy, **options).edges[1, 2].values()
            assert found == value, policy
        many = place.read(path, duplicates="multi", **options)
        assert many.multi and sorted(many.edges) == [(1, 2, 0), (1, 2, 1), (2, 3, 0)]
        with pytest.raises(ValueError, match=f"{path}.* edge 1 -> 2 is there already"):
            place.read(path, duplicates="error", **options)
        with pytest.raises(ValueError, match="'newest'"):
            place.read(path, duplicates="newest", **options)


def test_parallel_edges_of_graphml_add_up_where_they_may_not_be(write):
    path = write("p.graphml", re.sub("<edge", lambda found: f"<edge id='{found.start()}'", GRAPHML))
    assert gli.read(path).multi
    assert gli.read(path, multi=False, duplicates="sum").edges[1, 2] == {"w": 12}


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_keys_that_a_file_of_ours_has_are_not_numbered_anew(tmp_path, ending):
    path = str(tmp_path / f"g.{ending}")
    gli.Graph.from_edge_list([("a", "b", "x", {}), ("a", "b", "y", {})], multi=True).write(path)
    with pytest.raises(ValueError, match=f"{path}: its column 'key' tells parallel edges apart: leave duplicates='multi' out"):
        gli.read(path, duplicates="multi")
    assert sorted(gli.read(path).edges) == [("a", "b", "x"), ("a", "b", "y")]


def test_metis_with_skipped_lines_cannot_count_edges(write):
    with pytest.raises(ValueError, match="both ends"):
        gli.read(write("e.graph", FILES["e.graph"]), on_error="skip", duplicates="sum")
