// What the page knows, folded from a snapshot and the events after it: each event once, in the order of its log.

import {
  payloadOf,
  type Frame,
  type LiveBook,
  type LiveEvent,
  type Log,
  type Positions,
  type Round,
  type Snapshot,
  type Status,
  type SummarisedDecision,
  type SummarisedOrder,
  type SummarisedProposal,
  type Tick,
  type Ticks,
  type Told,
} from "./protocol";

export const DECISIONS_KEPT = 200;
export const EVENTS_KEPT = 400;
export const HISTORY_MS = 90_000;
const HISTORY_KEPT = 900;
const DRAFTS_KEPT = 500;

export type Slice = "book" | "status" | "decisions" | "rounds" | "markets" | "events";

export interface Market extends Tick {
  symbol: string;
  seenAt: number;
  points: [number, number][];
}

/** A decision of the snapshot, or one folded from its events; then with its tallies. */
export interface Proposal extends SummarisedProposal {
  yes_ppm?: number;
  no_ppm?: number;
  missing_ppm?: number;
  total_ppm?: number;
  forecast?: number | null;
}

export interface Decision extends Omit<SummarisedDecision, "proposals"> {
  proposals: Proposal[];
  /** Its round began before we listened, so that not all is known; the page of the decision has it. */
  partial?: boolean;
}

interface Draft {
  instrument: string;
  track: string;
  complete: boolean;
  proposals: Map<string, Proposal>;
}

export class Fold {
  positions: Positions = { governance: 0, execution: 0 };
  book: LiveBook | null = null;
  status: Status | null = null;
  statusAt = 0;
  decisions: Decision[] = [];
  rounds: Round[] = [];
  markets = new Map<string, Market>();
  events: Told[] = [];
  eventsSeen = 0;
  lastEventAt = 0;
  loaded = false;
  gap: { log: Log; after: number; upto: number } | null = null;
  readonly changed = new Set<Slice>();
  private readonly byId = new Map<string, Decision>();
  private readonly drafts = new Map<string, Draft>();

  take(frame: Frame, at: number): void {
    switch (frame.type) {
      case "snapshot":
        return this.snapshot(frame, at);
      case "event":
        return frame.payload.forEach((event) => this.event({ ...event, log: frame.log }, at));
      case "ticks":
        return this.ticks(frame, at);
      case "status":
        return this.told(frame, at);
      case "rounds":
        this.rounds = frame.rounds;
        this.changed.add("rounds");
        return;
      case "gap":
        this.gap = { log: frame.log, after: frame.after, upto: frame.upto };
        this.changed.add("events");
    }
  }

  private snapshot(frame: Snapshot, at: number): void {
    this.positions = { governance: frame.positions.governance ?? 0, execution: frame.positions.execution ?? 0 };
    this.book = frame.book;
    this.decisions = frame.decisions;
    this.byId.clear();
    for (const decision of this.decisions) this.byId.set(decision.decision_id, decision);
    this.drafts.clear();
    if (frame.ticks) this.ticks(frame.ticks, at);
    if (frame.status) this.told({ ...frame.status, ...frame.standing, book: frame.book }, at);
    this.loaded = true;
    for (const slice of ["book", "status", "decisions", "markets"] as const) this.changed.add(slice);
  }

  private told(status: Status, at: number): void {
    this.status = status;
    this.statusAt = at;
    if (status.book) this.book = status.book;
    this.changed.add("status").add("book");
  }

  private ticks(frame: Ticks, at: number): void {
    for (const [symbol, tick] of Object.entries(frame.ticks)) {
      const known = this.markets.get(symbol);
      let points = (tick.history as [number, number][] | undefined) ?? known?.points ?? [];
      const price = Number(tick.mark ?? tick.last);
      if (price > 0) points = [...points, [frame.at, price]];
      const first = points.findIndex(([moment]) => moment >= frame.at - HISTORY_MS);
      points = points.slice(Math.max(first < 0 ? points.length : first, points.length - HISTORY_KEPT));
      this.markets.set(symbol, { ...tick, symbol, seenAt: at - tick.age_ms, points });
    }
    this.changed.add("markets");
  }

  private event(event: Told, at: number): void {
    if (event.position <= this.positions[event.log]) return;
    this.positions = { ...this.positions, [event.log]: event.position };
    this.lastEventAt = at;
    this.eventsSeen += 1;
    this.events.push(event);
    if (this.events.length > EVENTS_KEPT) this.events.splice(0, this.events.length - EVENTS_KEPT);
    this.changed.add("events");
    this.deliberation(event);
    this.order(event);
  }

  private deliberation(event: LiveEvent): void {
    const opened = payloadOf(event, "DeliberationOpened");
    if (opened) this.draft(event, { instrument: opened.instrument, track: opened.track, complete: true });
    const proposed = payloadOf(event, "ProposalAdmitted");
    if (proposed) {
      const { proposal_id, agent, action, instrument, target, why } = proposed;
      this.judge(event, { proposal_id, agent, action, instrument, target, why, amends: "", state: "ADMITTED" });
    }
    const amended = payloadOf(event, "AmendmentOffered");
    if (amended) {
      const original = this.draft(event).proposals.get(amended.amends);
      const { proposal_id, agent, target, why, amends } = amended;
      this.judge(event, { ...original, proposal_id, agent, target, why, amends, state: "ADMITTED" });
    }
    const tallied = payloadOf(event, "ProposalTallied");
    if (tallied) this.judge(event, tallied);
    for (const result of payloadOf(event, "ProposalsArbitrated")?.results ?? []) this.judge(event, result);
    if (event.event === "DecisionReached") this.decided(event);
  }

  private draft(event: LiveEvent, told: Partial<Draft> = {}): Draft {
    const known = this.drafts.get(event.aggregate_id);
    const draft = { instrument: "", track: "", complete: false, proposals: new Map(), ...known, ...told };
    this.drafts.set(event.aggregate_id, draft);
    for (const key of this.drafts.keys()) {
      if (this.drafts.size <= DRAFTS_KEPT) break; // rounds whose end was in a gap
      this.drafts.delete(key);
    }
    return draft;
  }

  private judge(event: LiveEvent, told: Partial<Proposal> & { proposal_id: string }): void {
    const { proposals } = this.draft(event);
    const known = proposals.get(told.proposal_id) ?? { ...NO_PROPOSAL, proposal_id: told.proposal_id };
    proposals.set(told.proposal_id, { ...known, ...told });
  }

  private decided(event: LiveEvent): void {
    const reached = payloadOf(event, "DecisionReached");
    if (!reached) return;
    for (const result of reached.reasons) this.judge(event, result);
    const draft = this.draft(event);
    this.drafts.delete(event.aggregate_id);
    if (this.byId.has(reached.decision_id)) return;
    const proposals = [...draft.proposals.values()];
    const decision: Decision = {
      decision_id: reached.decision_id,
      at: event.at,
      outcome: reached.outcome,
      track: draft.track,
      instrument: draft.instrument || (reached.orders[0]?.instrument ?? ""),
      proposals,
      orders: reached.orders.map((order) => ({ ...(order as unknown as SummarisedOrder), ...JUST_DECIDED })),
      partial: !draft.complete || proposals.some((proposal) => !proposal.agent),
    };
    this.byId.set(decision.decision_id, decision);
    this.decisions = [decision, ...this.decisions];
    for (const old of this.decisions.splice(DECISIONS_KEPT)) this.byId.delete(old.decision_id);
    this.changed.add("decisions");
  }

  private order(event: LiveEvent): void {
    const told = orderAfter(event);
    if (!told) return;
    const decision = this.byId.get(told.decision_id);
    const before = decision?.orders.find((order) => order.order_id === told.order_id);
    if (!decision || !before) return;
    const after = told.change(before);
    const fresh = { ...decision, orders: decision.orders.map((order) => (order === before ? after : order)) };
    this.byId.set(fresh.decision_id, fresh);
    this.decisions = this.decisions.map((one) => (one === decision ? fresh : one));
    this.changed.add("decisions");
  }
}

const NO_PROPOSAL: Proposal = {
  ...{ proposal_id: "", agent: "", action: "", instrument: "", target: "0", amends: "", why: "" },
  ...{ state: "", reason: "", by: "", detail: "" },
};
const JUST_DECIDED = { state: "decided", reason: "", detail: "", filled: "0", average: null, fee: "0" };

type Change = (order: SummarisedOrder) => SummarisedOrder;

/** Which order the event is about and what it makes of it; null if it is about none. */
function orderAfter(event: LiveEvent): { decision_id: string; order_id: string; change: Change } | null {
  const state = STATES[event.event];
  if (!state) return null;
  const { decision_id, order_id } = event.payload as { decision_id: string; order_id: string };
  const filled = payloadOf(event, "OrderFilled") ?? payloadOf(event, "OrderPartiallyFilled");
  if (filled) return { decision_id, order_id, change: (order) => afterFill({ ...order, state }, filled) };
  const { reason = "", detail = "" } = event.payload as { reason?: string; detail?: string };
  if (event.event === "OrderWorking") {
    return { decision_id, order_id, change: (order) => (Number(order.filled) ? order : { ...order, state }) };
  }
  return { decision_id, order_id, change: (order) => ({ ...order, state, reason, detail }) };
}

const STATES: Record<string, string> = {
  OrderAccepted: "accepted",
  OrderSent: "sent",
  OrderWorking: "working",
  OrderPartiallyFilled: "partially_filled",
  OrderFilled: "filled",
  OrderRejected: "rejected",
  OrderCancelled: "cancelled",
  OrderExpired: "expired",
};

/** For the eye only: sums of floats. The exact amounts are the server's. */
function afterFill(order: SummarisedOrder, fill: { quantity: string; price: string; fee: string }): SummarisedOrder {
  const before = Number(order.filled);
  const total = before + Number(fill.quantity);
  const value = before * Number(order.average ?? 0) + Number(fill.quantity) * Number(fill.price);
  return {
    ...order,
    filled: before ? String(total) : fill.quantity,
    average: before ? String(value / total) : fill.price,
    fee: String(Number(order.fee) + Number(fill.fee)),
  };
}
