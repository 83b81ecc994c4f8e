// The page of a GLI cluster: reads the coordinator's state, a line of JSON a second, and shows it. Nothing from the cluster becomes HTML: Preact sets text.

import { h, render } from "./preact.js";
import htm from "./htm.js";

const html = htm.bind(h);
const PATIENCE = 10_000; // ms without a word before the coordinator counts as gone
const LONGEST_WAIT = 5_000; // ms between two tries
const KEPT = "gli-token";

// --- the token ------------------------------------------------------------------------------------------------------------------------------------

/** What the link's fragment brought, else what this tab was given before. The fragment is taken off the address, which people copy. */
function ownToken() {
  const brought = new URLSearchParams(location.hash.slice(1)).get("token");
  if (brought) {
    sessionStorage.setItem(KEPT, brought);
    history.replaceState(null, "", location.pathname);
  }
  return brought ?? sessionStorage.getItem(KEPT) ?? "";
}

// --- the state ------------------------------------------------------------------------------------------------------------------------------------

const recent = []; // the last states: workers say only every other second what they have sent
const RECENT = 6;
const seen = { state: null, before: null, link: "connecting", token: ownToken() };
let wake = null; // ends the wait for the next try
let reading = null; // AbortController of what is read now

function show(change) {
  Object.assign(seen, change);
  render(html`<${Page} ...${seen} />`, document.getElementById("page"));
}

const pause = (ms) => new Promise((done) => ((wake = done), setTimeout(done, ms)));

/** The lines of an answer, as they come. Ends, or throws when none comes for long. */
async function* lines(body, control) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const late = setTimeout(() => control.abort(), PATIENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(late));
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    yield* parts;
  }
}

/** Shows states until the coordinator stops giving them; false when it does not know the token. */
async function follow() {
  reading = new AbortController();
  const late = setTimeout(() => reading.abort(), PATIENCE);
  const answer = await fetch("/state", {
    headers: { Authorization: `Bearer ${seen.token}` },
    cache: "no-store",
    credentials: "omit",
    signal: reading.signal,
  }).finally(() => clearTimeout(late));
  if (answer.status === 401) return false;
  if (!answer.ok) throw new Error(`the coordinator answers ${answer.status}`);
  recent.length = 0;
  for await (const line of lines(answer.body, reading)) {
    recent.push(JSON.parse(line));
    if (recent.length > RECENT) recent.shift();
    show({ before: recent[0], state: recent.at(-1), link: "live" });
  }
  return true;
}

async function run() {
  let wait = 500;
  for (;;) {
    if (document.hidden) {
      await pause(3_600_000);
      continue;
    }
    try {
      if (!seen.token || !(await follow())) {
        sessionStorage.removeItem(KEPT);
        show({ link: seen.token ? "refused" : "locked", token: "", state: null });
        await pause(3_600_000);
        continue;
      }
      wait = 500;
    } catch {
      wait = Math.min(2 * wait, LONGEST_WAIT);
    }
    if (document.hidden) continue;
    show({ link: "gone" });
    await pause(wait);
  }
}

function enter(event) {
  event.preventDefault();
  const token = new FormData(event.target).get("token").trim();
  sessionStorage.setItem(KEPT, token);
  show({ token, link: "connecting" });
  wake?.();
}

// Nobody looks: nothing is asked.
document.addEventListener("visibilitychange", () => (document.hidden ? reading?.abort() : wake?.()));
window.addEventListener("hashchange", () => {
  show({ token: ownToken(), link: "connecting" });
  wake?.();
});

// --- words ----------------------------------------------------------------------------------------------------------------------------------------

const whole = new Intl.NumberFormat("en");
const count = (n, word) => `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`;

function scaled(value, step, units) {
  let unit = 0;
  while (value >= step && unit < units.length - 1) (value /= step), unit++;
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
const memory = (bytes) => scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
const size = (bytes) => scaled(bytes, 1000, ["B", "kB", "MB", "GB", "TB"]);

function duration(seconds) {
  const s = Math.max(0, seconds);
  if (s < 60) return `${s.toFixed(s < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(s % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
const share = (part, all) => (all ? `${((100 * part) / all).toFixed(1)}%` : "–");

const KINDS = { ready: "good", succeeded: "good", running: "busy", waiting: "warn", starting: "warn", restoring: "warn", lost: "bad", failed: "bad", cancelled: "bad" };
const Badge = ({ word }) => html`<span class="badge ${KINDS[word] ?? "warn"}">${word}</span>`;

// --- tables ---------------------------------------------------------------------------------------------------------------------------------------

/** A table whose columns are [label, what a row shows, class]; the first names the row. Roles are said, because on a phone the rows are blocks. */
function Table({ label, columns, rows, keyOf }) {
  return html`<table role="table" aria-label=${label}>
    <thead role="rowgroup"><tr role="row">${columns.map(([name, , look]) => html`<th role="columnheader" scope="col" class=${look}>${name}</th>`)}</tr></thead>
    <tbody role="rowgroup">${rows.map(
      (row) => html`<tr role="row" key=${keyOf(row)}>${columns.map(([name, cell, look], i) =>
        i === 0
          ? html`<th role="rowheader" scope="row" class=${look} data-label=${name}><span>${cell(row)}</span></th>`
          : html`<td role="cell" class=${look} data-label=${name}><div>${cell(row)}</div></td>`
      )}</tr>`
    )}</tbody>
  </table>`;
}

function Section({ title, note, empty, children }) {
  return html`<section aria-label=${title}><h2>${title}<small>${note}</small></h2>${empty ? html`<p class="quiet">${empty}</p>` : children}</section>`;
}

function Memory({ worker }) {
  if (!worker.limit) return memory(worker.memory);
  const text = `${memory(worker.memory)} of ${memory(worker.limit)}`;
  return html`${text}<meter min="0" max=${worker.limit} high=${0.85 * worker.limit} optimum="0" value=${worker.memory} aria-label=${`memory: ${text}`}></meter>`;
}

/** Bytes a second that a worker sends, from two states of it. */
function rate(worker, state, before) {
  const old = before?.workers.find((w) => w.worker === worker.worker);
  const seconds = before ? state.time - before.time : 0;
  return old && seconds > 0 ? Math.max(0, (worker.sent - old.sent) / seconds) : 0;
}

function Workers({ state, before }) {
  const columns = [
    ["Partition", (w) => w.partition, "strong"],
    ["State", (w) => html`<${Badge} word=${w.state} />`],
    ["Host", (w) => w.host],
    ["Pid", (w) => w.pid, "number"],
    ["Cores", (w) => (w.numa < 0 ? w.cores : `${w.cores} (NUMA ${w.numa})`), "number"],
    ["Memory", (w) => html`<${Memory} worker=${w} />`],
    ["Sent", (w) => `${size(w.sent)}${w.state === "lost" ? "" : `, ${size(rate(w, state, before))}/s`}`, "number"],
  ];
  const errors = state.workers.filter((w) => w.error);
  return html`<${Section} title="Workers" note=${`${count(state.partitions, "partition")}, epoch ${state.epoch}`} empty=${state.workers.length ? "" : "No worker has come yet: gli worker starts one."}>
    <${Table} label="Workers" columns=${columns} rows=${state.workers} keyOf=${(w) => w.partition} />
    ${errors.map((w) => html`<div class="banner bad" key=${w.partition}><span class="strong">Partition ${w.partition}</span><pre>${w.error}</pre></div>`)}
  </${Section}>`;
}

function Progress({ call }) {
  if (!call.started) return "";
  const step = call.step && call.step !== call.what ? `${call.step} ` : "";
  const far = call.total ? `${whole.format(call.done)} of ${whole.format(call.total)}` : call.step ? whole.format(call.done) : "";
  const text = `${step}${call.detail || far || "…"}${call.total ? ` (${share(call.done, call.total)})` : ""}`;
  return html`${text}${call.total > 0 && html`<progress max=${call.total} value=${Math.min(call.done, call.total)} aria-label=${`${call.what}: ${text}`}></progress>`}`;
}

function Calls({ state }) {
  const columns = [
    ["Call", (c) => c.call, "strong"],
    ["What", (c) => c.what, "strong"],
    ["State", (c) => html`<${Badge} word=${c.started ? "running" : "waiting"} />`],
    ["Time", (c) => duration(state.time - (c.started || c.since)), "number"],
    ["Progress", (c) => html`<${Progress} call=${c} />`],
    ["Exchanged", (c) => size(c.bytes), "number"],
    ["Driver", (c) => c.driver || "the coordinator"],
  ];
  const more = state.running + state.waiting - state.calls.length;
  return html`<${Section} title="Calls" note=${`${state.running} running, ${state.waiting} waiting`} empty=${state.calls.length ? "" : "Nothing runs now."}>
    <${Table} label="Calls" columns=${columns} rows=${state.calls} keyOf=${(c) => c.call} />
    ${more > 0 && html`<p class="quiet">and ${whole.format(more)} more that wait</p>`}
  </${Section}>`;
}

function Jobs({ state }) {
  const time = (j) => (j.started ? duration((j.ended || state.time) - j.started) : "");
  const columns = [
    ["Job", (j) => j.job, "strong"],
    ["Name", (j) => j.name],
    ["State", (j) => html`<${Badge} word=${j.state} />`],
    ["Submitted", (j) => clock(j.submitted)],
    ["Time", time, "number"],
    ["Why", (j) => j.error],
  ];
  const note = state.jobs.length ? `${state.jobs_running} running, ${state.jobs_waiting} waiting` : "";
  return html`<${Section} title="Jobs" note=${note} empty=${state.jobs.length ? "" : "Nothing was submitted: gli submit does."}>
    <${Table} label="Jobs" columns=${columns} rows=${state.jobs} keyOf=${(j) => j.job} />
  </${Section}>`;
}

function Graphs({ state }) {
  const kind = (g) => `${g.directed ? "directed" : "undirected"}${g.multi ? ", multi" : ""}`;
  const known = (x, text) => (x === undefined ? html`<span class="quiet">not counted</span>` : text);
  const columns = [
    ["Graph", (g) => g.number, "strong"],
    ["Nodes", (g) => whole.format(g.nodes), "number"],
    ["Edges", (g) => whole.format(g.edges), "number"],
    ["Kind", kind],
    ["Edges cut", (g) => known(g.cut_edges, share(g.cut_edges, g.edges)), "number"],
    ["Largest part", (g) => known(g.most_nodes, share(g.most_nodes, g.nodes)), "number"],
    ["Kept", (g) => (g.stored ? "committed" : "in memory only")],
  ];
  return html`<${Section} title="Graphs" note=${`drivers hold ${count(state.handles, "handle")}: graphs, results and loads`} empty=${state.graphs.length ? "" : "No driver holds a graph."}>
    <${Table} label="Graphs" columns=${columns} rows=${state.graphs} keyOf=${(g) => g.number} />
  </${Section}>`;
}

function Failures({ state }) {
  const columns = [
    ["When", (f) => clock(f.time)],
    ["Call", (f) => `${f.call} ${f.what}`, "strong"],
    ["Why", (f) => html`<pre>${f.error}</pre>`, "wide"],
  ];
  return html`<${Section} title="Last failures" empty=${state.failed.length ? "" : "No call has failed."}>
    <${Table} label="Last failures" columns=${columns} rows=${[...state.failed].reverse()} keyOf=${(f) => f.call} />
  </${Section}>`;
}

// --- the page -------------------------------------------------------------------------------------------------------------------------------------

function Tiles({ state }) {
  const ready = state.workers.filter((w) => w.state === "ready").length;
  const used = state.workers.filter((w) => w.state !== "lost").reduce((sum, w) => sum + w.memory, 0);
  const limits = state.workers.every((w) => w.limit) ? state.workers.reduce((sum, w) => sum + w.limit, 0) : 0;
  const tiles = [
    ["Workers ready", ready, `of ${state.partitions}`],
    ["Memory", memory(used), limits ? `of ${memory(limits)}` : ""],
    ["Calls running", state.running, state.waiting ? `and ${whole.format(state.waiting)} waiting` : ""],
    ["Drivers", state.drivers, ""],
  ];
  return html`<dl class="tiles">${tiles.map(([name, value, more]) => html`<div class="tile"><dt>${name}</dt><dd>${value} <small>${more}</small></dd></div>`)}</dl>`;
}

function linkWord(link, state) {
  if (link === "gone") return ["bad", "coordinator gone, trying again"];
  if (link === "connecting") return ["warn", "connecting"];
  if (link !== "live") return ["bad", "locked"];
  const ready = state.workers.filter((w) => w.state === "ready").length;
  return ready === state.partitions ? ["good", "ready"] : ["warn", `waits: ${ready} of ${count(state.partitions, "worker")} ready`];
}

function Locked({ refused }) {
  return html`<section aria-label="Token">
    <h2>${refused ? "The coordinator does not know this token" : "This page needs the cluster's token"}</h2>
    <p>Open the link that <code>gli start</code> printed, or paste the token, which is in the file <code>token</code> of the cluster's directory.</p>
    <form onSubmit=${enter}>
      <input name="token" type="password" autocomplete="off" required aria-label="Token" placeholder="Token" />
      <button type="submit">Show the cluster</button>
    </form>
  </section>`;
}

function Page({ state, before, link }) {
  const [kind, word] = linkWord(link, state);
  return html`<header><div class="top">
      <img src="/icon.svg" alt="" /><h1>GLI cluster</h1>
      ${state && html`<span class="cluster">${state.cluster}</span>`}
      <span role="status"><span class="badge ${kind}">${word}</span></span>
    </div></header>
    <main>
      ${(link === "locked" || link === "refused") && html`<${Locked} refused=${link === "refused"} />`}
      ${link === "gone" && html`<div class="banner bad">The coordinator does not answer. ${state && `What follows is how it was at ${clock(state.time)}. `}This page goes on by itself when it is back.</div>`}
      ${state && html`<div class=${link === "gone" ? "stale" : ""}>
        <${Tiles} state=${state} />
        <${Calls} state=${state} />
        <${Workers} state=${state} before=${before} />
        <${Jobs} state=${state} />
        <${Graphs} state=${state} />
        <${Failures} state=${state} />
        <footer>gli ${state.version} · as of ${clock(state.time)}</footer>
      </div>`}
    </main>`;
}

show({});
run();
