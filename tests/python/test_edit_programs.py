"""Programs of random edits against dictionaries.

A program is a string of bytes, so that Hypothesis draws it in one go and shrinks it well: the first bytes choose the kind of graph and what
is in it, then each operation takes a few. An operation goes on from the newest version or from any older one, and after each one everything
that a version says of single elements is compared with the dictionaries. Those questions do not fold; operations that fold compare the
tables as well.

A usual run takes seconds. GLI_TEST_PROGRAMS=full asks for 10^5 operations (minutes):

    GLI_TEST_PROGRAMS=full python -m pytest tests/python/test_edit_programs.py
"""

from __future__ import annotations

import math
import os
import random
import statistics
import warnings
from collections import Counter
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, note, settings, strategies as st

import gli

FULL = os.environ.get("GLI_TEST_PROGRAMS") == "full"
EXAMPLES = 450 if FULL else 16
STEP = 8  # bytes of an operation

INT_KEYS = [*range(40), -1, -7, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 10**12, 99]
STR_KEYS = ["", "a", "b", "ä", "日本", "a\0", "😀", " ", *(f"key-{i}" for i in range(40))]
VALUES = {
    "o": [True, False],
    "i": [0, 1, 7, -3, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)],
    "f": [0.0, -0.0, 1.0, 0.5, -2.25, math.nan, math.inf, -math.inf, 1e308, 5e-324],
    "n": [1, 1.0, 2**53 + 1, -0.0, math.nan, math.inf, 2**63 - 1, 0.5],
    "s": ["", "x", "ä", "日本", "a\0b", "😀", "nan", "1"],
    "t": [datetime(1970, 1, 1), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(2024, 2, 29, 12)],
    "b": [b"", b"\0\xff", b"x"],
    "j": [[], [1], [1.5, "x", None, True], {}, {"a": {"b": [1, {"c": None}]}}, [[]], {"ä": "ö"}, {"": [2**63 - 1, -0.5]}],
}
VALUES["m"] = [v for values in VALUES.values() for v in values[:3]]
NAMES = list(VALUES)

KINDS = {
    **dict.fromkeys(["add_node", "upsert_node", "update_node", "set_node_attribute", "remove_node_attribute", "add_nodes"], 4),
    **dict.fromkeys(["upsert_edge", "update_edge", "set_edge_attribute", "remove_edge_attribute", "remove_edge"], 4),
    **dict.fromkeys(["set_graph_attribute", "remove_graph_attribute", "remove_node", "remove_nodes", "remove_edges"], 2),
    **dict.fromkeys(["filter_nodes", "filter_edges", "subgraph"], 2),
    **dict.fromkeys(["to_arrow", "pagerank", "graph_id"], 2),
    "add_edge": 12,
    "add_edges": 10,
    "batch": 6,
    "fork": 6,
}
CHOICES = [kind for kind, weight in KINDS.items() for _ in range(weight)]


class Model:
    """The same graph as dictionaries. Rows are never changed, only replaced, so that versions may share them."""

    def __init__(self, directed, multi):
        self.directed, self.multi = directed, multi
        self.nodes, self.edges, self.own = {}, {}, {}

    def copy(self):
        other = Model(self.directed, self.multi)
        other.nodes, other.edges, other.own = dict(self.nodes), dict(self.edges), dict(self.own)
        return other

    def _ends(self, u, v):
        return (u, v) if self.directed or u <= v else (v, u)

    def between(self, u, v):
        ends = self._ends(u, v)
        return [e for e in self.edges if e[:2] == ends]

    def _named(self, u, v, key):
        """The edge that is meant, there or not."""
        if not self.multi:
            return self._ends(u, v)
        if key is not None:
            return (*self._ends(u, v), key)
        found = self.between(u, v)
        if len(found) > 1:
            raise ValueError("which?")
        return found[0] if found else None

    def _new_key(self, u, v):
        found = {e[2] for e in self.between(u, v)}
        key = len(found)
        while key in found:
            key += 1
        return key

    @staticmethod
    def _set(rows, at, attributes):
        row = {**rows[at], **attributes}
        rows[at] = {name: value for name, value in row.items() if value is not None}

    def _need(self, where, at):
        if at not in where:
            raise KeyError(at)
        return at

    def add_node(self, k, **attributes):
        if k not in self.nodes:
            self.nodes[k] = {}
            self._set(self.nodes, k, attributes)

    def add_nodes(self, rows):
        for k, attributes in rows:
            self.add_node(k, **attributes)

    def update_node(self, k, **attributes):
        self._set(self.nodes, self._need(self.nodes, k), attributes)

    def upsert_node(self, k, **attributes):
        self.nodes.setdefault(k, {})
        self._set(self.nodes, k, attributes)

    def set_node_attribute(self, k, name, value):
        self.update_node(k, **{name: value})

    def remove_node_attribute(self, k, *names):
        self.update_node(k, **dict.fromkeys(names))

    def remove_node(self, k):
        del self.nodes[self._need(self.nodes, k)]
        self.edges = {e: a for e, a in self.edges.items() if k not in e[:2]}

    def remove_nodes(self, keys):
        for k in keys:
            self.remove_node(k)

    def _make(self, u, v, create_nodes):
        for k in (u, v):
            if create_nodes:
                self.nodes.setdefault(k, {})
            self._need(self.nodes, k)

    def add_edge(self, u, v, key=None, create_nodes=False, **attributes):
        self._make(u, v, create_nodes)
        if self.multi and key is None:
            key = self._new_key(u, v)
        e = self._named(u, v, key)
        if e not in self.edges:
            self.edges[e] = {}
            self._set(self.edges, e, attributes)

    def add_edges(self, rows, create_nodes=False):
        for u, v, attributes in rows:
            self.add_edge(u, v, create_nodes=create_nodes, **attributes)

    def upsert_edge(self, u, v, key=None, create_nodes=False, **attributes):
        self._make(u, v, create_nodes)
        e = self._named(u, v, key) or (*self._ends(u, v), self._new_key(u, v))
        self.edges.setdefault(e, {})
        self._set(self.edges, e, attributes)

    def update_edge(self, u, v, key=None, **attributes):
        for k in (u, v):
            self._need(self.nodes, k)
        self._set(self.edges, self._need(self.edges, self._named(u, v, key)), attributes)

    def set_edge_attribute(self, u, v, name, value, key=None):
        self.update_edge(u, v, key, **{name: value})

    def remove_edge_attribute(self, u, v, *names, key=None):
        self.update_edge(u, v, key, **dict.fromkeys(names))

    def remove_edge(self, u, v, key=None):
        self.update_edge(u, v, key)
        del self.edges[self._named(u, v, key)]

    def remove_edges(self, rows):
        for row in rows:
            self.remove_edge(*row)

    def set_graph_attribute(self, name, value):
        self.own = {"own": self.own}
        self._set(self.own, "own", {name: value})
        self.own = self.own["own"]

    def remove_graph_attribute(self, *names):
        for name in names:
            self.set_graph_attribute(name, None)

    def keep_nodes(self, keys):
        self.nodes = {k: a for k, a in self.nodes.items() if k in keys}
        self.edges = {e: a for e, a in self.edges.items() if e[0] in keys and e[1] in keys}


# --- what is compared --------------------------------------------------------------------------------------------------------


def shown(row):
    """A row such that equal values of the same type, and no others, show the same."""
    return repr(sorted(row.items()))


def shown_rows(rows):
    return {k: shown(a) for k, a in rows.items()}


def by_value(x):
    """What a graph_id tells apart: numbers by their value, no zero from another, no NaN from another."""
    return repr(int(x)) if isinstance(x, float) and x.is_integer() and abs(x) < 2**63 else repr(x)


def content(model):
    def facts(rows):
        return frozenset((k, name, by_value(v)) for k, row in rows.items() for name, v in row.items())

    kind = (model.directed, model.multi)
    return kind, frozenset(model.nodes), frozenset(model.edges), facts(model.nodes), facts(model.edges), facts({"": model.own})


def check_elements(graph, model, keys):
    """Everything that a version answers element by element, without being folded."""
    assert (graph.node_count, graph.edge_count, len(graph)) == (len(model.nodes), len(model.edges), len(model.nodes))
    assert shown(graph.attributes) == shown(model.own)
    out, into = {k: [] for k in model.nodes}, {k: [] for k in model.nodes}
    for e, row in model.edges.items():
        out[e[0]].append(e[1])
        into[e[1]].append(e[0])
        assert shown(graph.get_edge(*e)) == shown(row)
    for k, row in model.nodes.items():
        assert shown(graph.get_node(k)) == shown(row)
        both = out[k] + into[k]
        leaving, entering = (out[k], into[k]) if model.directed else (both, both)
        assert graph.neighbors(k) == graph.successors(k) == sorted(set(leaving))
        assert graph.predecessors(k) == sorted(set(entering))
        assert (graph.degree(k), graph.degree(k, "out"), graph.degree(k, "in")) == (len(both), len(leaving), len(entering))
    there = list(model.nodes)
    for k in keys:
        assert graph.has_node(k) == (k in model.nodes)
        for other in there[:6]:
            assert graph.has_edge(k, other) == bool(model.between(k, other))


def check_tables(graph, model):
    """What tables say, which fold: order and types too."""
    assert list(graph.nodes) == list(model.nodes)
    assert shown_rows(dict(graph.nodes.items())) == shown_rows(model.nodes)
    assert sorted(graph.edges) == sorted(model.edges)
    assert shown_rows(dict(graph.edges.items())) == shown_rows(model.edges)


def built_anew(model):
    g = gli.Graph(model.directed, model.multi)
    with g.batch_operations() as b:
        b.add_nodes(reversed(list(model.nodes.items())))
        for e, a in reversed(list(model.edges.items())):
            b.add_edge(*e, **a)
        for name, value in model.own.items():
            b.set_graph_attribute(name, value)
    return b.graph


# --- what is done ------------------------------------------------------------------------------------------------------------


class Operands:
    """Operands of one operation, from its bytes."""

    def __init__(self, digits, keys, model):
        self.random = random.Random(digits)
        self.keys, self.model = keys, model

    def node(self):
        there = list(self.model.nodes)
        return self.random.choice(there) if there and self.random.random() < 0.93 else self.random.choice(self.keys)

    def edge(self):
        there = list(self.model.edges)
        if there and self.random.random() < 0.93:
            u, v, *key = self.random.choice(there)
            return (v, u, *key) if not self.model.directed and self.random.random() < 0.5 else (u, v, *key)
        return self.node(), self.node()

    def value(self, name):
        return None if self.random.random() < 0.1 else self.random.choice(VALUES[name])

    def attributes(self):
        return {name: self.value(name) for name in self.random.sample(NAMES, self.random.choice((0, 1, 1, 2, 3)))}

    def new_edge(self):
        u = self.node()
        return (u, u) if self.random.random() < 0.05 else (u, self.node())

    def of_edit(self, kind):
        """Positional and named arguments of an edit."""
        name = self.random.choice(NAMES)
        creates = {"create_nodes": self.random.random() < 0.9}
        if kind in ("add_node", "update_node", "upsert_node"):
            return (self.random.choice(self.keys) if kind == "add_node" else self.node(),), self.attributes()
        if kind == "add_nodes":
            return ([(self.random.choice(self.keys), self.attributes()) for _ in range(3)],), {}
        if kind == "remove_node":
            return (self.node(),), {}
        if kind == "remove_nodes":
            return ([self.node() for _ in range(self.random.choice((0, 1, 2)))],), {}
        if kind in ("set_node_attribute", "remove_node_attribute"):
            return (self.node(), name, self.value(name))[: 3 if kind.startswith("set") else 2], {}
        if kind in ("set_graph_attribute", "remove_graph_attribute"):
            return (name, self.value(name))[: 2 if kind.startswith("set") else 1], {}
        if kind in ("add_edge", "upsert_edge"):
            key = {"key": self.random.randrange(4)} if self.model.multi and self.random.random() < 0.5 else {}
            return self.new_edge(), {**key, **creates, **self.attributes()}
        if kind == "add_edges":
            return ([(*self.new_edge(), self.attributes()) for _ in range(4)],), creates
        if kind == "remove_edges":
            return ([self.edge() for _ in range(self.random.choice((1, 2, 3)))],), {}
        u, v, *key = self.edge()
        named = {"key": key[0]} if key and self.random.random() < 0.9 else {}
        if kind == "set_edge_attribute":
            return (u, v, name, self.value(name)), named
        if kind == "remove_edge_attribute":
            return (u, v, name), named
        return (u, v), {**named, **(self.attributes() if kind == "update_edge" else {})}


EDITS = [k for k in CHOICES if hasattr(Model, k)]
done: Counter = Counter()
sizes: list[int] = []


class Program:
    """Runs the operations on a graph and on the model, and compares."""

    def __init__(self, head):
        self.random = random.Random(head)
        directed, multi = head[0] % 2 == 0, head[1] % 2 == 1
        self.keys = STR_KEYS if head[2] % 2 else INT_KEYS
        self.graph, self.model = gli.Graph(directed, multi), Model(directed, multi)
        self.versions = [(self.graph, self.model)]
        self.ids = {}
        self.edit("add_nodes", (([(k, {}) for k in self.keys[:36]]),), {})
        start = Operands(bytes(head), self.keys, self.model)
        self.edit("add_edges", ([(*start.new_edge(), start.attributes()) for _ in range(90)],), {"create_nodes": True})

    def edit(self, kind, positional, named):
        note(f"{kind}{positional}{named}")
        self.both(lambda g: getattr(g, kind)(*positional, **named))

    def both(self, edit):
        """The same on graph and model; both succeed or both fail with the same error and stay what they were."""
        model = self.model.copy()
        graph, error = outcome(lambda: edit(self.graph))
        _, expected = outcome(lambda: edit(model))
        assert error == expected
        if not error:
            self.graph, self.model = graph, model

    def batch(self, operands):
        edits = [(kind, *operands.of_edit(kind)) for kind in operands.random.choices(EDITS, k=operands.random.randrange(2, 7))]
        note(f"batch of {edits}")
        model = self.model.copy()

        def together():
            with self.graph.batch_operations() as b:
                for kind, positional, named in edits:
                    getattr(b, kind)(*positional, **named)
            return b.graph

        graph, error = outcome(together)
        _, expected = outcome(lambda: [getattr(model, kind)(*positional, **named) for kind, positional, named in edits])
        assert error == expected
        if not error:
            self.graph, self.model = graph, model

    def fork(self, operands):
        self.graph, self.model = operands.random.choice(self.versions)

    def filter_nodes(self, operands):
        if any("i" in row for row in self.model.nodes.values()) and operands.random.random() < 0.5:
            self.graph = self.graph.filter(nodes=gli.node("i").is_null() | (gli.node("i") < 2**63 - 1))
            self.keep_nodes(k for k, row in self.model.nodes.items() if row.get("i", 0) < 2**63 - 1)
        else:
            self.graph = self.graph.filter(nodes=gli.degree() > 0)
            self.keep_nodes(k for e in self.model.edges for k in e[:2])

    def keep_nodes(self, keys):
        self.model = self.model.copy()
        self.model.keep_nodes(set(keys))

    def filter_edges(self, _):
        if any("i" in row for row in self.model.edges.values()):
            self.graph = self.graph.filter(edges=gli.edge("i").is_null() | (gli.edge("i") > -(2**63)))
            self.model = self.model.copy()
            self.model.edges = {e: a for e, a in self.model.edges.items() if a.get("i", 0) > -(2**63)}

    def subgraph(self, operands):
        keep = [k for k in self.model.nodes if operands.random.random() < 0.95]
        self.graph = self.graph.subgraph(reversed(keep))
        self.keep_nodes(keep)

    def to_arrow(self, _):
        assert self.graph.nodes.to_arrow()["id"].to_pylist() == list(self.model.nodes)
        assert self.graph.edges.to_arrow().num_rows == len(self.model.edges)

    def pagerank(self, _):
        if self.model.nodes:
            assert abs(sum(self.graph.pagerank().to_dict().values()) - 1) < 1e-6

    def graph_id(self, _):
        """Equal exactly when the content is."""
        now = content(self.model)
        assert self.ids.setdefault(self.graph.graph_id, now) == now
        assert sum(known == now for known in self.ids.values()) == 1

    def step(self, digits):
        kind = CHOICES[(digits[0] * 256 + digits[1]) % len(CHOICES)]
        operands = Operands(bytes(digits[2:]), self.keys, self.model)
        if hasattr(Model, kind):
            self.edit(kind, *operands.of_edit(kind))
        else:
            note(kind)
            getattr(self, kind)(operands)
        check_elements(self.graph, self.model, self.keys[digits[0] % 8 :: 8])
        if kind in ("to_arrow", "pagerank", "graph_id", "filter_nodes", "filter_edges", "subgraph"):
            check_tables(self.graph, self.model)
        self.versions.append((self.graph, self.model))
        if len(self.versions) > 24:
            self.versions.pop(self.random.randrange(23))
        done[kind] += 1
        sizes.append(len(self.model.edges))

    def finish(self):
        for graph, model in self.versions:
            check_elements(graph, model, self.keys[:3])
        check_tables(self.graph, self.model)
        self.graph_id(None)
        anew = built_anew(self.model)
        check_elements(anew, self.model, self.keys[:3])
        assert anew.graph_id == self.graph.graph_id


def outcome(call):
    try:
        return call(), None
    except (KeyError, ValueError, TypeError) as e:
        return None, type(e)


def programs(most):
    """Programs of up to `most` operations."""
    return st.integers(0, most).flatmap(lambda n: st.binary(min_size=(n + 1) * STEP, max_size=(n + 1) * STEP))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(480))
def run_programs(program):
    running = Program(program[:STEP])
    for at in range(STEP, len(program) - STEP + 1, STEP):
        running.step(program[at : at + STEP])
    running.finish()


@pytest.mark.timeout(3600 if FULL else 180)
def test_programs_of_edits_do_what_dictionaries_do(capsys):
    done.clear()
    sizes.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gli.DuplicateWarning)
        run_programs()
    total = sum(done.values())
    with capsys.disabled():
        print(f"\n{total} operations, graphs of {statistics.median(sizes):.0f} edges in the median:")
        print(", ".join(f"{kind} {count}" for kind, count in sorted(done.items())))
    assert statistics.median(sizes) >= 50
    assert all(done[kind] >= total / 100 for kind in KINDS)
    assert not FULL or total >= 10**5


@settings(max_examples=25, deadline=None)
@given(programs(40))
def test_a_committed_graph_is_read_back_whole(program):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gli.DuplicateWarning)
        running = Program(program[:STEP])
        for at in range(STEP, len(program) - STEP + 1, STEP):
            running.step(program[at : at + STEP])
    store = gli.GraphStore()
    store.commit("x", graph=running.graph)
    again = store.at("main")
    check_tables(again, running.model)
    check_elements(again, running.model, running.keys)
    assert again.graph_id == running.graph.graph_id
    assert repr(again.edges.to_arrow().to_pylist()) == repr(running.graph.edges.to_arrow().to_pylist())
    assert store.diff("main", "main").summary() == again.diff(running.graph).summary()
