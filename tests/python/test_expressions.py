import re
from datetime import date, datetime

import pytest

import gli


def test_an_expression_shows_as_it_is_written():
    e = (gli.node("age") + 1 > 30) & ~gli.node("name").starts_with("a") | gli.degree().is_in([1, 2])
    assert repr(e) == "((((node('age') + 1) > 30) & ~node('name').starts_with('a')) | degree().is_in(1, 2))"


@pytest.mark.parametrize("use", [lambda e: e and e, lambda e: e or e, lambda e: not e, bool])
def test_python_s_and_or_not_say_to_use_the_operators(use):
    with pytest.raises(TypeError, match="& | ~"):
        use(gli.node("age") > 3)


def test_numbers_may_stand_on_the_left():
    assert repr(3 < gli.node("a")) == "(node('a') > 3)"
    assert repr(1 - gli.node("a") * 2) == "(1 - (node('a') * 2))"


def test_what_cannot_be_compared_is_refused_at_once():
    with pytest.raises(TypeError, match="cannot be compared"):
        gli.node("a") > [1]
    with pytest.raises(TypeError, match="list of values"):
        gli.node("a").is_in("abc")
    with pytest.raises(TypeError, match="takes text"):
        gli.node("a").contains(3)


def test_a_nest_of_more_than_60_is_refused():
    e = gli.node("a") > 0
    for _ in range(60):
        e = ~e
    with pytest.raises(ValueError, match="60 deep"):
        gli.Graph().filter(nodes=e)


def test_numpy_numbers_are_numbers():
    import numpy as np

    assert repr(gli.node("a") > np.int32(3)) == "(node('a') > 3)"


def test_a_date_is_its_midnight():
    import numpy as np

    days = [datetime(2024, 1, 1), datetime(2024, 1, 1, 12), datetime(2023, 12, 31, 23, 59), datetime(1969, 7, 20)]
    g = gli.Graph().add_nodes([(i, {"when": d}) for i, d in enumerate(days)])
    assert list(g.nodes.filter(gli.node("when") >= date(2024, 1, 1))) == [0, 1]
    assert list(g.nodes.filter(gli.node("when") == date(2024, 1, 1))) == [0]
    assert list(g.nodes.filter(gli.node("when").is_in([date(1969, 7, 20), days[1]]))) == [1, 3]
    assert list(g.nodes.filter(gli.node("when") < np.datetime64("2024-01-01", "ns"))) == [2, 3]
    with pytest.raises(TypeError, match="cannot compare column 'when' .timestamp. with '2024' .str."):
        len(g.nodes.filter(gli.node("when") > "2024"))


def test_patterns_are_found_as_python_s_re_finds_them():
    words = ["", "a", "ab", "xaby", "Ü", "a\nb", "12", "aaa" * 100, "b" * 100_000]
    g = gli.Graph().add_nodes([(i, {"w": w}) for i, w in enumerate(words)])
    for pattern in ["a", "^a", "b$", "^$", "[0-9]+", "a.b", "(?s)a.b", "^(a|b)+$", "ü|Ü", "(?i)ü", r"\d{2}", "a{3,}?", "(b*)*c"]:
        python = re.compile(pattern) if pattern != "(b*)*c" else re.compile("c")
        assert list(g.nodes.filter(gli.node("w").matches(pattern))) == [i for i, w in enumerate(words) if python.search(w)], pattern
    with pytest.raises(ValueError, match="bad regular expression .*look"):
        len(g.nodes.filter(gli.node("w").matches("(?=look)")))


def test_a_column_of_lists_is_no_text():
    g = gli.Graph().add_node(1, tags=["a", "b"])
    with pytest.raises(TypeError, match="contains.. needs text: not all values are in column 'tags' .list<utf8>."):
        len(g.nodes.filter(gli.node("tags").contains("a")))


def test_what_python_made_a_bool_is_no_filter():
    with pytest.raises(TypeError, match="at once"):
        gli.Graph().filter(nodes=gli.node("a") is None)
