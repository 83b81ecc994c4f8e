import subprocess
import sys

import pytest

import gli


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "gli._cli", *map(str, arguments)], capture_output=True, text=True, timeout=120)


def test_version():
    assert run("--version").stdout == f"gli {gli.__version__}\n"


def test_an_algorithm_on_a_file(write):
    path = write("e", "1 2\n2 3\n7 8\n")
    assert "count 2" in run("run", "connected_components", path).stdout
    out = run("run", "bfs", path, "source=1")
    assert out.returncode == 0 and "reached 3" in out.stdout


@pytest.mark.parametrize(
    "arguments, status",
    [
        (("run", "pagerank", "/no/such/file"), 1),
        (("run", "bfs", "/tmp", "source=1"), 1),
        (("log", "/no/such/store"), 1),
        (("verify", "/no/such/store"), 1),
        (("run", "dance", "x"), 2),
        ((), 2),
        (("demo", "--workers", "0"), 2),
    ],
)
def test_an_error_is_one_line_and_no_traceback(arguments, status):
    out = run(*arguments)
    assert out.returncode == status and "Traceback" not in out.stderr
    if status == 1:
        assert out.stderr.startswith("gli: error: ") and out.stderr.count("\n") == 1


def test_bad_arguments_of_an_algorithm_are_one_line(write):
    path = write("e", "1 2\n")
    for arguments in (
        ("run", "bfs", path, "source=9"),
        ("run", "bfs", path),
        ("run", "bfs", path, "source"),
        ("run", "pagerank", path, "alpha=5"),
    ):
        out = run(*arguments)
        assert out.returncode == 1 and out.stderr.startswith("gli: error: ") and out.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("bfs", "FILE"), "bfs needs an argument 'source'"),
        (("bfs", "FILE", "source=x"), "'source' is a whole number"),
        (("bfs", "FILE", "source=1", "reverse=maybe"), "'reverse' is yes or no, not 'maybe'"),
        (("bfs", "FILE", "source=1", "source=2"), "twice"),
        (("pagerank", "FILE", "alfa=0.5"), "pagerank has no argument 'alfa'; it has: alpha, max_iter"),
        (("pagerank", "FILE", "alpha=half"), "'alpha' is a number, not 'half'"),
        (("pagerank", "FILE", "iterations=1.5"), "'iterations' is a whole number, not '1.5'"),
        (("connected_components", "FILE", "x=1"), "it has: none"),
        (("degree", "FILE", "mode=up"), "'mode' is total, in or out"),
    ],
)
def test_an_argument_that_does_not_fit_is_named(write, arguments, message):
    path = write("e", "1 2\n")
    out = run("run", *(path if a == "FILE" else a for a in arguments))
    assert out.returncode == 1 and message in out.stderr and out.stderr.count("\n") == 1


def test_arguments_and_options_stand_in_any_order(write):
    path = write("e", "1 2\n2 3\n")
    outputs = {
        run("run", *words).stdout
        for words in (
            ("pagerank", path, "--top", "2", "alpha=0.5"),
            ("pagerank", path, "alpha=0.5", "--top", "2"),
            ("pagerank", "alpha=0.5", "--top", "2", path),
            ("--top", "2", "alpha=0.5", "pagerank", path),
        )
    }
    assert len(outputs) == 1 and len(outputs.pop().splitlines()) == 5


def test_a_source_is_taken_as_the_file_s_keys_are(write):
    assert "reached 2" in run("run", "bfs", write("text", "1 ann\n"), "source=1").stdout
    assert "reached 2" in run("run", "bfs", write("numbers", "1 2\n"), "source=1").stdout


def test_delimiter_and_header(write):
    out = run("run", "degree", write("e.csv", "from,to\nann,bob\nbob,cid\n"), "--delimiter", ",", "--header").stdout.splitlines()
    assert out[:2] == ["directed, 3 nodes, 2 edges", "degree"] and out[3].split() == ["bob", "2"]
    assert "2 nodes" in run("run", "degree", write("e.tsv", "a b\tc\n"), "--delimiter", "tab").stdout


def test_log_diff_and_verify(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    g = gli.Graph().add_node("ann")
    store.commit("Monday", graph=g)
    store.commit("Friday", graph=g.add_node("bob"))
    assert "Monday" in run("log", tmp_path / "s").stdout and "Monday" not in run("log", tmp_path / "s", "--limit", "1").stdout
    store.tag("v1", "main~1")
    store.create_branch("side", "main~1")
    lines = run("log", tmp_path / "s").stdout.splitlines()
    assert lines[0].split()[:4] == ["commit", "refs", "time", "author"] and lines[1].split()[1] == "*main" and "side, v1" in lines[2]
    out = run("diff", tmp_path / "s", "main~1", "main", "--rows", "5").stdout
    assert "nodes: 1 added" in out and "bob" in out
    assert run("verify", tmp_path / "s").returncode == 0


def test_a_log_that_is_piped_is_whole_and_shows_what_was_merged(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    for n in range(30):
        store.commit(f"number {n} " + "long " * 30, graph=gli.Graph().add_node(n))
    store.create_branch("side")
    store.commit("ours", graph=store.get_current_graph().add_node(100))
    store.switch_branch("side")
    store.commit("theirs", graph=store.get_current_graph().add_node(200))
    store.merge_branch("side", "main")
    lines = run("log", tmp_path / "s", "main").stdout.splitlines()
    assert len(lines) == 34 and lines[2].endswith("theirs") and lines[3].endswith("ours")
    assert lines[-1].endswith("number 0 " + ("long " * 30).strip())


def test_show_says_all_of_one_commit(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    store.commit("Monday", graph=gli.Graph().add_node("ann"))
    friday = store.commit("Friday\n\nwith bob", graph=store.get_current_graph().add_node("bob"), author="eve")
    shown = run("show", tmp_path / "s").stdout
    assert shown.startswith(f"commit:   {friday.id} (*main)\nauthor:   eve\n")
    assert f"graph:    {friday.graph_id}, 2 nodes, 0 edges\n" in shown
    assert "\n    Friday\n\n    with bob\n" in shown and "nodes: 1 added, 0 removed, 0 changed" in shown
    first = run("show", tmp_path / "s", "main~1").stdout
    assert "Monday" in first and "added" not in first
    assert run("show", tmp_path / "s", "nope").stderr == "gli: error: no revision 'nope': neither a branch, a tag nor a commit id\n"


def test_branches_merges_tags_and_undo(tmp_path):
    path = tmp_path / "s"
    store = gli.GraphStore(path)
    store.commit("Monday", graph=gli.Graph().add_node("ann", age=41))
    first = store.branches["main"][:8]
    assert run("branch", path, "side").stdout == f"branch side is at {first} (Monday)\n"
    assert run("tag", path, "v1").stdout == f"tag v1 is at {first} (Monday)\n"
    store.commit("ours", graph=gli.Graph().add_node("ann", age=42))
    assert run("switch", path, "side").stdout == f"on branch side at {first} (Monday)\n"
    store = gli.GraphStore(path)
    store.commit("theirs", graph=gli.Graph().add_node("ann", age=43).add_node("bob"))
    main, side = (store.branches[name][:8] for name in ("main", "side"))
    assert run("branch", path).stdout == f"  main {main} ours\n* side {side} theirs\n"
    assert run("tag", path).stdout == f"  v1 {first} Monday\n"

    stopped = run("merge", path, "side", "--into", "main")
    assert stopped.returncode == 1
    assert stopped.stderr == (
        "gli: error: 1 conflict; --strategy decides them\n  node 'ann', attribute 'age': 41 became 42 in ours, 43 in theirs\n"
    )
    merged = run("merge", path, "side", "--into", "main", "--strategy", "theirs", "-m", "both").stdout
    assert merged.startswith("main is at ") and "(both)" in merged and "nodes: 1 added, 0 removed, 1 changed" in merged
    assert run("merge", path, "side", "--into", "main").stdout == "main has everything of side already\n"

    run("switch", path, "main")
    assert "branch main is at" not in run("undo", path).stdout and gli.GraphStore(path).resolve("main").message == "ours"
    assert "both" in run("reflog", path, "--limit", "3").stdout
    refused = run("branch", path, "side", "--delete")
    assert refused.returncode == 1 and "force=True" not in refused.stderr and "--force" in refused.stderr
    assert run("branch", path, "side", "--force").returncode == run("branch", path, "--delete").returncode == 1
    assert run("branch", path, "side", "--delete", "--force").stdout.startswith("deleted branch side")
    assert run("branch", path, "side", "side@{1}").returncode == 0
    assert run("tag", path, "v1", "--delete").stdout == "deleted tag v1\n"


def test_cherry_picks_reverts_and_descriptions(tmp_path):
    path = tmp_path / "s"
    store = gli.GraphStore(path)
    store.commit("Monday", graph=gli.Graph().add_node("ann", age=41))
    store.commit("Tuesday\n\nwith bob", graph=store.get_current_graph().add_node("bob"))
    store.compute("degree")
    run("branch", path, "side", "main~1", "--description", "to try")
    assert run("branch", path).stdout.splitlines()[1].endswith(" Monday  [to try]")
    assert run("log", path).stdout.splitlines()[1].split()[-2:] == ["degree", "v1"]
    run("switch", path, "side")
    picked = run("cherry-pick", path, "main").stdout
    assert picked.startswith("side is at ") and "(Tuesday)\n" in picked and "nodes: 1 added, 0 removed, 0 changed" in picked
    assert run("cherry-pick", path, "main").stderr == "gli: error: that changes nothing on branch 'side'\n"
    reverted = run("revert", path, "side").stdout
    assert '(Revert "Tuesday")\n' in reverted and "nodes: 0 added, 1 removed, 0 changed" in reverted
    assert gli.GraphStore(path).resolve("side").graph_id == store.resolve("main~1").graph_id
