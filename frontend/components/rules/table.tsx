"use client";
// The table of rules; a row opens to its clauses, and the address keeps which.

import { ChevronDown, ChevronRight, EyeOff } from "lucide-react";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { parseAsString, useQueryState } from "nuqs";
import { Fragment } from "react";
import { Badge, type Look } from "@/components/badge";
import { Heads } from "@/components/heads";
import { Moment } from "@/components/moment";
import { kept } from "@/lib/address";
import { count, short } from "@/lib/format";
import { usedWords, type RuleRow } from "@/lib/rules";
import { RuleDetail } from "./detail";

const EFFECTS: Record<string, Look> = { deny: "bad", clip: "warn", hold: "accent", warn: "quiet" };
const TITLES = ["Rule", "Effect", "Tripped", "In shadow", "Near", "Nearest", "Asked", "Exempt", "Last trip", "Changed"];

export function RuleTable({ rows, book }: { rows: RuleRow[]; book: string }) {
  const [open, setOpen] = useQueryState("rule", parseAsString.withDefault(""));
  return (
    <div className="overflow-x-auto px-3 pb-2" tabIndex={0} role="group" aria-label="Rules and what they did">
      <table className="number w-full text-xs">
        <Heads titles={TITLES} cell="py-1.5 pr-4 whitespace-nowrap" />
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <Fragment key={row.rule}>
              <Row row={row} open={open === row.rule} onToggle={() => setOpen(open === row.rule ? null : row.rule)} />
              {open === row.rule && (
                <tr>
                  <td colSpan={TITLES.length} className="pb-3">
                    <RuleDetail row={row} book={book} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, open, onToggle }: { row: RuleRow; open: boolean; onToggle: () => void }) {
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <tr className={row.retired ? "opacity-60" : ""}>
      <th scope="row" className="py-1 pr-4 font-normal">
        <button type="button" aria-expanded={open} onClick={onToggle} className="flex min-w-40 items-start gap-1 text-left">
          <Chevron aria-hidden className="mt-0.5 size-3 shrink-0" />
          <span className="min-w-0">
            <span className="block font-medium" title={short(row.rule, 300)}>
              {short(row.rule, 40)}
            </span>
            <span className="block break-words text-faint" title={short(row.title, 500)}>
              {short(row.title, 70)}
            </span>
          </span>
        </button>
      </th>
      <td className="pr-4 whitespace-nowrap">
        <Badge look={EFFECTS[row.effect] ?? "quiet"}>{row.effect}</Badge>
        {row.shadow && (
          <Badge look="quiet" icon={EyeOff} title="It is asked, and what it says has no effect">
            shadow
          </Badge>
        )}
        {row.retired && <Badge look="quiet">retired</Badge>}
      </td>
      <td className={`pr-4 ${row.tripped ? "font-semibold" : "text-faint"}`}>
        {count(row.tripped)}
        {row.failed > 0 && <span className="font-normal text-bad"> ({count(row.failed)} failed)</span>}
      </td>
      <td className={`pr-4 ${row.wouldHave ? "" : "text-faint"}`}>{count(row.wouldHave)}</td>
      <td className={`pr-4 ${row.near ? "text-warn" : "text-faint"}`}>{count(row.near)}</td>
      <td className="pr-4">{row.nearest ? <Used used={row.nearest.used} /> : <span className="text-faint">–</span>}</td>
      <td className="pr-4 text-soft">{count(row.asked)}</td>
      <td className="pr-4 text-soft">{count(row.exempt)}</td>
      <td className="pr-4">
        <Where place={row.last} />
      </td>
      <td className="pr-2 whitespace-nowrap text-soft">
        <Moment at={row.changedAt} places={0} days />
      </td>
    </tr>
  );
}

/** A time that leads to the decision there; a round without one is found by its own id. */
export function Where({ place }: { place: RuleRow["last"] | RuleRow["nearest"] }) {
  const search = useSearchParams().toString();
  if (!place) return <span className="text-faint">–</span>;
  const id = place.decision_id ?? place.deliberation_id;
  const when = <Moment at={place.at} places={0} days />;
  if (!id) return when;
  return (
    <Link prefetch={false} href={kept("/decision/", search, { id })} className="text-accent underline-offset-2 hover:underline">
      {when}
    </Link>
  );
}

/** How much of the way to the limit was used up, as a bar. */
export function Used({ used }: { used: number }) {
  const share = Math.min(1, Math.max(0, used));
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap" title="part of the way to the limit that was used up without tripping">
      <span aria-hidden className="h-1.5 w-14 overflow-hidden rounded bg-sunk">
        <span style={{ width: `${share * 100}%` }} className={`block h-full ${share >= 0.9 ? "bg-warn" : "bg-accent"}`} />
      </span>
      {usedWords(used)}
    </span>
  );
}
