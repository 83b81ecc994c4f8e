"""The same history of a graph in GLI, in git as a file of edges, and as networkx pickles: time and bytes a commit.

versions_bench.py [COMMITS]
"""

from __future__ import annotations

import pickle
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import networkx

import gli

NODES, EDGES, EDITS = 10_000, 100_000, 100


def bytes_in(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file() and f.name != "lock.mdb")


def history(commits: int) -> tuple[list[tuple[int, int]], list[list[tuple[str, int, int]]]]:
    """Edges to begin with, and for each commit which come and which go."""
    choose = random.Random(5)
    edges = {(choose.randrange(NODES), choose.randrange(NODES)) for _ in range(EDGES)}
    first, now, steps = sorted(edges), sorted(edges), []
    for _ in range(commits):
        step = []
        for i in range(EDITS):
            if i % 2:
                at = choose.randrange(len(now))
                now[at], now[-1] = now[-1], now[at]
                gone = now.pop()
                edges.discard(gone)
                step.append(("remove", *gone))
            else:
                edge = choose.randrange(NODES), choose.randrange(NODES)
                if edge not in edges:
                    edges.add(edge)
                    now.append(edge)
                    step.append(("add", *edge))
        steps.append(step)
    return first, steps


def in_gli(directory: Path, first, steps) -> list[float]:
    store, g = gli.GraphStore(directory / "network.gli"), gli.Graph.from_edge_list(first)
    store.commit("first", graph=g)
    times = []
    for i, step in enumerate(steps):
        begin = time.perf_counter()
        with g.batch_operations() as batch:
            for what, source, target in step:
                if what == "add":
                    batch.add_edge(source, target, create_nodes=True)
                else:
                    batch.remove_edge(source, target)
        g = batch.graph
        store.commit(str(i), graph=g)
        times.append(time.perf_counter() - begin)
    return times


def git(directory: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "gc.auto=0")
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def in_git(directory: Path, first, steps) -> list[float]:
    git(directory, "init", "-q")
    edges, times = set(first), []
    for i, step in enumerate([[], *steps]):
        begin = time.perf_counter()
        for what, source, target in step:
            (edges.add if what == "add" else edges.discard)((source, target))
        (directory / "edges.txt").write_text("".join(f"{s} {t}\n" for s, t in sorted(edges)))
        git(directory, "add", "edges.txt")
        git(directory, "commit", "-q", "-m", str(i))
        times.append(time.perf_counter() - begin)
    return times[1:]


def in_pickles(directory: Path, first, steps) -> list[float]:
    g, times = networkx.DiGraph(first), []
    for i, step in enumerate(steps):
        begin = time.perf_counter()
        for what, source, target in step:
            (g.add_edge if what == "add" else g.remove_edge)(source, target)
        (directory / f"{i}.pickle").write_bytes(pickle.dumps(g, pickle.HIGHEST_PROTOCOL))
        times.append(time.perf_counter() - begin)
    return times


def row(what: str, measured: float, unit: str, goal: str = "") -> None:
    print(f"{what:<92} {measured:10.2f} {unit:<3} {goal}", flush=True)


def main() -> None:
    commits = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    first, steps = history(commits)
    found = {}
    for name, run, some in (("gli", in_gli, steps), ("git", in_git, steps), ("networkx pickles", in_pickles, steps[:20])):
        with tempfile.TemporaryDirectory(dir="build") as at:
            directory = Path(at)
            milliseconds = statistics.median(run(directory, first, some)) * 1e3
            size = bytes_in(directory / ".git" if name == "git" else directory) / len(some)
            found[name] = milliseconds, size
            row(f"{commits} commits of {EDITS} edits at {EDGES} edges, {name}: a commit", milliseconds, "ms")
            row(f"    bytes a commit, the first one's shared out{'' if some is steps else ' (of 20)'}", size / 1024, "KiB")
            if name == "git":
                git(directory, "gc", "-q", "--aggressive")
                found["git, packed"] = milliseconds, bytes_in(directory / ".git") / len(some)
                row("    the same after git gc --aggressive", found["git, packed"][1] / 1024, "KiB")
            if name == "gli":
                begin = time.perf_counter()
                gli.GraphStore(directory / "network.gli").gc(compact=True)
                found["gli, packed"] = milliseconds, bytes_in(directory) / len(some)
                took = time.perf_counter() - begin
                row(f"    the same after gc(compact=True), which took {took:.1f} s", found["gli, packed"][1] / 1024, "KiB")
    for name in ("git", "networkx pickles"):
        row(f"{name}: time / gli's", found[name][0] / found["gli"][0], "", "> 1")
        row(f"{name}: bytes / gli's", found[name][1] / found["gli"][1], "", "> 1")
    row("git after gc --aggressive: bytes / gli's after gc(compact=True)", found["git, packed"][1] / found["gli, packed"][1], "", "> 1")


if __name__ == "__main__":
    main()
