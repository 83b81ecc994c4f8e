"""Hash, range and stream on graphs with and without parts that their keys tell: what is cut, and what PageRank takes. A line for each.

    partitioners_bench.py [--workers 2] [--threads 1] [--rounds 20] [--times 5] [--edges p2p-31.e]

Times of PageRank are taken in turn, one of each partitioner after the other; medians.
"""

import argparse
import statistics
import time

import gli
import numpy as np
import pyarrow as pa

PARTITIONERS = ("hash", "range", "stream")


def grid(side: int) -> pa.Table:
    at = np.arange(side * side).reshape(side, side)
    source, target = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()]), np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    return pa.table({"source": source, "target": target})


def seconds(ask) -> tuple[float, object]:
    begun = time.perf_counter()
    answer = ask()
    return time.perf_counter() - begun, answer


def measure(name: str, loaded, rounds: int, times: int) -> None:
    moved = {p: (0.0, loaded) if p == "hash" else seconds(lambda p=p: loaded.repartition(p)) for p in PARTITIONERS}
    taken = {p: [] for p in PARTITIONERS}
    for _ in range(times):
        for p, (_, graph) in moved.items():
            taken[p].append(seconds(lambda graph=graph: graph.pagerank(iterations=rounds))[0])
    for p, (took, graph) in moved.items():
        stats = graph.partition_stats().to_arrow().to_pydict()
        cut, mirrors = sum(stats["cut_edges"]) / graph.edge_count, sum(stats["mirrors"]) / graph.node_count
        balance, megabytes = max(stats["balance"]), sum(stats["bytes"]) / 1e6
        facts = f"cut {cut:>6.1%}  mirrors a node {mirrors:>5.2f}  balance {balance:.2f}  MB {megabytes:>6.1f}"
        print(f"{name:<20} {p:<7} {facts}  moved in {took:>5.2f} s  PageRank {statistics.median(taken[p]):.3f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--edges", help="an edge list beside the generated graphs")
    o = parser.parse_args()
    with gli.LocalCluster(o.workers, threads_per_worker=o.threads) as cluster, gli.Client(cluster) as client:
        if o.edges:
            measure(o.edges.rsplit("/", 1)[-1], client.read_edges(o.edges), o.rounds, o.times)
        measure("Kronecker 18", client.generate_kronecker(18, directed=False), o.rounds, o.times)
        measure("grid of 1000 x 1000", client.from_arrow(grid(1000), directed=False), o.rounds, o.times)


if __name__ == "__main__":
    main()
