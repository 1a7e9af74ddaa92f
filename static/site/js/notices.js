// At the top of every page: where the market's data is not live, late or not whole, and what stands in the way of
// trading. Asked for every second, unless the live connection says it.

import { el, icon } from "./dom.js";
import { clock } from "./format.js";

const EVERY_MS = 1000;
const OLD_MS = 1500;
const UNANSWERED_MS = 5000;

// A list of {key, look, icon, text}. What stands is left alone, so that it is read out once.
export class Banners {
  constructor(root) {
    this.root = root;
  }

  show(notices) {
    const wanted = new Map(notices.map((notice) => [notice.key, notice]));
    for (const shown of [...this.root.children]) {
      const notice = wanted.get(shown.dataset.key);
      if (notice && shown.dataset.text === notice.text) wanted.delete(notice.key);
      else shown.remove();
    }
    for (const notice of wanted.values()) this.root.append(banner(notice));
    const order = notices.map((notice) => notice.key);
    const inOrder = [...this.root.children].sort((a, b) => order.indexOf(a.dataset.key) - order.indexOf(b.dataset.key));
    inOrder.forEach((child, index) => this.root.children[index] === child || this.root.insertBefore(child, this.root.children[index]));
  }
}

function banner(notice) {
  return el(
    "div",
    {
      class: `banner ${notice.look === "bad" ? "" : "warn"}`,
      role: notice.look === "bad" ? "alert" : "status",
      data: { key: notice.key, text: notice.text },
    },
    icon(notice.icon),
    el("span", {}, notice.text),
  );
}

const root = document.getElementById("market-notices");
const market = new Banners(root);
let toldAt = 0;
let answeredAt = Date.now();
let asking = false;

// What the live connection says, which spares the question.
export function tell(notices) {
  toldAt = answeredAt = Date.now();
  market.show(notices);
}

async function ask() {
  if (asking || document.hidden || Date.now() - toldAt < OLD_MS) return;
  asking = true;
  try {
    const response = await fetch(root.dataset.from, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(UNANSWERED_MS) });
    if (response.redirected) failed("You are logged out");
    else if (!response.ok) failed(`The site answers with an error (${response.status})`);
    else {
      const state = await response.json();
      market.show(state.notices);
      document.dispatchEvent(new CustomEvent("desk", { detail: state }));
      answeredAt = Date.now();
    }
  } catch (error) {
    failed("The site does not answer");
  } finally {
    asking = false;
  }
}

function failed(why) {
  if (Date.now() - answeredAt < UNANSWERED_MS / 2) return;
  const text = `${why}: nobody can say here how the market's data is, or whether trading is halted. This page is as it was at ${clock(answeredAt, 0)} UTC.`;
  market.show([{ key: "unanswered", look: "bad", icon: "lost", text }]);
}

document.addEventListener("visibilitychange", ask);
setInterval(ask, EVERY_MS);
ask();
