"""Clusters for the tests: one each of 1, 2 and 4 workers for the whole run, and fresh ones for tests that break them."""

import os
from pathlib import Path

import gli
import pytest
from cluster_processes import processes_of
from everything import needs
from slurm_nodes import TOOLS, Slurm, look_for

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


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    """A Slurm of three nodes, which also makes the jobs' folders in a place of its own; nothing of it is left."""
    needs(*TOOLS)
    if os.geteuid() != 0:
        pytest.skip("three slurmd on one machine are started by root")
    s = Slurm(tmp_path_factory.mktemp("slurm"))
    with pytest.MonkeyPatch.context() as here:
        for name, value in s.own.items():
            here.setenv(name, value)
        yield s
        s.end()
    look_for(lambda: not s.left_behind(), "the end of all that it started")
    assert not list((s.folder / "tmp").iterdir())
