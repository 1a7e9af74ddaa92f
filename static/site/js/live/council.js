// The council: who sits in it, what for, and with which mass.

import { badge, el, keyed } from "../dom.js";
import { percent } from "../format.js";

function make(seat) {
  return el(
    "li",
    { class: "seat" },
    el("b", {}, seat.agent),
    el("span", { class: "faint small" }, [seat.role, seat.owner].filter((word) => word !== seat.agent).join(" · ")),
    el("span", { class: "weight" }),
  );
}

function update(row, seat) {
  const version = `${seat.weight_ppm} ${seat.status}`;
  if (row.dataset.version === version) return;
  row.dataset.version = version;
  const weight = row.querySelector(".weight");
  if (seat.status === "suspended") weight.replaceChildren(badge("warn", "late", "suspended"));
  else if (seat.weight_ppm === 0) weight.replaceChildren(badge("veto", "vetoed", seat.veto ? "guard: may veto" : "no mass"));
  else {
    const bar = el("i");
    bar.style.width = `${Math.min(100, seat.weight_ppm / 5000)}%`; // a full bar is half of all mass
    weight.replaceChildren(el("span", { class: "mass" }, bar), el("span", { class: "number small" }, percent(seat.weight_ppm)));
  }
}

export function showCouncil(root, store) {
  const seats = store.book?.seats ?? [];
  root.querySelector(".empty").hidden = seats.length > 0;
  root.querySelector(".aside").textContent = seats.length ? `${seats.length} seats` : "";
  keyed(root.querySelector("ul"), seats, (seat) => seat.agent, make, update);
}
