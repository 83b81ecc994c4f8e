"""Every writer of files, as methods of graphs. Modules are imported on first use: a graph can be had without them."""

from __future__ import annotations

import os

_NAMES = {
    **dict.fromkeys((".txt", ".el", ".wel", ".edges", ".edgelist", ".tsv"), "write_edges"),
    ".csv": "write_csv",
    **dict.fromkeys((".v", ".e"), "write_ldbc"),
    ".mtx": "write_mtx",
    **dict.fromkeys((".graph", ".metis"), "write_metis"),
    ".graphml": "write_graphml",
    ".gexf": "write_gexf",
    ".json": "write_json",
    **dict.fromkeys((".parquet", ".pq"), "write_parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), "write_ipc"),
    **dict.fromkeys((".sg", ".wsg"), "write_gap"),
}


class Writers:
    """Every write_* method. Names that end with .gz, .zst or .zstd are packed. A file appears under its name when it is complete: when
    writing fails or is interrupted, what was there before stays. What a form cannot hold is a ValueError that names it, or is left out with
    lossy=True. The rows of a graph on a cluster come to this process first."""

    __slots__ = ()

    def write(self, path: str | os.PathLike, **options) -> None:
        """Writes the graph as the ending says, with the options of the writer: write_edges for .txt, .el, .wel, .edges, .edgelist and .tsv,
        write_csv, write_ldbc (.v or .e), write_mtx, write_metis (.graph, .metis), write_graphml, write_gexf, write_json, write_parquet,
        write_ipc (.arrow, .feather, .ipc), write_gap (.sg, .wsg).

        >>> import gli, tempfile, pathlib
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "g.graphml.gz"
        >>> g = gli.Graph.from_edge_list([(1, 2, {"weight": 0.5})], {1: {"name": "one"}})
        >>> g.write(file)
        >>> gli.read(file) == g
        True
        """
        from .files import ending
        from .readers import by_ending, ldbc_pair

        name = by_ending(path, _NAMES)
        if name == "write_ldbc":
            return self.write_ldbc(*ldbc_pair(path), **options)
        if ending(path) == ".tsv":
            options = {"delimiter": "\t", **options}
        return getattr(self, name)(path, **options)

    def write_edges(self, path: str | os.PathLike, delimiter: str | None = None, header: bool = False, lossy: bool = False) -> None:
        """Writes an edge list: source, target, the key where there are parallel edges, and the attributes, separated by spaces or
        `delimiter`; with header=True after a line of their names."""
        from .edge_text import write_edges

        write_edges(self, path, delimiter, header, lossy)

    def write_ldbc(self, vfile: str | os.PathLike, efile: str | os.PathLike, lossy: bool = False) -> None:
        """Writes LDBC Graphalytics' two files; keys are int64, attributes at most `value` of nodes and `weight` of edges."""
        from .edge_text import write_ldbc

        write_ldbc(self, vfile, efile, lossy)

    def write_csv(
        self, path: str | os.PathLike, nodes: str | os.PathLike | None = None, delimiter: str = ",", lossy: bool = False
    ) -> None:
        """Writes a CSV file of edges and, where `nodes` says, one of nodes."""
        from .csv import write

        write(self, path, nodes, delimiter, lossy)

    def write_mtx(self, path: str | os.PathLike, relabel: bool = False, weight: str = "weight", lossy: bool = False) -> None:
        """Writes a Matrix Market file: general if directed, else symmetric; entries are the edges' attribute `weight`, if there is one.
        Nodes are 1 … n, or numbered in insertion order with relabel=True."""
        from .matrix_market import write

        write(self, path, relabel, weight, lossy)

    def write_metis(self, path: str | os.PathLike, relabel: bool = False, lossy: bool = False) -> None:
        """Writes an undirected graph in METIS's form. Nodes are 1 … n, or numbered in insertion order with relabel=True; attributes are
        int64: `size` and `weight` (or `weight_1` …) of nodes, `weight` of edges."""
        from .metis import write

        write(self, path, relabel, lossy)

    def write_graphml(self, path: str | os.PathLike, lossy: bool = False) -> None:
        """Writes GraphML; attributes are bool, int64, float64 or str."""
        from .graphml import write

        write(self, path, lossy)

    def to_graphml(self, path: str | os.PathLike | None = None, lossy: bool = False) -> str | None:
        """The graph as GraphML text; or written to `path`, as write_graphml does.

        >>> import gli
        >>> print(gli.Graph().add_node("ann", age=41).to_graphml().splitlines()[5])
        <node id="ann"><data key="d0">41</data></node>
        """
        from .graphml import to_text

        if path is not None:
            return self.write_graphml(path, lossy)
        parts: list[str] = []
        to_text(self, parts.append, lossy)
        return "".join(parts)

    def write_gexf(self, path: str | os.PathLike, lossy: bool = False) -> None:
        """Writes GEXF 1.2, for Gephi; attributes are bool, int64, float64 or str, the graph itself has none."""
        from .gexf import write

        write(self, path, lossy)

    def write_json(self, path: str | os.PathLike, edges: str = "edges") -> None:
        """Writes JSON in node-link form, which networkx.node_link_graph reads; holds everything. The list of edges is called `edges`."""
        from .node_link import write

        write(self, path, edges)

    def write_parquet(
        self, path: str | os.PathLike, nodes: str | os.PathLike | None = None, lossy: bool = False, compression: str = "zstd"
    ) -> None:
        """Writes a Parquet file of edges and, where `nodes` says, one of nodes; together they hold everything."""
        from .columnar import write

        write(self, path, nodes, "Parquet", lossy, compression)

    def write_ipc(
        self, path: str | os.PathLike, nodes: str | os.PathLike | None = None, lossy: bool = False, compression: str | None = None
    ) -> None:
        """The same as write_parquet, as Arrow IPC files (Feather); compression None, "zstd" or "lz4"."""
        from .columnar import write

        write(self, path, nodes, "Arrow IPC", lossy, compression)

    def write_gap(self, path: str | os.PathLike, relabel: bool = False, weight: str = "weight", lossy: bool = False) -> None:
        """Writes GAP's .sg, or .wsg with the edges' attribute `weight`, an int32. Nodes are 0 … n - 1, or numbered in insertion order with
        relabel=True."""
        from .gap import write

        write(self, path, relabel, weight, lossy)
