"""The demo's reading of Debian's package lists."""

import pytest

import gli
from gli.demo import packages

LISTS = """\
Package: a
Version: 2
Section: contrib/games
Installed-Size: 7
Maintainer: Someone <s@example.org>
Essential: yes
Depends: b (>= 1), b (<< 3), c | d,
 e:any
Breaks: b (<< 1)
Provides: mail

Package: a
Version: 1
Depends: zzz

Package: b
Version: 1
Installed-Size: junk
"""


@pytest.fixture
def graph():
    return gli.Graph.from_batches(packages.batches([LISTS]), key="key")


def test_packages_are_nodes_with_typed_attributes(graph):
    assert graph.nodes["a"] == {
        "version": "2",
        "section": "games",
        "installed_size": 7,
        "maintainer": "Someone <s@example.org>",
        "essential": True,
        "virtual": False,
    }
    assert graph.nodes["b"] == {"version": "1", "essential": False, "virtual": False}
    assert graph.nodes["mail"] == {"virtual": True} and list(graph.nodes) == ["a", "b", "c", "d", "e", "mail"]


def test_relations_are_edges_with_kind_constraint_and_alternatives(graph):
    assert graph.edges["a", "b"] == {
        "Depends": {"kind": "Depends", "constraint": ">= 1, << 3"},
        "Breaks": {"kind": "Breaks", "constraint": "<< 1"},
    }
    assert graph.edges["a", "c", "Depends"] == graph.edges["a", "d", "Depends"] == {"kind": "Depends", "alternatives": 2}
    assert graph.edges["a", "e", "Depends"] == {"kind": "Depends"} and graph.has_edge("a", "mail", "Provides")


def test_of_a_package_listed_twice_the_first_stays(graph):
    assert "zzz" not in graph


def test_a_paragraph_may_span_pieces():
    pieces = [LISTS.encode()[i : i + 11] for i in range(0, len(LISTS), 11)]
    whole = gli.Graph.from_batches(packages.batches(packages.whole_paragraphs(pieces)), key="key")
    assert whole.graph_id == gli.Graph.from_batches(packages.batches([LISTS]), key="key").graph_id
