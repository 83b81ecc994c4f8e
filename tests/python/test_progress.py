import re

import pytest

import gli
from gli import _progress


@pytest.fixture(params=["embedded", "2 workers"])
def place(request):
    if request.param == "embedded":
        yield gli
    else:
        with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
            yield client


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(_progress, "_enabled", True)
    monkeypatch.setattr(_progress, "_DELAY_SECONDS", 0.0)


def test_long_rounds_are_told_with_what_they_left(place, at_once, capsys):
    graph = place.generate_kronecker(12)
    capsys.readouterr()
    with pytest.raises(TimeoutError):
        graph.pagerank(iterations=10_000_000, timeout=0.5)
    assert re.search(r"pagerank: round \d+, residual \d\.\d\de[-+]\d+", capsys.readouterr().err)
    graph.bfs(next(iter(graph.nodes)))
    assert re.search(r"bfs: round 0, frontier of 1 nodes", capsys.readouterr().err)


def test_a_bar_shows_only_after_a_while(capsys, monkeypatch):
    monkeypatch.setattr(_progress, "_enabled", True)
    now = [0.0]
    monkeypatch.setattr(_progress.time, "monotonic", lambda: now[0])
    with _progress.Progress("load") as report:
        report("rows", 1, 10)
        assert capsys.readouterr().err == ""
        now[0] = 1.0
        report("rows", 5, 10)
    assert "load: rows" in capsys.readouterr().err


def test_no_terminal_no_bar(capsys):
    with _progress.Progress("load") as report:
        assert report is None
    gli.generate_kronecker(6)
    assert capsys.readouterr().err == ""
