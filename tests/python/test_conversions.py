"""Graphs to and from NetworkX, SciPy, NumPy and polars."""

import datetime
import random

import networkx as nx
import numpy as np
import pytest
import scipy.sparse as sparse

import gli

KINDS = [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]
VALUES = [True, 3, -0.5, "é", "", datetime.datetime(2024, 2, 3, 4, 5, 6, 7), b"\0\xff", [1, [2.5, None]], {"a": {"b": "c"}}]


def random_networkx(kind, keys=int, seed=0):
    rng = random.Random(seed)
    g = kind(name="all", made=datetime.datetime(2020, 1, 1), tags=["x", 1])
    for i in rng.sample(range(100), 30):
        g.add_node(keys(i), **{f"a{j}": rng.choice(VALUES) for j in range(3) if rng.random() < 0.7})
    nodes = list(g)
    for _ in range(90):
        more = {"w": rng.random(), "n": rng.randrange(5), "v": rng.choice(VALUES)}
        g.add_edge(rng.choice(nodes), rng.choice(nodes), **{k: v for k, v in more.items() if rng.random() < 0.8})
    return g


def same(a, b):
    """Equal with types, whatever the order of an undirected edge's ends."""
    assert type(a) is type(b) and {k: repr(v) for k, v in a.graph.items()} == {k: repr(v) for k, v in b.graph.items()}
    assert list(a.nodes) == list(b.nodes)
    key = "key" if a.is_multigraph() else None
    for n in a:
        assert {k: (type(v), v) for k, v in a.nodes[n].items()} == {k: (type(v), v) for k, v in b.nodes[n].items()}
    named = [{((u, v) if a.is_directed() else frozenset((u, v)), *k): d for u, v, *k, d in _edges(g, key)} for g in (a, b)]
    assert named[0] == named[1] and a.number_of_edges() == b.number_of_edges()


def _edges(g, key):
    return g.edges(keys=True, data=True) if key else g.edges(data=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("keys", [int, str])
def test_networkx_there_and_back_with_all_attributes(kind, keys):
    other = random_networkx(kind, keys)
    same(gli.from_networkx(other).to_networkx(), other)


@pytest.mark.parametrize("kind", KINDS)
def test_networkx_graphs_of_plain_columns_go_through_arrow(kind):
    other = nx.gnm_random_graph(40, 100, seed=3, directed=kind in (nx.DiGraph, nx.MultiDiGraph))
    other = kind(other)
    nx.set_edge_attributes(other, {e: {"w": i / 2} for i, e in enumerate(other.edges)})
    same(gli.from_networkx(other).to_networkx(), other)


def test_networkx_edge_keys_of_text():
    other = nx.MultiDiGraph()
    other.add_edge("a", "b", key="x", w=1)
    other.add_edge("a", "b", key="y")
    same(gli.from_networkx(other).to_networkx(), other)


def test_what_networkx_holds_and_gli_cannot_is_named():
    mixed = nx.Graph()
    mixed.add_nodes_from([1, "a"])
    with pytest.raises(TypeError):
        gli.from_networkx(mixed)
    tuples = nx.Graph()
    tuples.add_node((1, 2))
    with pytest.raises(TypeError, match="keys are int or str"):
        gli.from_networkx(tuples)
    objects = nx.Graph()
    objects.add_node(1, what=object())
    with pytest.raises(TypeError, match="object"):
        gli.from_networkx(objects)
    with pytest.raises(TypeError, match="expected a NetworkX graph"):
        gli.from_networkx([1, 2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weight", [None, "w", "n"])
def test_to_scipy_is_networkx_s(kind, weight):
    other = random_networkx(kind, str, seed=4)
    ours, theirs = gli.from_networkx(other).to_scipy(weight), nx.to_scipy_sparse_array(other, weight=weight)
    assert ours.format == "csr" and ours.shape == theirs.shape
    assert np.allclose(ours.toarray(), theirs.toarray())


@pytest.mark.parametrize("format", ["csr", "csc", "coo", "lil", "dok"])
def test_to_scipy_in_any_format(format):
    g = gli.Graph().add_nodes([5, 6]).add_edge(5, 6, w=2)
    assert g.to_scipy("w", format).format == format and g.to_scipy("w", format).toarray().tolist() == [[0, 2], [0, 0]]
    assert g.to_scipy().dtype == np.int64


def test_to_scipy_says_what_is_wrong():
    g = gli.Graph().add_nodes([1, 2]).add_edge(1, 2, w="x")
    with pytest.raises(KeyError, match="no edge has attribute 'v'"):
        g.to_scipy("v")
    with pytest.raises(TypeError, match="column 'w' is large_string"):
        g.to_scipy("w")
    with pytest.raises(ValueError, match="format is one of"):
        g.to_scipy(format="dense")
    assert gli.Graph().to_scipy().shape == (0, 0)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("of", [int, float])
def test_from_scipy_is_networkx_s(directed, of):
    rng = np.random.default_rng(5)
    dense = (rng.integers(0, 5, (30, 30)) * (rng.random((30, 30)) < 0.2)).astype(of)
    kind = nx.DiGraph if directed else nx.Graph
    for ours, theirs in [
        (gli.from_scipy(sparse.csr_array(dense), directed), nx.from_scipy_sparse_array(sparse.csr_array(dense), create_using=kind)),
        (gli.from_scipy(sparse.coo_matrix(dense), directed), nx.from_scipy_sparse_array(sparse.csr_array(dense), create_using=kind)),
        (gli.from_numpy(dense, directed), nx.from_numpy_array(dense, create_using=kind)),
    ]:
        same(ours.to_networkx(), theirs)


def test_integer_entries_may_be_parallel_edges():
    dense = np.array([[0, 3], [1, 2]])
    theirs = nx.from_numpy_array(dense, parallel_edges=True, create_using=nx.MultiDiGraph)
    same(gli.from_numpy(dense, parallel_edges=True).to_networkx(), theirs)
    same(gli.from_scipy(sparse.csr_array(dense), parallel_edges=True).to_networkx(), theirs)
    with pytest.raises(ValueError, match="negative"):
        gli.from_numpy(-dense, parallel_edges=True)


def test_matrices_name_their_nodes():
    g = gli.from_numpy(np.array([[0, 1.5], [0, 0]]), edge_attribute="w", nodes=["b", "a"])
    assert list(g.nodes) == ["b", "a"] and dict(g.edges.items()) == {("b", "a"): {"w": 1.5}}
    assert gli.from_numpy(np.zeros((3, 3))).node_count == 3
    with pytest.raises(ValueError, match="3 nodes for a matrix of 2 rows"):
        gli.from_numpy(np.zeros((2, 2)), nodes=[1, 2, 3])
    with pytest.raises(ValueError, match="square, not of shape .2, 3."):
        gli.from_numpy(np.zeros((2, 3)))
    with pytest.raises(TypeError, match="numbers or bools"):
        gli.from_numpy(np.array([["a"]]))
    with pytest.raises(TypeError, match="from_numpy"):
        gli.from_scipy(np.zeros((2, 2)))


def test_scipy_there_and_back():
    matrix = sparse.random_array((50, 50), density=0.1, rng=np.random.default_rng(2), format="csr")
    assert (gli.from_scipy(matrix).to_scipy("weight") != matrix).nnz == 0


def test_polars_there_and_back():
    polars = pytest.importorskip("polars")
    edges = polars.DataFrame({"source": ["a", "b"], "target": ["b", "c"], "when": [datetime.datetime(2024, 1, 1), None]})
    g = gli.from_polars(edges, polars.DataFrame({"id": ["c"], "x": [1]}))
    assert list(g.nodes) == ["c", "a", "b"] and g.edges["a", "b"] == {"when": datetime.datetime(2024, 1, 1)}
    assert g.edges.to_polars()["source"].to_list() == ["a", "b"]
    with pytest.raises(TypeError, match="collect"):
        gli.from_polars(edges.lazy())


def test_a_cluster_takes_the_same():
    other = nx.path_graph(5)
    other.graph["name"] = "path"
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        path = client.from_networkx(other)
        assert path.attributes == {"name": "path"}
        assert list(path.nodes[1:3]) == [1, 2] and (path.to_scipy().toarray() == nx.to_numpy_array(other)).all()
        matrix = client.from_numpy(np.array([[0, 2], [1, 0]]))
        assert dict(matrix.edges.items()) == {(0, 1): {"weight": 2}, (1, 0): {"weight": 1}}
        assert len(matrix.edges.filter(gli.edge("weight") > 1).filter(gli.edge("weight") < 5)) == 1
        assert matrix.nodes.to_numpy("id").tolist() == [0, 1]
