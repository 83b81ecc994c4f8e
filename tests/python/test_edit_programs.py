"""Programs of random edits against dictionaries."""

from hypothesis import given, settings, strategies as st

import gli

KEYS = st.integers(0, 5)
VALUES = st.one_of(
    st.integers(-3, 3),
    st.booleans(),
    st.floats(-2, 2).map(lambda x: round(x, 1) + 0.05),
    st.sampled_from(["", "x"]),
    st.lists(st.integers(0, 2), max_size=2),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(["p", "q"]), VALUES, max_size=2)
EDITS = st.one_of(
    st.tuples(st.sampled_from(["add_node", "update_node", "upsert_node"]), KEYS, ATTRIBUTES),
    st.tuples(st.just("remove_node"), KEYS),
    st.tuples(st.sampled_from(["add_edge", "upsert_edge"]), KEYS, KEYS, st.booleans(), ATTRIBUTES),
    st.tuples(st.just("update_edge"), KEYS, KEYS, ATTRIBUTES),
    st.tuples(st.just("remove_edge"), KEYS, KEYS),
)


class Model:
    """The same graph as two dictionaries."""

    def __init__(self, directed):
        self.directed = directed
        self.nodes = {}
        self.edges = {}

    def _edge(self, u, v):
        return (u, v) if self.directed or u <= v else (v, u)

    def _need(self, where, key):
        if key not in where:
            raise KeyError(key)

    def add_node(self, k, attributes):
        self.nodes.setdefault(k, dict(attributes))

    def update_node(self, k, attributes):
        self._need(self.nodes, k)
        self.nodes[k].update(attributes)

    def upsert_node(self, k, attributes):
        self.nodes.setdefault(k, {}).update(attributes)

    def remove_node(self, k):
        self._need(self.nodes, k)
        del self.nodes[k]
        self.edges = {e: a for e, a in self.edges.items() if k not in e}

    def _ends(self, u, v, create):
        for k in (u, v):
            if create:
                self.nodes.setdefault(k, {})
            self._need(self.nodes, k)

    def add_edge(self, u, v, create, attributes):
        self._ends(u, v, create)
        self.edges.setdefault(self._edge(u, v), dict(attributes))

    def upsert_edge(self, u, v, create, attributes):
        self._ends(u, v, create)
        self.edges.setdefault(self._edge(u, v), {}).update(attributes)

    def update_edge(self, u, v, attributes):
        self._need(self.edges, self._edge(u, v))
        self.edges[self._edge(u, v)].update(attributes)

    def remove_edge(self, u, v):
        self._need(self.edges, self._edge(u, v))
        del self.edges[self._edge(u, v)]


def apply(graph, edit):
    name, *rest = edit
    attributes = rest.pop() if isinstance(rest[-1], dict) else {}
    if len(rest) == 3:
        return getattr(graph, name)(*rest[:2], create_nodes=rest[2], **attributes)
    return getattr(graph, name)(*rest, **attributes)


def outcome(call):
    try:
        return call(), None
    except KeyError:
        return None, KeyError


def check(graph, model):
    assert list(graph.nodes) == list(model.nodes)
    assert dict(graph.nodes.items()) == model.nodes
    assert {k: graph.nodes[k] for k in model.nodes} == model.nodes
    assert dict(graph.edges.items()) == model.edges
    for u, v in model.edges:
        assert graph.edges[u, v] == model.edges[u, v]
    assert (graph.node_count, graph.edge_count) == (len(model.nodes), len(model.edges))
    for k in model.nodes:
        leaving = {v for u, v in model.edges if u == k} | (set() if model.directed else {u for u, v in model.edges if v == k})
        assert sorted(graph.neighbors(k)) == sorted(leaving)


def built_anew(model):
    g = gli.Graph(directed=model.directed)
    with g.batch_operations() as b:
        b.add_nodes(reversed(list(model.nodes.items())))
        b.add_edges((*e, a) for e, a in reversed(list(model.edges.items())))
    return b.graph


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(EDITS, max_size=25))
def test_edits_do_what_dictionaries_do(directed, program):
    graph, model = gli.Graph(directed=directed), Model(directed)
    versions = []
    for edit in program:
        changed, error = outcome(lambda: apply(graph, edit))
        before = Model(directed)
        before.nodes, before.edges = {k: dict(a) for k, a in model.nodes.items()}, {e: dict(a) for e, a in model.edges.items()}
        _, expected = outcome(lambda: getattr(model, edit[0])(*edit[1:]))
        assert error == expected
        if error:
            model = before
        else:
            versions.append((graph, before))
            graph = changed
    check(graph, model)
    assert graph.graph_id == built_anew(model).graph_id
    for older, was in versions[::5]:
        check(older, was)


@settings(max_examples=60, deadline=None)
@given(st.lists(EDITS, max_size=15))
def test_a_batch_is_the_same_as_its_edits_one_by_one(program):
    def one_by_one():
        g = gli.Graph()
        for edit in program:
            g = apply(g, edit)
        return g

    def together():
        with gli.Graph().batch_operations() as b:
            for edit in program:
                apply(b, edit)
        return b.graph

    (a, failed_a), (b, failed_b) = outcome(one_by_one), outcome(together)
    assert failed_a == failed_b
    if not failed_a:
        assert a.graph_id == b.graph_id and a.nodes.to_arrow().to_pylist() == b.nodes.to_arrow().to_pylist()


@settings(max_examples=40, deadline=None)
@given(st.lists(EDITS, max_size=20), st.booleans())
def test_a_committed_graph_is_read_back_whole(program, directed):
    graph = gli.Graph(directed=directed)
    for edit in program:
        graph = outcome(lambda: apply(graph, edit))[0] or graph
    store = gli.GraphStore()
    store.commit("x", graph=graph)
    again = store.at("main")
    assert again.graph_id == graph.graph_id and again.nodes.to_arrow().equals(graph.nodes.to_arrow())
    assert again.edges.to_arrow().equals(graph.edges.to_arrow())
    assert store.diff("main", "main").summary() == again.compare_summary(graph)
