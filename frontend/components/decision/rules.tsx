"use client";
// What each rule read, and what it said: open where it cut or denied, folded where it let pass.

import { Check, EyeOff, ShieldX, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Badge } from "@/components/badge";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept } from "@/lib/address";
import type { Told, Trace } from "@/lib/decision";
import { effectWords, tripped } from "@/lib/decision-words";
import { quantity, short } from "@/lib/format";

const factWords = (fact: unknown): string => (typeof fact === "number" ? quantity(fact) : typeof fact === "string" ? fact || "(empty)" : String(fact));

export function RulesPanel({ told }: { told: Told }) {
  const hit = told.traces.filter(tripped);
  const passed = told.traces.filter((trace) => !tripped(trace));
  const rows = told.traces.map(({ rule, version, clause, order, effect, value, shadow, clippedTo, facts }) => ({ rule, version, clause, order, effect, value, shadow, clipped_to: clippedTo, facts: JSON.stringify(facts) }));
  const orders = new Map(told.orders.map(({ id, side, instrument }) => [id, `${side} ${instrument}`]));
  return (
    <div id="rules">
      <Panel
        title="What the rules read"
        aside={
          <>
            <span className="number">
              {hit.length} tripped, {passed.length} held
            </span>
            <Save name="rule traces" rows={rows} />
          </>
        }
        empty={!told.traces.length && "No rule was asked: nothing was left after the vote and the arbitration."}
      >
        {hit.length > 0 && (
          <ul className="divide-y divide-line border-b border-line">
            {hit.map((trace, place) => (
              <li key={place} className="px-3 py-1.5">
                <One trace={trace} order={orders.get(trace.order)} open />
              </li>
            ))}
          </ul>
        )}
        <details className="text-xs" open={!hit.length && passed.length <= 3}>
          <summary className="px-3 py-1.5 text-soft">{passed.length} clauses held</summary>
          <ul className="divide-y divide-line">
            {passed.map((trace, place) => (
              <li key={place} className="px-3 py-1">
                <One trace={trace} order={orders.get(trace.order)} />
              </li>
            ))}
          </ul>
        </details>
      </Panel>
    </div>
  );
}

function One({ trace, order, open = false }: { trace: Trace; order?: string; open?: boolean }) {
  const search = useSearchParams().toString();
  const failed = tripped(trace);
  return (
    <details open={open} className="min-w-0 text-xs">
      <summary className="min-w-0">
        <span className="ml-1 inline-flex flex-wrap items-center gap-x-2">
          {failed ? <Verdict trace={trace} /> : <Check aria-label="holds:" className="size-3 text-good" />}
          <b className="font-medium">{short(trace.rule, 60)}</b>
          <span className="text-soft">{short(trace.clause, 60)}</span>
          {order && <span className="text-faint">{order}</span>}
        </span>
      </summary>
      <dl className="number mt-1 grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-3 pl-4">
        {Object.entries(trace.facts).map(([name, fact]) => (
          <div key={name} className="contents">
            <dt className="break-all text-faint">{name}</dt>
            <dd className="break-all">{short(factWords(fact), 200)}</dd>
          </div>
        ))}
        {failed && (
          <div className="contents">
            <dt className="text-faint">so it</dt>
            <dd>
              {trace.shadow ? "would have: " : ""}
              {effectWords(trace)}
            </dd>
          </div>
        )}
        <div className="contents">
          <dt className="text-faint">version</dt>
          <dd>{trace.version}</dd>
        </div>
      </dl>
      <Link prefetch={false} href={kept("/rules/", search, { rule: trace.rule })} className="pl-4 text-accent underline-offset-2 hover:underline">
        What this rule has done
      </Link>
    </details>
  );
}

function Verdict({ trace }: { trace: Trace }) {
  if (trace.shadow) return <Badge look="quiet" icon={EyeOff}>shadow: would {trace.effect}</Badge>;
  const cut = trace.effect === "clip" || trace.effect === "warn" || trace.effect === "hold";
  return (
    <Badge look={cut ? "warn" : "bad"} icon={cut ? TriangleAlert : ShieldX}>
      {typeof trace.value === "string" ? short(trace.value, 30) : trace.effect}
    </Badge>
  );
}
