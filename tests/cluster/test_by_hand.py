"""Clusters that are started by hand, on this host: through its sockets, and through TLS as if from another."""

import json
import os
import re
import signal
import subprocess

import gli
import pytest
from by_hand import ByHand, command, connected, ready, wait_for


def gli_command(*words, **environment):
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, env={**os.environ, **environment})


@pytest.fixture
def hand(tmp_path):
    h = ByHand(tmp_path / "c")
    yield h
    h.end()


@pytest.fixture(params=["sockets", "TLS"])
def pair(request, hand, tmp_path):
    """A cluster of two workers that joined through sockets or TLS, and what a client of it says."""
    if request.param == "sockets":
        hand.start(2)
        told = (hand.address, None)
        words = ("--join", hand.address)
    else:
        hand.start(2, listen="127.0.0.1:0")
        told = (hand.tls_address, hand.copy("driver", tmp_path / "me" / "driver.pem"))
        words = ("--join", hand.tls_address, "--credentials", hand.copy("worker", tmp_path / "w" / "worker.pem"))
    hand.workers = [hand.worker(f"w{i}", *words) for i in range(2)]
    hand.join_words = words
    with connected(*told) as client:
        ready(client)
        yield hand, client


def test_load_question_edit_and_commit_answer_as_in_this_process(pair, tmp_path):
    hand, client = pair
    path = tmp_path / "e"
    path.write_text("".join(f"{i} {i * 31 % 1009}\n" for i in range(3000)))
    here, there = gli.read_edges(path), client.read_edges(path)
    assert there.graph_id == here.graph_id
    assert there.pagerank(iterations=5).to_arrow().equals(here.pagerank(iterations=5).to_arrow())
    assert there.neighbors(1) == here.neighbors(1)
    edited = there.add_edge(1, 5000, create_nodes=True)
    assert edited.graph_id == here.add_edge(1, 5000, create_nodes=True).graph_id
    from_here = client.from_edge_list([("ann", "bob", {"since": 2020}), ("bob", "cid", {})])
    assert from_here.edges["ann", "bob"] == {"since": 2020}
    store = client.open_store(tmp_path / "store.gli")
    commit = store.commit("Monday", graph=edited)
    assert store.at(commit.id).graph_id == edited.graph_id


def test_status_names_workers_hosts_partitions_memory_and_doors(pair):
    hand, client = pair
    out = gli_command("status", client.address, "--json", GLI_CREDENTIALS=str(hand.directory / "credentials"))
    status = json.loads(out.stdout)
    assert status["ready"] and status["partitions"] == 2
    assert {w["pid"] for w in status["workers"]} == {w.pid for w in hand.workers}
    for w in status["workers"]:
        assert w["host"] == os.uname().nodename and w["cores"] == 1 and w["state"] == "ready"
        assert w["tls_address"].startswith("gli://127.0.0.1:") == client.address.startswith("gli://")
    wait_for(lambda: all(w.memory > 1 << 20 for w in client.status().workers), "what the workers use")
    lines = gli_command("status", client.address, GLI_CREDENTIALS=str(hand.directory / "credentials")).stdout.splitlines()
    assert "2 partitions, ready" in lines[0] and lines[1] == "jobs: none" and len(lines) == 7
    assert re.fullmatch(r"\d other drivers?; nothing runs", lines[-1])


def test_a_worker_that_was_killed_is_named_and_another_takes_its_place(pair):
    hand, client = pair
    g = client.generate_kronecker(6)
    hand.workers[0].kill()
    lost = wait_for(lambda: [w for w in client.status().workers if w.state == "lost"], "the loss")[0]
    assert f"pid {hand.workers[0].pid}" in lost.last_error and f"on host {os.uname().nodename}" in lost.last_error
    with pytest.raises(gli.WorkerLostError, match=f"pid {hand.workers[0].pid}"):
        g.pagerank()
    hand.worker("w0", *hand.join_words)
    assert ready(client).workers[lost.partition].worker == 3
    assert client.generate_kronecker(6).pagerank().summary == gli.generate_kronecker(6).pagerank().summary


def test_workers_outlive_their_coordinator_and_join_the_next(pair):
    hand, client = pair
    before = client.status()
    hand.kill_coordinator()
    wait_for(lambda: all("joining again" in hand.log(f"w{i}").read_text() for i in range(2)), "the workers' notice")
    with pytest.raises(gli.ClusterError):
        client.ping()
    listen = [f"127.0.0.1:{client.address.rpartition(':')[2]}"] if client.address.startswith("gli://") else []
    hand.start(2, *listen)
    with connected(client.address, hand.directory / "credentials" if listen else None) as again:
        after = ready(again)
        assert after.epoch == before.epoch + 1
        assert {w.pid for w in after.workers} == {w.pid for w in before.workers}  # the same processes, in another life
        assert again.generate_kronecker(5).connected_components().count() >= 1
    if listen:
        assert after.cluster == before.cluster  # the credentials were there, and copies of them are good


def test_workers_may_come_before_their_coordinator(hand, tmp_path):
    worker = hand.worker("w0", "--join", hand.address)
    wait_for(lambda: hand.log("w0").exists() and hand.log("w0").read_text().count("cannot reach the coordinator") >= 2, "two knocks")
    hand.start(1)
    with connected(hand.address) as client:
        assert ready(client).workers[0].pid == worker.pid


def test_workers_may_knock_at_a_port_before_anybody_listens(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    address = hand.tls_address
    worker_pem = hand.copy("worker", tmp_path / "w" / "worker.pem")
    hand.kill_coordinator()
    worker = hand.worker("w0", "--join", address, "--credentials", worker_pem)
    wait_for(lambda: hand.log("w0").read_text().count("cannot reach the coordinator") >= 2, "two knocks")
    hand.start(1, listen=address.removeprefix("gli://"))
    with connected(hand.address) as client:
        assert ready(client).workers[0].pid == worker.pid


def test_stop_ends_everything_and_says_so(pair):
    hand, client = pair
    out = gli_command("stop", client.address, GLI_CREDENTIALS=str(hand.directory / "credentials"))
    assert out.returncode == 0 and out.stdout == f"the cluster at {client.address} has ended\n"
    for process in hand.processes:
        assert process.wait(30) == 0
    assert not list(hand.directory.parent.glob("*/*.sock"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ending_gli_start_ends_its_workers_or_sends_them_looking(hand, how):
    start = hand.start(1)
    worker = hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
    os.killpg(start.pid, how) if how == signal.SIGINT else start.send_signal(how)
    start.wait(30)
    assert worker.wait(30) == 0


def test_run_on_a_cluster_answers_and_writes_what_it_does_here(pair, tmp_path):
    hand, client = pair
    path = tmp_path / "e"
    path.write_text("1 2\n2 3\n7 8\n3 1\n")
    environment = {"GLI_CREDENTIALS": str(hand.directory / "credentials")}
    for words in (["pagerank", "iterations=3"], ["connected_components"], ["hits"], ["k_core", "k=2"], ["is_tree"]):
        here = gli_command("run", *words, path)
        there = gli_command("run", *words, path, "--cluster", client.address, **environment)
        assert (there.returncode, there.stdout, there.stderr) == (0, here.stdout, "")
    out = tmp_path / "ranks.parquet"
    assert gli_command("run", "pagerank", path, "--cluster", client.address, "--out", out, **environment).returncode == 0
    import pyarrow.parquet

    assert pyarrow.parquet.read_table(out).equals(gli.read_edges(path).pagerank().to_arrow())


def test_the_last_place_is_taken_once(pair):
    hand, client = pair
    hand.worker("extra", *hand.join_words)
    wait_for(lambda: "all 2 partitions have workers; joining again" in hand.log("extra").read_text(), "the refusal")
    hand.workers[1].kill()
    wait_for(lambda: any(w.pid not in {p.pid for p in hand.workers} for w in ready(client).workers), "its successor")


def test_memory_beyond_the_limit_is_an_error_of_the_job_alone(hand):
    hand.start(1)
    hand.worker("w0", "--join", hand.address, "--memory-limit", "600MiB")
    with connected(hand.address) as client:
        assert ready(client).workers[0].memory_limit == 600 << 20
        with pytest.raises(MemoryError):
            client.generate_kronecker(22)
        assert client.generate_kronecker(6).node_count > 0


# --- mistakes -------------------------------------------------------------------------------------------------------------------------


def one_line(out):
    assert out.returncode == 1 and out.stderr.startswith("gli: error: ") and out.stderr.count("\n") == 1, out.stderr
    return out.stderr


def test_a_wrong_address_or_nobody_there_is_one_line(tmp_path):
    assert "gli://HOST:PORT" in one_line(gli_command("status", "head:7878"))
    assert "coordinator.sock" in one_line(gli_command("status", tmp_path))
    assert "credentials" in one_line(gli_command("status", "gli://127.0.0.1:1"))
    assert "no port" in one_line(gli_command("start", "--dir", tmp_path / "c", "--listen", "localhost:http"))
    assert "HOST:PORT" in one_line(gli_command("start", "--dir", tmp_path / "c", "--listen", "localhost"))


def test_wrong_credentials_are_one_line(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    driver, worker = hand.copy("driver", tmp_path / "d" / "driver.pem"), hand.copy("worker", tmp_path / "w" / "worker.pem")
    assert "a worker's; a driver has driver.pem" in one_line(gli_command("status", hand.tls_address, "--credentials", worker))
    assert "nothing.pem" in one_line(gli_command("status", hand.tls_address, "--credentials", tmp_path / "nothing.pem"))
    driver.chmod(0o644)
    assert f"chmod 600 {driver}" in one_line(gli_command("status", hand.tls_address, "--credentials", driver))
    other = ByHand(tmp_path / "other" / "c")
    other.directory.parent.mkdir()
    try:
        other.start(1, listen="127.0.0.1:0")
        foreign = other.directory / "credentials" / "driver.pem"
        assert f"of another cluster than the credentials in {foreign}" in one_line(
            gli_command("status", hand.tls_address, "--credentials", foreign)
        )
        words = ("--join", hand.tls_address, "--credentials", other.directory / "credentials", "--dir", tmp_path / "x")
        refused = gli_command("worker", *words)
        assert refused.returncode == 1 and "of another cluster" in refused.stderr.splitlines()[-1]
    finally:
        other.end()


def test_a_port_that_is_taken_is_one_line(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    port = hand.tls_address.rpartition(":")[2]
    text = one_line(gli_command("start", "--dir", tmp_path / "second", "--listen", f"127.0.0.1:{port}"))
    assert f"cannot listen at 127.0.0.1:{port}: Address already in use" in text


@pytest.mark.parametrize("listen", [[], ["--listen", "127.0.0.1:0"]])
def test_a_second_coordinator_in_a_directory_is_one_line_and_the_first_goes_on(hand, listen):
    hand.start(1)
    assert f"a coordinator runs at {hand.address} already" in one_line(gli_command("start", "--dir", hand.directory, *listen))
    with connected(hand.address) as client:
        assert client.status().epoch == 1


def test_credentials_that_others_may_read_stop_the_start(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    hand.kill_coordinator()
    own = hand.directory / "credentials" / "coordinator.pem"
    own.chmod(0o640)
    assert f"chmod 600 {own}" in one_line(gli_command("start", "--dir", hand.directory, "--listen", "127.0.0.1:0"))


def test_secrets_are_in_no_argument_environment_or_log(hand, tmp_path):
    hand.start(1, listen="127.0.0.1:0")
    hand.worker("w0", "--join", hand.tls_address, "--credentials", hand.copy("worker", tmp_path / "w" / "worker.pem"))
    with connected(hand.tls_address, hand.directory / "credentials") as client:
        ready(client)
    secrets = [line for line in (hand.directory / "credentials" / "worker.pem").read_text().splitlines() if line and "-----" not in line]
    from cluster_processes import processes_of

    for pid in processes_of(hand.identity):
        for part in ("cmdline", "environ"):
            with open(f"/proc/{pid}/{part}") as f:
                told = f.read()
            assert not any(s in told for s in secrets)
    for log in (hand.log("w0"), hand.directory / "coordinator.log", tmp_path / "start-0.out"):
        assert not any(s in log.read_text() for s in secrets)
