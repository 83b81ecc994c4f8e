"""Attributes that algorithms made: with_values, embedded and on clusters."""

import gli
import pytest

@pytest.fixture
def maker(place):
    """What makes graphs of lists of edges."""
    return gli.Graph if place is gli else place


EDGES = [(i * 7 % 500, i * 11 % 500) for i in range(2000)]


def one_by_one(graph, name, values):
    with graph.batch_operations() as batch:
        for node, value in values.items():
            batch.set_node_attribute(node, name, value)
    return batch.graph


@pytest.mark.parametrize("directed", [True, False])
def test_the_column_is_what_setting_each_node_gives(maker, directed):
    g = maker.from_edge_list(EDGES, directed=directed)
    for name, values in {"in": g.degree(), "label": g.connected_components(), "depth": g.bfs(0), "rank": g.pagerank()}.items():
        made = g.with_values(name, values)
        assert made.graph_id == one_by_one(g, name, values).graph_id
        assert made.nodes.to_arrow()[name].to_pylist() == list(values.values())


def test_it_replaces_the_whole_attribute_whatever_its_type(maker):
    g = maker.from_edge_list([(1, 2), (2, 3)]).update_node(1, x="text").update_node(3, x=[1, 2])
    made = g.with_values("x", g.bfs(2))
    assert dict(made.nodes.items()) == {1: {}, 2: {"x": 0}, 3: {"x": 1}}
    assert g.nodes[3] == {"x": [1, 2]}


def test_values_of_an_older_version_with_the_same_nodes_fit(maker):
    g = maker.from_edge_list(EDGES)
    ranks = g.pagerank()
    both = g.with_values("degree", g.degree()).add_edge(1, 1).with_values("rank", ranks)
    assert both.nodes[7] == {"degree": g.degree(7), "rank": ranks[7]}


def test_values_of_an_equal_graph_that_numbers_its_nodes_otherwise_go_by_key(maker):
    g = maker.from_edge_list([(f"n{u}", f"n{v}") for u, v in EDGES])
    other = maker.from_edge_list([(f"n{u}", f"n{v}") for u, v in reversed(EDGES)])
    assert other.with_values("rank", g.pagerank()).graph_id == g.with_values("rank", g.pagerank()).graph_id


def test_nodes_that_a_branch_removed_or_interned_do_not_shift_values(maker):
    g = maker.from_edge_list(EDGES)
    g.add_node(1000).add_node(1001)
    h = g.remove_node(3).add_node(1002)
    assert h.with_values("degree", h.degree()).graph_id == one_by_one(h, "degree", h.degree()).graph_id


def test_values_of_other_nodes_are_refused_and_named(maker):
    g = maker.from_edge_list([(1, 2)])
    with pytest.raises(ValueError, match="there is none for 9"):
        g.add_node(9).with_values("x", g.degree())
    with pytest.raises(ValueError, match="of other nodes: 2, not 1"):
        g.remove_node(1).with_values("x", g.degree())
    with pytest.raises(ValueError, match="keys are of another type"):
        maker.from_edge_list([("a", "b")]).with_values("x", g.degree())
    with pytest.raises(ValueError, match="'id'"):
        g.with_values("id", g.degree())
    with pytest.raises(TypeError, match="NodeValues or a mapping"):
        g.with_values("x", [1, 2])


def test_a_mapping_sets_what_it_names(maker):
    g = maker.from_edge_list([(1, 2)]).update_node(2, x=7)
    assert dict(g.with_values("x", {1: "one"}).nodes.items()) == {1: {"x": "one"}, 2: {"x": 7}}
    with pytest.raises(KeyError, match="Node 9 not found"):
        g.with_values("x", {1: 1, 9: 9})


def test_what_was_found_before_is_found_among_the_new_values_too(maker):
    g = maker.from_edge_list(EDGES)
    made = g.with_values("depth", g.bfs(7))
    near = {node for node, depth in g.bfs(7).items() if depth is not None and depth < 3}
    assert 0 < len(near) < len(g)
    assert set(made.nodes.filter(gli.node("depth") < 3)) == near
    assert made.with_values("depth", g.bfs(0)).nodes[0] == {"depth": 0}
    assert dict(g.nodes[0]) == {}
