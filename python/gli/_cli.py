"""The command line: gli."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence

from . import __version__

# What each algorithm takes, and as what: "key" is a node's key, as the file has them.
_ALGORITHMS: dict[str, dict[str, str]] = {
    "connected_components": {},
    "pagerank": {"alpha": "number", "max_iter": "whole number", "tol": "number", "iterations": "whole number"},
    "bfs": {"source": "key", "reverse": "yes or no", "undirected": "yes or no", "depth_limit": "whole number"},
    "degree": {"mode": "total, in or out"},
}
_NEEDED = {"bfs": ["source"]}
_PAIR = re.compile(r"[A-Za-z_]\w*=")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "space": None, "comma": ","}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 1 after one line on standard error, or 2 for wrong usage."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    pairs = [w for w in words if _PAIR.match(w)] if words[:1] == ["run"] else []  # these may stand anywhere after run
    options = _parser().parse_args([w for w in words if w not in pairs])
    if pairs:
        options.argument = [*options.argument, *pairs]
    try:
        options.run(options)
        sys.stdout.flush()
        return 0
    except KeyboardInterrupt:
        print("gli: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        print(f"gli: error: {_message(error)}", file=sys.stderr)
        return 1


def _message(error: Exception) -> str:
    if isinstance(error, KeyError) and error.args:
        return str(error.args[0])
    return str(error) or type(error).__name__


# --- commands -----------------------------------------------------------------------------------------------------------------------


def _demo(o) -> None:
    from . import demo

    demo.run(o.workers, o.store)


def _log(o) -> None:
    from ._store import GraphStore

    print(GraphStore(o.path, create=False).log(o.revision, o.limit))


def _diff(o) -> None:
    from ._store import GraphStore

    diff = GraphStore(o.path, create=False).diff(o.older, o.newer)
    print(diff)
    if o.rows:
        print(diff.rows(o.rows))


def _verify(o) -> None:
    from ._store import GraphStore

    GraphStore(o.path, create=False).verify()
    print(f"{o.path}: everything is as it was written")


def _run(o) -> None:
    arguments = _named(o.algorithm, o.argument)
    reading = {"directed": not o.undirected, "delimiter": _DELIMITERS.get(o.delimiter, o.delimiter), "header": o.header}
    if o.workers:
        from . import Client, LocalCluster

        with LocalCluster(o.workers) as cluster, Client(cluster) as client:
            _show(client.read_edges(o.file, **reading), o, arguments)
    else:
        from . import read_edges

        _show(read_edges(o.file, **reading), o, arguments)


def _show(graph, o, arguments: dict[str, str]) -> None:
    kinds = _ALGORITHMS[o.algorithm]
    values = getattr(graph, o.algorithm)(**{n: _parsed(n, text, kinds[n], graph.key_type) for n, text in arguments.items()})
    about = ", ".join(f"{n} {v}" for n, v in values.summary.items() if not n.startswith("depth_"))
    print(f"{graph._description()}\n{o.algorithm}{about and f': {about}'}")
    print(
        values.sizes(o.top) if o.algorithm == "connected_components" else values.histogram() if o.algorithm == "bfs" else values.top(o.top)
    )


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
    for name in _NEEDED.get(algorithm, []):
        if name not in arguments:
            raise ValueError(f"{algorithm} needs an argument {name!r}: {name}={known[name].upper()}")
    return arguments


_SWITCHES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _parsed(name: str, text: str, kind: str, keys: str):
    """An argument's value; ValueError names the argument."""
    if kind == "key" and keys == "str":
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
    if text not in ("total", "in", "out"):
        raise ValueError(f"the argument {name!r} is {kind}, not {text!r}")
    return text


# --- usage --------------------------------------------------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gli", description="Version control and analytics for property graphs.")
    parser.add_argument("--version", action="version", version=f"gli {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a cluster, this machine's packages, questions, two commits")
    demo.add_argument("--workers", type=_at_least_one, default=4, metavar="N")
    demo.add_argument("--store", metavar="PATH", help="where to commit (default: begun anew in the cache directory)")
    demo.set_defaults(run=_demo)

    log = commands.add_parser("log", help="the commits of a store")
    log.add_argument("path")
    log.add_argument("revision", nargs="?")
    log.add_argument("--limit", type=_at_least_one, metavar="N")
    log.set_defaults(run=_log)

    diff = commands.add_parser("diff", help="what changed from one commit to another")
    for name in ("path", "older", "newer"):
        diff.add_argument(name)
    diff.add_argument("--rows", type=_at_least_one, metavar="N", help="also the first N changes")
    diff.set_defaults(run=_diff)

    verify = commands.add_parser("verify", help="reread and rehash everything in a store")
    verify.add_argument("path")
    verify.set_defaults(run=_verify)

    run = commands.add_parser("run", help="an algorithm on an edge list")
    run.add_argument("algorithm", choices=_ALGORITHMS, metavar="ALGORITHM", help=", ".join(_ALGORITHMS))
    run.add_argument("file", metavar="FILE")
    run.add_argument("argument", nargs="*", metavar="NAME=VALUE", help=_explained())
    run.add_argument("--workers", type=_at_least_one, metavar="N", help="on a cluster of N processes (default: in this process)")
    run.add_argument("--undirected", action="store_true")
    run.add_argument("--delimiter", metavar="TEXT", help="between fields: a character, or tab (default: spaces and tabs)")
    run.add_argument("--header", action="store_true", help="the first line names the columns")
    run.add_argument("--top", type=_at_least_one, default=10, metavar="N")
    run.set_defaults(run=_run)
    return parser


def _explained() -> str:
    return "; ".join(f"{a}: {', '.join(f'{n} ({kind})' for n, kind in known.items())}" for a, known in _ALGORITHMS.items() if known)


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
