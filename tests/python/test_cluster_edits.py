"""Edits of graphs on workers: every program of edits comes to what it comes to embedded, row by row, byte by byte."""

from __future__ import annotations

import random
import warnings

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from test_cluster import client, cluster  # noqa: F401
from test_edit_programs import EDITS, FULL, INT_KEYS, STR_KEYS, Model, Operands, shown

import gli
from gli import _edits

EXAMPLES = 200 if FULL else 6
STEP = 8


def content(graph) -> tuple:
    """Nodes and edges in order, shown such that equal values of one type, and no others, show the same."""
    return tuple([(name, shown(attributes)) for name, attributes in rows.items()] for rows in (graph.nodes, graph.edges))


def outcome(call):
    """The graph, or the error; and what was warned of."""
    _edits._warned.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call()
        except (KeyError, ValueError, TypeError) as error:
            result = error
    return result, [str(w.message) for w in caught]


class Twins:
    """A graph in this process and on workers."""

    def __init__(self, here: gli.Graph, there: gli.DistributedGraph):
        self.here, self.there = here, there

    def do(self, edit) -> None:
        before = content(self.there)
        (here, told), (there, told_there) = outcome(lambda: edit(self.here)), outcome(lambda: edit(self.there))
        assert told == told_there
        if isinstance(here, Exception):
            assert (type(there), str(there)) == (type(here), str(here))
            assert content(self.there) == before
        else:
            assert isinstance(there, gli.DistributedGraph), there
            self.here, self.there = here, there
        self.check()

    def check(self) -> None:
        a, b = self.here, self.there
        assert (a.node_count, a.edge_count, a.key_type) == (b.node_count, b.edge_count, b.key_type)
        assert repr(sorted(a.attributes.items())) == repr(sorted(b.attributes.items()))
        assert content(a) == content(b)
        assert a.graph_id == b.graph_id

    def check_answers(self) -> None:
        for ask in (lambda g: g.connected_components(), lambda g: g.pagerank(iterations=5), lambda g: g.degree()):
            assert ask(self.here).to_arrow().equals(ask(self.there).to_arrow())
        assert self.there.to_local().graph_id == self.here.graph_id


class Program:
    """The edits of a string of bytes, one after the other."""

    def __init__(self, twins: Twins, keys: list, directed: bool, multi: bool):
        self.twins, self.keys, self.model = twins, keys, Model(directed, multi)

    def run(self, program: bytes) -> None:
        for i in range(0, len(program), STEP):
            digits = program[i : i + STEP]
            self.step(random.Random(digits), Operands(digits, self.keys, self.model))
        self.twins.check_answers()

    def step(self, dice: random.Random, operands: Operands) -> None:
        if dice.random() < 0.15:
            return self.columns(dice, operands)
        if dice.random() < 0.2:
            return self.batch(dice, operands)
        kind = dice.choice(EDITS)
        positional, named = operands.of_edit(kind)
        self.twins.do(lambda g: getattr(g, kind)(*positional, **named))
        self.note(lambda m: getattr(m, kind)(*positional, **named))

    def batch(self, dice, operands) -> None:
        edits = [(kind, *operands.of_edit(kind)) for kind in dice.choices(EDITS, k=6)]

        def apply(graph):
            with graph.batch_operations() as b:
                for kind, positional, named in edits:
                    getattr(b, kind)(*positional, **named)
            return b.graph

        def note(model):
            for kind, positional, named in edits:
                getattr(model, kind)(*positional, **named)

        self.twins.do(apply)
        self.note(note)

    def columns(self, dice, operands) -> None:
        count = dice.choice((0, 1, 7))
        x = pa.array([dice.choice((None, 1, 2, 3)) for _ in range(count)], pa.int64())
        key_type = pa.int64() if self.keys is INT_KEYS else pa.string()

        def keys():
            return pa.array([operands.node() for _ in range(count)], key_type)

        if dice.random() < 0.5:
            table, policy = pa.table({"id": keys(), "i": x}), dice.choice(("first", "last", "error"))
            return self.twins.do(lambda g: g.add_nodes(table, duplicates=policy))
        table, policy = pa.table({"source": keys(), "target": keys(), "i": x}), dice.choice(("first", "last", "error", "sum"))
        creates = dice.random() < 0.7
        self.twins.do(lambda g: g.add_edges(table, create_nodes=creates, duplicates=policy))

    def note(self, edit) -> None:
        """In the model, from which operands are chosen: it knows what single edits did."""
        changed = self.model.copy()
        try:
            edit(changed)
        except (KeyError, ValueError):
            return
        self.model = changed


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(program=st.binary(min_size=20 * STEP, max_size=40 * STEP), directed=st.booleans(), multi=st.booleans(), text=st.booleans())
def test_a_program_of_edits_comes_to_the_same_on_workers_and_embedded(client, program, directed, multi, text):  # noqa: F811
    here = gli.Graph(directed, multi)
    twins = Twins(here, client.from_edge_list([], directed=directed, multi=multi))
    Program(twins, STR_KEYS if text else INT_KEYS, directed, multi).run(program)


def test_a_zero_takes_over_the_sign_of_another(client):  # noqa: F811
    for make in (gli.Graph.from_edge_list, client.from_edge_list):
        g = make([(1, 2)]).update_node(1, x=0.0).update_edge(1, 2, y=-0.0)
        g = g.update_node(1, x=-0.0).update_edge(1, 2, y=0.0)
        assert repr((g.nodes[1], g.edges[1, 2])) == "({'x': -0.0}, {'y': 0.0})"


def test_a_value_stays_when_others_are_made_of_it(client):  # noqa: F811
    g = client.from_edge_list([("ann", "bob"), ("bob", "cid")])
    more, fewer = g.add_edge("ann", "dan", create_nodes=True, weight=0.5), g.remove_node("bob")
    assert (len(g), len(more), len(fewer)) == (3, 4, 2)
    assert more.edges["ann", "dan"] == {"weight": 0.5} and list(fewer.edges) == []
    assert fewer.add_node("eve").graph_id == gli.Graph().add_nodes(["ann", "cid", "eve"]).graph_id
    assert g.graph_id == gli.Graph.from_edge_list([("ann", "bob"), ("bob", "cid")]).graph_id


def test_a_failed_edit_names_the_node_and_leaves_everything_as_it_was(client):  # noqa: F811
    g = client.from_edge_list([("ann", "bob")])
    for edit in (lambda: g.add_edge("ann", "zoe"), lambda: g.remove_node("zoe"), lambda: g.update_node("zoe", age=1)):
        with pytest.raises(KeyError, match="Node 'zoe' not found"):
            edit()
    with pytest.raises(KeyError, match="zoe"), g.batch_operations() as batch:
        batch.add_node("eve").add_edge("ann", "zoe")
    assert list(g.nodes) == ["ann", "bob"] and g.graph_id == gli.Graph.from_edge_list([("ann", "bob")]).graph_id


def test_an_edited_graph_is_committed_and_found_again(client, tmp_path):  # noqa: F811
    store = client.open_store(tmp_path / "s")
    g = client.from_edge_list([(i, i * 7 % 50) for i in range(100)])
    store.commit("first", g)
    edited = g.add_edges([(i, 200 - i) for i in range(80)], create_nodes=True).remove_nodes([3, 5]).set_graph_attribute("origin", "survey")
    store.commit("second", edited)
    again = store.at("main")
    assert again.attributes == {"origin": "survey"} and again == edited != store.at("main~1") == g
    ranks = [graph.add_edge(3, 5, create_nodes=True).pagerank().to_arrow() for graph in (again, edited)]
    assert ranks[0].equals(ranks[1])
    here = gli.GraphStore(tmp_path / "s").at("main")
    assert here.graph_id == edited.graph_id and list(here.nodes) == list(edited.nodes) and here.attributes == edited.attributes


def test_many_rows_are_added_at_once(client):  # noqa: F811
    pairs = [(i, i * 31 % 997) for i in range(5000)]
    here, there = gli.Graph().add_node(5), client.from_edge_list([]).add_node(5)
    for add in (
        lambda g: g.add_edges(pairs, create_nodes=True),
        lambda g: g.add_edges(pa.table({"source": range(300), "target": range(300), "w": range(300)}), duplicates="last"),
        lambda g: g.add_nodes({"id": list(range(4000, 6000)), "age": list(range(2000))}, duplicates="last"),
    ):
        here, there = add(here), add(there)
        assert here.graph_id == there.graph_id and list(here.nodes) == list(there.nodes)


def test_a_batch_of_more_than_one_message_is_one_edit(client):  # noqa: F811
    g = client.from_edge_list([(-1, -2)])
    with g.batch_operations() as b:
        for i in range(1000):
            b.add_node(i, text="x" * 10_000)
    assert len(b.graph) == 1002 and len(g) == 2
    with pytest.raises(KeyError, match="77777"), g.batch_operations() as b:
        for i in range(1000):
            b.add_node(i, text="x" * 10_000)
        b.remove_node(77777)
    assert len(g) == 2
