"""Kernels beside the GAP Benchmark Suite's own programs, or a cluster beside one process: ratios of medians, on the same graphs.

    algorithms_bench.py [--scale 20] [--threads 2] [--trials 5] [--cluster]

GAP_DIR names a folder of the suite's programs; without it rows say "peer absent".
"""

import argparse
import math
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

import gli
from gli import _bench
from gli._bench import program

# kernel: the suite's program and what it is told
_PEERS = {
    "bfs": ["bfs"],
    "sssp": ["sssp"],
    "pr": ["pr_spmv", "-i", "20", "-t", "0"],
    "cc": ["cc"],
    "bc": ["bc", "-i", "4"],
    "tc": ["tc"],
}
# kernel: the most that 2 workers may take beside one process
_ON_WORKERS = {"pr": 1.05, "bfs": 1.05, "cc": 1.05, "bc": None, "tc": None, "cdlp": 1.15, "lcc": 1.15, "sssp": 1.15}
_DELTAS = {"kron": "2", "urand": "2", "grid": "50"}  # the suite's own for its graphs; about its best for the grid
_FOLDER = Path("build/bench")


def median(command: list[str], environment: dict[str, str] | None = None) -> float:
    """Of the times that a program prints."""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | (environment or {}))
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return statistics.median(float(t) for t in re.findall(r"Trial Time:\s+([\d.]+)", done.stdout))


def grid(side: int = 1000) -> Path:
    """A grid of side × side nodes with weights from 1 to 255, as a file."""
    path = _FOLDER / f"grid{side}.wsg"
    if path.exists():
        return path
    ids = np.arange(side * side).reshape(side, side)
    source = np.concatenate([ids[:, :-1].ravel(), ids[:-1].ravel()])
    target = np.concatenate([ids[:, 1:].ravel(), ids[1:].ravel()])
    weight = np.random.default_rng(1).integers(1, 256, len(source))
    edges = pa.table({"source": source, "target": target, "weight": weight})
    _write(gli.from_arrow(edges, directed=False), path)
    return path


def kronecker(scale: int) -> Path:
    path = _FOLDER / f"kronecker{scale}.wsg"
    if not path.exists():
        edges = gli.generate_kronecker(scale, directed=False).edges.to_arrow()
        weight = np.random.default_rng(1).integers(1, 256, edges.num_rows)
        _write(gli.from_arrow(edges.append_column("weight", pa.array(weight)), directed=False), path)
    return path


def _write(graph, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    graph.write_gap(path, relabel=True)
    graph.write_gap(path.with_suffix(".sg"), relabel=True, lossy=True)


def graphs(scale: int) -> dict[str, tuple[list[str], list[str]]]:
    """By name: how our program is told of it, and how the suite's are."""
    return {
        "kron": (["--kron", str(scale)], ["-g", str(scale)]),
        "urand": (["--urand", str(scale)], ["-u", str(scale)]),
        "grid": ([], []),
    }


def of_kernel(name: str, kernel: str, scale: int) -> tuple[list[str], list[str]]:
    if name != "grid":
        return graphs(scale)[name]
    path = str(grid() if kernel == "sssp" else grid().with_suffix(".sg"))
    return ["--graph", path], ["-f", path]


def beside_the_suite(o) -> None:
    folder, ratios = os.environ.get("GAP_DIR"), []
    for name in graphs(o.scale):
        for kernel, peer in _PEERS.items():
            if (name, kernel) == ("grid", "bc"):
                print("grid   bc      more shortest paths than a float64 can count, which is what both count in", flush=True)
                continue
            our_graph, their_graph = of_kernel(name, kernel, o.scale)
            ours = median(
                [program(), *our_graph, "--kernel", kernel, "--precision", "single", "--trials", str(o.trials), "--threads", str(o.threads)]
            )
            line = f"{name:<6} {kernel:<5} {ours:9.4f} s"
            binary = folder and Path(folder) / peer[0]
            if not binary or not binary.exists():
                print(f"{line}   peer absent", flush=True)
                continue
            command = [str(binary), *their_graph, *peer[1:], "-n", str(o.trials)] + (["-d", _DELTAS[name]] if kernel == "sssp" else [])
            theirs = median(command, {"OMP_NUM_THREADS": str(o.threads)})
            ratios.append(ours / theirs)
            print(f"{line} ÷ {theirs:9.4f} s = {ratios[-1]:5.2f}   <= 1.0", flush=True)
    if ratios:
        print(f"geometric mean of {len(ratios)}: {math.prod(ratios) ** (1 / len(ratios)):.2f}   <= 0.75")


def beside_one_process(o) -> None:
    """The same call of a client and of a graph in this process, in turn, on the same two cores; then beside the best of one thread."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    print(f"{'kernel':<6} {'2 workers × 1 thread':>20} {'÷ 1 process × 2 threads':>28} {'÷ best of 1 thread':>28}", flush=True)
    with gli.LocalCluster(2, threads_per_worker=1) as cluster, gli.Client(cluster) as client:
        for weighted in (False, True):
            path = kronecker(o.scale) if weighted else kronecker(o.scale).with_suffix(".sg")
            whole, dealt = gli.read_gap(path), client.read_gap(path)
            for kernel, goal in _ON_WORKERS.items():
                if (kernel == "sssp") == weighted:
                    _beside(kernel, goal, o, path, whole, dealt)


def _beside(kernel: str, goal: float | None, o, path: Path, whole, dealt) -> None:
    words = argparse.Namespace(kernel=kernel, source=None, rounds=None, precision="single" if kernel == "pr" else None)
    sources = _bench._sources(words, whole, o.trials)
    asks = [_bench._question(words, g, sources) for g in (whole, dealt)]
    times: list[list[float]] = [[], []]
    for trial in range(-1, o.trials):  # the first is to warm up
        for ask, taken in zip(asks, times, strict=True):
            begun = time.perf_counter()
            ask(max(trial, 0))
            taken.append(time.perf_counter() - begun)
    one, two = (statistics.median(taken[1:]) for taken in times)
    line = f"{kernel:<6} {two:18.4f} s ÷ {one:9.4f} s = {two / one:5.2f} {f'<= {goal}' if goal else '':<7}"
    if kernel in _PEERS:
        alone = _best_alone(kernel, o, path)
        line += f" ÷ {alone:9.4f} s = {two / alone:5.2f} < 1"
    print(line, flush=True)


def _best_alone(kernel: str, o, path: Path) -> float:
    """Of our program and the suite's, one thread each, the kernel alone."""
    common = ["--graph", str(path), "--kernel", kernel, "--precision", "single", "--trials", str(o.trials), "--threads", "1"]
    times = [median([program(), *common])]
    peer = Path(os.environ.get("GAP_DIR", "/nowhere")) / _PEERS[kernel][0]
    if peer.exists():
        more = ["-d", _DELTAS["kron"]] if kernel == "sssp" else []
        times.append(median([str(peer), "-f", str(path), *_PEERS[kernel][1:], "-n", str(o.trials), *more], {"OMP_NUM_THREADS": "1"}))
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, default=int(os.environ.get("SCALE", "20")))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--trials", type=int, default=5)
    parser.add_argument("--cluster", action="store_true")
    o = parser.parse_args()
    (beside_one_process if o.cluster else beside_the_suite)(o)


if __name__ == "__main__":
    main()
