"use client";
// How fast the machine is: each stage against its target, how often which latency, and the slowest with their decisions.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Badge } from "@/components/badge";
import { Heads, unseen } from "@/components/heads";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept, useBook, useMoment } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { failing } from "@/lib/failing";
import { count, milliseconds, price, quantity } from "@/lib/format";
import { bucketed, quantile, timed, type Timed } from "@/lib/latency";
import { useView } from "@/lib/live/view";
import words from "@/lib/words";
import { Histogram } from "./histogram";

const FILLS = 1000;
const SLOWEST = 25;
const EVERY_MS = 5000;
const STAGES = ["ingest", "stream_to_agent", "reaction", "resolution", "execution", "end_to_end", "display"];

export function LatencyPage() {
  return (
    <div className="grid gap-3 lg:grid-cols-2">
      <h1 className="sr-only">Latency</h1>
      <Stages />
      <Fills />
    </div>
  );
}

interface Buckets {
  counts: number[];
}

function Stages() {
  const [moment] = useMoment();
  const latency = useView((view) => view.status?.latency);
  const processes = useQuery({
    queryKey: ["processes"],
    queryFn: () => asked(api.GET("/api/v1/processes")),
    enabled: !moment,
    refetchInterval: EVERY_MS,
  });
  const { data, error, isPending, refetch } = processes;
  const buckets = new Map<string, Buckets>();
  for (const { report } of data?.processes ?? []) {
    for (const [stage, counted] of Object.entries((report?.buckets ?? {}) as Record<string, Buckets>)) buckets.set(stage, counted);
  }
  const past = moment && "Stages are measured while they happen and not kept: what the ledger knows of this moment stands beside.";
  return (
    <Panel
      title="Stages, since each process started"
      loading={!moment && isPending && !error}
      {...(moment ? {} : failing(processes))}
      onRetry={refetch}
      empty={past || (data && !buckets.size && "Nothing has been measured yet: no tick has come through.")}
    >
      <ul className="divide-y divide-line">
        {STAGES.map((name) => {
          const { title, what } = words.stages[name] ?? { title: name, what: "" };
          const measured = latency?.[name];
          const target = words.targets[name];
          const counts = buckets.get(name)?.counts;
          if (!counts) return null;
          return (
            <li key={name} className="pt-2">
              <div className="flex flex-wrap items-baseline gap-x-3 px-3 text-sm">
                <h3 className="font-medium">{title}</h3>
                <span className="text-xs text-faint">{what}</span>
                {measured && (
                  <span className="number ml-auto text-xs text-soft">
                    p50 {milliseconds(measured.p50_ms)} · p95 {milliseconds(measured.p95_ms)} · p99 {milliseconds(measured.p99_ms)} ms
                  </span>
                )}
                {measured && target?.p50 !== undefined && (
                  <Badge look={measured.p50_ms <= target.p50 ? "good" : "warn"} title="The target is for the median of the last minutes">
                    target {target.p50} ms
                  </Badge>
                )}
              </div>
              <Histogram counts={counts} target={target?.p99} />
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Fills() {
  const [book] = useBook();
  const [moment] = useMoment();
  const to = moment?.toISOString();
  const filled = useQuery({
    queryKey: ["latency of fills", book, to ?? "now"],
    queryFn: () => slowness(book, to),
    refetchInterval: moment ? false : EVERY_MS,
    placeholderData: keepPreviousData,
  });
  const { data, error, isPending, refetch } = filled;
  const totals = data?.map(({ total }) => total) ?? [];
  const told = [0.5, 0.95, 0.99].map((share) => `p${share * 100} ${milliseconds(quantile(totals, share))}`).join(" · ");
  const slowest = [...(data ?? [])].sort((one, other) => other.total - one.total).slice(0, SLOWEST);
  return (
    <Panel
      title={`From the tick to the fill, of the last ${count(totals.length)} fills`}
      aside={
        <>
          <span className="number">{told} ms</span>
          <Save name="slowest fills" rows={slowest.map(rowOf)} />
        </>
      }
      loading={isPending && !error}
      {...failing(filled)}
      onRetry={refetch}
      empty={data && !data.length && (moment ? "Nothing had been filled by then." : "Nothing has been filled yet.")}
    >
      <Histogram counts={bucketed(totals, words.bounds_ms)} target={words.targets.end_to_end?.p99} />
      <h3 className="border-t border-line px-3 pt-2 text-sm font-medium">The slowest</h3>
      <div className="overflow-x-auto p-3 pt-1" tabIndex={0} role="group" aria-label="The slowest fills">
        <Slowest rows={slowest} />
      </div>
    </Panel>
  );
}

function Slowest({ rows }: { rows: Timed[] }) {
  const search = useSearchParams().toString();
  return (
    <table className="number w-full text-xs">
      <Heads titles={["Filled", "Total ms", "To the decision", "After it", "What", unseen("Its decision")]} />
      <tbody className="divide-y divide-line">
        {rows.map(({ fill, total, decided }) => (
          <tr key={fill.event_id}>
            <td className="py-1 pr-3">
              <Moment at={fill.filled_at} />
            </td>
            <td className="pr-3 font-medium">{milliseconds(total)}</td>
            <td className="pr-3">{milliseconds(decided)}</td>
            <td className="pr-3">{milliseconds(decided === null ? null : total - decided)}</td>
            <td className="whitespace-nowrap pr-3">
              {fill.side} {quantity(fill.quantity)} {fill.instrument} at {price(fill.price)}
            </td>
            <td>
              <Link prefetch={false} className="text-accent underline-offset-2 hover:underline" href={kept("/decision/", search, { id: fill.decision_id })}>
                decision
              </Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function slowness(book: string, to: string | undefined): Promise<Timed[]> {
  const query = { limit: FILLS, ...(book ? { book } : {}), ...(to ? { to } : {}) };
  const [{ fills }, { decisions }] = await Promise.all([
    asked(api.GET("/api/v1/fills", { params: { query } })),
    asked(api.GET("/api/v1/decisions", { params: { query: { ...query } } })),
  ]);
  return timed(fills, new Map(decisions.map(({ decision_id, decided_at }) => [decision_id, decided_at])));
}

const rowOf = ({ fill, total, decided }: Timed) => ({
  filled_at: fill.filled_at,
  total_ms: total,
  to_the_decision_ms: decided,
  instrument: fill.instrument,
  side: fill.side,
  quantity: fill.quantity,
  price: fill.price,
  decision_id: fill.decision_id,
});
