// From the tick to the fill, of what the ledger keeps: exact to the microsecond, of the past as of the present.

import type { Shape } from "@/lib/api";

export type Fill = Shape<"Fill">;

export interface Timed {
  fill: Fill;
  /** Tick received → fill committed, ms; of it until the decision was committed (null: not among those given). */
  total: number;
  decided: number | null;
}

/** Microseconds since 1970 of an ISO time with up to six digits. */
export function microseconds(iso: string): number {
  const digits = /\.(\d+)/.exec(iso)?.[1] ?? "";
  return Math.floor(Date.parse(iso) / 1000) * 1_000_000 + Number(digits.padEnd(6, "0").slice(0, 6));
}

/** Each fill with how long it took. What filled after it had rested says nothing of latency: only those that took. */
export function timed(fills: Fill[], decidedAt: ReadonlyMap<string, string>): Timed[] {
  return fills
    .filter((fill) => fill.liquidity !== "maker")
    .map((fill) => {
      const received = Number(fill.received_at_ns) / 1000;
      const decided = decidedAt.get(fill.decision_id);
      return {
        fill,
        total: (microseconds(fill.filled_at) - received) / 1000,
        decided: decided ? (microseconds(decided) - received) / 1000 : null,
      };
    });
}

/** How many fall under each bound and above the one before; the last are above all. */
export function bucketed(values: number[], bounds: number[]): number[] {
  const counts = Array<number>(bounds.length + 1).fill(0);
  for (const value of values) {
    const at = bounds.findIndex((bound) => value <= bound);
    counts[at < 0 ? bounds.length : at]! += 1;
  }
  return counts;
}

/** The smallest value that at least this share of them does not exceed; null of nothing. */
export function quantile(values: number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}
