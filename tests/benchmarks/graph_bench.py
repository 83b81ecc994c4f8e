"""The graph value from Python beside igraph, NetworkX, rustworkx, NetworKit and groggy in one run. Prints one line a row: what, measured,
goal.

    graph_bench.py [--repetitions 5]      peers that are not installed are left out and named
"""

import argparse
import importlib
import random
import statistics
import time

import numpy as np
import pyarrow as pa

import gli

PEERS = {}
for name in ("igraph", "networkx", "rustworkx", "networkit", "groggy"):
    try:
        PEERS[name] = importlib.import_module(name)
    except ImportError:
        print(f"{name} is not installed: its rows are left out")
REPETITIONS = 5


def row(what: str, measured: str, goal: str = "") -> None:
    print(f"{what:<78} {measured:>14}  {goal}", flush=True)


def median(work, repeat: int = 1, clock=time.process_time) -> float:
    """Seconds of one call of work; the median of runs of `repeat` calls each. Processor time: what else the machine does does not count."""
    times = []
    for _ in range(REPETITIONS):
        begun = clock()
        for _ in range(repeat):
            work()
        times.append((clock() - begun) / repeat)
    return statistics.median(times)


def shown(seconds: float) -> str:
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.1f} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def beside(what: str, ours: float, theirs: dict[str, float], goal: str) -> float | None:
    """A row and the peers' times under it; ours divided by the best of them."""
    row(what, shown(ours), goal)
    if not theirs:
        return None
    best = min(theirs, key=theirs.get)
    row(f"   ÷ the best peer, {best} ({', '.join(f'{n} {shown(t)}' for n, t in sorted(theirs.items()))})", f"{ours / theirs[best]:.2f}")
    return ours / theirs[best]


# --- single edits -----------------------------------------------------------------------------------------------------------


def single_edits() -> None:
    count, nodes = 20_000, 2_000
    generator = random.Random(1)
    pairs = list({(generator.randrange(nodes), generator.randrange(nodes)) for _ in range(count)})
    base = gli.Graph.from_node_list(range(nodes))

    def ours_add_node():
        g = gli.Graph()
        for k in range(count):
            g = g.add_node(k)

    def ours_add_edge():
        g = base
        for u, v in pairs:
            g = g.add_edge(u, v)
        return g

    full = ours_add_edge()

    def ours_remove():
        g = full
        for u, v in pairs:
            g = g.remove_edge(u, v)

    def ours_set():
        g = full
        for k in range(nodes):
            g = g.update_node(k, age=k)

    theirs: dict[str, dict[str, float]] = {"node": {}, "edge": {}, "remove": {}, "set": {}}
    if nx := PEERS.get("networkx"):

        def fresh():
            g = nx.DiGraph()
            g.add_nodes_from(range(nodes))
            return g

        def add_nodes():
            g = nx.DiGraph()
            for k in range(count):
                g.add_node(k)

        def with_edges():
            g = fresh()
            for u, v in pairs:
                g.add_edge(u, v)
            return g

        def removing(g):
            for u, v in pairs:
                g.remove_edge(u, v)

        def setting(g):
            for k in range(nodes):
                g.nodes[k]["age"] = k

        theirs["node"]["networkx"] = median(add_nodes) / count
        theirs["edge"]["networkx"] = median(with_edges) / len(pairs)
        theirs["remove"]["networkx"] = statistics.median(_timed(removing, with_edges()) for _ in range(REPETITIONS)) / len(pairs)
        theirs["set"]["networkx"] = statistics.median(_timed(setting, with_edges()) for _ in range(REPETITIONS)) / nodes
    if rx := PEERS.get("rustworkx"):

        def rx_nodes():
            g = rx.PyDiGraph()
            for k in range(count):
                g.add_node(k)

        def rx_edges():
            g = rx.PyDiGraph(multigraph=False)
            g.add_nodes_from(range(nodes))
            for u, v in pairs:
                g.add_edge(u, v, None)

        theirs["node"]["rustworkx"] = median(rx_nodes) / count
        theirs["edge"]["rustworkx"] = median(rx_edges) / len(pairs)
    if "igraph" in PEERS:
        ig = PEERS["igraph"]

        def ig_edges():
            g = ig.Graph(n=nodes, directed=True)
            for u, v in pairs[:500]:
                g.add_edge(u, v)

        theirs["edge"]["igraph"] = median(ig_edges) / 500
    if gr := PEERS.get("groggy"):

        def gr_nodes(count=nodes):
            g = gr.Graph(directed=True)
            return g, [g.add_node() for _ in range(count)]

        def gr_edges():
            g, ids = gr_nodes()
            return g, ids, [g.add_edge(ids[u], ids[v]) for u, v in pairs]

        def gr_removing(made):
            g, _, edges = made
            for e in edges:
                g.remove_edge(e)

        def gr_setting(made):
            g, ids, _ = made
            for k in ids:
                g.set_node_attr(k, "age", k)

        theirs["node"]["groggy"] = median(lambda: gr_nodes(count)) / count
        theirs["edge"]["groggy"] = (median(gr_edges) - median(gr_nodes)) / len(pairs)
        theirs["remove"]["groggy"] = statistics.median(_timed(gr_removing, gr_edges()) for _ in range(REPETITIONS)) / len(pairs)
        theirs["set"]["groggy"] = statistics.median(_timed(gr_setting, gr_edges()) for _ in range(REPETITIONS)) / nodes
    beside("add_node, one call from Python", median(ours_add_node) / count, theirs["node"], "<= 1.5 µs, ratio <= 1.5")
    beside("add_edge, one call from Python", median(ours_add_edge) / len(pairs), theirs["edge"], "<= 700 ns, ratio <= 1.5")
    beside("remove_edge, one call from Python", median(ours_remove) / len(pairs), theirs["remove"], "ratio <= 1.5")
    beside("update_node, one call from Python", median(ours_set) / nodes, theirs["set"], "ratio <= 1.5")


def _timed(work, argument) -> float:
    begun = time.process_time()
    work(argument)
    return time.process_time() - begun


# --- the seed's table -------------------------------------------------------------------------------------------------------


def creation() -> None:
    def on_the_wall(work):  # of all threads
        return median(work, clock=time.perf_counter)

    nodes, edges = 5_000, 1_250_000
    numbers = np.random.default_rng(1)
    codes = numbers.choice(nodes * nodes, edges, replace=False)
    source, target = codes // nodes, codes % nodes
    names = [f"node{k}" for k in range(nodes)]
    pairs = [(names[u], names[v]) for u, v in zip(source.tolist(), target.tolist())]
    theirs = {}
    if "igraph" in PEERS:
        theirs["igraph"] = on_the_wall(lambda: PEERS["igraph"].Graph.TupleList(pairs, directed=True))
    if "networkx" in PEERS:
        theirs["networkx"] = on_the_wall(lambda: PEERS["networkx"].DiGraph(pairs))
    beside("5,000 nodes and 1.25M edges from Python string pairs", on_the_wall(lambda: gli.Graph.from_edge_list(pairs)), theirs, "<= 60 ms")
    theirs = {}
    if "igraph" in PEERS:
        table = np.column_stack([source, target])
        theirs["igraph"] = on_the_wall(lambda: PEERS["igraph"].Graph(n=nodes, edges=table, directed=True))
    if "networkit" in PEERS:
        nk = PEERS["networkit"]
        theirs["networkit"] = on_the_wall(lambda: nk.GraphFromCoo((source, target), n=nodes, directed=True))
    columns = pa.table({"source": source, "target": target})
    beside("   from arrays", on_the_wall(lambda: gli.Graph.from_arrow(columns)), theirs, "<= 25 ms")


def small_questions() -> None:
    generator = random.Random(2)
    nodes = 2_000
    pairs = list({(generator.randrange(nodes), generator.randrange(nodes)) for _ in range(40_000)})
    g = gli.Graph.from_edge_list(pairs)
    some = generator.sample(range(nodes), 500)
    subgraphs, components, near, has = {}, {}, {}, {}
    if nx := PEERS.get("networkx"):
        n = nx.DiGraph(pairs)
        subgraphs["networkx"] = median(lambda: n.subgraph(some).copy(), 3)
        components["networkx"] = median(lambda: nx.node_connected_component(n.to_undirected(as_view=True), 0), 3)
        near["networkx"] = median(lambda: list(n.successors(7)), 1000)
        has["networkx"] = median(lambda: n.has_edge(7, 8), 1000)
    if ig := PEERS.get("igraph"):
        i = ig.Graph(n=nodes, edges=pairs, directed=True)
        subgraphs["igraph"] = median(lambda: i.induced_subgraph(some), 20)
        components["igraph"] = median(lambda: i.subcomponent(0, mode="all"), 20)
        near["igraph"] = median(lambda: i.successors(7), 1000)
        has["igraph"] = median(lambda: i.are_adjacent(7, 8), 1000)
    if rx := PEERS.get("rustworkx"):
        r = rx.PyDiGraph()
        r.add_nodes_from(range(nodes))
        r.add_edges_from_no_data(pairs)
        subgraphs["rustworkx"] = median(lambda: r.subgraph(some), 20)
        near["rustworkx"] = median(lambda: r.successor_indices(7), 1000)
        has["rustworkx"] = median(lambda: r.has_edge(7, 8), 1000)
    if gr := PEERS.get("groggy"):
        o = gr.Graph(directed=True)
        ids = [o.add_node() for _ in range(nodes)]
        for u, v in pairs:
            o.add_edge(ids[u], ids[v])
        chosen = [ids[k] for k in some]
        subgraphs["groggy"] = median(lambda: o.induced_subgraph(chosen), 20)
        components["groggy"] = median(lambda: o.connected_components())
        near["groggy"] = median(lambda: o.neighbors(ids[7]), 1000)
        has["groggy"] = median(lambda: o.has_edge_between(ids[7], ids[8]), 1000)
    beside("subgraph of 500 of 2,000 nodes", median(lambda: g.subgraph(some), 20), subgraphs, "<= 60 µs")
    beside("component of a node among 2,000 nodes and 40K edges", median(lambda: g.get_connected_component(0), 20), components, "<= 120 µs")
    beside("neighbors of a node", median(lambda: g.neighbors(7), 1000), near, "ratio <= 1")
    beside("has_edge", median(lambda: g.has_edge(7, 8), 1000), has, "ratio <= 1")
    store = gli.GraphStore()
    for k in range(20):
        store.commit(f"state {k}", graph=g.add_node(nodes + k))
    row("state reconstruction: a commit's graph, in memory", shown(median(lambda: store.at("main~3"), 200)), "<= 10 µs")


# --- bytes ------------------------------------------------------------------------------------------------------------------


def memory() -> None:
    g = gli.generate_kronecker(18)
    n, m, used = g.node_count, g.edge_count, g.memory_usage()
    row("bytes of topology, one direction ÷ (4m + 4.2n)", f"{used['topology_out'] / (4 * m + 4.2 * n):.3f}", "<= 1")
    row("   both directions ÷ (8m + 8.4n)", f"{(used['topology_out'] + used['topology_in']) / (8 * m + 8.4 * n):.3f}", "<= 1")
    keys = list(g.nodes)[:200]
    versions, new = [g], g
    for u, v in zip(keys[:100], keys[100:]):
        new = new.upsert_edge(u, v)
        versions.append(new)
    log = new._log_bytes
    row("100 versions one edge apart ÷ one version", f"{(sum(used.values()) + log) / sum(used.values()):.5f}", "<= 1.02")


def main() -> None:
    global REPETITIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--repetitions", type=int, default=5)
    REPETITIONS = parser.parse_args().repetitions
    single_edits()
    small_questions()
    creation()
    memory()


if __name__ == "__main__":
    main()
