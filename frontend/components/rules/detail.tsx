"use client";
// A rule opened: its clauses in CEL with their counts, who changed it and why, and its versions.

import { useQuery } from "@tanstack/react-query";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { api, asked } from "@/lib/api";
import { count, quantity, short } from "@/lib/format";
import type { Clause, RuleRow } from "@/lib/rules";
import { Used, Where } from "./table";

export function RuleDetail({ row, book }: { row: RuleRow; book: string }) {
  return (
    <div className="grid max-w-[calc(100vw-3.5rem)] gap-2 rounded border border-line bg-sunk p-3 whitespace-normal">
      {row.title && <p className="text-sm break-words">{short(row.title, 500)}</p>}
      <ul className="grid gap-2">
        {row.clauses.map((clause) => (
          <OneClause key={clause.name} clause={clause} />
        ))}
      </ul>
      {row.clipTo && (
        <p className="break-words text-soft">
          What is above it is cut to <code className="font-mono break-all">{short(row.clipTo, 600)}</code>
        </p>
      )}
      <p className="text-soft">
        {row.exempts ? "Orders that shrink the risk are exempt." : "No order is exempt."} Version {row.version} since <Moment at={row.changedAt} places={0} days /> by{" "}
        {short(row.who, 60)}
        {row.why && `: “${short(row.why, 200)}”`}.{" "}
        <a className="text-accent underline" href={`/admin/governance/rule/${encodeURIComponent(row.id)}/edit/`}>
          Change it
        </a>
      </p>
      <Versions row={row} book={book} />
    </div>
  );
}

function OneClause({ clause: { name, cel, counted } }: { clause: Clause }) {
  return (
    <li className="min-w-0 rounded border border-line bg-panel px-2 py-1.5">
      <p className="font-medium break-words">{short(name, 100)}</p>
      <code className="block font-mono break-all text-soft">{cel ? short(cel, 1000) : "It is no longer part of the rule."}</code>
      {counted ? (
        <p className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1">
          <span>asked {count(counted.asked)}</span>
          <span className={counted.tripped ? "font-semibold" : ""}>tripped {count(counted.tripped)}</span>
          <span>would have {count(counted.would_have)}</span>
          <span>near {count(counted.near)}</span>
          {counted.nearest && (
            <span className="flex flex-wrap items-center gap-2">
              nearest <Used used={counted.nearest.used} /> ({quantity(counted.nearest.measured)} against {quantity(counted.nearest.limit)}) <Where place={counted.nearest} />
            </span>
          )}
          {counted.last && (
            <span className="flex items-center gap-2">
              last trip <Where place={counted.last} />
              {counted.last.clipped_to && `cut to ${quantity(counted.last.clipped_to)}`}
            </span>
          )}
        </p>
      ) : (
        <p className="mt-1 text-faint">Nothing was put before it in this time.</p>
      )}
    </li>
  );
}

function Versions({ row, book }: { row: RuleRow; book: string }) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["rule versions", book, row.rule, row.version],
    queryFn: () => asked(api.GET("/api/v1/rules/{rule}/versions", { params: { path: { rule: row.rule }, query: { book, limit: 20 } } })),
  });
  return (
    <Panel title="Versions" loading={isPending && !error} error={error?.message} onRetry={refetch} empty={data && !data.versions.length && "It has no versions yet."}>
      <ul className="divide-y divide-line">
        {data?.versions.map((one) => (
          <li key={one.version} className="min-w-0 px-3 py-1 break-words">
            <span className="font-medium">Version {one.version}</span> · <Moment at={one.activated_at} places={0} days /> · {one.effect}
            {one.shadow ? " in shadow" : ""} · {short(one.who, 60)}
            {one.why && <span className="text-soft">: “{short(one.why, 200)}”</span>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
