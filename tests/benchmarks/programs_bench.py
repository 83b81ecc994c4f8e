"""PageRank as a NumPy program and as an aggregate beside the built-in one, on one graph. Prints one line a row: what, measured, goal.

    programs_bench.py [--scale 20] [--rounds 20] [--times 5]
"""

import argparse
import statistics
import time

import gli


@gli.program(state={"rank": "float64"}, totals={"sinks": "sum"})
def pagerank(v, alpha=0.85, rounds=20):
    if v.round == 0:
        v["rank"] = 1 / v.total_nodes
    else:
        v["rank"] = (1 - alpha + alpha * v.totals["sinks"]) / v.total_nodes + alpha * v.messages
    if v.round < rounds:
        v.send(v["rank"] / v.out_degree.clip(1))
        v.add("sinks", v["rank"], where=v.out_degree == 0)


def seconds(ask) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


def measure(where: str, graph, rounds: int, times: int) -> None:
    n = graph.node_count
    asks = {
        "built-in": lambda: graph.pagerank(iterations=rounds),
        "program": lambda: graph.run(pagerank, rounds=rounds),
        "aggregate": lambda: graph.aggregate(
            1 / n, 0.15 / n + 0.85 * gli.gathered(), give=gli.state() / gli.maximum(1, gli.out_degree()), rounds=rounds
        ),
    }
    for ask in asks.values():
        ask()
    taken = {name: [] for name in asks}
    for _ in range(times):
        for name, ask in asks.items():
            taken[name].append(seconds(ask))
    medians = {name: statistics.median(list_) for name, list_ in taken.items()}
    for name, goal in (("program", "≤ 5"), ("aggregate", "")):
        what = f"PageRank, {rounds} rounds, {where}: {name} ÷ built-in"
        took = f"({medians[name]:.2f} ÷ {medians['built-in']:.2f} s)"
        print(f"{what:<66} {medians[name] / medians['built-in']:>6.2f}  {goal}  {took}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--times", type=int, default=5)
    o = parser.parse_args()
    measure("embedded", gli.generate_kronecker(o.scale, directed=False), o.rounds, o.times)
    with gli.LocalCluster(2) as cluster, gli.Client(cluster) as client:
        measure("2 workers", client.generate_kronecker(o.scale, directed=False), o.rounds, o.times)


if __name__ == "__main__":
    main()
