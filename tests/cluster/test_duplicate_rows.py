"""Duplicates on clusters: the same graphs as embedded."""

import random

import gli
import pyarrow as pa
import pytest


@pytest.mark.parametrize("policy", ["first", "last", "sum", "multi"])
@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.filterwarnings("ignore::gli.DuplicateWarning")
def test_policies_give_the_same_graph_on_any_number_of_workers(client, policy, directed):
    rng = random.Random(9)
    count = 500
    rows = pa.table(
        {
            "source": [rng.randrange(30) for _ in range(count)],
            "target": [rng.randrange(30) for _ in range(count)],
            "w": [rng.choice([None, rng.random() / 3]) for _ in range(count)],
        }
    )
    there, here = (place.from_arrow(rows, directed=directed, duplicates=policy) for place in (client, gli))
    assert there.graph_id == here.graph_id and there.edge_count == here.edge_count


def test_errors_name_the_same_line_on_any_number_of_workers(client, write_file):
    path = write_file("1 2\n3 4\n5 6\n3 4\n1 2\n")
    with pytest.raises(ValueError, match=":4: edge 3 -> 4 is there already"):
        client.read_edges(path, duplicates="error")


def test_losses_are_counted_over_all_workers(client):
    rows = {"source": list(range(50)) * 2, "target": list(range(50)) * 2, "w": list(range(100))}
    with pytest.warns(gli.DuplicateWarning, match="50 of 50 duplicate edges"):
        client.from_arrow(rows)


@pytest.fixture
def write_file(tmp_path):
    def make(text):
        path = tmp_path / "edges.txt"
        path.write_text(text)
        return path

    return make
