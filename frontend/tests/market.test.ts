import { describe, expect, test } from "vitest";
import { pathOf, POINTS_KEPT, remembered, type Point } from "@/lib/market/equity";
import { candlesOf, fills, grown, KEPT, merged, surplus, torn, type Candle } from "@/lib/market/candles";
import { processesOf, stagesOf } from "@/lib/market/health";
import { filled, happened, marksOf, worded } from "@/lib/market/marks";

const bar = (second: number, close = "100") => ({
  at: new Date(second * 1000).toISOString(),
  ...{ open: "100", high: "101", low: "99", close, volume: "2", buy_volume: "1" },
});
const candle = (time: number, more: Partial<Candle> = {}): Candle => ({
  ...{ time, open: 100, high: 101, low: 99, close: 100, volume: 2, bought: 1, kept: true },
  ...more,
});

describe("candles", () => {
  test("are the oldest first, each time once, and only numbers", () => {
    const told = candlesOf([bar(3), bar(2), bar(3, "100.5"), bar(1, "no number")], 1);
    expect(told.map(({ time, close }) => [time, close])).toEqual([[2, 100], [3, 100.5]]);
  });

  test("of the past are over at its moment", () => {
    expect(candlesOf([bar(120), bar(60), bar(0)], 60, 119_999).map(({ time }) => time)).toEqual([0]);
    expect(candlesOf([bar(120), bar(60), bar(0)], 60, 120_000).map(({ time }) => time)).toEqual([0, 60]);
  });

  test("grow with each price, and the next one begins where the one before ended", () => {
    const grew = grown(candle(10), 103, 10_900, 1);
    expect(grew).toEqual(candle(10, { high: 103, close: 103 }));
    expect(grown(grew!, 98, 11_000, 1)).toEqual(candle(11, { open: 103, high: 103, low: 98, close: 98, volume: 0, bought: 0, kept: false }));
  });

  test("begin at their own price after a pause", () => {
    expect(grown(candle(10), 98, 15_000, 1)).toMatchObject({ time: 15, open: 98, high: 98, low: 98 });
  });

  test.each([[100, 9_999], [100, 10_500], [0, 11_000], [NaN, 11_000], [-1, 11_000], [5, NaN]])("do not change for %f at %f", (price, at) => {
    expect(grown(candle(10), price, at, 1)).toBeNull();
  });

  test("that came for a time that was passed over are told from those that are known", () => {
    const known = [candle(1), candle(3)];
    expect(fills(known, [candle(1), candle(3), candle(4)])).toBe(false);
    expect(fills(known, [candle(2), candle(3)])).toBe(true);
    expect(fills([], [candle(2)])).toBe(false);
  });

  test("are the server's where it knows them, but the growing one forgets nothing", () => {
    const known = [candle(1, { kept: false, volume: 0 }), candle(2, { kept: false, volume: 0, high: 105, close: 104 })];
    const both = merged(known, [candle(1), candle(2, { high: 103, close: 102 })]);
    expect(both).toEqual([candle(1), candle(2, { high: 105, close: 104 })]);
  });

  test("are let go when they are many and nobody looks at the oldest", () => {
    expect(surplus(KEPT + 299, 1300)).toBe(0);
    expect(surplus(KEPT + 300, 1300)).toBe(300);
    expect(surplus(KEPT + 300, 600)).toBe(0);
  });

  test("are torn where the server's newest begin after a hole", () => {
    expect(torn([candle(1)], [candle(2)], 1)).toBe(false);
    expect(torn([candle(1)], [candle(3)], 1)).toBe(true);
    expect(torn([], [candle(3)], 1)).toBe(false);
  });
});

describe("marks", () => {
  const decided = (id: string, at: number, outcome: string, side?: string) =>
    happened({ decision_id: id, at, outcome, orders: side ? [{ side, quantity: "1", instrument: "BTC" }] : [] }, "BTC");

  test("are one a candle and kind, of the newest, each decision once", () => {
    const marks = marksOf([decided("b", 61_000, "granted", "buy"), decided("a", 60_000, "granted", "buy"), decided("b", 61_000, "granted", "buy")], 60, 0);
    expect(marks).toHaveLength(1);
    expect(marks[0]).toMatchObject({ time: 60, kind: "buy", count: 2, decision: "b" });
  });

  test("tell buys from sells, and what was cut, vetoed or refused", () => {
    const outcomes = [["granted", "sell"], ["granted", "buy"], ["reduced", "buy"], ["vetoed"], ["refused"], ["expired"]] as const;
    const kinds = outcomes.map(([outcome, side]) => decided("x", 0, outcome, side).kind);
    expect(kinds).toEqual(["sell", "buy", "reduced", "vetoed", "refused", "refused"]);
  });

  test("before the oldest candle, or without a time, are left out", () => {
    expect(marksOf([decided("a", 999, "refused"), decided("b", NaN, "refused"), decided("c", 1000, "refused")], 1, 1).map((mark) => mark.decision)).toEqual(["c"]);
  });

  test("are at most so many, the newest", () => {
    const many = Array.from({ length: 10_000 }, (_, second) => decided(String(second), second * 1000, "refused"));
    const marks = marksOf(many, 1, 0, 300);
    expect(marks).toHaveLength(300);
    expect(marks.at(-1)?.time).toBe(9_999);
  });

  test("say in words what they stand for", () => {
    const fill = filled({ decision_id: "d", filled_at: "2026-01-02T03:04:05.678Z", side: "buy", quantity: "0.5", price: "61000.1" });
    expect(worded(marksOf([fill], 1, 0)[0]!)).toBe("03:04:05.678 fill: buy 0.5 at 61,000.10. Click for the decision.");
  });
});

describe("the machine's health", () => {
  const measured = { p50_ms: 1, p95_ms: 2, p99_ms: 3, max_ms: 4, n: 5 };

  test("names the quantile that is above its target, in the order of a tick's way", () => {
    const stages = stagesOf({ zebra: measured, end_to_end: { ...measured, p50_ms: 6, p99_ms: 13 }, ingest: { ...measured, p50_ms: 0.2, p99_ms: 1 } });
    expect(stages.map(({ name, within, verdict }) => [name, within, verdict])).toEqual([
      ["ingest", true, "within"],
      ["end_to_end", false, "p50 and p99 above"],
      ["zebra", null, "no target"],
    ]);
  });

  test("a process that is silent for more than 3 s is not well, whatever it said last", () => {
    const process = (at: number | null) => ({ name: "feed", state: "running", at, behind: {}, rss_mb: null });
    const told = processesOf([process(7_000), process(6_999), process(null)], 10_000);
    expect(told.map(({ well, text }) => [well, text])).toEqual([[true, "running"], [false, "silent for 3 s"], [false, "never heard"]]);
  });
});

describe("the equity's line", () => {
  test("takes what is newer and a number, and forgets the oldest", () => {
    const points: Point[] = [[1, 10]];
    expect(remembered(points, 1, "11")).toBe(points);
    expect(remembered(points, 2, undefined)).toBe(points);
    expect(remembered(points, 2, "")).toBe(points);
    expect(remembered(points, 2, "11")).toEqual([[1, 10], [2, 11]]);
    const full = Array.from({ length: POINTS_KEPT }, (_, at): Point => [at, at]);
    expect(remembered(full, POINTS_KEPT, "1")).toHaveLength(POINTS_KEPT);
  });

  test("stays inside, also where nothing changed", () => {
    expect(pathOf([[1, 5]], 100, 20)).toBe("");
    expect(pathOf([[1, 5], [2, 5]], 100, 20)).toBe("M1.0 10.0L99.0 10.0");
    expect(pathOf([[1, 5], [2, 6]], 100, 20)).toBe("M1.0 18.0L99.0 2.0");
  });
});
