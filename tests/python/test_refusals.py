"""What cannot be meant is refused in one line, before anything changes."""

import networkx as nx
import pyarrow as pa
import pytest

import gli

G = gli.Graph.from_edge_list([("ann", "bob", {"w": 1}), ("bob", "cid")])


def batched(edit):
    with gli.Graph().batch_operations() as b:
        edit(b)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: gli.Graph().add_node(None),
        lambda: gli.Graph().add_nodes([1, None]),
        lambda: gli.Graph().add_edge(1, None, create_nodes=True),
        lambda: gli.Graph().add_edge(None, 1, create_nodes=True),
        lambda: gli.Graph().add_node(0).remove_node(None),
        lambda: gli.Graph().add_node(0).update_node(None, a=1),
        lambda: gli.Graph().upsert_node(None, a=1),
        lambda: gli.Graph().add_node(0).set_node_attribute(None, "a", 1),
        lambda: gli.Graph().add_node(0).remove_edge(0, None),
        lambda: batched(lambda b: b.add_node(None)),
        lambda: gli.Graph.from_node_list([None, 1]),
        lambda: gli.Graph.from_edge_list([(1, None)]),
        lambda: None in G,
        lambda: G.nodes[None],
        lambda: G.neighbors(None),
        lambda: G.bfs(None),
        lambda: G.subgraph([None]),
    ],
)
def test_none_is_no_key(ask):
    with pytest.raises(TypeError, match="keys are int or str, not None"):
        ask()


@pytest.mark.parametrize("name", ["_seq", "_", "id"])
def test_a_node_s_attribute_cannot_have_the_name_of_a_column(name):
    other = nx.DiGraph()
    other.add_node("ann", **{name: 1})
    for ask in (
        lambda: G.add_node("dan", **{name: 1}),
        lambda: G.add_nodes([("dan", {name: 1})]),
        lambda: G.update_node("ann", **{name: 1}),
        lambda: G.upsert_node("ann", **{name: 1}),
        lambda: G.set_node_attribute("ann", name, 1),
        lambda: batched(lambda b: b.add_node(1, **{name: 1})),
        lambda: gli.Graph.from_node_list(["ann"], {"ann": {name: 1}}),
        lambda: gli.Graph.from_networkx(other),
        lambda: gli.from_arrow(None, pa.table({"name": ["ann"], name: [1]}), node="name"),
    ):
        with pytest.raises(ValueError, match=f"cannot be named '{name}'"):
            ask()


@pytest.mark.parametrize("name", ["_seq", "_tie", "source", "target", "key"])
def test_an_edge_s_attribute_cannot_have_the_name_of_a_column(name):
    other = nx.DiGraph()
    other.add_edge("ann", "bob", **{name: 1})
    for ask in (
        lambda: G.add_edges([("ann", "cid", {name: 1})]),
        lambda: G.set_edge_attribute("ann", "bob", name, 1),
        lambda: gli.Graph.from_edge_list([(1, 2, {name: 1})]),
        lambda: gli.Graph.from_edge_list([(1, 2)], edge_attrs={(1, 2): {name: 1}}),
        lambda: gli.Graph.from_networkx(other),
    ):
        with pytest.raises(ValueError, match=f"cannot be named '{name}'"):
            ask()
    if name != "key":
        for ask in (G.add_edge, G.update_edge, G.upsert_edge):
            with pytest.raises(ValueError, match=f"cannot be named '{name}'"):
                ask("ann", "bob", **{name: 1})


def test_the_names_of_columns_are_free_where_there_is_no_such_column():
    g = gli.Graph().add_node(1, source="web", key="k").add_edge(1, 1, id=7)
    assert g.nodes[1] == {"source": "web", "key": "k"} and g.edges[1, 1] == {"id": 7}
    assert g.nodes.to_arrow().to_pylist() == [{"id": 1, "source": "web", "key": "k"}]
    with pytest.raises(TypeError, match="names of attributes are str, not 5"):
        g.add_nodes([(2, {5: 1})])


def test_directed_is_true_or_false():
    for wrong in ([(1, 2)], "x", None, 1):
        with pytest.raises(TypeError, match="from_edge_list.*read_edges"):
            gli.Graph(wrong)
    with pytest.raises(TypeError, match="multi is True or False"):
        gli.Graph(True, "yes")


def test_text_is_no_collection_of_keys():
    for ask in (
        lambda: G.add_nodes("abc"),
        lambda: G.remove_nodes("abc"),
        lambda: G.add_edges("ab"),
        lambda: G.remove_edges("ab"),
        lambda: G.subgraph("ann"),
        lambda: G.subgraph(3),
        lambda: gli.Graph.from_node_list("abc"),
        lambda: gli.Graph.from_edge_list("ab"),
        lambda: gli.Graph.from_edge_list(["ab"]),
        lambda: G.add_edges(["ab"]),
        lambda: "ab" in gli.Graph.from_edge_list([("a", "b")]).edges,
        lambda: G.add_nodes({"dan": {"age": 1}}),
    ):
        with pytest.raises(TypeError):
            ask()


def test_a_row_of_another_form_is_named():
    for row in ((1, 2), ("ann", {}, {}), ("ann", 3), ()):
        with pytest.raises(TypeError, match="a node is a key or"):
            gli.Graph().add_nodes([row])
    for row in ((1,), 7, None, ()):
        for ask in (gli.Graph.from_edge_list, gli.Graph().add_edges):
            with pytest.raises(TypeError, match="an edge is.*, not "):
                ask([row])
    for ask in (gli.Graph.from_edge_list, G.add_edges):
        for row in (("ann", "bob", 0.5), ("ann", "bob", 1, 2, {})):
            with pytest.raises(ValueError, match="an edge is .*'ann', 'bob'"):
                ask([row])
    for row in (("ann",), ("ann", "bob", 1, 2), "ab", 3):
        with pytest.raises(TypeError, match="an edge is named by"):
            G.remove_edges([row])
    with pytest.raises(TypeError, match="pairs"):
        gli.Graph.from_batches([3])


def test_attributes_of_what_is_not_there_are_a_key_error():
    with pytest.raises(KeyError, match=r"\('b', 'a'\)"):
        gli.Graph.from_edge_list([("a", "b")], edge_attrs={("b", "a"): {"w": 1}})
    with pytest.raises(KeyError, match="'zed'"):
        gli.Graph.from_node_list(["a"], {"zed": {"w": 1}})
    g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")], edge_attrs={("b", "a"): {"w": 1}, ("c", "b"): {"w": 2}}, directed=False)
    assert g.edges["a", "b"] == {"w": 1} and g.edges["b", "c"] == {"w": 2}


def test_a_fraction_is_no_whole_number():
    ranks = G.pagerank()
    for ask in (
        lambda: G.ego_graph("ann", radius=1.5),
        lambda: G.bfs("ann", depth_limit=1.5),
        lambda: G.pagerank(max_iter=1.5),
        lambda: G.pagerank(iterations=2.0),
        lambda: ranks.top(1.5),
        lambda: ranks.sizes(1.5),
        lambda: G.nodes.head(1.5),
        lambda: gli.generate_kronecker(4.5),
        lambda: gli.generate_kronecker(4, edge_factor=1.5),
        lambda: gli.LocalCluster(n_workers=1.5),
        lambda: gli.GraphStore().log(limit=1.5),
    ):
        with pytest.raises(TypeError, match="is a whole number, not"):
            ask()


def test_the_wrong_thing_is_named_and_so_is_the_right_one():
    store = gli.GraphStore()
    for ask, error, message in (
        (lambda: G.diff(3).summary(), TypeError, "gli.Graph, not with 3"),
        (lambda: G.diff("x").rows(), TypeError, "gli.Graph, not with 'x'"),
        (lambda: store.commit("x", graph=G, results=3), TypeError, "results are NodeValues"),
        (lambda: store.commit("x", graph=G, results=[3]), TypeError, "results are NodeValues"),
        (lambda: store.commit(G), TypeError, "begins with its message"),
        (lambda: store.commit(G, "message"), TypeError, "begins with its message"),
        (lambda: store.commit("message", "another"), TypeError, "graph"),
        (lambda: store.update_graph(3), TypeError, "gli.Graph, not 3"),
        (lambda: gli.Client(3), TypeError, "LocalCluster, a gli.SLURMCluster or an address"),
        (lambda: gli.from_pandas([1]), TypeError, "data frame"),
        (lambda: gli.from_networkx(3), TypeError, "NetworkX graph, not 3"),
        (lambda: gli.generate_kronecker(4, seed=-1), ValueError, "seed must be at least 0"),
        (lambda: gli.generate_kronecker(4, edge_factor=-1), ValueError, "edge_factor"),
        (lambda: gli.Graph.from_edge_list([(1, 2)], 3), TypeError, "node_attrs is a mapping"),
        (lambda: gli.Graph.from_edge_list([(1, 2)], edge_attrs={(1, 2): 3}), TypeError, "edge_attrs has 3"),
        (lambda: gli.Graph.from_edge_list([(1, 2)], edge_attrs={7: {}}, directed=False), KeyError, "edge_attrs has 7"),
        (lambda: gli.Graph.from_edge_list([(1, 2)], directed="no"), TypeError, "directed is True or False"),
        (lambda: G.pagerank(alpha="x"), TypeError, "alpha is a number, not 'x'"),
        (lambda: gli.GraphStore().log(limit=-1), ValueError, "limit must be at least 0"),
    ):
        with pytest.raises(error, match=message):
            ask()


def test_a_file_s_columns_have_names_that_rows_do_not(write):
    path = write("e", "source target key\n1 2 7\n")
    with pytest.raises(ValueError, match="'key'.*multi=True"):
        gli.read_edges(path, header=True)
    assert list(gli.read_edges(path, header=True, multi=True).edges) == [(1, 2, 7)]
    for name in ("_seq", "source"):
        with pytest.raises(ValueError, match=name):
            gli.read_edges(path, names=["source", "target", name])
