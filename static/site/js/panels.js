// Blocks of a page that keep themselves up to date: asked for every second or so, and said when they cannot be had.
// `data-panels` is where they come from, `data-every` how often (ms); each block has a `data-block`.

import { setText } from "./dom.js";
import { clock } from "./format.js";

const EVERY_MS = 1000;
const UNANSWERED_MS = 5000;

const root = document.querySelector("[data-panels]");
const stale = document.querySelector("[data-stale]");
let freshAt = Date.now();
let asking = false;

// What each block was made of.
const made = new Map();

// A token is another one in every answer and changes nothing that is shown.
function essence(block) {
  const copy = block.cloneNode(true);
  for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.remove();
  return copy.outerHTML;
}

// Somebody is filling in a form of this block: it must not be taken from under their hands.
function inUse(block) {
  return block.contains(document.activeElement) || block.querySelector("details[open] form") !== null;
}

// Only blocks that differ are replaced, so that a selection in another one survives.
function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-block]");
  const present = new Map([...root.children].map((child) => [child.dataset.block, child]));
  let before = root.firstElementChild;
  for (const block of fresh) {
    const name = block.dataset.block;
    const known = present.get(name);
    const what = essence(block);
    if (known && (made.get(name) === what || inUse(known))) {
      present.delete(name);
      if (known === before) before = before.nextElementSibling;
      else root.insertBefore(known, before);
      continue;
    }
    made.set(name, what);
    root.insertBefore(document.importNode(block, true), before);
  }
  for (const gone of present.values()) gone.remove();
}

async function ask() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const response = await fetch(root.dataset.panels, { signal: AbortSignal.timeout(UNANSWERED_MS) });
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

for (const child of root.children) made.set(child.dataset.block, essence(child));
document.addEventListener("visibilitychange", ask);
setInterval(ask, Number(root.dataset.every) || EVERY_MS);
