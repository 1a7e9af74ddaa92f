import { expect, test } from "vitest";
import { bucketed, microseconds, quantile, timed, type Fill } from "@/lib/latency";

test("times are exact to the microsecond", () => {
  expect(microseconds("2026-01-31T09:00:00.123456Z") - microseconds("2026-01-31T09:00:00.1Z")).toBe(23456);
  expect(microseconds("2026-01-31T09:00:00Z") % 1_000_000).toBe(0);
});

test("a fill is timed from its tick, and what had rested is left out", () => {
  const received = microseconds("2026-01-31T09:00:00Z") * 1000;
  const fill = { filled_at: "2026-01-31T09:00:00.0052Z", received_at_ns: received, decision_id: "d", liquidity: "taker" } as unknown as Fill;
  const found = timed([fill, { ...fill, liquidity: "maker" } as Fill], new Map([["d", "2026-01-31T09:00:00.0031Z"]]));
  expect(found.map(({ total, decided }) => [total, decided])).toEqual([[5.2, 3.1]]);
});

test("a bound belongs to the bucket below it", () => {
  expect(bucketed([0.5, 1, 1.1, 99], [1, 5])).toEqual([2, 1, 1]);
});

test("quantiles are values that were measured", () => {
  expect(quantile([3, 1, 2], 0.5)).toBe(2);
  expect(quantile([3, 1, 2], 0.99)).toBe(3);
  expect(quantile([], 0.5)).toBeNull();
});
