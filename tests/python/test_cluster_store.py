"""Branches, diffs and merges of graphs on workers: the same calls, and the same that they come to, as embedded."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from test_cluster import client, cluster  # noqa: F401
from test_edit_programs import FULL

import gli

EXAMPLES = 150 if FULL else 8


def random_edits(dice: random.Random, nodes: int, count: int) -> list[tuple]:
    """Edits that are possible in any graph."""

    def node():
        return dice.randrange(nodes)

    def one():
        kind = dice.choice(("upsert_node", "upsert_edge", "upsert_edge", "remove_node", "set_graph_attribute"))
        if kind == "set_graph_attribute":
            return kind, (dice.choice("xy"), dice.randrange(3)), {}
        value = {dice.choice("ab"): dice.choice((None, 1, 2, "t"))} if dice.random() < 0.7 else {}
        if kind == "upsert_edge":
            return kind, (node(), node()), {"create_nodes": True, **value}
        return kind, (node(),), {} if kind == "remove_node" else value

    return [one() for _ in range(count)]


def edited(graph, edits):
    for kind, positional, named in edits:
        if kind != "remove_node" or graph.has_node(*positional):
            graph = getattr(graph, kind)(*positional, **named)
    return graph


def three(place, seed: int, directed: bool):
    """A graph, and what two sides made of it."""
    dice = random.Random(seed)
    pairs = [(dice.randrange(25), dice.randrange(25)) for _ in range(40)]
    base = place.from_edge_list(pairs, directed=directed)
    ours, theirs = random_edits(dice, 30, 12), random_edits(dice, 30, 12)
    return base, edited(base, ours), edited(base, theirs)


def told(call):
    """The graph's id, or the conflicts."""
    try:
        return call().graph_id
    except gli.MergeConflict as error:
        return [(repr(c), c.base, c.ours, c.theirs) for c in error.conflicts], str(error)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), directed=st.booleans())
def test_merges_come_to_the_same_on_workers_and_embedded(client, seed, directed):  # noqa: F811
    (base, ours, theirs), (base_there, ours_there, theirs_there) = (three(place, seed, directed) for place in (gli.Graph, client))
    assert (base.graph_id, ours.graph_id, theirs.graph_id) == (base_there.graph_id, ours_there.graph_id, theirs_there.graph_id)

    def newest(conflict):
        return conflict.theirs if conflict.attribute is not None else True

    for strategy in ("auto", "ours", "theirs", newest):
        here = told(lambda: ours.merge(theirs, base, strategy))
        assert told(lambda: ours_there.merge(theirs_there, base_there, strategy)) == here
    assert list(ours_there.merge(theirs_there, base_there, "ours").nodes) == list(ours.merge(theirs, base, "ours").nodes)
    assert ours_there.graph_id == ours.graph_id


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), directed=st.booleans())
def test_rows_of_diffs_are_the_same_on_workers_and_embedded(client, seed, directed):  # noqa: F811
    (_, ours, theirs), (_, ours_there, theirs_there) = (three(place, seed, directed) for place in (gli.Graph, client))
    here, there = theirs.diff(ours).rows(), theirs_there.diff(ours_there).rows()
    assert there.to_arrow().schema.equals(here.to_arrow().schema)
    added = [row for row in here.to_pylist() if row["element"] == "node" and row["change"] == "added"]
    assert [row for row in there.to_pylist() if row["element"] == "node" and row["change"] == "added"] == added
    assert sorted(map(repr, there.to_pylist())) == sorted(map(repr, here.to_pylist()))
    assert theirs_there.diff(ours_there).rows(2).to_pylist() == there.to_pylist()[:2]
    assert theirs_there.diff(ours_there).summary() == theirs.diff(ours).summary()


def test_a_dict_decides_conflicts_one_by_one(client):  # noqa: F811
    base = client.from_edge_list([(1, 2), (2, 3)])
    ours, theirs = base.update_node(1, age=1).update_node(2, age=1), base.update_node(1, age=2).update_node(2, age=2)
    with pytest.raises(gli.MergeConflict) as caught:
        ours.merge(theirs, base)
    first, second = caught.value.conflicts
    with pytest.raises(gli.MergeConflict, match="1 conflict;"):
        ours.merge(theirs, base, {first: 7})
    merged = ours.merge(theirs, base, {first: 7, second: None})
    assert merged.nodes[first.key] == {"age": 7} and merged.nodes[second.key] == {}


def test_a_clusters_store_has_what_a_store_has(client, tmp_path):  # noqa: F811
    store = client.open_store(tmp_path / "s")
    g = client.from_edge_list([(i, i * 7 % 20) for i in range(20)])
    first = store.commit("first", g)
    store.tag("v1")
    store.create_branch("side")
    store.switch_branch("side")
    side = store.commit("eve", store.get_current_graph().add_node(100, name="eve"))
    store.switch_branch("main")
    store.update_graph(store.get_current_graph().add_node(200), "add 200")
    assert store.get_history(commits_only=False)[0].operation == "add 200"
    main = store.commit("second")
    merged = store.merge_branch("side")
    assert merged.parents == (main.id, side.id) and store.tags == {"v1": first.id}
    assert {100, 200} <= set(store.get_current_graph().nodes) and store.at("v1") == g
    assert store.diff("main~1", "main").rows().to_pylist()[0]["id"] == 100
    assert len(store.undo()) == 21 and store.branches["main"] == main.id
    assert [m.action for m in store.reflog(2)] == ["undo: merge 'side' into 'main'", "merge: merge 'side' into 'main'"]
    store.delete_branch("side", force=True)
    store.delete_tag("v1")
    assert store.list_branches() == ["main"] and store.tags == {} and store.verify()
    assert gli.GraphStore(tmp_path / "s").at("main@{1}").graph_id == merged.graph_id


def test_a_clusters_store_tells_who_committed_meanwhile(client, tmp_path):  # noqa: F811
    mine, other = client.open_store(tmp_path / "s"), client.open_store(tmp_path / "s")
    mine.commit("first", client.from_edge_list([(1, 2)]))
    with pytest.raises(gli.ConflictError, match="main"):
        other.commit("second", client.from_edge_list([(3, 4)]))
    assert other.get_current_graph().has_edge(1, 2)
    assert other.commit("second", other.get_current_graph().add_node(3)).parents == (mine.resolve("main~1").id,)


def test_cherry_picks_and_reverts_work_on_workers(client, tmp_path):  # noqa: F811
    store = client.open_store(tmp_path / "s")
    for name in ("ann", "bob", "eve"):
        graph = store.get_current_graph()
        store.commit(name, (client.from_edge_list([("x", "y")]) if graph is None else graph).add_node(name))
    store.revert("main~1")
    assert list(store.get_current_graph().nodes) == ["x", "y", "ann", "eve"]
    store.cherry_pick("main~2")
    assert set(store.get_current_graph().nodes) == {"x", "y", "ann", "eve", "bob"}
