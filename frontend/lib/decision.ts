// A decision as the ledger tells it, or, for who may not see the ledger, as its read models do: one shape of both.

import type { Shape } from "@/lib/api";

export interface Ballot {
  agent: string;
  stance: "approve" | "reject" | "abstain";
  weight: number;
  probability: number | null;
  limit: string | null;
  veto: boolean;
  late: boolean;
  reason: string;
  brier: number | null;
}

/** Masses in ppm of the council's `total`. */
export interface Tally {
  yes: number;
  no: number;
  missing: number;
  total: number;
  forecast: number | null;
  state: string;
  reason: string;
  by: string;
}

/** What the market answered: `gain` is side·return − cost, `y` null where it is VOID. */
export interface Answer {
  question: string;
  gain: number | null;
  y: boolean | null;
  legs: { instrument: string; side: string; origin: string; end: string | null; cost: number }[];
}

export interface Proposal {
  id: string;
  author: string;
  action: string;
  instrument: string;
  target: string;
  held: string | null;
  price: string | null;
  probability: number | null;
  why: string;
  amends: string;
  evidence: string[];
  ballots: Ballot[];
  tally: Tally | null;
  state: string;
  reason: string;
  by: string;
  detail: string;
  answer: Answer | null;
}

export interface Trace {
  rule: string;
  version: number;
  clause: string;
  order: string;
  effect: string;
  value: boolean | string;
  facts: Record<string, unknown>;
  shadow: boolean;
  clippedTo: string | null;
}

export interface FillTold {
  quantity: string;
  price: string;
  fee: string;
  venue: string;
  liquidity: string;
  tick: string;
  afterHalt: boolean;
}

export interface Order {
  id: string;
  instrument: string;
  side: string;
  quantity: string;
  limit: string | null;
  type: string;
  lives: string;
  /** It shrinks the position: its collar is three times as wide. */
  reducing: boolean;
  state: string;
  reason: string;
  fills: FillTold[];
  filled: number;
  average: number | null;
  value: number;
  fees: number;
  decidedAt: string | null;
  slippage: number | null;
  end: string | null;
  atHorizon: number | null;
}

export interface Told {
  /** Whether it is the ledger's own story, with the market's situation and every event. */
  whole: boolean;
  decision: string;
  deliberation: string;
  book: string;
  outcome: string;
  track: string;
  instrument: string;
  trigger: string;
  /** ms since 1970: by the process clock, and by the market's, which horizons run on. */
  openedAt: number | null;
  marketAt: number | null;
  receivedAt: number | null;
  market: { price: string; spread: string; tick: string; source: string } | null;
  total: number;
  closed: string;
  proposals: Proposal[];
  targets: Record<string, string>;
  traces: Trace[];
  held: boolean;
  orders: Order[];
  known: boolean;
  events: Shape<"ToldEvent">[];
}

// --- reading what is loosely typed ---------------------------------------------------------------------

export type Loose = Record<string, unknown>;
export const text = (value: unknown): string => (typeof value === "string" ? value : "");
const some = (value: unknown): Loose => (typeof value === "object" && value !== null ? (value as Loose) : {});
const rows = (value: unknown): Loose[] => (Array.isArray(value) ? value.map(some) : []);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : []);
const float = (value: unknown): number | null => {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
};
const milliseconds = (nanoseconds: unknown): number | null => (typeof nanoseconds === "number" && nanoseconds > 0 ? nanoseconds / 1e6 : null);

function ballotOf(told: Loose): Ballot {
  const stance = text(told.stance);
  return {
    agent: text(told.agent),
    stance: stance === "approve" || stance === "reject" ? stance : "abstain",
    weight: float(told.weight_ppm) ?? 0,
    probability: float(told.probability),
    limit: text(told.size_limit) || null,
    veto: told.veto === true,
    late: told.late === true,
    reason: text(told.reason),
    brier: float(told.brier),
  };
}

function tallyOf(told: Loose): Tally {
  return {
    yes: float(told.yes_ppm) ?? 0,
    no: float(told.no_ppm) ?? 0,
    missing: float(told.missing_ppm) ?? 0,
    total: float(told.total_ppm) ?? 0,
    forecast: float(told.forecast),
    state: text(told.state),
    reason: text(told.reason),
    by: text(told.by),
  };
}

function answerOf(told: Loose): Answer {
  return {
    question: text(told.question),
    gain: float(told.gain),
    y: typeof told.y === "boolean" ? told.y : null,
    legs: rows(told.legs).map((leg) => ({
      instrument: text(leg.instrument),
      side: text(leg.side),
      origin: text(leg.origin),
      end: text(leg.end) || null,
      cost: float(leg.cost) ?? 0,
    })),
  };
}

/** Of each clause; what a rule cut to is told with the clause that tripped. */
export function tracesOf(told: unknown): Trace[] {
  const all = rows(told).map(traceOf);
  const cuts = new Map(all.filter(({ clause }) => clause === "clip_to").map((one) => [`${one.rule} ${one.order}`, one.clippedTo]));
  return all
    .filter(({ clause }) => clause !== "clip_to")
    .map((one) => (one.value === true || one.effect !== "clip" ? one : { ...one, clippedTo: one.clippedTo ?? cuts.get(`${one.rule} ${one.order}`) ?? null }));
}

function traceOf(told: Loose): Trace {
  return {
    rule: text(told.rule),
    version: float(told.version) ?? 0,
    clause: text(told.clause),
    order: text(told.order_id),
    effect: text(told.effect),
    value: typeof told.value === "boolean" ? told.value : text(told.value),
    facts: some(told.facts),
    shadow: told.shadow === true,
    clippedTo: text(told.clipped_to) || null,
  };
}

const fillOf = (told: Loose): FillTold => ({
  quantity: text(told.quantity),
  price: text(told.price),
  fee: text(told.fee),
  venue: text(told.venue),
  liquidity: text(told.liquidity),
  tick: text(told.tick_id),
  afterHalt: told.after_halt === true,
});

// --- of the ledger's story -----------------------------------------------------------------------------

export function toldOf(story: Shape<"Story">): Told {
  const opened = some(story.opened);
  const market = some(opened.market);
  const trigger = some(story.trigger);
  const closed = story.events.find(({ event }) => event.endsWith("DeliberationClosed"));
  return {
    whole: true,
    decision: story.decision_id,
    deliberation: story.deliberation_id,
    book: story.book,
    outcome: story.outcome,
    track: text(opened.track),
    instrument: text(opened.instrument),
    trigger: text(trigger.tick_id),
    openedAt: milliseconds(opened.opened_at),
    marketAt: milliseconds(opened.market_opened_at) ?? milliseconds(opened.opened_at),
    receivedAt: milliseconds(trigger.received_at),
    market: text(market.price) ? { price: text(market.price), spread: text(market.spread), tick: text(market.tick_id), source: text(market.source) } : null,
    total: float(opened.total_ppm) ?? 0,
    closed: text(some(closed?.payload).reason),
    proposals: story.proposals.map(proposalOf),
    targets: targetsOf(some(story.arbitrated).targets),
    traces: story.rules.flatMap((rules) => tracesOf(rules.traces)),
    held: story.held.length > 0,
    orders: story.orders.map(orderOf),
    known: story.worth.known === true,
    events: story.events,
  };
}

function proposalOf(told: Loose): Proposal {
  const proposed = some(told.proposed);
  return {
    ...proposedOf(proposed),
    id: text(told.proposal_id),
    author: text(told.agent),
    ballots: rows(told.ballots).map(ballotOf),
    tally: told.tally ? tallyOf(some(told.tally)) : null,
    state: text(told.state),
    reason: text(told.reason),
    by: text(told.lost_to),
    detail: text(told.detail),
    answer: told.outcome ? answerOf(some(told.outcome)) : null,
  };
}

const proposedOf = (proposed: Loose) => ({
  action: text(proposed.action),
  instrument: text(proposed.instrument),
  target: text(proposed.target),
  held: text(proposed.held) || null,
  price: text(proposed.price) || null,
  probability: float(proposed.probability),
  why: text(proposed.why),
  amends: text(proposed.amends),
  evidence: texts(proposed.evidence),
});

const targetsOf = (told: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(some(told)).map(([name, target]) => [name, String(target)]));

function orderOf(told: Loose): Order {
  const ticket = some(told.ticket);
  return {
    ...ticketOf(ticket),
    state: text(told.state),
    reason: text(told.reason),
    fills: rows(told.fills).map(fillOf),
    filled: float(told.filled) ?? 0,
    average: float(told.average_price),
    value: float(told.value) ?? 0,
    fees: float(told.fees) ?? 0,
    decidedAt: text(told.decided_at_price) || null,
    slippage: float(told.slippage_bp),
    end: text(told.price_at_horizon) || null,
    atHorizon: float(told.at_horizon),
  };
}

const ticketOf = (ticket: Loose) => ({
  id: text(ticket.order_id),
  instrument: text(ticket.instrument),
  side: text(ticket.side),
  quantity: text(ticket.quantity),
  limit: text(ticket.limit) || null,
  type: text(ticket.type) || "market",
  lives: text(ticket.time_in_force),
  reducing: ticket.reduce_only === true,
});

// --- of the read models --------------------------------------------------------------------------------

/** The same, but for the situation of the market, the events, and prices at the horizon. */
export function toldOfModels(
  decision: Shape<"DecisionWhole">,
  round: Shape<"DeliberationWhole"> | null,
  outcomes: Shape<"Outcome">[],
): Told {
  const market = some(round?.market);
  const answers = new Map(outcomes.map((one) => [one.question, answerOf(one as unknown as Loose)]));
  const proposals = (round?.proposals ?? []).map((row) => modelProposal(row, round, decision));
  const authors = new Map(proposals.map(({ id, author }) => [id, author]));
  return {
    whole: false,
    decision: decision.decision_id,
    deliberation: decision.deliberation_id ?? "",
    book: decision.book,
    outcome: decision.outcome,
    track: decision.track,
    instrument: decision.instrument,
    trigger: decision.trigger_tick,
    openedAt: round ? Date.parse(round.opened_at) : null,
    marketAt: round ? (milliseconds(market.market_at) ?? Date.parse(round.opened_at)) : null,
    receivedAt: milliseconds(decision.trigger_received_at_ns),
    market: text(market.price) ? { price: text(market.price), spread: text(market.spread), tick: text(market.tick_id), source: text(market.source) } : null,
    total: round?.total_ppm ?? 0,
    closed: round?.close_reason ?? "",
    proposals: proposals.map((one) => judged({ ...one, by: authors.get(one.by) ?? one.by }, answers, proposals)),
    targets: targetsOf(round?.targets),
    traces: tracesOf(round?.traces),
    held: decision.held,
    orders: rows(decision.orders).map((ticket) => modelOrder(ticketOf(ticket), decision, text(market.price) || null)),
    known: answers.size > 0,
    events: [],
  };
}

function modelProposal(row: Shape<"Proposal">, round: Shape<"DeliberationWhole"> | null, decision: Shape<"DecisionWhole">): Proposal {
  const said = rows(decision.reasons).find(({ proposal_id }) => proposal_id === row.proposal_id) ?? {};
  return {
    ...proposedOf(row as unknown as Loose),
    id: row.proposal_id,
    author: row.agent,
    ballots: (round?.ballots ?? []).filter(({ proposal_id }) => proposal_id === row.proposal_id).map((one) => ballotOf(one as unknown as Loose)),
    tally: row.tally ? { ...tallyOf(row as unknown as Loose), state: row.tally, reason: row.tally_reason, by: row.tally_by } : null,
    state: text(said.state) || row.state,
    reason: text(said.reason) || row.reason,
    by: text(said.by) || row.by,
    detail: text(said.detail) || row.detail,
    answer: null,
  };
}

/** With what the market answered; an amendment asks the question of its original. */
function judged(proposal: Proposal, answers: ReadonlyMap<string, Answer>, all: Proposal[]): Proposal {
  const original = all.find(({ id }) => id === proposal.amends) ?? proposal;
  const change = Number(original.target) - Number(original.held ?? 0);
  const answer = answers.get(`${original.instrument}:${change > 0 ? "buy" : "sell"}`) ?? null;
  if (!answer || answer.y === null) return { ...proposal, answer };
  const y = answer.y ? 1 : 0;
  const scored = (ballot: Ballot) => (ballot.stance === "abstain" || ballot.probability === null ? null : (ballot.probability - y) ** 2);
  return { ...proposal, answer, ballots: proposal.ballots.map((ballot) => ({ ...ballot, brier: scored(ballot) })) };
}

function modelOrder(ticket: ReturnType<typeof ticketOf>, decision: Shape<"DecisionWhole">, price: string | null): Order {
  const placed = decision.placed.find(({ order_id }) => order_id === ticket.id);
  const fills = decision.fills.filter(({ order_id }) => order_id === ticket.id);
  const sum = (of: (fill: Shape<"Fill">) => number) => fills.reduce((all, fill) => all + of(fill), 0);
  const filled = sum(({ quantity }) => Number(quantity));
  const value = sum(({ quantity, price: paid }) => Number(quantity) * Number(paid));
  const average = filled > 0 ? value / filled : null;
  const sign = ticket.side === "buy" ? 1 : -1;
  return {
    ...ticket,
    state: (placed?.state ?? "decided").toUpperCase(),
    reason: text(placed?.reason),
    fills: fills.map((fill) => fillOf(fill as unknown as Loose)),
    filled,
    average,
    value,
    fees: sum(({ fee }) => Number(fee)),
    decidedAt: price,
    slippage: average === null || !price ? null : sign * (average / Number(price) - 1) * 10_000,
    end: null,
    atHorizon: null,
  };
}
