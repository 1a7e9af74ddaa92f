"""Every message that travels between processes: typed, tagged, versioned.

Wire form is JSON: prices and quantities are decimal strings, times are integer nanoseconds UTC.
Commands are imperative, announcements and ledger entries tell what is so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct

from streams.commands import (
    AcknowledgeAlarm as AcknowledgeAlarm,
)
from streams.commands import (
    AdjustPosition as AdjustPosition,
)
from streams.commands import (
    AgentCommand as AgentCommand,
)
from streams.commands import (
    ApproveChange as ApproveChange,
)
from streams.commands import (
    CancelOrder as CancelOrder,
)
from streams.commands import (
    CastBallot as CastBallot,
)
from streams.commands import (
    ChangeFeedSource as ChangeFeedSource,
)
from streams.commands import (
    ClearBreaker as ClearBreaker,
)
from streams.commands import (
    Command as Command,
)
from streams.commands import (
    ConfigCommand as ConfigCommand,
)
from streams.commands import (
    DeskCommand as DeskCommand,
)
from streams.commands import (
    FeedCommand as FeedCommand,
)
from streams.commands import (
    Flatten as Flatten,
)
from streams.commands import (
    GateObserved as GateObserved,
)
from streams.commands import (
    HoldCommand as HoldCommand,
)
from streams.commands import (
    Leg as Leg,
)
from streams.commands import (
    LiftSuspension as LiftSuspension,
)
from streams.commands import (
    MoveCash as MoveCash,
)
from streams.commands import (
    OfferAmendment as OfferAmendment,
)
from streams.commands import (
    OperatorCommand as OperatorCommand,
)
from streams.commands import (
    Reconcile as Reconcile,
)
from streams.commands import (
    RecordOutcomes as RecordOutcomes,
)
from streams.commands import (
    RefuseChange as RefuseChange,
)
from streams.commands import (
    RefuseHold as RefuseHold,
)
from streams.commands import (
    ReleaseHold as ReleaseHold,
)
from streams.commands import (
    ReportFeedGap as ReportFeedGap,
)
from streams.commands import (
    ReportTradingStatus as ReportTradingStatus,
)
from streams.commands import (
    RequestChange as RequestChange,
)
from streams.commands import (
    ResumeTrading as ResumeTrading,
)
from streams.commands import (
    SenderDoubted as SenderDoubted,
)
from streams.commands import (
    SubmitProposal as SubmitProposal,
)
from streams.commands import (
    SuspendInstrument as SuspendInstrument,
)
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
    Liquidity as Liquidity,
)
from streams.vocabulary import (
    Log as Log,
)
from streams.vocabulary import (
    Message as Message,
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
    OrderType as OrderType,
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
    TimeInForce as TimeInForce,
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

# --- market.ticks -------------------------------------------------------------------------------


class Tick(Message, frozen=True, kw_only=True, gc=False):
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
        if self.bid > self.ask and self.ask:
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


class BookSnapshot(Tick, frozen=True, kw_only=True, tag="BookSnapshot.1"):
    """The order book as it was after update `last_id`, best levels first (as many as were given); the `Depth` ticks
    that follow change it. `limit` levels a side were asked for, so a side with fewer has no more; 0: nobody knows."""

    last_id: int
    limit: int = 0
    bids: tuple[tuple[Decimal, Decimal], ...] = ()
    asks: tuple[tuple[Decimal, Decimal], ...] = ()

    @property
    def id(self) -> str:
        return f"{self.venue}:{self.instrument}:b{self.last_id}"


AnyTick = Trade | Quote | Depth | BookSnapshot


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
    """An entry that was refused: `raw` is base64 of the bytes as they came (at most 32 KiB of them)."""

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
