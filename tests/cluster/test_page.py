"""The coordinator's page, as a browser shows it: a real Chromium looks at a real cluster."""

import contextlib
import json
import os
import re
import shutil
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import gli
import pytest
from by_hand import ByHand, wait_for
from cluster_processes import processor_seconds
from drivers import at_work
from everything import needs

LAPTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000  # ms


@pytest.fixture(scope="module")
def chromium():
    needs("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Opens a link in a window of its own; what the page said on its console, and what it asked of whom, is beside it."""
    with contextlib.ExitStack() as opened:

        def open_at(link, viewport=LAPTOP, scheme="light"):
            context = opened.enter_context(contextlib.closing(chromium.new_context(viewport=viewport, color_scheme=scheme)))
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.complaints, page.asked = [], []
            page.on("console", lambda m: page.complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda e: page.complaints.append(str(e)))
            page.on("request", lambda r: page.asked.append(r.url))
            page.goto(link)
            return page

        yield open_at


@pytest.fixture(scope="module")
def shown_cluster():
    with gli.LocalCluster(n_workers=2, page=True) as cluster:
        yield cluster


def section(page, name):
    return page.get_by_role("region", name=name)


def test_it_shows_workers_and_graphs_and_a_call_from_its_begin_to_its_end(shown_cluster, open_page):
    page = open_page(shown_cluster.dashboard_link)
    assert "token" not in page.url
    page.get_by_role("status").get_by_text("ready", exact=True).wait_for()
    workers = page.get_by_role("table", name="Workers")
    for worker in shown_cluster.workers:
        workers.get_by_role("cell", name=str(worker.pid)).wait_for()
    section(page, "Calls").get_by_text("Nothing runs now.").wait_for()
    with at_work(shown_cluster.address) as driver:
        row = page.get_by_role("table", name="Calls").get_by_role("row").filter(has_text="pagerank")
        row.get_by_text("running").wait_for()
        row.get_by_text(f"pid {driver.pid} on host").wait_for()
        row.get_by_text(re.compile("residual")).wait_for()
        before = row.inner_text()
        wait_for(lambda: row.inner_text() != before, "another round")
        graphs = page.get_by_role("table", name="Graphs").get_by_role("row")
        graphs.get_by_text(f"{gli.generate_kronecker(12).node_count:,}").wait_for()
        graphs.get_by_text("in memory only").wait_for()
    section(page, "Calls").get_by_text("Nothing runs now.").wait_for()
    assert page.complaints == []
    assert {url.split("/")[2] for url in page.asked} == {shown_cluster.dashboard_link.split("/")[2]}


def test_a_killed_worker_is_shown_as_lost_and_what_failed_with_it_is_listed(fresh_cluster, open_page):
    cluster = fresh_cluster(2, page=True)
    page = open_page(cluster.dashboard_link)
    victim = cluster.workers[1]
    with at_work(cluster.address):
        page.get_by_role("table", name="Calls").get_by_text("pagerank").wait_for()
        os.kill(victim.pid, signal.SIGKILL)
        page.get_by_role("table", name="Workers").get_by_role("row").filter(has_text=str(victim.pid)).get_by_text("lost").wait_for()
        page.get_by_role("status").get_by_text("waits: 1 of 2 workers ready").wait_for()
        section(page, "Last failures").get_by_text(re.compile(rf"pid {victim.pid}.*died", re.S)).wait_for()
    assert page.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_it_fits_the_screen(shown_cluster, open_page, viewport, scheme, tmp_path):
    page = open_page(shown_cluster.dashboard_link, viewport, scheme)
    with at_work(shown_cluster.address):
        page.get_by_role("table", name="Calls").get_by_text(re.compile("residual")).wait_for()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= viewport["width"]
        picture = os.environ.get("GLI_SCREENSHOTS")
        if picture:
            page.screenshot(path=f"{picture}/{viewport['width']}-{scheme}.png", full_page=True)


CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = numbers(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return texts.map((e) => {
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(ground(e))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim().slice(0, 40)];
  }).sort((x, y) => x[0] - y[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast_and_tables_headings_and_landmarks_have_names(shown_cluster, open_page, scheme):
    page = open_page(shown_cluster.dashboard_link, LAPTOP, scheme)
    with at_work(shown_cluster.address):
        page.get_by_role("table", name="Calls").wait_for()
        least, text = page.evaluate(CONTRAST)
    assert least >= 4.5, text
    assert page.get_by_role("heading", level=1).inner_text() == "GLI cluster"
    assert [h.inner_text().split("\n")[0].strip() for h in page.get_by_role("heading", level=2).all()] != []
    assert page.get_by_role("banner").count() == 1 and page.get_by_role("main").count() == 1
    assert page.get_by_role("table", name="Workers").get_by_role("columnheader").count() == 7


def test_a_wrong_token_shows_nothing_and_the_right_one_can_be_pasted(shown_cluster, open_page):
    link, token = shown_cluster.dashboard_link.split("#token=")
    page = open_page(f"{link}#token={'0' * 64}")
    page.get_by_text("does not know this token").wait_for()
    assert page.get_by_role("table").count() == 0 and shown_cluster.cluster_id not in page.content()
    page.get_by_label("Token", exact=True).and_(page.locator("input")).fill(token)
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Workers").wait_for()
    bare = open_page(link)
    bare.get_by_text("needs the cluster's token").wait_for()


def test_what_drivers_call_themselves_is_text_and_no_page_of_its_own(fresh_cluster, open_page):
    cluster = fresh_cluster(1, page=True)
    page = open_page(cluster.dashboard_link)
    evil = "<img src=x onerror=document.title='taken'>"
    with gli.Client(cluster) as client:
        graph = client.from_edge_list([(1, 2)])
        with pytest.raises(ValueError, match="img"):
            graph._run(evil, {})
        section(page, "Last failures").get_by_text(evil).first.wait_for()
    assert page.title() == "GLI cluster" and page.locator("main img").count() == 0


def test_it_says_when_the_coordinator_is_gone_and_goes_on_by_itself_when_it_is_back(tmp_path, open_page):
    hand = ByHand(tmp_path / "c")
    try:
        hand.start(1, page="127.0.0.1:0")
        said = re.search(r"^page: (\S+)$", hand.said, re.M)[1]
        page = open_page(said)
        page.get_by_text("No worker has come yet").wait_for()
        hand.kill_coordinator()
        page.get_by_text("The coordinator does not answer.").wait_for()
        port = said.split("/")[2].rsplit(":", 1)[1]
        hand.start(1, page=f"127.0.0.1:{port}")
        page.get_by_text("epoch 2").wait_for()
        assert page.get_by_text("The coordinator does not answer.").count() == 0
    finally:
        hand.end()


# --- who is let in --------------------------------------------------------------------------------------------------------------------


def answer(url, **fields):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=fields), timeout=10) as got:
            return got.status, dict(got.headers), got.read(200)
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def test_strangers_pages_of_other_sites_and_other_names_get_no_state(shown_cluster):
    base, token = shown_cluster.dashboard_link.split("/#token=")
    bearer = {"Authorization": f"Bearer {token}"}
    assert answer(f"{base}/state")[0] == 401
    assert answer(f"{base}/state?token={token}")[0] == 401
    assert answer(f"{base}/state", Authorization=f"Bearer {token[:-1]}")[0] == 401
    assert answer(f"{base}/state", **bearer, Host="evil.example")[0] == 403
    assert answer(f"{base}/state", **bearer, Origin="http://evil.example")[0] == 403
    assert answer(f"{base}/../../etc/passwd")[0] == 404 and answer(f"{base}/page.js.map")[0] == 404
    status, fields, body = answer(f"{base}/")
    assert status == 200 and token.encode() not in body
    policy = fields["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert (Path(shown_cluster.directory) / "token").stat().st_mode & 0o777 == 0o600


SHARE = 0.01  # of one core: docs/seeing.md


def test_the_page_costs_under_a_hundredth_of_a_core_with_a_viewer_and_asks_nothing_without(shown_cluster):
    link, token = shown_cluster.dashboard_link.split("/#token=")
    coordinator = [shown_cluster.coordinator_pid]
    with urllib.request.urlopen(
        urllib.request.Request(f"{link}/state", headers={"Authorization": f"Bearer {token}"}), timeout=30
    ) as states:
        states.readline()
        used, begun = processor_seconds(coordinator), time.monotonic()
        read = [states.readline() for _ in range(10)]  # one a second: what is measured is this time
        share = (processor_seconds(coordinator) - used) / (time.monotonic() - begun)
    assert share < SHARE
    assert [len(json.loads(line)["workers"]) for line in read] == [2] * 10


def test_a_cluster_without_a_page_says_how_to_get_one(fresh_cluster):
    with pytest.raises(gli.ClusterError, match="page=True"):
        fresh_cluster(1).dashboard_link


def test_a_page_for_other_hosts_is_refused_without_credentials():
    with pytest.raises(gli.ClusterError, match=r"--page 0\.0\.0\.0:0: other hosts would reach that without TLS"):
        gli.LocalCluster(n_workers=1, page="0.0.0.0:0")
