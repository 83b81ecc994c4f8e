"""Bad input: one clear line each that names file and line, nothing half-loaded, no traceback at the command line."""

import gzip
import os
import subprocess
import sys

import pytest


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


BAD_EDGES = {
    "missing": (None, FileNotFoundError, "no such file"),
    "empty": ("", ValueError, "empty file"),
    "only comments": ("# nothing\n\n", ValueError, "empty file"),
    "binary": (bytes(range(256)) * 40, ValueError, "not a text file"),
    "too few fields": ("1 2 3\n1 2\n", ValueError, ":2: expected 3 fields, found 2"),
    "too many fields": ("1 2\n1 3\n1 2 3 4\n", ValueError, ":3: expected 2 fields, found 4"),
    "truncated gzip": (gzip.compress(b"1 2\n" * 100000)[:-20], ValueError, "gzip"),
}


@pytest.mark.parametrize("name", BAD_EDGES)
def test_a_bad_edge_file_is_named_with_its_line(place, tmp_path, name):
    content, error, words = BAD_EDGES[name]
    path = tmp_path / "edges.txt"
    if content is not None:
        write(path, content)
    with pytest.raises(error) as caught:
        place.read_edges(path)
    assert str(path) in str(caught.value) and words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_directory_is_named(place, tmp_path):
    with pytest.raises(OSError, match=f"{tmp_path}.*directory"):
        place.read_edges(tmp_path)


def test_a_weight_that_is_no_number_is_named_where_the_column_says_number(place, tmp_path):
    path = write(tmp_path / "edges.txt", "1 2 0.5\n2 3 heavy\n")
    with pytest.raises(ValueError, match=r"edges.txt:2: weight 'heavy' is not a number"):
        place.read_edges(path, types=["float64"])


def test_an_id_that_is_no_number_is_named_where_keys_are_numbers(place, tmp_path):
    path = write(tmp_path / "edges.txt", "1 2\n2 ann\n")
    with pytest.raises(ValueError, match=r"edges.txt:2: .*'ann'"):
        place.read_edges(path, key_type="int64")


def test_an_ldbc_edge_to_an_unknown_node_is_named(place, tmp_path):
    nodes = write(tmp_path / "g.v", "1\n2\n3\n")
    edges = write(tmp_path / "g.e", "1 2\n2 3\n3 77\n77 1\n")
    with pytest.raises(ValueError, match=r"g.e:3: .*77.* not in the node file"):
        place.read_ldbc(nodes, edges, directed=True)


def test_after_every_failed_load_the_cluster_loads_and_holds_nothing_of_it(client, tmp_path):
    good, bad = write(tmp_path / "good", "1 2\n2 3\n"), write(tmp_path / "bad", "1 2\n" * 1000 + "1\n")
    for _ in range(3):
        with pytest.raises(ValueError):
            client.read_edges(bad)
        g = client.read_edges(good)
        assert (g.node_count, g.edge_count) == (3, 2)


def test_what_is_not_an_error_loads(place, tmp_path):
    text = "# a comment\n1 2\n1 2\n\n3 3\r\n4 1\n"
    plain, packed = write(tmp_path / "e", text), write(tmp_path / "packed", gzip.compress(text.encode()))
    for path in (plain, packed):
        g = place.read_edges(path)
        assert (g.node_count, g.edge_count) == (4, 3)
        assert g.has_edge(3, 3)
        assert list(g.nodes) == [1, 2, 3, 4]
    nodes = write(tmp_path / "v", "1\n9\n")
    isolated = place.read_ldbc(nodes, write(tmp_path / "e2", "1 1\n"), directed=False)
    assert isolated.node_count == 2


def test_ids_with_leading_zeros_make_the_keys_text(place, tmp_path):
    g = place.read_edges(write(tmp_path / "e", "1 2\n" * 70000 + "007 2\n"))
    assert g.key_type == "str"
    assert list(g.nodes) == ["1", "2", "007"]
    with pytest.raises(TypeError, match="keys are str"):
        g.has_node(1)


def run_gli(*arguments):
    return subprocess.run([sys.executable, "-m", "gli", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "COLUMNS": "80"})


@pytest.mark.parametrize("name", BAD_EDGES)
def test_the_command_line_says_one_line_and_fails(tmp_path, name):
    content, _, words = BAD_EDGES[name]
    path = tmp_path / "edges.txt"
    if content is not None:
        write(path, content)
    done = run_gli("run", "pagerank", path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("gli: ") and words in lines[0]


def test_the_command_line_names_an_unknown_algorithm(tmp_path):
    done = run_gli("run", "page-rank", write(tmp_path / "e", "1 2\n"))
    assert done.returncode != 0 and "page-rank" in done.stderr and "Traceback" not in done.stderr


def test_the_command_line_names_a_store_that_is_not_there(tmp_path):
    done = run_gli("log", tmp_path / "nothing.gli")
    assert done.returncode != 0 and "nothing.gli" in done.stderr and "Traceback" not in done.stderr
