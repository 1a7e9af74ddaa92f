"use client";
// How often which latency: a bar for each bucket, drawn, and told as a table to who does not see it.

import { count } from "@/lib/format";
import words from "@/lib/words";

const BOUNDS = words.bounds_ms;
const HEIGHT = 44;
const WIDTH = 22;

const label = (index: number) => (index < BOUNDS.length ? `≤ ${BOUNDS[index]}` : `> ${BOUNDS.at(-1)}`);

export function Histogram({ counts, target }: { counts: number[]; target?: number }) {
  const most = Math.max(1, ...counts);
  const all = counts.reduce((sum, one) => sum + one, 0);
  return (
    <div className="overflow-x-auto px-3 py-2" tabIndex={0} role="group" aria-label="Histogram">
      <svg viewBox={`0 0 ${counts.length * WIDTH} ${HEIGHT + 16}`} className="min-w-72 w-full max-w-3xl" aria-hidden>
        {counts.map((number, index) => {
          // By the root, so that the few slow ones can be seen beside the many fast ones.
          const height = Math.sqrt(number / most) * HEIGHT;
          const late = target !== undefined && (BOUNDS[index] ?? Infinity) > target;
          return (
            <g key={index}>
              <title>{`${label(index)} ms: ${number} (${((100 * number) / (all || 1)).toFixed(2)} %)`}</title>
              <rect x={index * WIDTH + 2} y={HEIGHT - height} width={WIDTH - 4} height={height} className={late ? "fill-warn" : "fill-accent"} />
              <text x={index * WIDTH + WIDTH / 2} y={HEIGHT + 11} textAnchor="middle" className="fill-faint text-[7px]">
                {index < BOUNDS.length ? BOUNDS[index] : "more"}
              </text>
            </g>
          );
        })}
      </svg>
      <table className="sr-only">
        <caption>How often which latency</caption>
        <tbody>
          {counts.map((number, index) => (
            <tr key={index}>
              <th scope="row">{label(index)} ms</th>
              <td>{count(number)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
