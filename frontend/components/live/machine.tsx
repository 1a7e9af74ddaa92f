"use client";
// How well the machine does: its times against their targets, where prices come from, and whether every process speaks.

import { Badge } from "@/components/badge";
import { Panel } from "@/components/panel";
import { useReach } from "@/components/shell/state";
import { count, milliseconds, short } from "@/lib/format";
import type { LiveProcess, Quantiles } from "@/lib/live/protocol";
import { useView } from "@/lib/live/view";
import { processesOf, stagesOf, type Stage } from "@/lib/market/health";
import words from "@/lib/words";

const NO_LATENCY: Record<string, Quantiles> = {};
const NO_PROCESSES: LiveProcess[] = [];

export function LatencyPanel({ className }: { className?: string }) {
  const latency = useView((view) => view.status?.latency ?? NO_LATENCY);
  const loaded = useView((view) => view.loaded);
  const known = useView((view) => view.status !== null);
  const past = useView((view) => view.moment !== null);
  const reach = useReach();
  const stages = stagesOf(latency);
  return (
    <Panel
      title="Latency"
      loading={!loaded || !known}
      {...reach}
      empty={!stages.length && (past ? "Latency is not kept: there is none of the past." : "Nothing has been measured in the last minutes.")}
      className={className}
      aside="ms; the target below"
    >
      <div tabIndex={0} role="region" aria-label="Latency by stage" className="overflow-x-auto">
        <table className="w-full text-xs">
          <thead className="text-faint">
            <tr className="border-b border-line">
              <th scope="col" className="px-3 py-1">Stage</th>
              {["p50", "p95", "p99", "n"].map((name) => (
                <th key={name} scope="col" className="px-2 text-right">{name}</th>
              ))}
              <th scope="col" className="px-3">Target</th>
            </tr>
          </thead>
          <tbody className="number divide-y divide-line">
            {stages.map((stage) => (
              <StageRow key={stage.name} stage={stage} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function StageRow({ stage }: { stage: Stage }) {
  const { measured, target, within } = stage;
  return (
    <tr>
      <th scope="row" title={stage.what} className="whitespace-nowrap px-3 py-0.5 font-normal">{short(stage.title, 24)}</th>
      <Time measured={measured.p50_ms} target={target?.p50} />
      <Time measured={measured.p95_ms} />
      <Time measured={measured.p99_ms} target={target?.p99} />
      <td className="px-2 text-right text-faint">{count(measured.n)}</td>
      <td className="px-3">
        {within === null ? <span className="text-faint">{stage.verdict}</span> : <Badge look={within ? "good" : "warn"}>{stage.verdict}</Badge>}
      </td>
    </tr>
  );
}

function Time({ measured, target }: { measured: number; target?: number }) {
  const above = target !== undefined && measured > target;
  return (
    <td className={`whitespace-nowrap px-2 text-right ${above ? "text-warn" : ""}`}>
      {milliseconds(measured)}
      {target !== undefined && <span className="text-2xs text-faint"> / {target}</span>}
    </td>
  );
}

export function FeedPanel({ className }: { className?: string }) {
  const status = useView((view) => view.status);
  const loaded = useView((view) => view.loaded);
  const past = useView((view) => view.moment !== null);
  const reach = useReach();
  const processes = status ? processesOf(status.processes, status.at) : [];
  const gauges = (status?.processes ?? NO_PROCESSES).find(({ name }) => name === "feed")?.gauges as Record<string, unknown> | undefined;
  return (
    <Panel
      title="Feed and processes"
      loading={!loaded || !status}
      {...reach}
      empty={!processes.length && (past ? "The state of processes is not kept: there is none of the past." : "No process has reported yet.")}
      className={className}
    >
      <div className="space-y-1 px-3 py-2 text-xs">
        <p className="break-words">
          <b>{short(status?.source ?? "", 30) || "no"} prices</b> <span className="text-soft">{words.sources[status?.source ?? ""] ?? ""}</span>
          {gauges && <span className="number text-faint"> {gaugeWords(gauges)}</span>}
        </p>
        {status?.notices.slice(0, 5).map(({ key, look, text }) => (
          <p key={key} className={`break-words ${look === "bad" ? "text-bad" : "text-warn"}`}>{short(text, 300)}</p>
        ))}
        <ul className="grid gap-x-4 sm:grid-cols-2">
          {processes.slice(0, 40).map(({ name, well, text, details }) => (
            <li key={name} className="flex min-w-0 items-center gap-1.5 py-0.5" title={short(`${name}: ${text}. ${details}`, 400)}>
              <Badge look={well ? "good" : "bad"}>{short(text, 24)}</Badge>
              <b className="shrink-0 font-medium">{short(name, 20)}</b>
              <span className="number truncate text-faint">{short(details, 80)}</span>
            </li>
          ))}
        </ul>
      </div>
    </Panel>
  );
}

function gaugeWords(gauges: Record<string, unknown>): string {
  const told = [];
  if (typeof gauges.mode === "string" && gauges.mode) told.push(`mode ${short(gauges.mode, 40)}`);
  if (typeof gauges.behind_ms === "number") told.push(`${milliseconds(gauges.behind_ms)} ms behind`);
  if (typeof gauges.rate === "number") told.push(`${gauges.rate.toFixed(0)} ticks/s`);
  return told.join(" · ");
}
