"""What happens to a book, its council, its rules and its changes: events of the governance log, a public interface."""

from __future__ import annotations

from decimal import Decimal

from streams.changes import Change
from streams.parts import (
    BookTerms,
    Breaker,
    Effect,
    Event,
    InstrumentTerms,
    ObservedOutcome,
    Preview,
    Role,
    RuleClause,
    RuleExample,
    SeatScore,
    SignalRule,
)
from streams.vocabulary import Mode, Source


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
    """`prior_ppm` is the mass a seat starts with; guards (`veto`) hold no TRADE mass. A `shadow` is a newcomer: its
    ballots are scored and do not count until it enters. `signals` declare what sits in a rule seat."""

    agent: str
    role: Role
    owner: str
    prior_ppm: int
    veto: bool
    required: bool
    shadow: bool = False
    signals: tuple[SignalRule, ...] = ()
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


class SeatKeyIssued(Event, frozen=True, kw_only=True):
    """Every seat begins with the house's key 1. `public`: the Ed25519 key of the party that holds the seat, "" for a
    key of the house; `issued_at` on the process clock."""

    agent: str
    number: int
    public: str = ""
    issued_at: int
    who: str
    why: str


class SeatKeyRevoked(Event, frozen=True, kw_only=True):
    agent: str
    number: int
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
    examples: tuple[RuleExample, ...] = ()
    who: str
    why: str


class RuleRetired(Event, frozen=True, kw_only=True):
    rule: str
    version: int
    who: str
    why: str


class OutcomesRecorded(Event, frozen=True, kw_only=True):
    """What the market made of the questions of one bucket, vetoed and defeated ones too; `horizon` in seconds."""

    bucket: int
    horizon: int
    outcomes: tuple[ObservedOutcome, ...]


class CouncilScored(Event, frozen=True, kw_only=True):
    """One bucket scored: its copy of the weights (`bucket` mod 3) after the update. `cap` is the largest share that an
    owner may hold; `mix_loss` what the council as a whole paid, by its weights and in bucket means."""

    bucket: int
    copy: int
    cap: float
    floor: float
    questions: int
    mix_loss: float
    forecast_loss: float
    seats: tuple[SeatScore, ...]


class SeatEntered(Event, frozen=True, kw_only=True):
    """A newcomer has been scored often enough: it enters all three copies with `weight`, the others shrink by that."""

    agent: str
    weight: float
    events: int


class ReputationAdjusted(Event, frozen=True, kw_only=True):
    """Set by hand, in all three copies; the bounds begin anew."""

    agent: str
    origin: float
    to: float
    who: str
    why: str


class ProposingSuspended(Event, frozen=True, kw_only=True):
    """Too many strikes: the seat may vote but not propose until `until` (process clock, ns)."""

    agent: str
    strikes: int
    until: int
    why: str


class ChangeRequested(Event, frozen=True, kw_only=True):
    """`base` is what it would change: the parameter's value, the rule's version. Who approves has seen that."""

    change_id: str
    change: Change
    loosens: bool
    why_loosens: str
    who: str
    why: str
    requested_at: int
    preview: Preview | None = None
    base: str = ""


class ChangeApproved(Event, frozen=True, kw_only=True):
    """By another than who requested it; it is enacted at `enacts_at` (process clock, ns)."""

    change_id: str
    who: str
    why: str
    enacts_at: int


class ChangeRefused(Event, frozen=True, kw_only=True):
    change_id: str
    who: str
    why: str


class ChangeEnacted(Event, frozen=True, kw_only=True):
    change_id: str
    who: str
    approved_by: str


class TermChanged(Event, frozen=True, kw_only=True):
    name: str
    instrument: str
    origin: Decimal
    to: Decimal
    who: str
    why: str


class InstrumentRestricted(Event, frozen=True, kw_only=True):
    """From and to on the market clock (ns)."""

    instrument: str
    since: int
    until: int | None
    hard: bool
    who: str
    why: str


class RestrictionLifted(Event, frozen=True, kw_only=True):
    instrument: str
    who: str
    why: str


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


class TradingSuspended(Event, frozen=True, kw_only=True):
    """One instrument: only orders that shrink its position. `formula` and `inputs` where a breaker did it."""

    instrument: str
    who: str
    why: str
    formula: str = ""
    inputs: dict[str, str] = {}


class SuspensionLifted(Event, frozen=True, kw_only=True):
    instrument: str
    who: str
    why: str


class TradingStatusChanged(Event, frozen=True, kw_only=True):
    instrument: str
    tradable: bool
    status: str
    market_at: int


class CancelOrdered(Event, frozen=True, kw_only=True):
    """The executor is to cancel a working order."""

    order_id: str
    who: str
    why: str


class CashMoveOrdered(Event, frozen=True, kw_only=True):
    """The executor is to book a deposit (positive) or a withdrawal."""

    amount: Decimal
    who: str
    why: str


class PositionAdjustmentOrdered(Event, frozen=True, kw_only=True):
    """The executor is to bring the book level with what is really held: `quantity` (signed) at `price`."""

    instrument: str
    quantity: Decimal
    price: Decimal
    who: str
    why: str


class ReconciliationOrdered(Event, frozen=True, kw_only=True):
    """The executor is to compare the book with its venue now."""

    who: str
    why: str


class BreakerWarned(Event, frozen=True, kw_only=True):
    """80 % of the way; `level` is the measured value in units of the limit."""

    breaker: Breaker
    subject: str
    level: float
    formula: str
    inputs: dict[str, str]


class BreakerTripped(Event, frozen=True, kw_only=True):
    """The one alarm of a trip, until a person acknowledges it. `effect` is a mode, SUSPENDED or LATCHED; `subject` the
    book, an instrument, or `agent:instrument`."""

    alarm_id: str
    breaker: Breaker
    subject: str
    effect: str
    level: float
    formula: str
    inputs: dict[str, str]


class BreakerCleared(Event, frozen=True, kw_only=True):
    breaker: Breaker
    subject: str
    who: str
    why: str


class AlarmAcknowledged(Event, frozen=True, kw_only=True):
    alarm_id: str
    who: str
    why: str


class EquityMarked(Event, frozen=True, kw_only=True):
    """The marks that losses are measured from, at most once a market minute, on a new day and after a resume; `day` is
    the UTC market day."""

    equity: Decimal
    peak: Decimal
    day_open: Decimal
    day: str
    market_at: int
