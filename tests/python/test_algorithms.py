import pytest

import gli


@pytest.fixture
def chain():
    """1 → 2 → 3, 2 ⇄ 5, a loop at 3, 7 alone."""
    return gli.Graph().add_nodes([1, 2, 3, 5, 7]).add_edges([(1, 2), (2, 3), (2, 5), (5, 2), (3, 3)])


def test_bfs_counts_steps_and_none_is_unreachable(chain):
    assert chain.bfs(1).to_dict() == {1: 0, 2: 1, 3: 2, 5: 2, 7: None}
    assert chain.bfs(3, reverse=True).to_dict() == {1: 2, 2: 1, 3: 0, 5: 2, 7: None}
    assert chain.bfs(3, undirected=True)[1] == 2
    assert chain.bfs(1, depth_limit=1).to_dict() == {1: 0, 2: 1, 3: None, 5: None, 7: None}
    assert chain.bfs(1).histogram().to_pylist()[:2] == [{"value": 0, "count": 1}, {"value": 1, "count": 1}]


def test_components_are_named_by_their_smallest_key(chain):
    found = chain.connected_components()
    assert found.to_dict() == {1: 1, 2: 1, 3: 1, 5: 1, 7: 7} and found.count() == 2
    assert found.sizes().to_pylist() == [{"value": 1, "count": 4}, {"value": 7, "count": 1}] and len(found.sizes(1)) == 1
    assert gli.Graph.from_edge_list([("b", "a"), ("d", "c")]).connected_components()["d"] == "c"


def plain_pagerank(graph, rounds, alpha=0.85):
    keys, edges = list(graph.nodes), list(graph.edges)
    leaving = {k: [v for u, v in edges if u == k] for k in keys}
    rank = {k: 1 / len(keys) for k in keys}
    for _ in range(rounds):
        sinks = sum(rank[k] for k in keys if not leaving[k])
        new = {k: (1 - alpha + alpha * sinks) / len(keys) for k in keys}
        for k in keys:
            for v in leaving[k]:
                new[v] += alpha * rank[k] / len(leaving[k])
        rank = new
    return rank


def test_pagerank_agrees_with_a_plain_one(chain):
    assert chain.pagerank(iterations=3).to_dict() == pytest.approx(plain_pagerank(chain, 3), abs=1e-12)
    expected = plain_pagerank(chain, 200)
    got = chain.pagerank(tol=1e-12, max_iter=1000)
    assert got.to_dict() == pytest.approx(expected, abs=1e-9)
    assert sum(got.values()) == pytest.approx(1, abs=1e-12)


def test_pagerank_runs_exactly_the_rounds_asked_for(chain):
    assert chain.pagerank(iterations=3).summary["rounds"] == 3
    with pytest.raises(KeyError, match="no edge has an attribute 'w'"):
        chain.pagerank(weight="w")
    with pytest.raises(ValueError, match="alpha"):
        chain.pagerank(alpha=2.0)


def test_degrees(chain):
    assert chain.degree(mode="out").to_dict() == {1: 1, 2: 2, 3: 1, 5: 1, 7: 0}
    assert chain.degree(2, mode="in") == 2 and chain.degree(7) == 0
    with pytest.raises(ValueError, match="sideways"):
        chain.degree(mode="sideways")


def test_values_are_a_mapping_and_a_column(chain):
    r = chain.bfs(1)
    assert list(r) == [1, 2, 3, 5, 7] and len(r) == 5 and 7 in r and 8 not in r
    assert r.to_arrow().column_names == ["id", "value"] and r.to_arrow()["value"].null_count == 1
    assert r.to_pandas()[5] == 2 and r.to_polars().shape == (5, 2) and r.to_numpy()[:2].tolist() == [0, 1]
    assert [row["id"] for row in r.top(2).to_pylist()] == [3, 5] and r.top(9)["id"][-1] == 7
    assert r.top(1, ascending=True)["id"] == [1]
    assert r.provenance.algorithm == "bfs" and r.provenance.arguments["source"] == 1
    with pytest.raises(KeyError, match="8"):
        r[8]
    with pytest.raises(ValueError):
        r.top(-1)


def test_compare_shows_what_moved_most():
    old = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
    new = old.remove_node("c").add_node("d").add_edges([("a", "d"), ("d", "b")])
    moved = new.degree().compare(old.degree())
    rows = {r["id"]: (r["value"], r["older"], r["change"]) for r in moved.top(10).to_pylist()}
    assert rows["d"] == (2, None, 2.0) and rows["c"] == (None, 1, -1.0) and rows["a"] == (2, 1, 1.0)
    assert len(moved.top(1)) == 1 and moved.top(1)["id"] == ["d"]
    with pytest.raises(TypeError):
        new.degree().compare({"a": 1})


def _published(path, convert):
    return {int(k): convert(v) for k, v in (line.split() for line in path.read_text().splitlines())}


def _depth(text):
    return None if text == "9223372036854775807" else int(text)


def test_p2p31_has_its_published_answers(p2p31):
    directed = gli.read_ldbc(p2p31 / "p2p-31.v", p2p31 / "p2p-31.e", directed=True)
    undirected = gli.read_ldbc(p2p31 / "p2p-31.v", p2p31 / "p2p-31.e", directed=False)
    assert (len(directed), len(directed.edges)) == (62586, 147892)
    assert directed.bfs(6).to_dict() == _published(p2p31 / "p2p-31-BFS-directed", _depth)
    assert undirected.bfs(6).to_dict() == directed.bfs(6, undirected=True).to_dict() == _published(p2p31 / "p2p-31-BFS", _depth)
    assert undirected.pagerank(iterations=10).to_dict() == pytest.approx(_published(p2p31 / "p2p-31-PR", float), rel=1e-4)
    labels = _published(p2p31 / "p2p-31-WCC", str)
    found = directed.connected_components().to_dict()
    assert len(set(zip(labels.values(), (found[k] for k in labels)))) == len(set(labels.values())) == len(set(found.values()))


def test_a_comparison_says_who_entered_and_who_left():
    older = gli.Graph.from_edge_list([(1, 2), (2, 3), (4, 5)])
    newer = older.remove_node(3).add_node(6).add_edge(2, 4).add_edge(4, 6)
    degrees = newer.degree().compare(older.degree())
    assert degrees.entered()["id"] == [6] and degrees.left()["id"] == [3]
    steps = newer.bfs(1).compare(older.bfs(1))
    assert sorted(steps.entered()["id"]) == [4, 5, 6] and steps.left()["id"] == [3]
    assert steps.left().to_arrow().to_pylist() == [{"id": 3, "value": None, "older": 2, "change": -2.0}]
    assert degrees.to_arrow().num_rows == 6
