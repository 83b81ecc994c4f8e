"""What service managers and containers need: credentials made ahead, a coordinator that is the process, probes, signals, exits."""

import os
import re
import shutil
import signal
import stat
import subprocess

import gli
import pytest
from by_hand import PATIENCE, ByHand, command, connected, ready, wait_for
from everything import needs

from gli._cluster import glid_path


def gli_command(*words, **environment):
    return subprocess.run(command(*words), capture_output=True, text=True, timeout=120, env={**os.environ, **environment})


def one_line(out):
    assert out.returncode == 1 and out.stderr.startswith("gli: error: ") and out.stderr.count("\n") == 1, out.stderr
    return out.stderr


def probe(directory, *words):
    return subprocess.run([glid_path(), "probe", "--dir", directory, *words], capture_output=True, text=True, timeout=60)


@pytest.fixture
def hand(tmp_path):
    h = ByHand(tmp_path / "c")
    yield h
    h.end()


@pytest.fixture
def made(hand, tmp_path):
    """Credentials of the cluster that `hand` will be."""
    folder = tmp_path / "made"
    out = gli_command("credentials", folder, "--cluster", hand.identity)
    assert out.returncode == 0, out.stderr
    return folder


def serve(hand, workers, *words):
    """The coordinator itself, logging to standard error."""
    process = hand.spawn(command("start", "--service", "--dir", hand.directory, "--workers", workers, *words), hand.log("service"))
    wait_for(lambda: process.poll() is not None or "waits for" in hand.log("service").read_text(), "the coordinator's first line")
    assert process.poll() is None, hand.log("service").read_text()
    return process


# --- credentials ----------------------------------------------------------------------------------------------------------------------


def test_credentials_made_ahead_are_private_and_say_what_to_do_with_them(tmp_path):
    folder = tmp_path / "made"
    out = gli_command("credentials", folder, "--cluster", "fraud")
    assert out.returncode == 0 and "cluster fraud" in out.stdout
    assert f"kubectl create secret generic gli-worker --from-file={folder}/worker.pem\n" in out.stdout
    assert f"gli-coordinator --from-file={folder}/coordinator.pem --from-file={folder}/driver.pem\n" in out.stdout
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == dict.fromkeys(
        ("coordinator.pem", "worker.pem", "driver.pem"), 0o600
    )


def test_credentials_are_not_made_twice_in_a_folder_nor_where_others_look(tmp_path):
    folder = tmp_path / "made"
    assert gli_command("credentials", folder).returncode == 0
    before = (folder / "worker.pem").read_bytes()
    assert f"{folder}/coordinator.pem is there already" in one_line(gli_command("credentials", folder))
    assert (folder / "worker.pem").read_bytes() == before
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    assert f"chmod 700 {shared}" in one_line(gli_command("credentials", shared))
    assert not list(shared.iterdir())
    assert "1 to 64 bytes" in one_line(gli_command("credentials", tmp_path / "x", "--cluster", "x" * 65))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("named", ["folder", "file"])
def test_a_coordinator_takes_the_credentials_that_it_is_given_and_makes_none(hand, made, named):
    given = made if named == "folder" else made / "coordinator.pem"
    serve(hand, 1, "--listen", "127.0.0.1:0", "--credentials", given)
    address = wait_for(lambda: (hand.directory / "address").exists() and hand.tls_address, "its address")
    worker = hand.worker("w0", "--join", address, "--credentials", made / "worker.pem")
    with connected(address, made / "driver.pem") as client:
        status = ready(client)
        assert status.workers[0].pid == worker.pid and status.cluster == hand.identity
    assert not (hand.directory / "credentials").exists()


def test_credentials_of_another_cluster_than_the_one_named_are_a_clear_error(hand, made, tmp_path):
    listen = ("--listen", "127.0.0.1:0")
    text = one_line(gli_command("start", "--dir", hand.directory, *listen, "--credentials", made, GLI_CLUSTER_ID="other"))
    assert f"are of cluster '{hand.identity}', and GLI_CLUSTER_ID says 'other'" in text
    words = ("worker", "--join", "gli://127.0.0.1:1", "--credentials", made / "worker.pem", "--dir", tmp_path / "w")
    refused = gli_command(*words, GLI_CLUSTER_ID="other")
    assert refused.returncode == 1 and "GLI_CLUSTER_ID says 'other'" in refused.stderr
    text = one_line(gli_command("start", "--dir", hand.directory, *listen, "--credentials", made / "worker.pem"))
    assert "are a worker's, not a coordinator's" in text
    assert "--listen HOST:PORT" in one_line(gli_command("start", "--dir", hand.directory, "--credentials", made))
    assert "no credentials in" in one_line(gli_command("start", "--dir", hand.directory, *listen, "--credentials", tmp_path / "none.pem"))


def test_a_worker_that_is_told_to_listen_needs_credentials(hand, tmp_path):
    hand.start(1)
    refused = gli_command(
        "worker", "--join", hand.address, "--dir", tmp_path / "w", "--listen", "127.0.0.1:0", GLI_CLUSTER_ID=hand.identity
    )
    assert refused.returncode == 1 and "--listen 127.0.0.1:0 needs --credentials" in refused.stderr.splitlines()[-1]


def test_a_worker_listens_at_the_port_that_it_is_told_where_it_joins_from(hand, made):
    serve(hand, 1, "--listen", "127.0.0.1:0", "--credentials", made)
    address = wait_for(lambda: (hand.directory / "address").exists() and hand.tls_address, "its address")
    from pods import free_port

    port = free_port()
    hand.worker("w0", "--join", address, "--credentials", made, "--listen", f":{port}")
    with connected(address, made) as client:
        assert ready(client).workers[0].tls_address == f"gli://127.0.0.1:{port}"
    refused = gli_command("worker", "--join", address, "--credentials", made, "--dir", made.parent / "w1", "--listen", ":http")
    assert refused.returncode == 1 and "has no port" in refused.stderr.splitlines()[-1]


# --- jobs beside a coordinator that was given its credentials -------------------------------------------------------------------------


def worker_elsewhere(hand, credentials, tmp_path):
    """As on another host: in a mount namespace of its own."""
    needs("unshare")
    if os.geteuid() != 0:
        pytest.skip("needs root to be as on another host")
    address = wait_for(lambda: (hand.directory / "address").exists() and hand.tls_address, "its address")
    own = tmp_path / "elsewhere"
    words = command("worker", "--join", address, "--credentials", credentials, "--dir", own, "--threads", 1)
    hand.spawn(["unshare", "--mount", *words], hand.log("elsewhere"))
    return address


def load_ask_and_write(edges, out):
    import pyarrow.parquet

    with gli.connect() as own:
        ranks = own.read_edges(edges).pagerank(iterations=5)
        pyarrow.parquet.write_table(ranks.to_arrow(), out)
        return ranks.top(3)["id"]


@pytest.mark.parametrize("named", ["folder", "file"])
def test_a_job_asks_workers_of_other_hosts_with_the_drivers_credentials_beside_the_coordinators(hand, made, tmp_path, named):
    import pyarrow.parquet

    serve(hand, 1, "--listen", "127.0.0.1:0", "--credentials", made if named == "folder" else made / "coordinator.pem")
    address = worker_elsewhere(hand, made / "worker.pem", tmp_path)
    (tmp_path / "e").write_text("".join(f"{i} {i * 7 % 100}\n" for i in range(500)))
    here = gli.read_edges(tmp_path / "e").pagerank(iterations=5)
    with connected(address, made / "driver.pem") as client:
        ready(client)
        job = client.submit(load_ask_and_write, str(tmp_path / "e"), str(tmp_path / "out.parquet"))
        assert job.result(PATIENCE) == here.top(3)["id"]
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").equals(here.to_arrow())


def test_a_job_that_would_have_no_credentials_is_refused_with_the_file_that_it_needs(hand, made, tmp_path):
    given = tmp_path / "given"
    given.mkdir(mode=0o700)
    shutil.copy2(made / "coordinator.pem", given)
    assert gli_command("credentials", tmp_path / "other").returncode == 0
    serve(hand, 1, "--listen", "127.0.0.1:0", "--credentials", given)
    address = worker_elsewhere(hand, made / "worker.pem", tmp_path)
    with connected(address, made / "driver.pem") as client:
        ready(client)
        for file, why in (
            (None, "No such file or directory"),
            (made / "worker.pem", "are a worker's, not a driver's"),
            (tmp_path / "other" / "driver.pem", "are of cluster '"),
        ):
            if file is not None:
                shutil.copy2(file, given / "driver.pem")
            with pytest.raises(gli.ClusterError, match=re.escape(f"{given}/driver.pem")) as refused:
                client.submit(len, "four")
            assert why in str(refused.value) and "`gli credentials` makes that file" in str(refused.value)
        assert client.jobs() == []
        shutil.copy2(made / "driver.pem", given)
        edges = client.generate_kronecker(4).edge_count
        assert client.submit(lambda: len(gli.connect().generate_kronecker(4).edges.to_arrow())).result(PATIENCE) == edges


def test_workers_and_drivers_at_the_socket_find_what_lies_beside_the_coordinators_credentials(hand, made, tmp_path):
    serve(hand, 2, "--listen", "127.0.0.1:0", "--credentials", made)
    worker_elsewhere(hand, made / "worker.pem", tmp_path)
    hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        status = ready(client)
        assert [w.address.startswith("gli://") for w in sorted(status.workers, key=lambda w: w.host_id)].count(True) == 1
        assert client.generate_kronecker(6).pagerank().to_arrow().equals(gli.generate_kronecker(6).pagerank().to_arrow())


# --- the process ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_service_is_the_coordinator_itself_and_ends_with_its_workers_when_told_to(hand, how):
    process = serve(hand, 1)
    assert os.readlink(f"/proc/{process.pid}/exe").endswith("/glid")
    worker = hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
    process.send_signal(how)
    assert process.wait(30) == 0 and worker.wait(30) == 0
    assert f"signal {int(how)}" in hand.log("service").read_text()


def test_probes_tell_who_answers_from_who_does_not(hand, tmp_path):
    assert "nobody has opened a door" in probe(tmp_path / "nothing").stderr
    process = serve(hand, 1)
    assert probe(hand.directory).returncode == 0
    own = tmp_path / "w0"
    worker = hand.worker("w0", "--join", hand.address)
    wait_for(lambda: probe(own).returncode == 0, "the worker's readiness")
    for frozen, directory in ((process, hand.directory), (worker, own)):
        wait_for(lambda d=directory: probe(d).returncode == 0, "its answer")  # the worker joins anew after the coordinator was frozen
        frozen.send_signal(signal.SIGSTOP)
        for words in ([], ["--alive"]):
            out = probe(directory, *words)
            assert out.returncode == 1 and str(directory) in out.stderr, "it is there, and does not answer"
        frozen.send_signal(signal.SIGCONT)
        wait_for(lambda d=directory: probe(d).returncode == 0, "its answer")
    process.kill()
    process.wait()
    assert probe(hand.directory).returncode == 1  # its socket is still there
    assert probe(own, "--alive").returncode == 0  # it knocks again


# --- refusals -------------------------------------------------------------------------------------------------------------------------


def test_a_worker_with_a_wrong_secret_says_so_and_ends(hand, made, tmp_path):
    serve(hand, 1, "--listen", "127.0.0.1:0", "--credentials", made)
    address = wait_for(lambda: (hand.directory / "address").exists() and hand.tls_address, "its address")
    assert gli_command("credentials", tmp_path / "other").returncode == 0
    secret = re.compile(r"-----BEGIN GLI SECRET-----.*?-----END GLI SECRET-----", re.S)
    wrong = tmp_path / "wrong.pem"
    wrong.touch(0o600)
    wrong.write_text(secret.sub(secret.search((tmp_path / "other" / "worker.pem").read_text())[0], (made / "worker.pem").read_text()))
    refused = gli_command("worker", "--join", address, "--credentials", wrong, "--dir", tmp_path / "w", GLI_CLUSTER_ID=hand.identity)
    assert refused.returncode == 1 and f"does not take the secret in {wrong}" in refused.stderr.splitlines()[-1]
    assert probe(hand.directory).returncode == 0


def test_a_worker_of_another_cluster_says_so_and_ends(hand, tmp_path):
    hand.start(1)
    refused = gli_command("worker", "--join", hand.address, "--dir", tmp_path / "w", GLI_CLUSTER_ID="other")
    assert refused.returncode == 1 and f"this is cluster '{hand.identity}', you ask for 'other'" in refused.stderr.splitlines()[-1]


def test_surplus_workers_wait_longer_from_try_to_try_and_take_the_place_that_becomes_free(hand):
    hand.start(1)
    first = hand.worker("w0", "--join", hand.address)
    with connected(hand.address) as client:
        ready(client)
        surplus = hand.worker("extra", "--join", hand.address)
        log = hand.log("extra")
        waits = wait_for(
            lambda: (w := re.findall(r"refused: all 1 partitions have workers; joining again in (\d+) s", log.read_text()))[2:] and w,
            "three tries",
        )
        assert waits[:3] == ["1", "2", "4"]
        first.kill()
        wait_for(lambda: ready(client).workers[0].pid == surplus.pid, "its turn")


def test_a_worker_that_others_cannot_reach_ends_with_the_reason(hand, tmp_path):
    needs("unshare")
    if os.geteuid() != 0:
        pytest.skip("needs root to be as on another host")
    hand.start(2)
    hand.worker("w0", "--join", hand.address)
    wait_for(lambda: "this is worker 1" in hand.log("w0").read_text(), "the first worker")
    words = ["unshare", "--mount", *command("worker", "--join", hand.address, "--dir", tmp_path / "w1")]
    other = hand.spawn(words, hand.log("w1"))
    assert other.wait(60) == 1
    assert "has no TLS door: start it with credentials" in hand.log("w1").read_text().splitlines()[-1]
