import pyarrow as pa

from gli._merge import merge


def rows(**columns):
    return pa.table(columns)


def test_top_breaks_ties_by_the_hash_and_puts_nulls_last():
    parts = [
        rows(id=["b", "x"], value=[2, None], _tie=pa.array([b"\2", b"\0"])),
        rows(id=["a", "c"], value=[2, 3], _tie=pa.array([b"\1", b"\3"])),
    ]
    assert merge("top", parts, {"n": 3})["id"].to_pylist() == ["c", "a", "b"]
    assert merge("top", parts, {"n": 9})["id"].to_pylist() == ["c", "a", "b", "x"]
    assert merge("top", parts, {"n": 2, "ascending": True})["id"].to_pylist() == ["a", "b"]


def test_sizes_add_up_over_partitions():
    parts = [rows(value=[1, 5], count=[2, 3]), rows(value=[1, None], count=[4, 1])]
    assert merge("sizes", parts, {}).to_pylist() == [{"value": 1, "count": 6}, {"value": 5, "count": 3}, {"value": None, "count": 1}]
    assert merge("sizes", parts, {"n": 1}).num_rows == 1
    assert merge("histogram", parts, {})["value"].to_pylist() == [1, 5, None]


def test_compare_keeps_those_that_moved_most():
    parts = [
        rows(id=[1, 4], value=[1.0, 2.0], older=[0.5, 2.0], change=[0.5, 0.0]),
        rows(id=[2], value=[None], older=[0.75], change=[-0.75]),
    ]
    assert merge("compare", parts, {"n": 2})["id"].to_pylist() == [2, 1]


def test_a_partition_without_a_column_has_nulls_there():
    parts = [rows(id=[1], name=["x"], _seq=[1]), rows(id=[2], _seq=[0])]
    assert merge("nodes", parts, {}).to_pylist() == [{"id": 2, "name": None}, {"id": 1, "name": "x"}]


def test_a_window_is_cut_from_the_whole():
    parts = [rows(id=[1, 3], _seq=[0, 2]), rows(id=[2], _seq=[1])]
    assert merge("nodes", parts, {"offset": 1, "limit": 1})["id"].to_pylist() == [2]
