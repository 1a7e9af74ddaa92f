import { expect, test } from "vitest";
import { compared, joined, lineOf, type SeatWeight } from "@/lib/agents";

const weight = (second: number, copy: number, ppm: number) =>
  ({ copy, ppm, scored_at: new Date(second * 1000).toISOString() }) as SeatWeight;

test("the weight is the mean of the newest of each copy", () => {
  const newestFirst = [weight(4, 0, 400_000), weight(3, 2, 300_000), weight(2, 1, 200_000), weight(1, 0, 100_000)];
  expect(lineOf("rule", newestFirst).points).toEqual([
    [1, 10],
    [2, 15],
    [3, 20],
    [4, 30],
  ]);
});

test("lines share one axis of time", () => {
  const lines = [
    { agent: "a", points: [[1, 10], [3, 30]] as [number, number][] },
    { agent: "b", points: [[2, 5]] as [number, number][] },
  ];
  expect(joined(lines)).toEqual([[1, 2, 3], [10, null, 30], [null, 5, null]]);
  expect(joined([])).toEqual([[]]);
});

test("only agents that there are can be compared, each once", () => {
  expect(compared("b,x,a,b,", ["a", "b"])).toEqual(["b", "a"]);
});
