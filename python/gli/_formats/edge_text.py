"""Writers of edge lists and of LDBC Graphalytics' pair of files; their readers are native (gli._loading)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .files import writing
from .tables import Tables, as_text, type_of

_TYPES = ("bool", "int64", "float64", "str", "datetime")
_LINE_ENDS = r"[\r\n\x00]"


def _check_text(tables: Tables, name: str, text: pa.ChunkedArray, delimiter: str, is_key: bool, is_first: bool) -> None:
    """That a field reads back as it is."""
    inside = r"[ \t\r\n\x00]" if delimiter == " " else rf"{_LINE_ENDS}|^ | $|\x{{{ord(delimiter):x}}}"
    bad = [(inside, "text with spaces, delimiters or line ends in it")]
    bad.append((r"^$", "empty text"))
    if is_first:
        bad.append((r"^[#%]", "a source that begins like a comment"))
        bad.append(("^\ufeff", "a source that begins with a byte-order mark"))
    for pattern, what in bad:
        found = text.filter(pc.fill_null(pc.match_substring_regex(text, pattern), False))
        if len(found):
            raise tables.error(f"{what}, such as {found[0].as_py()[:40]!r} of {name!r},")
    if not is_key and delimiter == " " and text.null_count:
        raise ValueError(f"an edge list without delimiter cannot hold edges without {name!r} among edges that have it: say delimiter=','")


def _lines(columns: list[pa.Array], delimiter: str) -> pa.Array:
    columns = [pc.fill_null(pc.cast(c, pa.large_string()), "") for c in columns]
    return pc.binary_join_element_wise(*columns, pa.scalar(delimiter, pa.large_string()))


def _write_lines(stream, table: pa.Table, delimiter: str) -> None:
    """A line for each row of text columns, in pieces."""
    for batch in table.to_batches(max_chunksize=1 << 16):
        if batch.num_rows:
            lines = _lines([batch.column(i) for i in range(batch.num_columns)], delimiter)
            stream.write("\n".join([*lines.to_pylist(), ""]).encode())


def write_edges(graph, path, delimiter: str | None = None, header: bool = False, lossy: bool = False) -> None:
    """Writes a line for each edge."""
    delimiter = " " if delimiter is None else delimiter
    if len(delimiter.encode()) != 1 or delimiter in "\r\n#%":
        raise ValueError(f"delimiter is one ASCII character other than a line end, '#' and '%', not {delimiter!r}")
    tables = Tables(graph, "an edge list", lossy, "CSV, GraphML, JSON (.json) or Parquet")
    tables.without_graph_attributes()
    tables.keep_types(_TYPES)
    tables.without_nodes()
    columns = {}
    for field in tables.edges.schema:
        text = as_text(tables.edges.column(field.name), field)
        if type_of(field) == "str" or delimiter == " ":
            _check_text(tables, field.name, text, delimiter, field.name in tables.edge_keys, field.name == "source")
        columns[field.name] = text
    if header:
        titles = pa.chunked_array([pa.array(list(columns), pa.large_string())])
        _check_text(tables, "names", titles, delimiter, True, True)
    with writing(path) as stream:
        if header:
            stream.write((delimiter.join(columns) + "\n").encode())
        _write_lines(stream, pa.table(columns), delimiter)


def write_ldbc(graph, vfile, efile, lossy: bool = False) -> None:
    """Writes LDBC Graphalytics' files of nodes and edges."""
    tables = Tables(graph, "LDBC's form", lossy, "CSV or Parquet")
    tables.without_parallel_edges()
    tables.without_graph_attributes()
    if graph.key_type == "str":
        raise ValueError("LDBC's form holds int64 keys only: write CSV or Parquet")
    tables.keep("node", lambda f: f.name == "value" and type_of(f) in ("int64", "float64"), ": only 'value', a number")
    tables.keep("edge", lambda f: f.name == "weight" and type_of(f) in ("int64", "float64"), ": only 'weight', a number")
    for element, table in (("nodes", tables.nodes), ("edges", tables.edges)):
        for name in table.column_names:
            if table.column(name).null_count:
                raise tables.error(f"{element} without {name!r} among {element} that have it")
    with writing(vfile) as nodes, writing(efile) as edges:
        for stream, table in ((nodes, tables.nodes), (edges, tables.edges)):
            _write_lines(stream, pa.table({f.name: as_text(table.column(f.name), f) for f in table.schema}), " ")
