"""Three hosts, in network namespaces, with TLS between them."""

import os
import signal
import subprocess
import sys
import threading

import gli
import pytest
from by_hand import ByHand, connected, ready, wait_for
from host_namespaces import Hosts, why_not


@pytest.fixture
def hosts(tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    disk = tmp_path / "disk"
    disk.mkdir()
    h = Hosts(["ann", "bob", "cid", "desk"], disk)
    yield h
    h.close()


@pytest.fixture
def three(hosts, tmp_path):
    """A coordinator and a worker on ann, workers on bob and cid, and a driver on desk, where this test is meanwhile."""
    hand = ByHand(tmp_path / "ann" / "c", prefix=hosts.prefix)
    hand.directory.parent.mkdir(mode=0o700)
    try:
        hand.start(3, listen=f"{hosts.address('ann')}:0", host="ann")
        hand.workers = {"ann": hand.worker("w-ann", "--join", hand.address, host="ann")}
        for name in ("bob", "cid"):
            pem = hand.copy("worker", tmp_path / name / "worker.pem")
            hand.workers[name] = hand.worker(f"w-{name}", "--join", hand.tls_address, "--credentials", pem, host=name)
        pem = hand.copy("driver", tmp_path / "desk" / "driver.pem")
        with hosts.inside("desk"), connected(hand.tls_address, pem) as client, connected(hand.tls_address, pem) as watcher:
            ready(client)
            hand.watcher = watcher
            yield hand, client
    finally:
        hand.end()


def reached(address, credentials):
    """A client, or None while there is no way there."""
    try:
        return gli.Client(address, credentials=credentials)
    except gli.ClusterError:
        return None


def worker_on(client, host):
    return next(w for w in client.status().workers if w.host == host)


def fails_while(question, breaks, watcher, failure=gli.WorkerLostError):
    """Breaks something once `watcher`, another client, sees the question run; the failure. It is ours to notice: the kernels would wait for
    a quarter of an hour, longer than any test may."""

    def do():
        wait_for(lambda: len(watcher.status().calls) == 1, "the call")
        breaks()

    thread = threading.Thread(target=do)
    thread.start()
    with pytest.raises(failure) as caught:
        question()
    thread.join()
    return str(caught.value)


def test_three_hosts_load_ask_and_commit_as_this_process_does(three, tmp_path):
    hand, client = three
    status = client.status()
    assert {w.host for w in status.workers} == {"ann", "bob", "cid"} and len({w.host_id for w in status.workers}) == 3
    assert all(w.address == w.tls_address for w in status.workers)  # from desk
    path = tmp_path / "e"
    path.write_text("".join(f"{i} {i * 31 % 2003} {i % 7}\n" for i in range(20000)))
    here, there = (at.read_edges(path, names=["source", "target", "weight"]) for at in (gli, client))
    assert there.graph_id == here.graph_id
    for ask in (
        lambda g: g.pagerank(iterations=5).to_arrow(),
        lambda g: g.connected_components().to_arrow(),
        lambda g: g.sssp(1, weight="weight").to_arrow(),
        lambda g: g.edges.filter(gli.edge("weight") > 5).to_arrow(),
    ):
        assert ask(there).equals(ask(here))
    table = here.edges.to_arrow()
    assert client.from_arrow(table).graph_id == gli.from_arrow(table).graph_id


def files_on_its_disk(pid, disk):
    """What a process sees there."""
    return subprocess.run(["nsenter", "-t", str(pid), "-m", "ls", "-A", disk], check=True, capture_output=True, text=True).stdout.split()


def test_a_store_lies_beside_the_coordinator_and_workers_elsewhere_use_it(three, tmp_path):
    hand, client = three
    path = tmp_path / "disk" / "store.gli"
    here, there = (at.generate_kronecker(12, seed=5) for at in (gli, client))
    ranks = here.pagerank(iterations=5)
    store = client.open_store(path)
    first = store.commit("from three hosts", graph=there, results=[there.pagerank(iterations=5)])
    second = store.commit("one node more", graph=store.at(first.id).add_node(-1, name="new"))
    assert store.at(first.id).graph_id == here.graph_id and store.at(second.id).graph_id == here.add_node(-1, name="new").graph_id
    assert store.result(first.id, "pagerank").to_arrow().equals(ranks.to_arrow())
    assert store.diff(first.id, second.id).summary()["nodes_added"] == 1
    parts = store.compute("connected_components", "main")
    assert store.compute("connected_components", "main").to_arrow().equals(parts.to_arrow())
    for name in ("bob", "cid"):
        assert files_on_its_disk(hand.workers[name].pid, path.parent) == []
    alone = gli.GraphStore(path)
    assert alone.verify()
    assert alone.at(first.id).graph_id == here.graph_id
    assert alone.result(first.id, "pagerank").to_arrow().equals(ranks.to_arrow())
    alone.commit("a patch", graph=alone.at(second.id).add_edge(-1, 1))
    assert store.at("main").graph_id == alone.at("main").graph_id


def test_what_was_committed_comes_back_on_another_host(three, tmp_path):
    hand, client = three
    store = client.open_store(tmp_path / "disk" / "store.gli")
    g = client.generate_kronecker(10)
    store.commit("before", graph=g)
    hand.workers["bob"].kill()
    wait_for(lambda: not client.status().ready, "the notice")
    pem = tmp_path / "cid" / "worker.pem"
    hand.worker("w-more", "--join", hand.tls_address, "--credentials", pem, host="cid")
    ready(client)
    assert g.pagerank(iterations=3).to_arrow().equals(gli.generate_kronecker(10).pagerank(iterations=3).to_arrow())


OPENS = "import sys, gli; gli.connect(sys.argv[1], credentials=sys.argv[2]).open_store(sys.argv[3])"


def test_a_driver_on_another_host_hears_that_the_store_is_not_there(three, hosts, tmp_path):
    hand, _ = three
    path = tmp_path / "disk" / "store.gli"
    gli.GraphStore(path)
    words = [sys.executable, "-c", OPENS, hand.tls_address, str(tmp_path / "desk" / "driver.pem"), str(path)]
    done = subprocess.run([*hosts.prefix("desk"), *words], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"ValueError: on host ann, where the coordinator runs, {path} is not the directory" in done.stderr, done.stderr
    assert "lies beside its coordinator" in done.stderr


def test_processes_of_one_host_use_its_sockets(three, hosts, tmp_path):
    hand, client = three
    g = client.generate_kronecker(8)
    with hosts.inside("ann"), connected(hand.address) as beside:
        doors = {w.host: w.address for w in beside.status().workers}
        assert doors["ann"].endswith(".sock") and doors["bob"].startswith("gli://") and doors["cid"].startswith("gli://")
        assert beside.generate_kronecker(8).pagerank().to_arrow().equals(g.pagerank().to_arrow())


def test_a_cut_link_fails_the_job_by_host_and_the_cluster_answers_once_it_is_back(three, hosts):
    hand, client = three
    g = client.generate_kronecker(10)
    expected = gli.generate_kronecker(10).pagerank(iterations=3).to_arrow()
    why = fails_while(lambda: g.pagerank(iterations=10_000_000), lambda: hosts.cut("bob"), hand.watcher)
    assert "on host bob" in why and "cut off" in why and f"pid {hand.workers['bob'].pid}" in why
    with pytest.raises(gli.WorkerLostError, match="on host bob is gone"):
        g.pagerank()
    wait_for(lambda: "joining again" in hand.log("w-bob").read_text(), "bob's own notice")
    hosts.restore("bob")
    after = ready(client)
    assert worker_on(client, "bob").pid == hand.workers["bob"].pid  # the same process, in another life
    assert after.epoch == 1 and max(w.worker for w in after.workers) == 4
    assert client.generate_kronecker(10).pagerank(iterations=3).to_arrow().equals(expected)


def test_a_frozen_worker_is_fenced_and_joins_anew_when_it_thaws(three, hosts):
    hand, client = three
    g = client.generate_kronecker(10)
    expected = gli.generate_kronecker(10).pagerank(iterations=3).to_arrow()
    pid = hand.workers["cid"].pid
    why = fails_while(lambda: g.pagerank(iterations=10_000_000), lambda: os.kill(pid, signal.SIGSTOP), hand.watcher)
    assert "on host cid" in why and f"pid {pid}" in why
    frozen = worker_on(client, "cid")
    substitute = hand.worker("w-sub", "--join", hand.tls_address, "--credentials", hand.directory / "credentials", host="bob")
    ready(client)
    again = client.generate_kronecker(10)
    assert again.pagerank(iterations=3).to_arrow().equals(expected)
    os.kill(pid, signal.SIGCONT)  # what it had under way belongs to a term that is over
    wait_for(lambda: "joining again" in hand.log("w-cid").read_text(), "its notice")
    wait_for(lambda: "all 3 partitions have workers" in hand.log("w-cid").read_text(), "its refusal")
    assert again.pagerank(iterations=3).to_arrow().equals(expected)
    substitute.kill()
    wait_for(lambda: any(w.pid == pid and w.worker > frozen.worker for w in ready(client).workers), "its new life")
    assert client.generate_kronecker(10).pagerank(iterations=3).to_arrow().equals(expected)


def test_a_driver_whose_link_is_cut_hears_so_and_its_job_is_given_up(three, hosts, tmp_path):
    hand, client = three
    g = client.generate_kronecker(10)
    why = fails_while(lambda: g.pagerank(iterations=10_000_000), lambda: hosts.cut("desk"), hand.watcher, gli.ClusterError)
    assert f"the coordinator at {hand.tls_address} is gone" in why
    hosts.restore("desk")
    with wait_for(lambda: reached(hand.tls_address, tmp_path / "desk" / "driver.pem"), "the way back") as again:
        wait_for(lambda: not again.status().calls, "the end of the call that nobody waits for")
        assert again.generate_kronecker(6).pagerank().summary == gli.generate_kronecker(6).pagerank().summary


def test_only_doors_listen(three):
    hand, client = three
    status = client.status()
    doors = {w.tls_address.rpartition(":")[2] for w in status.workers} | {hand.tls_address.rpartition(":")[2]}
    for process in (*hand.workers.values(), hand.processes[0]):
        with open(f"/proc/{process.pid}/net/tcp") as f:
            listening = {line.split()[1].split(":")[1] for line in f.readlines()[1:] if line.split()[3] == "0A"}
        assert listening and {str(int(port, 16)) for port in listening} <= doors
        with open(f"/proc/{process.pid}/net/tcp6") as f:
            assert not [line for line in f.readlines()[1:] if line.split()[3] == "0A"]
