"use client";
// All decisions: by filter, around a time, or straight to one by its id.

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept } from "@/lib/address";
import { executedWords, onSide, whyOf } from "@/lib/decision-search";
import { count, short } from "@/lib/format";
import { Filters, useFilter } from "./filters";
import { useDecisions } from "./found";
import { DecisionRows } from "./rows";

export function DecisionsPage() {
  const { filter, span, fault } = useFilter();
  const found = useDecisions(filter, span);
  const { decisions, fills, error, staleFor } = found;
  const shown = onSide(decisions, fills, filter.side);
  const said = [filter.outcome, filter.instrument && short(filter.instrument, 40), filter.side && `with ${filter.side === "any" ? "executions" : `a ${filter.side}`}`, span && "in this time"].filter(Boolean).join(", ");
  const rows = shown.map((one) => ({
    decided_at: one.decided_at,
    decision_id: one.decision_id,
    instrument: one.instrument,
    track: one.track,
    outcome: one.outcome,
    executed: (fills.get(one.decision_id) ?? []).map(executedWords).join("; "),
    why: whyOf(one),
  }));
  return (
    <>
      <h1 className="sr-only">Decisions</h1>
      <div className="mb-3 flex flex-wrap items-end gap-x-6 gap-y-2 rounded-lg border border-line bg-panel px-3 py-2 text-xs">
        <Filters />
        <ById />
      </div>
      <Panel
        title={span ? "Decisions around this time" : "Decisions"}
        aside={
          <>
            <span className="number">
              {filter.side ? `${count(shown.length)} of ${count(decisions.length)} loaded` : `${count(decisions.length)} loaded`}
            </span>
            <Save name="decisions" rows={rows} />
          </>
        }
        loading={found.loading && !fault}
        error={fault || error}
        staleFor={staleFor}
        onRetry={fault ? undefined : found.again}
        empty={!decisions.length && (said ? `There is no decision: ${said}.` : "Nothing has been decided yet.")}
      >
        {shown.length ? <DecisionRows decisions={shown} fills={fills} /> : <p className="px-3 py-4 text-sm text-faint">None of the {count(decisions.length)} loaded decisions is {said}; older ones may be.</p>}
        {found.more && (
          <p className="border-t border-line p-2 text-center">
            <button type="button" disabled={found.fetching} onClick={found.older} className="rounded border border-line bg-raised px-3 py-1 text-xs hover:border-line-strong disabled:opacity-50">
              {found.fetching ? "Loading…" : "Older decisions"}
            </button>
          </p>
        )}
      </Panel>
    </>
  );
}

function ById() {
  const [id, setId] = useState("");
  const router = useRouter();
  const search = useSearchParams().toString();
  return (
    <form
      role="search"
      aria-label="A decision by its id"
      className="flex min-w-0 items-end gap-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (id.trim()) router.push(kept("/decision/", search, { id: id.trim() }));
      }}
    >
      <label className="grid min-w-0 gap-0.5">
        Id of a decision, round or order
        <input value={id} maxLength={200} spellCheck={false} onChange={(event) => setId(event.target.value)} className="w-64 max-w-full rounded border border-line bg-raised px-1.5 py-1" />
      </label>
      <button type="submit" className="rounded border border-line bg-raised px-2 py-1 hover:border-line-strong">
        Open
      </button>
    </form>
  );
}
