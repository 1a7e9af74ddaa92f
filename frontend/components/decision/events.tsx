"use client";
// The ledger's own record of it: every event in order, with the ms since the tick was received.

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { Heads } from "@/components/heads";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { kept } from "@/lib/address";
import type { Told } from "@/lib/decision";
import { count, milliseconds, short } from "@/lib/format";

const SHOWN = 200;

export function EventsPanel({ told }: { told: Told }) {
  const search = useSearchParams().toString();
  if (!told.whole) return null;
  const rows = told.events.map(({ log, position, recorded_at, since_ms, event, actor, text }) => ({ log, position, recorded_at, since_ms, event, actor, text }));
  return (
    <Panel
      title="In the ledger"
      aside={
        <>
          <span className="number">{count(told.events.length)} events</span>
          <Link prefetch={false} className="text-accent underline-offset-2 hover:underline" href={kept("/audit/", search, { correlation: told.events[0]?.correlation_id ?? "" })}>
            in the audit explorer
          </Link>
          <Save name="events of the decision" rows={rows} />
        </>
      }
    >
      <div className="max-h-96 overflow-auto px-3 pb-2" tabIndex={0} role="group" aria-label="Events of the decision">
        <table className="number w-full text-xs">
          <Heads titles={["Recorded", "+ ms", "Log", "Event", "Who", "What it says"]} />
          <tbody className="divide-y divide-line">
            {told.events.slice(0, SHOWN).map((one) => (
              <tr key={one.event_id} className="align-top">
                <td className="py-1 pr-3">
                  <Moment at={one.recorded_at / 1e6} />
                </td>
                <td className="pr-3 text-right">{milliseconds(one.since_ms)}</td>
                <td className="pr-3 whitespace-nowrap text-faint">
                  {one.log} {one.position}
                </td>
                <td className="pr-3 whitespace-nowrap">{one.event.split(".").at(-1)}</td>
                <td className="pr-3 whitespace-nowrap" title={short(one.actor, 300)}>
                  {short(one.actor, 24)}
                </td>
                <td className="min-w-56 break-words text-soft" title={short(one.text, 1000)}>
                  {short(one.text, 160)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
