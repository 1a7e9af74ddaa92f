"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Outcome } from "@/components/badge";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { useStale } from "@/components/shell/state";
import { kept } from "@/lib/address";
import { useView } from "@/lib/live/view";

export function DecisionsPanel() {
  const decisions = useView((view) => view.decisions);
  const loaded = useView((view) => view.loaded);
  const stale = useStale();
  const search = useSearchParams().toString();
  return (
    <Panel title="Decisions" loading={!loaded} staleFor={stale} empty={!decisions.length && "Nothing has been decided yet."}>
      <ul className="divide-y divide-line">
        {decisions.slice(0, 60).map((decision) => (
          <li key={decision.decision_id} className="flex items-center gap-2 px-3 py-1 text-sm">
            <Moment at={decision.at} />
            <Outcome outcome={decision.outcome} />
            <Link prefetch={false} href={kept("/decision/", search, { id: decision.decision_id })}>
              {decision.instrument}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
