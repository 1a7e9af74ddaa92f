// Weights over time out of what each bucket scored, and the lines that charts draw of them.

import type { Shape } from "@/lib/api";

export type SeatWeight = Shape<"SeatWeight">;
export type Seat = Shape<"Seat">;

export interface WeightLine {
  agent: string;
  /** Seconds since 1970, and the share of the council's mass in percent. */
  points: [number, number][];
}

/** Each bucket moves one of the copies; the weight of a seat is the mean of their newest. `weights`: the newest first. */
export function lineOf(agent: string, weights: SeatWeight[]): WeightLine {
  const copies = new Map<number, number>();
  const points: [number, number][] = [];
  for (const { copy, ppm, scored_at } of [...weights].reverse()) {
    copies.set(copy, ppm);
    const known = [...copies.values()];
    points.push([Date.parse(scored_at) / 1000, known.reduce((sum, one) => sum + one, 0) / known.length / 10_000]);
  }
  return { agent, points };
}

/** All lines on one axis of time; where a line says nothing of a time it is null. */
export function joined(lines: WeightLine[]): [number[], ...(number | null)[][]] {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].sort((one, other) => one - other);
  const known = lines.map(({ points }) => new Map(points));
  return [times, ...known.map((values) => times.map((at) => values.get(at) ?? null))];
}

/** Names of `text` (a,b,c) that there are, each once, at most eight. */
export function compared(text: string, agents: string[]): string[] {
  return [...new Set(text.split(","))].filter((name) => agents.includes(name)).slice(0, 8);
}
