"""The graphs that peers_bench.py asks about, built by each library from the same Arrow edge table, and answers in one form to compare."""

import importlib
import os
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

import gli

NAMES = ("igraph", "networkit", "rustworkx", "groggy")
PEERS = {}
for name in NAMES:
    try:
        PEERS[name] = importlib.import_module(name)
    except ImportError:
        pass
if "networkit" in PEERS:
    PEERS["networkit"].setNumberOfThreads(len(os.sched_getaffinity(0)))  # as many as ours takes; rustworkx takes them by itself


@dataclass
class Graphs:
    """One graph with nodes 0 … n-1; without `weighted` nobody is given the weights."""

    table: pa.Table
    directed: bool
    weighted: bool = False
    made: dict = field(default_factory=dict)

    @cached_property
    def n(self) -> int:
        return max(self.ends.max() + 1, 0)

    @cached_property
    def ends(self) -> np.ndarray:
        return np.column_stack([self.table["source"].to_numpy(), self.table["target"].to_numpy()])

    @cached_property
    def weights(self) -> np.ndarray:
        return self.table["weight"].to_numpy()

    def of(self, library: str):
        """Built once; peers have nothing that they make at the first question."""
        if library not in self.made:
            self.made[library] = self.build(library)
        return self.made[library]

    def build(self, library: str):
        return getattr(self, f"_{library}")()

    def _gli(self):
        return gli.from_arrow(self.table if self.weighted else self.table.select(["source", "target"]), directed=self.directed)

    def _columns(self) -> tuple:
        return self.table["source"].to_numpy(), self.table["target"].to_numpy()

    def _igraph(self):
        g = PEERS["igraph"].Graph(n=self.n, edges=np.column_stack(self._columns()), directed=self.directed)
        if self.weighted:
            g.es["weight"] = self.table["weight"].to_numpy()
        return g

    def _networkit(self):
        ends = self._columns()
        data = (self.table["weight"].to_numpy(), ends) if self.weighted else ends
        return PEERS["networkit"].GraphFromCoo(data, n=int(self.n), directed=self.directed, weighted=self.weighted)

    def _rustworkx(self):
        g = (PEERS["rustworkx"].PyDiGraph if self.directed else PEERS["rustworkx"].PyGraph)()
        g.add_nodes_from(range(self.n))
        columns = [c.tolist() for c in self._columns()]
        if self.weighted:
            g.add_edges_from(list(zip(*columns, self.table["weight"].to_pylist())))
        else:
            g.add_edges_from_no_data(list(zip(*columns)))
        return g


def _dense(ends: np.ndarray, weights: np.ndarray) -> pa.Table:
    ids, places = np.unique(ends, return_inverse=True)
    dense = places.reshape(ends.shape)
    order = np.random.default_rng(3).permutation(len(dense))  # which helps nobody
    return pa.table({"source": dense[order, 0], "target": dense[order, 1], "weight": weights[order]})


@cache
def _kronecker(scale: int) -> pa.Table:
    """Of the largest component."""
    g = gli.generate_kronecker(scale, directed=False)
    g = g.get_connected_component(g.connected_components().sizes(1)["value"][0])
    rows = g.edges.to_arrow()
    ends = np.column_stack([rows["source"].to_numpy(), rows["target"].to_numpy()])
    ends = ends[ends[:, 0] != ends[:, 1]]
    return _dense(ends, np.random.default_rng(1).integers(1, 256, len(ends)).astype(float))


@cache
def _published() -> pa.Table | None:
    folder = os.environ.get("GLI_TEST_DATA")
    if not folder:
        return None
    options = pyarrow.csv.ReadOptions(column_names=["source", "target", "weight"])
    rows = pyarrow.csv.read_csv(Path(folder) / "p2p-31" / "p2p-31.e", options, pyarrow.csv.ParseOptions(delimiter=" "))
    ends = np.column_stack([rows["source"].to_numpy(), rows["target"].to_numpy()])
    return _dense(ends, rows["weight"].to_numpy().astype(float))


def _forward(table: pa.Table) -> pa.Table:
    """Each edge from the smaller to the larger node: a graph without cycles."""
    ends = np.sort(np.column_stack([table["source"].to_numpy(), table["target"].to_numpy()]), axis=1)
    return pa.table({"source": ends[:, 0], "target": ends[:, 1], "weight": table["weight"]})


def _once(table: pa.Table) -> pa.Table:
    """One of an edge and the one that leads back."""
    ends = np.unique(np.sort(np.column_stack([table["source"].to_numpy(), table["target"].to_numpy()]), axis=1), axis=0)
    return _dense(ends, np.ones(len(ends)))


@cache
def graphs(name: str) -> Graphs | None:
    """By the names that rows use; None: its file is not there."""
    kind, _, more = name.partition(" ")
    weighted = more == "weighted"
    if kind == "p2p-31":
        rows = _published()
        if rows is None:
            return None
        return Graphs(_once(rows), False) if more == "either way" else Graphs(rows, True, weighted)
    if kind.startswith("acyclic"):
        return Graphs(_forward(_kronecker(int(kind[7:]))), True, weighted)
    return Graphs(_kronecker(int(kind[4:])), False, weighted)


# --- answers ----------------------------------------------------------------------------------------------------------------


def numbers(answer) -> np.ndarray:
    """A value for each node, in the order of their ids; what cannot be reached is infinity."""
    if isinstance(answer, pa.Table):
        places, found = answer["id"].to_numpy(), answer["value"].to_numpy(zero_copy_only=False).astype(float)
    elif hasattr(answer, "keys"):
        places, found = np.fromiter(answer.keys(), int), np.fromiter(answer.values(), float)
    else:
        places, found = None, np.asarray(answer, float)
    values = found
    if places is not None:
        values = np.full(max(places.max() + 1, len(places)), np.inf)
        values[places] = found
    return np.where(np.isnan(values) | (values > 1e300), np.inf, values)


def groups(answer) -> np.ndarray:
    """For each node the smallest of its group, from labels or from sets of nodes."""
    if isinstance(answer, list) and isinstance(answer[0], (set, list)):
        labels = np.empty(sum(map(len, answer)), int)
        for i, members in enumerate(answer):
            labels[list(members)] = i
    else:
        labels = numbers(answer).astype(int)
    _, first, where = np.unique(labels, return_index=True, return_inverse=True)
    return first[where]
