"""Clusters for the tests: one each of 1, 2 and 4 workers for the whole run, and fresh ones for tests that break them."""

import os
from pathlib import Path

import gli
import pytest
from cluster_processes import processes_of

DATA = os.environ.get("GLI_TEST_DATA", "")


def session_cluster(n_workers: int):
    with gli.LocalCluster(n_workers=n_workers) as c:
        identity = c.cluster_id
        yield c
    assert processes_of(identity) == []


@pytest.fixture(scope="session", params=[1, 2, 4], ids=lambda n: f"{n} workers")
def cluster(request):
    yield from session_cluster(request.param)


@pytest.fixture
def client(cluster):
    with gli.Client(cluster) as c:
        yield c


@pytest.fixture(scope="session", params=["embedded", 1, 2, 4], ids=lambda n: n if n == "embedded" else f"{n} workers")
def where(request):
    if request.param == "embedded":
        yield None
    else:
        yield from session_cluster(request.param)


@pytest.fixture
def place(where):
    """Where graphs are made: the gli module itself, or a client; both have the same readers."""
    if where is None:
        yield gli
    else:
        with gli.Client(where) as c:
            yield c


@pytest.fixture
def fresh_cluster():
    """Makes clusters that the test may break; whatever happens, none of their processes is left."""
    made = []

    def make(n_workers: int = 2, **arguments):
        made.append(gli.LocalCluster(n_workers=n_workers, **arguments))
        return made[-1]

    yield make
    for c in made:
        c.close()
        assert processes_of(c.cluster_id) == []


@pytest.fixture
def data():
    if not DATA:
        pytest.skip("GLI_TEST_DATA does not name a folder with published graphs and results")
    return Path(DATA)
