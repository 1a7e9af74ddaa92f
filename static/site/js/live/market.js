// The market: last price, bid and ask, a line of the last minute and a half, ticks per second.

import { el, icon, keyed, setText } from "../dom.js";
import { age, price } from "../format.js";

const STALE_MS = 5000;

function make(market) {
  const row = el(
    "li",
    { class: "market" },
    el("div", { class: "market-name" }, el("b", {}, market.symbol), el("span", { class: "faint small", data: { rate: "" } })),
    el("canvas", { class: "spark", width: 240, height: 56, "aria-hidden": "true" }),
    el(
      "div",
      { class: "market-price" },
      el("span", { class: "number last", data: { last: "" } }),
      el("span", { class: "number small soft", data: { quote: "" } }),
    ),
  );
  return row;
}

function update(row, market, now) {
  const old = Number(row.dataset.price || 0);
  const last = market.last ?? market.mark;
  const current = Number(last);
  const shown = row.querySelector("[data-last]");
  if (old && current !== old) row.dataset.move = current > old ? "up" : "down";
  row.dataset.price = current;
  if (shown.dataset.value !== last) {
    shown.dataset.value = last;
    const arrow = row.dataset.move ? icon(row.dataset.move === "up" ? "buy" : "sell") : "";
    shown.replaceChildren(arrow, price(last));
    shown.className = `number last ${row.dataset.move ?? ""}`;
  }
  const bid = market.bid ? price(market.bid) : "no bid";
  const ask = market.ask ? price(market.ask) : "no ask";
  setText(row.querySelector("[data-quote]"), `${bid} – ${ask}`);
  const silent = now - market.seenAt;
  const stale = silent > STALE_MS;
  row.classList.toggle("stale", stale);
  setText(row.querySelector("[data-rate]"), stale ? `silent for ${age(silent)}` : `${Math.round(market.rate ?? 0)} ticks/s`);
  draw(row.querySelector("canvas"), market.history);
}

function draw(canvas, history) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth * ratio;
  const height = canvas.clientHeight * ratio;
  if (!width || history.length < 2) return;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const prices = history.map((point) => point[1]);
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low || 1;
  const from = history[0][0];
  const time = history.at(-1)[0] - from || 1;
  const x = (point) => ((point[0] - from) / time) * (width - 6 * ratio) + 1;
  const y = (point) => height - 3 * ratio - ((point[1] - low) / span) * (height - 6 * ratio);
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, width, height);
  context.beginPath();
  history.forEach((point, index) => (index ? context.lineTo(x(point), y(point)) : context.moveTo(x(point), y(point))));
  context.lineWidth = 1.4 * ratio;
  context.strokeStyle = style.color;
  context.lineJoin = "round";
  context.stroke();
  const end = history.at(-1);
  context.lineTo(x(end), height);
  context.lineTo(1, height);
  context.globalAlpha = 0.1;
  context.fillStyle = style.color;
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(x(end), y(end), 2.2 * ratio, 0, 7);
  context.fill();
}

export function showMarket(root, store, now) {
  const traded = store.book?.symbols; // a feed may carry what this book does not trade
  const markets = [...store.markets.values()].filter((market) => !traded || traded.includes(market.symbol)).sort((a, b) => a.symbol.localeCompare(b.symbol));
  root.querySelector(".empty").hidden = markets.length > 0;
  const unfed = markets.length ? (traded ?? []).filter((symbol) => !store.markets.has(symbol)) : [];
  const told = root.querySelector("[data-unfed]");
  told.hidden = unfed.length === 0;
  setText(told, `No price of ${unfed.join(", ")} has come: the feed that runs does not carry it, or not yet.`);
  keyed(root.querySelector("ul"), markets, (market) => market.symbol, make, (row, market) => update(row, market, now));
}
