import { expect, test } from "vitest";
import { chosen, rowsOf, usedWords, type Activity } from "@/lib/rules";

const rule = (name: string, told: object = {}) => ({
  ...{ rule_id: `id-${name}`, rule: name, title: `Title of ${name}`, effect: "deny", clip_to: "", exempt_risk_reducing: false, shadow: false },
  ...{ status: "active", version: 1, who: "operator:a", why: "w", changed_at: "2026-01-31T09:00:00Z", clauses: [{ name: "c", cel: "x < 1" }], ...told },
});
const clause = (name: string, told: object = {}) => ({ clause: name, asked: 10, tripped: 0, failed: 0, would_have: 0, near: 0, nearest: null, last: null, ...told });
const activity = (rules: Record<string, object[]>) =>
  ({ rules: Object.entries(rules).map(([name, clauses]) => ({ rule: name, exempt: 2, clauses })) }) as unknown as Activity;
const rows = (rules: object[], counted?: Activity) => rowsOf(rules as never, counted);

test("rules that did most come first, retired ones last", () => {
  const counted = activity({ near: [clause("c", { near: 3 })], busy: [clause("c", { tripped: 1 })], gone: [clause("c", { tripped: 9 })], shade: [clause("c", { would_have: 2 })] });
  const listed = ["quiet", "near", "busy", "shade"].map((name) => rule(name));
  expect(rows([...listed, rule("gone", { status: "retired" })], counted).map((row) => row.rule)).toEqual(["busy", "shade", "near", "quiet", "gone"]);
});

test("a rule has the sums of its clauses, and the nearest and the last of them", () => {
  const counted = activity({ r: [clause("c", { tripped: 1, nearest: { used: 0.4 }, last: { at: "2026-01-31T09:00:00Z" } }), clause("before", { asked: 12, tripped: 2, nearest: { used: 0.9 }, last: { at: "2026-01-31T08:00:00Z" } })] });
  const [row] = rows([rule("r")], counted);
  expect(row).toMatchObject({ tripped: 3, asked: 12, exempt: 2, nearest: { used: 0.9 }, last: { at: "2026-01-31T09:00:00Z" } });
  expect(row?.clauses.map(({ name, cel }) => [name, cel])).toEqual([["c", "x < 1"], ["before", ""]]);
});

test("without counts every rule is there with nothing done", () => {
  expect(rows([rule("r", { clauses: null })])).toMatchObject([{ tripped: 0, asked: 0, nearest: null, clauses: [] }]);
});

test("they are found by text and by what they did", () => {
  const found = rows([rule("a", { shadow: true }), rule("b")], activity({ b: [clause("c", { tripped: 1 })] }));
  const names = (text: string, did = "") => chosen(found, text, did).map((row) => row.rule);
  expect([names("title OF b"), names("x <"), names("", "tripped"), names("", "shadow"), names("", "quiet")]).toEqual([["b"], ["b", "a"], ["b"], ["a"], ["a"]]);
});

test("a part of a limit is never less than nothing", () => {
  expect([usedWords(0.8213), usedWords(-2)]).toEqual(["82.1 %", "0.0 %"]);
});
