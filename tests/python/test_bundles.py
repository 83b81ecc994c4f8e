"""History that goes from store to store as a file."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gli
from gli._cli import main


@pytest.fixture(params=["memory", "disk"])
def stores(request, tmp_path):
    def make(name):
        return gli.GraphStore(tmp_path / name if request.param == "disk" else None)

    return make("from.gli"), make("to.gli"), tmp_path / "b.bundle"


def chain(n: int) -> gli.Graph:
    return gli.Graph.from_edge_list([(i, i + 1) for i in range(n)], edge_attrs={(0, 1): {"w": 0.5}})


def test_a_store_arrives_with_results_branches_and_tags(stores):
    store, other, file = stores
    store.commit("first", graph=chain(3000), results=chain(3000).pagerank())
    store.tag("v1")
    store.create_branch("side")
    store.switch_branch("side")
    store.commit("second", graph=chain(3000).add_node(-1))
    report = store.bundle(file)
    assert set(report.refs) == {"main", "side", "v1"} and report.commits == 2
    got = other.unbundle(file)
    assert {(r.name, r.is_tag, r.change) for r in got.refs} == {
        ("main", False, "fast-forward"),
        ("side", False, "created"),
        ("v1", True, "created"),
    }
    assert other.branches == store.branches and other.tags == store.tags and other.verify()
    assert other.result("v1", "pagerank") == store.result("v1", "pagerank")
    assert other.get_current_graph() == chain(3000)
    assert [m.action for m in other.reflog()] == ["bundle: created", "bundle: fast-forward"]
    other.commit("goes on", graph=other.get_current_graph().add_node(-2))


def test_small_commits_arrive(stores):
    store, other, file = stores
    graph = chain(3000)
    store.commit("first", graph=graph)
    have = store.bundle_haves()
    for i in range(5):
        graph = graph.add_node(-1 - i)
        store.commit(str(i), graph=graph)
    assert store.bundle(file).commits == 6
    other.unbundle(file)
    assert other.at("main") == graph and other.at("main~3") == store.at("main~3") and other.verify()
    rest = store.bundle(file, since=have)
    assert rest.commits == 5
    with pytest.raises(ValueError, match="stands on commit"):
        gli.GraphStore().unbundle(file)


def test_branches_that_went_another_way_are_merged(stores):
    store, other, file = stores
    store.commit("base", graph=chain(10))
    store.bundle(file)
    other.unbundle(file)
    store.commit("theirs", graph=chain(10).add_node(100))
    ours = other.commit("ours", graph=other.get_current_graph().add_node(200))
    store.bundle(file, since="main~1")
    with pytest.raises(gli.ConflictError, match="'main' went another way"):
        other.unbundle(file)
    assert other.branches == {"main": ours.id}
    other.unbundle(file, prefix="remote/")
    other.merge_branch("remote/main")
    assert {100, 200} <= set(other.get_current_graph())
    other.bundle(file, revisions="main", since=store.bundle_haves())
    assert store.unbundle(file).refs[0].change == "fast-forward"
    assert store.get_current_graph() == other.get_current_graph() and store.verify()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["commit", "commit", "branch", "switch", "tag", "send"]), st.integers(0, 2)), max_size=25))
def test_what_is_sent_bit_by_bit_is_the_whole(tmp_path, steps):
    store, other, file = gli.GraphStore(), gli.GraphStore(), tmp_path / "b"
    store.commit("base", graph=chain(500))
    for number, (what, n) in enumerate([*steps, ("send", 0)]):
        name = f"b{n}"
        if what == "commit":
            store.commit(str(number), graph=store.get_current_graph().upsert_node(number % 5, x=number))
        elif what == "branch" and name not in store.branches:
            store.create_branch(name)
        elif what == "switch" and name in store.branches:
            store.switch_branch(name)
        elif what == "tag" and name not in store.tags:
            store.tag(name)
        elif what == "send":
            before = len(other.log("main")) if other.branches["main"] else 0
            sent = store.bundle(file, since=other.bundle_haves())
            got = other.unbundle(file)
            assert sent.commits == got.commits and (before == 0 or sent.commits <= number + 1)
            assert other.branches == store.branches and other.tags == store.tags and other.verify()
            for branch in store.branches:
                assert [c.id for c in other.log(branch)] == [c.id for c in store.log(branch)]
                assert other.at(branch) == store.at(branch)
    assert store.bundle(file, since=other.bundle_haves()).commits == 0


def test_the_command_line_sends_and_receives(tmp_path, capsys):
    store = gli.GraphStore(tmp_path / "s")
    store.commit("first", graph=chain(5))
    del store

    def run(*arguments):
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    file = tmp_path / "b"
    assert "1 commit and" in run("bundle", tmp_path / "s", file)[1]
    assert "main (fast-forward)\n1 new commit and" in run("unbundle", tmp_path / "t", file)[1]
    assert "0 commits" in run("bundle", tmp_path / "s", file, "main", "--since", "main")[1]
    assert "main (unchanged)" in run("unbundle", tmp_path / "t", file)[1]
    file.write_bytes(file.read_bytes()[:-5])
    for wrong in (("unbundle", tmp_path / "t", file), ("bundle", tmp_path / "s", file, "nowhere"), ("bundle", tmp_path / "no", file)):
        status, _, said = run(*wrong)
        assert status == 1 and said.startswith("gli: error: ") and said.count("\n") == 1
    assert gli.GraphStore(tmp_path / "t").verify()


def test_what_two_workers_wrote_arrives_embedded(tmp_path):
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        graph = client.from_arrow(edges=chain(2000).edges.to_arrow())
        commit = client.open_store(tmp_path / "s").commit("both", graph, results=graph.degree())
    gli.GraphStore(tmp_path / "s").bundle(tmp_path / "b")
    other = gli.GraphStore(tmp_path / "t")
    other.unbundle(tmp_path / "b")
    assert other.verify() and other.resolve("main") == commit
    assert other.at("main") == chain(2000) and other.result("main", "degree") == chain(2000).degree()
    assert len(other.get_storage_stats().environments.to_arrow()) == 3
