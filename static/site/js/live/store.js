// What the page knows: folded from the snapshot and the events after it, each event once, in the order of its log.

const DECISIONS_KEPT = 120;
const EVENTS_KEPT = 200;
const HISTORY_MS = 90_000;
const HISTORY_KEPT = 900;

export class Store {
  constructor() {
    this.positions = { governance: 0, execution: 0 };
    this.decisions = [];
    this.byDecision = new Map();
    this.rounds = new Map();
    this.drafts = new Map();
    this.markets = new Map();
    this.events = [];
    this.shown = { governance: 0, execution: 0 };
    this.book = null;
    this.status = null;
    this.statusAt = 0;
    this.lastEventAt = 0;
    this.eventsSeen = 0;
    this.missing = new Set();
  }

  // `followed`: it came by the socket, so what comes after it comes too.
  take(message, at, followed = true) {
    const takers = {
      snapshot: () => this.#snapshot(message, at, followed),
      event: () => this.#events(message, at),
      ticks: () => this.#ticks(message),
      rounds: () => this.#rounds(message),
      status: () => this.#status(message, at),
      gap: () => (this.gap = message),
    };
    takers[message.type]?.();
  }

  #snapshot(message, at, followed) {
    this.positions = { ...message.positions };
    this.book = message.book;
    this.decisions = message.decisions;
    this.byDecision = new Map(this.decisions.map((decision) => [decision.decision_id, decision]));
    this.drafts.clear();
    for (const event of message.events ?? []) this.#keep(event);
    if (message.ticks) this.#ticks(message.ticks);
    this.status = { ...this.status, ...message.standing };
    if (message.status) this.#status(message.status, at);
    this.loaded = true;
    this.followed ||= followed;
  }

  #status(message, at) {
    this.status = message;
    this.statusAt = at;
    if (message.book) this.book = message.book;
  }

  #ticks(message) {
    for (const [symbol, tick] of Object.entries(message.ticks)) {
      const market = this.markets.get(symbol) ?? { symbol, history: [] };
      Object.assign(market, tick, { seenAt: Date.now() - (tick.age_ms ?? 0) }); // what was seen long ago is not alive again
      if (tick.history) market.history = tick.history.slice();
      const mid = Number(tick.mark ?? tick.last);
      if (Number.isFinite(mid) && mid > 0) market.history.push([message.at, mid]);
      while (market.history.length > HISTORY_KEPT || market.history[0]?.[0] < message.at - HISTORY_MS) market.history.shift();
      this.markets.set(symbol, market);
    }
  }

  #rounds(message) {
    this.rounds = new Map(message.rounds.map((round) => [round.deliberation_id, round]));
  }

  #events(message, at) {
    for (const event of message.payload) {
      this.#keep({ ...event, log: message.log });
      if (event.position <= this.positions[message.log]) continue;
      this.positions[message.log] = event.position;
      this.lastEventAt = at;
      this.eventsSeen += 1;
      this.#fold(event);
    }
  }

  #keep(event) {
    if (event.position <= this.shown[event.log]) return;
    this.shown[event.log] = event.position;
    this.events.push(event);
    if (this.events.length > EVENTS_KEPT) this.events.splice(0, this.events.length - EVENTS_KEPT);
  }

  #fold(event) {
    const fold = FOLDS[event.event];
    if (fold) fold.call(this, event.payload, event);
  }

  draft(event) {
    const key = event.aggregate_id;
    if (!this.drafts.has(key)) this.drafts.set(key, { proposals: new Map(), complete: false });
    return this.drafts.get(key);
  }

  add(decision) {
    if (this.byDecision.has(decision.decision_id)) return;
    this.byDecision.set(decision.decision_id, decision);
    this.decisions.unshift(decision);
    for (const old of this.decisions.splice(DECISIONS_KEPT)) this.byDecision.delete(old.decision_id);
  }

  order(payload) {
    const decision = this.byDecision.get(payload.decision_id);
    return decision?.orders.find((order) => order.order_id === payload.order_id);
  }
}

function judged(draft, results) {
  for (const { proposal_id: id, state, reason, by, detail } of results) {
    const proposal = draft.proposals.get(id) ?? { proposal_id: id, agent: "", incomplete: true };
    draft.proposals.set(id, { ...proposal, state, reason, by, detail });
  }
}

function ended(state) {
  return function (payload) {
    const order = this.order(payload);
    if (order) Object.assign(order, { state, reason: payload.reason, detail: payload.detail });
  };
}

function filled(state) {
  return function (payload) {
    const order = this.order(payload);
    if (!order) return;
    const before = Number(order.filled) || 0;
    const value = before * (Number(order.average) || 0) + Number(payload.quantity) * Number(payload.price);
    const total = before + Number(payload.quantity);
    const only = before === 0;
    Object.assign(order, {
      state,
      filled: only ? payload.quantity : String(total),
      average: only ? payload.price : String(value / total),
      fee: String(Number(order.fee ?? 0) + Number(payload.fee)),
    });
  };
}

// One function for each event that changes what is shown; the others only appear in the list of events.
const FOLDS = {
  DeliberationOpened(payload, event) {
    Object.assign(this.draft(event), { ...payload, complete: true });
  },
  ProposalAdmitted(payload, event) {
    this.draft(event).proposals.set(payload.proposal_id, { ...payload, state: "ADMITTED", reason: "" });
  },
  AmendmentOffered(payload, event) {
    const draft = this.draft(event);
    const original = draft.proposals.get(payload.amends) ?? {};
    draft.proposals.set(payload.proposal_id, { ...original, ...payload, state: "ADMITTED", reason: "" });
  },
  ProposalTallied(payload, event) {
    const draft = this.draft(event);
    const proposal = draft.proposals.get(payload.proposal_id);
    if (proposal) Object.assign(proposal, payload);
  },
  ProposalsArbitrated(payload, event) {
    judged(this.draft(event), payload.results);
  },
  DecisionReached(payload, event) {
    const draft = this.draft(event);
    this.drafts.delete(event.aggregate_id);
    judged(draft, payload.reasons);
    const proposals = [...draft.proposals.values()];
    this.add({
      decision_id: payload.decision_id,
      at: event.at,
      outcome: payload.outcome,
      track: draft.track ?? "",
      instrument: draft.instrument ?? payload.orders[0]?.instrument ?? "",
      proposals,
      orders: payload.orders.map((order) => ({ ...order, state: "decided", filled: "0", average: null, fee: "0" })),
    });
    if (!draft.complete || proposals.some((proposal) => proposal.incomplete)) this.missing.add(payload.decision_id);
  },
  OrderAccepted(payload) {
    const order = this.order(payload);
    if (order) order.state = "accepted";
  },
  OrderSent(payload) {
    const order = this.order(payload);
    if (order) order.state = "sent";
  },
  OrderWorking(payload) {
    const order = this.order(payload);
    if (order && order.state !== "partially_filled") order.state = "working";
  },
  OrderPartiallyFilled: filled("partially_filled"),
  OrderFilled: filled("filled"),
  OrderRejected: ended("rejected"),
  OrderCancelled: ended("cancelled"),
  OrderExpired: ended("expired"),
};
