import weakref
import warnings
from datetime import datetime, timedelta, timezone

import pytest

import gli


def friends():
    return (
        gli.Graph()
        .add_nodes([("ann", {"age": 41}), ("bob", {"age": 12}), ("cid", {})])
        .add_edges([("ann", "bob", {"weight": 0.5}), ("bob", "cid", {"weight": 2.0})])
    )


def test_an_edit_leaves_the_older_graph_as_it_was():
    g = friends()
    changed = g.remove_node("bob").add_node("dan").set_node_attribute("ann", "age", 42)
    assert list(g.nodes) == ["ann", "bob", "cid"] and g.nodes["ann"] == {"age": 41} and len(g.edges) == 2
    assert list(changed.nodes) == ["ann", "cid", "dan"] and changed.nodes["ann"] == {"age": 42} and len(changed.edges) == 0


def test_a_missing_node_is_a_key_error_that_names_it():
    for ask in (
        lambda g: g.nodes["zed"],
        lambda g: g.neighbors("zed"),
        lambda g: g.bfs("zed"),
        lambda g: g.remove_node("zed"),
        lambda g: g.add_edge("ann", "zed"),
        lambda g: g.update_node("zed", a=1),
        lambda g: g.degree("zed"),
        lambda g: g.pagerank()["zed"],
        lambda g: g.ego_graph("zed"),
    ):
        with pytest.raises(KeyError, match="zed"):
            ask(friends())


def test_a_missing_edge_is_a_key_error_that_names_it():
    with pytest.raises(KeyError, match="'cid', 'ann'"):
        friends().edges["cid", "ann"]
    with pytest.raises(KeyError):
        friends().remove_edge("cid", "ann")


def test_add_edge_makes_its_ends_only_when_told():
    g = gli.Graph().add_edge(1, 2, create_nodes=True)
    assert list(g.nodes) == [1, 2] and list(g.edges) == [(1, 2)]


def test_a_key_of_the_other_type_is_a_type_error():
    g = gli.Graph().add_node(1)
    for ask in (lambda: "1" in g, lambda: g.nodes["1"], lambda: g.add_node("x"), lambda: g.bfs("1"), lambda: g.neighbors("1")):
        with pytest.raises(TypeError, match="int64"):
            ask()
    with pytest.raises(TypeError, match="int or str"):
        g.add_node(1.5)
    with pytest.raises(TypeError, match="int or str"):
        g.add_node(True)


def test_adding_again_keeps_the_first_and_warns_once_for_each_line():
    g = gli.Graph().add_node("ann", age=41)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for age in (50, 51):
            g = g.add_node("ann", age=age)
        g = g.add_node("ann")
        g = g.add_node("ann", age=41)
    assert [w.category for w in caught] == [gli.DuplicateWarning]
    assert caught[0].filename == __file__ and "'ann'" in str(caught[0].message)
    assert g.nodes["ann"] == {"age": 41}


def test_update_and_upsert_change_and_none_removes():
    g = friends().update_node("ann", age=None, name="Ann").upsert_node("dan", age=1).upsert_edge("ann", "bob", weight=9.0)
    g = g.upsert_edge("dan", "eve", create_nodes=True).update_edge("bob", "cid", since=2020)
    assert g.nodes["ann"] == {"name": "Ann"} and g.nodes["dan"] == {"age": 1} and "eve" in g
    assert g.edges["ann", "bob"] == {"weight": 9.0} and g.edges["bob", "cid"] == {"weight": 2.0, "since": 2020}
    assert g.remove_edge_attribute("bob", "cid", "since").edges["bob", "cid"] == {"weight": 2.0}
    assert g.remove_node_attribute("ann", "name").nodes["ann"] == {}


def test_attribute_values_come_back_as_they_went_in():
    when = datetime(2024, 5, 1, 12, 30, 0, 125)
    values = {
        "a": None,
        "b": True,
        "c": -(2**63),
        "d": 1.5,
        "e": "é\0x",
        "f": b"\xff\0",
        "g": when,
        "h": [1, "two", None, {"x": 3.5}],
        "i": {},
    }
    got = gli.Graph().add_node(1, **values).nodes[1]
    del values["a"]
    assert got == values and all(type(got[k]) is type(v) for k, v in values.items())


def test_a_time_with_a_zone_is_kept_as_utc():
    when = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert gli.Graph().add_node(1, when=when).nodes[1] == {"when": datetime(2024, 5, 1, 10)}


def test_numpy_values_become_python_values():
    import numpy as np

    got = gli.Graph().add_node(np.int64(7), a=np.float32(0.5), b=np.bool_(True), c=np.uint8(3)).nodes[7]
    assert got == {"a": 0.5, "b": True, "c": 3}


def test_what_cannot_be_kept_is_refused_and_named():
    with pytest.raises(TypeError, match="object at"):
        gli.Graph().add_node(1, a=object())
    with pytest.raises(ValueError, match="64 bits"):
        gli.Graph().add_node(1, a=2**63)


def test_ints_and_floats_may_share_a_column():
    g = gli.Graph().add_node(1, x=2**62 + 1).add_node(2, x=0.5)
    assert g.nodes[2]["x"] == 0.5 and float(g.nodes[1]["x"]) == float(2**62 + 1)


def test_mixed_values_are_kept_not_turned_to_text():
    g = gli.Graph.from_node_list([1, 2], {1: {"x": 1}, 2: {"x": "one"}})
    assert g.nodes[1] == {"x": 1} and g.nodes[2] == {"x": "one"}


def test_a_batch_is_applied_at_its_end_or_not_at_all():
    g = friends()
    with g.batch_operations() as b:
        b.add_node("dan")
        b.add_edge("dan", "ann", weight=1.0)
        with pytest.raises(ValueError, match="ended"):
            b.graph
    assert len(b.graph) == 4 and b.graph.has_edge("dan", "ann") and len(g) == 3
    with pytest.raises(RuntimeError), g.batch_operations() as b:
        b.add_node("eve")
        raise RuntimeError
    with pytest.raises(ValueError):
        b.graph
    with pytest.raises(KeyError, match="zed"), g.batch_operations() as b:
        b.add_node("eve")
        b.remove_node("zed")
    with pytest.raises(ValueError):
        b.graph


def test_views_are_lazy_mappings():
    g = friends()
    assert len(g.nodes) == 3 and "ann" in g.nodes and "zed" not in g.nodes and dict(g.nodes.items())["cid"] == {}
    assert ("ann", "bob") in g.edges and list(g.edges) == [("ann", "bob"), ("bob", "cid")]
    assert dict(g.edges.items())["bob", "cid"] == {"weight": 2.0}
    heavy = g.edges.filter(gli.edge("weight") > 1)
    assert list(heavy) == [("bob", "cid")] and len(heavy) == 1
    assert g.nodes.to_arrow().column_names == ["id", "age"]
    assert list(g.nodes.to_pandas()["id"]) == ["ann", "bob", "cid"]
    assert g.edges.to_polars().shape == (2, 3)


def test_neighbors_follow_directions():
    g = friends()
    assert (g.neighbors("bob"), g.successors("bob"), g.predecessors("bob")) == (["cid"], ["cid"], ["ann"])
    u = gli.Graph(directed=False).add_nodes([1, 2, 3]).add_edge(2, 1).add_edge(3, 2)
    assert sorted(u.neighbors(2)) == [1, 3] and u.has_edge(1, 2) and u.has_edge(2, 1) and u.edges[2, 3] == {}


def test_parallel_edges_are_told_apart_by_key():
    g = gli.Graph(multi=True).add_nodes(["a", "b"]).add_edge("a", "b", key="Depends", n=1).add_edge("a", "b", key="Breaks", n=2)
    assert len(g.edges) == 2 and g.edges["a", "b", "Breaks"] == {"n": 2}
    assert g.edges["a", "b"] == {"Depends": {"n": 1}, "Breaks": {"n": 2}}
    assert sorted(g.edges) == [("a", "b", "Breaks"), ("a", "b", "Depends")]
    assert len(g.remove_edge("a", "b", key="Breaks").edges) == 1 and g.has_edge("a", "b", "Breaks") and not g.has_edge("a", "b", "x")
    h = gli.Graph(multi=True).add_nodes([1, 2]).add_edge(1, 2).add_edge(1, 2)
    assert sorted(h.edges) == [(1, 2, 0), (1, 2, 1)]


def test_filters_take_expressions_and_functions():
    g = friends()
    by_expression = g.filter(nodes=gli.node("age") >= 18)
    by_function = g.create_subgraph(node_filter=lambda key, attributes: attributes.get("age", 0) >= 18)
    assert list(by_expression.nodes) == list(by_function.nodes) == ["ann"] and by_expression.graph_id == by_function.graph_id
    light = g.create_subgraph(edge_filter=lambda u, v, attributes: attributes["weight"] < 1)
    assert list(light.edges) == [("ann", "bob")] and len(light) == 3
    both = g.filter(nodes=lambda k, a: k != "cid", edges=gli.edge("weight") < 1)
    assert list(both.edges) == [("ann", "bob")] and len(both) == 2
    with pytest.raises(ZeroDivisionError):
        g.filter(nodes=lambda k, a: 1 / 0)


def test_filters_say_what_is_wrong_with_them():
    with pytest.raises(KeyError, match="agee"):
        friends().filter(nodes=gli.node("agee") > 1)
    with pytest.raises(TypeError, match="age"):
        friends().filter(nodes=gli.node("age") > "x")
    with pytest.raises(TypeError, match="expression"):
        friends().filter(nodes="age > 3")


def test_subgraphs_by_keys_attribute_component_and_distance():
    g = gli.Graph.from_edge_list([(1, 2), (2, 3), (3, 4), (9, 8)], {1: {"kind": "x"}, 9: {"kind": "x"}})
    assert sorted(g.subgraph([1, 2, 9]).nodes) == [1, 2, 9]
    assert sorted(g.get_subgraph_by_attribute("kind", "x").nodes) == [1, 9]
    assert sorted(g.get_connected_component(8).nodes) == [8, 9]
    assert sorted(g.ego_graph(2).nodes) == [2, 3] and sorted(g.ego_graph(2, undirected=True).nodes) == [1, 2, 3]
    assert sorted(g.ego_graph(1, radius=2).edges) == [(1, 2), (2, 3)] and sorted(g.ego_graph(1, radius=0).nodes) == [1]
    with pytest.raises(ValueError, match="-1"):
        g.ego_graph(1, radius=-1)


def test_graph_id_is_of_the_content_not_of_its_history():
    a = gli.Graph().add_node(1, x=1).add_node(2).add_edge(1, 2, w=1.0)
    b = gli.Graph().add_edge(1, 2, create_nodes=True).add_node(3).update_node(1, x=1.0).update_edge(1, 2, w=1).remove_node(3)
    assert a.graph_id == b.graph_id and a == b and hash(a) == hash(b) and len(a.graph_id) == 32
    for other in (a.add_node(3), a.update_node(1, x=2), a.remove_edge(1, 2), a.set_graph_attribute("x", 1)):
        assert other.graph_id != a.graph_id
    assert gli.Graph().graph_id != gli.Graph(directed=False).graph_id


def test_graph_attributes():
    g = gli.Graph().set_graph_attribute("name", "test").set_graph_attribute("n", 3)
    assert g.attributes == {"name": "test", "n": 3} and g.remove_graph_attribute("n").attributes == {"name": "test"}


def test_networkx_there_and_back():
    nx = pytest.importorskip("networkx")
    for kind in (nx.DiGraph, nx.Graph, nx.MultiDiGraph, nx.MultiGraph):
        there = kind(name="test")
        there.add_node("a", size=1)
        there.add_edge("a", "b", weight=2.5)
        there.add_edge("b", "b")
        g = gli.Graph.from_networkx(there)
        back = g.to_networkx()
        assert nx.utils.graphs_equal(there, back) and type(back) is kind


def test_a_graph_of_any_kind_shows_itself():
    g = friends()
    assert repr(g) == "<gli.Graph: directed, 3 nodes, 2 edges>" and "age" in g._repr_html_()
    assert "ann" in g.nodes._repr_html_() and "ann" in repr(g.nodes.head(1))
    assert len(gli.Graph.empty()) == 0 and list(gli.Graph().nodes) == [] and list(gli.Graph().edges) == []
    assert gli.Graph() or False


def test_the_earlier_library_s_names_work():
    g = friends()
    assert g.get_neighbors("ann") == ["bob"] and g.get_node_ids() == ["ann", "bob", "cid"] and g.snapshot() is g
    assert len(g.batch_add_nodes(["x", "y"])) == 5


def test_partition_stats_and_memory():
    rows = friends().partition_stats().to_pylist()
    assert len(rows) == 1 and rows[0]["nodes"] == 3 and rows[0]["edges"] == 2 and rows[0]["cut_edges"] == 0
    assert sum(friends().memory_usage().values()) > 0


def test_a_graph_takes_weak_references_and_no_attributes_of_its_object():
    graph = gli.Graph().add_node(1)
    seen = weakref.ref(graph)
    assert seen() is graph
    with pytest.raises(AttributeError, match="color"):
        graph.color = "red"
    del graph
    assert seen() is None
