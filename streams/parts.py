"""The parts that events and commands are made of: terms, rules, prices, conditions, results, scores."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.vocabulary import OrderType, Side, Source, TimeInForce

Outcome = Literal["granted", "reduced", "vetoed", "expired", "refused"]
Role = Literal["strategy", "risk", "compliance", "anomaly", "rule"]
Effect = Literal["deny", "clip", "hold", "warn"]
CloseReason = Literal["unflippable", "all_voted", "deadline", "halted", "restarted"]
Breaker = Literal[
    "drawdown", "daily_loss", "reject_rate", "stale_feed", "repeated_execution", "reconciliation", "identity"
]
Fact = bool | int | float | str

CelText = Annotated[str, Meta(max_length=2_000)]
Label = Annotated[str, Meta(min_length=1, max_length=64)]
Sentence = Annotated[str, Meta(max_length=500)]


class InstrumentTerms(Struct, frozen=True, kw_only=True):
    """What may be traded and in which steps; quantities in base units, values in the quote currency."""

    symbol: str
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal
    max_order_volume: Decimal
    min_position: Decimal
    max_position: Decimal


class BookTerms(Struct, frozen=True, kw_only=True):
    """The parameters of a book; the defaults are the demo book's. `_bp` are basis points, `_s` and `_ms` times;
    fractions are of equity unless said otherwise."""

    fee_bp: Decimal = Decimal("0.2")
    slippage_bp: Decimal = Decimal("0")
    horizon_s: int = 30
    trade_window_ms: int = 25
    reduce_window_ms: int = 10
    trade_threshold: Decimal = Decimal("0.5")
    trade_quorum: Decimal = Decimal("0.4")
    decision_ttl_ms: int = 200
    proposal_max_age_ms: int = 500
    drift_bp: Decimal = Decimal("20")
    max_order_value: Decimal = Decimal("10000")
    max_gross: Decimal = Decimal("1.0")
    max_concentration: Decimal = Decimal("0.4")
    collar_bp: Decimal = Decimal("50")
    quote_max_age_ms: int = 1000
    trade_max_age_ms: int = 5000
    messages_per_s: int = 50
    message_burst: int = 100
    drawdown_reduce: Decimal = Decimal("0.05")
    drawdown_halt: Decimal = Decimal("0.08")
    max_net: Decimal = Decimal("0.6")
    daily_loss_reduce: Decimal = Decimal("0.02")
    daily_loss_halt: Decimal = Decimal("0.03")
    repeated_fills: int = 5
    repeated_window_s: int = 10
    repeated_trips: int = 3
    repeated_trips_window_s: int = 600
    losses_in_row: int = 4
    losses_cooldown_s: int = 600
    duplicate_window_ms: int = 2000
    gap_clean_ms: int = 5000
    volatility_window_s: int = 60
    max_volatility: Decimal = Decimal("0.01")
    live_only: bool = False
    reject_rate: Decimal = Decimal("0.2")
    reject_window_s: int = 60
    reject_orders: int = 10
    stale_suspend_s: int = 5
    stale_reduce_s: int = 60
    hold_ttl_s: int = 120
    timelock_s: int = 60
    owner_cap: Decimal = Decimal("0")  # 0: 1/3 under nine owners, else 1/4
    weight_floor: Decimal = Decimal("0.01")  # alpha, per bucket
    newcomer_events: int = 50
    strikes: int = 20
    strikes_window_s: int = 600
    strikes_pause_s: int = 600
    real_venue: bool = False  # orders go to the venue that the executor is configured with, not to paper
    paper_latency_ms: int = 0
    paper_jitter_ms: int = 0
    paper_depth_share: Decimal = Decimal("1")  # of what a level shows, how much an order gets
    paper_seed: int = 0


class RuleClause(Struct, frozen=True, kw_only=True):
    """A named CEL expression that must be exactly true."""

    name: Label
    cel: CelText


class RuleExample(Struct, frozen=True, kw_only=True):
    """Facts laid over those of a sound order on a calm market, and what the rule says of them."""

    name: Label
    facts: Annotated[dict[str, Fact], Meta(max_length=64)]
    verdict: Literal["passes", "breaches", "exempt"]


class SignalRule(Struct, frozen=True, kw_only=True):
    """A rule seat's signal: when `when` (BOOL) holds the score is `score` (DOUBLE), positive expects a rise."""

    name: Label
    when: CelText
    score: CelText


class MarketView(Struct, frozen=True, kw_only=True):
    """The prices a decision rests on: P, the tick that set it, and where that came from."""

    price: Decimal
    spread: Decimal
    tick_id: str
    source: Source
    market_at: int


class AdmittedLeg(Struct, frozen=True, kw_only=True):
    """A further leg of a proposal that is granted as a whole or not at all."""

    instrument: str
    target: Decimal
    held: Decimal
    price: Decimal
    market: MarketView


class SeatSnapshot(Struct, frozen=True, kw_only=True):
    """The council of before the opening: masses in ppm of the seats in T, who may cast ballots that count (`able`),
    who may veto, without whom nothing passes, and whose ballots are only scored (`shadows`)."""

    ppm: dict[str, int]
    able: tuple[str, ...]
    vetoers: tuple[str, ...]
    required: tuple[str, ...]
    shadows: tuple[str, ...] = ()
    unvoted: tuple[str, ...] = ()  # guards, whose REDUCE passes without a vote


class OrderTicket(Struct, frozen=True, kw_only=True):
    """An order as decided; quantity is unsigned. A market order's `limit` is its protective price; what it cannot get
    at once is cancelled. A limit order is good until cancelled (GTC), for `good_for_ms` from its acceptance (GTD), or
    at once (IOC, FOK). Orders with the same `group` are executed all or none."""

    order_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal
    reduce_only: bool = False
    type: OrderType = "market"
    time_in_force: TimeInForce = "IOC"
    good_for_ms: int = 0
    group: str = ""


class ProposalResult(Struct, frozen=True, kw_only=True):
    """What became of one proposal: its final state, why, and what beat it (a proposal, a seat, a rule)."""

    proposal_id: str
    state: str
    reason: str
    by: str = ""
    detail: str = ""


class ClauseTrace(Struct, frozen=True, kw_only=True):
    """One clause on one order: `value` is true, false or an error code; `facts` what it read."""

    rule: str
    version: int
    clause: str
    order_id: str
    effect: Effect
    value: bool | str
    facts: dict[str, Fact]
    shadow: bool = False
    clipped_to: Decimal | None = None


class Trigger(Struct, frozen=True, kw_only=True):
    """The tick that started it all and when it was received (process clock, ns)."""

    tick_id: str
    received_at: int


# --- what a round finds ---------------------------------------------------------------------------


class Ages(Struct, frozen=True):
    """How old the last quote and the last trade are by the market clock (ns); None if there never was one. `lag` is
    how much later than usual the last trade came; None where none says when it happened."""

    quote: int | None
    trade: int | None
    lag: int | None = None


class CapInForce(Struct, frozen=True, kw_only=True):
    """A cap on |position| that a passed REDUCE left behind."""

    limit: Decimal
    proposal_id: str


class GrantedOrder(Struct, frozen=True, kw_only=True):
    """An order that was granted within the duplicate window; `limit` is its protective price."""

    side: Side
    quantity: Decimal
    limit: Decimal


class Conditions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the controls know of one instrument. Ages in ns, None = never: `gap_age` since the last unfilled gap,
    `calm_age` since the volatility was last at its limit (market clock), `losses_age` since the last of `losses`
    net losing round trips in a row (market clock). `latched` are the agents that repeated execution has stopped here,
    `restricted` is soft (reducing is allowed) or hard."""

    suspended: bool = False
    tradable: bool = True
    restricted: Literal["", "soft", "hard"] = ""
    gap_age: int | None = None
    volatility: Decimal = Decimal(0)
    calm_age: int | None = None
    losses: int = 0
    losses_age: int | None = None
    latched: tuple[str, ...] = ()
    granted: tuple[GrantedOrder, ...] = ()


class Standing(Struct, frozen=True, kw_only=True):
    """The equity marks that losses are measured from: the peak since opening or resume, and the open of the UTC
    market day. None before the first price."""

    peak: Decimal | None = None
    day_open: Decimal | None = None


class HeldOrder(Struct, frozen=True, kw_only=True):
    """An order that waits for an operator, with what it takes to judge it again: the target it goes to, the price its
    agent saw, when (process clock, ns), and which proposals of whom it stands for."""

    instrument: str
    hash: str
    target: Decimal
    quantity: Decimal
    support_ppm: int
    winners: tuple[str, ...]
    agents: tuple[str, ...]
    group: str
    seen: Decimal | None
    evidence_at: int


# --- outcomes and scores --------------------------------------------------------------------------


class OutcomeLeg(Struct, frozen=True, kw_only=True):
    """From P at the opening to the first P within 5 s after the horizon; `cost` is c. None: there was none (VOID)."""

    instrument: str
    side: Side
    origin: Decimal
    cost: float
    end: Decimal | None = None
    end_at: int | None = None


class ObservedOutcome(Struct, frozen=True, kw_only=True):
    """What the market made of one question; `y` is None for VOID. `gain` is side·return − c (of several legs: weighted
    by their value)."""

    deliberation_id: str
    question: str
    legs: tuple[OutcomeLeg, ...]
    gain: float | None
    y: bool | None


class SeatScore(Struct, frozen=True, kw_only=True):
    """One agent in one bucket: how many questions it forecast of how many, its mean loss L (mix loss where it slept),
    its weight in the bucket's copy before and after, and the mass in ppm that this makes."""

    agent: str
    forecasts: int
    questions: int
    loss: float
    brier: float | None
    before: float
    after: float
    ppm: int


# --- changes --------------------------------------------------------------------------------------


class DecisionDifference(Struct, frozen=True, kw_only=True):
    """A past decision that would have been another: its outcome then and with the change."""

    decision_id: str
    before: Outcome
    after: Outcome
    detail: Sentence = ""


class Preview(Struct, frozen=True, kw_only=True):
    """The shadow replay of a change over the last `decisions` decisions; `differences` are the first of `different`."""

    decisions: int
    different: int
    differences: Annotated[tuple[DecisionDifference, ...], Meta(max_length=50)] = ()


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; the past tense is the name."""
