import gli
from gli import _progress


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
