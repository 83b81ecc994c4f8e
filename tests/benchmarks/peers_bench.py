"""Every algorithm beside igraph, NetworKit and rustworkx, from Python: ours ÷ the best peer, on a built graph and from an Arrow edge table.

    peers_bench.py [ROW …] [--times 5] [--ours]      a ROW is a part of a row's name; --ours: without peers, to be profiled

Answers are compared before anything is timed; what differs ends the program with status 1. From a table: building the graph and the
algorithm; of peers the sum of both medians. Wall time, all with as many threads as there are cores (igraph has one).
"""

import argparse
import importlib.metadata
import math
import statistics
import sys
import time

import peers_rows
from peers_graphs import NAMES, PEERS, Graphs, graphs

GOAL = "never above 1, geometric mean <= 0.5"


def seconds(work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def median(work, times: int) -> float:
    """After one run to warm up, which also says how many are worth it; small ones are timed in bunches of a millisecond."""
    first = seconds(work)
    if first > 3:
        return first
    bunch = max(1, int(1e-3 / max(first, 1e-7)))
    return statistics.median(seconds(lambda: [work() for _ in range(bunch)]) / bunch for _ in range(times if first < 1 else 3))


def shown(taken: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e3)):
        if taken * scale >= 1:
            return f"{taken * scale:.3g} {unit}"
    return f"{taken * 1e6:.3g} µs"


class Builds:
    """How long each library takes to make a graph, measured once."""

    def __init__(self, times: int):
        self._times = times
        self._known: dict = {}

    def of(self, graph: Graphs, library: str) -> float:
        at = id(graph), library
        if at not in self._known:
            self._known[at] = median(lambda: graph.build(library), self._times)
        return self._known[at]


class Results:
    def __init__(self):
        self.built: list[float] = []
        self.from_table: list[float] = []
        self.slower: list[str] = []

    def add(self, what: str, built: float, from_table: float) -> None:
        self.built.append(built)
        self.from_table.append(from_table)
        for ratio, where in ((built, "built"), (from_table, "from a table")):
            if ratio > 1:
                self.slower.append(f"{what}, {where}: {ratio:.2f}")

    def print(self) -> None:
        if not self.built:
            return
        for what, ratios in (("built graphs", self.built), ("from a table", self.from_table)):
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"{what}: geometric mean of {len(ratios)} rows {mean:.2f}   {GOAL}")
        print("above 1.0: " + ("; ".join(self.slower) or "none"))


def compare(row: peers_rows.Row, name: str, graph: Graphs) -> list[str]:
    """The peers whose answers are not ours, with what differs."""
    ours = row.ours(graph.of("gli"))
    wrong = []
    for peer, ask in row.theirs.items():
        try:
            row.check(graph, ours, ask(graph.of(peer)))
        except AssertionError as e:
            wrong.append(f"{row.name}, {name}: not what {peer} answers: {' '.join(str(e).split())[:300]}")
    return wrong


def measure(row: peers_rows.Row, name: str, graph: Graphs, builds: Builds, results: Results, times: int) -> None:
    what = f"{row.name}, {name}"
    built = graph.of("gli")
    if row.alone:
        return measure_alone(row, what, graph, builds, results, times)
    ours = median(lambda: row.ours(built), times)
    fresh = median(lambda: row.ours(graph.build("gli")), times)
    theirs = {peer: median(lambda: ask(graph.of(peer)), times) for peer, ask in row.theirs.items()}
    report(row, what, graph, ours, fresh, theirs, builds, results)


def measure_alone(row: peers_rows.Row, what: str, graph: Graphs, builds: Builds, results: Results, times: int) -> None:
    def once(ask, library: str) -> float:
        made = [graph.build(library) for _ in range(times)]
        return statistics.median(seconds(lambda: ask(g)) for g in made)

    fresh = median(lambda: row.ours(graph.build("gli")), times)
    report(row, what, graph, once(row.ours, "gli"), fresh, {peer: once(ask, peer) for peer, ask in row.theirs.items()}, builds, results)


def report(row, what: str, graph: Graphs, ours: float, fresh: float, theirs: dict[str, float], builds: Builds, results: Results) -> None:
    if not theirs:
        return print(f"{what:<48} {shown(ours):>8}   peer absent", flush=True)
    tables = {peer: taken + builds.of(graph, peer) for peer, taken in theirs.items()}
    best, best_table = (min(taken, key=taken.get) for taken in (theirs, tables))
    line = f"{what:<48} {shown(ours):>8} ÷ {shown(theirs[best]):>8} {best:<10} = {ours / theirs[best]:5.2f}"
    line += f"   table {shown(fresh):>8} ÷ {shown(tables[best_table]):>8} {best_table:<10} = {fresh / tables[best_table]:5.2f}"
    others = ", ".join(f"{peer} {shown(taken)}" for peer, taken in theirs.items() if peer != best)
    print(line + (f"   ({others})" if others else "") + (f"   {row.note}" if row.note else ""), flush=True)
    results.add(what, ours / theirs[best], fresh / tables[best_table])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--ours", action="store_true")
    o = parser.parse_args()
    for peer in NAMES:
        print(f"{peer} {importlib.metadata.version(peer)}" if peer in PEERS else f"{peer}: peer absent")
    builds, results, wrong = Builds(o.times), Results(), []
    for row in peers_rows.rows():
        if o.rows and not any(part in row.name for part in o.rows):
            continue
        for name in row.graphs:
            graph = graphs(name)
            if graph is None:
                print(f"{row.name}, {name}: skipped, GLI_TEST_DATA does not name a folder that holds it")
            elif o.ours:
                print(f"{row.name}, {name}: {shown(median(lambda: row.ours(graph.of('gli')), o.times))}", flush=True)
            elif found := compare(row, name, graph):
                wrong += found
                print(*found, sep="\n", flush=True)
            else:
                measure(row, name, graph, builds, results, o.times)
    results.print()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
