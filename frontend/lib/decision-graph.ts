// What led to what: the steps of a decision in columns, from the ticks to what it was worth.

import type { Order, Told, Trace } from "@/lib/decision";
import { percent, price, quantity, short, signed } from "@/lib/format";
import { effectWords, tripped, won } from "@/lib/decision-words";
import { reasonWords } from "@/lib/words";

export const COLUMNS = ["Ticks", "Proposals", "Votes", "Arbitration", "Rules", "Orders", "Fills", "Worth"] as const;
export const SHOWN = 8;

export type NodeLook = "" | "good" | "warn" | "bad" | "veto";

export interface Cause {
  key: string;
  column: number;
  lines: string[];
  /** The part of the page that tells it in full. */
  target: string;
  look: NodeLook;
  /** What the look means here, where it is not what it means elsewhere. */
  word?: string;
  causes: string[];
}

const LOST: Record<string, NodeLook> = { DEFEATED: "bad", INQUORATE: "bad", VETOED: "veto", DENIED: "bad", HALTED: "bad" };
const GOT: Record<string, NodeLook> = { PASSED: "good", GRANTED: "good", REDUCED: "warn", HELD: "warn" };
const ENDS: Record<string, NodeLook> = { FILLED: "good", REJECTED: "bad", CANCELLED: "bad", EXPIRED: "bad", PARTIALLY_FILLED: "warn" };
const lookOf = (state: string): NodeLook => LOST[state] ?? GOT[state] ?? "";
const tail = (id: string): string => (id.length <= 18 ? id : `…${id.slice(-17)}`);

/** At most `SHOWN` of each column; how many more there are is said, and they stand in the tables. */
export function causesOf(told: Told): Cause[] {
  const columns = [ticks(told), proposals(told), votes(told), targets(told), rules(told), orders(told), fills(told), worth(told)];
  return columns.flatMap((nodes, column) => {
    const more = nodes.length - SHOWN;
    if (more <= 0) return nodes;
    return [...nodes.slice(0, SHOWN), { key: `more ${column}`, column, lines: [`and ${more} more`, "in the tables"], target: nodes[SHOWN]!.target, look: "" as const, causes: [] }];
  });
}

/** Which led to which, of those that are shown. */
export function ledTo(causes: readonly Cause[]): { from: Cause; to: Cause }[] {
  const known = new Map(causes.map((one) => [one.key, one]));
  return causes.flatMap((to) => [...new Set(to.causes)].flatMap((key) => (known.has(key) && key !== to.key ? [{ from: known.get(key)!, to }] : [])));
}

function ticks({ trigger, market, proposals: all }: Told): Cause[] {
  const uses = new Map<string, string[]>();
  const used = (tick: string, what: string) => tick && uses.set(tick, [...(uses.get(tick) ?? []), what]);
  used(trigger, "started it all");
  used(market?.tick ?? "", "price at the opening");
  for (const { evidence, author } of all) for (const tick of evidence) used(tick, `evidence of ${short(author, 24)}`);
  return [...uses].map(([tick, what]) => ({
    key: `tick ${tick}`,
    column: 0,
    lines: [tail(tick), what[0]! + (what.length > 1 ? ", and more" : ""), market && tick === market.tick ? `P ${price(market.price)}` : ""],
    target: "steps",
    look: "",
    causes: [],
  }));
}

const proposals = ({ proposals: all, trigger }: Told): Cause[] =>
  all.map((one, place) => ({
    key: `proposal ${one.id}`,
    column: 1,
    lines: [short(one.author, 22), `${one.action} ${one.instrument}`, one.action === "halt" ? "" : `to ${quantity(one.target)}`],
    target: `proposal-${place + 1}`,
    look: lookOf(one.state),
    causes: one.amends ? [`proposal ${one.amends}`] : one.evidence.length ? one.evidence.map((tick) => `tick ${tick}`) : [`tick ${trigger}`],
  }));

const votes = ({ proposals: all }: Told): Cause[] =>
  all.flatMap(({ id, tally }, place) => {
    if (!tally) return [];
    const share = (mass: number) => percent(tally.total ? (mass / tally.total) * 1_000_000 : 0, 0);
    return [{ key: `vote ${id}`, column: 2, lines: [reasonWords(tally.state), `${share(tally.yes)} for, ${share(tally.no)} against`, tally.forecast === null ? "" : `forecast ${tally.forecast.toFixed(3)}`], target: `proposal-${place + 1}`, look: lookOf(tally.state), causes: [`proposal ${id}`] }];
  });

/** A proposal that nobody votes on leads on by itself. */
const votedOn = ({ proposals: all }: Told, instrument?: string): string[] =>
  all.filter((one) => instrument === undefined || one.instrument === instrument).map(({ id, tally }) => (tally ? `vote ${id}` : `proposal ${id}`));

function targets(told: Told): Cause[] {
  const found = Object.entries(told.targets).map(([instrument, target]): Cause => {
    const held = told.proposals.find((one) => one.instrument === instrument && one.held !== null)?.held;
    const change = held === undefined || held === null ? null : Number(target) - Number(held);
    return {
      key: `target ${instrument}`,
      column: 3,
      lines: [instrument, `hold ${quantity(target)}`, change === null ? "" : `change ${change > 0 ? "+" : ""}${quantity(change.toFixed(8))}`],
      target: "numbers",
      look: "good",
      causes: votedOn(told, instrument),
    };
  });
  if (found.length || !told.proposals.length || !told.outcome) return found;
  return [{ key: "target", column: 3, lines: ["Nothing is left", told.proposals.some(won) ? "" : "no proposal won"], target: "numbers", look: "bad", causes: votedOn(told) }];
}

function rules(told: Told): Cause[] {
  const byOrder = new Map<string, Trace[]>();
  for (const trace of told.traces) byOrder.set(trace.order, [...(byOrder.get(trace.order) ?? []), trace]);
  const instruments = new Map(told.orders.map(({ id, instrument }) => [id, instrument]));
  const found = [...byOrder].map(([order, traces]): Cause => {
    const hit = traces.filter((trace) => tripped(trace) && !trace.shadow);
    const of = instruments.get(order);
    const denied = hit.some(({ effect }) => effect === "deny");
    return {
      key: `rules ${order}`,
      column: 4,
      lines: [`${traces.length - hit.length} of ${traces.length} clauses hold`, hit[0] ? `${short(hit[0].rule, 22)}` : "", hit[0] ? effectWords(hit[0]) : ""],
      target: "rules",
      look: denied ? "bad" : hit.length ? "warn" : "good",
      causes: Object.keys(told.targets).filter((name) => of === undefined || of === name).map((name) => `target ${name}`),
    };
  });
  if (!told.held) return found;
  return [...found, { key: "hold", column: 4, lines: ["Held for an operator"], target: "rules", look: "warn", causes: found.map(({ key }) => key) }];
}

function orders(told: Told): Cause[] {
  const asked = new Set(told.traces.map(({ order }) => order));
  const found = told.orders.map((order): Cause => ({
    key: `order ${order.id}`,
    column: 5,
    lines: [`${order.side} ${order.instrument}`, quantity(order.quantity), order.state.toLowerCase().replaceAll("_", " ")],
    target: "orders",
    look: order.filled > 0 && order.state === "CANCELLED" ? "warn" : (ENDS[order.state] ?? ""),
    causes: [...(told.held ? ["hold"] : []), asked.has(order.id) ? `rules ${order.id}` : `target ${order.instrument}`],
  }));
  if (found.length) return found;
  const causes = [...[...asked].map((order) => `rules ${order}`), ...(told.held ? ["hold"] : []), ...(asked.size ? [] : ["target", ...Object.keys(told.targets).map((name) => `target ${name}`)])];
  return [{ key: "order", column: 5, lines: ["No order", told.outcome || "undecided"], target: "orders", look: told.outcome === "vetoed" ? "veto" : told.outcome ? "bad" : "", causes }];
}

const filled = (told: Told): Order[] => told.orders.filter((order) => order.filled > 0);

const fills = (told: Told): Cause[] =>
  filled(told).map((order) => ({
    key: `fills ${order.id}`,
    column: 6,
    lines: [`${order.fills.length} ${order.fills.length === 1 ? "fill" : "fills"}, ${quantity(order.filled)}`, `at ${price(order.average)}`, short(order.fills[0]?.venue ?? "", 22)],
    target: "orders",
    look: "good",
    causes: [`order ${order.id}`],
  }));

const worth = (told: Told): Cause[] =>
  filled(told).map(({ id, atHorizon }) => ({
    key: `worth ${id}`,
    column: 7,
    lines: atHorizon === null ? ["not known"] : [signed(atHorizon), "after fees"],
    target: "worth",
    word: atHorizon === null ? "" : atHorizon < 0 ? "lost" : "gained",
    look: atHorizon === null ? "" : atHorizon < 0 ? "bad" : "good",
    causes: [`fills ${id}`],
  }));
