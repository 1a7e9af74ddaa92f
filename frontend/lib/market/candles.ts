// Candles of an instrument: those that the server keeps, and the newest one as it grows with every price.

import type { Shape } from "@/lib/api";

export type Width = 1 | 60;

/** `time` in s since 1970, where it begins; `kept`: the server's own, else made here of the prices that came. */
export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  bought: number;
  kept: boolean;
}

type Bar = Pick<Shape<"Bar">, "at" | "open" | "high" | "low" | "close" | "volume" | "buy_volume">;

/** Oldest first, each time once. `until` (ms): only those that were over by then, for the moments of the past. */
export function candlesOf(bars: readonly Bar[], width: Width, until: number | null = null): Candle[] {
  const byTime = new Map<number, Candle>();
  for (const bar of bars) {
    const candle = candleOf(bar);
    if (!Number.isFinite(candle.time + candle.open + candle.high + candle.low + candle.close)) continue;
    if (until === null || (candle.time + width) * 1000 <= until) byTime.set(candle.time, candle);
  }
  return [...byTime.values()].sort((one, other) => one.time - other.time);
}

function candleOf(bar: Bar): Candle {
  return {
    time: Math.floor(Date.parse(bar.at ?? "") / 1000),
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
    volume: Number(bar.volume),
    bought: Number(bar.buy_volume),
    kept: true,
  };
}

/** The newest candle after a price at `at` (ms): it has grown, or a new one has begun. null: the price changes nothing. */
export function grown(last: Candle | undefined, price: number, at: number, width: Width): Candle | null {
  if (!(price > 0) || !Number.isFinite(at)) return null;
  const time = Math.floor(at / 1000 / width) * width;
  if (last && time < last.time) return null;
  if (!last || time > last.time) {
    const open = last && time === last.time + width ? last.close : price; // no jump where no second is missing
    const [low, high] = [Math.min(open, price), Math.max(open, price)];
    return { time, open, high, low, close: price, volume: 0, bought: 0, kept: false };
  }
  if (price === last.close) return null;
  return { ...last, close: price, high: Math.max(last.high, price), low: Math.min(last.low, price) };
}

/** What is known and what the server says of it, oldest first: the server is right, except of the one that still grows. */
export function merged(known: readonly Candle[], told: readonly Candle[]): Candle[] {
  const byTime = new Map(known.map((candle) => [candle.time, candle]));
  const newest = known.at(-1)?.time ?? -Infinity;
  for (const candle of told) {
    const growing = candle.time === newest ? byTime.get(newest) : undefined;
    byTime.set(candle.time, growing ? widened(candle, growing) : candle);
  }
  return [...byTime.values()].sort((one, other) => one.time - other.time);
}

function widened(told: Candle, growing: Candle): Candle {
  return { ...told, high: Math.max(told.high, growing.high), low: Math.min(told.low, growing.low), close: growing.close };
}

export const KEPT = 1200;
const SLACK = 300;

/** How many of the oldest are let go, so that a page that stays open does not grow; none while the reader looks at them.
 *  `seenFrom`: the first that is shown now, counted from the oldest. */
export function surplus(count: number, seenFrom: number): number {
  const over = count - KEPT;
  return over >= SLACK && seenFrom > over + SLACK ? over : 0;
}

/** Whether the server's newest candles leave a hole after what is known, so that all has to be read again. */
export function torn(known: readonly Candle[], told: readonly Candle[], width: Width): boolean {
  const [last, first] = [known.at(-1), told[0]];
  return Boolean(last && first && first.time > last.time + width);
}

/** Whether the server has a candle of a time that was passed over here: no price came while it lasted. */
export function fills(known: readonly Candle[], told: readonly Candle[]): boolean {
  const newest = known.at(-1)?.time ?? -Infinity;
  const times = new Set(known.map(({ time }) => time));
  return told.some(({ time }) => time < newest && !times.has(time));
}
