"use client";

import { clock, date, local } from "@/lib/format";

/** A time in UTC; the reader's own stands in its title. `at` in ms or as ISO text. */
export function Moment({ at, places = 3, days = false }: { at: number | string | null | undefined; places?: 0 | 3; days?: boolean }) {
  if (at === null || at === undefined) return <span>–</span>;
  const iso = typeof at === "number" ? new Date(at).toISOString() : at;
  return (
    <time dateTime={iso} title={`${iso} UTC · ${local(at)}`} className="number whitespace-nowrap">
      {days ? `${date(at)} ` : ""}
      {clock(at, places)}
    </time>
  );
}
