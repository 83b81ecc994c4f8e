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


def test_log_diff_and_verify(tmp_path):
    store = gli.GraphStore(tmp_path / "s")
    g = gli.Graph().add_node("ann")
    store.commit("Monday", graph=g)
    store.commit("Friday", graph=g.add_node("bob"))
    assert "Monday" in run("log", tmp_path / "s").stdout and "Monday" not in run("log", tmp_path / "s", "--limit", "1").stdout
    out = run("diff", tmp_path / "s", "main~1", "main", "--rows", "5").stdout
    assert "nodes: 1 added" in out and "bob" in out
    assert run("verify", tmp_path / "s").returncode == 0
