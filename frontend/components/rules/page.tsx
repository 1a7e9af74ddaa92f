"use client";
// The rulebook at work: how often each clause tripped, would have in shadow, or came near; what it says, and who changed it.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { useMemo } from "react";
import { Moment } from "@/components/moment";
import { Panel } from "@/components/panel";
import { Save } from "@/components/save";
import { useBook, useMoment } from "@/lib/address";
import { api, asked } from "@/lib/api";
import { failing } from "@/lib/failing";
import { count, short } from "@/lib/format";
import { useMe } from "@/lib/me";
import { chosen, rowsOf, type Activity, type RuleRow } from "@/lib/rules";
import { RuleTable } from "./table";

const EVERY_MS = 15_000;
const DID = { "": "all rules", tripped: "that tripped", shadow: "in shadow", near: "that came near", quiet: "that did nothing" };

export function RulesPage() {
  const { data: me } = useMe();
  const [chosenBook] = useBook();
  const [moment] = useMoment();
  const [text, setText] = useQueryState("q", parseAsString.withDefault(""));
  const [did, setDid] = useQueryState("did", parseAsString.withDefault(""));
  const book = chosenBook || me?.books[0] || "";
  const rules = useRules(book);
  const activity = useActivity(book, moment?.toISOString());
  const rows = useMemo(() => rowsOf(rules.data?.rules ?? [], activity.data), [rules.data, activity.data]);
  const shown = chosen(rows, text, did);
  const error = rules.error ?? activity.error;
  const filter = [did && DID[did as keyof typeof DID], text && `with “${short(text, 40)}”`].filter(Boolean).join(" ");
  return (
    <>
      <h1 className="sr-only">Rules</h1>
      <Panel
        title="Rules"
        aside={<Save name="rules" rows={shown.map(saved)} />}
        loading={(rules.isPending || activity.isPending) && !error}
        {...failing(rules, activity)}
        onRetry={() => void Promise.all([rules.refetch(), activity.refetch()])}
        empty={rules.data && !rows.length && "The book has no rules: every order that the council agrees on goes through."}
      >
        <div className="flex flex-wrap items-center gap-3 border-b border-line px-3 py-1.5 text-xs">
          <input
            type="search"
            aria-label="Search names, titles and clauses"
            placeholder="name, title or clause"
            value={text}
            maxLength={200}
            onChange={(event) => setText(event.target.value || null)}
            className="rounded border border-line bg-raised px-2 py-1 placeholder:text-faint"
          />
          <select aria-label="What they did" value={did} onChange={(event) => setDid(event.target.value || null)} className="rounded border border-line bg-raised px-1 py-1">
            {Object.entries(DID).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
          {activity.data && <Window activity={activity.data} past={moment !== null} />}
        </div>
        {shown.length ? <RuleTable rows={shown} book={book} /> : <p className="px-3 py-4 text-sm text-faint">There is no rule {filter}.</p>}
      </Panel>
    </>
  );
}

function Window({ activity, past }: { activity: Activity; past: boolean }) {
  if (!activity.evaluations) return <p className="text-soft">Nothing was put before the rules{past ? " by then" : ""} yet: all counts are 0.</p>;
  return (
    <p className="number text-soft">
      Counted over {activity.evaluations === activity.most ? "the newest " : ""}
      {count(activity.evaluations)} evaluations, <Moment at={activity.since} places={0} days /> to <Moment at={activity.until} places={0} days /> UTC
      {past && "; the rules themselves are those of now"}
    </p>
  );
}

const useRules = (book: string) =>
  useQuery({
    queryKey: ["rules", book],
    queryFn: () => asked(api.GET("/api/v1/rules", { params: { query: { book, limit: 1000 } } })),
    enabled: book !== "",
    refetchInterval: EVERY_MS,
  });

const useActivity = (book: string, to: string | undefined) =>
  useQuery({
    queryKey: ["rule activity", book, to ?? "now"],
    queryFn: () => asked(api.GET("/api/v1/rules/activity", { params: { query: { book, ...(to ? { to } : {}) } } })),
    enabled: book !== "",
    refetchInterval: to ? false : EVERY_MS,
    placeholderData: keepPreviousData,
  });

const saved = (row: RuleRow) => ({
  rule: row.rule,
  title: row.title,
  effect: row.effect,
  shadow: row.shadow,
  asked: row.asked,
  tripped: row.tripped,
  would_have: row.wouldHave,
  near: row.near,
  exempt: row.exempt,
  last: row.last?.at,
  version: row.version,
  who: row.who,
});
