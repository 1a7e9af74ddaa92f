// Generated from interface/ by `npm run generate`: not edited by hand.

export type Frame = (Snapshot | Events | Ticks | Status | RoundsTold | Gap)

export interface Interface {
Frame: Frame
Payloads: Payloads
}
export interface Snapshot {
book: (LiveBook | null)
decisions: SummarisedDecision[]
positions: {
[k: string]: number
}
standing: Standing
status?: (Status | null)
ticks?: (Ticks | null)
type: "snapshot"
}
export interface LiveBook {
book: string
quote: string
seats: Seat[]
source: string
symbols: string[]
}
export interface Seat {
agent: string
owner: string
required: boolean
role: string
status: string
veto: boolean
weight_ppm: number
}
export interface SummarisedDecision {
at: number
decision_id: string
instrument: string
orders: SummarisedOrder[]
outcome: string
proposals: SummarisedProposal[]
track: string
}
/**
 * The ticket as decided, with what the executor has told of it so far.
 */
export interface SummarisedOrder {
average: (string | null)
detail: string
fee: string
filled: string
good_for_ms: number
group: string
instrument: string
limit: string
order_id: string
quantity: string
reason: string
reduce_only: boolean
side: ("buy" | "sell")
state: string
time_in_force: string
type: string
}
export interface SummarisedProposal {
action: string
agent: string
amends: string
by: string
detail: string
instrument: string
proposal_id: string
reason: string
state: string
target: string
why: string
}
export interface Standing {
alarms?: number
banners?: Said[]
mode?: (Mode | null)
outcomes?: {
[k: string]: number
}
portfolio?: (Portfolio | null)
}
/**
 * A banner or a notice: `bad` ones interrupt a reader, `warn` ones wait for a pause.
 */
export interface Said {
icon: string
key: string
look: string
text: string
}
/**
 * Of trading, with the words that people are told.
 */
export interface Mode {
at: (number | null)
book: string
icon: string
look: string
mode: ("HALTED" | "NORMAL" | "REDUCE_ONLY")
next: string
text: string
title: string
who: string
why: string
words: string
}
export interface Portfolio {
cash: string
deposits: string
equity: string
fees: string
net: string
positions: HeldPosition[]
realised: string
unpriced: string[]
unrealised: string
}
export interface HeldPosition {
average: string
fees: string
instrument: string
mark: (string | null)
quantity: string
realised: string
stale: boolean
unrealised: string
}
/**
 * How machine and book are; the fields of the book are missing where there is none yet.
 */
export interface Status {
alarms?: number
at: number
banners?: Said[]
book?: (LiveBook | null)
dead_letters: {
[k: string]: number
}
desks?: {
[k: string]: Desk
}
latency: {
[k: string]: Quantiles
}
mode?: (Mode | null)
notices: Said[]
outcomes?: {
[k: string]: number
}
portfolio?: (Portfolio | null)
positions: {
[k: string]: number
}
processes: LiveProcess[]
source: string
streams: LiveStream[]
type: "status"
}
export interface Desk {
alarms: number
banners: Said[]
mode: Mode
}
export interface Quantiles {
max_ms: number
n: number
p50_ms: number
p95_ms: number
p99_ms: number
}
export interface LiveProcess {
at: (number | null)
behind: {
[k: string]: Behind
}
gauges?: {

}
name: string
pid?: (number | null)
rss_mb: (number | null)
state: string
}
export interface Behind {
amount: number
unit: ("events" | "ms")
}
export interface LiveStream {
age_ms: (number | null)
length: number
name: string
}
export interface Ticks {
at: number
ticks: {
[k: string]: Tick
}
type: "ticks"
}
/**
 * `history`, [ms, mark] of the last 90 s, comes with the snapshot only.
 */
export interface Tick {
age_ms: number
ask: (string | null)
bid: (string | null)
history?: (never[][] | null)
last: (string | null)
mark: (string | null)
rate: number
side: (string | null)
source: string
}
export interface Events {
log: ("execution" | "governance")
payload: LiveEvent[]
position: number
type: "event"
}
/**
 * A row of the ledger; the fields of `payload` are those of the event that `event` names.
 */
export interface LiveEvent {
actor: (string | null)
aggregate: string
aggregate_id: string
at: number
book: (string | null)
causation_id: (string | null)
correlation_id: (string | null)
event: string
event_id: string
payload: {

}
position: number
version: number
}
export interface RoundsTold {
at: number
rounds: Round[]
type: "rounds"
}
/**
 * An open or just closed round: how much mass has voted, never how.
 */
export interface Round {
deliberation_id: string
instrument: string
outcome: string
proposals: RoundProposal[]
total_ppm: number
track: string
}
export interface RoundProposal {
action: string
amends: (string | null)
author: string
instrument: string
proposal_id: string
target: string
voted_ppm: number
}
export interface Gap {
after: number
log: ("execution" | "governance")
type: "gap"
upto: number
}
export interface Payloads {
AlarmAcknowledged: AlarmAcknowledged
AmendmentOffered: AmendmentOffered
BallotCast: BallotCast
BallotLate: BallotLate
BookFounded: BookFounded
BookOpened: BookOpened
BookReconciled: BookReconciled
BreakerCleared: BreakerCleared
BreakerTripped: BreakerTripped
BreakerWarned: BreakerWarned
CancelOrdered: CancelOrdered
CashMoveOrdered: CashMoveOrdered
CashMoved: CashMoved
ChangeApproved: ChangeApproved
ChangeEnacted: ChangeEnacted
ChangeRefused: ChangeRefused
ChangeRequested: ChangeRequested
CouncilScored: CouncilScored
DecisionHeld: DecisionHeld
DecisionReached: DecisionReached
DecisionReleased: DecisionReleased
DeliberationClosed: DeliberationClosed
DeliberationOpened: DeliberationOpened
EquityMarked: EquityMarked
FeedGap: FeedGap
FeedSourceChanged: FeedSourceChanged
HoldRefused: HoldRefused
InstrumentListed: InstrumentListed
InstrumentRestricted: InstrumentRestricted
OrderAccepted: OrderAccepted
OrderCancelled: OrderCancelled
OrderExpired: OrderExpired
OrderFilled: OrderFilled
OrderPartiallyFilled: OrderPartiallyFilled
OrderRejected: OrderRejected
OrderSent: OrderSent
OrderWorking: OrderWorking
OutcomesRecorded: OutcomesRecorded
PositionAdjusted: PositionAdjusted
PositionAdjustmentOrdered: PositionAdjustmentOrdered
ProposalAdmitted: ProposalAdmitted
ProposalRefused: ProposalRefused
ProposalTallied: ProposalTallied
ProposalsArbitrated: ProposalsArbitrated
ProposingSuspended: ProposingSuspended
ReconciliationFailed: ReconciliationFailed
ReconciliationOrdered: ReconciliationOrdered
ReputationAdjusted: ReputationAdjusted
RestrictionLifted: RestrictionLifted
RuleActivated: RuleActivated
RuleRetired: RuleRetired
RulesEvaluated: RulesEvaluated
SeatEntered: SeatEntered
SeatGranted: SeatGranted
SeatKeyIssued: SeatKeyIssued
SeatKeyRevoked: SeatKeyRevoked
SeatReinstated: SeatReinstated
SeatSuspended: SeatSuspended
SituationRecorded: SituationRecorded
SuspensionLifted: SuspensionLifted
TermChanged: TermChanged
TradingHalted: TradingHalted
TradingReduced: TradingReduced
TradingResumed: TradingResumed
TradingStatusChanged: TradingStatusChanged
TradingSuspended: TradingSuspended
}
export interface AlarmAcknowledged {
alarm_id: string
who: string
why: string
}
export interface AmendmentOffered {
agent: string
amends: string
proposal_id: string
target: string
why: string
}
export interface BallotCast {
agent: string
probability: (number | null)
proposal_id: string
reason: string
size_limit: (string | null)
stance: ("abstain" | "approve" | "reject")
veto: boolean
weight_ppm: number
}
export interface BallotLate {
agent: string
probability: (number | null)
proposal_id: string
reason: string
size_limit: (string | null)
stance: ("abstain" | "approve" | "reject")
veto: boolean
weight_ppm: number
}
export interface BookFounded {
book: string
instruments: InstrumentTerms[]
quote: string
terms: BookTerms
who: string
why: string
}
/**
 * What may be traded and in which steps; quantities in base units, values in the quote currency.
 */
export interface InstrumentTerms {
lot_size: string
max_order_volume: string
max_position: string
min_notional: string
min_position: string
symbol: string
tick_size: string
}
/**
 * The parameters of a book; the defaults are the demo book's. `_bp` are basis points, `_s` and `_ms` times;
 *     fractions are of equity unless said otherwise.
 */
export interface BookTerms {
collar_bp?: string
daily_loss_halt?: string
daily_loss_reduce?: string
decision_ttl_ms?: number
drawdown_halt?: string
drawdown_reduce?: string
drift_bp?: string
duplicate_window_ms?: number
fee_bp?: string
gap_clean_ms?: number
hold_ttl_s?: number
horizon_s?: number
live_only?: boolean
losses_cooldown_s?: number
losses_in_row?: number
max_concentration?: string
max_gross?: string
max_net?: string
max_order_value?: string
max_volatility?: string
message_burst?: number
messages_per_s?: number
newcomer_events?: number
owner_cap?: string
paper_depth_share?: string
paper_jitter_ms?: number
paper_latency_ms?: number
paper_seed?: number
proposal_max_age_ms?: number
quote_max_age_ms?: number
real_venue?: boolean
reduce_window_ms?: number
reject_orders?: number
reject_rate?: string
reject_window_s?: number
repeated_fills?: number
repeated_trips?: number
repeated_trips_window_s?: number
repeated_window_s?: number
slippage_bp?: string
stale_reduce_s?: number
stale_suspend_s?: number
strikes?: number
strikes_pause_s?: number
strikes_window_s?: number
timelock_s?: number
trade_max_age_ms?: number
trade_quorum?: string
trade_threshold?: string
trade_window_ms?: number
volatility_window_s?: number
weight_floor?: string
}
export interface BookOpened {
book: string
cash: string
quote: string
}
export interface BookReconciled {
instruments: string[]
venue: string
}
export interface BreakerCleared {
breaker: ("daily_loss" | "drawdown" | "identity" | "reconciliation" | "reject_rate" | "repeated_execution" | "stale_feed")
subject: string
who: string
why: string
}
/**
 * The one alarm of a trip, until a person acknowledges it. `effect` is a mode, SUSPENDED or LATCHED; `subject` the
 *     book, an instrument, or `agent:instrument`.
 */
export interface BreakerTripped {
alarm_id: string
breaker: ("daily_loss" | "drawdown" | "identity" | "reconciliation" | "reject_rate" | "repeated_execution" | "stale_feed")
effect: string
formula: string
inputs: {
[k: string]: string
}
level: number
subject: string
}
/**
 * 80 % of the way; `level` is the measured value in units of the limit.
 */
export interface BreakerWarned {
breaker: ("daily_loss" | "drawdown" | "identity" | "reconciliation" | "reject_rate" | "repeated_execution" | "stale_feed")
formula: string
inputs: {
[k: string]: string
}
level: number
subject: string
}
/**
 * The executor is to cancel a working order.
 */
export interface CancelOrdered {
order_id: string
who: string
why: string
}
/**
 * The executor is to book a deposit (positive) or a withdrawal.
 */
export interface CashMoveOrdered {
amount: string
who: string
why: string
}
export interface CashMoved {
amount: string
reason: string
}
/**
 * By another than who requested it; it is enacted at `enacts_at` (process clock, ns).
 */
export interface ChangeApproved {
change_id: string
enacts_at: number
who: string
why: string
}
export interface ChangeEnacted {
approved_by: string
change_id: string
who: string
}
export interface ChangeRefused {
change_id: string
who: string
why: string
}
/**
 * `base` is what it would change: the parameter's value, the rule's version. Who approves has seen that.
 */
export interface ChangeRequested {
base?: string
change: (ActivateRule | RetireRule | SetTerm | Restrict | Unrestrict | GrantSeat | SuspendSeat | ReinstateSeat | IssueSeatKey | RevokeSeatKey | AdjustReputation)
change_id: string
loosens: boolean
preview?: (Preview | null)
requested_at: number
who: string
why: string
why_loosens: string
}
/**
 * A rule's next version, or a new rule: every clause must be true, or the effect follows.
 */
export interface ActivateRule {
/**
 * @minItems 1
 * @maxItems 16
 */
clauses: [RuleClause]|[RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]|[RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause, RuleClause]
clip_to?: string
effect: ("clip" | "deny" | "hold" | "warn")
/**
 * @maxItems 64
 */
examples?: RuleExample[]
exempt_risk_reducing?: boolean
kind: "ActivateRule"
rule: string
shadow?: boolean
title: string
}
/**
 * A named CEL expression that must be exactly true.
 */
export interface RuleClause {
cel: string
name: string
}
/**
 * Facts laid over those of a sound order on a calm market, and what the rule says of them.
 */
export interface RuleExample {
facts: {
[k: string]: (boolean | number | string)
}
name: string
verdict: ("breaches" | "exempt" | "passes")
}
export interface RetireRule {
kind: "RetireRule"
rule: string
}
/**
 * A numeric parameter of the book, or of one instrument; flags are 0 or 1.
 */
export interface SetTerm {
instrument?: string
kind: "SetTerm"
name: string
value: string
}
/**
 * Puts an instrument on the restricted list, from and to on the market clock (ns); `hard`: not even reductions.
 */
export interface Restrict {
hard?: boolean
instrument: string
kind: "Restrict"
since?: number
until?: (number | null)
}
export interface Unrestrict {
instrument: string
kind: "Unrestrict"
}
/**
 * A newcomer: with mass it votes in shadow first; a rule seat is declared by its signals.
 */
export interface GrantSeat {
agent: string
kind: "GrantSeat"
owner: string
required?: boolean
role: ("anomaly" | "compliance" | "risk" | "rule" | "strategy")
/**
 * @maxItems 16
 */
signals?: []|[SignalRule]|[SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]|[SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule, SignalRule]
veto?: boolean
}
/**
 * A rule seat's signal: when `when` (BOOL) holds the score is `score` (DOUBLE), positive expects a rise.
 */
export interface SignalRule {
name: string
score: string
when: string
}
/**
 * The first operator stops a seat; a second one confirms, which takes its mass out of T.
 */
export interface SuspendSeat {
agent: string
kind: "SuspendSeat"
}
export interface ReinstateSeat {
agent: string
kind: "ReinstateSeat"
}
/**
 * The seat's next key: the house's own, or that of the party that holds `public`. The one before counts no more.
 */
export interface IssueSeatKey {
agent: string
kind: "IssueSeatKey"
public?: string
}
/**
 * Nothing that the seat says is taken until it has another key.
 */
export interface RevokeSeatKey {
agent: string
kind: "RevokeSeatKey"
}
/**
 * Sets a seat's weight in all three copies, the others keep their ratios; restarts the bounds.
 */
export interface AdjustReputation {
agent: string
kind: "AdjustReputation"
weight: number
}
/**
 * The shadow replay of a change over the last `decisions` decisions; `differences` are the first of `different`.
 */
export interface Preview {
decisions: number
/**
 * @maxItems 50
 */
differences?: DecisionDifference[]
different: number
}
/**
 * A past decision that would have been another: its outcome then and with the change.
 */
export interface DecisionDifference {
after: ("expired" | "granted" | "reduced" | "refused" | "vetoed")
before: ("expired" | "granted" | "reduced" | "refused" | "vetoed")
decision_id: string
detail?: string
}
/**
 * One bucket scored: its copy of the weights (`bucket` mod 3) after the update. `cap` is the largest share that an
 *     owner may hold; `mix_loss` what the council as a whole paid, by its weights and in bucket means.
 */
export interface CouncilScored {
bucket: number
cap: number
copy: number
floor: number
forecast_loss: number
mix_loss: number
questions: number
seats: SeatScore[]
}
/**
 * One agent in one bucket: how many questions it forecast of how many, its mean loss L (mix loss where it slept),
 *     its weight in the bucket's copy before and after, and the mass in ppm that this makes.
 */
export interface SeatScore {
after: number
agent: string
before: number
brier: (number | null)
forecasts: number
loss: number
ppm: number
questions: number
}
/**
 * Rules hold the decision until an operator releases or refuses it, or `until` passes (process clock, ns).
 *     `orders` are what it would grant, `held` how each came about; `reasons` what became of every proposal.
 */
export interface DecisionHeld {
at: number
decision_id: string
deliberation_id: string
held: HeldOrder[]
orders: OrderTicket[]
reasons: ProposalResult[]
rules: string[]
track: ("CONFIG" | "HALT" | "REDUCE" | "TRADE")
trigger: Trigger
ttl_ms: number
until: number
}
/**
 * An order that waits for an operator, with what it takes to judge it again: the target it goes to, the price its
 *     agent saw, when (process clock, ns), and which proposals of whom it stands for.
 */
export interface HeldOrder {
agents: string[]
evidence_at: number
group: string
hash: string
instrument: string
quantity: string
seen: (string | null)
support_ppm: number
target: string
winners: string[]
}
/**
 * An order as decided; quantity is unsigned. A market order's `limit` is its protective price; what it cannot get
 *     at once is cancelled. A limit order is good until cancelled (GTC), for `good_for_ms` from its acceptance (GTD), or
 *     at once (IOC, FOK). Orders with the same `group` are executed all or none.
 */
export interface OrderTicket {
good_for_ms?: number
group?: string
instrument: string
limit: string
order_id: string
quantity: string
reduce_only?: boolean
side: ("buy" | "sell")
time_in_force?: ("FOK" | "GTC" | "GTD" | "IOC")
type?: ("limit" | "market")
}
/**
 * What became of one proposal: its final state, why, and what beat it (a proposal, a seat, a rule).
 */
export interface ProposalResult {
by?: string
detail?: string
proposal_id: string
reason: string
state: string
}
/**
 * The tick that started it all and when it was received (process clock, ns).
 */
export interface Trigger {
received_at: number
tick_id: string
}
/**
 * The end of a round. `released`: an operator let it go on after a rule had held it.
 */
export interface DecisionReached {
decision_id: string
deliberation_id: string
orders: OrderTicket[]
outcome: ("expired" | "granted" | "reduced" | "refused" | "vetoed")
reasons: ProposalResult[]
released?: boolean
trigger: Trigger
ttl_ms: number
}
export interface DecisionReleased {
decision_id: string
operator: string
reason: string
rule: string
}
export interface DeliberationClosed {
closed_at: number
reason: ("all_voted" | "deadline" | "halted" | "restarted" | "unflippable")
}
/**
 * `market` is P at the opening; `market_opened_at` the market clock (ns), `seats` the snapshot of weights. Rounds
 *     recorded by the first release have neither.
 */
export interface DeliberationOpened {
deadline: number
deliberation_id: string
instrument: string
market: MarketView
market_opened_at?: number
opened_at: number
rulebook_version: number
seats?: (SeatSnapshot | null)
total_ppm: number
track: ("CONFIG" | "HALT" | "REDUCE" | "TRADE")
weights_version: string
}
/**
 * The prices a decision rests on: P, the tick that set it, and where that came from.
 */
export interface MarketView {
market_at: number
price: string
source: ("live" | "replay" | "synthetic")
spread: string
tick_id: string
}
/**
 * The council of before the opening: masses in ppm of the seats in T, who may cast ballots that count (`able`),
 *     who may veto, without whom nothing passes, and whose ballots are only scored (`shadows`).
 */
export interface SeatSnapshot {
able: string[]
ppm: {
[k: string]: number
}
required: string[]
shadows?: string[]
unvoted?: string[]
vetoers: string[]
}
/**
 * The marks that losses are measured from, at most once a market minute, on a new day and after a resume; `day` is
 *     the UTC market day.
 */
export interface EquityMarked {
day: string
day_open: string
equity: string
market_at: number
peak: string
}
export interface FeedGap {
first: number
instrument: string
kind: string
last: number
market_at: number
}
export interface FeedSourceChanged {
origin: ("live" | "replay" | "synthetic")
to: ("live" | "replay" | "synthetic")
why: string
}
export interface HoldRefused {
decision_id: string
operator: string
reason: string
rule: string
}
export interface InstrumentListed {
terms: InstrumentTerms
who: string
why: string
}
/**
 * From and to on the market clock (ns).
 */
export interface InstrumentRestricted {
hard: boolean
instrument: string
since: number
until: (number | null)
who: string
why: string
}
/**
 * `expires_at` (process clock, ns) ends a GTD order, and the wait of one that does not rest for its way to a real
 *     venue; 0 is never. `received_at` is that of the tick that started it all.
 */
export interface OrderAccepted {
decision_id: string
expires_at?: number
group?: string
instrument: string
limit: string
order_id: string
quantity: string
received_at?: number
reduce_only?: boolean
side: ("buy" | "sell")
time_in_force?: ("FOK" | "GTC" | "GTD" | "IOC")
type?: ("limit" | "market")
}
export interface OrderCancelled {
decision_id: string
detail?: string
order_id: string
reason: string
}
export interface OrderExpired {
decision_id: string
detail?: string
order_id: string
reason: string
}
export interface OrderFilled {
after_halt?: boolean
decision_id: string
fee: string
fee_base?: string
instrument: string
leaves: string
liquidity?: ("maker" | "taker")
order_id: string
price: string
quantity: string
received_at: number
side: ("buy" | "sell")
tick_id: string
trade_id?: string
venue: string
}
/**
 * One execution. `fee` is its value in quote; `fee_base` the part of it that the venue took in base units, which
 *     leaves the position at this price. `trade_id` is the venue's own.
 */
export interface OrderPartiallyFilled {
after_halt?: boolean
decision_id: string
fee: string
fee_base?: string
instrument: string
leaves: string
liquidity?: ("maker" | "taker")
order_id: string
price: string
quantity: string
received_at: number
side: ("buy" | "sell")
tick_id: string
trade_id?: string
venue: string
}
export interface OrderRejected {
decision_id: string
detail?: string
order_id: string
reason: string
}
/**
 * Committed before the call to a venue is made (`sent_at`, process clock, ns): whether the call got through is for
 *     the venue to say, by the client order id.
 */
export interface OrderSent {
client_order_id?: string
decision_id: string
order_id: string
sent_at?: number
venue: string
}
/**
 * The venue has the order in its book (FIX New).
 */
export interface OrderWorking {
decision_id: string
order_id: string
venue: string
venue_order_id?: string
}
/**
 * What the market made of the questions of one bucket, vetoed and defeated ones too; `horizon` in seconds.
 */
export interface OutcomesRecorded {
bucket: number
horizon: number
outcomes: ObservedOutcome[]
}
/**
 * What the market made of one question; `y` is None for VOID. `gain` is side·return − c (of several legs: weighted
 *     by their value).
 */
export interface ObservedOutcome {
deliberation_id: string
gain: (number | null)
legs: OutcomeLeg[]
question: string
y: (boolean | null)
}
/**
 * From P at the opening to the first P within 5 s after the horizon; `cost` is c. None: there was none (VOID).
 */
export interface OutcomeLeg {
cost: number
end?: (string | null)
end_at?: (number | null)
instrument: string
origin: string
side: ("buy" | "sell")
}
/**
 * A person brings the book level with what is really held: `quantity` (signed) comes in or goes out at `price`,
 *     as a transfer in kind: deposits move by its value.
 */
export interface PositionAdjusted {
instrument: string
price: string
quantity: string
reason: string
who: string
}
/**
 * The executor is to bring the book level with what is really held: `quantity` (signed) at `price`.
 */
export interface PositionAdjustmentOrdered {
instrument: string
price: string
quantity: string
who: string
why: string
}
export interface ProposalAdmitted {
action: ("halt" | "reduce" | "trade")
agent: string
evidence: string[]
evidence_received_at?: number
good_for_ms?: number
held: string
instrument: string
legs?: AdmittedLeg[]
limit?: (string | null)
market: MarketView
price: string
probability: (number | null)
proposal_id: string
target: string
time_in_force?: ("FOK" | "GTC" | "GTD" | "IOC")
ttl_ms: number
why: string
}
/**
 * A further leg of a proposal that is granted as a whole or not at all.
 */
export interface AdmittedLeg {
held: string
instrument: string
market: MarketView
price: string
target: string
}
export interface ProposalRefused {
action: ("halt" | "reduce" | "trade")
agent: string
detail?: string
instrument: string
proposal_id: string
reason: string
target: string
}
/**
 * The passing rule on one proposal, with everything it reads (masses in ppm).
 */
export interface ProposalTallied {
by?: string
forecast: (number | null)
missing_ppm: number
no_ppm: number
proposal_id: string
reason: string
state: ("DEFEATED" | "HALTED" | "INQUORATE" | "PASSED" | "VETOED")
total_ppm: number
yes_ppm: number
}
export interface ProposalsArbitrated {
results: ProposalResult[]
targets: {
[k: string]: string
}
}
/**
 * Too many strikes: the seat may vote but not propose until `until` (process clock, ns).
 */
export interface ProposingSuspended {
agent: string
strikes: number
until: number
why: string
}
/**
 * What the book and the venue say of one instrument, in base units.
 */
export interface ReconciliationFailed {
book_quantity: string
instrument: string
venue: string
venue_quantity: string
}
/**
 * The executor is to compare the book with its venue now.
 */
export interface ReconciliationOrdered {
who: string
why: string
}
/**
 * Set by hand, in all three copies; the bounds begin anew.
 */
export interface ReputationAdjusted {
agent: string
origin: number
to: number
who: string
why: string
}
export interface RestrictionLifted {
instrument: string
who: string
why: string
}
/**
 * Every clause must be true, or `effect` follows; a clip sets the largest quantity by `clip_to` (CEL, DOUBLE).
 */
export interface RuleActivated {
clauses: RuleClause[]
clip_to?: string
effect: ("clip" | "deny" | "hold" | "warn")
examples?: RuleExample[]
exempt_risk_reducing?: boolean
rule: string
shadow?: boolean
title: string
version: number
who: string
why: string
}
export interface RuleRetired {
rule: string
version: number
who: string
why: string
}
export interface RulesEvaluated {
rulebook_version: number
traces: ClauseTrace[]
}
/**
 * One clause on one order: `value` is true, false or an error code; `facts` what it read.
 */
export interface ClauseTrace {
clause: string
clipped_to?: (string | null)
effect: ("clip" | "deny" | "hold" | "warn")
facts: {
[k: string]: (boolean | number | string)
}
order_id: string
rule: string
shadow?: boolean
value: (boolean | string)
version: number
}
/**
 * A newcomer has been scored often enough: it enters all three copies with `weight`, the others shrink by that.
 */
export interface SeatEntered {
agent: string
events: number
weight: number
}
/**
 * `prior_ppm` is the mass a seat starts with; guards (`veto`) hold no TRADE mass. A `shadow` is a newcomer: its
 *     ballots are scored and do not count until it enters. `signals` declare what sits in a rule seat.
 */
export interface SeatGranted {
agent: string
owner: string
prior_ppm: number
required: boolean
role: ("anomaly" | "compliance" | "risk" | "rule" | "strategy")
shadow?: boolean
signals?: SignalRule[]
veto: boolean
who: string
why: string
}
/**
 * Every seat begins with the house's key 1. `public`: the Ed25519 key of the party that holds the seat, "" for a
 *     key of the house; `issued_at` on the process clock.
 */
export interface SeatKeyIssued {
agent: string
issued_at: number
number: number
public?: string
who: string
why: string
}
export interface SeatKeyRevoked {
agent: string
number: number
who: string
why: string
}
export interface SeatReinstated {
agent: string
who: string
why: string
}
export interface SeatSuspended {
agent: string
who: string
why: string
}
/**
 * What arbitration and rules looked at: the book and the market as the close found them. Terms, instruments and
 *     rules are those of the log before the round; together they give the same decision again.
 */
export interface SituationRecorded {
ages: {
[k: string]: Ages
}
caps: {
[k: string]: CapInForce
}
cash: string
conditions: {
[k: string]: Conditions
}
market_now: number
markets: {
[k: string]: MarketView
}
mode: ("HALTED" | "NORMAL" | "REDUCE_ONLY")
positions: {
[k: string]: string
}
reserved: {
[k: string]: string
}
standing: Standing1
}
/**
 * How old the last quote and the last trade are by the market clock (ns); None if there never was one. `lag` is
 *     how much later than usual the last trade came; None where none says when it happened.
 */
export interface Ages {
lag?: (number | null)
quote: (number | null)
trade: (number | null)
}
/**
 * A cap on |position| that a passed REDUCE left behind.
 */
export interface CapInForce {
limit: string
proposal_id: string
}
/**
 * What the controls know of one instrument. Ages in ns, None = never: `gap_age` since the last unfilled gap,
 *     `calm_age` since the volatility was last at its limit (market clock), `losses_age` since the last of `losses`
 *     net losing round trips in a row (market clock). `latched` are the agents that repeated execution has stopped here,
 *     `restricted` is soft (reducing is allowed) or hard.
 */
export interface Conditions {
calm_age?: (number | null)
gap_age?: (number | null)
granted?: GrantedOrder[]
latched?: string[]
losses?: number
losses_age?: (number | null)
restricted?: ("" | "hard" | "soft")
suspended?: boolean
tradable?: boolean
volatility?: string
}
/**
 * An order that was granted within the duplicate window; `limit` is its protective price.
 */
export interface GrantedOrder {
limit: string
quantity: string
side: ("buy" | "sell")
}
/**
 * The equity marks that losses are measured from: the peak since opening or resume, and the open of the UTC
 *     market day. None before the first price.
 */
export interface Standing1 {
day_open?: (string | null)
peak?: (string | null)
}
export interface SuspensionLifted {
instrument: string
who: string
why: string
}
export interface TermChanged {
instrument: string
name: string
origin: string
to: string
who: string
why: string
}
/**
 * `gate_at` is when the gate in the database fell (ns): from then on no paper fill commits.
 */
export interface TradingHalted {
gate_at: number
who: string
why: string
}
export interface TradingReduced {
gate_at: number
who: string
why: string
}
export interface TradingResumed {
origin: ("HALTED" | "NORMAL" | "REDUCE_ONLY")
to: ("HALTED" | "NORMAL" | "REDUCE_ONLY")
who: string
why: string
}
export interface TradingStatusChanged {
instrument: string
market_at: number
status: string
tradable: boolean
}
/**
 * One instrument: only orders that shrink its position. `formula` and `inputs` where a breaker did it.
 */
export interface TradingSuspended {
formula?: string
inputs?: {
[k: string]: string
}
instrument: string
who: string
why: string
}
