"""Drivers and jobs come and go, some without a farewell: memory, descriptors and the store's size stay as they are.

GLI_SOAK=600: for ten minutes.
"""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import gli
import pytest
from cluster_processes import processes_of

SECONDS = float(os.environ.get("GLI_SOAK", 20))
AT_ONCE = 3

# What one driver does: address, number. It asks much of many kinds, and one in four is killed when it has told that it holds things.
DRIVER = """
import os, signal, sys, gli
address, number = sys.argv[1], int(sys.argv[2])
with gli.Client(address) as client:
    g = client.generate_kronecker(10, seed=number)
    ranks = g.pagerank(iterations=5)
    parts = g.connected_components()
    few = g.filter(nodes=gli.key() > 100) if number % 2 else g.add_node(-1).remove_node(-1)
    if number % 4 == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    assert len(ranks.top(10)) == 10 and parts.count() >= 1 and len(few) < 1024
"""

JOB = """
import gli
with gli.connect() as client:
    print(client.generate_kronecker(9).triangles().top(1))
"""


@dataclass
class Held:
    """What a cluster's processes and its store hold."""

    resident: int
    descriptors: int
    stored: int


def held_by(pids, store) -> Held:
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    descriptors = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]
    stored = sum(file.stat().st_blocks * 512 for file in Path(store).rglob("*") if file.is_file())
    return Held(sum(pages) * os.sysconf("SC_PAGE_SIZE"), sum(descriptors), stored)


def one_version_more_and_less(client, path, number):
    """A branch with a commit on it, and all of it gone again."""
    store = client.open_store(path)
    if number == 0:
        store.commit("the first", graph=client.generate_kronecker(10))
    branch = f"try-{number}"
    store.create_branch(branch)
    store.switch_branch(branch)
    store.commit(f"number {number}", graph=store.at("main").add_node(-1 - number))
    assert store.diff("main", branch).summary()
    store.switch_branch("main")
    store.delete_branch(branch, force=True)
    store.gc(keep_reflog=0)


def a_turn(address, number):
    words = [sys.executable, "-c", DRIVER, address]
    return [subprocess.Popen([*words, str(number * AT_ONCE + i)], stderr=subprocess.PIPE) for i in range(AT_ONCE)]


def ends_well(driver):
    _, errors = driver.communicate(timeout=60)
    assert driver.returncode in (0, -signal.SIGKILL), errors.decode()


@pytest.mark.timeout(SECONDS + 180)
def test_memory_descriptors_and_store_stay_flat_while_drivers_and_jobs_come_and_go(tmp_path):
    seen: list[Held] = []
    script, path = tmp_path / "job.py", str(tmp_path / "store.gli")
    script.write_text(JOB)
    with gli.LocalCluster(n_workers=2, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
        lasting = [cluster.coordinator_pid, *(w.pid for w in cluster.workers)]
        end, number = time.monotonic() + SECONDS, 0
        while time.monotonic() < end or number < 6:
            drivers = a_turn(cluster.address, number)
            job = client.submit(script)
            one_version_more_and_less(client, path, number)
            for driver in drivers:
                ends_well(driver)
            assert job.result(timeout=60) is None
            seen.append(held_by(lasting, path))
            number += 1
        assert client.status().ready and [w.pid for w in client.status().workers] == lasting[1:]
    assert processes_of(cluster.cluster_id) == []
    third = len(seen) // 3
    middle, last = seen[third : 2 * third], seen[2 * third :]
    for what, slack in (("resident", 24 << 20), ("descriptors", 12), ("stored", 1 << 20)):
        before, after = max(getattr(h, what) for h in middle), max(getattr(h, what) for h in last)
        assert after <= before * 1.05 + slack, f"{what} grew from {before} to {after} in {number} turns"
