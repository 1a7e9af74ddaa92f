"""Every message that travels between processes: typed, tagged, versioned.

Wire form is JSON: prices and quantities are decimal strings, times are integer nanoseconds UTC.
Commands are imperative, announcements and ledger entries tell what is so.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

Id = Annotated[str, Meta(min_length=1, max_length=200)]
Symbol = Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,31}$")]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Reason = Annotated[str, Meta(max_length=500)]
Probability = Annotated[float, Meta(ge=0.0, le=1.0)]
Nanoseconds = Annotated[int, Meta(ge=0)]

Side = Literal["buy", "sell"]
Source = Literal["live", "replay", "synthetic"]
Stance = Literal["approve", "reject", "abstain"]
Action = Literal["trade", "reduce", "halt"]
Track = Literal["HALT", "REDUCE", "TRADE", "CONFIG"]
Mode = Literal["NORMAL", "REDUCE_ONLY", "HALTED"]
Log = Literal["governance", "execution"]

ZERO = Decimal(0)
LARGEST = Decimal("1e18")


class Code(StrEnum):
    """Why an entry, a proposal or an order was refused: part of the public interface."""

    UNDECODABLE = "UNDECODABLE"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    TOO_LARGE = "TOO_LARGE"
    NOT_TEXT = "NOT_TEXT"
    NOT_FINITE = "NOT_FINITE"
    NOT_POSITIVE = "NOT_POSITIVE"
    CROSSED = "CROSSED"
    INVALID = "INVALID"
    DUPLICATE = "DUPLICATE"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    NOT_MARKET = "NOT_MARKET"
    TOO_OLD = "TOO_OLD"
    UNKNOWN_AGENT = "UNKNOWN_AGENT"
    UNKNOWN_BOOK = "UNKNOWN_BOOK"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    UNKNOWN_PROPOSAL = "UNKNOWN_PROPOSAL"
    NOT_ENTITLED = "NOT_ENTITLED"
    SEAT_SUSPENDED = "SEAT_SUSPENDED"
    INCOHERENT = "INCOHERENT"
    WRONG_HORIZON = "WRONG_HORIZON"
    ALREADY_VOTED = "ALREADY_VOTED"
    TOO_LATE = "TOO_LATE"
    NO_CHANGE = "NO_CHANGE"
    NO_PRICE = "NO_PRICE"
    STALE_DATA = "STALE_DATA"
    STALE_PROPOSAL = "STALE_PROPOSAL"
    DRIFTED = "DRIFTED"
    COUNCIL_TOO_SMALL = "COUNCIL_TOO_SMALL"
    MODE = "MODE"
    INQUORATE = "INQUORATE"
    DEFEATED = "DEFEATED"
    GUARD_SILENT = "GUARD_SILENT"
    VETOED = "VETOED"
    SUPERSEDED = "SUPERSEDED"
    SIZE_LIMIT = "SIZE_LIMIT"
    CAPPED = "CAPPED"
    CLIPPED = "CLIPPED"
    NO_BUDGET = "NO_BUDGET"
    RULE_DENIED = "RULE_DENIED"
    RULE_ERROR = "RULE_ERROR"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    MESSAGE_RATE = "MESSAGE_RATE"
    RESTARTED = "RESTARTED"
    HALTED = "HALTED"
    EXPIRED = "EXPIRED"
    NO_CASH = "NO_CASH"
    TTL = "TTL"
    LIMIT = "LIMIT"
    POSITION_LIMIT = "POSITION_LIMIT"
    REDUCE_ONLY = "REDUCE_ONLY"


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Anything that may travel in an envelope."""


def positive(**values: Decimal) -> None:
    """Refuse numbers that no market has: not finite, not above zero, or absurdly large."""
    for name, value in values.items():
        if not value.is_finite():
            raise ValueError(f"{name} is not finite")
        if not 0 < value <= LARGEST:
            raise ValueError(f"{name} is not positive")


def finite(**values: Decimal) -> None:
    for name, value in values.items():
        if not value.is_finite() or abs(value) > LARGEST:
            raise ValueError(f"{name} is not finite")


# --- market.ticks -------------------------------------------------------------------------------


class Tick(Message, frozen=True, kw_only=True):
    """What every tick has. Two clocks: `market_at` is the market clock (receive time, as replayed),
    `received_at` the process clock (in a replay: the scheduled time). `event_at` is the exchange's own.
    A NaN raises `decimal.InvalidOperation` from the comparisons: the wire names it NOT_FINITE."""

    instrument: Name
    market_at: Nanoseconds
    received_at: Nanoseconds
    event_at: Nanoseconds = 0
    venue: Name = "binance"
    source: Source = "live"


class Trade(Tick, frozen=True, kw_only=True, tag="Trade.1"):
    trade_id: int
    price: Decimal
    quantity: Decimal
    aggressor: Side

    def __post_init__(self) -> None:
        if not (ZERO < self.price <= LARGEST and ZERO < self.quantity <= LARGEST):
            raise ValueError("price or quantity is not positive")

    @property
    def id(self) -> str:
        return f"{self.venue}:{self.instrument}:t{self.trade_id}"


class Quote(Tick, frozen=True, kw_only=True, tag="Quote.1"):
    """Best bid and offer. A side without an offer has size 0 and price 0 (a one-sided book)."""

    update_id: int
    bid: Decimal
    bid_size: Decimal
    ask: Decimal
    ask_size: Decimal

    def __post_init__(self) -> None:
        if not (
            ZERO <= self.bid <= LARGEST
            and ZERO <= self.ask <= LARGEST
            and ZERO <= self.bid_size <= LARGEST
            and ZERO <= self.ask_size <= LARGEST
        ):
            raise ValueError("a price or size is negative")
        if self.bid and self.ask and self.bid > self.ask:
            raise ValueError("the quote is crossed")

    @property
    def id(self) -> str:
        return f"{self.venue}:{self.instrument}:q{self.update_id}"

    @property
    def two_sided(self) -> bool:
        return bool(self.bid and self.ask and self.bid_size and self.ask_size)


class Depth(Tick, frozen=True, kw_only=True, tag="Depth.1"):
    """Changed levels of the order book, quantity 0 = level gone; ids are inclusive."""

    first_id: int
    last_id: int
    previous_id: int = 0
    bids: tuple[tuple[Decimal, Decimal], ...] = ()
    asks: tuple[tuple[Decimal, Decimal], ...] = ()

    @property
    def id(self) -> str:
        return f"{self.venue}:{self.instrument}:d{self.last_id}"


AnyTick = Trade | Quote | Depth


# --- governance.commands ------------------------------------------------------------------------


class SubmitProposal(Message, frozen=True, kw_only=True, tag="SubmitProposal.1"):
    """`target` is the signed final quantity (trade), or the cap on |position| (reduce).
    `probability` is P(y = 1) at the book's horizon; `price` and `evidence` are what the agent saw."""

    proposal_id: Id
    action: Action
    instrument: Symbol
    target: Decimal
    probability: Probability | None = None
    horizon_s: int = 0
    price: Decimal
    evidence: Annotated[tuple[Id, ...], Meta(max_length=16)] = ()
    evidence_received_at: Nanoseconds
    evidence_published_at: Nanoseconds = 0
    ttl_ms: Annotated[int, Meta(ge=1, le=60_000)] = 200
    reason: Reason = ""

    def __post_init__(self) -> None:
        finite(target=self.target)
        positive(price=self.price)


class OfferAmendment(Message, frozen=True, kw_only=True, tag="OfferAmendment.1"):
    """A changed copy of `amends`; it shares the forecast of its original."""

    proposal_id: Id
    amends: Id
    target: Decimal
    reason: Reason = ""

    def __post_init__(self) -> None:
        finite(target=self.target)


class CastBallot(Message, frozen=True, kw_only=True, tag="CastBallot.1"):
    """One seat on one proposal; `probability` is absent exactly when the stance is abstain.
    `size_limit` (|position| at most) and `veto` are for veto seats only."""

    proposal_id: Id
    stance: Stance
    probability: Probability | None = None
    size_limit: Decimal | None = None
    veto: bool = False
    reason: Reason = ""

    def __post_init__(self) -> None:
        if self.size_limit is not None:
            finite(size_limit=self.size_limit)
            if self.size_limit < 0:
                raise ValueError("size_limit is negative")


class ResumeTrading(Message, frozen=True, kw_only=True, tag="ResumeTrading.1"):
    """An operator ends a halt or a reduce-only mode; who asks is the envelope's actor."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ChangeFeedSource(Message, frozen=True, kw_only=True, tag="ChangeFeedSource.1"):
    origin: Source
    to: Source
    reason: Reason = ""


class ReportFeedGap(Message, frozen=True, kw_only=True, tag="ReportFeedGap.1"):
    """Ids `first`..`last` (inclusive) of `instrument` that could not be had."""

    instrument: Symbol
    kind: Literal["trade", "depth"]
    first: int
    last: int
    market_at: Nanoseconds


class GateObserved(Message, frozen=True, kw_only=True, tag="GateObserved.1"):
    """What the governor read in the `gate` table; made by its shell, so that a recorded run can be repeated."""

    mode: Mode
    who: Name
    why: Reason
    gate_at: Nanoseconds


AgentCommand = SubmitProposal | OfferAmendment | CastBallot
Command = AgentCommand | ResumeTrading | ChangeFeedSource | ReportFeedGap | GateObserved


# --- governance.deliberations -------------------------------------------------------------------


class ProposalAnnounced(Message, frozen=True, kw_only=True, tag="ProposalAnnounced.1"):
    """A proposal or amendment (`amends` set) is open for ballots; the author's forecast stays sealed.
    `held` is position + reserved of the instrument, the quantity that targets are compared with."""

    deliberation_id: Id
    proposal_id: Id
    author: Name
    track: Track
    action: Action
    instrument: Symbol
    target: Decimal
    held: Decimal
    price: Decimal
    spread: Decimal
    equity: Decimal
    joins_until: Nanoseconds
    deadline: Nanoseconds
    amends: Id | None = None


class MassCounted(Message, frozen=True, kw_only=True, tag="MassCounted.1"):
    """The mass that has voted so far, never its stance."""

    deliberation_id: Id
    voted_ppm: dict[str, int]
    total_ppm: int


class DeliberationResolved(Message, frozen=True, kw_only=True, tag="DeliberationResolved.1"):
    """Announced only after its commit."""

    deliberation_id: Id
    outcome: str
    position: int


class ModeChanged(Message, frozen=True, kw_only=True, tag="ModeChanged.1"):
    mode: Mode
    reason: Reason = ""


Announcement = ProposalAnnounced | MassCounted | DeliberationResolved | ModeChanged


# --- ledger.governance, ledger.execution ----------------------------------------------------------


class LedgerRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of a log. `topic` is `Aggregate.Event`; `state` the JSON as it was hashed."""

    position: int
    event_id: str
    aggregate_id: str
    version: int
    topic: str
    correlation_id: str
    causation_id: str
    actor: str
    book: str
    command_id: str | None = None
    state: Raw

    @property
    def event(self) -> str:
        return self.topic.partition(".")[2]


class LedgerEntry(Message, frozen=True, kw_only=True, tag="LedgerEntry.1"):
    """One committed transaction of a log: positions `first`..`last`, `recorded_at` by the database."""

    log: Log
    partition: int
    first: int
    last: int
    recorded_at: Nanoseconds
    rows: tuple[LedgerRow, ...]


# --- dead.letters -------------------------------------------------------------------------------


class DeadLetter(Message, frozen=True, kw_only=True, tag="DeadLetter.1"):
    """An entry that was refused: `raw` is base64 of the bytes as they came (at most 64 KiB of them)."""

    stream: str
    entry_id: str
    code: Code
    detail: Annotated[str, Meta(max_length=1000)]
    raw: bytes
    origin: str
    at: Nanoseconds


# --- journals of the cores (what a live run kept, to be repeated) -------------------------------


class CoreStarted(Message, frozen=True, kw_only=True, tag="CoreStarted.1"):
    """A core begins anew from the ledger: the entries that follow, up to `events` rows, are its recovery."""

    core: Name
    events: int


class ClockAdvanced(Message, frozen=True, kw_only=True, tag="ClockAdvanced.1"):
    """The core was only told the time."""


AnyMessage = AnyTick | Command | Announcement | LedgerEntry | DeadLetter | CoreStarted | ClockAdvanced
