// How the equity went since the page was opened, as a small line.

/** [ms, equity] */
export type Point = readonly [number, number];

export const POINTS_KEPT = 900;

/** With the newest point; what is no number, or not newer, changes nothing. */
export function remembered(points: Point[], at: number, equity: string | undefined): Point[] {
  const value = equity === undefined || equity === "" ? NaN : Number(equity);
  const last = points.at(-1);
  if (!Number.isFinite(value) || (last && at <= last[0])) return points;
  return [...points.slice(-(POINTS_KEPT - 1)), [at, value]];
}

/** An SVG path within `width` × `height`; "" for fewer than two points. */
export function pathOf(points: readonly Point[], width: number, height: number): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return "";
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (at: number) => ((at - first[0]) / (last[0] - first[0])) * (width - 2) + 1;
  const y = (value: number) => (high > low ? height - 2 - ((value - low) / (high - low)) * (height - 4) : height / 2);
  return points.map(([at, value], place) => `${place ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}
