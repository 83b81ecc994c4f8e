"""One answer from the answers of the partitions. partitions/query.h names the queries and their columns.

Columns that begin with "_" order the rows of a merge ("_seq" by insertion, "_tie" among equal values) and are not shown.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_IN_ORDER = {"nodes", "edges", "values", "node", "neighbors", "edge", "value"}


def merge(name: str, answers: list[pa.Table], arguments: dict) -> pa.Table:
    """The rows of all partitions as the whole graph would answer.

    >>> parts = [pa.table({"id": [1, 3], "_seq": [0, 2]}), pa.table({"id": [2], "_seq": [1]})]
    >>> merge("nodes", parts, {})["id"].to_pylist()
    [1, 2, 3]
    """
    if len(answers) == 1:
        return visible(_cut(answers[0], arguments) if name in ("sizes",) else answers[0])
    rows = concatenate(answers)
    if name in _IN_ORDER:
        rows = _by_sequence(rows)
        return visible(_window(rows, arguments))
    if name == "differences":
        return visible(_window(rows.take(pc.sort_indices(rows, sort_keys=[("_part", "ascending"), ("_seq", "ascending")])), arguments))
    if name == "top":
        order = "ascending" if arguments.get("ascending") else "descending"
        return visible(_cut(_sorted(rows, [("value", order)]), arguments))
    if name == "compare":
        return visible(_cut(_by_change(rows), arguments))
    if name in ("sizes", "histogram"):
        return _cut(_sizes(rows, by_value=name == "histogram"), arguments)
    return visible(rows)


def visible(rows: pa.Table) -> pa.Table:
    """Without the columns that only order a merge, and in one chunk."""
    return rows.select([n for n in rows.column_names if not n.startswith("_")]).combine_chunks()


def concatenate(answers: list[pa.Table]) -> pa.Table:
    """All rows; a column that a partition lacks is null there, and an empty answer's types give way."""
    filled = [a for a in answers if a.num_rows] or answers[:1]
    return pa.concat_tables(filled, promote_options="permissive")


def _by_sequence(rows: pa.Table) -> pa.Table:
    if "_seq" not in rows.column_names:
        return rows
    return rows.take(pc.sort_indices(rows, sort_keys=[("_seq", "ascending")]))


def _window(rows: pa.Table, arguments: dict) -> pa.Table:
    return rows.slice(arguments.get("offset") or 0, arguments.get("limit"))


def _cut(rows: pa.Table, arguments: dict) -> pa.Table:
    return rows.slice(0, arguments.get("n"))


def _tie(rows: pa.Table) -> str:
    return "_tie" if "_tie" in rows.column_names else "id"


def _sorted(rows: pa.Table, keys: list[tuple[str, str]]) -> pa.Table:
    return rows.take(pc.sort_indices(rows, sort_keys=[*keys, (_tie(rows), "ascending")]))


def _by_change(rows: pa.Table) -> pa.Table:
    ordered = _sorted(rows.append_column("_size", pc.abs(rows["change"])), [("_size", "descending")])
    return ordered


def _sizes(rows: pa.Table, by_value: bool) -> pa.Table:
    summed = rows.group_by("value", use_threads=False).aggregate([("count", "sum")]).rename_columns(["value", "count"])
    keys = [("value", "ascending")] if by_value else [("count", "descending"), ("value", "ascending")]
    return summed.take(pc.sort_indices(summed, sort_keys=keys)).combine_chunks()
