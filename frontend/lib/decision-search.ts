// Finding a decision: by time as people say it, by filter, and by what was executed.

import type { Shape } from "@/lib/api";
import { price, quantity } from "@/lib/format";
import { because } from "@/lib/words";

type Fill = Shape<"Fill">;
export type Decision = Shape<"Decision">;

const DAY = 86_400_000;
const MINUTE = 60_000;

export interface Span {
  from: number;
  to: number;
}

/** What a time means, in ms of UTC: "23:57" is the last one before `now`; without seconds it is the whole minute, and
 * there is room of two minutes on both sides. null: it is no time. */
export function around(text: string, now: number): Span | null {
  const said = text.trim().replace(/\s*(utc|z)$/i, "");
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,3})?))?$/.exec(said);
  const at = clock ? lastAt(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), now) : fullOf(said);
  if (at === null || !Number.isFinite(at)) return null;
  const exact = clock ? clock[3] !== undefined : /:\d{2}:\d{2}/.test(said);
  return { from: at - 2 * MINUTE, to: at + (exact ? 0 : MINUTE) + 2 * MINUTE };
}

function lastAt(hours: number, minutes: number, seconds: number, now: number): number | null {
  if (hours > 23 || minutes > 59 || seconds >= 60) return null;
  const at = Math.floor(now / DAY) * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000;
  return at > now ? at - DAY : at;
}

function fullOf(said: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(said)) return null;
  return Date.parse(`${said.replace(" ", "T").padEnd(16, "T00:00").slice(0, 30)}Z`);
}

// --- what was executed -----------------------------------------------------------------------------------

/** All fills of a decision on one side of one instrument, summed. */
export interface Executed {
  side: string;
  instrument: string;
  quantity: number;
  price: number;
  fills: number;
}

export function executed(fills: readonly Fill[]): Map<string, Executed[]> {
  const found = new Map<string, Map<string, Executed & { value: number }>>();
  for (const fill of fills) {
    const mine = found.get(fill.decision_id) ?? new Map<string, Executed & { value: number }>();
    found.set(fill.decision_id, mine);
    const key = `${fill.side} ${fill.instrument}`;
    const one = mine.get(key) ?? { side: fill.side, instrument: fill.instrument, quantity: 0, price: 0, fills: 0, value: 0 };
    one.quantity += Number(fill.quantity);
    one.value += Number(fill.quantity) * Number(fill.price);
    one.price = one.quantity ? one.value / one.quantity : 0;
    one.fills += 1;
    mine.set(key, one);
  }
  return new Map([...found].map(([id, mine]) => [id, [...mine.values()]]));
}

export const executedWords = ({ side, quantity: amount, price: paid, fills }: Executed): string =>
  `${side === "buy" ? "bought" : "sold"} ${quantity(amount.toFixed(8))} at ${price(paid)}${fills > 1 ? ` in ${fills} fills` : ""}`;

interface Reason {
  state: string;
  reason: string;
  by: string;
  detail: string;
}

export const reasonsOf = (decision: Decision): Reason[] =>
  (Array.isArray(decision.reasons) ? decision.reasons : []).map((one: Partial<Reason>) => ({
    state: one.state ?? "",
    reason: one.reason ?? "",
    by: one.by ?? "",
    detail: one.detail ?? "",
  }));

/** Why it came out as it did, in short: what cut it, or what it lost to. */
export function whyOf(decision: Decision): string {
  const said = reasonsOf(decision).filter(({ reason }) => reason);
  const granted = decision.outcome === "granted" || decision.outcome === "reduced";
  const told = said.filter(({ state }) => (granted ? state === "REDUCED" : true)).map((one) => because(one));
  return [...new Set(told)].join("; ");
}

/** Those with an execution on this side; "any": with one at all; "": all. */
export function onSide(decisions: readonly Decision[], fills: ReadonlyMap<string, Executed[]>, side: string): Decision[] {
  if (!side) return [...decisions];
  return decisions.filter(({ decision_id }) => fills.get(decision_id)?.some((one) => side === "any" || one.side === side));
}
