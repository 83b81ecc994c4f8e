"""Named functions of a graph that a store runs: given as a dict, or listed in a file."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Module:
    """A function, or where it is ("package.module:function"), and the parameters it has unless told otherwise."""

    function: Callable | str
    parameters: dict[str, Any] = field(default_factory=dict)

    def load(self, name: str) -> Callable:
        """The function. ValueError, ImportError or AttributeError naming the module when there is none."""
        if callable(self.function):
            return self.function
        place, _, function = self.function.partition(":")
        if not place or not function:
            raise ValueError(f"module {name!r}: its function is 'package.module:function', not {self.function!r}")
        try:
            found = import_module(place)
        except ImportError as error:
            raise ImportError(f"module {name!r}: {error}") from error
        for part in function.split("."):
            if not hasattr(found, part):
                raise AttributeError(f"module {name!r}: {place} has no {function!r}")
            found = getattr(found, part)
        return found


def load_modules(given: Mapping[str, Callable] | str | os.PathLike | None) -> dict[str, Module]:
    """From a dict of functions, or a .toml or .json file: a table for each name, with `function` and perhaps `parameters`."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        for name, function in given.items():
            if not callable(function):
                raise TypeError(f"module {name!r} is a function of a graph, not {function!r}")
        return {name: Module(function) for name, function in given.items()}
    path = os.fspath(given)
    return {name: _entry(path, name, entry) for name, entry in _read(path).items()}


def _read(path: str) -> Mapping:
    readers = {".toml": tomllib.load, ".json": json.load}
    ending = os.path.splitext(path)[1]
    if ending not in readers:
        raise ValueError(f"{path}: modules are listed in a .toml or .json file")
    with open(path, "rb") as file:
        try:
            content = readers[ending](file)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    if not isinstance(content, Mapping):
        raise ValueError(f"{path}: a table of modules by name, not {content!r}")
    return content


def _entry(path: str, name: str, entry) -> Module:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("function"), str):
        raise ValueError(f"{path}: module {name!r} needs function = \"package.module:function\"")
    unknown = sorted(set(entry) - {"function", "parameters"})
    if unknown:
        raise ValueError(f"{path}: module {name!r} has function and parameters, not {', '.join(unknown)}")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, Mapping):
        raise ValueError(f"{path}: the parameters of module {name!r} are a table, not {parameters!r}")
    return Module(entry["function"], dict(parameters))
