// Rules beside what they did lately: how often each clause tripped, would have in shadow, and came near.

import type { Shape } from "@/lib/api";

export type Activity = Shape<"Activity">;
export type Counted = Shape<"ClauseActivity">;

/** A clause as the rule has it now, or had it within the time that was counted (`cel` "" then). */
export interface Clause {
  name: string;
  cel: string;
  counted: Counted | null;
}

export interface RuleRow {
  id: string;
  rule: string;
  title: string;
  effect: string;
  clipTo: string;
  exempts: boolean;
  shadow: boolean;
  retired: boolean;
  version: number;
  who: string;
  why: string;
  changedAt: string;
  clauses: Clause[];
  asked: number;
  exempt: number;
  tripped: number;
  failed: number;
  wouldHave: number;
  near: number;
  /** The largest part of the way to a limit that was used up without tripping; null where it cannot be told. */
  nearest: Counted["nearest"];
  last: Counted["last"];
}

/** Those that did most first. */
export function rowsOf(rules: readonly Shape<"Rule">[], activity: Activity | undefined): RuleRow[] {
  const counted = new Map(activity?.rules.map((one) => [one.rule, one]));
  return rules.map((rule) => rowOf(rule, counted.get(rule.rule))).sort(busier);
}

function rowOf(rule: Shape<"Rule">, counted: Shape<"RuleActivity"> | undefined): RuleRow {
  const clauses = clausesOf(rule.clauses, counted?.clauses ?? []);
  const counts = clauses.flatMap((one) => (one.counted ? [one.counted] : []));
  const sum = (of: (one: Counted) => number) => counts.reduce((all, one) => all + of(one), 0);
  return {
    id: rule.rule_id,
    rule: rule.rule,
    title: rule.title,
    effect: rule.effect,
    clipTo: rule.clip_to,
    exempts: rule.exempt_risk_reducing,
    shadow: rule.shadow,
    retired: rule.status === "retired",
    version: rule.version,
    who: rule.who,
    why: rule.why,
    changedAt: rule.changed_at,
    clauses,
    asked: Math.max(0, ...counts.map(({ asked }) => asked)),
    exempt: counted?.exempt ?? 0,
    tripped: sum(({ tripped }) => tripped),
    failed: sum(({ failed }) => failed),
    wouldHave: sum(({ would_have }) => would_have),
    near: sum(({ near }) => near),
    nearest: counts.flatMap(({ nearest }) => (nearest ? [nearest] : [])).sort((one, other) => other.used - one.used)[0] ?? null,
    last: counts.flatMap(({ last }) => (last ? [last] : [])).sort((one, other) => Date.parse(other.at) - Date.parse(one.at))[0] ?? null,
  };
}

function clausesOf(told: unknown, counted: readonly Counted[]): Clause[] {
  const listed = (Array.isArray(told) ? told : []).map((one: { name?: unknown; cel?: unknown }) => ({ name: String(one?.name ?? ""), cel: String(one?.cel ?? "") }));
  const known = new Set(listed.map(({ name }) => name));
  const gone = counted.filter(({ clause }) => !known.has(clause)).map(({ clause }) => ({ name: clause, cel: "" }));
  return [...listed, ...gone].map((one) => ({ ...one, counted: counted.find(({ clause }) => clause === one.name) ?? null }));
}

const busier = (one: RuleRow, other: RuleRow): number =>
  Number(one.retired) - Number(other.retired) ||
  other.tripped - one.tripped ||
  other.wouldHave - one.wouldHave ||
  other.near - one.near ||
  (other.nearest?.used ?? -Infinity) - (one.nearest?.used ?? -Infinity) ||
  one.rule.localeCompare(other.rule);

/** "82.1 %": how much of the way to the limit was used up; what points the other way is 0. */
export const usedWords = (used: number): string => `${(100 * Math.max(0, used)).toFixed(1)} %`;

/** The rows that meet all of what is asked: text in their name, title or clauses; what they did. */
export function chosen(rows: readonly RuleRow[], text: string, did: string): RuleRow[] {
  const wanted = text.trim().toLowerCase();
  return rows.filter((row) => {
    const said = [row.rule, row.title, ...row.clauses.flatMap(({ name, cel }) => [name, cel])].join("\n").toLowerCase();
    const does = { tripped: row.tripped > 0, shadow: row.shadow || row.wouldHave > 0, near: row.near > 0, quiet: !row.tripped && !row.wouldHave && !row.near }[did] ?? true;
    return said.includes(wanted) && does;
  });
}
