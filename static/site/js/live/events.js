// The ledger as it grows: one line for each event, the newest at the bottom; what has no words is shown as it is.

import { el, keyed } from "../dom.js";
import { clock, price, quantity } from "../format.js";

const SHOWN = 80;

const LINES = {
  DeliberationOpened: (p) => `a ${p.track} round on ${p.instrument} opened at ${price(p.market.price)}`,
  ProposalAdmitted: (p) => `${p.agent} proposes to ${p.action} ${p.instrument} to ${quantity(p.target)}: ${p.why || "no reason given"}`,
  AmendmentOffered: (p) => `${p.agent} offers ${quantity(p.target)} instead: ${p.why || "no reason given"}`,
  ProposalRefused: (p) => `${p.agent}’s proposal on ${p.instrument} was refused: ${p.reason} ${p.detail}`,
  BallotCast: (p) => `${p.agent} ${p.veto ? "vetoes" : p.stance + "s"}${p.probability === null ? "" : ` (q ${p.probability.toFixed(2)})`}${p.reason ? `: ${p.reason}` : ""}`,
  BallotLate: (p) => `${p.agent}’s ballot came too late`,
  DeliberationClosed: (p) => `the round closed: ${p.reason}`,
  ProposalTallied: (p) => `tally: ${p.yes_ppm} ppm for, ${p.no_ppm} against, ${p.missing_ppm} missing → ${p.state}`,
  ProposalsArbitrated: (p) => `arbitration: ${p.results.map((r) => r.state).join(", ")}`,
  RulesEvaluated: (p) => `${p.traces.length} clauses of rulebook v${p.rulebook_version} were evaluated`,
  DecisionReached: (p) => `decision: ${p.outcome}, ${p.orders.length} order${p.orders.length === 1 ? "" : "s"}`,
  OrderAccepted: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument}, limit ${price(p.limit)}`,
  OrderFilled: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument} at ${price(p.price)}, fee ${quantity(p.fee)}`,
  OrderPartiallyFilled: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument} at ${price(p.price)}, ${quantity(p.leaves)} left`,
  OrderRejected: (p) => `${p.reason}: ${p.detail}`,
  OrderCancelled: (p) => `${p.reason}: ${p.detail}`,
  OrderExpired: (p) => `${p.reason}: ${p.detail}`,
  TradingHalted: (p) => `halted by ${p.who}: ${p.why}`,
  TradingReduced: (p) => `reduce-only by ${p.who}: ${p.why}`,
  TradingResumed: (p) => `${p.origin} → ${p.to} by ${p.who}: ${p.why}`,
  FeedSourceChanged: (p) => `prices: ${p.origin} → ${p.to}. ${p.why}`,
};

function line(event) {
  try {
    const words = LINES[event.event];
    if (words) return words(event.payload);
  } catch {
    // an event of another release: its fields are not what the words expect, so it is shown as it is
  }
  return JSON.stringify(event.payload);
}

function make(event) {
  return el(
    "li",
    {},
    el("time", {}, clock(event.at)),
    el("span", { class: "number faint" }, `${event.log[0]}${event.position}`),
    el("b", {}, event.event),
    el("span", { class: "soft" }, line(event)),
  );
}

export function showEvents(root, store, paused) {
  if (paused) return;
  const list = root.querySelector("ol");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  const events = store.events.slice(-SHOWN);
  root.querySelector(".empty").hidden = events.length > 0;
  keyed(list, events, (event) => event.log + event.position, make);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
