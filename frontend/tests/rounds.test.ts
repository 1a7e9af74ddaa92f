import { describe, expect, test } from "vitest";
import { checksOf, due, DWELL_MS, HOLD_MS, hurdlesOf, playedTo, PLAYED_MS, stepped, trialOf, trialTold, wish, type Tried } from "@/lib/live/rounds";

const round = (decision_id: string, outcome = "refused") => ({ decision_id, outcome });

describe("the round on the stage", () => {
  test("is first the newest telling one, else the newest", () => {
    expect(due([round("c"), round("b", "granted"), round("a", "vetoed")], null, 0)).toBe("b");
    expect(due([round("c"), round("b")], null, 0)).toBe("c");
    expect(due([], null, 0)).toBeNull();
  });

  test("stays at least its time", () => {
    const rounds = [round("b", "granted"), round("a")];
    expect(due(rounds, "a", HOLD_MS - 1)).toBe("a");
    expect(due(rounds, "a", HOLD_MS)).toBe("b");
  });

  test("stays longer before a refused one, if it is telling", () => {
    const rounds = [round("b"), round("a", "reduced")];
    expect(due(rounds, "a", DWELL_MS - 1)).toBe("a");
    expect(due(rounds, "a", DWELL_MS)).toBe("b");
    expect(due([round("c", "vetoed"), ...rounds], "a", HOLD_MS)).toBe("c");
  });

  test("is never an older one, and stays when nothing is newer", () => {
    expect(due([round("b"), round("a", "granted")], "b", 1e9)).toBe("b");
  });

  test("that is known no more makes room", () => {
    expect(due([round("b")], "forgotten", 0)).toBe("b");
  });

  test("can be stepped through, to either end", () => {
    const rounds = [round("c"), round("b"), round("a")];
    expect(stepped(rounds, "b", 1)).toBe("c");
    expect(stepped(rounds, "b", -1)).toBe("a");
    expect(stepped(rounds, "c", 1)).toBe("c");
    expect(stepped(rounds, "a", -5)).toBe("a");
    expect(stepped(rounds, null, -1)).toBe("b");
    expect(stepped([], "a", 1)).toBeNull();
  });
});

describe("a story", () => {
  test("without anything in it is a trial without anything in it", () => {
    expect(trialOf({ opened: null, proposals: [{}, { ballots: [null, 7], tally: null, proposed: "?" }] })).toMatchObject({
      total: 0,
      proposals: [{ author: "", votes: [], tallied: false }, { votes: [{ agent: "", stance: "abstain" }, { stance: "abstain" }] }],
    });
  });

  test("tells who voted how, and what it came to", () => {
    const ballot = { agent: "rule", stance: "approve", weight_ppm: 200_000, probability: 0.6, veto: false, size_limit: null, reason: "up", late: false };
    const told = {
      ...{ proposal_id: "p", agent: "rule", state: "REDUCED", reason: "SIZE_LIMIT", lost_to: "risk", detail: "" },
      proposed: { action: "trade", instrument: "BTC", target: "2", held: "0.5", why: "w" },
      ballots: [ballot, { ...ballot, agent: "risk", late: true }],
      tally: { yes_ppm: 200_000, no_ppm: 1, missing_ppm: 2, forecast: 0.6 },
    };
    const [tried] = trialOf({ opened: { total_ppm: 1_000_000, track: "TRADE" }, proposals: [told] }).proposals;
    expect(tried).toMatchObject({ yes: 200_000, no: 1, missing: 2, forecast: 0.6, tallied: true, by: "risk", held: "0.5" });
    expect(tried?.votes.map(({ stance }) => stance)).toEqual(["approve", "late"]);
    expect(wish(tried!)).toBe("buy 1.5 BTC, to hold 2");
  });

  test("that nobody may read leaves the masses of the live events", () => {
    const proposal = { proposal_id: "p", agent: "a", action: "trade", instrument: "B", target: "0", why: "", amends: "", state: "DEFEATED", reason: "", by: "", detail: "" };
    const trial = trialTold({ track: "TRADE", proposals: [{ ...proposal, yes_ppm: 1, no_ppm: 2, missing_ppm: 3, total_ppm: 9, forecast: null }, proposal] });
    expect(trial).toMatchObject({ total: 9, proposals: [{ yes: 1, no: 2, missing: 3, tallied: true }, { tallied: false }] });
  });
});

describe("what it takes to pass", () => {
  const hurdles = hurdlesOf("TRADE", { trade_quorum: "0.4", trade_threshold: "0.5" })!;
  const passed = (yes: number, no: number, forecast: number | null) => checksOf({ yes, no, forecast } as Tried, 1000, hurdles).map((check) => check.passed);

  test("is the quorum of all, more than the threshold of those who took sides, and the forecast", () => {
    expect(passed(400, 0, 0.5)).toEqual([true, true, true]);
    expect(passed(399, 0, 0.5)).toEqual([false, true, true]);
    expect(passed(400, 400, 0.5)).toEqual([true, false, true]);
    expect(passed(400, 399, 0.4999)).toEqual([true, true, false]);
    expect(passed(0, 0, null)).toEqual([false, false, false]);
  });

  test("is known for the tracks that vote only, and not without the book's terms", () => {
    expect(hurdlesOf("REDUCE", undefined)).toEqual({ quorum: 0.2, threshold: 1 / 3, forecast: false });
    expect(hurdlesOf("HALT", { trade_quorum: "0.4", trade_threshold: "0.5" })).toBeNull();
    expect(hurdlesOf("TRADE", undefined)).toBeNull();
    expect(hurdlesOf("TRADE", { trade_quorum: "0.4", trade_threshold: "no" })).toBeNull();
  });
});

describe("the playback", () => {
  test("goes from sealed over the ballots and arbitration to the verdict", () => {
    const scenes = [0, 0.4, 0.8, 1].map((part) => playedTo(part * PLAYED_MS, 8));
    expect(scenes.map(({ scene }) => scene)).toEqual(["sealed", "ballots", "arbitration", "verdict"]);
    expect(scenes[0]?.laid).toBe(0);
    expect(scenes[1]?.laid).toBe(4);
    expect(scenes[3]?.laid).toBe(8);
  });

  test("never lays a ballot twice nor takes one back", () => {
    const laid = Array.from({ length: 151 }, (_, step) => playedTo(step * 10, 7).laid);
    expect(laid).toEqual([...laid].sort((one, other) => one - other));
    expect(Math.max(...laid)).toBe(7);
  });
});
