"""Published and hand-computed results, embedded and on 1, 2 and 4 workers."""

from fractions import Fraction
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent.parent / "fixtures"
UNREACHABLE = 9223372036854775807  # as LDBC writes it


def published(path, convert):
    rows = (line.split() for line in path.read_text().splitlines())
    return {int(node): convert(answer) for node, answer in rows}


def depth(text):
    return None if int(text) == UNREACHABLE else int(text)


@pytest.fixture
def read_ldbc(place):
    return place.read_ldbc


@pytest.fixture
def p2p(read_ldbc, data):
    folder = data / "p2p-31"
    return folder, lambda directed: read_ldbc(folder / "p2p-31.v", folder / "p2p-31.e", directed=directed)


def test_the_peer_to_peer_network_has_its_published_size(p2p):
    _, load = p2p
    g = load(True)
    assert (g.node_count, g.edge_count) == (62586, 147892)


def test_breadth_first_depths_are_the_published_ones(p2p):
    folder, load = p2p
    assert load(False).bfs(6).to_dict() == published(folder / "p2p-31-BFS", depth)
    assert load(True).bfs(6).to_dict() == published(folder / "p2p-31-BFS-directed", depth)


def test_components_are_the_published_ones_up_to_their_names(p2p):
    folder, load = p2p
    ours = load(False).connected_components().to_dict()
    theirs = published(folder / "p2p-31-WCC", int)
    assert ours.keys() == theirs.keys()
    pairs = {(ours[n], theirs[n]) for n in ours}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def test_ranks_after_ten_rounds_are_the_published_ones(p2p):
    folder, load = p2p
    ours = load(False).pagerank(iterations=10).to_dict()
    theirs = published(folder / "p2p-31-PR", float)
    assert ours.keys() == theirs.keys()
    assert all(abs(ours[n] - theirs[n]) <= 1e-4 * theirs[n] for n in theirs)


# The hand-computed graph: 1 <-> 2 -> 3, a self-loop at 3, 4 -> 3, and 5 and 6 without edges.


@pytest.fixture
def hand(read_ldbc):
    return lambda directed: read_ldbc(FIXTURES / "hand" / "hand.v", FIXTURES / "hand" / "hand.e", directed=directed)


def test_the_reciprocal_pair_is_two_edges_or_one(hand):
    assert hand(True).edge_count == 5
    assert hand(False).edge_count == 4


def test_hand_computed_depths_with_isolated_nodes_are_null_where_unreachable(hand):
    assert hand(True).bfs(1).to_dict() == {1: 0, 2: 1, 3: 2, 4: None, 5: None, 6: None}
    assert hand(True).bfs(3, reverse=True).to_dict() == {1: 2, 2: 1, 3: 0, 4: 1, 5: None, 6: None}
    assert hand(False).bfs(1).to_dict() == {1: 0, 2: 1, 3: 2, 4: 3, 5: None, 6: None}
    assert hand(True).bfs(5).to_dict() == {1: None, 2: None, 3: None, 4: None, 5: 0, 6: None}


def test_hand_computed_components_are_named_by_their_smallest_key(hand):
    for directed in (True, False):
        r = hand(directed).connected_components()
        assert r.to_dict() == {1: 1, 2: 1, 3: 1, 4: 1, 5: 5, 6: 6}
        assert r.count() == 3
        assert r.sizes()["count"] == [4, 1, 1]


def test_hand_computed_ranks_spread_what_dangles(hand):
    # One round from 1/6 with alpha 17/20: 5 and 6 dangle, so each node gets 3/20/6 + 17/20 * (2/6) / 6 = 13/180.
    base = Fraction(13, 180)
    directed = {1: Fraction(103, 720), 2: Fraction(77, 360), 3: Fraction(307, 720), 4: base, 5: base, 6: base}
    undirected = {1: Fraction(103, 720), 2: Fraction(47, 180), 3: Fraction(239, 720), 4: Fraction(43, 360), 5: base, 6: base}
    for kind, expected in ((True, directed), (False, undirected)):
        assert sum(expected.values()) == 1
        ours = hand(kind).pagerank(iterations=1).to_dict()
        assert ours == pytest.approx({n: float(x) for n, x in expected.items()}, rel=1e-12)
