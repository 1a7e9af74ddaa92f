// What a panel says before anything of it is known: that it waits, or that it is not known. Empty is said by what came.

import { setText } from "../dom.js";
import { age } from "../format.js";

const BY_SOCKET = new Set(["market", "rounds", "events"]); // the snapshot by HTTP has none of it
const BY_STATUS = new Set(["latency", "processes", "refused"]);
const PATIENCE_MS = 4000;
const TRYING = { connecting: "Connecting…", reconnecting: "Connecting again…", live: "Waiting for the first word…" };

let liveSince = 0;

function isKnown(name, store) {
  if (BY_STATUS.has(name)) return store.statusAt > 0;
  return BY_SOCKET.has(name) ? Boolean(store.followed) : Boolean(store.loaded);
}

function why(topic, topics, connection, now) {
  if (topic && !topics.includes(topic)) return "Your role may not see this.";
  if (connection.state === "live" && now - liveSince > PATIENCE_MS) {
    return `Not known: connected, but the projector has said nothing for ${age(now - liveSince)}.`;
  }
  if (TRYING[connection.state]) return "";
  return `Not known: there is no live connection${connection.reason ? ` (${connection.reason})` : ""}.`;
}

export function showWaiting(main, store, topics, connection, now) {
  if (connection.state !== "live") liveSince = 0;
  else liveSince ||= now;
  for (const panel of main.querySelectorAll(".panel:has(.waiting)")) {
    const { topic } = panel.dataset;
    const mayNot = Boolean(topic) && !topics.includes(topic);
    const known = !mayNot && isKnown(panel.id, store);
    const trouble = known ? "" : why(topic, topics, connection, now);
    panel.toggleAttribute("data-unknown", Boolean(trouble));
    if (known || trouble) panel.removeAttribute("aria-busy");
    else panel.setAttribute("aria-busy", "true");
    if (known) continue;
    const text = panel.querySelector(".waiting");
    text.classList.toggle("bad", Boolean(trouble) && !mayNot);
    setText(text, trouble || TRYING[connection.state]);
  }
}
