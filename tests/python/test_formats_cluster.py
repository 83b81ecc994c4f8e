"""The same readers on a cluster: the driver passes batches on, and the graph is the same."""

import pyarrow as pa
import pytest

import gli


@pytest.fixture(scope="module")
def client():
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        yield client


@pytest.fixture
def g():
    return gli.Graph.from_edge_list([(i, i % 7 + 1, {"weight": i}) for i in range(1, 50) if i != i % 7 + 1], directed=False)


@pytest.mark.parametrize("name", ["g.graphml", "g.gexf.gz", "g.json", "g.parquet", "g.arrow", "g.mtx", "g.graph.zst"])
def test_every_file_gives_the_same_graph_on_a_cluster(client, g, tmp_path, name):
    g.write(tmp_path / name)
    assert client.read(tmp_path / name).graph_id == g.graph_id


@pytest.mark.parametrize("name", "g.txt g.csv g.mtx g.graph g.graphml g.gexf.gz g.json g.parquet g.arrow g.wsg".split())
def test_a_graph_on_a_cluster_is_written_like_one_in_this_process(client, tmp_path, name):
    ends = [(i, i % 7 + 1) for i in range(1, 50) if i != i % 7 + 1]
    edges = pa.table({"source": [u for u, _ in ends], "target": [v for _, v in ends], "weight": range(1, len(ends) + 1)})
    options = {"relabel": True} if name in ("g.mtx", "g.graph", "g.wsg") else {}
    there, here = (place.from_arrow(edges, directed=False) for place in (client, gli))
    (tmp_path / "here").mkdir()
    there.write(tmp_path / name, **options)
    here.write(tmp_path / "here" / name, **options)
    if name in ("g.gexf.gz", "g.parquet"):  # the packing names the time or the sizes of pieces
        assert gli.read(tmp_path / name, **({} if name == "g.gexf.gz" else {"directed": False})) == here
    else:
        assert (tmp_path / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_ldbc_and_two_files_are_written_from_a_cluster(client, tmp_path):
    nodes = pa.table({"id": [1, 2, 9], "value": [0.5, 1.5, 2.5]})
    g = client.from_arrow(pa.table({"source": [1], "target": [2], "weight": [0.5]}), nodes)
    g.write_ldbc(tmp_path / "g.v", tmp_path / "g.e")
    g.write_parquet(tmp_path / "e.parquet", nodes=tmp_path / "n.parquet")
    assert gli.read_ldbc(tmp_path / "g.v", tmp_path / "g.e", directed=True) == g.to_local()
    assert gli.read_parquet(tmp_path / "e.parquet", nodes=tmp_path / "n.parquet") == g.to_local()
    assert g.to_graphml() == g.to_local().to_graphml()


def test_csv_and_gap_files_give_the_same_graph_on_a_cluster(client, g, tmp_path):
    g.write_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv")
    again = client.read_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv", directed=False)
    assert again.graph_id == g.graph_id and list(again.nodes) == list(g.nodes)
    g.write(tmp_path / "g.wsg", relabel=True)
    assert client.read(tmp_path / "g.wsg").graph_id == gli.read(tmp_path / "g.wsg").graph_id
    g.write(tmp_path / "g.wsg.gz", relabel=True)
    assert client.read(tmp_path / "g.wsg.gz").graph_id == gli.read(tmp_path / "g.wsg").graph_id


def test_a_damaged_gap_file_is_named_on_a_cluster_too(client, write, tmp_path):
    gli.Graph.from_edge_list([(0, 1), (0, 2), (2, 1)]).write(tmp_path / "g.sg")
    data = (tmp_path / "g.sg").read_bytes()
    nine = [data[:at] + b"\x09" + data[at + 1 :] for at in (25, 49)]
    for bytes_of, what in ((data[:57], "ends 4 bytes too early"), (nine[0], "offsets"), (nine[1], "a neighbor 9 outside")):
        bad = write("bad.sg", bytes_of)
        with pytest.raises(ValueError, match=f"{bad}: .*{what}"):
            client.read(bad)
    assert client.read(tmp_path / "g.sg").edge_count == 3


def test_bad_lines_are_skipped_on_a_cluster(client, write):
    with pytest.warns(gli.SkippedLinesWarning, match="line 2"):
        assert client.read(write("e.txt", "1 2\nx\n2 3\n"), on_error="skip").edge_count == 2
    v, e = write("g.v", "1\n2\n"), write("g.e", "1 2\n1 7\n7 2\n2 1\n")
    with pytest.warns(gli.SkippedLinesWarning, match="skipped 2 bad lines: line 2: edge to node 7, "):
        assert client.read_ldbc(v, e, directed=True, on_error="skip") == client.from_arrow(pa.table({"source": [1, 2], "target": [2, 1]}))


def test_a_bad_file_leaves_the_cluster_as_it_was(client, write):
    with pytest.raises(ValueError, match=":1: "):
        client.read(write("g.graphml", "<graphml><graph edgedefault='directed'><node/></graph></graphml>"))
    assert client.read(write("e.txt", "1 2\n")).edge_count == 1


@pytest.mark.parametrize("ending", ["graphml", "json", "parquet"])
def test_the_graph_s_own_attributes_come_along(client, g, tmp_path, ending):
    g = g.set_graph_attribute("year", 2020)
    g.write(tmp_path / f"g.{ending}")
    here, there = gli.read(tmp_path / f"g.{ending}"), client.read(tmp_path / f"g.{ending}")
    assert there.attributes == here.attributes == {"year": 2020} and there.graph_id == here.graph_id
