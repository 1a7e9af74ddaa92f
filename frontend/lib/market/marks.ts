// What the council did, as marks on the candles: one a candle and kind, however many decisions fell into it.

import { clock, price, quantity } from "@/lib/format";
import type { Width } from "./candles";

export type Kind = "buy" | "sell" | "reduced" | "vetoed" | "refused" | "fill";

/** Of a decision or of a fill; `at` in ms, `decision` the one that a click leads to. */
export interface Happening {
  decision: string;
  at: number;
  kind: Kind;
  side: string;
  /** Ordered or filled; "" for none. */
  quantity: string;
  /** Of a fill. */
  price?: number;
}

/** `time` of its candle, in s; all else is of its newest happening. */
export interface Mark extends Happening {
  id: string;
  time: number;
  count: number;
}

export const KINDS: Record<Kind, string> = {
  buy: "granted buy",
  sell: "granted sell",
  reduced: "granted, but smaller",
  vetoed: "vetoed",
  refused: "refused",
  fill: "fill",
};

interface Decided {
  decision_id: string;
  at: number;
  outcome: string;
  orders: readonly { side?: string; quantity?: string; instrument?: string }[];
}

export function happened({ decision_id, at, outcome, orders }: Decided, instrument: string): Happening {
  const order = orders.find((one) => one.instrument === instrument) ?? orders[0];
  const side = order?.side ?? "";
  return { decision: decision_id, at, kind: kindOf(outcome, side), side, quantity: order?.quantity ?? "" };
}

function kindOf(outcome: string, side: string): Kind {
  if (outcome === "granted") return side === "sell" ? "sell" : "buy";
  return outcome === "reduced" || outcome === "vetoed" ? outcome : "refused";
}

export function filled(fill: { decision_id: string; filled_at: string; side: string; quantity: string; price: string }): Happening {
  const { decision_id: decision, side, quantity, price } = fill;
  return { decision, at: Date.parse(fill.filled_at), kind: "fill", side, quantity, price: Number(price) };
}

/** A mark in words, for who points at it. */
export function worded({ at, kind, side, quantity: amount, price: paid, count }: Mark): string {
  const ordered = amount ? `: ${side} ${quantity(amount)}` : "";
  const several = count > 1 ? `, the last of ${count} here` : "";
  return `${clock(at)} ${KINDS[kind]}${ordered}${paid === undefined ? "" : ` at ${price(paid)}`}${several}. Click for the decision.`;
}

/** In the order of time, at most `most` of the newest; those before `from` (s) have no candle to stand on. */
export function marksOf(happenings: readonly Happening[], width: Width, from: number, most = 400): Mark[] {
  const marks = new Map<string, Mark>();
  const seen = new Set<string>();
  for (const happening of [...happenings].sort((one, other) => one.at - other.at)) {
    const once = `${happening.decision} ${happening.kind} ${happening.kind === "fill" ? happening.at : ""}`;
    const time = Math.floor(happening.at / 1000 / width) * width;
    if (seen.has(once) || !(time >= from)) continue;
    seen.add(once);
    const id = `${time} ${happening.kind} ${happening.kind === "reduced" || happening.kind === "fill" ? happening.side : ""}`;
    marks.set(id, { ...happening, id, time, count: (marks.get(id)?.count ?? 0) + 1 });
  }
  return [...marks.values()].slice(-most);
}
