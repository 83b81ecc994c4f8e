"""Readers of files as libFuzzer programs, with atheris: readers_fuzz.py READER [arguments of libFuzzer];
--list names the readers.

The first byte of an input chooses options, the rest is the file; where a reader takes two files, SECOND ends the one of edges and the one
of nodes follows. Whatever the bytes are, the reader gives a graph that holds together, or one of the errors that docs/formats.md knows,
which names the file. libFuzzer watches time and memory.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gli"]):
    import gli
import pandas  # noqa: F401  pyarrow imports it when first asked, which is slower than an input may be
import pyarrow.compute as pc

SECOND = b"\n8<--8<--\n"
POLICIES = ("first", "last", "error", "sum", "multi")
FOLDER = Path(tempfile.mkdtemp(prefix="gli-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


class Files:
    """One input as files, and its options."""

    def __init__(self, data: bytes, ending: str):
        self.choice, rest = (data[0], data[1:]) if data else (0, b"")
        self.duplicates = POLICIES[self.choice % 8 % len(POLICIES)]
        self.on_error = "skip" if self.choice & 8 else "raise"
        self.high = self.choice >> 4
        edges, found, nodes = rest.partition(SECOND)
        self.edges, self.nodes = FOLDER / f"edges{ending}", FOLDER / f"nodes{ending}" if found else None
        self.edges.write_bytes(edges)
        if self.nodes:
            self.nodes.write_bytes(nodes)


def columnar(read: Callable) -> Callable:
    """Parquet or IPC."""
    return lambda f: read(f.edges, f.nodes, multi=[None, True, False][f.high % 3], duplicates=f.duplicates)


def xml(read: Callable) -> Callable:
    """GraphML or GEXF."""
    return lambda f: read(f.edges, [None, "str", "int64"][f.high % 3], [None, True, False][f.high // 3 % 3], duplicates=f.duplicates)


def csv(f: Files):
    """CSV with and without types and a file of nodes."""
    types = {"x": ("int64", "float64", "bool", "datetime", "str")[f.high % 5]} if f.high & 8 else None
    return gli.read_csv(f.edges, f.nodes, types=types, directed=f.high & 4 == 0, on_error=f.on_error, duplicates=f.duplicates)


def ldbc(f: Files):
    """Both files, or one for both."""
    return gli.read_ldbc(f.nodes or f.edges, f.edges, f.high & 1 == 0, f.on_error, f.duplicates)


def edges(f: Files):
    """Edge lists as they come."""
    more = {"header": f.high & 1 == 1, "delimiter": [None, ",", "\t"][f.high // 2 % 3]}
    return gli.read_edges(f.edges, directed=f.high & 8 == 0, on_error=f.on_error, duplicates=f.duplicates, **more)


def metis(f: Files):
    """METIS; bad lines are skipped where duplicates allow it."""
    on_error = f.on_error if f.duplicates in ("first", "last") else "raise"
    return gli.read_metis(f.edges, on_error=on_error, duplicates=f.duplicates)


READERS: dict[str, tuple[str, Callable]] = {
    "csv": (".csv", csv),
    "edges": (".txt", edges),
    "gap": (".sg", lambda f: gli.read_gap(f.edges, duplicates=f.duplicates)),
    "gap_weighted": (".wsg", lambda f: gli.read_gap(f.edges, duplicates=f.duplicates)),
    "gexf": (".gexf", xml(gli.read_gexf)),
    "graphml": (".graphml", xml(gli.read_graphml)),
    "ipc": (".arrow", columnar(gli.read_ipc)),
    "json": (".json", lambda f: gli.read_json(f.edges, duplicates=f.duplicates)),
    "ldbc": (".e", ldbc),
    "matrix_market": (".mtx", lambda f: gli.read_mtx(f.edges, on_error=f.on_error, duplicates=f.duplicates)),
    "metis_graph": (".graph", metis),
    "parquet": (".parquet", columnar(gli.read_parquet)),
}


@contextmanager
def documented() -> Iterator[None]:
    """Lets the errors pass that users are told of, if they name the file."""
    try:
        yield
    except (ValueError, KeyError, TypeError, OSError, OverflowError) as error:
        if str(FOLDER) not in str(error):
            raise


def check(graph: gli.Graph) -> None:
    """That columns are sound and every edge is between nodes of the graph."""
    nodes, edges = graph.nodes.to_arrow(), graph.edges.to_arrow()
    nodes.validate(full=True)
    edges.validate(full=True)
    assert (nodes.num_rows, edges.num_rows) == (graph.node_count, graph.edge_count)
    for end in ("source", "target"):
        assert pc.all(pc.is_in(edges.column(end), value_set=nodes.column("id")), min_count=0).as_py()


def main() -> None:
    """Fuzzes the reader that is named first."""
    if sys.argv[1:] == ["--list"]:
        return print(*READERS)
    ending, read = READERS[sys.argv.pop(1)]
    warnings.simplefilter("ignore")

    def one_input(data: bytes) -> None:
        graph = None
        with documented():
            graph = read(Files(data, ending))
        if graph is not None:
            check(graph)

    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
