// The market's page asks every second for what has changed, and says so when it cannot have it.

import { setText } from "./dom.js";
import { clock } from "./format.js";

const EVERY_MS = 1000;
const UNANSWERED_MS = 5000;

const root = document.getElementById("market-panels");
const stale = document.getElementById("market-stale");
let freshAt = Date.now();
let asking = false;

// What each block was made of.
const made = new Map();

// Only blocks that differ are replaced, so that a selection in another one survives.
function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-block]");
  const present = new Map([...root.children].map((child) => [child.dataset.block, child]));
  let before = root.firstElementChild;
  for (const block of fresh) {
    const name = block.dataset.block;
    const known = present.get(name);
    if (known && made.get(name) === block.outerHTML) {
      present.delete(name);
      if (known === before) before = before.nextElementSibling;
      else root.insertBefore(known, before);
      continue;
    }
    made.set(name, block.outerHTML);
    root.insertBefore(document.importNode(block, true), before);
  }
  for (const gone of present.values()) gone.remove();
}

async function ask() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const response = await fetch(root.dataset.from, { signal: AbortSignal.timeout(UNANSWERED_MS) });
    if (response.redirected || !response.ok) throw new Error(response.redirected ? "you are logged out" : `error ${response.status}`);
    put(await response.text());
    freshAt = Date.now();
    stale.hidden = true;
  } catch (error) {
    stale.hidden = false;
    setText(stale, `This page could not be brought up to date since ${clock(freshAt, 0)} UTC (${error.message}).`);
  } finally {
    asking = false;
  }
}

document.addEventListener("visibilitychange", ask);
setInterval(ask, EVERY_MS);
