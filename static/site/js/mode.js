// The mode of the book at the top of every page: normal, reduce-only or halted.

import { clock } from "./format.js";

const LOOKS = {
  NORMAL: { title: "Normal", icon: "normal", look: "good" },
  REDUCE_ONLY: { title: "Reduce only", icon: "reduce-only", look: "warn" },
  HALTED: { title: "Halted", icon: "halted", look: "bad" },
};

// `mode` is {mode, who, why, at (ms), words}.
export function showMode(mode) {
  if (!mode) return;
  const look = LOOKS[mode.mode] ?? { title: mode.mode, icon: "help", look: "warn" };
  const badge = document.getElementById("mode");
  badge.className = `badge ${look.look}`;
  badge.dataset.mode = mode.mode;
  badge.title = mode.words ?? "";
  badge.querySelector("use").setAttribute("href", `#i-${look.icon}`);
  badge.querySelector("span").textContent = look.title;
  const banner = document.getElementById("mode-banner");
  banner.hidden = mode.mode === "NORMAL";
  banner.classList.toggle("warn", mode.mode === "REDUCE_ONLY");
  const since = mode.at ? ` since ${clock(mode.at, 0)} UTC` : "";
  const who = mode.who ? ` by ${mode.who}` : "";
  const why = mode.why ? `: “${mode.why}”` : "";
  const words = `${look.title}${since}${who}${why}. ${mode.words ?? ""}`;
  const shown = document.getElementById("mode-words");
  if (shown.textContent !== words) shown.textContent = words;
  document.getElementById("resume").hidden = mode.mode === "NORMAL";
}
