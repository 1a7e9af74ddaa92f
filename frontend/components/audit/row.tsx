"use client";
// One event: a line, and all of it when it is opened.

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useState, type ReactNode } from "react";
import { Moment } from "@/components/moment";
import { kept } from "@/lib/address";
import { short } from "@/lib/format";
import type { LedgerRow } from "@/lib/past/frames";
import type { Filter } from "./filters";

export function Row({ row, onFilter }: { row: LedgerRow; onFilter: (changed: Partial<Filter>) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex flex-wrap items-baseline gap-x-3 px-3 py-1 text-xs hover:bg-sunk">
          <span className="number w-28 text-faint">
            {row.log} {row.position}
          </span>
          <Moment at={row.recorded_at} days />
          <b className="font-medium">{row.event}</b>
          <span className="text-soft" title={row.actor}>
            {short(row.actor)}
          </span>
          <span className="min-w-0 flex-1 truncate text-faint">{short(gist(row.payload), 200)}</span>
        </summary>
        {open && <Whole row={row} onFilter={onFilter} />}
      </details>
    </li>
  );
}

const TELLING = ["why", "reason", "outcome", "instrument", "agent", "action", "target", "side", "quantity", "price", "state", "who"];

/** What of the payload says most, in few words. */
function gist(payload: Record<string, unknown>): string {
  const told = TELLING.flatMap((name) => {
    const value = payload[name];
    return typeof value === "string" || typeof value === "number" ? [`${name} ${value}`] : [];
  });
  return told.join(" · ");
}

function Whole({ row, onFilter }: { row: LedgerRow; onFilter: (changed: Partial<Filter>) => void }) {
  const search = useSearchParams().toString();
  const decision = row.payload.decision_id;
  return (
    <div className="grid gap-2 bg-sunk px-3 py-2 text-xs">
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        <Fact name="Aggregate">
          {row.aggregate} {row.aggregate_id}, version {row.version}
        </Fact>
        <Fact name="Caused by">{row.causation_id}</Fact>
        <Fact name="Correlation">
          <button type="button" className="break-all text-left text-accent hover:underline" onClick={() => onFilter({ correlation: row.correlation_id })}>
            {row.correlation_id}
          </button>
        </Fact>
        {row.command_id && <Fact name="Command">{row.command_id}</Fact>}
        <Fact name="Hash">{row.hash}</Fact>
        <Fact name="Hash before">{row.prev_hash}</Fact>
      </dl>
      <pre tabIndex={0} aria-label="Payload" className="max-h-96 overflow-auto whitespace-pre-wrap break-all rounded border border-line bg-panel p-2 font-mono">
        {JSON.stringify(row.payload, null, 2)}
      </pre>
      <p className="flex flex-wrap gap-3">
        {typeof decision === "string" && (
          <Link prefetch={false} className="text-accent underline-offset-2 hover:underline" href={kept("/decision/", search, { id: decision })}>
            Its decision
          </Link>
        )}
        <a className="text-accent underline-offset-2 hover:underline" href={`/ledger/${row.log}/${row.partition}/${row.position}/`}>
          In the operations site
        </a>
      </p>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-all font-mono">{children}</dd>
    </>
  );
}
