import { describe, expect, test } from "vitest";
import { DECISIONS_KEPT, EVENTS_KEPT, Fold, HISTORY_MS } from "@/lib/live/fold";
import type { Frame, Log } from "@/lib/live/protocol";

const AT = "2026-01-31T09:00:00.000Z";
const NOW = Date.parse(AT);

/** Events of one round as frames, each at the next position of its log. */
class Round {
  private readonly positions = { governance: 0, execution: 0 };

  constructor(
    readonly fold: Fold,
    readonly id = "round-1",
  ) {}

  tell(event: string, payload: object, log: Log = "governance"): this {
    this.positions[log] += 1;
    return this.at(this.positions[log], event, payload, log);
  }

  at(position: number, event: string, payload: object, log: Log = "governance"): this {
    const told = { position, event, payload, at: AT, aggregate_id: this.id, book: "demo", correlation_id: "tick-1" };
    this.fold.take({ type: "event", log, position, payload: [told] } as unknown as Frame, NOW);
    return this;
  }

  opened(): this {
    return this.tell("DeliberationOpened", { instrument: "BTCUSDT", track: "TRADE" });
  }

  proposed(proposal_id = "p", agent = "rule"): this {
    return this.tell("ProposalAdmitted", { proposal_id, agent, action: "trade", instrument: "BTCUSDT", target: "2", why: "up" });
  }

  reached(decision_id = "d", orders: object[] = []): this {
    return this.tell("DecisionReached", { decision_id, outcome: orders.length ? "granted" : "refused", orders, reasons: [] });
  }
}

const ORDER = { order_id: "o", instrument: "BTCUSDT", side: "buy", quantity: "3", limit: "101" };
const snapshot = (decisions: object[] = [], governance = 0) =>
  ({ type: "snapshot", positions: { governance, execution: 0 }, book: null, decisions, ticks: null, status: null, standing: {} }) as unknown as Frame;

describe("a decision is folded from its events", () => {
  test("with who proposed what and how it ended", () => {
    const fold = new Fold();
    const round = new Round(fold).opened().proposed("p").proposed("q", "anomaly");
    round.tell("AmendmentOffered", { proposal_id: "r", agent: "risk", target: "1", why: "less", amends: "p" });
    round.tell("ProposalTallied", { proposal_id: "p", state: "PASSED", yes_ppm: 600_000, no_ppm: 1, missing_ppm: 2, total_ppm: 1_000_000, forecast: 0.6 });
    round.tell("ProposalsArbitrated", { results: [{ proposal_id: "q", state: "SUPERSEDED", reason: "SUPERSEDED", by: "p", detail: "" }] });
    round.reached("d", [ORDER]);
    const [decision] = fold.decisions;
    expect(decision).toMatchObject({ decision_id: "d", outcome: "granted", instrument: "BTCUSDT", track: "TRADE", partial: false });
    expect(decision?.proposals.map(({ proposal_id, agent, state, amends }) => [proposal_id, agent, state, amends])).toEqual([
      ["p", "rule", "PASSED", ""],
      ["q", "anomaly", "SUPERSEDED", ""],
      ["r", "risk", "ADMITTED", "p"],
    ]);
    expect(decision?.proposals[2]).toMatchObject({ action: "trade", instrument: "BTCUSDT", target: "1" });
    expect(decision?.orders).toMatchObject([{ order_id: "o", state: "decided", filled: "0" }]);
  });

  test("and is partial where its round began before we listened", () => {
    const fold = new Fold();
    new Round(fold).tell("ProposalTallied", { proposal_id: "p", state: "PASSED" }).reached();
    expect(fold.decisions[0]).toMatchObject({ partial: true, instrument: "" });
  });

  test("its orders go on with what the executor tells", () => {
    const fold = new Fold();
    const about = { decision_id: "d", order_id: "o" };
    const round = new Round(fold).opened().proposed().reached("d", [ORDER]);
    round.tell("OrderAccepted", about, "execution").tell("OrderPartiallyFilled", { ...about, quantity: "1", price: "100", fee: "0.1" }, "execution");
    round.tell("OrderWorking", about, "execution");
    expect(fold.decisions[0]?.orders[0]).toMatchObject({ state: "partially_filled", filled: "1", average: "100" });
    round.tell("OrderFilled", { ...about, quantity: "2", price: "103", fee: "0.2" }, "execution");
    expect(fold.decisions[0]?.orders[0]).toMatchObject({ state: "filled", filled: "3", average: "102" });
    const before = fold.decisions;
    round.tell("OrderFilled", { decision_id: "unknown", order_id: "o", quantity: "2", price: "103", fee: "0.2" }, "execution");
    expect(fold.decisions).toBe(before);
  });
});

describe("each event counts once, in the order of its log", () => {
  test("what came before is passed over, each log by itself", () => {
    const fold = new Fold();
    const round = new Round(fold).opened().proposed().reached();
    round.at(3, "DecisionReached", { decision_id: "again", outcome: "refused", orders: [], reasons: [] });
    expect(fold.decisions.map(({ decision_id }) => decision_id)).toEqual(["d"]);
    round.at(1, "OrderAccepted", { decision_id: "d", order_id: "o" }, "execution");
    expect([fold.eventsSeen, fold.positions]).toEqual([4, { governance: 3, execution: 1 }]);
  });

  test("a snapshot says from where on, and replaces what was known", () => {
    const fold = new Fold();
    const round = new Round(fold).opened().proposed().reached();
    fold.take(snapshot([{ decision_id: "kept", outcome: "granted", proposals: [], orders: [] }], 50), NOW);
    round.at(50, "DecisionReached", { decision_id: "old", outcome: "refused", orders: [], reasons: [] });
    round.at(51, "DecisionReached", { decision_id: "new", outcome: "refused", orders: [], reasons: [] });
    expect(fold.decisions.map(({ decision_id }) => decision_id)).toEqual(["new", "kept"]);
    expect(fold.loaded).toBe(true);
  });

  test("an event that it does not know, or without what it should have, is listed and breaks nothing", () => {
    const fold = new Fold();
    new Round(fold).tell("SomethingOfTomorrow", { deep: [{}] }).tell("OrderFilled", {}, "execution").opened().reached();
    expect(fold.events.map(({ event }) => event)).toContain("SomethingOfTomorrow");
    expect(fold.decisions).toHaveLength(1);
  });

  test("a gap is told, and what changed is named", () => {
    const fold = new Fold();
    fold.take({ type: "gap", log: "governance", after: 3, upto: 9 } as Frame, NOW);
    expect([fold.gap, [...fold.changed]]).toEqual([{ log: "governance", after: 3, upto: 9 }, ["events"]]);
  });
});

describe("what it keeps is bounded", () => {
  test("of decisions, events and rounds without an end", () => {
    const fold = new Fold();
    for (let number = 0; number < 1_500; number += 1) {
      const round = new Round(fold, `round-${number}`);
      round.at(2 * number + 1, "DeliberationOpened", { instrument: "BTCUSDT", track: "TRADE" });
      if (number % 2) round.at(2 * number + 2, "DecisionReached", { decision_id: `d-${number}`, outcome: "refused", orders: [], reasons: [] });
    }
    const drafts = (fold as unknown as { drafts: Map<string, unknown>; byId: Map<string, unknown> }).drafts.size;
    expect([fold.decisions.length, fold.events.length, fold.eventsSeen]).toEqual([DECISIONS_KEPT, EVENTS_KEPT, 2_250]);
    expect(drafts).toBeLessThanOrEqual(500);
    expect(fold.decisions[0]?.decision_id).toBe("d-1499");
  });

  test("of prices: those of the last minute and a half", () => {
    const fold = new Fold();
    for (let second = 0; second < 300; second += 1) {
      fold.take({ type: "ticks", at: NOW + second * 1000, ticks: { BTCUSDT: { mark: String(100 + second), age_ms: 5 } } } as unknown as Frame, NOW + second * 1000);
    }
    const points = fold.markets.get("BTCUSDT")?.points ?? [];
    expect(points.at(-1)).toEqual([NOW + 299_000, 399]);
    expect(points).toHaveLength(HISTORY_MS / 1000 + 1);
  });
});
