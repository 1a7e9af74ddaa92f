// The machine: latency against its targets, processes, how far each is behind, what was refused.

import { badge, el, keyed, setText } from "../dom.js";
import { age, count, milliseconds } from "../format.js";

const LATE_MS = 3000;

function makeStage(stage) {
  return el(
    "li",
    { class: "stage", title: stage.what },
    el("span", { class: "stage-name" }, el("b", {}, stage.title), el("span", { class: "faint small" }, stage.what)),
    ...["p50", "p95", "p99"].map((name) => el("span", { class: "number quantile", data: { q: name } })),
    el("span", { class: "verdict" }),
  );
}

function updateStage(row, stage) {
  const seen = stage.latency?.n > 0;
  for (const name of ["p50", "p95", "p99"]) {
    setText(row.querySelector(`[data-q="${name}"]`), seen ? milliseconds(stage.latency[`${name}_ms`]) : "–");
  }
  const verdict = row.querySelector(".verdict");
  const target = stage.target?.p50;
  const state = !seen ? "none" : target === undefined ? "free" : stage.latency.p50_ms <= target ? "within" : "above";
  const label = `${state}${target}`;
  if (verdict.dataset.state === label) return;
  verdict.dataset.state = label;
  const looks = {
    none: ["", "open", "not measured"],
    free: ["", "open", "no target"],
    within: ["good", "granted", `≤ ${target} ms`],
    above: ["warn", "late", `> ${target} ms`],
  };
  verdict.replaceChildren(badge(...looks[state], "the target is for the median (p50)"));
}

export function showLatency(root, store, words) {
  const latency = store.status?.latency ?? {};
  const stages = Object.entries(words.stages).map(([name, stage]) => ({
    name, ...stage, latency: latency[name], target: words.targets[name],
  }));
  root.querySelector(".empty").hidden = Object.keys(latency).length > 0;
  keyed(root.querySelector("ul"), stages, (stage) => stage.name, makeStage, updateStage);
}

// The worst of what a process reads: in events of the ledger, or in ms of stream time.
function lag(behind) {
  const all = Object.entries(behind);
  const late = all.filter(([, how]) => how.amount > (how.unit === "ms" ? 50 : 0)).map(
    ([stream, how]) => `${stream}: ${how.unit === "ms" ? age(how.amount) : `${count(how.amount)} events`}`,
  );
  return late.length ? late.join(", ") : all.length ? "level" : "–";
}

function makeProcess(process) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, process.name),
    el("td", { data: { cell: "state", label: "State" } }),
    ...[["age", "Heard"], ["rss", "Memory"], ["behind", "Behind"]].map(([name, label]) => el("td", { class: "number", data: { cell: name, label } })),
  );
}

function updateProcess(row, process, now) {
  const silent = process.at ? now - process.at : null;
  const state = silent === null ? "unheard" : silent > LATE_MS ? "silent" : process.state;
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  if (cell("state").dataset.state !== state) {
    cell("state").dataset.state = state;
    const looks = { running: ["good", "granted"], unheard: ["", "open"], silent: ["bad", "lost"] };
    cell("state").replaceChildren(badge(...(looks[state] ?? ["warn", "late"]), state === "unheard" ? "not heard from" : state));
  }
  setText(cell("age"), silent === null ? "–" : age(silent));
  setText(cell("rss"), process.rss_mb ? `${Math.round(process.rss_mb)} MiB` : "–");
  setText(cell("behind"), lag(process.behind ?? {}));
}

export function showProcesses(root, store, now, skew) {
  const processes = store.status?.processes ?? [];
  root.querySelector(".empty").hidden = processes.length > 0;
  root.querySelector(".scroll").hidden = processes.length === 0;
  keyed(root.querySelector("tbody"), processes, (process) => process.name, makeProcess, (row, process) =>
    updateProcess(row, process, now - skew),
  );
  const streams = store.status?.streams ?? [];
  keyed(
    root.querySelector(".streams"),
    streams,
    (stream) => stream.name,
    (stream) => el("li", {}, el("span", { class: "mono small" }, stream.name), el("span", { class: "number small soft" })),
    (row, stream) =>
      setText(row.lastElementChild, `${count(stream.length)} kept${stream.age_ms === null ? "" : `, last ${age(stream.age_ms)} ago`}`),
  );
}

export function showRefused(root, store, words) {
  const codes = Object.entries(store.status?.dead_letters ?? {}).sort((a, b) => b[1] - a[1]);
  root.querySelector(".empty").hidden = codes.length > 0;
  keyed(
    root.querySelector("ul"),
    codes,
    ([code]) => code,
    ([code]) => el("li", {}, el("span", { class: "number" }), el("b", { class: "mono small" }, code), el("span", { class: "faint small" }, words.reasons[code] ?? "")),
    (row, [, number]) => setText(row.firstElementChild, count(number)),
  );
}
