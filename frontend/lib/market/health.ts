// How well the machine does: times against their targets, processes that speak or are silent.

import type { LiveProcess, Quantiles } from "@/lib/live/protocol";
import words from "@/lib/words";

export const SILENT_AFTER_MS = 3000;
export const PRICE_SILENT_AFTER_MS = 5000;

export interface Stage {
  name: string;
  title: string;
  what: string;
  measured: Quantiles;
  target: { p50?: number; p99?: number } | null;
  /** null: it has no target. */
  within: boolean | null;
  /** Which quantile is above its target, in words. */
  verdict: string;
}

/** In the order of a tick's way; stages that no word is known for come last. */
export function stagesOf(latency: Record<string, Quantiles>): Stage[] {
  const place = (name: string) => (WAY.includes(name) ? WAY.indexOf(name) : WAY.length);
  const inOrder = Object.entries(latency).sort(([one], [other]) => place(one) - place(other) || one.localeCompare(other));
  return inOrder.map(([name, measured]) => stageOf(name, measured));
}

const WAY = ["ingest", "stream_to_agent", "reaction", "resolution", "execution", "end_to_end", "display"];

function stageOf(name: string, measured: Quantiles): Stage {
  const told = words.stages[name] ?? { title: name.replaceAll("_", " "), what: "" };
  const target: Stage["target"] = words.targets[name] ?? null;
  const above = target ? [over("p50", measured.p50_ms, target.p50), over("p99", measured.p99_ms, target.p99)].filter(Boolean) : [];
  const within = target ? above.length === 0 : null;
  return { name, ...told, measured, target, within, verdict: within === null ? "no target" : within ? "within" : `${above.join(" and ")} above` };
}

function over(name: string, measured: number, target: number | undefined): string {
  return target !== undefined && measured > target ? name : "";
}

export interface Process {
  name: string;
  well: boolean;
  text: string;
  details: string;
}

/** `now` by the server's clock, ms: a process that has said nothing for 3 s is not well, whatever it said last. */
export function processesOf(processes: readonly LiveProcess[], now: number): Process[] {
  return processes.map(({ name, state, at, behind, rss_mb }) => {
    const quiet = at === null ? null : now - at;
    const silent = quiet === null || quiet > SILENT_AFTER_MS;
    const late = Object.entries(behind).map(([log, { amount, unit }]) => `${log} ${amount} ${unit} behind`);
    const memory = rss_mb === null ? [] : [`${Math.round(rss_mb)} MiB`];
    return {
      name,
      well: state === "running" && !silent,
      text: quiet === null ? "never heard" : silent ? `silent for ${Math.floor(quiet / 1000)} s` : state,
      details: [...late, ...memory].join(" · "),
    };
  });
}
