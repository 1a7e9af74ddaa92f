"""Every message that travels between processes: typed, tagged, versioned.

Wire form is JSON: prices and quantities are decimal strings, times are integer nanoseconds UTC.
Commands are imperative, announcements and ledger entries tell what is so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from streams.changes import Change
from streams.parts import Breaker, ObservedOutcome, Preview
from streams.vocabulary import (
    LARGEST as LARGEST,
)
from streams.vocabulary import (
    ZERO as ZERO,
)
from streams.vocabulary import (
    Action as Action,
)
from streams.vocabulary import (
    Code as Code,
)
from streams.vocabulary import (
    Id as Id,
)
from streams.vocabulary import (
    Log as Log,
)
from streams.vocabulary import (
    Mode as Mode,
)
from streams.vocabulary import (
    Name as Name,
)
from streams.vocabulary import (
    Nanoseconds as Nanoseconds,
)
from streams.vocabulary import (
    Probability as Probability,
)
from streams.vocabulary import (
    Reason as Reason,
)
from streams.vocabulary import (
    Side as Side,
)
from streams.vocabulary import (
    Source as Source,
)
from streams.vocabulary import (
    Stance as Stance,
)
from streams.vocabulary import (
    Symbol as Symbol,
)
from streams.vocabulary import (
    Track as Track,
)
from streams.vocabulary import (
    finite as finite,
)
from streams.vocabulary import (
    positive as positive,
)


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Anything that may travel in an envelope."""


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

Why = Annotated[str, Meta(min_length=1, max_length=500)]


class Leg(Struct, frozen=True, kw_only=True):
    """A further leg of a trade: all legs are granted, or none."""

    instrument: Symbol
    target: Decimal
    price: Decimal

    def __post_init__(self) -> None:
        finite(target=self.target)
        positive(price=self.price)


class SubmitProposal(Message, frozen=True, kw_only=True, tag="SubmitProposal.1"):
    """`target` is the signed final quantity (trade), or the cap on |position| (reduce).
    `probability` is P(y = 1) at the book's horizon; `price` and `evidence` are what the agent saw. With `legs` it is
    all or none, and y is about the legs together, weighted by their value."""

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
    legs: Annotated[tuple[Leg, ...], Meta(max_length=7)] = ()

    def __post_init__(self) -> None:
        finite(target=self.target)
        positive(price=self.price)
        if len({self.instrument, *(leg.instrument for leg in self.legs)}) <= len(self.legs):
            raise ValueError("two legs are on the same instrument")


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

    reason: Why


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


class ReportTradingStatus(Message, frozen=True, kw_only=True, tag="ReportTradingStatus.1"):
    """A venue says whether an instrument trades; `status` is its own word."""

    instrument: Symbol
    tradable: bool
    status: Name
    market_at: Nanoseconds


class RecordOutcomes(Message, frozen=True, kw_only=True, tag="RecordOutcomes.1"):
    """What the market made of every question of one bucket (⌊opening / horizon⌋ on the market clock)."""

    bucket: Nanoseconds
    outcomes: tuple[ObservedOutcome, ...]


class RequestChange(Message, frozen=True, kw_only=True, tag="RequestChange.1"):
    """Tightening takes hold at once; loosening waits for another operator and the timelock. A change of rules carries
    its shadow replay."""

    change_id: Id
    change: Change
    reason: Why
    preview: Preview | None = None


class ApproveChange(Message, frozen=True, kw_only=True, tag="ApproveChange.1"):
    change_id: Id
    reason: Why


class RefuseChange(Message, frozen=True, kw_only=True, tag="RefuseChange.1"):
    """Ends a change that has not been enacted; its proposer may withdraw it so."""

    change_id: Id
    reason: Why


class ReleaseHold(Message, frozen=True, kw_only=True, tag="ReleaseHold.1"):
    """Lets a held decision go on: prices and rules are checked again."""

    decision_id: Id
    reason: Why


class RefuseHold(Message, frozen=True, kw_only=True, tag="RefuseHold.1"):
    decision_id: Id
    reason: Why


class SuspendInstrument(Message, frozen=True, kw_only=True, tag="SuspendInstrument.1"):
    instrument: Symbol
    reason: Why


class LiftSuspension(Message, frozen=True, kw_only=True, tag="LiftSuspension.1"):
    instrument: Symbol
    reason: Why


class ClearBreaker(Message, frozen=True, kw_only=True, tag="ClearBreaker.1"):
    """A person has looked at a latched control (repeated execution: `subject` is `agent:instrument`)."""

    breaker: Breaker
    subject: Annotated[str, Meta(max_length=200)]
    reason: Why


class AcknowledgeAlarm(Message, frozen=True, kw_only=True, tag="AcknowledgeAlarm.1"):
    alarm_id: Id
    reason: Why


class GateObserved(Message, frozen=True, kw_only=True, tag="GateObserved.1"):
    """What the governor read in the `gate` table; made by its shell, so that a recorded run can be repeated."""

    mode: Mode
    who: Name
    why: Reason
    gate_at: Nanoseconds


AgentCommand = SubmitProposal | OfferAmendment | CastBallot
FeedCommand = ChangeFeedSource | ReportFeedGap | ReportTradingStatus
ConfigCommand = RequestChange | ApproveChange | RefuseChange
HoldCommand = ReleaseHold | RefuseHold
OperatorCommand = (
    ResumeTrading | ConfigCommand | HoldCommand | SuspendInstrument | LiftSuspension | ClearBreaker | AcknowledgeAlarm
)
Command = AgentCommand | OperatorCommand | FeedCommand | RecordOutcomes | GateObserved


# --- governance.deliberations -------------------------------------------------------------------


class AnnouncedLeg(Struct, frozen=True, kw_only=True):
    instrument: Symbol
    target: Decimal
    held: Decimal
    price: Decimal
    spread: Decimal


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
    legs: tuple[AnnouncedLeg, ...] = ()


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
