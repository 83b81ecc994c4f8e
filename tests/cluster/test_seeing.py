"""What a cluster tells of itself while it works: calls in status, logs, numbers for Prometheus."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import gli
import pytest
from by_hand import ByHand, command, ready, wait_for
from drivers import at_work
from everything import needs


@pytest.fixture
def hand(tmp_path):
    h = ByHand(tmp_path / "c")
    yield h
    h.end()


@pytest.fixture
def watched(fresh_cluster):
    """A cluster of two workers, and a client that only looks."""
    cluster = fresh_cluster(2)
    with gli.Client(cluster) as client:
        yield cluster, client


# --- calls ----------------------------------------------------------------------------------------------------------------------------


def call_that(client, holds):
    return wait_for(lambda: next((c for c in client.status().calls if holds(c)), None), "such a call")


def test_status_tells_what_runs_for_whom_since_when_and_how_far_it_is(watched):
    cluster, client = watched
    before = time.time()
    with at_work(cluster.address) as driver:
        call = call_that(client, lambda c: c.what == "pagerank" and c.done > 0 and c.bytes > 0)
        assert call.state == "running" and before <= call.since <= call.started <= time.time()
        assert re.fullmatch(rf"pid {driver.pid} on host .+", call.driver)
        assert call.step == "pagerank" and "residual" in call.detail
        later = call_that(client, lambda c: c.call == call.call and c.done > call.done and c.bytes > call.bytes)
        assert later.since == call.since
        assert client.status().drivers == 3
    wait_for(lambda: not client.status().calls, "the end of the call")
    wait_for(lambda: client.status().drivers == 2, "the end of the driver")


def test_a_call_that_waits_says_so_and_comes_after_what_runs(watched):
    cluster, client = watched
    with at_work(cluster.address):
        call_that(client, lambda c: c.what == "pagerank")
        with at_work(cluster.address):
            waiting = call_that(client, lambda c: c.state == "waiting")
            assert waiting.started is None and waiting.step == "" and waiting.bytes == 0
            assert [c.state for c in client.status().calls] == ["running", "waiting"]


def test_gli_status_shows_calls_and_its_json_has_all_of_them(watched):
    cluster, client = watched
    with at_work(cluster.address) as driver:
        call_that(client, lambda c: c.what == "pagerank" and c.done > 0 and c.bytes > 0)
        shown = subprocess.run(command("status", cluster.directory), capture_output=True, text=True, check=True).stdout
        assert "pagerank" in shown and f"pid {driver.pid} on host" in shown and "running" in shown and "residual" in shown
        told = json.loads(subprocess.run(command("status", cluster.directory, "--json"), capture_output=True, check=True).stdout)
        assert [c["what"] for c in told["calls"]] == ["pagerank"] and told["calls"][0]["bytes"] > 0
    wait_for(lambda: not client.status().calls, "the end of the call")
    assert "nothing runs" in subprocess.run(command("status", cluster.directory), capture_output=True, text=True, check=True).stdout


def test_progress_in_the_driver_tells_bytes_exchanged(watched, monkeypatch, capsys):
    monkeypatch.setattr(gli._progress, "_enabled", True)
    monkeypatch.setattr(gli._progress, "_DELAY_SECONDS", 0.0)
    cluster, _ = watched
    with gli.Client(cluster) as client:
        graph = client.generate_kronecker(12)
        with pytest.raises(TimeoutError):
            graph.pagerank(iterations=10_000_000, timeout=2)
    assert re.search(r"pagerank: round \d+, residual [^,]+, [\d.]+ [kMG]B exchanged", capsys.readouterr().err)


# --- logs -----------------------------------------------------------------------------------------------------------------------------


def test_every_line_of_json_logs_is_an_object_that_says_who_and_which_call(fresh_cluster):
    cluster = fresh_cluster(2, log_format="json", log_level="debug")
    with gli.Client(cluster) as client:
        graph = client.from_edge_list([(1, 2), (2, 3)])
        graph.pagerank(iterations=3)
        with pytest.raises(KeyError, match="no_such"):
            graph.sssp(1, weight='no_such "attribute"\n')
    lines = {p.stem: [json.loads(line) for line in p.read_text().splitlines()] for p in Path(cluster.directory).glob("*.log")}
    assert set(lines) == {"coordinator", "worker-0", "worker-1"}
    for name, rows in lines.items():
        assert rows and all(r.keys() >= {"time", "level", "cluster", "host", "role", "message"} for r in rows)
        assert {r["role"] for r in rows} == {name} and {r["cluster"] for r in rows} <= {cluster.cluster_id, ""}
    of_workers = [r for name in ("worker-0", "worker-1") for r in lines[name] if "call" in r]
    assert {(r["worker"], r["partition"]) for r in of_workers} == {(w.worker, w.partition) for w in cluster.workers}
    call = next(r["call"] for r in lines["coordinator"] if r["message"].startswith("pagerank of driver"))
    assert any(r["call"] == call and r["message"].startswith("pagerank") for r in of_workers)
    failed = [r for rows in lines.values() for r in rows if "failed" in r["message"] and "no_such" in r["message"]]
    roles = {r["role"] for r in failed}  # who is aborted before it fails by itself has nothing to say
    assert "coordinator" in roles and len(roles) >= 2
    assert len({r["call"] for r in failed}) == 1 and {r["level"] for r in failed} == {"warning"}


def test_lines_below_the_level_are_not_written(fresh_cluster):
    cluster = fresh_cluster(1, log_level="warning")
    with gli.Client(cluster) as client:
        client.from_edge_list([(1, 2)])
    assert Path(cluster.directory, "coordinator.log").read_text() == ""


@pytest.mark.parametrize("arguments", [{"log_level": "loud"}, {"log_format": "xml"}])
def test_a_level_or_format_that_there_is_not_is_refused_with_those_that_there_are(arguments):
    with pytest.raises(ValueError, match="must be one of .* not '(loud|xml)'"):
        gli.LocalCluster(n_workers=1, **arguments)


def test_gli_start_says_why_it_cannot_whatever_its_log_looks_like(tmp_path):
    for form in ("text", "json"):
        refused = subprocess.run(
            command("start", "--dir", tmp_path / form, "--metrics", "nowhere", "--log-format", form), capture_output=True, text=True
        )
        assert refused.returncode == 1
        assert "--metrics 'nowhere'" in refused.stderr and "glid:" not in refused.stderr and "{" not in refused.stderr


# --- metrics --------------------------------------------------------------------------------------------------------------------------


def scrape(url, **fields):
    with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=10) as answer:
        return answer.read().decode()


def value(text, series):
    """Of one series, by its name with its labels."""
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, re.M)
    assert found, f"{series} is not in\n{text}"
    return float(found[1])


@pytest.fixture
def measured(hand):
    """A cluster of two workers whose processes all serve metrics: their URLs, the coordinator's first, and a client."""
    hand.start(2, metrics="127.0.0.1:0")
    for i in range(2):
        hand.worker(f"w{i}", "--join", hand.address, "--metrics", "127.0.0.1:0")
    with gli.Client(hand.address) as client:
        ready(client)
        folders = (hand.directory, *(hand.log(f"w{i}").with_suffix("") for i in range(2)))
        yield hand, [f"{(f / 'metrics').read_text().strip()}/metrics" for f in folders], client


def test_promtool_has_nothing_to_say_against_the_metrics(measured):
    needs("promtool")
    hand, urls, client = measured
    client.generate_kronecker(10).pagerank(iterations=3)
    for url in urls:
        judged = subprocess.run(["promtool", "check", "metrics"], input=scrape(url), capture_output=True, text=True)
        assert judged.returncode == 0 and judged.stderr == "", judged.stderr


def test_metrics_count_what_happens(measured, tmp_path):
    hand, (head, *workers), client = measured
    graph = client.generate_kronecker(10)
    graph.pagerank(iterations=3)
    with pytest.raises(KeyError, match="none such"):
        graph.sssp(1, weight="none such")
    client.open_store(tmp_path / "store.gli").commit("Monday", graph=graph)
    text = scrape(head)
    assert value(text, 'gli_workers{state="ready"}') == 2 and value(text, "gli_partitions") == 2
    assert value(text, 'gli_calls_total{call="pagerank",outcome="done"}') == 1
    assert value(text, 'gli_calls_total{call="sssp",outcome="failed"}') == 1
    assert value(text, 'gli_call_duration_seconds_count{call="pagerank"}') == 1
    assert value(text, 'gli_call_exchanged_bytes_total{call="pagerank"}') > 0
    assert value(text, "gli_store_commits_total") == 1 and value(text, "gli_drivers") == 1 and value(text, "gli_handles") >= 1
    assert value(text, 'gli_door_admitted_total{purpose="control"}') == 2
    assert 1e6 < value(text, "process_resident_memory_bytes") < 1e9
    told = [scrape(url) for url in workers]
    sent, received = (sum(value(t, f"gli_exchange_{way}_bytes_total") for t in told) for way in ("sent", "received"))
    assert sent == received > 0
    assert all(value(t, 'gli_held{sort="graph"}') >= 1 and value(t, "gli_exchange_rounds_total") > 3 for t in told)


def first_state(link):
    """What the page's first line says."""
    base, token = link.split("/#token=")
    with urllib.request.urlopen(
        urllib.request.Request(f"{base}/state", headers={"Authorization": f"Bearer {token}"}), timeout=10
    ) as answer:
        return json.loads(answer.readline())


def fails():
    raise ValueError("no")


def test_metrics_tell_of_jobs_what_status_and_the_page_tell(hand, tmp_path):
    needs("promtool")
    hand.start(1, metrics="127.0.0.1:0", page="127.0.0.1:0", max_jobs=1)
    hand.worker("w0", "--join", hand.address)
    url, link = f"{(hand.directory / 'metrics').read_text().strip()}/metrics", re.search(r"http://\S+#token=\w+", hand.said)[0]
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with gli.Client(hand.address) as client:
        ready(client)
        before = time.time()
        first, second, third = (client.submit(gate.read_text if i == 0 else fails) for i in range(3))
        wait_for(lambda: first.status() == "running", "the first job")
        text = scrape(url)
        assert value(text, 'gli_jobs{state="running"}') == 1 and value(text, 'gli_jobs{state="waiting"}') == 2
        assert before <= value(text, f'gli_job_start_time_seconds{{number="{first.id}"}}') <= time.time()
        assert all(value(text, f'gli_jobs_total{{outcome="{how}"}}') == 0 for how in ("succeeded", "failed", "cancelled", "lost"))
        assert [j.state for j in client.status().jobs] == ["running", "waiting", "waiting"]
        state = first_state(link)
        assert (state["jobs_running"], state["jobs_waiting"]) == (1, 2)
        assert [j["job"] for j in state["jobs"]] == [first.id, third.id, second.id]
        third.cancel()
        gate.write_text("open")
        assert first.result(timeout=60) == "open"
        assert second.wait(timeout=60).state == "failed"
        text = scrape(url)
        told = {how: value(text, f'gli_jobs_total{{outcome="{how}"}}') for how in ("succeeded", "failed", "cancelled", "lost")}
        assert told == {"succeeded": 1, "failed": 1, "cancelled": 1, "lost": 0}
        assert value(text, 'gli_jobs{state="running"}') == value(text, 'gli_jobs{state="waiting"}') == 0
        assert value(text, "gli_job_duration_seconds_count") == 1 and "gli_job_start_time_seconds" not in text
        ran = first.info().ended - first.info().started
        assert value(text, "gli_job_duration_seconds_sum") == pytest.approx(ran)
        judged = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        assert judged.returncode == 0 and judged.stderr == "", judged.stderr


def test_a_lost_worker_shows_in_the_metrics(measured):
    hand, urls, client = measured
    os.kill(client.status().workers[0].pid, signal.SIGKILL)
    wait_for(lambda: value(scrape(urls[0]), 'gli_workers{state="lost"}') == 1, "the loss")
    assert value(scrape(urls[0]), "gli_workers_lost_total") == 1


def status_of(url, **fields):
    try:
        scrape(url, **fields)
        return 200
    except urllib.error.HTTPError as error:
        return error.code


def test_pages_of_other_sites_and_other_names_get_no_numbers(measured):
    _, urls, _ = measured
    assert status_of(urls[0], Host="evil.example") == 403  # a name that was made to point here
    assert status_of(urls[0], Origin="http://evil.example") == 403
    assert status_of(urls[0], **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert status_of(urls[0], Host="localhost:9999") == 200  # through a tunnel
    assert status_of(urls[0].replace("/metrics", "/")) == 404


def test_metrics_beyond_the_host_need_tls_and_the_token(hand, tmp_path):
    refused = subprocess.run(command("start", "--dir", tmp_path / "no", "--metrics", "0.0.0.0:0"), capture_output=True, text=True)
    assert refused.returncode == 1 and "without TLS" in refused.stderr
    hand.start(1, listen="127.0.0.1:0", metrics="0.0.0.0:0")
    trust = ssl.create_default_context(cafile=hand.directory / "credentials" / "driver.pem")
    port = int((hand.directory / "metrics").read_text().rsplit(":", 1)[1])
    token = (hand.directory / "token").read_text().strip()

    def ask(authorization):
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            trust.wrap_socket(plain, server_hostname="gli-coordinator") as secure,
        ):
            secure.sendall(f"GET /metrics HTTP/1.1\r\nHost: head:{port}\r\nAuthorization: {authorization}\r\n\r\n".encode())
            answer = http.client.HTTPResponse(secure)
            answer.begin()
            return answer.status, answer.read()

    assert ask("Bearer " + "0" * 64)[0] == 401
    status, body = ask(f"Bearer {token}")
    assert status == 200 and b"gli_partitions 1" in body
    assert (hand.directory / "token").stat().st_mode & 0o777 == 0o600
