"use client";

import { Heads } from "@/components/heads";
import type { Shape } from "@/lib/api";
import { count, UNKNOWN } from "@/lib/format";

export type Performance = Shape<"AgentPerformance">;

const SIDE = 200;
const EDGE = 24;
const at = (share: number) => EDGE + share * (SIDE - EDGE);

export const fixed = (value: number | null | undefined, places = 4) =>
  value === null || value === undefined ? UNKNOWN : value.toFixed(places).replace("-", "−");

/** Forecasts against what happened: on the diagonal an agent is calibrated; the size of a dot is how many there are. */
type Bin = Omit<Performance["bins"][number], "interval"> & { interval: number[] };

export function Calibration({ bins }: { bins: Bin[] }) {
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  return (
    <div className="flex flex-wrap gap-4">
      <svg viewBox={`0 0 ${SIDE} ${SIDE}`} className="w-56 shrink-0" role="img" aria-label="Calibration: mean forecast against the share of what came true">
        <line x1={at(0)} y1={SIDE - at(0)} x2={at(1)} y2={SIDE - at(1)} className="stroke-line-strong" strokeDasharray="4 3" />
        {[0, 0.5, 1].map((tick) => (
          <g key={tick} className="fill-faint text-[8px]">
            <text x={at(tick)} y={SIDE - 8} textAnchor="middle">
              {tick}
            </text>
            <text x={EDGE - 6} y={SIDE - at(tick) + 3} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        {bins.map((bin) => (
          <g key={bin.low}>
            <line x1={at(bin.forecast)} x2={at(bin.forecast)} y1={SIDE - at(bin.interval[0] ?? 0)} y2={SIDE - at(bin.interval[1] ?? 1)} className="stroke-faint" />
            <circle cx={at(bin.forecast)} cy={SIDE - at(bin.frequency)} r={3 + 6 * Math.sqrt(bin.count / most)} className="fill-accent opacity-80" />
          </g>
        ))}
      </svg>
      <table className="number self-start text-xs">
        <Heads titles={["Said", "Forecasts", "Mean said", "Came true", "95 %"]} cell="py-1 pr-4" />
        <tbody>
          {bins.map((bin) => (
            <tr key={bin.low}>
              <td className="pr-4">
                {bin.low.toFixed(1)} – {bin.high.toFixed(1)}
              </td>
              <td className="pr-4">{count(bin.count)}</td>
              <td className="pr-4">{fixed(bin.forecast, 3)}</td>
              <td className="pr-4">{fixed(bin.frequency, 3)}</td>
              <td>
                {fixed(bin.interval[0], 2)} – {fixed(bin.interval[1], 2)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The council against the best committee in hindsight, and the bound that is proven for it. */
export function Regret({ regret }: { regret: NonNullable<Performance["regret"]> }) {
  const used = regret.bound > 0 ? Math.max(0, regret.regret) / regret.bound : 0;
  const committee = Object.entries(regret.committee).map(([agent, share]) => `${agent} ${(100 * share).toFixed(0)} %`);
  return (
    <div className="grid gap-2 text-sm">
      <svg viewBox="0 0 100 4" preserveAspectRatio="none" className="h-2 w-full" role="img" aria-label={`Regret is ${(100 * used).toFixed(0)} % of its bound`}>
        <rect width={100} height={4} className="fill-sunk" />
        <rect width={Math.min(100, 100 * used)} height={4} className={used > 1 ? "fill-bad" : "fill-accent"} />
      </svg>
      <dl className="number grid grid-cols-[auto_auto_1fr] gap-x-4 gap-y-0.5 text-xs">
        <Figure name="Regret" value={fixed(regret.regret)} formula={`${fixed(regret.council)} − ${fixed(regret.committee_loss)}: the council’s loss − that of the best committee`} />
        <Figure name="Bound (G3)" value={fixed(regret.bound)} formula="the regret is proven to stay below it, whatever the market does" />
        <Figure name="Best committee" value={committee.join(", ")} formula="in hindsight" />
        <Figure name="Buckets" value={count(regret.buckets)} formula="scored so far" />
      </dl>
      {regret.agents && (
        <p className="text-xs text-soft">
          Against one alone: {Object.entries(regret.agents).map(([agent, value]) => `${agent} ${fixed(value)}`).join(" · ")}
        </p>
      )}
    </div>
  );
}

export function Figure({ name, value, formula }: { name: string; value: string; formula: string }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="font-medium">{value}</dd>
      <dd className="text-faint">{formula}</dd>
    </>
  );
}
