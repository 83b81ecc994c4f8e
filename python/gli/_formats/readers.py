"""Every reader of files, written once: for graphs in this process, and for those on a cluster."""

from __future__ import annotations

import os
from typing import Generic, TypeVar

from .. import _loading
from .._timeout import limited
from . import columnar, csv, gap, graphml, gexf, matrix_market, metis, node_link
from .files import ending

G = TypeVar("G")

READERS = {
    **dict.fromkeys((".txt", ".el", ".wel", ".edges", ".edgelist", ".tsv"), "read_edges"),
    ".csv": "read_csv",
    **dict.fromkeys((".v", ".e"), "read_ldbc"),
    ".mtx": "read_mtx",
    **dict.fromkeys((".graph", ".metis"), "read_metis"),
    ".graphml": "read_graphml",
    ".gexf": "read_gexf",
    ".json": "read_json",
    **dict.fromkeys((".parquet", ".pq"), "read_parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc", ".arrows"), "read_ipc"),
    **dict.fromkeys((".sg", ".wsg"), "read_gap"),
}


def by_ending(path, names: dict[str, str]) -> str:
    """The name of the method for a file of this name."""
    found = names.get(ending(path))
    if found is None:
        known = ", ".join(names)
        raise ValueError(f"{os.fspath(path)}: {ending(path)!r} names no form of file; known are {known}, with .gz or .zst if packed")
    return found


def ldbc_pair(path) -> tuple[str, str]:
    """The files of nodes and of edges, by the name of either.

    >>> ldbc_pair("data/g.e.gz")
    ('data/g.v.gz', 'data/g.e.gz')
    """
    text = os.fspath(path)
    packed = text[text.rindex(".") :] if ending(text) != os.path.splitext(text)[1].lower() else ""
    stem = text[: len(text) - len(packed) - 2]
    return f"{stem}.v{packed}", f"{stem}.e{packed}"


class Readers(Generic[G]):
    """Every read_* call. Files packed with gzip or zstd are told by their first bytes. What does not fit is a ValueError that names file
    and line, and then nothing is loaded; on_error="skip" leaves bad lines out and warns with gli.SkippedLinesWarning."""

    def _place(self) -> _loading.Place:
        raise NotImplementedError

    @limited
    def read(self, path: str | os.PathLike, *, timeout: float | None = None, **options) -> G:
        """A graph of a file, read as its ending says; options are those of the reader: read_edges for .txt, .el, .wel, .edges, .edgelist
        and .tsv (delimiter "\\\\t"), read_csv for .csv, read_mtx for .mtx, read_metis for .graph and .metis, read_graphml, read_gexf,
        read_json, read_parquet (.parquet, .pq), read_ipc (.arrow, .feather, .ipc), read_gap (.sg, .wsg), read_ldbc for .v or .e (needs
        directed=). A second ending .gz, .zst or .zstd may follow. TimeoutError after `timeout` seconds.

        >>> import gli, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.csv"
        >>> gli.Graph.from_edge_list([("ann", "bob", {"since": 2020})]).write(file)
        >>> gli.read(file).edges["ann", "bob"]
        {'since': 2020}
        """
        name = by_ending(path, READERS)
        if name == "read_ldbc":
            return self.read_ldbc(*ldbc_pair(path), **options)
        if ending(path) == ".tsv":
            options = {"delimiter": "\t", **options}
        return getattr(self, name)(path, **options)

    def read_edges(
        self,
        path: str | os.PathLike,
        names: list[str] | None = None,
        directed: bool = True,
        delimiter: str | None = None,
        header: bool = False,
        comment: str | None = "#",
        key_type=None,
        multi: bool = False,
        types: list[str] | None = None,
        on_error: str = "raise",
        duplicates: str = "first",
    ) -> G:
        """A graph of an edge list (SNAP's files too): a source, a target and attributes on each line; comments begin with # or %.

        Keys are int64 when every id is a canonical decimal, else str; key_type="str" forces it. `names` names the columns, `types` the
        attributes' types ("int64", "float64", "str", "bool" or "datetime"); `delimiter` None means spaces and tabs. ValueError names file
        and line of what does not fit; then nothing is loaded. on_error="skip" leaves bad lines out and warns (SkippedLinesWarning).
        Self-loops are no errors.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").

        >>> import gli, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.txt"
        >>> _ = file.write_text("ann bob 0.5\\nbob cid 1.5\\n")
        >>> gli.read_edges(file, names=["source", "target", "weight"]).edges["ann", "bob"]
        {'weight': 0.5}
        """
        return _loading.read_edges(
            self._place(), path, names, directed, delimiter, header, comment, key_type, multi, types, on_error, duplicates
        )

    def read_ldbc(
        self, vfile: str | os.PathLike, efile: str | os.PathLike, directed: bool, on_error: str = "raise", duplicates: str = "first"
    ) -> G:
        """A graph in LDBC Graphalytics form: nodes `id [value]` and edges `source target [weight]`, in two text files.

        An edge to a node that is not in the node file is a ValueError that names its line; with on_error="skip" it is a bad line like
        others.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return _loading.read_ldbc(self._place(), vfile, efile, directed, on_error, duplicates)

    def read_csv(
        self,
        path: str | os.PathLike,
        nodes: str | os.PathLike | None = None,
        source: str = "source",
        target: str = "target",
        key: str | None = None,
        node: str = "id",
        directed: bool = True,
        multi: bool = False,
        key_type=None,
        delimiter: str = ",",
        quote: str = '"',
        types: dict[str, str] | None = None,
        on_error: str = "raise",
        duplicates: str = "first",
    ) -> G:
        """A graph of a CSV file of edges and, if given, one of nodes; the first line names the columns. Fields may be quoted and then hold
        delimiters, quotes (doubled) and line ends.

        Types are int64, float64, bool (true, false), datetime (ISO 8601) or str by what a column holds; `types` says otherwise, by column.
        An empty field is null, a quoted empty one is empty text.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").

        >>> import gli, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "friends.csv"
        >>> _ = file.write_text('from,to,note\\nann,bob,"old, and good"\\n')
        >>> gli.read_csv(file, source="from", target="to").edges["ann", "bob"]
        {'note': 'old, and good'}
        """
        names = (source, target, key, node)
        return csv.read(self._place(), path, nodes, *names, directed, multi, key_type, delimiter, quote, types, on_error, duplicates)

    def read_mtx(self, path: str | os.PathLike, weight: str = "weight", on_error: str = "raise", duplicates: str = "first") -> G:
        """A graph of a square sparse matrix in Matrix Market's coordinate form: nodes 1 … n; directed if it is general, undirected if
        symmetric, directed with each entry's negated mirror if skew-symmetric. Entries become the edges' attribute `weight`, int64 or
        float64; a pattern has none.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return matrix_market.read(self._place(), path, weight, on_error, duplicates)

    def read_metis(self, path: str | os.PathLike, on_error: str = "raise", duplicates: str = "first") -> G:
        """An undirected graph in METIS's form: nodes 1 … n, attributes `size` and `weight` (`weight_1` … with several), edges `weight`.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return metis.read(self._place(), path, on_error, duplicates)

    def read_graphml(self, path: str | os.PathLike, key_type=None, multi: bool | None = None, duplicates: str = "first") -> G:
        """A graph of a GraphML file, with the types that it declares. Parallel edges make it a multi graph whose keys are the edges' ids;
        multi=True or False decides it.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return graphml.read(self._place(), path, key_type, multi, duplicates)

    def read_gexf(self, path: str | os.PathLike, key_type=None, multi: bool | None = None, duplicates: str = "first") -> G:
        """A graph of a static GEXF file, with the types that it declares; positions and colors are left out. Parallel edges as in
        read_graphml.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return gexf.read(self._place(), path, key_type, multi, duplicates)

    def read_json(self, path: str | os.PathLike, edges: str | None = None, duplicates: str = "first") -> G:
        """A graph of JSON in node-link form, as networkx.node_link_data gives it; the list of edges is `edges`, or else "edges" or
        "links". The whole file is held in memory.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return node_link.read(self._place(), path, edges, duplicates)

    def read_parquet(
        self,
        path: str | os.PathLike,
        nodes: str | os.PathLike | None = None,
        source: str = "source",
        target: str = "target",
        key: str | None = None,
        node: str = "id",
        directed: bool | None = None,
        multi: bool | None = None,
        key_type=None,
        duplicates: str = "first",
    ) -> G:
        """A graph of a Parquet file of edges and, if given, one of nodes; or of Arrow IPC files or streams, as their first bytes say.
        Direction and parallel edges are as the file says when GLI wrote it, else directed and none.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return columnar.read(self._place(), path, nodes, source, target, key, node, directed, multi, key_type, duplicates)

    read_ipc = read_parquet

    def read_gap(self, path: str | os.PathLike, duplicates: str = "first") -> G:
        """A graph serialized by the GAP Benchmark Suite: .sg, or .wsg whose weights become the edges' attribute `weight`; nodes are
        0 … n - 1.

        Of edges that come again `duplicates` keeps the "first" or the "last", adds up numbers ("sum"), keeps all ("multi") or refuses them
        ("error").
        """
        return gap.read(self._place(), path, duplicates)


class EmbeddedReaders(Readers):
    """Readers of graphs in this process."""

    def _place(self):
        return _loading.EMBEDDED
