"""Whatever a graph holds comes back from a file, or is refused before a file is there."""

import math
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import pytest
from hypothesis import given, settings, strategies as st

import gli

LETTERS = st.sampled_from(list("ab\"',;<>&#% \t\n\r\\é\u2028😀\x85\x00\x1f"))
TEXT = st.text(LETTERS, max_size=6)
INTS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False)
WHEN = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31))
SCALARS = {"i": INTS, "f": FLOATS, "s": TEXT, "b": st.booleans()}
RICH = {**SCALARS, "t": WHEN, "r": st.binary(max_size=4), "j": st.lists(st.none() | TEXT | st.integers(-5, 5), max_size=3)}


def attributes(of):
    return st.fixed_dictionaries({}, optional=of)


@st.composite
def graphs(draw, values=RICH, graph_values=None, multi=None, int_keys=None):
    directed = draw(st.booleans())
    multi = draw(st.booleans()) if multi is None else multi
    int_keys = draw(st.booleans()) if int_keys is None else int_keys
    keys = draw(st.lists(INTS if int_keys else TEXT, min_size=1, max_size=5, unique=True))
    g = gli.Graph(directed=directed, multi=multi).add_nodes((k, draw(attributes(values))) for k in keys)
    ends = st.tuples(st.sampled_from(keys), st.sampled_from(keys))
    for u, v in draw(st.lists(ends, max_size=6, unique_by=lambda e: e if directed else frozenset(e))):
        for key in draw(st.lists(TEXT, min_size=1, max_size=3, unique=True)) if multi else [None]:
            g = g.add_edge(u, v, key=key, **draw(attributes(values)))
    for name, value in draw(attributes(values if graph_values is None else graph_values)).items():
        g = g.set_graph_attribute(name, value)
    return g


def typed(items):
    return [(key, {n: (type(v), v) for n, v in sorted(values.items())}) for key, values in items]


def check_same(again, g):
    assert again == g and again.directed == g.directed and again.multi == g.multi
    assert list(again.nodes) == list(g.nodes)
    assert typed(again.nodes.items()) == typed(g.nodes.items())
    assert sorted(typed(again.edges.items()), key=repr) == sorted(typed(g.edges.items()), key=repr)
    assert typed([(0, again.attributes)]) == typed([(0, g.attributes)])


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_json_parquet_and_ipc_hold_every_graph(g):
    with TemporaryDirectory() as folder:
        path = Path(folder)
        g.write(path / "g.json.zst")
        check_same(gli.read(path / "g.json.zst"), g)
        for ending in (".parquet", ".arrow"):
            g.write(path / f"e{ending}", nodes=path / f"n{ending}")
            check_same(gli.read(path / f"e{ending}", nodes=path / f"n{ending}"), g)


def all_text(g) -> str:
    return repr((list(g.nodes.items()), list(g.edges.items()), g.attributes))


@given(graphs(SCALARS))
@settings(max_examples=80, deadline=None)
def test_graphml_holds_every_graph_of_scalars_or_refuses_it(g):
    if "\\x00" in all_text(g) or "\\x1f" in all_text(g):
        with TemporaryDirectory() as folder:
            with pytest.raises(ValueError, match="XML cannot hold"):
                g.write(Path(folder) / "g.graphml")
            assert list(Path(folder).iterdir()) == []
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "g.graphml.gz"
        g.write(path)
        check_same(gli.read(path), g)
        theirs = nx.read_graphml(path)
        assert theirs.number_of_edges() == g.edge_count and set(theirs) == {str(n) for n in g.nodes}


@given(graphs({**SCALARS, "label": TEXT, "weight": INTS}, graph_values={}))
@settings(max_examples=80, deadline=None)
def test_gexf_holds_every_graph_of_scalars_or_refuses_it(g):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "g.gexf"
        if "\\x00" in all_text(g) or "\\x1f" in all_text(g):
            with pytest.raises(ValueError, match="XML cannot hold"):
                g.write(path)
        else:
            g.write(path)
            check_same(gli.read(path), g)


CSV = {**{n: SCALARS[n] for n in ("f", "s", "b")}, "i": st.integers(-(10**17), 10**17), "t": st.datetimes(datetime(1000, 1, 1))}
CSV_TYPES = {"f": "float64", "s": "str", "b": "bool", "i": "int64", "t": "datetime"}


@given(graphs(CSV, graph_values={}, multi=False), st.sampled_from([",", ";", "\t", "|", " "]))
@settings(max_examples=120, deadline=None)
def test_csv_holds_every_graph_of_scalars(g, delimiter):
    with TemporaryDirectory() as folder:
        edges, nodes = Path(folder) / "e.csv", Path(folder) / "n.csv.gz"
        g.write_csv(edges, nodes=nodes, delimiter=delimiter)
        options = {"directed": g.directed, "key_type": g.key_type, "delimiter": delimiter}
        check_same(gli.read_csv(edges, nodes=nodes, types=CSV_TYPES, **options), g)


@given(graphs(CSV, graph_values={}, multi=False), st.sampled_from([None, ",", ";", "\t"]))
@settings(max_examples=120, deadline=None)
def test_an_edge_list_holds_every_graph_that_it_does_not_refuse(g, delimiter):
    g = g.filter(nodes=gli.degree() > 0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "e.txt"
        try:
            g.write_edges(path, delimiter=delimiter)
        except ValueError as error:
            assert "cannot hold" in str(error) and list(Path(folder).iterdir()) == []
            return
        if g.edge_count == 0:
            return
        names = [f.name for f in g.edges.schema if f.name != "key"]
        types = [CSV_TYPES[n] for n in names[2:]]
        again = gli.read_edges(
            path, names=names, types=types, delimiter=delimiter, directed=g.directed, key_type=g.key_type, comment="#"
        )
        assert sorted(typed(again.edges.items()), key=repr) == sorted(typed(g.edges.items()), key=repr)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.integers(1, 9)), unique_by=lambda e: frozenset(e[:2])), st.booleans())
@settings(max_examples=60, deadline=None)
def test_numbered_forms_agree(edges, directed):
    pairs = [(u, v, {"weight": w}) for u, v, w in edges if u != v]
    g = gli.Graph.from_edge_list(pairs, {i: {} for i in range(1, 9)}, directed=directed)
    with TemporaryDirectory() as folder:
        path = Path(folder)
        g.write(path / "g.mtx.gz")
        assert gli.read(path / "g.mtx.gz") == g
        g.write(path / "g.wsg", relabel=True) if pairs else None
        if pairs:
            again = gli.read(path / "g.wsg")
            order = list(g.nodes)
            back = [(order[u], order[v], a) for (u, v), a in again.edges.items()]
            assert gli.Graph.from_edge_list(back, {i: {} for i in range(1, 9)}, directed=directed) == g
        if not directed:
            g.write(path / "g.metis")
            assert gli.read(path / "g.metis") == g


def test_numbers_that_are_none_survive_where_they_can(tmp_path):
    g = gli.Graph.from_edge_list([(1, 2, {"w": math.nan}), (2, 3, {"w": -math.inf})])
    for ending in (".graphml", ".gexf", ".json", ".csv", ".parquet"):
        g.write(tmp_path / f"g{ending}")
        again = gli.read(tmp_path / f"g{ending}")
        assert again == g and math.isnan(again.edges[1, 2]["w"])
