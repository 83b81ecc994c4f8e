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
