"""The examples in docstrings, and the README's Python."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import gli

MODULES = ["gli", *(m.name for m in pkgutil.walk_packages(gli.__path__, "gli.") if not m.name.endswith(("_core", "reopen")))]
README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name):
    module = importlib.import_module(name)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    assert doctest.testmod(module, optionflags=flags).failed == 0


def test_every_public_name_is_explained():
    def public(owner):
        return (getattr(owner, n) for n in dir(owner) if not n.startswith("_"))

    def own(thing):
        return getattr(thing, "__module__", "").startswith("gli")

    things = [getattr(gli, n) for n in gli.__all__]
    methods = [m for t in things if isinstance(t, type) for m in public(t) if callable(m) and own(m)]
    converters = {"to_pandas", "to_polars", "to_arrow", "to_pylist"}
    assert [t for t in things + methods if not inspect.getdoc(t) and t.__name__ not in converters] == []


def test_the_readme_s_python_runs_twice_in_an_empty_folder(tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    assert blocks
    monkeypatch.chdir(tmp_path)
    for block in blocks * 2:
        exec(compile(block, "README.md", "exec"), {})
