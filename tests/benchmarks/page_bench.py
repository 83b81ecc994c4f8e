"""What the page costs: the coordinator's share of a core while nobody looks, one does, eight do. `--workers N --times K --seconds S`."""

import argparse
import statistics
import sys
import threading
import time
import urllib.request
from pathlib import Path

import gli

sys.path.insert(0, str(Path(__file__).parents[1] / "cluster"))
from cluster_processes import processor_seconds


class Viewer(threading.Thread):
    """Reads states until it is told to stop."""

    def __init__(self, link: str):
        super().__init__(daemon=True)
        base, token = link.split("/#token=")
        self._states = urllib.request.urlopen(urllib.request.Request(f"{base}/state", headers={"Authorization": f"Bearer {token}"}))
        self.looks = True

    def run(self):
        while self.looks:
            self._states.readline()
        self._states.close()


def share(pid: int, seconds: float) -> float:
    """Percent of a core."""
    used, begun = processor_seconds([pid]), time.monotonic()
    time.sleep(seconds)
    return 100 * (processor_seconds([pid]) - used) / (time.monotonic() - begun)


def measure(cluster: gli.LocalCluster, viewers: int, seconds: float) -> float:
    looking = [Viewer(cluster.dashboard_link) for _ in range(viewers)]
    for viewer in looking:
        viewer.start()
    time.sleep(1)
    result = share(cluster.coordinator_pid, seconds)
    for viewer in looking:
        viewer.looks = False
        viewer.join()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("workers", 2), ("times", 5), ("seconds", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    o = parser.parse_args()
    with gli.LocalCluster(n_workers=o.workers, threads_per_worker=1, page=True) as cluster, gli.Client(cluster) as client:
        graph = client.generate_kronecker(12)
        found = {n: [measure(cluster, n, o.seconds) for _ in range(o.times)] for n in (0, 1, 8)}
        for viewers, shares in found.items():
            print(f"{o.workers} workers, {viewers} viewers: median {statistics.median(shares):.2f}% of a core, most {max(shares):.2f}%")
        del graph


if __name__ == "__main__":
    main()
