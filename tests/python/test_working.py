"""Between commits: current graphs of branches, automatic states, undo, modules, events, cherry picks and reverts."""

import json

import gli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture(params=["in memory", "on disk"])
def store(request, tmp_path):
    return gli.GraphStore(None if request.param == "in memory" else tmp_path / "s", modules={"grow": grow, "odd": lambda g: 7})


def grow(graph, by=1):
    for _ in range(by):
        graph = graph.add_node(len(graph))
    return graph


def path_graph(n):
    return gli.Graph.from_edge_list([(i, i + 1) for i in range(n)])


# --- current graphs and undo ----------------------------------------------------------------------------------------------------


def test_a_branch_keeps_what_was_not_committed_while_another_is_current(store):
    store.commit("first", graph=path_graph(2))
    store.create_branch("side")
    mine = store.update_graph(store.get_current_graph().add_node(9))
    store.switch_branch("side")
    assert list(store.get_current_graph()) == [0, 1, 2]
    store.update_graph(store.get_current_graph().add_node(7))
    store.switch_branch("main")
    assert store.get_current_graph() is mine
    store.commit("nine")
    store.switch_branch("side")
    assert list(store.get_current_graph()) == [0, 1, 2, 7]


def test_nothing_merges_into_a_branch_whose_current_graph_is_not_committed(store):
    store.commit("first", graph=path_graph(2))
    store.create_branch("side")
    store.update_graph(store.get_current_graph().add_node(9))
    store.switch_branch("side")
    store.commit("seven", graph=store.get_current_graph().add_node(7))
    with pytest.raises(ValueError, match="current graph of branch 'main' has changes that are not committed"):
        store.merge_branch("side", "main")


@pytest.mark.parametrize("kept", [0, 1, 3, 10])
def test_undo_goes_back_through_the_automatic_states_that_are_kept_then_to_the_commit(kept):
    store = gli.GraphStore(max_auto_states=kept)
    store.commit("first", graph=path_graph(1))
    for n in range(2, 7):
        store.update_graph(path_graph(n), f"to {n}")
    sizes = []
    while not sizes or sizes[-1] != 2:
        sizes.append(len(store.undo()))
    assert sizes == [n + 1 for n in range(5, max(6 - kept, 1), -1)] + [2]
    assert store.undo() is None
    with pytest.raises(ValueError, match="nothing to undo"):
        store.undo()


def test_undo_of_an_update_without_a_change_leaves_the_commit(store):
    first = store.commit("first", graph=path_graph(1))
    store.update_graph(store.get_current_graph())
    store.undo()
    assert store.branches["main"] == first.id


def test_after_a_commit_undo_takes_the_commit_back_and_not_what_led_to_it(store):
    store.commit("first", graph=path_graph(1))
    store.update_graph(path_graph(2))
    store.update_graph(path_graph(3))
    store.commit("second")
    assert len(store.undo()) == 2
    assert len(store.at("main@{1}")) == 4


def test_more_updates_than_are_kept_never_lose_the_current_graph_or_a_head(store):
    """The earlier library collected a branch's head after twelve updates."""
    head = store.commit("first", graph=path_graph(1))
    for n in range(1, 40):
        store.update_graph(store.get_current_graph().add_node(100 + n), f"add {100 + n}")
    assert len(store.get_current_graph()) == 41
    assert store.at(head.id).graph_id == head.graph_id
    history = store.get_history(commits_only=False)
    assert [s.operation for s in history[:10]] == [f"add {100 + n}" for n in range(39, 29, -1)] and len(history) == 11
    assert len(history[9].graph) == 32 and history[-1] == head
    assert [c.message for c in store.get_history()] == ["first"]
    assert "add 139" in repr(history) and "first" in repr(history)


def test_bad_updates_change_nothing(store):
    for call, error in (
        (lambda: store.update_graph({1: 2}), "a gli.Graph, not"),
        (lambda: store.update_graph(path_graph(1), 7), "says in words"),
    ):
        with pytest.raises(TypeError, match=error):
            call()
    assert store.get_current_graph() is None and not store.get_history(commits_only=False)


# --- modules --------------------------------------------------------------------------------------------------------------------


def test_a_module_makes_the_current_graph_and_its_state_says_how(store):
    store.update_graph(path_graph(1))
    assert len(store.run_module("grow", by=3)) == len(store.get_current_graph()) == 5
    assert store.get_history(commits_only=False)[0].operation == "grow(by=3)"
    assert len(store.undo()) == 2


def test_a_module_that_answers_no_graph_raises_or_is_not_there_changes_nothing(store):
    with pytest.raises(ValueError, match="no graph to run a module on"):
        store.run_module("grow")
    g = store.update_graph(path_graph(1))
    with pytest.raises(TypeError, match="module 'odd' answers a gli.Graph, not 7"):
        store.run_module("odd")
    with pytest.raises(KeyError, match="no module 'shrink': there are grow, odd"):
        store.run_module("shrink")
    with pytest.raises(TypeError, match="interpreted as an integer"):
        store.run_module("grow", by="x")
    assert store.get_current_graph() is g


@pytest.mark.parametrize("form", ["toml", "json"])
def test_modules_are_listed_in_a_file_with_their_parameters(tmp_path, monkeypatch, form):
    (tmp_path / "cleaning.py").write_text("def without(graph, node):\n    return graph.remove_node(node)\n")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / f"modules.{form}"
    if form == "toml":
        path.write_text('[drop]\nfunction = "cleaning:without"\nparameters = {node = 1}\n')
    else:
        path.write_text(json.dumps({"drop": {"function": "cleaning:without", "parameters": {"node": 1}}}))
    store = gli.GraphStore(modules=path)
    store.update_graph(path_graph(2))
    assert list(store.run_module("drop")) == [0, 2]
    assert list(store.run_module("drop", node=2)) == [0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[drop\n", r"m\.toml: "),
        ('drop = 3\n', "module 'drop' needs function"),
        ('[drop]\nfunction = 7\n', "module 'drop' needs function"),
        ('[drop]\nfunction = "a:b"\nsize = 3\n', "not size"),
        ('[drop]\nfunction = "a:b"\nparameters = 3\n', "are a table"),
    ],
)
def test_what_a_file_of_modules_has_wrong_is_named(tmp_path, content, message):
    (tmp_path / "m.toml").write_text(content)
    with pytest.raises(ValueError, match=message):
        gli.GraphStore(modules=tmp_path / "m.toml")
    with pytest.raises(ValueError, match=r"\.toml or \.json"):
        gli.GraphStore(modules=tmp_path / "m.ini")
    with pytest.raises(FileNotFoundError):
        gli.GraphStore(modules=tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("function", "error"), [("nowhere", ValueError), ("no_such_package:f", ImportError), ("json:no_such_name", AttributeError)]
)
def test_a_function_that_is_not_there_is_named_when_it_runs(tmp_path, function, error):
    (tmp_path / "m.json").write_text(json.dumps({"x": {"function": function}}))
    store = gli.GraphStore(modules=tmp_path / "m.json")
    store.update_graph(path_graph(1))
    with pytest.raises(error, match="module 'x'"):
        store.run_module("x")


# --- events ---------------------------------------------------------------------------------------------------------------------


def test_listeners_hear_of_what_happened_in_order(store):
    heard = []
    for name in ("state_committed", "branch_created", "branch_switched", "branch_merged"):
        store.on(name, lambda e: heard.append((e.name, e.branch, e.commit.message, e.source)))
    store.commit("first", graph=path_graph(1))
    store.create_branch("side")
    store.switch_branch("side")
    store.commit("second", graph=store.get_current_graph().add_node(9))
    store.merge_branch("side", "main")
    assert heard == [
        ("state_committed", "main", "first", None),
        ("branch_created", "side", "first", None),
        ("branch_switched", "side", "first", None),
        ("state_committed", "side", "second", None),
        ("branch_merged", "main", "second", "side"),
    ]


def test_a_listener_that_fails_is_a_warning_and_the_commit_stays(store):
    def fails(event):
        raise OSError("no network")

    heard = []
    store.on("state_committed", fails)
    store.on("state_committed", heard.append)
    with pytest.warns(RuntimeWarning, match="fails.*state_committed.*OSError: no network"):
        commit = store.commit("first", graph=path_graph(1))
    assert store.branches["main"] == commit.id == heard[0].commit.id
    store.off("state_committed", fails)
    store.commit("second", graph=path_graph(2))
    assert len(heard) == 2


def test_listening_to_what_there_is_not_is_refused(store):
    with pytest.raises(ValueError, match="no event 'commit': there are state_committed"):
        store.on("commit", print)
    with pytest.raises(TypeError, match="a listener is a function"):
        store.on("state_committed", 7)
    with pytest.raises(ValueError, match="does not listen"):
        store.off("state_committed", print)


# --- cherry picks and reverts ---------------------------------------------------------------------------------------------------


def test_a_cherry_pick_keeps_message_and_author_and_has_one_parent(store):
    store.commit("first", graph=path_graph(2))
    store.create_branch("side")
    store.switch_branch("side")
    store.commit("one", graph=store.get_current_graph().add_node(8), author="eve")
    picked = store.commit("two", graph=store.get_current_graph().update_node(0, age=3), author="eve")
    store.switch_branch("main")
    made = store.cherry_pick("side")
    assert (made.message, made.author, len(made.parents)) == ("two", "eve", 1) and made.id != picked.id
    assert dict(store.get_current_graph().nodes.items()) == {0: {"age": 3}, 1: {}, 2: {}}
    with pytest.raises(ValueError, match="changes nothing on branch 'main'"):
        store.cherry_pick("side")


def test_a_revert_takes_back_one_commit_and_leaves_the_rest(store):
    store.commit("first", graph=path_graph(2))
    store.commit("ages", graph=store.get_current_graph().update_node(0, age=3).remove_edge(1, 2))
    store.commit("names", graph=store.get_current_graph().update_node(0, name="x"))
    made = store.revert("main~1")
    assert made.message.startswith('Revert "ages"') and "This reverts commit" in made.message
    assert store.get_current_graph().nodes[0] == {"name": "x"} and store.get_current_graph().has_edge(1, 2)


def test_conflicts_of_a_revert_are_raised_and_decided(store):
    store.commit("first", graph=path_graph(1).update_node(0, age=1))
    store.commit("two", graph=store.get_current_graph().update_node(0, age=2))
    head = store.commit("three", graph=store.get_current_graph().update_node(0, age=3))
    with pytest.raises(gli.MergeConflict) as raised:
        store.revert("main~1")
    assert store.branches["main"] == head.id
    store.revert("main~1", strategy={raised.value.conflicts[0]: 7})
    assert store.get_current_graph().nodes[0] == {"age": 7}


def test_the_first_commit_reverted_leaves_what_came_after_it(store):
    store.commit("first", graph=path_graph(1))
    store.commit("second", graph=store.get_current_graph().add_node(9))
    store.revert("main~1")
    assert list(store.get_current_graph()) == [9]


def test_of_a_merge_the_mainline_says_which_side(store):
    store.commit("first", graph=path_graph(1))
    store.create_branch("side")
    store.commit("ours", graph=store.get_current_graph().add_node(7))
    store.switch_branch("side")
    store.commit("theirs", graph=store.get_current_graph().add_node(8))
    store.switch_branch("main")
    store.merge_branch("side")
    with pytest.raises(ValueError, match="is a merge: say mainline=1"):
        store.revert("main")
    with pytest.raises(ValueError, match="has 2 parents: there is no mainline 3"):
        store.revert("main", mainline=3)
    store.revert("main", mainline=1)
    assert list(store.get_current_graph()) == [0, 1, 7]
    store.undo()
    store.revert("main", mainline=2)
    assert list(store.get_current_graph()) == [0, 1, 8]


edits = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9)),
        st.tuples(st.just("set"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("edge"), st.integers(0, 9), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=8,
)


def edited(graph, program):
    for what, node, *more in program:
        if what == "add":
            graph = graph.upsert_node(node)
        elif what == "set":
            graph = graph.upsert_node(node, age=more[0])
        elif what == "edge":
            graph = graph.upsert_node(node).upsert_node(more[0]).upsert_edge(node, more[0])
        elif graph.has_node(node):
            graph = graph.remove_node(node)
    return graph


@settings(max_examples=60, deadline=None)
@given(edits, edits)
def test_reverting_the_last_commit_gives_its_parent_and_picking_it_again_gives_it_back(first, second):
    store = gli.GraphStore()
    before = store.commit("first", graph=edited(path_graph(4), first))
    after = store.commit("second", graph=edited(store.get_current_graph(), second))
    if before.graph_id == after.graph_id:
        with pytest.raises(ValueError, match="changes nothing"):
            store.revert("main")
        return
    assert store.revert("main").graph_id == before.graph_id
    assert store.cherry_pick(after).graph_id == after.graph_id
