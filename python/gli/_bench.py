"""gli bench, which is gli-bench too: one kernel timed on one graph, in a process of its own or on a local cluster."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from . import _core, _loading
from ._distributed import PARTITIONERS
from ._edits import DuplicateWarning

_KERNELS = ("bfs", "sssp", "pr", "cc", "bc", "tc", "cdlp", "lcc")


def program() -> str:
    """The path of the program that times kernels in one process."""
    own = Path(__file__).parent / "bin" / "gli-bench"
    if not own.exists():
        raise RuntimeError(f"gli-bench is not installed: there is no {own}")
    return str(own)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of gli bench; all but --workers and --partitioner are those of the program."""
    graph = parser.add_mutually_exclusive_group(required=True)
    graph.add_argument("--graph", metavar="FILE", help="a serialized graph of the GAP Benchmark Suite, .sg or .wsg")
    graph.add_argument("--kron", type=_scale, metavar="N", help="a Kronecker graph of 2^N nodes, as GAP makes it")
    graph.add_argument("--urand", type=_scale, metavar="N", help="a uniform random graph of 2^N nodes, as GAP makes it")
    parser.add_argument("--kernel", choices=_KERNELS, required=True)
    parser.add_argument("--trials", type=_from_one, metavar="K", help="how often (default: 16)")
    parser.add_argument("--threads", type=_from_one, metavar="T", help="of the process, or of each worker (default: all cores)")
    parser.add_argument("--workers", type=_from_one, metavar="W", help="on a local cluster; its workers make --kron and --urand themselves")
    parser.add_argument("--partitioner", choices=PARTITIONERS, help="of the workers (default: hash)")
    parser.add_argument("--rounds", type=_from_one, metavar="R", help="of pr (default: 20) and cdlp (default: 10)")
    parser.add_argument("--precision", choices=("single", "double"), help="of pr (default: double)")
    parser.add_argument("--source", metavar="S", help="the node to begin from (default: those that GAP's programs pick)")


def _from_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, not {text!r}")
    return int(text)


def _scale(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _core.most_gap_scale:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {_core.most_gap_scale}, not {text!r}")
    return int(text)


def run(o: argparse.Namespace) -> None:
    if o.partitioner and not o.workers:
        raise ValueError("--partitioner is of --workers: one process has the whole graph")
    if not o.workers:
        status = subprocess.run([program(), *_words(o)]).returncode
        if status:
            raise SystemExit(status)  # it has said why
        return
    _run_on_cluster(o)


def _words(o: argparse.Namespace) -> list[str]:
    names = ("graph", "kron", "urand", "kernel", "trials", "threads", "rounds", "precision", "source")
    return [word for name in names if (value := getattr(o, name)) is not None for word in (f"--{name}", str(value))]


def _run_on_cluster(o: argparse.Namespace) -> None:
    from . import Client, LocalCluster

    trials = o.trials or 16
    with LocalCluster(o.workers, threads_per_worker=o.threads) as cluster, Client(cluster) as client:
        begun = time.perf_counter()
        graph = client.read_gap(o.graph) if o.graph else _generated(o, client)
        if o.partitioner:
            graph = graph.repartition(o.partitioner)
        print(f"{'Load Time:':<20} {time.perf_counter() - begun:.5f}", flush=True)
        ask = _question(o, graph, _sources(o, graph, trials))
        total = 0.0
        for trial in range(trials):
            begun = time.perf_counter()
            ask(trial)
            took = time.perf_counter() - begun
            total += took
            print(f"{'Trial Time:':<20} {took:.5f}", flush=True)
    print(f"{'Average Time:':<20} {total / trials:.5f}")


def _generated(o: argparse.Namespace, client):
    """A graph that the workers make; with weights where the kernel asks for them. Of repeated edges the lightest stays."""
    what, scale = ("gap_kronecker", o.kron) if o.kron else ("gap_uniform", o.urand)
    nodes = _loading.Source("numbers", {"first": 0, "count": 1 << scale})
    edges = _loading.Source(what, {"scale": scale, "weighted": o.kernel == "sssp"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DuplicateWarning)
        return _loading.load(client, [nodes, edges], "generate", key_type="int64", directed=False, origin=f"a graph of scale {scale}")


def _sources(o: argparse.Namespace, graph, trials: int) -> list[int]:
    """By trial."""
    if o.kernel not in ("bfs", "sssp"):
        return []
    if o.source is not None:
        return [int(o.source)] * trials
    if graph.edge_count == 0:
        raise ValueError("the graph has no edges to begin from: name a node with --source")
    return _core.gap_sources(graph.node_count, trials, lambda node: graph.degree(node, mode="out") > 0)


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
