"""How things look, and how they are copied."""

import copy
import pickle

import pytest

import gli


def test_one_of_a_kind_is_singular():
    g = gli.Graph.from_edge_list([(1, 1)])
    assert repr(g) == "<gli.Graph: directed, 1 node, 1 edge>" and "1 node)" in repr(g.pagerank())
    store = gli.GraphStore()
    store.commit("one", graph=g)
    assert repr(store) == "<gli.GraphStore in memory: 1 commit on 'main', 1 branch>"


def test_views_and_batches_name_their_graph():
    g = gli.Graph.from_edge_list([(1, 2), (2, 3)])
    assert repr(g.edges) == f"<2 edges of {g!r}>" and repr(g.nodes) == f"<3 nodes of {g!r}>"
    assert repr(g.nodes.filter(gli.key() > 1)) == f"<nodes of {g!r}.filter((key() > 1))>"
    with g.batch_operations() as b:
        b.add_node(7)
        assert repr(b) == f"<gli.Batch: 1 edit to come on {g!r}>"
    assert repr(b) == f"<gli.Batch: ended with {b.graph!r}>"


def test_bfs_shows_the_nearest_first_and_counts_the_unreachable():
    depth = gli.Graph.from_edge_list([(3, 2), (2, 1), (8, 9)]).bfs(3)
    assert repr(depth).splitlines()[2].split() == ["3", "0"]
    assert depth.histogram().to_pylist() == [
        {"value": 0, "count": 1},
        {"value": 1, "count": 1},
        {"value": 2, "count": 1},
        {"value": None, "count": 2},
    ]


def test_nested_attributes_are_python_objects_in_every_table():
    g = gli.Graph().add_node("ann", tags=["a", {"b": 1}]).add_node("bob")
    assert g.nodes.to_pylist() == [{"id": "ann", "tags": ["a", {"b": 1}]}, {"id": "bob", "tags": None}]
    assert g.nodes.to_pandas()["tags"][0] == ["a", {"b": 1}]
    head = g.nodes.head()
    assert head["tags"][0] == head[0]["tags"] == head.to_pandas()["tags"][0] == next(iter(head))[1] == ["a", {"b": 1}]


def test_completion_offers_public_names():
    assert sorted(dir(gli)) == sorted(gli.__all__)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("multi", [True, False])
def test_a_pickled_graph_comes_back_and_a_copy_is_the_graph(directed, multi):
    g = gli.Graph(directed, multi).add_nodes([("b", {"tags": [1, "x"]}), "a"]).set_graph_attribute("name", "test")
    g = g.add_edge("b", "a", key="k" if multi else None, w=1.5)
    assert copy.deepcopy(g) is g and copy.copy(g) is g and copy.deepcopy({"g": g})["g"] is g
    again = pickle.loads(pickle.dumps(g))
    assert again == g and list(again.nodes) == ["b", "a"] and again.attributes == g.attributes and again.multi == multi
    assert pickle.loads(pickle.dumps(gli.Graph(directed, multi))) == gli.Graph(directed, multi)


def test_a_value_that_is_absent_has_a_default():
    values = gli.Graph.from_edge_list([(1, 2)]).degree()
    assert values.get(1, "none") == 1 and values.get(9, "none") == "none" and values.get(9) is None
    with pytest.raises(TypeError, match="int64"):
        values.get("1", 0)
