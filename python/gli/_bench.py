"""gli bench, which is gli-bench too: one kernel timed on one graph, in a process of its own or on a local cluster."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_KERNELS = ("bfs", "sssp", "pr", "cc", "bc", "tc", "cdlp", "lcc")


def program() -> str:
    """The path of the program that times kernels in one process."""
    own = Path(__file__).parent / "bin" / "gli-bench"
    if not own.exists():
        raise RuntimeError(f"gli-bench is not installed: there is no {own}")
    return str(own)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of gli bench; all but --workers are those of the program."""
    graph = parser.add_mutually_exclusive_group(required=True)
    graph.add_argument("--graph", metavar="FILE", help="a serialized graph of the GAP Benchmark Suite, .sg or .wsg")
    graph.add_argument("--kron", metavar="N", help="a Kronecker graph of 2^N nodes, as GAP makes it")
    graph.add_argument("--urand", metavar="N", help="a uniform random graph of 2^N nodes, as GAP makes it")
    parser.add_argument("--kernel", choices=_KERNELS, required=True)
    parser.add_argument("--trials", type=_from_one, metavar="K", help="how often (default: 16)")
    parser.add_argument("--threads", type=_from_one, metavar="T", help="of the process, or of each worker (default: all cores)")
    parser.add_argument("--workers", type=_from_one, metavar="W", help="on a cluster of W processes; needs --graph")
    parser.add_argument("--rounds", type=_from_one, metavar="R", help="of pr (default: 20) and cdlp (default: 10)")
    parser.add_argument("--precision", choices=("single", "double"), help="of pr (default: double)")
    parser.add_argument("--source", metavar="S", help="the node to begin from (default: those that GAP's programs pick)")


def _from_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


def run(o: argparse.Namespace) -> None:
    if not o.workers:
        status = subprocess.run([program(), *_words(o)]).returncode
        if status:
            raise SystemExit(status)  # it has said why
        return
    if not o.graph:
        raise ValueError("--workers needs --graph FILE.sg or FILE.wsg: workers read a file")
    _run_on_cluster(o)


def _words(o: argparse.Namespace) -> list[str]:
    names = ("graph", "kron", "urand", "kernel", "trials", "threads", "rounds", "precision", "source")
    return [word for name in names if (value := getattr(o, name)) is not None for word in (f"--{name}", str(value))]


def _run_on_cluster(o: argparse.Namespace) -> None:
    from . import Client, LocalCluster

    trials = o.trials or 16
    with LocalCluster(o.workers, threads_per_worker=o.threads) as cluster, Client(cluster) as client:
        begun = time.perf_counter()
        graph = client.read_gap(o.graph)
        print(f"{'Load Time:':<20} {time.perf_counter() - begun:.5f}", flush=True)
        ask = _question(o, graph, _sources(o, trials))
        total = 0.0
        for trial in range(trials):
            begun = time.perf_counter()
            ask(trial)
            took = time.perf_counter() - begun
            total += took
            print(f"{'Trial Time:':<20} {took:.5f}", flush=True)
    print(f"{'Average Time:':<20} {total / trials:.5f}")


def _sources(o: argparse.Namespace, trials: int) -> list[int]:
    """By trial."""
    if o.kernel not in ("bfs", "sssp"):
        return []
    if o.source is not None:
        return [int(o.source)] * trials
    done = subprocess.run(
        [program(), "--graph", o.graph, "--kernel", o.kernel, "--trials", str(trials), "--sources"], capture_output=True, text=True
    )
    if done.returncode:
        raise ValueError(done.stderr.removeprefix("gli-bench: ").strip())
    return [int(word) for word in done.stdout.split()]


def _question(o: argparse.Namespace, graph, sources: list[int]) -> Callable[[int], object]:
    questions: dict[str, Callable[[int], object]] = {
        "bfs": lambda trial: graph.bfs(sources[trial]),
        "sssp": lambda trial: graph.sssp(sources[trial], weight="weight"),
        "pr": lambda trial: graph.pagerank(iterations=o.rounds or 20, precision=o.precision or "double"),
        "cc": lambda trial: graph.connected_components(),
        "bc": lambda trial: graph.betweenness_centrality(k=4, seed=trial),
        "tc": lambda trial: graph.triangles(),
        "cdlp": lambda trial: graph.label_propagation(o.rounds or 10),
        "lcc": lambda trial: graph.clustering(mode="ldbc"),
    }
    return questions[o.kernel]


def main(arguments: Sequence[str] | None = None) -> int:
    """gli-bench: gli bench without the word between."""
    from ._cli import main as gli

    return gli(["bench", *(sys.argv[1:] if arguments is None else arguments)])
