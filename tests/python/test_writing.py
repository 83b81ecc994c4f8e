"""Writers tell how far they are, and leave what was there when they fail or are interrupted."""

import signal

import pytest

import gli
from gli import _progress
from gli._formats import files

NAMES = ["g.txt", "g.csv", "g.mtx", "g.graph", "g.graphml", "g.gexf", "g.json", "g.parquet", "g.arrow", "g.sg", "g.csv.gz", "g.json.zst"]
TWO_FILES = ["write_csv", "write_ldbc", "write_parquet", "write_ipc"]


@pytest.fixture
def g():
    return gli.Graph.from_edge_list([(i, i % 50 + 1) for i in range(1, 40)], directed=False)


def write(g, path):
    g.write(path, **({"relabel": True} if path.suffix in (".mtx", ".graph", ".sg") else {}))


@pytest.fixture
def at_each_piece(monkeypatch):
    """Runs a function when a writer has written a piece of a file."""

    def install(f):
        monkeypatch.setattr(_progress, "_enabled", True)
        monkeypatch.setattr(_progress.Progress, "__call__", lambda self, what, done, total: f(what, done))

    return install


@pytest.mark.parametrize("name", NAMES)
def test_writers_tell_how_many_bytes_there_are(g, tmp_path, at_each_piece, name):
    seen = []
    at_each_piece(lambda what, done: seen.append((what, done)))
    write(g, tmp_path / name)
    assert seen == sorted(seen) and seen[-1] == (name, (tmp_path / name).stat().st_size)


def test_a_bar_shows_while_a_file_is_written(g, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_enabled", True)
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", -1)
    g.write(tmp_path / "g.csv")
    assert "write: g.csv" in capsys.readouterr().err


@pytest.mark.parametrize("name", NAMES)
def test_ctrl_c_leaves_what_was_there(g, tmp_path, at_each_piece, name):
    path = tmp_path / name
    path.write_text("before")
    at_each_piece(lambda what, done: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write(g, path)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_what_was_there(g, tmp_path, monkeypatch, name):
    path = tmp_path / name
    path.write_text("before")

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files._Counted, "write", full)
    with pytest.raises(OSError, match="No space left"):
        write(g, path)
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", TWO_FILES)
def test_of_two_files_both_appear_or_none(g, tmp_path, at_each_piece, call):
    begun = set()

    def fail_in_the_second(what, done):
        begun.add(what)
        if len(begun) == 2:
            raise OSError("the disk is gone")

    at_each_piece(fail_in_the_second)
    with pytest.raises(OSError, match="the disk is gone"):
        getattr(g, call)(tmp_path / "a", tmp_path / "b")
    assert begun == {"a", "b"} and list(tmp_path.iterdir()) == []
