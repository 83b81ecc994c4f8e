"""Rows in columns added to graphs, against the same rows added one by one."""

import random

import gli
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

COLUMNS = {"source": [1, 2, 3], "target": [2, 3, 1], "w": [0.5, None, 2.0]}
ROWS = [(1, 2, {"w": 0.5}), (2, 3, {}), (3, 1, {"w": 2.0})]
FORMS = {
    "arrow table": pa.table,
    "arrow batch": lambda c: pa.RecordBatch.from_pydict(c),
    "arrow stream": lambda c: pa.table(c).to_reader(),
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "columns of lists": dict,
    "columns of arrays": lambda c: {n: pa.array(v) if None in v else np.array(v) for n, v in c.items()},
    "dicts": lambda c: [dict(zip(c, row)) for row in zip(*c.values())],
}


def bases():
    """An empty graph, a small one and one that is large against the rows."""
    yield gli.Graph()
    yield gli.Graph().add_nodes([(9, {"name": "nine"}), 2]).add_edge(9, 2, w=7.0)
    yield gli.generate_kronecker(8).add_edge(1, 2, w=3.5)


def without_nan(g):
    return {e: {n: x for n, x in a.items() if x == x} for e, a in g.edges.items()}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("base", [0, 1, 2])
@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_edges_in_columns_are_those_of_rows(form, base):
    g = list(bases())[base]
    expected, made = g.add_edges(ROWS, create_nodes=True), g.add_edges(form(COLUMNS), create_nodes=True)
    assert without_nan(made) == without_nan(expected) and list(made.nodes) == list(expected.nodes)
    if form is not pd.DataFrame:
        assert made.graph_id == expected.graph_id
    with g.batch_operations() as b:
        b.add_node(77).add_edges(form(COLUMNS), create_nodes=True).remove_edge(3, 1)
    assert without_nan(b.graph) == without_nan(g.add_node(77).add_edges(ROWS, create_nodes=True).remove_edge(3, 1))


@pytest.mark.parametrize("base", [0, 1, 2])
def test_nodes_in_columns_are_those_of_rows(base):
    g = list(bases())[base]
    rows = [(1001, {"name": "a"}), (1002, {}), (1003, {"name": "c"})]
    columns = {"id": [1001, 1002, 1003], "name": ["a", None, "c"]}
    expected = g.add_nodes(rows)
    for made in (pa.table(columns), pd.DataFrame(columns), pl.DataFrame(columns), columns):
        assert g.add_nodes(made) == expected
    assert g.add_nodes({"key": [1001], "name": ["a"]}, node="key").nodes[1001] == {"name": "a"}
    assert list(gli.Graph().add_nodes(np.arange(3)).nodes) == [0, 1, 2]


def test_an_array_of_two_columns_holds_edges():
    pairs = np.array([[5, 6], [6, 7], [5, 6]])
    assert sorted(gli.Graph().add_edges(pairs, create_nodes=True).edges) == [(5, 6), (6, 7)]
    with pytest.raises(ValueError, match=r"\(3,\)"):
        gli.Graph().add_edges(np.arange(3))
    with pytest.raises(ValueError, match="one dimension"):
        gli.Graph().add_nodes(pairs)


@pytest.mark.parametrize("size", [3, 5_000])
def test_a_missing_end_is_a_key_error_and_nothing_happens(size):
    g = gli.Graph().add_nodes(range(10))
    rows = {"source": [i % 10 for i in range(size)], "target": [10 if i == size - 1 else i * 7 % 10 for i in range(size)]}
    for edges in (rows, list(zip(rows["source"], rows["target"])), pa.table(rows)):
        with pytest.raises(KeyError, match="Node 10 not found"):
            g.add_edges(edges)
    assert g.edge_count == 0 and len(g) == 10


@pytest.mark.parametrize("many", [False, True], ids=["edited", "loaded"])
@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_what_is_there_counts_as_the_row_before_all_others(many):
    g = gli.Graph().add_edge("a", "b", create_nodes=True, w=1, note="old")
    rows = {"source": ["a", "a"], "target": ["b", "b"], "w": [2, 4]}
    if many:
        others = [f"x{i}" for i in range(1500)]
        rows = {"source": rows["source"] + others, "target": rows["target"] + others, "w": rows["w"] + [0] * 1500}

    def after(policy, graph=g):
        return graph.add_edges(rows, create_nodes=True, duplicates=policy).edges["a", "b"]

    assert after("first") == {"w": 1, "note": "old"}
    assert after("last") == {"w": 4}
    assert after("sum", g.remove_edge_attribute("a", "b", "note")) == {"w": 7}
    with pytest.raises(TypeError, match="note"):
        g.add_edges({**rows, "note": rows["w"]}, create_nodes=True, duplicates="sum")
    with pytest.raises(ValueError, match="row 0: edge 'a' -> 'b' is there already"):
        after("error")


def test_nodes_that_are_there_follow_the_policy():
    g = gli.Graph().add_nodes([("a", {"x": 1, "y": 2})])
    rows = {"id": ["a", "b"], "x": [5, 6]}
    assert g.add_nodes(rows, duplicates="last").nodes["a"] == {"x": 5}
    with pytest.raises(ValueError, match="row 0: node 'a' is there already"):
        g.add_nodes(rows, duplicates="error")
    with pytest.raises(ValueError, match="'sum'"):
        g.add_nodes(rows, duplicates="sum")


def test_multi_numbers_parallel_edges_on():
    g = gli.Graph(multi=True).add_edge(1, 2, create_nodes=True)
    made = g.add_edges({"source": [1, 1], "target": [2, 2]}, duplicates="multi")
    assert sorted(made.edges) == [(1, 2, 0), (1, 2, 1), (1, 2, 2)]
    with pytest.raises(ValueError, match="multi=True"):
        gli.Graph().add_edges({"source": [1], "target": [2]}, duplicates="multi")


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("text", [True, False])
def test_lists_of_pairs_load_as_they_are_added_one_by_one(directed, text):
    rng = random.Random(3)
    name = (lambda i: f"knöten {i}") if text else (lambda i: i * 10**12 - 10**15)
    pairs = [(name(rng.randrange(300)), name(rng.randrange(300))) for _ in range(3_000)]
    plain = gli.Graph(directed=directed)
    with plain.batch_operations() as b:
        for u, v in pairs:
            b.add_edge(u, v, create_nodes=True)
    loaded = gli.Graph.from_edge_list(pairs, directed=directed)
    added = plain.add_edges(pairs, create_nodes=True)
    assert loaded.graph_id == b.graph.graph_id == added.graph_id
    assert sorted(loaded.nodes) == sorted(b.graph.nodes) and loaded.edge_count == b.graph.edge_count


def test_pairs_of_other_things_go_the_long_way():
    assert gli.Graph.from_edge_list([(1, 2), (2, 3, {"w": 1})]).edges[2, 3] == {"w": 1}
    with pytest.raises(TypeError):
        gli.Graph.from_edge_list([(1, 2), ("a", "b")])
    with pytest.raises(TypeError):
        gli.Graph.from_edge_list([(1, 2), (True, 3)])
    assert gli.Graph.from_edge_list([]).edge_count == 0


def test_columns_are_told_apart_from_what_they_are_not():
    with pytest.raises(TypeError, match="'id'"):
        gli.Graph().add_nodes({"ann": {"age": 3}})
    with pytest.raises(ValueError, match="'target'"):
        gli.Graph().add_edges(pa.table({"source": [1]}))
    with pytest.raises(ValueError, match="_x"):
        gli.Graph().add_nodes({"id": [1], "_x": [1]})
