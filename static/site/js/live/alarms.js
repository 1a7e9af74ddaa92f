// Alarms that nobody has acknowledged: asked for when one comes or goes, not every second.

import { el } from "../dom.js";
import { clock } from "../format.js";

const PROJECTED_MS = 600; // what an event says is in the tables a moment later
const AGAIN_MS = 5000;
const EVERY_MS = 60_000;

const panel = document.getElementById("open-alarms");
let asked = 0;
let freshAt = 0;
let timer = 0;

function later(pause) {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

async function ask() {
  asked += 1;
  const mine = asked;
  const body = panel.querySelector(".body");
  try {
    const response = await fetch(panel.dataset.from, { signal: AbortSignal.timeout(5000) });
    if (response.redirected || !response.ok) throw new Error(response.redirected ? "you are logged out" : `error ${response.status}`);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
    if (mine !== asked) return; // a younger answer is on its way
    freshAt = Date.now();
    if (body.dataset.made !== fresh.innerHTML) {
      body.dataset.made = fresh.innerHTML;
      body.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    }
    later(EVERY_MS);
  } catch (error) {
    if (mine !== asked) return;
    const since = freshAt ? `as it was at ${clock(freshAt, 0)} UTC` : "not known";
    body.querySelector(".stale-note")?.remove();
    body.prepend(el("p", { class: "stale-note", role: "status" }, `Whether alarms wait is ${since} (${error.message}).`));
    delete body.dataset.made;
    later(AGAIN_MS);
  }
}

if (panel) {
  // Their number comes with the live connection; what changes without it, with the events themselves.
  const count = document.getElementById("alarm-count");
  if (count) new MutationObserver(() => later(0)).observe(count, { attributes: true, characterData: true, childList: true, subtree: true });
  document.addEventListener("alarms", () => later(PROJECTED_MS));
  ask();
}
