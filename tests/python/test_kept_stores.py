"""Stores that earlier versions made open for ever after. tests/fixtures/stores: each store, and all that it said when it was made."""

import json
import sys
import tarfile
from pathlib import Path

import pytest

import gli

KEPT = Path(__file__).parents[1] / "fixtures" / "stores"


def commit(store, revision: str) -> dict:
    c, g = store.resolve(revision), store.at(revision)
    return {
        "parents": list(c.parents),
        "message": c.message,
        "author": c.author,
        "time": c.time.isoformat(),
        "graph_id": g.graph_id,
        "said": c.graph_id,
        "nodes": len(g),
        "edges": g.edge_count,
        "results": [store.result(revision, n).to_dict() for n in range(len(c.results))],
    }


def answers(path) -> dict:
    """All that a store says of its history."""
    store = gli.GraphStore(path, create=False)
    ids = {m.after for m in store.reflog() if m.after}
    return {
        "current": store.current_branch,
        "branches": dict(store.branches),
        "tags": dict(store.tags),
        "moves": [[m.branch, m.before, m.after, m.action] for m in store.reflog()],
        "commits": {i: commit(store, i) for i in sorted(ids)},
    }


@pytest.fixture(params=sorted(p.name.removesuffix(".tar.gz") for p in KEPT.glob("*.tar.gz")))
def kept(request, tmp_path):
    with tarfile.open(KEPT / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path)
    return tmp_path / request.param, json.loads((KEPT / f"{request.param}.json").read_text())


def test_there_are_some():
    assert len(list(KEPT.glob("*.tar.gz"))) >= 1


def test_a_kept_store_says_what_it_said_when_it_was_made(kept):
    path, said = kept
    assert gli.GraphStore(path, create=False).verify()
    assert answers(path) == said


def test_a_kept_store_goes_on(kept):
    path, said = kept
    store = gli.GraphStore(path)
    head = store.branches[said["current"]]
    after = store.commit("today", graph=store.get_current_graph().add_node("of today"))
    assert after.parents == (head,) and store.verify()
    now = answers(path)
    assert {i: now["commits"][i] for i in said["commits"]} == said["commits"]
    assert now["moves"][1:] == said["moves"]


if __name__ == "__main__":  # python test_kept_stores.py STORE FILE.json: what to keep beside a store
    Path(sys.argv[2]).write_text(json.dumps(answers(sys.argv[1]), ensure_ascii=False, indent=1, sort_keys=True) + "\n")
