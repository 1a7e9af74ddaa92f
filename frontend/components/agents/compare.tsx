"use client";

import dynamic from "next/dynamic";
import { Heads } from "@/components/heads";
import { Panel } from "@/components/panel";
import { count, short } from "@/lib/format";
import { usePerformance } from "./agent";
import { fixed } from "./figures";
import { useWeights } from "./weights";

const WeightsChart = dynamic(() => import("./weights-chart"), { ssr: false });

/** Several agents side by side: their weights in one chart, their figures in one table. */
export function Compare({ book, agents, to }: { book: string; agents: string[]; to: string | undefined }) {
  const { lines, error, loading } = useWeights(book, agents, to);
  return (
    <Panel title={`${agents.length} agents compared`} loading={loading && !error} error={error?.message} bodyClassName="grid gap-2 p-2">
      <WeightsChart lines={lines} />
      <div className="overflow-x-auto px-1" tabIndex={0} role="group" aria-label="Figures side by side">
        <table className="number text-xs">
          <Heads titles={["Agent", "Weight, mean of copies", "Forecasts answered", "Brier", "Proposals shown", "of them won", "Regret against it alone"]} cell="py-1 pr-6" />
          <tbody className="divide-y divide-line">
            {agents.map((agent, index) => (
              <Row key={agent} book={book} agent={agent} to={to} weight={lines[index]?.points.at(-1)?.[1]} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function Row({ book, agent, to, weight }: { book: string; agent: string; to: string | undefined; weight: number | undefined }) {
  const { data, error } = usePerformance(book, agent, to);
  const won = data?.proposals.filter(({ state }) => state === "GRANTED" || state === "REDUCED").length;
  return (
    <tr>
      <th scope="row" className="py-1 pr-6" title={agent}>
        {short(agent, 40)}
      </th>
      <td className="pr-6">{weight === undefined ? "no mass" : `${weight.toFixed(2)} %`}</td>
      <td className="pr-6">{error ? error.message : count(data?.forecasts)}</td>
      <td className="pr-6">{fixed(data?.brier)}</td>
      <td className="pr-6">{count(data?.proposals.length)}</td>
      <td className="pr-6">{count(won)}</td>
      <td className="pr-6">{fixed(data?.regret?.agents?.[agent])}</td>
    </tr>
  );
}
