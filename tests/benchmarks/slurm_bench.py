"""A job of three nodes of a Slurm on this machine: from the start of its batch script to its answer, and to its end. Medians.

    slurm_bench.py --edges p2p-31.e [--times 5]

As root, with slurm-wlm and munge installed. The answer: how many components, and the node of largest PageRank. `nothing` prints at once.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "cluster"))
from by_hand import command
from slurm_nodes import Slurm

ANSWER = """
import sys, time, gli
client = gli.connect()
g = client.read_edges(sys.argv[1])
print(time.time(), g.connected_components().count(), g.pagerank(iterations=20).top(1)["id"][0], time.time())
"""
NOTHING = "import time; print(time.time(), time.time())"


def seconds(slurm, folder, text, edges):
    """From the first line of the batch script to the answer, and to the job's end."""
    (folder / "job.py").write_text(text)
    begun = folder / "begun"
    words = (
        "submit",
        "--slurm",
        "-N",
        3,
        "--cores",
        1,
        "--walltime",
        5,
        "--prologue",
        f"date +%s.%N > '{begun}'",
        folder / "job.py",
        edges,
    )
    number = slurm.run(*command(*words), cwd=folder, check=True).stdout.strip()
    while number in slurm.jobs():
        time.sleep(0.01)
    ended = time.time()
    start, answer = float(begun.read_text()), float((folder / f"slurm-{number}.out").read_text().split()[-1])
    return answer - start, ended - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--edges", required=True)
    parser.add_argument("--times", type=int, default=5)
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        slurm = Slurm(folder)
        try:
            for name, text in (("nothing", NOTHING), (Path(o.edges).name, ANSWER)):
                times = [seconds(slurm, Path(folder), text, o.edges) for _ in range(o.times)]
                answer, end = (statistics.median(t) for t in zip(*times))
                print(
                    f"{name}: answer after {answer:.2f} s (slowest {max(t[0] for t in times):.2f}), job ended after {end:.2f} s", flush=True
                )
        finally:
            slurm.end()


if __name__ == "__main__":
    main()
