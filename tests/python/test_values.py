"""What goes in as a key or a value comes out equal and of the same Python type: from the log, from pages, and from a store opened again."""

from __future__ import annotations

import math
import random
import struct
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings, strategies as st

import gli

SCALARS = [
    *(True, False),
    *(0, 1, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)),
    *(0.0, -0.0, 1.0, 0.1, 1e308, -1e-300, 5e-324, math.nan, math.inf, -math.inf),
    *("", "x", "null", "1", "NaN", '"', "\\", "a\0b", "ä", "日本語", "😀", "\u2028", " "),
    *(datetime(1970, 1, 1), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(1969, 12, 31, 23, 59, 59, 999999)),
    *(b"", b"\0", b"\xff\xfe", bytes(range(256))),
]
NESTED = [
    *([], [1], [1.0], [True, 1, 1.0, "1", None], [[], [[]]], ["", "\0", "ä", "\n"], [2**63, -(2**70)], [0.1, 1e22, -0.0]),
    *({}, {"a": 1}, {"": ""}, {"ä": [{"b": None}]}, {"a": {"b": {"c": [1, {"d": []}]}}}),
]
VALUES = SCALARS + NESTED
KEYS = ["", " ", "ä", "日本語", "😀", "a\0", "a", "\u2028", "None", "x" * (1 << 20), "é" * (1 << 19)]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text().filter(lambda name: not name.startswith("$")), inner, max_size=4),
    max_leaves=12,
)
ANY = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(),
    st.datetimes().map(lambda when: when.replace(fold=0)),
    st.binary(),
    JSON.filter(lambda v: isinstance(v, (list, dict))),
)


def shown(value):
    """The same for equal values of the same type, whatever the order of names."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {shown(v)}" for name, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return repr(value)


def folded(graph):
    """The same graph as pages."""
    return graph.filter(nodes=gli.degree() >= 0)


def reopened(graph, folder):
    gli.GraphStore(folder).commit("values", graph=graph)
    return gli.GraphStore(folder).at("main")


def with_values(values, name="x"):
    """Each value on a node, on an edge and on the graph itself."""
    g = gli.Graph()
    with g.batch_operations() as b:
        for i, v in enumerate(values):
            b.add_node(i, **{name: v}).add_edge(i, i, **{name: v}).set_graph_attribute(f"{name}{i}", v)
    return b.graph


def check(graph, values, name="x"):
    for i, v in enumerate(values):
        found = [graph.nodes[i], graph.edges[i, i], {name: a[f"{name}{i}"]} if f"{name}{i}" in (a := graph.attributes) else {}]
        assert [shown(f) for f in found] == [shown({} if v is None else {name: v})] * 3


@pytest.mark.parametrize("value", [pytest.param(v, id=ascii(v)[:30]) for v in VALUES])
def test_a_value_comes_out_as_it_went_in(value):
    g = with_values([value])
    check(g, [value])
    check(folded(g), [value])
    check(folded(folded(g).set_node_attribute(0, "other", 1).remove_node_attribute(0, "other")), [value])


def test_values_of_all_types_in_one_column_come_out_as_they_went_in(tmp_path):
    values = [None, *VALUES] * 2
    random.Random(3).shuffle(values)
    g = with_values(values)
    for form in (g, folded(g), reopened(g, tmp_path)):
        check(form, values)
        assert form.graph_id == g.graph_id


def test_columns_of_one_type_come_out_of_a_store_as_they_went_in(tmp_path):
    for kind in {type(v) for v in VALUES}:
        values = [v for v in VALUES if type(v) is kind]
        g = with_values(values)
        check(reopened(g, tmp_path / kind.__name__), values)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=5))
def test_any_values_come_out_as_they_went_in(values):
    g = with_values(values)
    check(g, values)
    check(folded(g), values)


def test_the_graph_id_tells_values_apart_but_not_the_ways_to_write_one():
    values = [True, 1, 0.5, "1", b"1", "", b"", [], {}, [1], [1.0], math.nan, math.inf, -math.inf, datetime(1970, 1, 1)]
    ids = [with_values([v]).graph_id for v in values]
    assert len(set(ids)) == len(ids)
    for a, b in ((1, 1.0), (0.0, -0.0), (0, -0.0), (2.0**62, 2**62), ({"a": 1, "b": 2}, {"b": 2, "a": 1})):
        assert with_values([a]).graph_id == with_values([b]).graph_id
    other_nan = struct.unpack("<d", struct.pack("<Q", 0xFFF8_0000_0000_0001))[0]
    assert with_values([math.nan]).graph_id == with_values([other_nan]).graph_id


def test_none_is_no_attribute():
    g = gli.Graph().add_node(1, x=None).set_graph_attribute("x", None)
    assert g.nodes[1] == {} and g.attributes == {}
    assert g.graph_id == gli.Graph().add_node(1).graph_id


def test_what_has_no_form_of_its_own_comes_out_as_documented():
    aware = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    g = gli.Graph().add_node(1, x=(1, (2, 3))).add_node(2, x=aware)
    for form in (g, folded(g)):
        assert form.nodes[1]["x"] == [1, [2, 3]]
        assert form.nodes[2]["x"] == datetime(2024, 5, 1, 10)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 1j, {1, 2}, object(), "\ud800"], ids=ascii)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(value):
    g = gli.Graph().add_node(1, x=1)
    with pytest.raises((TypeError, ValueError)):
        g.add_node(2, x=value)
    assert list(g.nodes) == [1] and g.add_node(2).node_count == 2


def test_keys_may_be_empty_long_and_of_any_letters(tmp_path):
    g = gli.Graph(multi=True).add_nodes((k, {"size": len(k)}) for k in KEYS)
    for a, b in zip(KEYS, [*KEYS[1:], KEYS[0]]):
        g = g.add_edge(a, b, key=a, size=len(b))
    for form in (g, folded(g), reopened(g, tmp_path)):
        assert list(form.nodes) == KEYS
        for a, b in zip(KEYS, [*KEYS[1:], KEYS[0]]):
            assert a in form and form.nodes[a] == {"size": len(a)}
            assert form.neighbors(a) == [b] and form.predecessors(b) == [a]
            assert form.edges[a, b, a] == {"size": len(b)}
        assert "b" not in form and "x" * (1 << 20) + "x" not in form
        assert sorted(form.edges) == sorted((a, b, a) for a, b in zip(KEYS, [*KEYS[1:], KEYS[0]]))
        assert form.graph_id == g.graph_id


def test_integer_keys_reach_from_end_to_end_of_64_bits(tmp_path):
    keys = [0, -1, 1, 2**53 + 1, 2**63 - 1, -(2**63)]
    g = gli.Graph(directed=False).add_nodes(keys)
    for a in keys:
        for b in keys:
            g = g.upsert_edge(a, b, sum=float(a) + float(b))
    for form in (g, folded(g), reopened(g, tmp_path)):
        assert list(form.nodes) == keys and form.edge_count == 21
        assert all(form.neighbors(k) == sorted(keys) for k in keys)
    with pytest.raises(ValueError, match="64 bits"):
        g.add_node(2**63)


def test_ten_thousand_attribute_names_work(tmp_path):
    names = [f"name-{i}-ä" for i in range(10_000)]
    g = gli.Graph().add_nodes([1, 2]).add_edge(1, 2)
    for i, name in enumerate(names[:5_000]):
        g = g.set_node_attribute(1, name, i)
    g = g.update_node(1, **{name: i for i, name in enumerate(names)}).update_edge(1, 2, **{name: str(i) for i, name in enumerate(names)})
    half = g.remove_node_attribute(1, *names[::2])
    for form in (g, folded(g), reopened(g, tmp_path)):
        assert form.nodes[1] == {name: i for i, name in enumerate(names)} and form.nodes[2] == {}
        assert form.edges[1, 2] == {name: str(i) for i, name in enumerate(names)}
        assert form.graph_id == g.graph_id
    for form in (half, folded(half)):
        assert form.nodes[1] == {name: i for i, name in enumerate(names) if i % 2}


def test_attribute_names_may_be_empty_and_of_any_letters(tmp_path):
    row = {name: i for i, name in enumerate(["", " ", "ä", "日本語", "a\0b", "x" * 10_000, "None", '"'])}
    g = gli.Graph().add_node(1, **row).add_edge(1, 1, **row)
    for form in (g, folded(g), reopened(g, tmp_path)):
        assert form.nodes[1] == row and form.edges[1, 1] == row


def test_times_and_bytes_inside_lists_and_dictionaries_come_back_as_they_were():
    names = [{"$timestamp": 3, "$$x": [datetime(1969, 1, 1)]}, {"$binary": "00"}]
    value = {"when": datetime(2026, 1, 2, 3, 4, 5, 6), "raw": [b"\x00\xff", *names]}
    graph = gli.Graph().add_node(1, a=value)
    assert graph.nodes[1]["a"] == value
    assert graph.nodes.to_pylist()[0]["a"] == value
    with pytest.raises(TypeError, match="attributes cannot hold"):
        graph.add_node(2, a=[object()])
