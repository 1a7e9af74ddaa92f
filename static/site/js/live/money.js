// Positions and money: quantities from the ledger, values at the price of now.

import { el, keyed, setText } from "../dom.js";
import { about, amount, quantity, signed } from "../format.js";

const FIGURES = [
  ["equity", "Equity", amount],
  ["net", "Net", signed],
  ["realised", "Realised", signed],
  ["unrealised", "Unrealised", signed],
  ["fees", "Fees", amount],
  ["cash", "Cash", amount],
];

function make(position) {
  const cells = [["quantity", "Quantity"], ["average", "Average"], ["unrealised", "Unrealised"], ["realised", "Realised"]];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, position.instrument),
    ...cells.map(([name, label]) => el("td", { class: "number", data: { cell: name, label } })),
  );
}

function tone(node, value) {
  node.classList.toggle("up", Number(value) > 0);
  node.classList.toggle("down", Number(value) < 0);
}

function update(row, position) {
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  const flat = Number(position.quantity) === 0;
  setText(cell("quantity"), flat ? "flat" : quantity(position.quantity));
  setText(cell("average"), flat ? "–" : about(position.average));
  const worth = position.mark ? signed(position.unrealised) + (position.stale ? " (old price)" : "") : "no price";
  setText(cell("unrealised"), flat ? "–" : worth);
  cell("unrealised").title = position.mark ? `at ${about(position.mark)}` : "";
  setText(cell("realised"), signed(position.realised));
  tone(cell("unrealised"), position.unrealised);
  tone(cell("realised"), position.realised);
}

export function showMoney(root, figures, store) {
  const portfolio = store.status?.portfolio;
  for (const [name, , format] of FIGURES) {
    const node = figures.querySelector(`[data-figure="${name}"]`);
    const value = portfolio?.[name];
    setText(node, value === undefined || value === null ? "–" : format(value));
    if (name === "net" || name === "realised" || name === "unrealised") tone(node, value);
  }
  const positions = portfolio?.positions ?? [];
  root.querySelector(".empty").hidden = positions.length > 0;
  root.querySelector(".scroll").hidden = positions.length === 0;
  setText(root.querySelector(".aside"), store.book ? `in ${store.book.quote}` : "");
  keyed(root.querySelector("tbody"), positions, (position) => position.instrument, make, update);
}

export function showOutcomes(node, counts) {
  const order = ["granted", "reduced", "refused", "vetoed", "expired"];
  const parts = order.filter((name) => counts?.[name]).map((name) => `${counts[name]} ${name}`);
  setText(node, parts.length ? parts.join(" · ") : counts ? "none yet" : "–");
}
