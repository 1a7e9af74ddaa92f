// What stands in the way of trading, at the top of every page: the mode of its book, banners, alarms that nobody has
// acknowledged. The words are the server's.

import { setText } from "./dom.js";
import { Banners } from "./notices.js";

const banners = new Banners(document.getElementById("desk-banners"));

// The book that this page is about; "" where there is none.
export const book = document.body.dataset.book;

// `desk` is {mode, banners, alarms}; whatever it does not say stays as it is.
export function showDesk(desk) {
  if (!desk) return;
  if (desk.mode) showMode(desk.mode);
  if (desk.banners) banners.show(desk.banners);
  if (desk.alarms !== undefined) showAlarms(desk.alarms);
}

function showMode(mode) {
  const badge = document.getElementById("mode");
  badge.className = `badge ${mode.look}`;
  badge.dataset.mode = mode.mode;
  badge.title = mode.words;
  badge.querySelector("use").setAttribute("href", `#i-${mode.icon}`);
  setText(badge.querySelector("span"), mode.title);
  const banner = document.getElementById("mode-banner");
  banner.classList.toggle("warn", mode.mode === "REDUCE_ONLY");
  banner.querySelector("use").setAttribute("href", `#i-${mode.icon}`);
  setText(document.getElementById("mode-words"), mode.text);
  banner.hidden = mode.mode === "NORMAL";
  const next = document.getElementById("mode-next");
  setText(next, mode.next);
  next.hidden = !mode.next;
  document.getElementById("resume").hidden = mode.mode === "NORMAL";
}

function showAlarms(number) {
  const count = document.getElementById("alarm-count");
  if (!count) return;
  setText(count.firstElementChild, String(number));
  count.hidden = number === 0;
}
