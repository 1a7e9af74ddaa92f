"use client";

import { useId } from "react";

export interface Filter {
  log: string;
  event: string;
  actor: string;
  correlation: string;
  from: string;
  to: string;
}

const FIELDS: { name: keyof Filter; title: string; hint: string }[] = [
  { name: "event", title: "Event", hint: "OrderFilled,DecisionReached" },
  { name: "actor", title: "Actor", hint: "an agent, operator:NAME" },
  { name: "correlation", title: "Correlation", hint: "id of a tick" },
  { name: "from", title: "From (UTC)", hint: "2026-01-31T09:00" },
  { name: "to", title: "To (UTC)", hint: "2026-01-31T10:00" },
];

/** Each field is taken over when it is left, or with Enter. */
export function Filters({ filter, onChange }: { filter: Filter; onChange: (changed: Partial<Filter>) => void }) {
  const id = useId();
  const filled = Object.values(filter).some(Boolean);
  return (
    <form
      role="search"
      aria-label="Events"
      onSubmit={(event) => event.preventDefault()}
      className="flex flex-wrap items-end gap-2 px-3 py-2 text-xs"
    >
      <label className="grid gap-0.5">
        Log
        <select value={filter.log} onChange={(event) => onChange({ log: event.target.value })} className="rounded border border-line bg-raised px-1 py-1">
          <option value="">both</option>
          <option>governance</option>
          <option>execution</option>
        </select>
      </label>
      {FIELDS.map(({ name, title, hint }) => (
        <label key={name} htmlFor={`${id}${name}`} className="grid min-w-36 flex-1 gap-0.5">
          {title}
          <input
            id={`${id}${name}`}
            key={filter[name]}
            defaultValue={filter[name]}
            placeholder={hint}
            maxLength={200}
            spellCheck={false}
            onBlur={(event) => event.target.value.trim() !== filter[name] && onChange({ [name]: event.target.value.trim() })}
            onKeyDown={(event) => event.key === "Enter" && onChange({ [name]: event.currentTarget.value.trim() })}
            className="w-full rounded border border-line bg-raised px-1.5 py-1 placeholder:text-faint"
          />
        </label>
      ))}
      <button
        type="button"
        disabled={!filled}
        onClick={() => onChange({ log: "", event: "", actor: "", correlation: "", from: "", to: "" })}
        className="rounded border border-line px-2 py-1 disabled:opacity-40"
      >
        Clear
      </button>
    </form>
  );
}
