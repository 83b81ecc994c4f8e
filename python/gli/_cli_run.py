"""The command gli run: an algorithm on a file or a store, here or on a cluster."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from ._algorithms import Algorithms
from ._formats.files import ending
from ._node_values import NodeValues
from ._table import Table

_PAIR = re.compile(r"[A-Za-z_]\w*=")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": None, "comma": ","}
_SWITCHES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MODES = ("total", "in", "out")
_KINDS = {"int": "whole number", "float": "number", "bool": "yes or no", "str": "text", "Mapping": "text"}
_CANNOT = {"modularity", "get_connected_component"}  # of communities that something else found; ego_graph's other name
_PARTS = ("hubs", "authorities")  # of hits
_WRITTEN = (".parquet", ".csv")


def is_argument(word: str) -> bool:
    """Whether a word of the command line is NAME=VALUE.

    >>> is_argument("alpha=0.5"), is_argument("--top"), is_argument("e.csv")
    (True, False, False)
    """
    return bool(_PAIR.match(word))


def _arguments(method) -> dict[str, tuple[str, bool]]:
    """What a method takes from the command line: of each argument what it is, and whether it must be given."""
    found = {}
    for name, p in list(inspect.signature(method).parameters.items())[1:]:
        if name == "timeout" or "Iterable" in str(p.annotation):
            continue
        kind = "key" if p.annotation is p.empty else _KINDS.get(re.split(r"\W", str(p.annotation))[0])
        if kind is not None:
            found[name] = (kind, p.default is p.empty)
    return found


def _catalog() -> dict[str, dict[str, tuple[str, bool]]]:
    methods = {n: m for n, m in inspect.getmembers(Algorithms, inspect.isfunction) if not n.startswith("_") and n not in _CANNOT}
    return {"degree": {"mode": ("total, in or out", False)}} | {name: _arguments(method) for name, method in methods.items()}


_ALGORITHMS = _catalog()


def add_command(commands, at_least_one) -> None:
    """Adds it to the parser of gli."""
    run = commands.add_parser("run", help="an algorithm on a file or a store", epilog=f"Algorithms: {_explained()}.")
    run.add_argument("algorithm", choices=_ALGORITHMS, metavar="ALGORITHM", help="one of those below")
    run.add_argument("file", metavar="FILE|STORE", help="a file that gli.read knows, an edge list, or a store's directory")
    run.add_argument("argument", nargs="*", metavar="NAME=VALUE", help="of the algorithm")
    where = run.add_mutually_exclusive_group()
    where.add_argument("--workers", type=at_least_one, metavar="N", help="on a cluster of N processes (default: in this process)")
    where.add_argument("--cluster", metavar="ADDRESS", help="on a cluster that runs already: its workers read FILE|STORE under this path")
    run.add_argument("--credentials", metavar="PATH", help="with --cluster: a copy of its driver.pem (default: GLI_CREDENTIALS)")
    run.add_argument("--out", metavar="FILE", help="write all rows to a .parquet or .csv, a graph to any file that graphs are written to")
    run.add_argument("--revision", metavar="REVISION", help="of a store (default: its current branch)")
    run.add_argument("--undirected", action="store_true")
    run.add_argument("--delimiter", metavar="TEXT", help="between fields: a character, or tab (default: spaces and tabs)")
    run.add_argument("--header", action="store_true", help="the first line names the columns")
    run.add_argument("--top", type=at_least_one, default=10, metavar="N")
    run.set_defaults(run=_run)


def _explained() -> str:
    return "; ".join(name + (f" ({', '.join(known)})" if known else "") for name, known in sorted(_ALGORITHMS.items()))


def _run(o) -> None:
    texts = _named(o.algorithm, o.argument)
    if o.out is not None:
        _check_out(o.out)
    if o.workers or o.cluster:
        from . import Client, LocalCluster

        if o.cluster:
            with Client(o.cluster, credentials=o.credentials) as client:
                _answer(_graph(client, client.open_store, o), o, texts)
        else:
            with LocalCluster(o.workers) as cluster, Client(cluster) as client:
                _answer(_graph(client, client.open_store, o), o, texts)
    else:
        import gli

        _answer(_graph(gli, lambda path: gli.GraphStore(path, create=False), o), o, texts)


def _graph(place, open_store, o):
    from ._formats.readers import READERS

    path = os.path.abspath(o.file) if o.cluster else o.file
    if os.path.isdir(path):
        if o.undirected or o.delimiter or o.header:
            raise ValueError(f"{o.file} is a store: --undirected, --delimiter and --header are for files")
        from ._store import GraphStore

        GraphStore(path, create=False)  # a cluster would make one
        store = open_store(path)
        return store.at(o.revision or store.current_branch)
    if o.revision:
        raise ValueError(f"{o.file} is no store, so it has no revision {o.revision!r}")
    reader = READERS.get(ending(path), "read_edges")
    if reader == "read_edges" or o.delimiter or o.header:
        delimiter = o.delimiter or ("\t" if ending(path) == ".tsv" else None)
        return place.read_edges(path, directed=not o.undirected, delimiter=_DELIMITERS.get(delimiter, delimiter), header=o.header)
    directed = {"directed": not o.undirected} if o.undirected or reader == "read_ldbc" else {}
    if directed and "directed" not in inspect.signature(getattr(place, reader)).parameters:
        raise ValueError(f"--undirected: {o.file} says itself whether it is directed")
    return place.read(path, **directed)


def _answer(graph, o, texts: dict[str, str]) -> None:
    known = _ALGORITHMS[o.algorithm]
    answer = getattr(graph, o.algorithm)(**{n: _parsed(n, text, known[n][0], graph.key_type) for n, text in texts.items()})
    answers = answer if isinstance(answer, tuple) else (answer,)  # hubs and authorities
    about = ", ".join(f"{n} {v}" for n, v in getattr(answers[0], "summary", {}).items() if not n.startswith("depth_"))
    print(f"{graph._description()}\n{o.algorithm}{about and f': {about}'}")
    for each, title in zip(answers, _PARTS if isinstance(answer, tuple) else [""]):
        if title:
            print(title)
        _show(each, o)
    if o.out is not None:
        _write(answer, o.algorithm, o.out)


def _show(answer, o) -> None:
    if not isinstance(answer, NodeValues):
        print(answer._description() if hasattr(answer, "_description") else answer)
    elif o.algorithm in ("connected_components", "weakly_connected_components", "strongly_connected_components"):
        print(answer.sizes(o.top))
    else:
        print(answer.histogram() if o.algorithm == "bfs" else answer.top(o.top))


# --- writing --------------------------------------------------------------------------------------------------------------------------


def _check_out(path: str) -> None:
    """Before anything is computed."""
    if not Path(path).absolute().parent.is_dir():
        raise FileNotFoundError(f"--out {path}: there is no directory {Path(path).absolute().parent}")


def _write(answer, algorithm: str, path: str) -> None:
    if hasattr(answer, "write"):
        return answer.write(path)
    rows = _rows(answer, algorithm)
    if rows is None:
        raise ValueError(f"--out: the answer of {algorithm} is no table: it was printed, and nothing written")
    if ending(path) not in _WRITTEN:
        raise ValueError(f"--out {path}: rows are written to {' or '.join(_WRITTEN)}")
    if ending(path) == ".csv":
        from pyarrow import csv

        csv.write_csv(rows, path)
    else:
        from pyarrow import parquet

        parquet.write_table(rows, path)


def _rows(answer, algorithm: str) -> pa.Table | None:
    if isinstance(answer, tuple):
        parts = [values.to_arrow() for values in answer]
        return pa.table({parts[0].column_names[0]: parts[0].column(0)} | {title: part.column(1) for title, part in zip(_PARTS, parts)})
    if isinstance(answer, (NodeValues, Table)):
        return answer.to_arrow()
    if hasattr(answer, "to_arrow"):
        return answer.to_arrow()
    if isinstance(answer, list):
        return (
            pa.table({algorithm: answer})
            if not any(isinstance(x, tuple) for x in answer)
            else pa.Table.from_pylist([{"source": t[0], "target": t[1]} for t in answer])
        )
    return None


# --- arguments ------------------------------------------------------------------------------------------------------------------------


def _named(algorithm: str, words: list[str]) -> dict[str, str]:
    """The algorithm's arguments by name; ValueError for what it does not take, and for what it misses."""
    known = _ALGORITHMS[algorithm]
    arguments = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"an argument looks like name=value, not {word!r}")
        if name not in known:
            raise ValueError(f"{algorithm} has no argument {name!r}; it has: {', '.join(known) or 'none'}")
        if name in arguments:
            raise ValueError(f"the argument {name!r} is given twice")
        arguments[name] = value
    for name, (kind, needed) in known.items():
        if needed and name not in arguments:
            raise ValueError(f"{algorithm} needs an argument {name!r}: {name}={kind.upper()}")
    return arguments


def _parsed(name: str, text: str, kind: str, keys: str) -> Any:
    """An argument's value; ValueError names the argument."""
    if kind == "text" or (kind == "key" and keys == "str"):
        return text
    try:
        if kind in ("key", "whole number"):
            return int(text)
        if kind == "number":
            return float(text)
        if kind == "yes or no":
            return _SWITCHES[text.lower()]
    except (ValueError, KeyError):
        wanted = f"a {kind}" if kind.endswith("number") else "a whole number, as the keys of this file are" if kind == "key" else kind
        raise ValueError(f"the argument {name!r} is {wanted}, not {text!r}") from None
    if text not in _MODES:
        raise ValueError(f"the argument {name!r} is {kind}, not {text!r}")
    return text
