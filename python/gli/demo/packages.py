"""This machine's package lists as a graph. docs/package-graph.md says what becomes what.

The parser is our own: `apt-cache dumpavail` gives 50 MB, which python-debian 1.1.1 (deb822, use_apt_pkg=False) took 5.4 s of
processor time to read on a busy Debian 12, and 9.1 s with relations, where this took 1.7 to 2.2 s with relations.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from functools import lru_cache

import pyarrow as pa

RELATIONS = ("Depends", "Pre-Depends", "Recommends", "Suggests", "Enhances", "Breaks", "Conflicts", "Replaces", "Provides")

NODES = pa.schema(
    [
        ("id", pa.string()),
        ("version", pa.string()),
        ("section", pa.string()),
        ("priority", pa.string()),
        ("installed_size", pa.int64()),
        ("maintainer", pa.string()),
        ("essential", pa.bool_()),
        ("virtual", pa.bool_()),
    ]
)
EDGES = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("key", pa.string()),
        ("kind", pa.string()),
        ("constraint", pa.string()),
        ("alternatives", pa.int64()),
    ]
)

_CHUNK_BYTES = 4 << 20
_ROWS_PER_BATCH = 1 << 15
_FIELD = re.compile(
    r"^(Package|Version|Section|Priority|Installed-Size|Maintainer|Essential|" + "|".join(RELATIONS) + r"): *([^\n]*(?:\n[ \t][^\n]*)*)",
    re.M,
)
_CLAUSE = re.compile(r"\s*([^\s:(\[]+)(?::[\w-]+)?\s*(?:\(([^)]*)\))?")


def available() -> bool:
    """Whether this machine has package lists."""
    if not shutil.which("apt-cache"):
        return False
    with subprocess.Popen(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        found = bool(process.stdout.read(64).strip())
        process.kill()
    return found


def read() -> Iterator[str]:
    """The text of `apt-cache dumpavail`, in pieces that end between packages."""
    with subprocess.Popen(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield from whole_paragraphs(iter(lambda: process.stdout.read(_CHUNK_BYTES), b""))


def whole_paragraphs(pieces: Iterable[bytes]) -> Iterator[str]:
    r"""Cuts a stream where a blank line ends a paragraph.

    >>> list(whole_paragraphs([b"Package: a\n\nPack", b"age: b\n"]))
    ['Package: a\n\n', 'Package: b\n']
    """
    rest = b""
    for piece in pieces:
        head, blank, tail = piece.rpartition(b"\n\n")
        if blank:
            yield (rest + head + blank).decode("utf-8", "replace")
            rest = tail
        else:
            rest += piece
    if rest.strip():
        yield rest.decode("utf-8", "replace")


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    r"""The fields that the graph uses, package by package.

    >>> list(paragraphs("Package: a\nTag: x\nVersion: 1\n\nPackage: b\n"))
    [{'Package': 'a', 'Version': '1'}, {'Package': 'b'}]
    """
    current: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        if name == "Package" and current:
            yield current
            current = {}
        current[name] = value
    if current:
        yield current


def parse_relation(text: str) -> dict[str, tuple[str | None, int | None]]:
    """Targets of one relation field: {package: (constraint, alternatives)}, as docs/package-graph.md defines them.

    >>> parse_relation("a (>= 1), a (<< 2), b | c:any (= 3), d")
    {'a': ('>= 1, << 2', None), 'b': (None, 2), 'c': ('= 3', 2), 'd': (None, None)}
    """
    targets: dict[str, tuple[str | None, int | None]] = {}
    for index, clause in enumerate(text.split(",")):
        choices = clause.split("|") if "|" in clause else (clause,)
        group = index if len(choices) > 1 else None
        for choice in choices:
            target, constraint = _parse_choice(choice)
            targets[target] = _joined(targets[target], constraint, group) if target in targets else (constraint, group)
    targets.pop("", None)
    return targets


@lru_cache(maxsize=1 << 18)
def _parse_choice(text: str) -> tuple[str, str | None]:
    """The package and the constraint; no package for what is none."""
    match = _CLAUSE.match(text)
    return match.groups() if match else ("", None)


def _joined(before: tuple[str | None, int | None], constraint: str | None, group: int | None) -> tuple[str | None, int | None]:
    constraints = [c for c in (before[0], constraint) if c]
    alone = before[1] is None or group is None
    return ", ".join(constraints) or None, None if alone else before[1]


def node_row(p: dict[str, str]) -> tuple:
    """A package's key and attributes, in the order of NODES.

    >>> node_row({"Package": "a", "Section": "contrib/games", "Installed-Size": "7"})
    ('a', None, 'games', None, 7, None, False, False)
    """
    size = p.get("Installed-Size", "")
    section = p.get("Section")
    return (
        p["Package"],
        p.get("Version"),
        section and section.rpartition("/")[2],
        p.get("Priority"),
        int(size) if size.isdigit() else None,
        p.get("Maintainer"),
        p.get("Essential") == "yes",
        False,
    )


class _Columns:
    """Rows on their way to a batch, kept by column: a list of tuples would cost the garbage collector a third of the time."""

    def __init__(self, schema: pa.Schema):
        self._schema = schema
        self.columns: list[list] = [[] for _ in schema]

    def __len__(self):
        return len(self.columns[0])

    def take(self) -> pa.RecordBatch:
        batch = pa.RecordBatch.from_arrays([pa.array(c, t) for c, t in zip(self.columns, self._schema.types)], schema=self._schema)
        for column in self.columns:
            column.clear()
        return batch


class _Nodes(_Columns):
    def add(self, row: tuple) -> None:
        for column, value in zip(self.columns, row):
            column.append(value)


class _Edges(_Columns):
    def add(self, package: str, kind: str, relations: dict[str, tuple[str | None, int | None]]) -> None:
        source, target, key, kinds, constraint, alternatives = self.columns
        source += [package] * len(relations)
        target += relations
        key += [kind] * len(relations)
        kinds += [kind] * len(relations)
        constraint += [c for c, _ in relations.values()]
        alternatives += [a for _, a in relations.values()]


def batches(texts: Iterable[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
    """("nodes" or "edges", batch) as the text goes by. Of a package listed twice the first, which is the newest, stays; names that are only
    related to come last, as virtual packages."""
    nodes, edges = _Nodes(NODES), _Edges(EDGES)
    listed: set[str] = set()
    mentioned: dict[str, object] = {}
    for text in texts:
        for p in paragraphs(text):
            if p["Package"] in listed:
                continue
            listed.add(p["Package"])
            nodes.add(node_row(p))
            for kind in RELATIONS:
                if kind in p:
                    relations = parse_relation(p[kind])
                    edges.add(p["Package"], kind, relations)
                    mentioned.update(relations)
        yield from _full(nodes, edges)
    for name in mentioned:
        if name not in listed:
            nodes.add((name, None, None, None, None, None, None, True))
    yield from _full(nodes, edges, at_least=1)


def _full(nodes: _Nodes, edges: _Edges, at_least: int = _ROWS_PER_BATCH) -> Iterator[tuple[str, pa.RecordBatch]]:
    for name, columns in (("nodes", nodes), ("edges", edges)):
        if len(columns) >= at_least:
            yield name, columns.take()
