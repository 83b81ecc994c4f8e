"""How large the graph of a file is, before it is read: what the file says of itself, and some megabytes of it."""

from __future__ import annotations

import inspect
import math
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ._estimate_sizes import NUMBER, Size, columns_of, key_bytes_of, mirrors_of, rows_at_once
from ._formats import columnar, gap, matrix_market
from ._formats.files import PlainBytes, ending
from ._formats.readers import READERS, EmbeddedReaders, Readers, by_ending, ldbc_pair
from ._formats.rows import ROWS_AT_ONCE
from ._graph import Graph

_SAMPLE_BYTES = 8 << 20
_PLACES = 8
_SAMPLE_ROWS = 1 << 19
_CHUNK = 1 << 20
_SAMPLED_ELEMENTS = 100_000
_MOST_WEIGHTS = 1 << 10  # of a node, in METIS's form
_PAIR_BYTES = 150  # of a pair of keys that a reader looks for again
_PARSED_BYTE, _PARSED_ELEMENT = 4.3, 300  # of JSON, as objects and then as a graph of this process


@dataclass(frozen=True)
class Part:
    """Some of a file's edges as a graph, the first of them as another, and how many times as many there are in all."""

    whole: Graph
    half: Graph
    ratio: float

    def nodes(self) -> float:
        """Of all: they grow with edges as they do from the half to the whole (Heaps' law)."""
        if self.ratio <= 1:
            return self.whole.node_count
        more_nodes = math.log(max(self.whole.node_count, 2) / max(self.half.node_count, 1))
        more_edges = math.log(max(self.whole.edge_count, 2) / max(self.half.edge_count, 1))
        return self.whole.node_count * self.ratio ** min(max(more_nodes / more_edges if more_edges else 1.0, 0.0), 1.0)

    def size(self, workers: int, nodes: float | None = None, **more) -> Size:
        """Of all, where there are so many nodes."""
        g = self.whole
        nodes, edges = self.nodes() if nodes is None else nodes, g.edge_count * self.ratio
        denser = (edges / nodes) / (g.edge_count / g.node_count) if nodes and g.edge_count else 1
        mirrors = mirrors_of(nodes, g.degree().to_arrow().column("value").to_numpy() * denser, workers)
        columns = {"node_columns": columns_of(g, "nodes"), "edge_columns": columns_of(g, "edges")}
        return Size(nodes, edges, g.directed, workers, mirrors, **(columns | {"keys": key_bytes_of(g)} | more))


def size_of_file(path: str | os.PathLike, workers: int, read: Mapping[str, Any], reader: str | None = None) -> Size:
    """Of the graph that gli.read(path, **read) gives, or another reader. ValueError where that cannot be told, TypeError for options that
    the reader does not have."""
    path, name = os.fspath(path), reader or by_ending(path, READERS)
    given = {option: x for option, x in read.items() if option not in ("partitioner", "timeout")}
    if reader is None and ending(path) == ".tsv":
        given = {"delimiter": "\t", **given}
    try:
        inspect.signature(getattr(Readers, name)).bind_partial(None, **given)
    except TypeError as error:
        raise TypeError(f"read={dict(read)!r}: {name}(): {error}") from None
    with warnings.catch_warnings(action="ignore"):  # of lines that are skipped: the load itself warns
        return _FORMS[name](path, workers, given)


def _read(file: Path, path: str, read: Callable[[], Graph]) -> Graph:
    """A sample that was written to a file of its own."""
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"{path}: what it takes is not told by parts of it: {str(error).replace(os.fspath(file), 'a part')}") from None


# --- lines ----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """Whole lines of some places of a file, how many times as much all is, and its bytes."""

    parts: list[bytes]
    ratio: float
    bytes: float
    packed: bool = False

    def part(self, path: str, read: Callable[[Path], Graph]) -> Part:
        """As a reader takes them."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"part{ending(path)}"

            def graph_of(parts: list[bytes]) -> Graph:
                file.write_bytes(b"".join(parts))
                return _read(file, path, lambda: read(file))

            whole = graph_of(self.parts)
            return Part(whole, whole if self.ratio <= 1 else graph_of(self.parts[::2]), self.ratio)

    def count(self) -> float:
        """Of all."""
        return sum(part.count(b"\n") + (not part.endswith(b"\n") and part != b"") for part in self.parts) * self.ratio

    def first(self) -> bytes:
        """The first line."""
        return self.parts[0].split(b"\n", 1)[0]


def _lines(path: str) -> Lines:
    """Of eight places, or of the beginning of what is packed."""
    with PlainBytes(path) as plain:
        if plain.packed:
            return _packed_lines(plain)
        if plain.size <= _SAMPLE_BYTES:
            return Lines([plain.read()], 1.0, plain.size)
    parts, size = [], os.path.getsize(path)
    with open(path, "rb") as file:
        for place in range(_PLACES):
            file.seek(size * place // _PLACES)
            piece = file.read(_SAMPLE_BYTES // _PLACES)
            parts.append(piece[piece.find(b"\n") + 1 if place else 0 : piece.rfind(b"\n") + 1])
            if not parts[-1]:
                raise ValueError(f"{path}: what it takes is not told by parts of it: lines of a megabyte")
    return Lines(parts, size / sum(map(len, parts)), size)


def _packed_lines(plain: PlainBytes) -> Lines:
    got, taken = plain.read(_SAMPLE_BYTES), plain.done()
    ratio = plain.size / taken if plain.read(1) else 1.0
    lines = got if ratio == 1 else got[: got.rfind(b"\n") + 1]
    middle = lines.find(b"\n", len(lines) // 2) + 1
    return Lines([lines[:middle], lines[middle:]], ratio, len(got) * ratio, True)


def _edge_list(path: str, workers: int, options: dict[str, Any]) -> Size:
    lines = _lines(path)
    part = lines.part(path, lambda file: EmbeddedReaders().read_edges(file, **options))
    return part.size(workers, text=lines.bytes, at_one_worker=lines.packed)


def _csv(path: str, workers: int, options: dict[str, Any]) -> Size:
    nodes, lines = options.pop("nodes", None), _lines(path)
    options["on_error"] = "skip"  # a part may begin within a field
    part = lines.part(path, lambda file: EmbeddedReaders().read_csv(file, **options))
    if nodes is None:
        return part.size(workers)
    rows = _lines(os.fspath(nodes))
    own = rows.part(os.fspath(nodes), lambda file: _csv_nodes(file, options)).whole
    return part.size(workers, _known(part, rows.count() - 1), node_columns=columns_of(own, "nodes"))


def _csv_nodes(file: Path, options: dict[str, Any]) -> Graph:
    """Of rows of nodes, without edges."""
    edges = file.with_name("edges.csv")
    edges.write_text(options.get("delimiter", ",").join((options.get("source", "source"), options.get("target", "target"))) + "\n")
    return EmbeddedReaders().read_csv(edges, nodes=file, **{name: x for name, x in options.items() if name not in ("key", "types")})


def _known(part: Part, rows: float) -> float:
    """How many nodes there are, where a file of nodes has so many rows: edges may name others."""
    return rows if rows >= part.whole.node_count else max(part.nodes(), rows)


def _ldbc(path: str, workers: int, options: dict[str, Any]) -> Size:
    vfile, efile = ldbc_pair(path)
    nodes, lines = _lines(vfile), _lines(efile)
    directed = options.get("directed", True)
    part = lines.part(efile, lambda file: EmbeddedReaders().read_edges(file, directed=directed, types=["float64"], comment=""))
    columns = (NUMBER,) * max(len(nodes.first().split()) - 1, 0)
    return part.size(workers, nodes.count(), node_columns=columns, text=lines.bytes + nodes.bytes, at_one_worker=lines.packed)


def _matrix(path: str, workers: int, options: dict[str, Any]) -> Size:
    head, lines = matrix_market.head_of(path), _lines(path)
    matrix_market.check_promise(path, head.nodes)
    types, directed = matrix_market.FIELDS[head.field], head.symmetry != "symmetric"
    names = ["source", "target", *([options.get("weight", "weight")] if types else [])]
    entries = Lines([b"\n".join(lines.parts[0].split(b"\n")[head.lines :]), *lines.parts[1:]], 1, 0)
    if entries.count() == 0:
        return Size(head.nodes, 0, directed, workers, 0, text=lines.bytes)

    def read(file: Path) -> Graph:
        return EmbeddedReaders().read_edges(file, names=names, types=types, directed=directed, comment="%", key_type="int64")

    part = replace(entries, ratio=max(head.entries / entries.count(), 1.0)).part(path, read)
    if head.symmetry == "skew-symmetric":  # each entry with its negated mirror
        part = replace(part, ratio=2 * part.ratio)
    return part.size(workers, head.nodes, text=lines.bytes, at_one_worker=lines.packed)


def _metis(path: str, workers: int, options: dict[str, Any]) -> Size:
    lines = _lines(path)
    head, *own = [line for part in lines.parts for line in part.split(b"\n") if not line.lstrip().startswith(b"%")]
    words = head.split()
    try:
        nodes, edges = int(words[0]), int(words[1])
        form, weights = words[2].decode().zfill(3) if len(words) > 2 else "000", int(words[3]) if len(words) > 3 else 1
    except (ValueError, IndexError):
        raise ValueError(f"{path}:1: expected how many nodes and edges there are, found {head[:60].decode(errors='replace')!r}") from None
    if not 0 <= nodes <= lines.bytes or not 0 <= edges <= lines.bytes or not 0 <= weights <= _MOST_WEIGHTS:
        raise ValueError(f"{path}:1: promises more than so large a file can hold: {head[:60].decode(errors='replace')!r}")
    of_node, of_edge = (form[-3] == "1") + (form[-2] == "1") * weights, int(form[-1] == "1")
    degrees = np.array([max(len(line.split()) - of_node, 0) // (1 + of_edge) for line in own[:nodes]])
    columns = {"node_columns": (NUMBER,) * of_node, "edge_columns": (NUMBER,) * of_edge}
    return Size(nodes, edges, False, workers, mirrors_of(nodes, degrees, workers), text=lines.bytes, at_one_worker=lines.packed, **columns)


# --- columns --------------------------------------------------------------------------------------------------------------------------


def _columnar(path: str, workers: int, options: dict[str, Any]) -> Size:
    table, rows, at_once = columnar.sample(path, _SAMPLE_ROWS)
    mark = columnar.marked(table.schema, path)
    nodes = options.pop("nodes", None)
    kind = {"directed": mark.directed, "multi": mark.multi} | {name: x for name, x in options.items() if x is not None}
    if kind["multi"] and "key" in table.column_names:
        kind.setdefault("key", "key")
    part = part_of_table(table, rows, path, kind)
    if nodes is None:
        return part.size(workers, at_once=at_once)
    own, count, _ = columnar.sample(os.fspath(nodes), _SAMPLE_ROWS)
    columns = columns_of(Graph.from_arrow(None, own, node=kind.get("node", "id")), "nodes")
    return part.size(workers, _known(part, count), node_columns=columns, at_once=at_once)


def part_of_table(table: pa.Table, rows: float, path: str, kind: dict[str, Any]) -> Part:
    """Of rows of edges, of which there are so many."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of duplicates: the load itself warns
            whole, half = (Graph.from_arrow(some, **kind) for some in (table, table.slice(0, table.num_rows // 2)))
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: what it takes is not told by parts of it: {error}") from None
    return Part(whole, half, rows / max(table.num_rows, 1))


def _serialized(path: str, workers: int, options: dict[str, Any]) -> Size:
    told = gap.told(path, _SAMPLE_BYTES // 8)
    ends = 1 if told.directed else 2  # of an edge, at which it is an entry
    mirrors = mirrors_of(told.nodes, told.degrees * 2 / ends, workers)
    columns = (NUMBER,) if ending(path) == ".wsg" else ()
    edges = told.entries / ends
    return Size(told.nodes, edges, told.directed, workers, mirrors, edge_columns=columns, text=edges, drawn=True, at_one_worker=told.packed)


# --- elements -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Elements:
    """How many nodes and edges a file of text has, some of the edges as it writes them, what comes before the first, and its bytes."""

    nodes: int
    edges: int
    some: list[bytes]
    head: bytes
    bytes: int

    def alone(self, workers: int, driver: float = 0) -> Size:
        """Of a graph without edges."""
        return Size(self.nodes, 0, True, workers, 0, driver=driver)

    def part(self, path: str, written: bytes) -> Part:
        """As the reader takes some of them, from a file that is written so."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"part{ending(path)}"
            file.write_bytes(written)
            whole = _read(file, path, lambda: EmbeddedReaders().read(file))
        return Part(whole, whole, self.edges / len(self.some))


def _elements(
    path: str, end: bytes, node: re.Pattern[bytes], edge: re.Pattern[bytes], elements: Callable[[bytes], list[bytes]]
) -> Elements:
    """Of all of it, a piece at a time, which ends with `end`: `node` and `edge` are counted; of the elements of edges some are kept."""
    nodes, edges, size, some, rest, head = 0, 0, 0, [], b"", b""
    with PlainBytes(path) as file:
        every = max(1, file.size // _SAMPLE_BYTES)
        for number, chunk in enumerate(iter(lambda: file.read(_CHUNK), b"")):
            head, size = head or chunk, size + len(chunk)
            piece = rest + chunk
            cut = piece.rfind(end) + 1 or len(piece)
            piece, rest = piece[:cut], piece[cut:]
            nodes, edges = nodes + len(node.findall(piece)), edges + len(edge.findall(piece))
            if number % every == 0:
                some += elements(piece)
    if not some and (edges or not nodes):
        raise ValueError(f"{path}: what it takes is not told by parts of it: there are no edges as this form has them")
    return Elements(nodes, edges, some[:: max(1, len(some) // _SAMPLED_ELEMENTS)], head, size)


_XML_NODE, _XML_EDGE = re.compile(rb"<(?:\w+:)?node[\s>/]"), re.compile(rb"<(?:\w+:)?edge[\s>/]")
_XML_EITHER, _XML_END = re.compile(rb"<(?:\w+:)?(?:node|edge)[\s>/]"), re.compile(rb"</(?:\w+:)?edge\s*>")
_XML_TAG = re.compile(rb"<(/?)([A-Za-z][\w:.-]*)[^<>]*?(/?)>")


def _xml(path: str, workers: int, options: dict[str, Any]) -> Size:
    found = _elements(path, b">", _XML_NODE, _XML_EDGE, _xml_edges)
    if not found.some:
        return found.alone(workers)
    first = _XML_EITHER.search(found.head)
    if first is None:
        raise ValueError(f"{path}: what it takes is not told by parts of it: its first megabyte has no node or edge")
    head = found.head[: first.start()]
    part = found.part(path, head + b"".join(found.some) + b"".join(b"</%s>" % name for name in _still_open(head, path)))
    looks_again = re.match(rb"<[^>]*\sid=", found.some[0]) and b"<?gli" not in head
    return part.size(workers, found.nodes, at_once=ROWS_AT_ONCE, driver=_PAIR_BYTES * found.edges if looks_again else 0)


def _xml_edges(piece: bytes) -> list[bytes]:
    """The elements that are whole in a piece of a file."""
    begins = [found.start() for found in _XML_EDGE.finditer(piece)]
    elements = []
    for begin, next in zip(begins, [*begins[1:], len(piece)]):
        tag = piece.find(b">", begin, next)
        end = None if tag < 0 or piece[tag - 1 : tag] == b"/" else _XML_END.search(piece, tag, next)
        if tag > 0 and (end or piece[tag - 1 : tag] == b"/"):
            elements.append(piece[begin : end.end() if end else tag + 1])
    return elements


def _still_open(head: bytes, path: str) -> list[bytes]:
    """The elements that are open behind it, the inner ones first."""
    names: list[bytes] = []
    for closes, name, alone in _XML_TAG.findall(head):
        if closes and not names:
            raise ValueError(f"{path}: what it takes is not told by parts of it: </{name.decode()}> ends what did not begin")
        if closes:
            names.pop()
        elif not alone:
            names.append(name)
    return names[::-1]


_JSON_NODE, _JSON_EDGE, _JSON_OBJECT = re.compile(rb'"id"\s*:'), re.compile(rb'"source"\s*:'), re.compile(rb"\{[^{}]*\}")
_JSON_KIND = re.compile(rb'"(directed|multigraph)"\s*:\s*(true|false)')


def _json(path: str, workers: int, options: dict[str, Any]) -> Size:
    found = _elements(path, b"}", _JSON_NODE, _JSON_EDGE, lambda piece: [x for x in _JSON_OBJECT.findall(piece) if _JSON_EDGE.search(x)])
    if not found.some:
        return found.alone(workers, _PARSED_BYTE * found.bytes + _PARSED_ELEMENT * found.nodes)
    kind = b"".join(b'"%s": %s, ' % pair for pair in dict(_JSON_KIND.findall(found.head)).items())
    part = found.part(path, b'{%s"nodes": [], "edges": [%s]}' % (kind, b", ".join(found.some)))
    nodes = found.nodes - found.edges * sum(_JSON_NODE.search(x) is not None for x in found.some) / len(found.some)
    held = _PARSED_BYTE * found.bytes + _PARSED_ELEMENT * (nodes + found.edges)
    return part.size(workers, nodes, at_once=rows_at_once(columns_of(part.whole, "edges")), driver=held)


_FORMS: dict[str, Callable[[str, int, dict[str, Any]], Size]] = {
    "read_edges": _edge_list,
    "read_csv": _csv,
    "read_ldbc": _ldbc,
    "read_mtx": _matrix,
    "read_metis": _metis,
    "read_graphml": _xml,
    "read_gexf": _xml,
    "read_json": _json,
    "read_parquet": _columnar,
    "read_ipc": _columnar,
    "read_gap": _serialized,
}
