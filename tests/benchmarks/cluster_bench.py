"""A local cluster measured beside plain code in the same run. Prints one line a row: what, measured, goal.

    cluster_bench.py [--scale 20] [--flat PROGRAM]      PROGRAM: pagerank_bench, whose flat CSR loop is the yardstick
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import gli
import numpy as np
import pyarrow as pa
import pyarrow.csv

DATA = os.environ.get("GLI_TEST_DATA")


def seconds(ask) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def median(ask, times: int = 5) -> float:
    return statistics.median(seconds(ask) for _ in range(times))


def row(what: str, measured: str, goal: str) -> None:
    print(f"{what:<58} {measured:>14}  {goal}", flush=True)


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def pings(client) -> None:
    client.ping()
    row("empty request to the coordinator and back, median of 1,000", f"{median(client.ping, 1000) * 1e6:.0f} µs", "< 200 µs")


def published_graph(client) -> None:
    if not DATA:
        return print("p2p-31: skipped, GLI_TEST_DATA does not name a folder that holds it")
    edges = Path(DATA) / "p2p-31" / "p2p-31.e"
    took = median(lambda: client.read_edges(edges).connected_components().count())
    row("p2p-31 from text to components, 2 workers", f"{took:.3f} s", "< 0.5 s")


def write_edges(file: Path, scale: int) -> None:
    """A Kronecker graph's edges as text, in an order that helps nobody."""
    edges = gli.generate_kronecker(scale).edges.to_arrow()
    order = pa.array(np.random.default_rng(1).permutation(edges.num_rows))
    plain = pyarrow.csv.WriteOptions(include_header=False, delimiter=" ")
    pyarrow.csv.write_csv(edges.select(["source", "target"]).take(order), file, plain)


def text_loading(client, scale: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "edges.txt"
        write_edges(file, scale)
        took = [(seconds(lambda: client.read_edges(file)), seconds(lambda: gli.read_edges(file))) for _ in range(5)]
        there, here = (statistics.median(times) for times in zip(*took, strict=True))
        row(f"Kronecker {scale} from text, 2 workers × 1 thread ÷ embedded with 2", f"{there / here:.2f}", "<= 1.3")


def flat_seconds(program: str, scale: int) -> dict[str, float]:
    """How long the flat loops take, by the type of their shares."""
    done = subprocess.run([program, str(scale)], capture_output=True, text=True, check=True)
    return {kind: float(taken) for kind, taken in re.findall(r"flat CSR (\S+) ([\d.]+) s", done.stdout)}


def kronecker(cluster, client, scale: int, flat: str | None) -> None:
    small = resident(cluster.coordinator_pid)
    client.generate_kronecker(16).connected_components().count()
    small = max(small, resident(cluster.coordinator_pid))
    begun = time.perf_counter()
    g = client.generate_kronecker(scale, directed=False)
    took = time.perf_counter() - begun
    row(f"Kronecker {scale}: edges loaded a second, 2 workers", f"{16 * 2**scale / took / 1e6:.2f} M", ">= 1 M")
    g.pagerank(iterations=1)
    ours = median(lambda: g.pagerank(iterations=20))
    row(f"Kronecker {scale}: PageRank, 20 rounds, 2 workers × 1 thread", f"{ours:.2f} s", "")
    if flat:
        for kind, taken in flat_seconds(flat, scale).items():
            row(f"   ÷ a flat CSR loop over {kind} shares with 2 threads", f"{ours / taken:.2f}", "<= 2")
    row(f"coordinator's memory, Kronecker {scale} ÷ 16", f"{resident(cluster.coordinator_pid) / small:.3f}", "< 1.10")


def peak(pid: int) -> int:
    """The most that was resident since reset_peak()."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1])


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def triangles_memory(scale: int) -> None:
    """What counting triangles needs beside the graph, for 2 and 4 partitions."""
    budget = 8 << 20  # of lists under way, to and from: partitions/algorithms/triangles.h
    for workers in (2, 4):
        with gli.LocalCluster(n_workers=workers, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
            g = client.generate_kronecker(scale, directed=False)
            share = sum(g.partition_stats().to_arrow()["bytes"].to_pylist()) / workers
            g.degree()
            pids = [w.pid for w in cluster.workers]
            before = [resident(pid) for pid in pids]
            for pid in pids:
                reset_peak(pid)
            g.triangles()
            most = max(peak(pid) - b for pid, b in zip(pids, before, strict=True))
            ratio = f"{most / (share + 2 * budget):.2f}"
            row(f"Kronecker {scale}: triangles on {workers}: peak memory ÷ (graph / P + budget)", ratio, "<= 1")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--flat")
    arguments = parser.parse_args()
    with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        pings(client)
        published_graph(client)
        text_loading(client, arguments.scale)
        kronecker(cluster, client, arguments.scale, arguments.flat)
    triangles_memory(arguments.scale - 2)


if __name__ == "__main__":
    main()
