"""memory_limit holds: what does not fit is a MemoryError that says why, and the worker, its graphs and the next call are as ever."""

import re

import gli
import numpy as np
import pyarrow as pa
import pytest
from memory_of import MIB, peak, reset_peak

LIMIT = 256 * MIB
FITS, TOO_LARGE = 14, 21  # scales of Kronecker graphs


@pytest.fixture(scope="module")
def tight():
    with gli.LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=LIMIT) as c:
        yield c


@pytest.fixture
def client(tight):
    """One that lets everything begin, so that it fails where memory ends: test_estimates.py has what is refused before."""
    with gli.Client(tight) as c:
        c._refuse_load = c._refuse_run = lambda *_: None
        yield c


def check_message(error: MemoryError, cluster) -> None:
    """It names a worker, its limit, and what it used."""
    found = re.search(
        r"worker \d+ \(partition (\d), pid (\d+)\) has not enough memory for \w+: its memory_limit is 256.0 MiB, of which [\d.]+ MiB",
        str(error),
    )
    assert found, str(error)
    assert int(found[2]) == cluster.workers[int(found[1])].pid


def test_loads_and_calls_that_do_not_fit_fail_ten_times_in_a_row_and_those_that_fit_pass(tight, client):
    pids = [w.pid for w in tight.workers]
    for pid in pids:
        reset_peak(pid)
    kept = client.generate_kronecker(FITS)
    ranks = kept.pagerank(iterations=5).top(5).to_arrow()
    for _ in range(10):
        with pytest.raises(MemoryError) as raised:
            client.generate_kronecker(TOO_LARGE)
        check_message(raised.value, tight)
        again = client.generate_kronecker(FITS)
        assert again.connected_components().count() == kept.connected_components().count()
        assert kept.pagerank(iterations=5).top(5).to_arrow() == ranks
        assert max(map(peak, pids)) < LIMIT
    assert [w.pid for w in tight.workers] == pids
    assert kept.graph_id == gli.generate_kronecker(FITS).graph_id


def test_rows_that_a_driver_sends_and_do_not_fit_fail_cleanly(tight, client):
    ends = np.random.default_rng(1).integers(0, 2**40, size=(2, 5_000_000))
    rows = pa.table({"source": ends[0], "target": ends[1]})
    for _ in range(2):
        with pytest.raises(MemoryError, match=r"its memory_limit is 256.0 MiB, of which [\d.]+ MiB"):
            client.from_arrow(rows)
        assert client.generate_kronecker(8).connected_components().count() >= 1
    assert all(w.state == "ready" for w in tight.workers)


def test_a_program_that_needs_too_much_fails_alone(client):
    @gli.program(state={"x": "float64"})
    def hungry(v):
        import numpy

        numpy.ones(2**28)

    g = client.generate_kronecker(8)
    with pytest.raises(gli.ProgramError, match="MemoryError|Unable to allocate"):
        g.run(hungry)
    assert g.connected_components().count() >= 1


def test_a_program_has_what_its_worker_leaves_of_the_limit(fresh_cluster):
    @gli.program(state={"x": "float64"})
    def two_hundred(v):
        import numpy

        numpy.ones(200 << 17)

    with gli.Client(fresh_cluster(1, threads_per_worker=1, memory_limit="400MiB")) as client:
        small = client.generate_kronecker(6)
        small.run(two_hundred)
        graphs = [client.generate_kronecker(18, seed=seed) for seed in range(5)]
        with pytest.raises(gli.ProgramError, match="MemoryError|Unable to allocate"):
            small.run(two_hundred)
        assert len({g.graph_id for g in graphs}) == 5
        del graphs
        small.run(two_hundred)


def test_a_limit_is_a_size(fresh_cluster):
    for wrong, error in (("much", ValueError), (0, ValueError), (1.5, TypeError), (True, TypeError)):
        with pytest.raises(error, match="memory_limit"):
            gli.LocalCluster(n_workers=1, memory_limit=wrong)
    with pytest.raises(gli.ClusterError, match="a memory limit of 20.0 MiB is less than a worker needs"):
        gli.LocalCluster(n_workers=1, memory_limit="20MiB")
    assert fresh_cluster(1, memory_limit=None).workers[0].memory_limit == 0
    assert fresh_cluster(2).workers[0].memory_limit > 0
