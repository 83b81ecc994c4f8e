"""Small questions of many drivers at once: each asks one after the other, without a pause. Prints one line a row: what, measured, goal.

queries_bench.py [--drivers 8] [--workers 2] [--scale 12] [--seconds 5]
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import time
from pathlib import Path

import gli
import numpy as np

QUESTIONS = {
    "has_node": lambda g, node: g.has_node(node),
    "get_node": lambda g, node: g.get_node(node),
    "neighbors": lambda g, node: g.neighbors(node),
    "degree": lambda g, node: g.degree(node),
    "in turn": None,
}
LOADED_SECONDS = 120


def driver(address: str, scale: int, seconds: float, number: int, barrier, answers) -> None:
    """Asks each kind of question for so long; tells how long every answer took."""
    draw = random.Random(number)
    with gli.connect(address) as client:
        g = client.generate_kronecker(scale, directed=False)
        expected = gli.generate_kronecker(scale, directed=False)
        nodes = list(expected)
        for name, ask in QUESTIONS.items():
            kinds = [ask] if ask else [k for k in QUESTIONS.values() if k]
            for kind in kinds:
                if kind(g, nodes[0]) != kind(expected, nodes[0]):
                    raise AssertionError(f"{name} of {nodes[0]} differs from the embedded graph's")
            barrier.wait(LOADED_SECONDS)  # the main process waits here too
            took, now, busy = [], time.perf_counter(), time.process_time()
            end = now + seconds
            while now < end:
                kinds[len(took) % len(kinds)](g, draw.choice(nodes))
                begun, now = now, time.perf_counter()
                took.append(now - begun)
            answers.put((name, took, time.process_time() - busy))


def row(what: str, measured: str, goal: str = "") -> None:
    print(f"{what:<58} {measured:>38}  {goal}", flush=True)


def busy_seconds(pid: int) -> float:
    """What a process used of processors until now."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def report(name: str, took: list[np.ndarray], seconds: float, driving: float, working: float) -> None:
    slowest, fastest = min(map(len, took)), max(map(len, took))
    every = np.concatenate(took) * 1e3
    rate, half, most, worst = len(every) / seconds, np.median(every), np.quantile(every, 0.99), every.max()
    row(f"{name}: questions a second", f"{rate:,.0f}", ">= 5,000" if name == "in turn" else "")
    row("   half, 99% and all within", f"{half:.2f}, {most:.2f}, {worst:.2f} ms", "99% < 20 ms" if name == "in turn" else "")
    each = f"{driving / len(every) * 1e6:.0f} + {working / len(every) * 1e6:.0f} µs"
    row("   processor time of a question: driver + workers", each)
    row("   the slowest driver's share ÷ the fastest's", f"{slowest / fastest:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="small questions of many drivers at once")
    parser.add_argument("--drivers", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scale", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5)
    a = parser.parse_args()
    row(f"{a.drivers} drivers, {a.workers} workers, Kronecker {a.scale}", f"{os.cpu_count()} cores")
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(a.drivers + 1), spawn.Queue()
    with gli.LocalCluster(n_workers=a.workers, threads_per_worker=1) as cluster, contextlib.ExitStack() as ended:
        drivers = [spawn.Process(target=driver, args=(cluster.address, a.scale, a.seconds, i, barrier, answers)) for i in range(a.drivers)]
        for d in drivers:
            d.start()
            ended.callback(d.join)
        workers = cluster.workers
        for _ in QUESTIONS:
            barrier.wait(LOADED_SECONDS)
            busy = sum(busy_seconds(w.pid) for w in workers)
            told = [answers.get(timeout=LOADED_SECONDS + a.seconds) for _ in drivers]
            busy, before = sum(busy_seconds(w.pid) for w in workers), busy
            report(told[0][0], [np.asarray(took) for _, took, _ in told], a.seconds, sum(used for _, _, used in told), busy - before)


if __name__ == "__main__":
    main()
