"""Every event of the two logs: a public interface that people write SQL and programs against.

A stored event is JSON without its type; the type stands in the row's topic, `Aggregate.Event`.
Changing the fields of an event is a new version with an upcaster, never an edit.
"""

from __future__ import annotations

from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from streams.deliberation_events import (
    AmendmentOffered as AmendmentOffered,
)
from streams.deliberation_events import (
    BallotCast as BallotCast,
)
from streams.deliberation_events import (
    BallotLate as BallotLate,
)
from streams.deliberation_events import (
    DecisionHeld as DecisionHeld,
)
from streams.deliberation_events import (
    DecisionReached as DecisionReached,
)
from streams.deliberation_events import (
    DecisionReleased as DecisionReleased,
)
from streams.deliberation_events import (
    DeliberationClosed as DeliberationClosed,
)
from streams.deliberation_events import (
    DeliberationOpened as DeliberationOpened,
)
from streams.deliberation_events import (
    HoldRefused as HoldRefused,
)
from streams.deliberation_events import (
    ProposalAdmitted as ProposalAdmitted,
)
from streams.deliberation_events import (
    ProposalRefused as ProposalRefused,
)
from streams.deliberation_events import (
    ProposalsArbitrated as ProposalsArbitrated,
)
from streams.deliberation_events import (
    ProposalTallied as ProposalTallied,
)
from streams.deliberation_events import (
    RulesEvaluated as RulesEvaluated,
)
from streams.deliberation_events import (
    SituationRecorded as SituationRecorded,
)
from streams.envelope import NAMESPACE
from streams.execution_events import (
    BookOpened as BookOpened,
)
from streams.execution_events import (
    BookReconciled as BookReconciled,
)
from streams.execution_events import (
    CashMoved as CashMoved,
)
from streams.execution_events import (
    OrderAccepted as OrderAccepted,
)
from streams.execution_events import (
    OrderCancelled as OrderCancelled,
)
from streams.execution_events import (
    OrderExpired as OrderExpired,
)
from streams.execution_events import (
    OrderFilled as OrderFilled,
)
from streams.execution_events import (
    OrderPartiallyFilled as OrderPartiallyFilled,
)
from streams.execution_events import (
    OrderRejected as OrderRejected,
)
from streams.execution_events import (
    OrderSent as OrderSent,
)
from streams.execution_events import (
    OrderWorking as OrderWorking,
)
from streams.execution_events import (
    PositionAdjusted as PositionAdjusted,
)
from streams.execution_events import (
    ReconciliationFailed as ReconciliationFailed,
)
from streams.governance_events import (
    AlarmAcknowledged as AlarmAcknowledged,
)
from streams.governance_events import (
    BookFounded as BookFounded,
)
from streams.governance_events import (
    BreakerCleared as BreakerCleared,
)
from streams.governance_events import (
    BreakerTripped as BreakerTripped,
)
from streams.governance_events import (
    BreakerWarned as BreakerWarned,
)
from streams.governance_events import (
    CancelOrdered as CancelOrdered,
)
from streams.governance_events import (
    CashMoveOrdered as CashMoveOrdered,
)
from streams.governance_events import (
    ChangeApproved as ChangeApproved,
)
from streams.governance_events import (
    ChangeEnacted as ChangeEnacted,
)
from streams.governance_events import (
    ChangeRefused as ChangeRefused,
)
from streams.governance_events import (
    ChangeRequested as ChangeRequested,
)
from streams.governance_events import (
    CouncilScored as CouncilScored,
)
from streams.governance_events import (
    EquityMarked as EquityMarked,
)
from streams.governance_events import (
    FeedGap as FeedGap,
)
from streams.governance_events import (
    FeedSourceChanged as FeedSourceChanged,
)
from streams.governance_events import (
    InstrumentListed as InstrumentListed,
)
from streams.governance_events import (
    InstrumentRestricted as InstrumentRestricted,
)
from streams.governance_events import (
    OutcomesRecorded as OutcomesRecorded,
)
from streams.governance_events import (
    PositionAdjustmentOrdered as PositionAdjustmentOrdered,
)
from streams.governance_events import (
    ProposingSuspended as ProposingSuspended,
)
from streams.governance_events import (
    ReconciliationOrdered as ReconciliationOrdered,
)
from streams.governance_events import (
    ReputationAdjusted as ReputationAdjusted,
)
from streams.governance_events import (
    RestrictionLifted as RestrictionLifted,
)
from streams.governance_events import (
    RuleActivated as RuleActivated,
)
from streams.governance_events import (
    RuleRetired as RuleRetired,
)
from streams.governance_events import (
    SeatEntered as SeatEntered,
)
from streams.governance_events import (
    SeatGranted as SeatGranted,
)
from streams.governance_events import (
    SeatKeyIssued as SeatKeyIssued,
)
from streams.governance_events import (
    SeatKeyRevoked as SeatKeyRevoked,
)
from streams.governance_events import (
    SeatReinstated as SeatReinstated,
)
from streams.governance_events import (
    SeatSuspended as SeatSuspended,
)
from streams.governance_events import (
    SuspensionLifted as SuspensionLifted,
)
from streams.governance_events import (
    TermChanged as TermChanged,
)
from streams.governance_events import (
    TradingHalted as TradingHalted,
)
from streams.governance_events import (
    TradingReduced as TradingReduced,
)
from streams.governance_events import (
    TradingResumed as TradingResumed,
)
from streams.governance_events import (
    TradingStatusChanged as TradingStatusChanged,
)
from streams.governance_events import (
    TradingSuspended as TradingSuspended,
)
from streams.messages import LedgerRow
from streams.parts import (
    AdmittedLeg as AdmittedLeg,
)
from streams.parts import (
    Ages as Ages,
)
from streams.parts import (
    BookTerms as BookTerms,
)
from streams.parts import (
    Breaker as Breaker,
)
from streams.parts import (
    CapInForce as CapInForce,
)
from streams.parts import (
    ClauseTrace as ClauseTrace,
)
from streams.parts import (
    CloseReason as CloseReason,
)
from streams.parts import (
    Conditions as Conditions,
)
from streams.parts import (
    DecisionDifference as DecisionDifference,
)
from streams.parts import (
    Effect as Effect,
)
from streams.parts import (
    Event as Event,
)
from streams.parts import (
    Fact as Fact,
)
from streams.parts import (
    GrantedOrder as GrantedOrder,
)
from streams.parts import (
    HeldOrder as HeldOrder,
)
from streams.parts import (
    InstrumentTerms as InstrumentTerms,
)
from streams.parts import (
    MarketView as MarketView,
)
from streams.parts import (
    ObservedOutcome as ObservedOutcome,
)
from streams.parts import (
    OrderTicket as OrderTicket,
)
from streams.parts import (
    Outcome as Outcome,
)
from streams.parts import (
    OutcomeLeg as OutcomeLeg,
)
from streams.parts import (
    Preview as Preview,
)
from streams.parts import (
    ProposalResult as ProposalResult,
)
from streams.parts import (
    Role as Role,
)
from streams.parts import (
    RuleClause as RuleClause,
)
from streams.parts import (
    RuleExample as RuleExample,
)
from streams.parts import (
    SeatScore as SeatScore,
)
from streams.parts import (
    SeatSnapshot as SeatSnapshot,
)
from streams.parts import (
    SignalRule as SignalRule,
)
from streams.parts import (
    Standing as Standing,
)
from streams.parts import (
    Trigger as Trigger,
)

Fill = OrderFilled | OrderPartiallyFilled
FINAL: tuple[type[Event], ...] = (OrderFilled, OrderRejected, OrderCancelled, OrderExpired)

AGGREGATES: dict[str, tuple[type[Event], ...]] = {
    "Book": (
        BookFounded,
        InstrumentListed,
        TermChanged,
        InstrumentRestricted,
        RestrictionLifted,
        TradingHalted,
        TradingReduced,
        TradingResumed,
        TradingSuspended,
        SuspensionLifted,
        TradingStatusChanged,
        FeedSourceChanged,
        FeedGap,
        EquityMarked,
        BreakerWarned,
        BreakerTripped,
        BreakerCleared,
        AlarmAcknowledged,
        CancelOrdered,
        CashMoveOrdered,
        PositionAdjustmentOrdered,
        ReconciliationOrdered,
    ),
    "Council": (
        SeatGranted,
        SeatEntered,
        SeatSuspended,
        SeatReinstated,
        SeatKeyIssued,
        SeatKeyRevoked,
        ProposingSuspended,
        OutcomesRecorded,
        CouncilScored,
        ReputationAdjusted,
    ),
    "Change": (ChangeRequested, ChangeApproved, ChangeRefused, ChangeEnacted),
    "Rulebook": (RuleActivated, RuleRetired),
    "Proposal": (ProposalRefused,),
    "Deliberation": (
        DeliberationOpened,
        ProposalAdmitted,
        AmendmentOffered,
        BallotCast,
        BallotLate,
        DeliberationClosed,
        SituationRecorded,
        ProposalTallied,
        ProposalsArbitrated,
        RulesEvaluated,
        DecisionHeld,
        DecisionReleased,
        HoldRefused,
        DecisionReached,
    ),
    "Account": (BookOpened, CashMoved, PositionAdjusted, BookReconciled, ReconciliationFailed),
    "Order": (
        OrderAccepted,
        OrderSent,
        OrderWorking,
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
