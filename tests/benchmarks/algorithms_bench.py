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
from pathlib import Path

import numpy as np
import pyarrow as pa

import gli
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
    for kernel, goal in {"pr": 1.05, "bfs": 1.05, "cc": 1.05, "sssp": 1.15, "cdlp": 1.15, "lcc": 1.15}.items():
        path = kronecker(o.scale) if kernel == "sssp" else kronecker(o.scale).with_suffix(".sg")
        common = ["--graph", str(path), "--kernel", kernel, "--trials", str(o.trials)]
        one = median([program(), *common, "--threads", "2"])
        two = median([sys.executable, "-m", "gli", "bench", *common, "--workers", "2", "--threads", "1"])
        measured = f"2 workers × 1 thread {two:9.4f} s ÷ 1 process × 2 threads {one:9.4f} s = {two / one:5.2f}"
        print(f"{kernel:<5} {measured}   <= {goal}", flush=True)


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
