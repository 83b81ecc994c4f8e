"""Garbage collection: what a root reaches stays, the rest goes; beside readers and writers in other processes."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gli
from gli._cli import main


@pytest.fixture(params=["memory", "disk"])
def store(request, tmp_path):
    return gli.GraphStore(tmp_path / "network.gli" if request.param == "disk" else None)


def big(seed: int) -> gli.Graph:
    """Large enough for trees of pages."""
    edges = [(f"{seed}-{i}", f"{seed}-{i * 7 % 3000}") for i in range(3000)]
    return gli.Graph.from_edge_list(edges, edge_attrs={e: {"w": float(i)} for i, e in enumerate(dict.fromkeys(edges))})


def test_what_was_ever_on_a_branch_stays_unless_asked(store):
    first = store.commit("first", graph=big(1), results=big(1).pagerank())
    second = store.commit("second", graph=big(2))
    store.undo()
    report = store.gc()
    assert (report.commits_removed, report.commits_kept, report.pages_removed) == (0, 2, 0)
    assert hash(store.at("main@{1}")) == hash(big(2))
    fresh = gli.GraphStore(store.path) if store.path else store
    fresh._states.clear()
    said = fresh.gc(keep_reflog=0, dry_run=True)
    assert fresh.resolve(second.id) == second
    report = fresh.gc(keep_reflog=0)
    assert (report.commits_removed, report.commits_kept, report.reflog_removed, report.reflog_kept) == (1, 1, 3, 0)
    assert report.pages_removed > 0 and report.bytes_removed > 10_000
    assert (said.dry_run, said.pages_removed, said.bytes_kept) == (True, report.pages_removed, report.bytes_kept)
    assert len(fresh.reflog()) == 0 and fresh.verify() and fresh.at("main") == big(1)
    assert fresh.result(first, "pagerank") == big(1).pagerank()
    with pytest.raises(KeyError):
        fresh.resolve(second.id)
    assert fresh.get_storage_stats().pages == report.pages_kept


def test_a_younger_reflog_stays(store):
    store.commit("first", graph=big(1))
    store.commit("second", graph=big(2))
    store.undo()
    assert store.gc(keep_reflog=1).commits_removed == 0 and len(store.reflog()) == 3


def test_what_is_at_hand_stays(store):
    store.commit("first", graph=big(1))
    second = store.commit("second", graph=big(2), results=big(2).degree())
    store.at(second)
    store.undo()
    assert store.gc(keep_reflog=0).commits_removed == 0
    assert store.result(second, "degree") == big(2).degree()


def test_compact_makes_the_files_as_small_as_what_stays(store):
    first = store.commit("first", graph=big(1), results=big(1).pagerank())
    for n in range(2, 8):
        store.commit(f"state {n}", graph=big(n))
        store.undo()
    store._states.clear()
    before = store.get_storage_stats()
    report = store.gc(keep_reflog=0, compact=True)
    after = store.get_storage_stats()
    assert report.commits_removed == 6 and after.free_bytes == 0
    assert report.file_bytes_kept == after.file_bytes
    assert report.file_bytes_kept + report.file_bytes_removed >= before.file_bytes
    if store.path:
        assert after.file_bytes * 4 < before.file_bytes and "smaller" in str(report)
    assert after.bytes == store.gc(dry_run=True).bytes_kept, "bytes are those of plain pages"
    assert store.verify() and store.at("main") == big(1) and store.result(first, "pagerank") == big(1).pagerank()
    store.commit("afterwards", graph=store.get_current_graph().add_node("x"))
    assert len(store.log()) == 2 and store.verify()


def test_compact_is_refused_while_somebody_else_has_the_store_open(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    store.commit("first", graph=big(1))
    other = gli.GraphStore(tmp_path / "s")
    with pytest.raises(gli.ConflictError, match="manifest: this process has the store open elsewhere"):
        store.gc(compact=True)
    del other
    program = "import sys, gli; s = gli.GraphStore(sys.argv[1]); print('open', flush=True); sys.stdin.read(); s.verify()"
    with subprocess.Popen([sys.executable, "-c", program, store.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(gli.ConflictError, match="another process has the store open"):
            store.gc(compact=True)
        process.stdin.close()
        assert process.wait() == 0
    assert store.gc(compact=True).file_bytes_kept > 0 and store.at("main") == big(1)


def test_what_compact_cannot_do_says_why():
    with pytest.raises(ValueError, match="dry_run and compact do not go together"):
        gli.GraphStore().gc(compact=True, dry_run=True)
    with pytest.raises(TypeError, match="compact is True or False"):
        gli.GraphStore().gc(compact="yes")


@pytest.mark.parametrize("days", [-1, float("nan"), 1e9])
def test_days_are_days(days):
    with pytest.raises(ValueError, match="days"):
        gli.GraphStore().gc(keep_reflog=days)
    with pytest.raises(TypeError, match="keep_reflog"):
        gli.GraphStore().gc(keep_reflog="all")


STEPS = st.lists(
    st.tuples(st.sampled_from(["commit", "commit", "branch", "switch", "undo", "delete", "tag", "untag", "gc"]), st.integers(0, 3)),
    min_size=10,
    max_size=40,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_what_a_root_reaches_stays_and_the_rest_goes(steps):
    store, parents, graphs = gli.GraphStore(), {}, {}
    for number, (what, n) in enumerate([*steps, ("gc", 0)]):
        name = f"b{n}"
        if what == "commit":
            graph = gli.Graph().add_nodes(list(range(number % 7 * 100, number % 7 * 100 + 300)))
            commit = store.commit(str(number), graph=graph)
            parents[commit.id], graphs[commit.id] = commit.parents, graph
        elif what == "branch" and name not in store.branches:
            store.create_branch(name)
        elif what == "switch" and name in store.branches:
            store.switch_branch(name)
        elif what == "undo" and store.branches[store.current_branch]:
            store.undo()
        elif what == "delete" and name in store.branches and name != store.current_branch:
            store.delete_branch(name, force=True)
        elif what == "tag" and name not in store.tags and store.branches[store.current_branch]:
            store.tag(name)
        elif what == "untag" and name in store.tags:
            store.delete_tag(name)
        elif what == "gc":
            store._states.clear()
            store._seen = store.branches
            report = store.gc(keep_reflog=0)
            alive, waiting = set(), [*filter(None, store.branches.values()), *store.tags.values()]
            while waiting:
                id = waiting.pop()
                if id not in alive:
                    alive.add(id)
                    waiting.extend(parents[id])
            assert (report.commits_kept, report.commits_removed) == (len(alive), len(parents) - len(alive))
            for id in [*parents]:
                if id in alive:
                    assert store.at(id) == graphs[id]
                else:
                    with pytest.raises(KeyError):
                        store.at(id)
                    del parents[id]
            assert store.verify()


COMMITTER = """
import sys, gli
store = gli.GraphStore(sys.argv[1], create=False)
for i in range(15):
    graph = gli.Graph().add_nodes([f"{i % 4}-{j}" for j in range(2000)])
    store.commit(f"{i}", graph=graph)
    if i % 3 == 1:
        store.undo()
    assert len(gli.GraphStore(sys.argv[1]).at("main")) == 2000
"""
COLLECTOR = """
import sys, gli
store = gli.GraphStore(sys.argv[1], create=False)
print("begun", flush=True)
while True:
    store.gc(keep_reflog=0)
"""


def test_others_commit_and_read_meanwhile(tmp_path):
    path = tmp_path / "network.gli"
    gli.GraphStore(path).commit("first", graph=gli.Graph().add_nodes(list(map(str, range(2000)))))
    collector = subprocess.Popen([sys.executable, "-c", COLLECTOR, path], stdout=subprocess.PIPE)
    try:
        collector.stdout.readline()
        done = subprocess.run([sys.executable, "-c", COMMITTER, path], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert collector.poll() is None
    finally:
        collector.kill()
        collector.wait()
    store = gli.GraphStore(path)
    assert store.verify() and len(store.log()) == 11
    for commit in store.log():
        assert len(store.at(commit)) == 2000
    assert gli.GraphStore(path).gc(keep_reflog=0).commits_kept == 11


def test_statistics_count_what_is_there(store):
    graph = big(1)
    store.commit("first", graph=graph, results=graph.degree())
    once = store.get_storage_stats()
    assert (once.commits, once.branches, once.tags, once.reflog_entries) == (1, 1, 0, 1)
    store.create_branch("same")
    store.tag("v1")
    store.commit("again", graph=big(1))
    stats = store.get_storage_stats()
    assert (stats.commits, stats.branches, stats.tags, stats.reflog_entries) == (2, 2, 1, 3)
    assert stats.pages == once.pages and stats.bytes == once.bytes > 0, "equal content is stored once"
    assert 1.5 < stats.shared_ratio / once.shared_ratio < 2.01
    assert stats.environments.to_arrow()["environment"].to_pylist() == ["manifest", "p0"]
    if store.path:
        assert stats.file_bytes > stats.bytes and stats.free_bytes < stats.file_bytes
    assert "2 commits, 2 branches, 1 tag" in str(stats)


def test_the_command_line_says_what_goes(tmp_path, capsys):
    store = gli.GraphStore(tmp_path / "s")
    store.commit("first", graph=big(1))
    store.commit("second", graph=big(2))
    store.undo()

    def run(*arguments):
        status = main([str(a) for a in arguments])
        return status, *capsys.readouterr()

    assert run("gc", tmp_path / "s")[1].startswith("removed 0 commits and 0 pages")
    assert run("gc", tmp_path / "s", "--keep-reflog", "0", "--dry-run")[1].startswith("would remove 1 commit, 3 entries of the reflog")
    assert run("gc", tmp_path / "s", "--keep-reflog", "0")[1].startswith("removed 1 commit, 3 entries of the reflog and ")
    assert "1 commit, 1 branch" in run("stats", tmp_path / "s")[1]
    status, _, said = run("gc", tmp_path / "s", "--keep-reflog", "-1")
    assert status == 1 and said.startswith("gli: error: ") and said.count("\n") == 1
