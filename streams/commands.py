"""What is asked of a governor: by agents, operators, feeds and the scorer (the stream `governance.commands`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.changes import Change
from streams.parts import Breaker, ObservedOutcome, Preview
from streams.vocabulary import (
    Action,
    Code,
    Id,
    Message,
    Mode,
    Name,
    Nanoseconds,
    Probability,
    Reason,
    Source,
    Stance,
    Symbol,
    TimeInForce,
    Whole,
    finite,
    positive,
)

GapKind = Literal["trade", "depth", "hole"]
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
    all or none, and y is about the legs together, weighted by their value. With a `limit` (trade, no legs) the order
    is a limit order and may work for longer: until cancelled (GTC) or for `good_for_ms` (GTD)."""

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
    limit: Decimal | None = None
    time_in_force: TimeInForce = "IOC"
    good_for_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 0

    def __post_init__(self) -> None:
        finite(target=self.target)
        positive(price=self.price)
        if self.limit is not None:
            positive(limit=self.limit)
        elif self.time_in_force in ("GTC", "GTD"):
            raise ValueError("an order without a limit does not work for longer: IOC or FOK")
        if (self.time_in_force == "GTD") != bool(self.good_for_ms):
            raise ValueError("good_for_ms is for GTD, and GTD needs it")
        if self.limit is not None and (self.legs or self.action != "trade"):
            raise ValueError("a limit is for a trade of one leg")
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
    """Ids `first`..`last` (inclusive) of `instrument` that could not be had; a hole, at a venue whose ids do not follow
    each other, is the time (ns) from one to the other in which nothing was heard."""

    instrument: Symbol
    kind: GapKind
    first: Whole
    last: Whole
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


class Flatten(Message, frozen=True, kw_only=True, tag="Flatten.1"):
    """Bring a position, or all of them, to zero at the market: what works is cancelled first. In every mode but
    HALTED."""

    instrument: Symbol | None = None
    reason: Why


class CancelOrder(Message, frozen=True, kw_only=True, tag="CancelOrder.1"):
    order_id: Id
    reason: Why


class MoveCash(Message, frozen=True, kw_only=True, tag="MoveCash.1"):
    """A deposit (positive) or a withdrawal, in the book's quote currency."""

    amount: Decimal
    reason: Why

    def __post_init__(self) -> None:
        finite(amount=self.amount)


class AdjustPosition(Message, frozen=True, kw_only=True, tag="AdjustPosition.1"):
    """Brings the book level with what is really held: `quantity` (signed) comes in or goes out at `price`."""

    instrument: Symbol
    quantity: Decimal
    price: Decimal
    reason: Why

    def __post_init__(self) -> None:
        finite(quantity=self.quantity)
        positive(price=self.price)


class Reconcile(Message, frozen=True, kw_only=True, tag="Reconcile.1"):
    """Compare the book with its venue now."""

    reason: Why


class GateObserved(Message, frozen=True, kw_only=True, tag="GateObserved.1"):
    """What the governor read in the `gate` table; made by its shell, so that a recorded run can be repeated."""

    mode: Mode
    who: Name
    why: Reason
    gate_at: Nanoseconds


class SenderDoubted(Message, frozen=True, kw_only=True, tag="SenderDoubted.1"):
    """Somebody spoke in the name `claimed`, and was not believed; made by the governor's shell, like `GateObserved`."""

    claimed: Name
    code: Code
    detail: Reason


AgentCommand = SubmitProposal | OfferAmendment | CastBallot
FeedCommand = ChangeFeedSource | ReportFeedGap | ReportTradingStatus
ConfigCommand = RequestChange | ApproveChange | RefuseChange
HoldCommand = ReleaseHold | RefuseHold
DeskCommand = Flatten | CancelOrder | MoveCash | AdjustPosition | Reconcile
OperatorCommand = (
    ResumeTrading
    | ConfigCommand
    | HoldCommand
    | SuspendInstrument
    | LiftSuspension
    | ClearBreaker
    | AcknowledgeAlarm
    | DeskCommand
)
Command = AgentCommand | OperatorCommand | FeedCommand | RecordOutcomes | GateObserved | SenderDoubted
