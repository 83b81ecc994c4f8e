"""Files that are damaged or lie: one clear error that names the file. The inputs are what fuzzers found, and what heads promise."""

import gzip
import json

import pyarrow as pa
import pytest

import gli

HEAD = "<graphml><key id='n' for='node' attr.name='n' attr.type='int'/><key id='y' yfiles.type='x'/><graph edgedefault='directed'>"


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.graphml", b'<?xml version="1.0" encoding="UTF-5"?><graphml/>'),
        ("a.csv", b"source,target,x\xb3\n1,2,3\n"),
        ("a.json", b'{"nodes": [], "links": [], "n": ' + b"9" * 5000 + b"}"),
        ("b.json", b'{"nodes": [], "links": [], "gli": [1]}'),
        ("c.json", b'{"nodes": [], "links": [], "gli": {"nodes": {"a": []}}}'),
        ("d.json", b'{"nodes": [], "links": [], "graph": {"t": 5}, "gli": {"graph": {"t": "datetime"}}}'),
        ("a.mtx", b"%%MatrixMarket matrix coordinate pattern general\n2000000000 2000000000 1\n1 2\n"),
        ("b.mtx", gzip.compress(b"%%MatrixMarket matrix coordinate pattern general\n1000000000000 1000000000000 0\n")),
        ("c.mtx", gzip.compress(b"%%MatrixMarket matrix coordinate pattern general\n2000000000 2000000000 0\n")),
        ("a.sg", b"\1" + (10**12).to_bytes(8, "little") + (2**31 - 1).to_bytes(8, "little")),
        ("b.sg", b"\0" + (10**12).to_bytes(8, "little") + (1).to_bytes(8, "little") + bytes(8) + (10**12).to_bytes(8, "little")),
        ("a.graph", b"2000000000 1000000000\n2\n1\n"),
        ("a.parquet", b"PAR1\0\0PAR1"),
        ("a.arrow", b"ARROW1\0\0nothing"),
        ("b.arrow", b""),
    ],
)
def test_a_file_that_lies_is_named_and_costs_no_more_than_its_bytes(write, name, content):
    path = write(name, content)
    with pytest.raises((ValueError, TypeError), match=str(path)):
        gli.read(path)


def test_a_header_that_is_no_text_is_refused(write):
    path = write("e.txt", b"source target x\xbb\n1 2 3\n")
    with pytest.raises(ValueError, match=f"{path}:1: not a text file"):
        gli.read_edges(path, header=True)
    with pytest.raises(ValueError, match=f"{path}.*'_x'"):
        gli.read_edges(write("e.txt", "source target _x\n1 2 3\n"), header=True)


def test_data_of_other_programs_around_data_of_ours_is_passed_over(write):
    body = "<node id='1'><data key='y'><data key='n'>5</data></data></node></graph></graphml>"
    assert gli.read(write("n.graphml", HEAD + body)).nodes[1] == {"n": 5}


def test_rows_of_csv_that_are_no_text_are_bad_rows(write):
    path = write("e.csv", b"source,target,x\n1,2,3\n1,\xff\n2,\xff,3\n4,5,\xff\n5,6,7\n")
    with pytest.warns(gli.SkippedLinesWarning) as caught:
        g = gli.read_csv(path, on_error="skip")
    assert dict(g.edges.items()) == {(1, 2): {"x": 3}, (5, 6): {"x": 7}}
    assert [line for line, _ in caught[0].message.lines] == [3, 4, 5]
    with pytest.raises(ValueError, match=f"{path}:3: "):
        gli.read_csv(path)


def test_a_line_separator_in_a_comment_is_no_line_end_of_a_matrix(write):
    path = write("m.mtx", "%%MatrixMarket matrix coordinate pattern general\n% a\u2028b\n2 2 1\n1 2\n")
    assert list(gli.read(path).edges) == [(1, 2)]


def test_a_damaged_mark_in_a_schema_is_named(tmp_path):
    path = tmp_path / "e.arrow"
    for mark in ({"directed": 1}, {"attributes": {"x": {"$datetime": 5}}}, [1], {"attributes": {"x": {"other": 5}}}):
        table = pa.table({"source": [1], "target": [2]}).replace_schema_metadata({b"gli": json.dumps(mark)})
        with pa.ipc.new_file(path, table.schema) as out:
            out.write_table(table)
        with pytest.raises(ValueError, match=f"{path}: the schema's metadata 'gli'"):
            gli.read(path)
