// The ledger as it grows: one line for each event, the newest at the bottom; what has no words is shown as it is.

import { el, keyed } from "../dom.js";
import { clock, count, price, quantity } from "../format.js";

const SHOWN = 80;
const EFFECTS = {
  HALTED: "the book is halted",
  REDUCE_ONLY: "the book may only reduce",
  SUSPENDED: "the instrument may only be reduced",
  LATCHED: "the agent is stopped on the instrument",
};
const OF_ALARMS = new Set(["BreakerTripped", "BreakerCleared", "AlarmAcknowledged"]);
let heard = 0;

const breaker = (p) => `${p.breaker.replaceAll("_", " ")} of ${p.subject}`;
const share = (level) => `${Math.round(level * 100)} %`;
const told = (inputs) => Object.entries(inputs).map(([name, value]) => `${name} ${value}`).join(", ");

const LINES = {
  DeliberationOpened: (p) => `a ${p.track} round on ${p.instrument} opened at ${price(p.market.price)}`,
  ProposalAdmitted: (p) => `${p.agent} proposes to ${p.action} ${p.instrument} to ${quantity(p.target)}: ${p.why || "no reason given"}`,
  AmendmentOffered: (p) => `${p.agent} offers ${quantity(p.target)} instead: ${p.why || "no reason given"}`,
  ProposalRefused: (p) => `${p.agent}’s proposal on ${p.instrument} was refused: ${p.reason} ${p.detail}`,
  BallotCast: (p) => `${p.agent} ${p.veto ? "vetoes" : p.stance + "s"}${p.probability === null ? "" : ` (q ${p.probability.toFixed(2)})`}${p.reason ? `: ${p.reason}` : ""}`,
  BallotLate: (p) => `${p.agent}’s ballot came too late`,
  DeliberationClosed: (p) => `the round closed: ${p.reason}`,
  ProposalTallied: (p) => `tally: ${p.yes_ppm} ppm for, ${p.no_ppm} against, ${p.missing_ppm} missing → ${p.state}`,
  ProposalsArbitrated: (p) => `arbitration: ${p.results.map((r) => r.state).join(", ")}`,
  RulesEvaluated: (p) => `${p.traces.length} clauses of rulebook v${p.rulebook_version} were evaluated`,
  DecisionReached: (p) => `decision: ${p.outcome}, ${p.orders.length} order${p.orders.length === 1 ? "" : "s"}`,
  OrderAccepted: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument}, limit ${price(p.limit)}`,
  OrderFilled: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument} at ${price(p.price)}, fee ${quantity(p.fee)}`,
  OrderPartiallyFilled: (p) => `${p.side} ${quantity(p.quantity)} ${p.instrument} at ${price(p.price)}, ${quantity(p.leaves)} left`,
  OrderRejected: (p) => `${p.reason}: ${p.detail}`,
  OrderCancelled: (p) => `${p.reason}: ${p.detail}`,
  OrderExpired: (p) => `${p.reason}: ${p.detail}`,
  TradingHalted: (p) => `halted by ${p.who}: ${p.why}`,
  TradingReduced: (p) => `reduce-only by ${p.who}: ${p.why}`,
  TradingResumed: (p) => `${p.origin} → ${p.to} by ${p.who}: ${p.why}`,
  DecisionHeld: (p) => `held for an operator by ${p.rules.join(", ")}`,
  DecisionReleased: (p) => `released from ${p.rule} by ${p.operator}: ${p.reason}`,
  HoldRefused: (p) => `refused, held by ${p.rule}, by ${p.operator}: ${p.reason}`,
  SituationRecorded: (p) => `what the round found: mode ${p.mode}, cash ${price(p.cash)}`,
  BookFounded: (p) => `book ${p.book} was founded in ${p.quote} by ${p.who}: ${p.why}`,
  BookOpened: (p) => `the account was opened with ${price(p.cash)} ${p.quote}`,
  InstrumentListed: (p) => `${p.terms.symbol} was listed by ${p.who}: ${p.why}`,
  SeatGranted: (p) => `${p.agent} was seated as ${p.role}${p.shadow ? ", in shadow," : ""} by ${p.who}: ${p.why}`,
  SeatSuspended: (p) => `${p.agent} was suspended by ${p.who}: ${p.why}`,
  SeatReinstated: (p) => `${p.agent} was reinstated by ${p.who}: ${p.why}`,
  SeatKeyIssued: (p) => `${p.agent} signs with key ${p.number} from now on, by ${p.who}: ${p.why}`,
  SeatKeyRevoked: (p) => `key ${p.number} of ${p.agent} was revoked by ${p.who}: ${p.why}`,
  SeatEntered: (p) => `${p.agent} left shadow after ${count(p.events)} scored forecasts and votes with weight ${p.weight.toFixed(3)}`,
  ProposingSuspended: (p) => `${p.agent} may not propose for a while, after ${p.strikes} strikes: ${p.why}`,
  OutcomesRecorded: (p) => `the market answered ${p.outcomes.length} question${p.outcomes.length === 1 ? "" : "s"} of ${p.horizon} s`,
  CouncilScored: (p) => `reputation: ${p.questions} question${p.questions === 1 ? "" : "s"} scored, ${p.seats.length} weights moved; the council’s loss ${p.mix_loss.toFixed(4)}`,
  ReputationAdjusted: (p) => `reputation of ${p.agent}: ${p.origin.toFixed(4)} → ${p.to.toFixed(4)} by ${p.who}: ${p.why}`,
  RuleActivated: (p) => `rule ${p.rule} v${p.version} ${p.shadow ? "watches in shadow" : "is in force"}, by ${p.who}: ${p.why}`,
  RuleRetired: (p) => `rule ${p.rule} v${p.version} was retired by ${p.who}: ${p.why}`,
  ChangeRequested: (p) => `${p.who} asks for a change (${p.loosens ? "it loosens" : "it tightens"}): ${p.why}`,
  ChangeApproved: (p) => `${p.who} approved the change: ${p.why}`,
  ChangeRefused: (p) => `${p.who} refused the change: ${p.why}`,
  ChangeEnacted: (p) => `the change of ${p.who} is in force${p.approved_by ? `, approved by ${p.approved_by}` : ""}`,
  TermChanged: (p) => `term ${p.name}${p.instrument ? ` of ${p.instrument}` : ""}: ${quantity(p.origin)} → ${quantity(p.to)} by ${p.who}`,
  InstrumentRestricted: (p) => `${p.instrument} is restricted${p.hard ? ", even from reducing," : ""} by ${p.who}: ${p.why}`,
  RestrictionLifted: (p) => `${p.instrument} is restricted no more, by ${p.who}: ${p.why}`,
  TradingSuspended: (p) => `${p.instrument} may only be reduced, by ${p.who}: ${p.why}`,
  SuspensionLifted: (p) => `${p.instrument} trades again, lifted by ${p.who}: ${p.why}`,
  TradingStatusChanged: (p) => `the venue says of ${p.instrument}: ${p.status || "trading"}${p.tradable ? "" : ", not tradable"}`,
  BreakerWarned: (p) => `breaker ${breaker(p)} is near its limit, ${share(p.level)} of it: ${p.formula} (${told(p.inputs)})`,
  BreakerTripped: (p) => `ALARM: breaker ${breaker(p)} tripped, ${EFFECTS[p.effect] ?? p.effect}: ${p.formula} (${told(p.inputs)})`,
  BreakerCleared: (p) => `breaker ${breaker(p)} was cleared by ${p.who}: ${p.why}`,
  AlarmAcknowledged: (p) => `${p.who} acknowledged an alarm: ${p.why}`,
  EquityMarked: (p) => `equity ${price(p.equity)}; peak ${price(p.peak)}, open of the day ${p.day} ${price(p.day_open)}`,
  FeedGap: (p) => `${p.instrument}: ${p.kind} data missing from ${p.first} to ${p.last}`,
  OrderSent: (p) => `sent to ${p.venue}`,
  OrderWorking: (p) => `working at ${p.venue}`,
  CancelOrdered: (p) => `${p.who} orders the cancellation of an order: ${p.why}`,
  CashMoveOrdered: (p) => `${p.who} orders ${price(p.amount)} of cash to be booked: ${p.why}`,
  CashMoved: (p) => `cash moved by ${price(p.amount)}: ${p.reason}`,
  PositionAdjustmentOrdered: (p) => `${p.who} orders ${quantity(p.quantity)} ${p.instrument} to be booked: ${p.why}`,
  PositionAdjusted: (p) => `${quantity(p.quantity)} ${p.instrument} booked by ${p.who}: ${p.reason}`,
  ReconciliationOrdered: (p) => `${p.who} orders the book to be compared with its venue: ${p.why}`,
  BookReconciled: (p) => `the book agrees with ${p.venue}`,
  ReconciliationFailed: (p) => `${p.venue} says ${quantity(p.venue_quantity)} ${p.instrument}, the book ${quantity(p.book_quantity)}`,
  FeedSourceChanged: (p) => `prices: ${p.origin} → ${p.to}. ${p.why}`,
};

function line(event) {
  try {
    const words = LINES[event.event];
    if (words) return words(event.payload);
  } catch {
    // an event of another release: its fields are not what the words expect, so it is shown as it is
  }
  return JSON.stringify(event.payload);
}

function make(event) {
  return el(
    "li",
    {},
    el("time", {}, clock(event.at)),
    el("span", { class: "number faint" }, `${event.log[0]}${event.position}`),
    el("b", {}, event.event),
    el("span", { class: "soft" }, line(event)),
  );
}

// Whoever shows alarms is told that there is something to look at; once for each event.
function tellOfAlarms(store) {
  const position = store.positions.governance;
  const news = store.events.some((event) => event.log === "governance" && event.position > heard && OF_ALARMS.has(event.event));
  heard = Math.max(heard, position);
  if (news) document.dispatchEvent(new CustomEvent("alarms"));
}

export function showEvents(root, store, paused) {
  tellOfAlarms(store);
  if (paused) return;
  const list = root.querySelector("ol");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  const events = store.events.slice(-SHOWN);
  root.querySelector(".empty").hidden = events.length > 0;
  keyed(list, events, (event) => event.log + event.position, make);
  if (atEnd) list.scrollTop = list.scrollHeight;
}
