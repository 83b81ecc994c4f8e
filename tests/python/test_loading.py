import gzip

import pyarrow as pa
import pytest

import gli


def test_read_edges_takes_duplicates_loops_comments_and_gzip(write):
    text = "# friends\n1 2 5\n2 2 6\n\n1 2 7\n3\t1 8\n"
    for path in (write("e.txt", text), write("e.txt.gz", gzip.compress(text.encode()))):
        g = gli.read_edges(path, names=["source", "target", "weight"])
        assert list(g.nodes) == [1, 2, 3] and sorted(g.edges) == [(1, 2), (2, 2), (3, 1)] and g.edges[1, 2] == {"weight": 5}


def test_keys_are_int_when_all_are_decimals_else_text(write):
    assert list(gli.read_edges(write("a", "1 2\n")).nodes) == [1, 2]
    assert list(gli.read_edges(write("b", "1 2\n007 1\n")).nodes) == ["1", "2", "007"]
    assert list(gli.read_edges(write("c", "1 2\n"), key_type="str").nodes) == ["1", "2"]
    with pytest.raises(ValueError, match="key_type"):
        gli.read_edges(write("d", "1 2\n"), key_type="float")


def test_text_after_a_million_numbers_makes_all_keys_text(write):
    lines = "".join(f"{i} {i + 1}\n" for i in range(200_000))
    g = gli.read_edges(write("long", lines + "ann bob\n"))
    assert len(g) == 200_003 and g.has_edge("199999", "200000") and g.key_type == "str"


def test_a_header_names_the_columns(write):
    g = gli.read_edges(write("h.csv", "from,to,km\nann,bob,3.5\n"), delimiter=",", header=True)
    assert g.edges["ann", "bob"] == {"km": 3.5}


@pytest.mark.parametrize("text, line", [("1 2 3\n4 5\n", 2), ("1 2\n1 2 3 4 5\n", 2), ("1\n", 1)])
def test_too_few_or_too_many_fields_name_file_and_line(write, text, line):
    path = write("bad.txt", text)
    with pytest.raises(ValueError, match=f"{path}:{line}: "):
        gli.read_edges(path)


def test_bad_input_is_one_clear_error(write, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        gli.read_edges(tmp_path / "nowhere")
    with pytest.raises(OSError, match="directory"):
        gli.read_edges(tmp_path)
    with pytest.raises(ValueError, match="empty"):
        gli.read_edges(write("empty", ""))
    with pytest.raises(ValueError, match="text"):
        gli.read_edges(write("junk", bytes(range(256)) * 100))
    with pytest.raises(ValueError, match=":2: "):
        gli.read_edges(write("w", "1 2 5\n1 3 heavy\n"), names=["source", "target", "weight"], types=["int64"])
    with pytest.raises(ValueError, match="x"):
        gli.read_edges(write("k", "1 2\nx 2\n"), key_type="int64")
    with pytest.raises(ValueError, match="one character"):
        gli.read_edges(write("s", "1;;2\n"), delimiter=";;")


def test_ldbc_files(write):
    v, e = write("g.v", "1 10\n2 20\n9 90\n"), write("g.e", "1 2 0.5\n")
    g = gli.read_ldbc(v, e, directed=True)
    assert g.nodes[9] == {"value": 90} and g.edges[1, 2] == {"weight": 0.5} and len(g) == 3
    with pytest.raises(ValueError, match="g2.e:2.*77"):
        gli.read_ldbc(v, write("g2.e", "1 2 0.5\n1 77 1.5\n"), directed=True)


def test_arrow_tables_make_graphs():
    edges = pa.table({"u": ["a", "b"], "v": ["b", "c"], "w": [1, None]})
    nodes = pa.table({"name": ["c", "z"], "size": [1.5, 2.5]})
    g = gli.from_arrow(edges, nodes, source="u", target="v", node="name")
    assert (
        list(g.nodes) == ["c", "z", "a", "b"]
        and g.edges["a", "b"] == {"w": 1}
        and g.edges["b", "c"] == {}
        and g.nodes["z"] == {"size": 2.5}
    )
    with pytest.raises(ValueError, match="'x'"):
        gli.from_arrow(edges, source="x", target="v")
    with pytest.raises(ValueError, match="_seq"):
        gli.from_arrow(pa.table({"source": [1], "target": [2], "_seq": [3]}))
    with pytest.raises(TypeError, match="w"):
        gli.from_arrow(pa.table({"source": [1], "target": [2], "w": pa.array([1], pa.duration("s"))}))
    with pytest.raises(TypeError):
        gli.from_arrow([(1, 2)])


def test_parallel_edges_from_arrow_need_their_key_named():
    edges = pa.table({"source": ["a", "a", "a"], "target": ["b", "b", "b"], "key": ["x", "y", "x"], "n": [1, 2, 3]})
    g = gli.from_arrow(edges, key="key")
    assert g.multi and g.edges["a", "b"] == {"x": {"n": 1}, "y": {"n": 2}}
    with pytest.raises(ValueError, match="key"):
        gli.from_arrow(edges)


def test_a_table_goes_through_a_graph_unchanged():
    edges = pa.table({"source": [5, 3, 3], "target": [3, 1, 2], "w": [0.5, 1.5, None], "t": ["x", None, "z"]})
    out = gli.from_arrow(edges).edges.to_arrow()
    assert sorted(out.to_pylist(), key=str) == sorted(edges.to_pylist(), key=str)
    again = gli.from_arrow(out)
    assert again.graph_id == gli.from_arrow(edges).graph_id


def test_frames_and_streams_make_graphs():
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    columns = {"source": [1, 2], "target": [2, 3], "w": [1.5, 2.5]}
    ids = {
        gli.from_pandas(pd.DataFrame(columns, index=[7, 8])).graph_id,
        gli.from_arrow(pl.DataFrame(columns)).graph_id,
        gli.from_arrow(columns).graph_id,
        gli.from_arrow(gli.from_arrow(columns).edges).graph_id,
    }
    assert len(ids) == 1


def test_an_error_in_a_stream_of_batches_comes_through():
    schema = pa.schema([("source", pa.int64()), ("target", pa.int64())])

    def failing():
        yield pa.record_batch({"source": [1], "target": [2]}, schema=schema)
        raise LookupError("the source ran dry")

    with pytest.raises(LookupError, match="ran dry"):
        gli.from_arrow(pa.RecordBatchReader.from_batches(schema, failing()))


def test_lists_make_graphs_with_any_values():
    g = gli.Graph.from_edge_list([("a", "b", {"x": 1}), ("b", "c", {"x": "one"})], edge_attrs={("a", "b"): {"y": [1, 2]}})
    assert g.edges["a", "b"] == {"x": 1, "y": [1, 2]} and g.edges["b", "c"] == {"x": "one"}
    assert len(gli.Graph.from_edge_list([])) == 0 and len(gli.Graph.from_node_list([])) == 0
    with pytest.raises(ValueError, match="0.5"):
        gli.Graph.from_edge_list([(1, 2, 0.5)])
    multi = gli.Graph.from_edge_list([(1, 2, "x", {}), (1, 2, "y", {"n": 1})], multi=True)
    assert multi.edges[1, 2] == {"x": {}, "y": {"n": 1}}


def test_kronecker_graphs_are_the_same_for_the_same_seed():
    a, b, c = (gli.generate_kronecker(8, seed=s) for s in (1, 1, 2))
    assert a.graph_id == b.graph_id != c.graph_id and a.node_count <= 256 and a.edge_count <= 16 * 256
    with pytest.raises(ValueError, match="scale"):
        gli.generate_kronecker(0)
