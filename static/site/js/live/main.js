// The live page: one store, one socket, and at most four drawings a second, ten for prices.

import { setText } from "../dom.js";
import { age, milliseconds } from "../format.js";
import { book, showDesk } from "../mode.js";
import { tell } from "../notices.js";
import { showCouncil } from "./council.js";
import { Decisions } from "./decisions.js";
import { showEvents } from "./events.js";
import { showLatency, showProcesses, showRefused } from "./machine.js";
import { showMarket } from "./market.js";
import { showMoney, showOutcomes } from "./money.js";
import { showRounds } from "./rounds.js";
import { Live } from "./socket.js";
import { Store } from "./store.js";
import { showWaiting } from "./waiting.js";

const byId = (id) => document.getElementById(id);
const words = JSON.parse(byId("words").textContent);
const store = new Store();
const topics = byId("main").dataset.topics.split(" ").filter(Boolean); // those that this person may see
const decisions = new Decisions(byId("decisions"), words);
const SOURCES = { live: ["good", "live"], replay: ["warn", "replay"], synthetic: ["veto", "synthetic"] };

const LATE_MS = 2000;

let connection = { state: "connecting" };
let lastMessageAt = 0;
let skew = 0;
let dirty = new Set(["all"]);
let drawing = false;

function mark(what) {
  dirty.add(what);
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(draw);
}

function draw() {
  drawing = false;
  const now = Date.now();
  const wants = (what) => dirty.has(what) || dirty.has("all");
  if (wants("ticks")) showMarket(byId("market"), store, now);
  if (wants("rounds")) showRounds(byId("rounds"), store);
  if (wants("event")) {
    decisions.show(store);
    showEvents(byId("events"), store, Boolean(decisions.frozen));
  }
  if (wants("status")) {
    showMoney(byId("positions"), byId("figures"), store);
    showOutcomes(byId("outcomes"), store.status?.outcomes);
    showCouncil(byId("council"), store);
    showLatency(byId("latency"), store, words);
    showProcesses(byId("processes"), store, now, skew);
    showRefused(byId("refused"), store, words);
    showSource(store.status?.source ?? store.book?.source, store.status?.processes?.find((process) => process.name === "feed"));
  }
  showWaiting(byId("main"), store, topics, connection, now);
  showConnection(now);
  dirty = new Set();
}

// Where prices come from; live ones that are late, or stand-ins for live ones, do not look as if all were well.
function showSource(source, feed) {
  const node = byId("source");
  const [look, icon] = SOURCES[source] ?? ["", "lost"];
  const gauges = feed?.gauges ?? {};
  const late = source === "live" && gauges.lag_ms > LATE_MS;
  node.className = `badge ${late ? "bad" : look}`;
  node.title = [
    words.sources[source] ?? "No tick has come yet, so nobody can say where prices come from.",
    gauges.mode ? `The feed: ${gauges.mode}.` : "The feed has not been heard.",
    gauges.lag_ms === undefined ? "" : `Lag ${milliseconds(gauges.lag_ms)}${gauges.lag_ms < 1000 ? " ms" : ""}.`,
    gauges.clock_offset_ms === undefined ? "" : `The venue's clock differs by ${Math.round(gauges.clock_offset_ms)} ms.`,
  ].filter(Boolean).join(" ");
  node.querySelector("use").setAttribute("href", `#i-${late ? "late" : icon}`);
  setText(node.querySelector("span"), source ? `${source} prices${late ? `, ${age(gauges.lag_ms)} late` : ""}` : store.loaded ? "no prices yet" : "prices not known");
}

function showConnection(now) {
  const node = byId("connection");
  const quiet = lastMessageAt ? age(now - lastMessageAt) : "never";
  const texts = {
    connecting: ["warn", "pulse", "connecting…"],
    reconnecting: ["warn", "pulse", "connecting again…"],
    live: ["good", "pulse", `live, event ${age(store.lastEventAt ? now - store.lastEventAt : null)} ago`],
    silent: ["bad", "lost", `silent for ${quiet}`],
    lost: ["bad", "lost", lastMessageAt ? `connection lost, last word ${quiet} ago` : "connection lost, nothing came yet"],
    "logged-out": ["bad", "lost", "logged out"],
    refused: ["bad", "lost", `not live: ${connection.reason}`],
  };
  const [look, icon, fallback] = texts[connection.state];
  const text = connection.state === "live" && !store.lastEventAt ? "live, no event yet" : fallback;
  node.className = `badge plain ${look}`;
  node.title = connection.reason || "";
  node.querySelector("use").setAttribute("href", `#i-${icon}`);
  setText(node.querySelector("span"), text);
  document.body.classList.toggle("offline", ["lost", "silent", "reconnecting", "refused"].includes(connection.state) && Boolean(store.loaded));
  const stale = byId("stale");
  const silentStatus = store.statusAt ? now - store.statusAt : 0;
  stale.hidden = !(connection.state !== "live" || silentStatus > 4000) || !store.loaded;
  setText(stale, connection.state === "live"
    ? `The projector has said nothing for ${age(silentStatus)}: money, latency and processes are as they were then.`
    : `Not connected: everything below is as it was ${quiet} ago.`);
}

// A decision whose round began before this page did: its proposals are asked for.
async function complete() {
  const wanted = [...store.missing];
  store.missing.clear();
  for (const id of wanted) {
    const response = await fetch(`/decisions/${encodeURIComponent(id)}/?part=summary`);
    if (response.ok) Object.assign(store.byDecision.get(id) ?? {}, await response.json());
  }
  mark("event");
}

// While there is no live connection, what PostgreSQL has is fetched now and then: a halt must be seen in any case.
async function poll() {
  if (connection.state === "live") return;
  try {
    const response = await fetch(`/live/snapshot/?book=${encodeURIComponent(book)}`, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    const snapshot = await response.json();
    if (connection.state !== "live") {
      store.take(snapshot, Date.now(), false);
      mark("all");
    }
  } catch (error) {
    connection = { ...connection, reason: `The site does not answer (${error.message}).` };
  }
}

const live = new Live(topics, book, {
  message(message, at) {
    lastMessageAt = at;
    if (message.type === "status") {
      skew = at - message.at;
      tell(message.notices);
      showDesk(message.desks?.[book]);
    }
    store.take(message, at);
    if (store.missing.size) setTimeout(complete, 500);
    mark(message.type === "snapshot" ? "all" : message.type);
  },
  state(next) {
    connection = { ...(next.state === "live" ? {} : connection), ...next };
    mark("connection");
  },
});

decisions.onchange = () => mark("event");
document.addEventListener("theme", () => mark("ticks"));
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
  if (event.key === "p") decisions.toggle();
  if (event.key === "j") decisions.move(1);
  if (event.key === "k") decisions.move(-1);
});
setInterval(() => mark("status"), 1000);
setInterval(poll, 3000);
if (topics.length) live.open();
else connection = { state: "refused", reason: "Your role may see nothing of it." };
mark("all");
