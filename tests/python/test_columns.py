"""Ints among floats, lists, and text of few words: what goes into a column comes out, through whatever makes a graph of it again."""

import math
import pickle
from datetime import datetime

import numpy as np
import polars
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

import gli

BIG = 2**53 + 1
INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(2**53 - 2, 2**53 + 2)
FLOATS = st.floats(allow_nan=False)
FINITE = st.floats(allow_nan=False, allow_infinity=False)  # what lists hold
TEXT = st.text(st.sampled_from(list('ab",\\[]{}\n\x01\x7fé😀')), max_size=4)
WHEN = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda when: when.replace(fold=0))
LISTS = st.one_of(st.lists(of, max_size=3) for of in (st.booleans(), INTS, FINITE, TEXT, WHEN))
COLUMNS = st.one_of(st.lists(st.none() | of, min_size=1, max_size=8) for of in (INTS | FLOATS, LISTS, INTS | FLOATS | LISTS | TEXT))
COLUMNS |= st.one_of(
    st.lists(st.none() | st.lists(of, max_size=3), min_size=1, max_size=8) for of in (st.booleans(), INTS, FINITE, TEXT, WHEN)
)


def exactly(values):
    """Values with their types, inside of lists too; 0.0 and -0.0 differ."""
    return [(type(v), exactly(v) if isinstance(v, list) else repr(v)) for v in values]


def column(g, name="x"):
    return [values.get(name) for _, values in g.nodes.items()]


def edited(values):
    g = gli.Graph()
    for i, v in enumerate(values):
        g = g.add_node(i, **({} if v is None else {"x": v}))
    return g


def by_rows(values):
    return gli.Graph.from_node_list(list(range(len(values))), {i: {"x": v} for i, v in enumerate(values) if v is not None})


@given(COLUMNS)
@settings(max_examples=200, deadline=None)
def test_values_come_back_with_their_types_however_the_graph_was_made(values):
    g = edited(values)
    graphs = [
        g,
        by_rows(values),
        pickle.loads(pickle.dumps(g)),
        g.filter(nodes=gli.key() >= 0),
        g.add_nodes([(i, {"y": 1}) for i in range(100, 120)]).filter(nodes=gli.key() < 100),
    ]
    for made in graphs:
        assert exactly(column(made)) == exactly(values)
        assert exactly(made.nodes.to_pylist()[i].get("x") for i in range(len(values))) == exactly(values)
        assert made.graph_id == g.graph_id
    assert exactly(g.get_node(i).get("x") for i in range(len(values))) == exactly(values)


@given(st.lists(st.none() | INTS | FLOATS, min_size=1, max_size=30), INTS | FLOATS)
@settings(max_examples=200, deadline=None)
def test_filters_compare_ints_and_floats_of_one_column_exactly(values, other):
    g = edited([*values, 1, 0.5])
    at = list(enumerate([*values, 1, 0.5]))
    x = gli.node("x")
    for made in (g, g.add_nodes(range(1000, 3000))):
        assert list(made.nodes.filter(x < other)) == [i for i, v in at if v is not None and v < other]
        assert list(made.nodes.filter(x >= other)) == [i for i, v in at if v is not None and v >= other]
        assert list(made.nodes.filter(x == other)) == [i for i, v in at if v is not None and v == other]
        assert list(made.nodes.filter(x.is_in([other, 0.5]))) == [i for i, v in at if v is not None and v in (other, 0.5)]
        assert [i for i in made.nodes.filter((x == other).is_null()) if i < 1000] == [i for i, v in at if v is None]


def test_arithmetic_keeps_ints_ints_and_says_what_overflows():
    g = edited([BIG, 0.5, None])
    assert list(g.nodes.filter(gli.node("x") + 1 == BIG + 1)) == [0]
    assert list(g.nodes.filter(gli.node("x") * 2 == 1)) == [1]
    with pytest.raises(TypeError, match="numbers that int64 holds|too large"):
        len(g.nodes.filter(gli.node("x") * 2**62 > 0))
    with pytest.raises(TypeError, match="cannot compare column 'x' .number. with 'a' .str."):
        len(g.nodes.filter(gli.node("x") == "a"))


def test_ints_and_floats_are_float64_to_arrow_and_json_where_an_int_is_no_float():
    g = edited([1, 2.5, None])
    rows = g.nodes.to_arrow()
    assert rows["x"].type == pa.float64() and rows["x"].to_pylist() == [1.0, 2.5, None] and g.nodes.schema == rows.schema
    assert pa.table(g.nodes).schema == rows.schema and polars.from_arrow(rows)["x"].dtype == polars.Float64
    assert g.nodes.to_polars()["x"].to_list() == [1.0, 2.5, None] and g.nodes.to_pandas()["x"].dtype == np.float64
    assert g.nodes.to_numpy("x")[:2].tolist() == [1.0, 2.5] and math.isnan(g.nodes.to_numpy("x")[2])
    assert gli.from_arrow(nodes=rows, edges=None).graph_id == g.graph_id
    big = edited([BIG, 2.5, math.inf, None])
    rows = big.nodes.to_arrow()
    assert rows["x"].to_pylist() == [str(BIG), "2.5", "Infinity", None] and rows.schema.field("x").metadata == {b"gli:json": b""}
    assert exactly(big.nodes.to_pandas()["x"].tolist()) == exactly([BIG, 2.5, math.inf, None])
    assert big.nodes.schema == rows.schema and big.nodes.to_numpy("x").tolist() == [BIG, 2.5, math.inf, None]
    assert gli.from_arrow(nodes=rows, edges=None) == big and column(gli.from_arrow(nodes=rows, edges=None)) == [BIG, 2.5, math.inf, None]


def test_a_column_of_ints_and_floats_is_shown_as_numbers():
    g = edited([1, 2.5])
    assert ">number<" in g._repr_html_()
    assert "2.5" in repr(g.nodes.head()) and "{" not in repr(g.nodes.head())
    assert g.nodes.head()["x"] == [1, 2.5] and g.nodes.head().to_arrow()["x"].type == pa.float64()


def test_a_float_column_stays_one_until_an_edit_puts_an_int_there():
    rows = pa.table({"id": [1, 2], "x": [1.0, 2.0]})
    g = gli.from_arrow(nodes=rows, edges=None)
    assert exactly(column(g)) == exactly([1.0, 2.0])
    assert exactly(column(g.update_node(1, x=7))) == exactly([7, 2.0])
    assert g.update_node(1, x=1).graph_id == g.graph_id


@pytest.mark.parametrize(
    ("type", "values"),
    [
        (pa.list_(pa.int32()), [[1, 2], [], None, [3]]),
        (pa.large_list(pa.int64()), [[2**62], None, []]),
        (pa.list_(pa.float32(), 2), [[0.5, 1.0], None, [2.0, -0.0]]),
        (pa.list_(pa.string()), [["a", ""], [], ["é😀"]]),
        (pa.list_(pa.large_string()), [["]", '"'], None]),
        (pa.list_(pa.bool_()), [[True, False], [], [False]]),
        (pa.list_(pa.timestamp("ms")), [[datetime(2024, 1, 2, 3)], []]),
        (pa.list_(pa.dictionary(pa.int8(), pa.string())), [["x", "y"], ["x"]]),
    ],
)
def test_arrow_lists_come_in_and_go_out_as_lists(type, values):
    given = pa.table({"id": range(len(values) + 1), "x": pa.array([None, *values], type)})
    for rows in (given, given.slice(1), pa.concat_tables([given.slice(0, 1), given.slice(1)])):
        g = gli.from_arrow(nodes=rows, edges=None)
        expected = rows["x"].to_pylist()
        assert exactly(column(g)) == exactly(expected)
        out = g.nodes.to_arrow()
        assert pa.types.is_large_list(out["x"].type) and out["x"].to_pylist() == expected
        assert gli.from_arrow(nodes=out, edges=None) == g == edited_as(rows["id"].to_pylist(), expected)
        assert g.nodes[1:].to_arrow()["x"].to_pylist() == expected[1:]
        assert g.nodes.to_numpy("x").tolist() == g.nodes.to_pandas()["x"].tolist() == expected


def edited_as(keys, values):
    return gli.Graph().add_nodes((k, {} if v is None else {"x": v}) for k, v in zip(keys, values))


def test_lists_with_nulls_or_lists_inside_are_json():
    nested = pa.list_(pa.list_(pa.int64()))
    for type, values in [(pa.list_(pa.int64()), [[1, None], [2]]), (nested, [[[1], []], []]), (pa.list_(pa.binary()), [[b"a"]])]:
        g = gli.from_arrow(nodes=pa.table({"id": range(len(values)), "x": pa.array(values, type)}), edges=None)
        assert column(g) == values and g.nodes.to_arrow().schema.field("x").metadata == {b"gli:json": b""}
    with pytest.raises(TypeError, match="arrow column 'x': format '.vl' is not supported"):
        gli.from_arrow(nodes=pa.table({"id": [1], "x": pa.array([[1]], pa.list_view(pa.int64()))}), edges=None)


def test_lists_of_other_elements_than_before_make_the_column_json_and_back():
    g = edited([[1, 2], [3]])
    assert pa.types.is_large_list(g.nodes.to_arrow()["x"].type)
    mixed = g.update_node(1, x=["a"])
    assert column(mixed) == [[1, 2], ["a"]] and mixed.nodes.to_arrow()["x"].type == pa.large_string()
    again = mixed.update_node(1, x=[3])
    assert again == g and column(again) == [[1, 2], [3]]


def test_text_of_few_words_is_small_and_found_by_word():
    n = 20_000
    words = [f"kind number {i % 10}" for i in range(n)]
    words[17] = ""
    g = gli.from_arrow(nodes=pa.table({"id": range(n), "kind": words, "own": [f"name number {i}" for i in range(n)]}), edges=None)
    size = g.memory_usage()
    assert size["node column kind"] < size["node column own"] / 10
    assert g.nodes.to_arrow()["kind"].to_pylist() == words and g.nodes[5:9].to_numpy("kind").tolist() == words[5:9]
    kind = gli.node("kind")
    for condition, test in [
        (kind == "kind number 3", lambda w: w == "kind number 3"),
        (kind != "kind number 3", lambda w: w != "kind number 3"),
        (kind > "kind number 7", lambda w: w > "kind number 7"),
        (kind.is_in(["", "kind number 1", "other"]), lambda w: w in ("", "kind number 1")),
        (kind.contains("number 2"), lambda w: "number 2" in w),
        (kind.matches("[45]$"), lambda w: w[-1:] in ("4", "5")),
        (kind == gli.node("own"), lambda w: False),
    ]:
        assert list(g.nodes.filter(condition)) == [i for i, w in enumerate(words) if test(w)]
    changed = g.update_node(3, kind="new").update_node(4, kind="kind number 9")
    assert list(changed.nodes.filter(kind.is_in(["new", "kind number 9"])))[:3] == [3, 4, 9]
    assert changed.update_node(3, kind=words[3]).update_node(4, kind=words[4]) == g


@pytest.fixture(scope="module", params=[1, 2, 4])
def client(request):
    with gli.LocalCluster(n_workers=request.param) as cluster, gli.Client(cluster) as client:
        yield client


def test_on_a_cluster_columns_hold_the_same(client, tmp_path):
    n = 60
    numbers = [None if i % 7 == 0 else BIG + i if i % 3 else i / 4 for i in range(n)]
    lists = [None if i % 5 == 0 else [f"n{i}", ""] if i % 2 else [] for i in range(n)]
    words = [f"word {i % 3}" for i in range(n)]
    values = [{"x": numbers[i], "l": lists[i], "w": words[i]} for i in range(n)]
    g = gli.Graph().add_nodes((i, {k: v for k, v in row.items() if v is not None}) for i, row in enumerate(values))
    g = g.add_edges((i, (i * 7 + 1) % n, {"weight": i if i % 2 else i + 0.5}) for i in range(n))
    d = client._from_graph(g)
    for there in (d, d.to_local()):
        assert exactly(column(there)) == exactly(numbers) and exactly(column(there, "l")) == exactly(lists) and there.graph_id == g.graph_id
    x = gli.node("x")
    for condition in (x > BIG + 20, x == 0.5, x < 10.25, x.is_in([BIG + 1, 0.5]), gli.node("w") == "word 1"):
        assert sorted(d.nodes.filter(condition)) == list(g.nodes.filter(condition))
    assert d.nodes.to_arrow().sort_by("id").schema == g.nodes.to_arrow().schema
    changed, locally = (h.update_node(1, x=1.5).update_node(2, x=7, l=["z"]).add_node(n, x=BIG) for h in (d, g))
    assert exactly(column(changed)) == exactly(column(locally)) and changed.graph_id == locally.graph_id
    assert changed.diff(d).summary() == locally.diff(g).summary()
    first, second = (h.sssp(0, weight="weight").to_dict() for h in (d, g))
    assert first == second
    d.write(tmp_path / "g.parquet", nodes=tmp_path / "n.parquet")
    again = gli.read_parquet(tmp_path / "g.parquet", nodes=tmp_path / "n.parquet")
    assert again == g and exactly(column(again)) == exactly(numbers) and exactly(column(again, "l")) == exactly(lists)
