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


def test_csv_and_gap_files_give_the_same_graph_on_a_cluster(client, g, tmp_path):
    g.write_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv")
    again = client.read_csv(tmp_path / "e.csv", nodes=tmp_path / "n.csv", directed=False)
    assert again.graph_id == g.graph_id and list(again.nodes) == list(g.nodes)
    g.write(tmp_path / "g.wsg", relabel=True)
    assert client.read(tmp_path / "g.wsg").graph_id == gli.read(tmp_path / "g.wsg").graph_id


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


def test_the_graph_s_own_attributes_stay_behind_with_a_warning(client, g, tmp_path):
    g.set_graph_attribute("year", 2020).write(tmp_path / "g.graphml")
    with pytest.warns(UserWarning, match="own attributes stay behind"):
        assert client.read(tmp_path / "g.graphml").graph_id == g.graph_id
