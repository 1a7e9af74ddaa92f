import { expect, test } from "vitest";
import { around } from "@/lib/decision-search";
import { forecastOf, median } from "@/lib/decision-terms";
import { tracesOf, type Ballot } from "@/lib/decision";

const NOW = Date.parse("2026-01-31T09:00:00Z");

test("a time of the day is the last one, the whole minute with room on both sides", () => {
  expect(around("23:57", NOW)).toEqual({ from: Date.parse("2026-01-30T23:55:00Z"), to: Date.parse("2026-01-31T00:00:00Z") });
  expect(around("08:00:30", NOW)?.from).toBe(Date.parse("2026-01-31T07:58:30Z"));
  for (const wrong of ["25:00", "soon", "2026-13-01"]) expect(around(wrong, NOW)).toBeNull();
});

test("the median stands where half of the mass lies on either side, towards what is held", () => {
  const at = (point: number, weight: number) => ({ agent: "a", point, weight, approves: true });
  expect(median([at(0, 1), at(5, 3)], 0)).toBe(5);
  expect(median([at(0, 2), at(5, 2)], 0)).toBe(0);
  expect(median([at(0, 2), at(5, 2)], 6)).toBe(5);
});

test("the forecast is weighted by mass; who abstains is left out", () => {
  const of = (stance: string, weight: number, probability: number | null) => ({ stance, weight, probability, late: false }) as Ballot;
  expect(forecastOf([of("approve", 3, 0.6), of("reject", 1, 0.4), of("abstain", 9, null)])).toBeCloseTo(0.55);
  expect(forecastOf([])).toBeNull();
});

test("what a rule cut to stands with the clause that tripped", () => {
  const told = { rule: "r", order_id: "o", effect: "clip" };
  const found = tracesOf([{ ...told, clause: "c", value: false }, { ...told, clause: "clip_to", value: true, clipped_to: "3.5" }]);
  expect(found.map(({ clause, clippedTo }) => [clause, clippedTo])).toEqual([["c", "3.5"]]);
});
