"""Views: lazy rows of a graph, whole, filtered or sliced, and what they turn into."""

import datetime
import random

import numpy as np
import pyarrow as pa
import pytest

import gli


def people(n: int = 50) -> gli.Graph:
    rng = random.Random(7)
    rows = [(i, {"age": rng.randrange(100), "name": f"n{i % 7}", "here": i % 3 == 0} if i % 5 else {"name": "é"}) for i in range(n)]
    edges = [(rng.randrange(n), rng.randrange(n), {"weight": rng.random()}) for _ in range(3 * n)]
    return gli.Graph().add_nodes(rows).add_edges(dict(((u, v), (u, v, a)) for u, v, a in edges).values())


def test_a_filter_chooses_rows_and_makes_no_graph(monkeypatch):
    g = people()
    monkeypatch.setattr(gli.Graph, "_select", None)
    old = g.nodes.filter(gli.node("age") >= 50)
    expected = [k for k, a in g.nodes.items() if a.get("age", 0) >= 50]
    assert list(old) == expected and len(old) == len(expected) > 5
    assert old.to_arrow()["id"].to_pylist() == expected
    assert [k in old for k in range(50)] == [k in expected for k in range(50)]
    assert dict(old.items()) == {k: g.nodes[k] for k in expected}
    heavy = g.edges.filter(gli.edge("weight") > 0.5)
    expected = [e for e, a in g.edges.items() if a["weight"] > 0.5]
    assert list(heavy) == expected and len(heavy) == len(expected) > 5
    assert heavy.to_arrow()["weight"].to_pylist() == [g.edges[e]["weight"] for e in expected]


def test_filters_in_a_row_all_look_at_the_whole_graph():
    g = people()
    both = g.nodes.filter(gli.node("age") >= 30).filter(gli.degree() > 4)
    assert list(both) == list(g.nodes.filter((gli.node("age") >= 30) & (gli.degree() > 4)))
    assert 0 < len(both) < len(g.nodes.filter(gli.node("age") >= 30))


def test_a_function_filters_rows_that_expressions_left():
    g = people()
    asked = []

    def even(key, attributes):
        asked.append(key)
        return key % 2 == 0

    rows = g.nodes.filter(even).filter(gli.node("age") > 90)
    assert list(rows) == [k for k, a in g.nodes.items() if a.get("age", 0) > 90 and k % 2 == 0]
    assert asked == [k for k, a in g.nodes.items() if a.get("age", 0) > 90]
    light = g.edges.filter(lambda u, v, a: u < v).filter(gli.edge("weight") < 0.3)
    assert list(light) == [(u, v) for (u, v), a in g.edges.items() if u < v and a["weight"] < 0.3]


@pytest.mark.parametrize("cut", [slice(10), slice(5, 20), slice(-7, None), slice(3, -3), slice(60, 70), slice(4, 2)])
def test_slices_are_rows_in_order(cut):
    g = people()
    for view in (g.nodes, g.edges, g.nodes.filter(gli.node("age") > 20), g.edges.filter(gli.edge("weight") > 0.2)):
        rows = list(view)[cut]
        assert list(view[cut]) == rows and len(view[cut]) == len(rows)
        assert view[cut].to_arrow().num_rows == len(rows)
        assert list(view[cut][1:4]) == rows[1:4]
        assert dict(view[cut].items()) == {k: a for k, a in view.items() if k in rows}


def test_a_slice_holds_only_its_rows():
    g = people()
    first = g.nodes[:3]
    assert 2 in first and 3 not in first and first[2] == g.nodes[2]
    with pytest.raises(KeyError, match="Node 3 not found"):
        first[3]
    with pytest.raises(ValueError, match="steps of 1"):
        g.nodes[::2]
    with pytest.raises(TypeError, match="whole number"):
        g.nodes["a":"b"]
    with pytest.raises(TypeError, match="before they are sliced"):
        first.filter(gli.node("age") > 3)
    with pytest.raises(KeyError, match="Edge"):
        g.edges[:1][list(g.edges)[1]]


def test_a_filtered_view_is_a_mapping_of_what_it_holds():
    g = people()
    old = g.nodes.filter(gli.node("age") >= 50)
    out = next(k for k in g.nodes if k not in old)
    with pytest.raises(KeyError, match=f"Node {out} not found"):
        old[out]
    heavy = g.edges.filter(gli.edge("weight") > 0.5)
    light = next(e for e in g.edges if g.edges[e]["weight"] <= 0.5)
    assert light not in heavy and list(heavy)[0] in heavy
    with pytest.raises(KeyError):
        heavy[light]


def test_views_cost_nothing_and_say_what_is_wrong_when_asked():
    view = people().nodes.filter(gli.node("agee") > 3)
    assert "agee" in repr(view)
    with pytest.raises(KeyError, match="agee"):
        len(view)
    with pytest.raises(TypeError, match="'age' .int64. with 'x' .str."):
        list(people().nodes.filter(gli.node("age") > "x"))


def test_rows_of_many_pages_come_out_as_they_went_in():
    n = 30_000
    rng = np.random.default_rng(3)
    x = rng.random(n)
    name = [None if i % 11 == 0 else f"n{i}" * (i % 3) for i in range(n)]
    whole = pa.table({"id": np.arange(n) * 3, "x": x, "name": name, "half": pa.array(np.arange(n), mask=np.arange(n) > n // 4)})
    g = gli.from_arrow(nodes=whole)
    assert g.nodes.to_arrow().cast(whole.schema).equals(whole.combine_chunks())
    keep = g.nodes.filter(gli.node("x") > 0.5)
    mask = pa.array(x > 0.5)
    assert len(keep) == int((x > 0.5).sum()) and keep.to_arrow().cast(whole.schema).equals(whole.filter(mask))
    window = keep[8_000:12_345].to_arrow()
    assert window.cast(whole.schema).equals(whole.filter(mask).slice(8_000, 4_345))
    rest = g.filter(nodes=gli.node("x") > 0.5)
    assert rest.nodes.to_arrow().cast(whole.schema).equals(whole.filter(mask))


def test_fixed_width_columns_share_the_graph_s_memory():
    n = 20_000
    g = gli.from_arrow(nodes=pa.table({"id": np.arange(n), "x": np.random.default_rng(1).random(n)}))
    first, again = (g.nodes.to_arrow().column("x") for _ in range(2))
    assert [c.buffers()[1].address for c in first.chunks] == [c.buffers()[1].address for c in again.chunks]
    part = g.nodes[100:200].to_arrow().column("x").chunk(0)
    assert part.buffers()[1].address == first.chunk(0).buffers()[1].address and part.equals(first.chunk(0).slice(100, 100))
    del g, again, part
    assert first.to_numpy().sum() == pytest.approx(np.random.default_rng(1).random(n).sum())


def test_edges_of_many_pages_come_in_the_order_of_their_keys():
    rng = random.Random(5)
    edges = {(rng.randrange(5000), rng.randrange(5000)): rng.random() for _ in range(20_000)}
    keys = [f"k{rng.random()}" for _ in range(5000)]
    g = gli.Graph.from_edge_list([(keys[u], keys[v], {"w": w}) for (u, v), w in edges.items()])
    places = {k: i for i, k in enumerate(g.nodes)}
    expected = sorted(((keys[u], keys[v], w) for (u, v), w in edges.items()), key=lambda e: (places[e[0]], e[1]))
    assert [(r["source"], r["target"], r["w"]) for r in g.edges.to_pylist()] == expected
    heavy = g.edges.filter(gli.edge("w") > 0.7)
    assert [(r["source"], r["target"], r["w"]) for r in heavy.to_pylist()] == [e for e in expected if e[2] > 0.7]


def test_a_node_that_was_removed_and_added_again_stands_last():
    g = people(20).remove_node(3).remove_node(9).add_node(3, age=77)
    assert list(g.nodes)[-1] == 3 and len(g.nodes) == 19
    assert list(g.nodes.filter(gli.node("age") > 20))[-1] == 3
    assert g.nodes[-1:].to_pylist() == [{"id": 3, "age": 77, "name": None, "here": None}]
    assert all(9 not in e for e in g.edges)


def test_numpy_columns():
    when = datetime.datetime(2024, 2, 3, 4)
    g = gli.Graph().add_nodes([(1, {"x": 1, "t": when, "j": [1, 2], "s": "a"}), (2, {"s": "b"})])
    columns = g.nodes.to_numpy()
    assert list(columns) == ["id", "x", "t", "j", "s"] and columns["id"].dtype == np.int64
    assert columns["x"][0] == 1 and np.isnan(columns["x"][1]) and columns["t"][0] == np.datetime64(when) and np.isnat(columns["t"][1])
    assert columns["j"].tolist() == [[1, 2], None] and columns["s"].tolist() == ["a", "b"]
    assert g.nodes.filter(gli.node("s") == "b").to_numpy("id").tolist() == [2]
    with pytest.raises(KeyError, match="no column 'z' among 'id'"):
        g.nodes.to_numpy("z")


def test_json_columns_are_marked_and_parsed():
    g = gli.Graph().add_nodes([(1, {"v": 1}), (2, {"v": 0.5}), (3, {"v": "x"}), (4, {})])
    assert g.nodes.to_arrow().schema.field("v").metadata == {b"gli:json": b""}
    assert [r["v"] for r in g.nodes.to_pylist()] == [1, 0.5, "x", None]
    assert g.nodes.to_pandas()["v"].tolist()[:3] == [1, 0.5, "x"]


def test_streams_go_both_ways():
    g = people()
    again = gli.from_arrow(g.edges, g.nodes)
    assert again.graph_id == g.graph_id
    assert pa.table(g.edges.filter(gli.edge("weight") > 0.5)).num_rows == len(g.edges.filter(gli.edge("weight") > 0.5))


def test_an_empty_graph_has_empty_views():
    g = gli.Graph()
    assert list(g.nodes) == list(g.edges) == list(g.nodes[:3]) == [] and not g.nodes and g.edges.to_arrow().num_rows == 0
    assert list(gli.Graph(multi=True).edges) == []
