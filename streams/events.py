"""Every event of the two logs: a public interface that people write SQL and programs against.

A stored event is JSON without its type; the type stands in the row's topic, `Aggregate.Event`.
Changing the fields of an event is a new version with an upcaster, never an edit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from streams.envelope import NAMESPACE
from streams.messages import Action, LedgerRow, Mode, Side, Source, Stance, Track

Outcome = Literal["granted", "reduced", "vetoed", "expired", "refused"]
Role = Literal["strategy", "risk", "compliance", "anomaly", "rule"]
Effect = Literal["deny", "clip", "hold", "warn"]
CloseReason = Literal["unflippable", "all_voted", "deadline", "halted", "restarted"]


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened; the past tense is the name."""


# --- parts of events ------------------------------------------------------------------------------


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
    """The parameters of a book; the defaults are the demo book's."""

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


class RuleClause(Struct, frozen=True, kw_only=True):
    """A named CEL expression that must be exactly true."""

    name: str
    cel: str


class MarketView(Struct, frozen=True, kw_only=True):
    """The prices a decision rests on: P, the tick that set it, and where that came from."""

    price: Decimal
    spread: Decimal
    tick_id: str
    source: Source
    market_at: int


class OrderTicket(Struct, frozen=True, kw_only=True):
    """An order as decided; quantity is unsigned, limit the protective price."""

    order_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal
    reduce_only: bool = False


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
    facts: dict[str, float | int | str | bool]
    shadow: bool = False
    clipped_to: Decimal | None = None


class Trigger(Struct, frozen=True, kw_only=True):
    """The tick that started it all and when it was received (process clock, ns)."""

    tick_id: str
    received_at: int


# --- log governance ---------------------------------------------------------------------------------


class BookFounded(Event, frozen=True, kw_only=True):
    book: str
    quote: str
    instruments: tuple[InstrumentTerms, ...]
    terms: BookTerms
    who: str
    why: str


class InstrumentListed(Event, frozen=True, kw_only=True):
    terms: InstrumentTerms
    who: str
    why: str


class SeatGranted(Event, frozen=True, kw_only=True):
    """`prior_ppm` is the mass a seat starts with; guards (`veto`) hold no TRADE mass."""

    agent: str
    role: Role
    owner: str
    prior_ppm: int
    veto: bool
    required: bool
    who: str
    why: str


class SeatSuspended(Event, frozen=True, kw_only=True):
    agent: str
    who: str
    why: str


class SeatReinstated(Event, frozen=True, kw_only=True):
    agent: str
    who: str
    why: str


class RuleActivated(Event, frozen=True, kw_only=True):
    """Every clause must be true, or `effect` follows; a clip sets the largest quantity by `clip_to` (CEL, DOUBLE)."""

    rule: str
    version: int
    title: str
    effect: Effect
    clauses: tuple[RuleClause, ...]
    clip_to: str = ""
    exempt_risk_reducing: bool = True
    shadow: bool = False
    who: str
    why: str


class RuleRetired(Event, frozen=True, kw_only=True):
    rule: str
    version: int
    who: str
    why: str


class ProposalRefused(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    action: Action
    instrument: str
    target: Decimal
    reason: str
    detail: str = ""


class DeliberationOpened(Event, frozen=True, kw_only=True):
    deliberation_id: str
    instrument: str
    track: Track
    opened_at: int
    deadline: int
    weights_version: str
    total_ppm: int
    rulebook_version: int
    market: MarketView


class ProposalAdmitted(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    action: Action
    instrument: str
    target: Decimal
    probability: float | None
    held: Decimal
    price: Decimal
    market: MarketView
    evidence: tuple[str, ...]
    ttl_ms: int
    why: str


class AmendmentOffered(Event, frozen=True, kw_only=True):
    proposal_id: str
    amends: str
    agent: str
    target: Decimal
    why: str


class BallotCast(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    stance: Stance
    probability: float | None
    weight_ppm: int
    size_limit: Decimal | None
    veto: bool
    reason: str


class BallotLate(Event, frozen=True, kw_only=True):
    proposal_id: str
    agent: str
    stance: Stance
    probability: float | None
    weight_ppm: int
    size_limit: Decimal | None
    veto: bool
    reason: str


class DeliberationClosed(Event, frozen=True, kw_only=True):
    reason: CloseReason
    closed_at: int


class ProposalTallied(Event, frozen=True, kw_only=True):
    """The passing rule on one proposal, with everything it reads (masses in ppm)."""

    proposal_id: str
    yes_ppm: int
    no_ppm: int
    missing_ppm: int
    total_ppm: int
    forecast: float | None
    state: Literal["PASSED", "DEFEATED", "INQUORATE", "VETOED", "HALTED"]
    reason: str
    by: str = ""


class ProposalsArbitrated(Event, frozen=True, kw_only=True):
    results: tuple[ProposalResult, ...]
    targets: dict[str, Decimal]


class RulesEvaluated(Event, frozen=True, kw_only=True):
    rulebook_version: int
    traces: tuple[ClauseTrace, ...]


class DecisionReached(Event, frozen=True, kw_only=True):
    decision_id: str
    deliberation_id: str
    outcome: Outcome
    orders: tuple[OrderTicket, ...]
    reasons: tuple[ProposalResult, ...]
    trigger: Trigger
    ttl_ms: int


class TradingHalted(Event, frozen=True, kw_only=True):
    """`gate_at` is when the gate in the database fell (ns): from then on no paper fill commits."""

    who: str
    why: str
    gate_at: int


class TradingReduced(Event, frozen=True, kw_only=True):
    who: str
    why: str
    gate_at: int


class TradingResumed(Event, frozen=True, kw_only=True):
    who: str
    why: str
    origin: Mode
    to: Mode


class FeedSourceChanged(Event, frozen=True, kw_only=True):
    origin: Source
    to: Source
    why: str


class FeedGap(Event, frozen=True, kw_only=True):
    instrument: str
    kind: str
    first: int
    last: int
    market_at: int


# --- log execution ----------------------------------------------------------------------------------


class BookOpened(Event, frozen=True, kw_only=True):
    book: str
    quote: str
    cash: Decimal


class CashMoved(Event, frozen=True, kw_only=True):
    amount: Decimal
    reason: str


class OrderAccepted(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    instrument: str
    side: Side
    quantity: Decimal
    limit: Decimal


class OrderSent(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str


class OrderRejected(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderCancelled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderExpired(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    reason: str
    detail: str = ""


class OrderPartiallyFilled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str
    instrument: str
    side: Side
    quantity: Decimal
    leaves: Decimal
    price: Decimal
    fee: Decimal
    tick_id: str
    received_at: int
    after_halt: bool = False


class OrderFilled(Event, frozen=True, kw_only=True):
    order_id: str
    decision_id: str
    venue: str
    instrument: str
    side: Side
    quantity: Decimal
    leaves: Decimal
    price: Decimal
    fee: Decimal
    tick_id: str
    received_at: int
    after_halt: bool = False


Fill = OrderFilled | OrderPartiallyFilled
FINAL: tuple[type[Event], ...] = (OrderFilled, OrderRejected, OrderCancelled, OrderExpired)

AGGREGATES: dict[str, tuple[type[Event], ...]] = {
    "Book": (BookFounded, InstrumentListed, TradingHalted, TradingReduced, TradingResumed, FeedSourceChanged, FeedGap),
    "Council": (SeatGranted, SeatSuspended, SeatReinstated),
    "Rulebook": (RuleActivated, RuleRetired),
    "Proposal": (ProposalRefused,),
    "Deliberation": (
        DeliberationOpened,
        ProposalAdmitted,
        AmendmentOffered,
        BallotCast,
        BallotLate,
        DeliberationClosed,
        ProposalTallied,
        ProposalsArbitrated,
        RulesEvaluated,
        DecisionReached,
    ),
    "Account": (BookOpened, CashMoved),
    "Order": (
        OrderAccepted,
        OrderSent,
        OrderRejected,
        OrderCancelled,
        OrderExpired,
        OrderPartiallyFilled,
        OrderFilled,
    ),
}
TYPES: dict[str, type[Event]] = {
    f"{aggregate}.{event.__name__}": event for aggregate, events in AGGREGATES.items() for event in events
}
TOPICS: dict[type[Event], str] = {event: topic for topic, event in TYPES.items()}


class DomainEvent(Struct, frozen=True, kw_only=True):
    """An event with its place in an aggregate and its cause: what a core hands over to be recorded."""

    originator_id: UUID
    originator_version: int
    body: Event
    correlation_id: str
    causation_id: str
    actor: str
    book: str
    command_id: str | None = None


def aggregate_id(aggregate: str, key: str) -> UUID:
    """The id of an aggregate by its kind (a key of `AGGREGATES`) and its natural key."""
    return uuid5(NAMESPACE, f"{aggregate}\x1f{key}")


_encoder = msgspec.json.Encoder()
_decoders = {topic: msgspec.json.Decoder(event) for topic, event in TYPES.items()}


def encode_event(event: Event) -> bytes:
    return _encoder.encode(event)


def decode_event(topic: str, state: bytes | msgspec.Raw) -> Event:
    """Raises KeyError for a topic that this release does not know."""
    return _decoders[topic].decode(state)


def event_of(row: LedgerRow) -> DomainEvent:
    """The event that a row of a ledger entry carries. Raises KeyError for a topic that this release does not know."""
    return DomainEvent(
        originator_id=UUID(row.aggregate_id),
        originator_version=row.version,
        body=decode_event(row.topic, row.state),
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        actor=row.actor,
        book=row.book,
        command_id=row.command_id,
    )
