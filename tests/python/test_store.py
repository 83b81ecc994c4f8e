import subprocess
import sys

import pytest

import gli


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    return gli.GraphStore(None if request.param == "memory" else tmp_path / "s.gli")


def test_commits_make_a_history(store):
    assert store.log() == [] and store.get_current_graph() is None
    monday = gli.Graph().add_nodes(["ann", "bob"])
    first = store.commit("Monday", graph=monday, author="me")
    friday = monday.add_edge("ann", "bob", weight=1.5)
    second = store.commit("Friday", graph=friday)
    assert [c.message for c in store.log()] == ["Friday", "Monday"] and len(store.log(limit=1)) == 1
    assert second.parents == (first.id,) and first.author == "me" and (second.nodes, second.edges) == (2, 1)
    assert second.graph_id == friday.graph_id and store.resolve(second.id[:8]).message == "Friday"
    assert store.at("main~1").graph_id == monday.graph_id and store.at(second).edges["ann", "bob"] == {"weight": 1.5}
    assert "Friday" in repr(store.log()) and "2 commits" in repr(store)


def test_the_current_graph_is_what_a_commit_keeps(store):
    with pytest.raises(ValueError, match="no graph"):
        store.commit("nothing")
    store.update_graph(gli.Graph().add_node(1))
    store.commit("one")
    assert len(store.get_current_graph()) == 1
    with pytest.raises(TypeError, match="open_store"):
        store.commit("wrong", graph={"a": 1})


def test_two_commits_of_one_content_differ_only_in_their_id(store):
    g = gli.Graph().add_node(1)
    a, b = store.commit("a", graph=g), store.commit("b", graph=g)
    assert a.graph_id == b.graph_id and a.id != b.id


def test_results_are_kept_with_their_commit(store):
    g = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
    ranks, depth = g.pagerank(), g.bfs("a")
    commit = store.commit("with results", graph=g, results=[ranks, depth])
    assert [r.algorithm for r in commit.results] == ["pagerank", "bfs"] == [r.algorithm for r in store.results()]
    again = store.result("main", "pagerank")
    assert again == ranks and again.provenance.arguments == ranks.provenance.arguments and again.top(1) == ranks.top(1)
    assert store.result("main", 1) == depth and store.result("main", "bfs")["c"] is None
    with pytest.raises(KeyError, match="degree"):
        store.result("main", "degree")
    with pytest.raises(ValueError, match="another graph"):
        store.commit("wrong", graph=g.add_node("z"), results=ranks)
    with pytest.raises(TypeError, match="NodeValues"):
        store.commit("wrong", graph=g, results=[{"a": 1}])


def test_results_of_two_commits_compare(store):
    monday = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
    friday = monday.add_edge("a", "c")
    for name, g in (("Monday", monday), ("Friday", friday)):
        store.commit(name, graph=g, results=g.pagerank())
    stored = store.result("main", "pagerank").compare(store.result("main~1", "pagerank")).top(3)
    assert stored == friday.pagerank().compare(monday.pagerank()).top(3)


def test_branches_go_their_own_ways(store):
    store.commit("base", graph=gli.Graph().add_node(1))
    store.create_branch("clean")
    store.switch_branch("clean")
    store.commit("cleaned", graph=store.get_current_graph().add_node(2))
    assert store.current_branch == "clean" and set(store.branches) == {"main", "clean"}
    assert len(store.at("main")) == 1 and len(store.at("clean")) == 2 and store.branches["main"] != store.branches["clean"]
    store.switch_branch("main")
    assert len(store.get_current_graph()) == 1
    store.create_branch("old", "clean~1")
    assert store.resolve("old").message == "base"
    for ask in (lambda: store.switch_branch("nowhere"), lambda: store.at("nowhere"), lambda: store.at("main~7")):
        with pytest.raises(KeyError):
            ask()


def test_a_diff_counts_and_lists_what_changed(store):
    old = gli.Graph().add_nodes([("a", {"x": 1}), "b", "c"]).add_edge("a", "b", w=1.0)
    new = old.update_node("a", x=2).remove_node("c").add_node("d").remove_edge("a", "b").add_edge("b", "d")
    store.commit("old", graph=old)
    store.commit("new", graph=new)
    diff = store.diff("main~1", "main")
    assert diff.summary() == {
        "nodes_added": 1,
        "nodes_removed": 1,
        "nodes_changed": 1,
        "edges_added": 1,
        "edges_removed": 1,
        "edges_changed": 0,
    }
    rows = {(r["change"], r["element"], r["id"] or r["source"]) for r in diff.rows().to_pylist()}
    assert rows == {
        ("added", "node", "d"),
        ("removed", "node", "c"),
        ("changed", "node", "a"),
        ("added", "edge", "b"),
        ("removed", "edge", "a"),
    }
    assert "1 added, 1 removed" in str(diff) and diff and not store.diff("main", "main")
    assert diff.to_arrow(limit=2).num_rows == 2


def test_verify_rereads_everything(store):
    store.commit("one", graph=gli.generate_kronecker(8))
    assert store.verify()


def test_a_store_is_found_by_another_process(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    g = gli.generate_kronecker(7).set_graph_attribute("name", "test")
    commit = store.commit("kept", graph=g, results=g.connected_components())
    code = (
        "import gli, sys; s = gli.GraphStore(sys.argv[1], create=False); g = s.at('main')\n"
        "print(s.log()[0].id, g.graph_id, g.attributes['name'], s.result('main', 0) == g.connected_components(), s.verify())"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path / "s")], capture_output=True, text=True, check=True).stdout
    assert out.split() == [commit.id, g.graph_id, "test", "True", "True"]


def test_a_missing_store_is_said_to_be_missing(tmp_path):
    with pytest.raises((FileNotFoundError, OSError), match="nowhere"):
        gli.GraphStore(tmp_path / "nowhere", create=False)


def test_a_commit_on_top_of_what_another_writer_replaced_is_a_conflict(tmp_path):
    gli.GraphStore(tmp_path / "s").commit("base", graph=gli.Graph().add_node("base"))
    mine, theirs = gli.GraphStore(tmp_path / "s"), gli.GraphStore(tmp_path / "s")
    edited = mine.get_current_graph().add_node("mine")
    theirs.commit("theirs", graph=theirs.get_current_graph().add_node("theirs"))
    with pytest.raises(gli.ConflictError, match="get_current_graph"):
        mine.commit("mine", graph=edited)
    assert list(mine.get_current_graph().nodes) == ["base", "theirs"]
    mine.commit("mine", graph=mine.get_current_graph().add_node("mine"))
    with pytest.raises(gli.ConflictError):
        theirs.commit("late", graph=edited)
    theirs.commit("later", graph=theirs.at("main").add_node("later"))
    assert list(gli.GraphStore(tmp_path / "s").at("main").nodes) == ["base", "theirs", "mine", "later"]


def test_the_first_commit_of_two_writers_is_one_s(tmp_path):
    a, b = gli.GraphStore(tmp_path / "s"), gli.GraphStore(tmp_path / "s")
    a.commit("a", graph=gli.Graph().add_node(1))
    with pytest.raises(gli.ConflictError):
        b.commit("b", graph=gli.Graph().add_node(2))
    b.switch_branch("main")
    assert b.commit("b", graph=b.get_current_graph().add_node(2)).parents == (a.resolve("main~1").id,)


def test_a_limit_of_no_commits_gives_none(store):
    store.commit("one", graph=gli.Graph())
    assert store.log(limit=0) == [] == store.log("main", 0) and len(store.log()) == 1 == len(store.get_history(commits_only=True))
    assert store.list_branches() == ["main"]


def test_a_difference_of_values_is_one_of_their_commits():
    older = gli.Graph.from_edge_list([(1, 2), (2, 3)], {1: {"age": 4}})
    newer = older.update_node(1, age=5).remove_node(3).add_node(9).set_graph_attribute("year", 2020)
    store = gli.GraphStore()
    store.commit("older", graph=older)
    store.commit("newer", graph=newer)
    of_values, of_commits = newer.diff(older), store.diff("main~1", "main")
    assert of_values.to_arrow() == of_commits.to_arrow() == store.diff("main~1", newer).to_arrow()
    assert of_values.summary() == of_commits.summary() and len(of_values) == 4
    assert str(of_values).startswith("a graph of 3 nodes, 2 edges → a graph of 3 nodes, 1 edge\n")
    assert of_values.rows(2).to_pylist() == of_values.rows().to_pylist()[:2]


def test_a_difference_in_the_graph_s_own_attributes_alone_is_one():
    older = gli.Graph().add_node(1)
    newer = older.set_graph_attribute("year", 2020)
    assert newer.diff(older) and not older.diff(older)
    assert len(newer.diff(older)) == 0 and str(newer.diff(older)).endswith("the graph's own attributes: changed")
    assert newer.diff(older).rows()["attribute"] == ["year"]
