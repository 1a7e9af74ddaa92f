"use client";

import { ArrowDown, ArrowUp } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Badge, Outcome } from "@/components/badge";
import { Heads, unseen } from "@/components/heads";
import { Moment } from "@/components/moment";
import { kept } from "@/lib/address";
import { executedWords, whyOf, type Decision, type Executed } from "@/lib/decision-search";
import { short } from "@/lib/format";

const TITLES = ["Decided (UTC)", "Instrument", "Outcome", "Executed", "Why", unseen("Page of the decision")];

export function DecisionRows({ decisions, fills }: { decisions: Decision[]; fills: ReadonlyMap<string, Executed[]> }) {
  const search = useSearchParams().toString();
  return (
    <div className="relative overflow-x-auto px-3 pb-2" tabIndex={0} role="group" aria-label="Decisions, the newest first">
      <table className="number w-full text-xs">
        <Heads titles={TITLES} cell="py-1.5 pr-4 whitespace-nowrap" />
        <tbody className="divide-y divide-line">
          {decisions.map((one) => {
            const why = whyOf(one);
            return (
              <tr key={one.decision_id} className="hover:bg-raised">
                <td className="py-1 pr-4">
                  <Moment at={one.decided_at} days />
                </td>
                <td className="pr-4 whitespace-nowrap" title={short(one.instrument, 200)}>
                  {short(one.instrument, 24)}
                  {one.track !== "TRADE" && <span className="text-faint"> {one.track.toLowerCase()}</span>}
                </td>
                <td className="pr-4 whitespace-nowrap">
                  <Outcome outcome={one.outcome} /> {one.held && <Badge look="accent">was held</Badge>}
                </td>
                <td className="pr-4 whitespace-nowrap">
                  <Fills executed={fills.get(one.decision_id) ?? []} ordered={Array.isArray(one.orders) && one.orders.length > 0} />
                </td>
                <td className="min-w-56 break-words text-soft" title={short(why, 1000)}>
                  {short(why, 120)}
                </td>
                <td className="pl-2">
                  <Link prefetch={false} className="text-accent underline-offset-2 hover:underline" href={kept("/decision/", search, { id: one.decision_id })}>
                    why?<span className="sr-only"> {one.instrument} {one.decided_at}</span>
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Fills({ executed, ordered }: { executed: Executed[]; ordered: boolean }) {
  if (!executed.length) return <span className="text-faint">{ordered ? "nothing" : "–"}</span>;
  return executed.map((one) => {
    const Icon = one.side === "buy" ? ArrowUp : ArrowDown;
    return (
      <span key={`${one.side} ${one.instrument}`} className={`flex items-center gap-1 ${one.side === "buy" ? "text-good" : "text-bad"}`}>
        <Icon aria-hidden className="size-3 shrink-0" />
        {executedWords(one)}
        {executed.length > 1 && ` ${short(one.instrument, 20)}`}
      </span>
    );
  });
}
