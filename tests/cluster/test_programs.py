"""Programs of users: the same embedded and on 1, 2 and 4 workers, and equal to the algorithms that GLI has."""

import math
import os
import random
import re
import signal
import threading
import time

import gli
import numpy as np
import pyarrow as pa
import pytest
from cluster_processes import alive, processes_of


# --- programs that algorithms of GLI answer too -------------------------------------------------------------------------------------


@gli.program(state={"rank": "float64"}, totals={"sinks": "sum", "change": "sum"})
def pagerank(v, alpha=0.85, rounds=10):
    if v.round == 0:
        v["rank"] = 1 / v.total_nodes
    else:
        new = (1 - alpha + alpha * v.totals["sinks"]) / v.total_nodes + alpha * v.messages
        v.add("change", abs(new - v["rank"]))
        v["rank"] = new
    if v.round < rounds:
        v.send(v["rank"] / v.out_degree.clip(1))
        v.add("sinks", v["rank"], where=v.out_degree == 0)


@gli.program(state={"label": "int64"}, message="int64", combine="min", over="all")
def components(v):
    fresh = np.ones(len(v), bool) if v.round == 0 else v.messages < v["label"]
    v["label"] = v.keys if v.round == 0 else np.minimum(v["label"], v.messages)
    v.send(v["label"], where=fresh)


@gli.program(state={"distance": "float64", "hops": "int64"}, combine="min")
def distances(v, source):
    if v.round == 0:
        v["distance"] = math.inf
        v["hops"] = -1
        fresh = v.keys == source
        v["distance"][fresh] = 0
    else:
        fresh = v.messages < v["distance"]
        v["distance"] = np.minimum(v["distance"], v.messages)
    v["hops"][fresh] = v.round
    v.send(v["distance"], where=fresh)


@gli.program(state={"others": "int64", "sum": "int64"}, message="int64", combine="sum", over="all", totals={"most": "max", "least": "min"})
def counts_of_labels(v, modulus=5):
    """For each node the number of edges to nodes whose hash is 0 of a modulus."""
    if v.round == 0:
        v.send(1, where=v.hashes % modulus == 0)
    else:
        v["others"] = v.messages
    v.add("most", v.degree)
    v.add("least", v.hashes / 2**63)


KINDS = [(text, directed, multi) for text in (False, True) for directed in (True, False) for multi in (False, True)]


def tables(seed: int, text: bool, nodes: int = 60, edges: int = 150):
    rng = random.Random(seed)
    name = (lambda i: f"n{i * 7919 % 1000}") if text else (lambda i: i * 7919 % 1000)
    ends = [(name(rng.randrange(nodes)), name(min(rng.randrange(nodes), rng.randrange(nodes)))) for _ in range(edges)]
    kinds = {"kind": [rng.choice("xyz") for _ in ends], "weight": [rng.random() * 10 for _ in ends]}
    return pa.table({"id": [name(i) for i in range(nodes)]}), pa.table(
        {"source": [a for a, _ in ends], "target": [b for _, b in ends], **kinds}
    )


@pytest.fixture(params=KINDS, ids=lambda p: f"{'text' if p[0] else 'int'} {'directed' if p[1] else 'undirected'}{' multi' if p[2] else ''}")
def graphs(request, place):
    """The same graph where the test runs and embedded."""
    text, directed, multi = request.param
    nodes, edges = tables(5, text)
    arguments = {"nodes": nodes, "directed": directed, "key": "kind" if multi else None}
    return place.from_arrow(edges, **arguments), gli.from_arrow(edges, **arguments)


def same(a: gli.NodeValues, b: gli.NodeValues) -> bool:
    return a.to_arrow().equals(b.to_arrow()) and a.summary == b.summary and a.provenance == b.provenance


def test_pagerank_as_a_program_is_pagerank(graphs):
    there, here = graphs
    ranks = there.run(pagerank)["rank"]
    assert same(ranks, here.run(pagerank)["rank"])
    assert np.allclose(ranks.to_numpy(), there.pagerank(iterations=10).to_numpy(), rtol=1e-12, atol=0)
    assert ranks.summary["rounds"] == 10 and ranks.summary["halted"] and ranks.summary["total.change"] >= 0
    assert ranks.provenance.algorithm == "pagerank.rank" and ranks.provenance.arguments["parameter.alpha"] == 0.85


def test_components_as_a_program_are_the_components(graphs):
    there, here = graphs
    if there.key_type == "str":
        pytest.skip("labels are int keys")
    labels = there.run(components)["label"]
    assert same(labels, here.run(components)["label"])
    assert labels.to_arrow().equals(there.connected_components().to_arrow())


def test_distances_as_a_program_are_those_of_sssp_and_hops_those_of_bfs(graphs):
    there, here = graphs
    for source in list(here.nodes)[:3]:
        found = there.run(distances, source=source, weight="weight")
        assert same(found["distance"], here.run(distances, source=source, weight="weight")["distance"])
        assert found["distance"].to_arrow().equals(there.sssp(source, weight="weight").to_arrow())
    unweighted = there.run(distances, source=source)["hops"].to_dict()
    assert all((unweighted[k] < 0) == (x is None) for k, x in there.bfs(source).items())


def test_sums_of_whole_numbers_are_exact_and_totals_are_of_all_nodes(graphs):
    there, here = graphs
    found = there.run(counts_of_labels, modulus=3)
    assert same(found["others"], here.run(counts_of_labels, modulus=3)["others"])
    if here.directed:
        assert found["others"].summary["total.most"] == max(here.degree().values())
    chosen = here.run(hashes)["hash"].to_dict()
    expected = dict.fromkeys(chosen, 0)
    for s, t, *_ in here.edges.to_arrow().select(["source", "target"]).to_pandas().itertuples(index=False):
        for a, b in {(s, t), (t, s)} if s == t and not here.directed else [(s, t), (t, s)]:
            expected[b] += chosen[a] % 3 == 0
    assert found["others"].to_dict() == expected


@gli.program(state={"hash": "int64"})
def hashes(v):
    v["hash"] = v.hashes


@gli.program(state={"x": "float64"}, totals={"all": "sum", "largest": "max", "smallest": "min", "count": "sum"})
def sums_of_both_signs(v, rounds=4):
    v["x"] = (v.hashes % 1000 - 500) * 1e-3 ** (v.hashes % 7) if v.round == 0 else v.messages / 3
    v.add("all", v["x"])
    v.add("largest", v["x"])
    v.add("smallest", v["x"])
    v.add("count", 1)
    if v.round < rounds:
        v.send(v["x"], where=v.hashes % 2 == 0)


def test_sums_with_signs_are_the_same_bytes_everywhere(graphs):
    there, here = graphs
    for weight in (None, "weight"):
        a, b = (g.run(sums_of_both_signs, weight=weight)["x"] for g in graphs)
        assert same(a, b)
        x = a.to_numpy()
        assert a.summary["total.all"] == pytest.approx(math.fsum(x), rel=1e-12, abs=1e-12 * abs(x).max())
        assert (a.summary["total.largest"], a.summary["total.smallest"], a.summary["total.count"]) == (x.max(), x.min(), len(x))


@pytest.mark.parametrize("weight", [None, "weight"])
def test_one_round_of_sums_is_what_a_loop_adds_up(graphs, weight):
    there, here = graphs

    @gli.program(state={"x": "float64", "got": "float64"})
    def once(v):
        if v.round == 0:
            v["x"] = (v.hashes % 1000 - 500) / 7
            v.send(v["x"])
        else:
            v["got"] = v.messages

    found = there.run(once, weight=weight)
    x, terms = found["x"].to_dict(), {k: [] for k in here.nodes}
    for s, t, w in here.edges.to_arrow().select(["source", "target", "weight"]).to_pandas().itertuples(index=False):
        terms[t].append(x[s] * (w if weight else 1))
        if not here.directed and s != t:
            terms[s].append(x[t] * (w if weight else 1))
    assert {k: pytest.approx(math.fsum(ts), rel=1e-12, abs=1e-12) for k, ts in terms.items()} == found["got"].to_dict()


# --- small graphs, filtered graphs --------------------------------------------------------------------------------------------------


def empty_of(place):
    return place.from_arrow(pa.table({"source": pa.array([], pa.int64()), "target": pa.array([], pa.int64())}))


def test_graphs_of_no_node_one_and_two(place):
    assert len(empty_of(place).run(pagerank)["rank"]) == 0
    one = place.from_arrow(None, pa.table({"id": [7]}))
    assert one.run(pagerank)["rank"].to_dict() == {7: 1.0} and one.run(components)["label"].to_dict() == {7: 7}
    two = place.from_arrow(pa.table({"source": [3], "target": [1]}))
    assert two.run(components)["label"].to_dict() == {3: 1, 1: 1}
    assert two.run(distances, source=1)["distance"].to_dict() == {3: math.inf, 1: 0.0}
    assert two.run(distances, source=3, weight=None)["hops"].to_dict() == {3: 0, 1: 1}


def test_graphs_without_some_nodes_and_edited_ones(graphs):
    for cut in (lambda g: g.filter(nodes=gli.degree() > 3), lambda g: g.remove_node(next(iter(g.nodes)))):
        there, here = map(cut, graphs)
        assert same(there.run(pagerank)["rank"], here.run(pagerank)["rank"])
        assert same(there.run(sums_of_both_signs)["x"], here.run(sums_of_both_signs)["x"])
        assert np.allclose(there.run(pagerank)["rank"].to_numpy(), here.pagerank(iterations=10).to_numpy(), rtol=1e-12, atol=0)


# --- the end of a run ---------------------------------------------------------------------------------------------------------------


@gli.program(state={"rounds": "int64", "even": "bool"})
def endless(v):
    v["rounds"] += 1
    v["even"] = v["rounds"] % 2 == 0
    v.send(1.0)


def test_a_run_ends_after_the_rounds_that_it_is_given(place):
    g = place.from_arrow(pa.table({"source": [1, 2], "target": [2, 3]}))
    for limit in (0, 1, 5):
        found = g.run(endless, max_rounds=limit)
        assert found["rounds"].to_dict() == dict.fromkeys((1, 2, 3), limit + 1)
        assert set(found["even"].values()) == {limit % 2 == 1} and found["even"].to_arrow().schema.field("value").type == pa.bool_()
        assert found["rounds"].summary == {"rounds": limit, "halted": False}


def test_time_is_over_between_rounds_and_inside_of_one(place):
    g = place.from_arrow(pa.table({"source": [1, 2], "target": [2, 3]}))

    @gli.program(state={"x": "float64"})
    def stuck(v):
        while True:
            pass

    for program in (endless, stuck):
        with pytest.raises(TimeoutError, match=f"'{program.name}' did not end within 0.5 s"):
            g.run(program, timeout=0.5)
        assert g.run(pagerank, timeout=60)["rank"].summary["rounds"] == 10


def test_ctrl_c_stops_a_program(place):
    g = place.from_arrow(pa.table({"source": [1, 2], "target": [2, 3]}))

    @gli.program(state={"x": "float64"})
    def stuck(v):
        while True:
            pass

    for program in (endless, stuck):
        timer = threading.Timer(0.4, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            g.run(program)
        timer.join()
        assert len(g.run(pagerank)["rank"]) == 3


# --- what goes wrong ----------------------------------------------------------------------------------------------------------------


def path_of(place, n=12):
    return place.from_arrow(pa.table({"source": list(range(n)), "target": list(range(1, n + 1))}))


def test_an_exception_comes_with_its_traceback(place):
    def helper(x):
        return 1 // x

    @gli.program(state={"x": "float64"})
    def wrong(v, at):
        v.send(1.0)
        if v.round == at:
            helper(0)

    g = path_of(place)
    for at in (0, 3):
        with pytest.raises(gli.ProgramError, match=rf"program 'wrong' raised ZeroDivisionError in round {at}: integer") as raised:
            g.run(wrong, at=at)
        assert re.search(r"Traceback .*in wrong\n.*in helper\n", str(raised.value), re.S)
        assert g.run(components)["label"].to_dict() == dict.fromkeys(range(13), 0)


@pytest.mark.parametrize(
    "body, message",
    [
        (lambda v: v.send(np.ones(3)), r"what is sent takes a value for each of \d+ nodes, not an array of shape \(3,\)"),
        (lambda v: v.__setitem__("x", np.ones((len(v), 2))), r"state 'x' takes a value for each of \d+ nodes, not .* shape \(\d+, 2\)"),
        (lambda v: v.__setitem__("n", np.ones(len(v))), r"state 'n' is int64, and float64 does not convert to that"),
        (lambda v: v.__setitem__("x", ["a"] * len(v)), r"state 'x' is float64, and <U1 does not convert to that"),
        (lambda v: v["y"], r"program 'wrong' has no state 'y'; it has 'x', 'n'"),
        (lambda v: v.add("sum", 1), r"program 'wrong' has no total 'sum'; declared with totals=: 'all'"),
        (lambda v: v.send(1, where=np.arange(len(v))), r"where is an array of bool, not of int64"),
        (lambda v: v.keys.__setitem__(0, 5), r"read-only"),
        (lambda v: v.degree, r"the function answers ndarray, where it should v.send\(\) values or set v\['state'\]"),
        (lambda v: exit(3), r"raised SystemExit in round 0: 3"),
    ],
)
def test_what_a_function_does_wrong_is_named(place, body, message):
    @gli.program(state={"x": "float64", "n": "int64"}, totals={"all": "sum"})
    def wrong(v):
        return body(v)

    with pytest.raises(gli.ProgramError, match=message):
        path_of(place).run(wrong)


def test_numbers_that_have_no_sum_or_order_name_their_node(place):
    g = path_of(place)

    def sends(x, combine):
        @gli.program(state={"x": "float64"}, combine=combine)
        def bad(v):
            v.send(np.where(v.keys == 5, x, 1.0))

        return bad

    for x, combine in ((math.nan, "sum"), (math.nan, "min"), (math.inf, "sum"), (-math.inf, "sum")):
        with pytest.raises(ValueError, match="'bad': node 5 sends"):
            g.run(sends(x, combine), max_rounds=1)
    assert len(g.run(sends(math.inf, "max"), max_rounds=1)["x"]) == 13

    @gli.program(state={"x": "float64"}, totals={"all": "sum"})
    def adds(v):
        v.add("all", 1.0, where=v.keys < 12)
        v.add("all", math.nan, where=v.keys == 12)

    with pytest.raises(ValueError, match="'adds': node 12 adds .* to the total 'all'"):
        g.run(adds)

    @gli.program(state={"x": "int64"}, message="int64", over="all")
    def large(v):
        v.send(2**62)

    with pytest.raises(ValueError, match="the sum that reaches node .* is too large for int64"):
        g.run(large, max_rounds=1)


def test_weights_are_checked_before_anything_runs(place):
    g = place.from_arrow(pa.table({"source": [1, 2], "target": [2, 3], "w": [1.0, None], "name": ["a", "b"], "far": [math.inf, 1.0]}))
    for weight, error, message in (
        ("none", KeyError, "no edge has an attribute 'none'"),
        ("w", ValueError, "edge 2 → 3 has no 'w'"),
        ("name", TypeError, "name"),
    ):
        with pytest.raises(error, match=message):
            g.run(distances, source=1, weight=weight)
    assert g.run(distances, source=1, weight="far")["distance"].to_dict() == {1: 0.0, 2: math.inf, 3: math.inf}
    with pytest.raises(ValueError, match="'far' is infinite"):
        g.run(pagerank, weight="far")
    with pytest.raises(TypeError, match="weights need messages of float64"):
        g.run(components, weight="far")


def test_calls_that_cannot_be_right_say_so(place):
    g = path_of(place)
    for call, error, message in (
        (lambda: g.run(pagerank.function), TypeError, "what @gli.program made"),
        (lambda: g.run(distances), TypeError, "program 'distances': missing a required argument: 'source'"),
        (lambda: g.run(pagerank, beta=1), TypeError, "program 'pagerank': got an unexpected keyword argument 'beta'"),
        (lambda: g.run(pagerank, max_rounds=-1), ValueError, "max_rounds must be at least 0"),
        (lambda: g.run(pagerank, timeout=0), ValueError, "timeout is a positive number of seconds"),
        (lambda: g.run(pagerank, weight=3), TypeError, "weight is the name of an edge attribute"),
        (lambda: pagerank(g), TypeError, "g.run\\(pagerank"),
    ):
        with pytest.raises(error, match=message):
            call()


# --- on workers only ----------------------------------------------------------------------------------------------------------------


def hosts_of(cluster) -> list[int]:
    """The processes of a cluster that run programs."""
    own = {cluster.coordinator_pid, *(w.pid for w in cluster.workers)}
    return [p for p in processes_of(cluster.cluster_id) if p not in own]


def test_a_program_that_cannot_be_sent_says_so(client):
    lock = threading.Lock()

    @gli.program(state={"x": "float64"})
    def locked(v):
        with lock:
            v["x"] = 1

    with pytest.raises(TypeError, match="program 'locked' cannot be sent to the workers: cannot pickle '_thread.lock'"):
        path_of(client).run(locked)

    @gli.program(state={"x": "float64"})
    def large(v, table):
        v["x"] = len(table)

    with pytest.raises(ValueError, match="large is 9 MiB; at most 8 MiB"):
        path_of(client).run(large, table=bytes(9 << 20))


@pytest.mark.parametrize(
    "end, message",
    [
        (lambda: os._exit(3), "ended with exit status 3"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "was killed by signal 9"),
        (lambda: __import__("ctypes").string_at(0), "was killed by signal 11"),
        (lambda: os.closerange(3, 10), ""),
    ],
)
def test_a_program_that_ends_its_process_fails_alone(cluster, client, end, message):
    @gli.program(state={"x": "float64"})
    def deadly(v, victim):
        v.send(1.0)
        if v.round == 2 and (v.keys == victim).any():
            end()

    workers = {w.pid for w in cluster.workers}
    g = path_of(client)
    with pytest.raises(gli.ProgramError, match=rf"program 'deadly' ended its process in round 2: pid \d+ {message}"):
        g.run(deadly, victim=5, max_rounds=10)
    assert g.run(components)["label"].to_dict() == dict.fromkeys(range(13), 0)
    assert {w.pid for w in cluster.workers} == workers


def test_a_worker_keeps_one_host_and_takes_it_with_it(fresh_cluster):
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        g = path_of(client)
        g.run(components)
        hosts = hosts_of(cluster)
        assert len(hosts) == 2
        with pytest.raises(TimeoutError):
            g.run(endless, timeout=0.3)
        g.run(components)
        assert len(hosts_of(cluster)) == 2
        stuck = hosts_of(cluster)
        for worker in cluster.workers:
            os.kill(worker.pid, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while any(map(alive, stuck)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(alive, stuck))


def test_programs_print_into_the_worker_s_log(fresh_cluster):
    @gli.program(state={"x": "float64"})
    def talks(v):
        print(f"round {v.round} of {v!r}", flush=True)

    cluster = fresh_cluster(1)
    with gli.Client(cluster) as client:
        path_of(client).run(talks)
        with open(os.path.join(cluster.directory, "worker-0.log")) as log:
            assert "round 0 of <gli.Vertices: 13 nodes in round 0 of 'talks'>" in log.read()


def test_what_a_program_answers_can_be_kept_and_committed(client, tmp_path):
    g = path_of(client)
    found = g.run(pagerank)["rank"]
    kept = g.with_values("rank", found)
    assert kept.nodes[3]["rank"] == found[3]
    assert kept.graph_id == g.with_values("rank", found.to_dict()).graph_id
    store = client.open_store(tmp_path / "s")
    store.commit("ranked", g, found)
    assert store.result("main", "pagerank.rank").to_arrow().equals(found.to_arrow())
