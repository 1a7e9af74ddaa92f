"use client";
// Which decisions are looked for; the address keeps it.

import { parseAsString, useQueryStates } from "nuqs";
import { useNow } from "@/components/shell/now";
import { useMoment } from "@/lib/address";
import { around, type Span } from "@/lib/decision-search";
import { clock, date, short } from "@/lib/format";
import { useView } from "@/lib/live/view";

const OUTCOMES = ["granted", "reduced", "vetoed", "expired", "refused"] as const;
const SIDES = { "": "all", any: "with executions", buy: "that bought", sell: "that sold" };

export interface Filter {
  outcome: (typeof OUTCOMES)[number] | "";
  instrument: string;
  side: string;
}

const text = parseAsString.withDefault("");
const useWanted = () => useQueryStates({ outcome: text, instrument: text, side: text, time: text, from: text, to: text });
const NO_TIME = "is no time: write 23:57, 23:57:30 or 2026-01-31 23:57, in UTC.";

/** What is asked, and in which time: around `time`, or from … to …; `fault`: a time that is none. */
export function useFilter(): { filter: Filter; span: Partial<Span> | null; fault: string } {
  const [wanted] = useWanted();
  const [moment] = useMoment();
  const clockNow = useNow(60_000); // wall time only says which day a time of the day belongs to
  const now = moment?.getTime() ?? clockNow;
  const filter = { outcome: OUTCOMES.find((one) => one === wanted.outcome) ?? ("" as const), instrument: wanted.instrument, side: wanted.side in SIDES ? wanted.side : "" };
  const wrong = [wanted.time, wanted.from, wanted.to].find((said) => said && !around(said, now));
  if (wrong) return { filter, span: null, fault: `“${short(wrong, 40)}” ${NO_TIME}` };
  if (wanted.time) return { filter, span: around(wanted.time, now), fault: "" };
  const [from, to] = [exact(wanted.from, now), exact(wanted.to, now)];
  return { filter, span: from || to ? { ...(from ? { from } : {}), ...(to ? { to } : {}) } : null, fault: "" };
}

const exact = (said: string, now: number): number | undefined => {
  const found = said ? around(said, now) : null;
  return found ? found.from + 120_000 : undefined;
};

export function Filters() {
  const [wanted, setWanted] = useWanted();
  const instruments = useView((view) => view.book?.symbols);
  const { span, fault } = useFilter();
  const names = [...new Set([...(instruments ?? []), ...(wanted.instrument ? [wanted.instrument] : [])])];
  const take = (name: "time" | "from" | "to") => (said: string) => void setWanted({ [name]: said.trim() || null, ...(name === "time" && said.trim() ? { from: null, to: null } : {}) });
  return (
    <form role="search" aria-label="Decisions" onSubmit={(event) => event.preventDefault()} className="flex min-w-0 flex-wrap items-end gap-2">
      <Time label="Around a time (UTC)" hint="23:57" value={wanted.time} onTake={take("time")} />
      <Choice label="Executions" value={wanted.side} options={Object.entries(SIDES)} onTake={(side) => setWanted({ side: side || null })} />
      <Choice label="Outcome" value={wanted.outcome} options={[["", "all"], ...OUTCOMES.map((one): [string, string] => [one, one])]} onTake={(outcome) => setWanted({ outcome: outcome || null })} />
      <Choice label="Instrument" value={wanted.instrument} options={[["", "all"], ...names.map((one): [string, string] => [one, short(one, 30)])]} onTake={(instrument) => setWanted({ instrument: instrument || null })} />
      <Time label="From (UTC)" hint="2026-01-31 09:00" value={wanted.from} onTake={take("from")} />
      <Time label="To (UTC)" hint="2026-01-31 10:00" value={wanted.to} onTake={take("to")} />
      {Object.values(wanted).some(Boolean) && (
        <button type="button" onClick={() => setWanted(null)} className="py-1 underline">
          Clear
        </button>
      )}
      {wanted.time && span?.from !== undefined && span.to !== undefined && !fault && (
        <p role="status" className="number basis-full text-soft">
          {date(span.from)} {clock(span.from, 0)} to {clock(span.to, 0)} UTC
        </p>
      )}
    </form>
  );
}

/** Taken over when it is left, or with Enter. */
function Time({ label, hint, value, onTake }: { label: string; hint: string; value: string; onTake: (said: string) => void }) {
  return (
    <label className="grid gap-0.5">
      {label}
      <input
        key={value}
        defaultValue={value}
        placeholder={hint}
        maxLength={40}
        spellCheck={false}
        onBlur={(event) => event.target.value.trim() !== value && onTake(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && onTake(event.currentTarget.value)}
        className="w-36 rounded border border-line bg-raised px-1.5 py-1 placeholder:text-faint"
      />
    </label>
  );
}

function Choice({ label, value, options, onTake }: { label: string; value: string; options: [string, string][]; onTake: (value: string) => void }) {
  return (
    <label className="grid gap-0.5">
      {label}
      <select value={value} onChange={(event) => onTake(event.target.value)} className="max-w-36 rounded border border-line bg-raised px-1 py-1">
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
