"""The command line: gli."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from . import __version__

_ALGORITHMS = ("connected_components", "pagerank", "bfs", "degree")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 1 after one line on standard error, or 2 for wrong usage."""
    options = _parser().parse_args(arguments)
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
    arguments = dict(map(_argument, o.argument))
    if o.workers:
        from . import Client, LocalCluster

        with LocalCluster(o.workers) as cluster, Client(cluster) as client:
            _show(client.read_edges(o.file, directed=not o.undirected), o, arguments)
    else:
        from . import read_edges

        _show(read_edges(o.file, directed=not o.undirected), o, arguments)


def _show(graph, o, arguments: dict) -> None:
    values = getattr(graph, o.algorithm)(**arguments)
    print(
        f"{graph._description()}\n{o.algorithm}: {', '.join(f'{n} {v}' for n, v in values.summary.items() if not n.startswith('depth_'))}"
    )
    print(
        values.sizes(o.top) if o.algorithm == "connected_components" else values.histogram() if o.algorithm == "bfs" else values.top(o.top)
    )


def _argument(text: str) -> tuple:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"an argument looks like name=value, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


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
    run.add_argument("argument", nargs="*", metavar="NAME=VALUE", help="the algorithm's arguments, e.g. source=6")
    run.add_argument("--workers", type=_at_least_one, metavar="N", help="on a cluster of N processes (default: in this process)")
    run.add_argument("--undirected", action="store_true")
    run.add_argument("--top", type=_at_least_one, default=10, metavar="N")
    run.set_defaults(run=_run)
    return parser


def _at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
