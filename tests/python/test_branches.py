"""Branches that part and come together: merges, undo, tags, the reflog; in memory and on disk."""

import pytest

import gli


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    return gli.GraphStore(tmp_path / "network.gli" if request.param == "disk" else None)


def triangle():
    return gli.Graph.from_edge_list([("a", "b"), ("b", "c")], {"a": {"age": 41}})


def parted(store, ours, theirs):
    """main and side, one commit each after they parted; main is the current branch."""
    store.commit("base", graph=triangle())
    store.create_branch("side")
    store.commit("ours", graph=ours(triangle()))
    store.switch_branch("side")
    store.commit("theirs", graph=theirs(triangle()))
    store.switch_branch("main")


def test_a_merge_has_both_sides_and_both_parents(store):
    parted(
        store,
        lambda g: g.add_node("o").update_node("a", x=1),
        lambda g: g.add_edge("c", "t", create_nodes=True).remove_edge("a", "b"),
    )
    heads = store.branches
    commit = store.merge_branch("side", author="ann")
    assert commit.parents == (heads["main"], heads["side"])
    assert (commit.message, commit.author) == ("merge 'side' into 'main'", "ann")
    assert store.branches == {"main": commit.id, "side": heads["side"]}
    graph = store.get_current_graph()
    assert set(graph) == {"a", "b", "c", "o", "t"} and set(graph.edges) == {("b", "c"), ("c", "t")}
    assert graph.nodes["a"] == {"age": 41, "x": 1}
    (move,) = store.reflog(1)
    assert (move.branch, move.before, move.after, move.action) == ("main", heads["main"], commit.id, "merge: merge 'side' into 'main'")
    assert store.merge_branch("side").id == commit.id, "what is there already changes nothing"
    assert store.verify()


def test_a_merge_gives_the_same_graph_either_way_round(store):
    parted(store, lambda g: g.remove_node("c").update_node("b", x=[1]), lambda g: g.update_node("a", y=2).add_node("d"))
    there = store.merge_branch("side")
    store.create_branch("other", "main@{1}")
    back = store.merge_branch("main@{1}", target="side")
    assert (there.graph_id, there.parents) == (back.graph_id, back.parents[::-1])


def test_a_target_without_commits_of_its_own_moves_to_the_source(store):
    store.commit("base", graph=triangle())
    store.create_branch("side")
    store.switch_branch("side")
    ahead = store.commit("ahead", graph=triangle().add_node("d"))
    assert store.merge_branch("side", target="main") == ahead
    assert store.branches["main"] == ahead.id
    store.switch_branch("main")
    assert "d" in store.get_current_graph()


def test_a_message_asks_for_a_commit_of_its_own(store):
    store.commit("base", graph=triangle())
    store.create_branch("side")
    store.switch_branch("side")
    store.commit("ahead", graph=triangle().add_node("d"))
    merge = store.merge_branch("side", target="main", message="release")
    assert merge.message == "release" and len(merge.parents) == 2


def test_conflicts_are_listed_and_nothing_changes(store):
    parted(
        store,
        lambda g: g.update_node("a", age=42).remove_node("b"),
        lambda g: g.update_node("a", age=43).add_edge("a", "b2", create_nodes=True).add_edge("c", "b"),
    )
    before = store.branches
    with pytest.raises(gli.MergeConflict) as caught:
        store.merge_branch("side")
    first, second = caught.value.conflicts
    assert (first.element, first.key, first.attribute, first.base, first.ours, first.theirs) == ("node", "a", "age", 41, 42, 43)
    assert (second.element, second.key, second.attribute, second.base, second.ours, second.theirs) == ("node", "b", None, True, False, True)
    assert str(caught.value).splitlines() == [
        "2 conflicts; strategy= decides them",
        "  node 'a', attribute 'age': 41 became 42 in ours, 43 in theirs",
        "  node 'b': ours removed it, theirs changed it or an edge at it",
    ]
    assert store.branches == before and "b2" not in store.get_current_graph()


@pytest.mark.parametrize(
    "strategy, age, nodes",
    [
        ("ours", 42, {"a", "c"}),
        ("theirs", 43, {"a", "b", "c"}),
        (lambda c: c.ours + c.theirs if c.attribute else True, 85, {"a", "b", "c"}),
        (lambda c: None if c.attribute else False, None, {"a", "c"}),
    ],
)
def test_a_strategy_decides_conflicts(store, strategy, age, nodes):
    parted(store, lambda g: g.update_node("a", age=42).remove_node("b"), lambda g: g.update_node("a", age=43).add_edge("c", "b"))
    store.merge_branch("side", strategy=strategy)
    graph = store.get_current_graph()
    assert graph.nodes["a"].get("age") == age and set(graph) == nodes
    assert set(graph.edges) == ({("a", "b"), ("b", "c"), ("c", "b")} if "b" in nodes else set())


def test_conflicts_are_decided_one_by_one(store):
    parted(
        store,
        lambda g: g.update_node("a", age=42).update_edge("a", "b", w=1),
        lambda g: g.update_node("a", age=43).update_edge("a", "b", w=2),
    )
    with pytest.raises(gli.MergeConflict) as caught:
        store.merge_branch("side")
    of_node, of_edge = caught.value.conflicts
    with pytest.raises(gli.MergeConflict) as caught:
        store.merge_branch("side", strategy={of_node: of_node.theirs})
    assert caught.value.conflicts == [of_edge]
    store.merge_branch("side", strategy={of_node: of_node.theirs, of_edge: 3})
    graph = store.get_current_graph()
    assert graph.nodes["a"] == {"age": 43} and graph.edges["a", "b"] == {"w": 3}


def test_parallel_edges_are_merged_by_their_keys():
    base = gli.Graph(multi=True).add_edge(1, 2, key=0, create_nodes=True, w=1).add_edge(1, 2, key=5)
    ours, theirs = base.update_edge(1, 2, key=0, w=2), base.update_edge(1, 2, key=0, w=3).remove_edge(1, 2, key=5)
    with pytest.raises(gli.MergeConflict, match=r"edge 1 -> 2 \(key 0\), attribute 'w'"):
        ours.merge(theirs, base)
    assert ours.merge(theirs, base, strategy="theirs") == theirs


def test_after_criss_cross_merges_only_what_is_new_conflicts(store):
    parted(store, lambda g: g.update_node("a", age=42), lambda g: g.update_node("a", age=43))
    ours, theirs = store.branches["main"], store.branches["side"]
    store.merge_branch(theirs, strategy="ours")
    store.merge_branch(ours, target="side", strategy=lambda c: c.ours if c.attribute else True)
    assert len(store._core.merge_bases(store.branches["main"], store.branches["side"])) == 2
    with pytest.raises(gli.MergeConflict) as caught:
        store.merge_branch("side")
    (conflict,) = caught.value.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == (41, 42, 43)
    store.merge_branch("side", strategy={conflict: 44})
    assert store.get_current_graph().nodes["a"] == {"age": 44}


def test_histories_without_a_common_commit_merge_as_one(store):
    store.commit("here", graph=gli.Graph().add_node("a", x=1))
    other = gli.Graph().add_node("b").add_node("a", x=1, y=2)
    merged = store.get_current_graph().merge(other, gli.Graph())
    assert {k: merged.nodes[k] for k in merged} == {"a": {"x": 1, "y": 2}, "b": {}}


@pytest.mark.parametrize("strategy, error", [("mine", ValueError), (3, TypeError), (None, TypeError)])
def test_what_is_no_strategy_is_refused(store, strategy, error):
    parted(store, lambda g: g, lambda g: g.add_node("d"))
    with pytest.raises(error, match="strategy is"):
        store.merge_branch("side", strategy=strategy)


def test_an_error_in_a_strategy_comes_through_and_changes_nothing(store):
    parted(store, lambda g: g.update_node("a", age=42), lambda g: g.update_node("a", age=43))
    before = store.branches
    with pytest.raises(ZeroDivisionError):
        store.merge_branch("side", strategy=lambda c: 1 // 0)
    assert store.branches == before


def test_uncommitted_changes_are_not_merged_over(store):
    parted(store, lambda g: g, lambda g: g.add_node("d"))
    store.update_graph(store.get_current_graph().add_node("draft"))
    with pytest.raises(ValueError, match="not committed"):
        store.merge_branch("side")
    assert "draft" not in store.undo()
    store.merge_branch("side")
    assert "d" in store.get_current_graph()


def test_undo_takes_back_commits_one_by_one_and_the_reflog_keeps_them(store):
    store.commit("1", graph=gli.Graph().add_node(1))
    second = store.commit("2", graph=gli.Graph().add_node(2))
    assert list(store.undo()) == [1]
    assert store.undo() is None
    with pytest.raises(ValueError, match="nothing to undo"):
        store.undo()
    assert [m.action for m in store.reflog()] == ["undo: 1", "undo: 2", "commit: 2", "commit: 1"]
    assert store.resolve("main@{2}") == second
    store.create_branch("back", "main@{2}")
    store.switch_branch("back")
    assert list(store.get_current_graph()) == [2] and store.verify()


def test_a_branch_that_another_writer_moved_is_looked_at_before_it_changes(tmp_path):
    store = gli.GraphStore(tmp_path / "s.gli")
    store.commit("1", graph=gli.Graph().add_node(1))
    other = gli.GraphStore(tmp_path / "s.gli")
    other.commit("2", graph=gli.Graph().add_node(2))
    for step in (lambda: store.commit("3", graph=gli.Graph().add_node(3)), store.undo, lambda: store.merge_branch("main~1")):
        with pytest.raises(gli.ConflictError, match="another writer"):
            step()
    assert list(store.get_current_graph()) == [2]


def test_branches_are_deleted_when_something_else_has_their_commits(store):
    parted(store, lambda g: g, lambda g: g.add_node("d"))
    with pytest.raises(ValueError, match="is the current one"):
        store.delete_branch("main")
    with pytest.raises(ValueError, match="force=True"):
        store.delete_branch("side")
    store.delete_branch("side", force=True)
    assert store.list_branches() == ["main"]
    store.create_branch("side", "side@{1}")
    assert "d" in store.at("side")
    with pytest.raises(KeyError, match="no branch 'nobody'"):
        store.delete_branch("nobody")


def test_tags_name_commits_for_good(store):
    first = store.commit("1", graph=gli.Graph().add_node(1))
    store.tag("v1")
    store.commit("2", graph=gli.Graph().add_node(2))
    store.tag("v0", "main~1")
    assert store.tags == {"v0": first.id, "v1": first.id}
    assert list(store.at("v1")) == [1] and store.diff("v1", "main").summary()["nodes_added"] == 1
    with pytest.raises(ValueError, match="is there already"):
        store.tag("v1")
    store.delete_tag("v1")
    with pytest.raises(KeyError, match="v1"):
        store.resolve("v1")


def test_a_branch_that_another_process_switched_to_gets_nothing_by_mistake(tmp_path):
    store = gli.GraphStore(tmp_path / "s.gli")
    store.commit("base", graph=triangle())
    store.create_branch("side")
    gli.GraphStore(tmp_path / "s.gli").switch_branch("side")
    for step in (lambda: store.commit("more", graph=triangle().add_node("d")), store.undo, lambda: store.merge_branch("main")):
        with pytest.raises(gli.ConflictError, match="switched from branch 'main' to 'side'"):
            step()
    assert set(store.get_current_graph()) == {"a", "b", "c"}, "asked for the current graph, it goes along"
    assert store.commit("more", graph=store.get_current_graph().add_node("d")).id == store.branches["side"]


def test_work_that_is_not_committed_does_not_go_along(tmp_path):
    store = gli.GraphStore(tmp_path / "s.gli")
    store.commit("base", graph=triangle())
    store.create_branch("side")
    store.update_graph(triangle().add_node("draft"))
    gli.GraphStore(tmp_path / "s.gli").switch_branch("side")
    with pytest.raises(gli.ConflictError, match="switched"):
        store.get_current_graph()


def test_looking_at_commits_leaves_uncommitted_work_alone(tmp_path):
    store = gli.GraphStore(tmp_path / "s.gli")
    store.commit("base", graph=triangle())
    store.update_graph(triangle().add_node("draft"))
    gli.GraphStore(tmp_path / "s.gli").commit("theirs", graph=triangle().add_node("d"))
    store.diff("main~1", "main")
    store.at("main")
    with pytest.raises(gli.ConflictError, match="another writer"):
        store.commit("mine")


def test_a_history_that_began_anew_merges_with_the_one_before(store):
    store.commit("first", graph=gli.Graph().add_node("a", x=1))
    store.undo()
    store.commit("second", graph=gli.Graph().add_node("b"))
    store.merge_branch("main@{2}")
    assert set(store.get_current_graph()) == {"a", "b"}
    store.create_branch("other")
    store.undo()
    store.undo()
    store.commit("undirected", graph=gli.Graph(directed=False).add_node("u"))
    with pytest.raises(ValueError, match="kind|directed"):
        store.merge_branch("other")


def test_many_criss_cross_merges_behind_one_another_merge(store):
    parted(store, lambda g: g.update_node("a", n=1), lambda g: g.update_node("b", n=1))
    for i in range(12):
        ours, theirs = store.branches["main"], store.branches["side"]
        store.merge_branch(theirs, message=f"ours {i}")
        store.merge_branch(ours, target="side", message=f"theirs {i}")
    assert store.at("main") == store.at("side")
