import { expect, test } from "vitest";
import { around } from "@/lib/decision-search";
import { forecastOf, median } from "@/lib/decision-terms";
import { causesOf, ledTo, SHOWN } from "@/lib/decision-graph";
import { headline } from "@/lib/decision-words";
import { tracesOf, type Ballot, type Order, type Proposal, type Told } from "@/lib/decision";

const NOW = Date.parse("2026-01-31T09:00:00Z");

test("a time of the day is the last one, the whole minute with room on both sides", () => {
  expect(around("23:57", NOW)).toEqual({ from: Date.parse("2026-01-30T23:55:00Z"), to: Date.parse("2026-01-31T00:00:00Z") });
  expect(around("08:00:30", NOW)?.from).toBe(Date.parse("2026-01-31T07:58:30Z"));
  for (const wrong of ["25:00", "soon", "2026-13-01"]) expect(around(wrong, NOW)).toBeNull();
});

test("the median stands where half of the mass lies on either side, towards what is held", () => {
  const at = (point: number, weight: number) => ({ agent: "a", point, weight, approves: true });
  expect(median([at(0, 1), at(5, 3)], 0)).toBe(5);
  expect(median([at(0, 2), at(5, 2)], 0)).toBe(0);
  expect(median([at(0, 2), at(5, 2)], 6)).toBe(5);
});

test("the forecast is weighted by mass; who abstains is left out", () => {
  const of = (stance: string, weight: number, probability: number | null) => ({ stance, weight, probability, late: false }) as Ballot;
  expect(forecastOf([of("approve", 3, 0.6), of("reject", 1, 0.4), of("abstain", 9, null)])).toBeCloseTo(0.55);
  expect(forecastOf([])).toBeNull();
});

test("what a rule cut to stands with the clause that tripped", () => {
  const told = { rule: "r", order_id: "o", effect: "clip" };
  const found = tracesOf([{ ...told, clause: "c", value: false }, { ...told, clause: "clip_to", value: true, clipped_to: "3.5" }]);
  expect(found.map(({ clause, clippedTo }) => [clause, clippedTo])).toEqual([["c", "3.5"]]);
});

const PROPOSAL: Proposal = {
  ...{ id: "p", author: "rule", action: "trade", instrument: "BTCUSDT", target: "2", held: "0.5", why: "up", amends: "", evidence: ["tick-2"] },
  ...{ state: "GRANTED", reason: "", by: "", detail: "", ballots: [], answer: null },
  tally: { state: "PASSED", yes: 600_000, no: 100_000, total: 1_000_000, missing: 0, forecast: 0.6 },
} as unknown as Proposal;
const LOSER = { ...PROPOSAL, id: "q", author: "anomaly", evidence: [], state: "DEFEATED", reason: "DEFEATED", tally: { ...PROPOSAL.tally!, state: "DEFEATED" } } as Proposal;
const BOUGHT = {
  ...{ id: "o", side: "buy", instrument: "BTCUSDT", quantity: "1.5", state: "FILLED", reason: "", filled: 1.5, average: "100", decidedAt: "100", atHorizon: -0.25 },
  fills: [{ venue: "paper" }],
} as unknown as Order;
const TOLD = {
  ...{ decision: "d", deliberation: "r", book: "demo", outcome: "granted", track: "TRADE", instrument: "BTCUSDT", trigger: "tick-1", market: null, held: false },
  ...{ proposals: [PROPOSAL, LOSER], targets: { BTCUSDT: "2" }, traces: [], orders: [BOUGHT], events: [] },
} as unknown as Told;

test("what led to what goes from the ticks to what it was worth", () => {
  const causes = causesOf(TOLD);
  const led = ledTo(causes).map(({ from, to }) => `${from.key} → ${to.key}`);
  for (const step of ["tick tick-2 → proposal p", "tick tick-1 → proposal q", "proposal p → vote p", "vote p → target BTCUSDT", "target BTCUSDT → order o", "order o → fills o", "fills o → worth o"]) {
    expect(led).toContain(step);
  }
  expect(causes.find(({ key }) => key === "vote q")?.look).toBe("bad");
  expect(causes.find(({ key }) => key === "worth o")).toMatchObject({ look: "bad", word: "lost" });
});

test("of ten thousand proposals the graph shows some and says how many more there are", () => {
  const many = Array.from({ length: 10_000 }, (_, place) => ({ ...LOSER, id: `q${place}` }));
  const causes = causesOf({ ...TOLD, proposals: many });
  expect(causes.filter(({ column }) => column === 1)).toHaveLength(SHOWN + 1);
  expect(causes.find(({ key }) => key === "more 1")?.lines[0]).toBe(`and ${10_000 - SHOWN} more`);
});

test("where nothing came of it the graph ends with that", () => {
  const causes = causesOf({ ...TOLD, outcome: "refused", proposals: [LOSER], targets: {}, orders: [] });
  expect(causes.filter(({ column }) => column >= 3).map(({ lines }) => lines[0])).toEqual(["Nothing is left", "No order"]);
});

test("one sentence says what was done and why, or why nothing was", () => {
  expect(headline(TOLD)).toBe("Bought 1.5 BTCUSDT at 100.00, because rule proposed it (“up”) and the council agreed.");
  expect(headline({ ...TOLD, outcome: "refused", orders: [], proposals: [LOSER] })).toMatch(/^Nothing was traded: anomaly proposed to buy 1.5 BTCUSDT, to hold 2 instead of 0.5, but /);
  expect(headline({ ...TOLD, outcome: "", orders: [], proposals: [] })).toBe("Nothing has been decided yet.");
});
