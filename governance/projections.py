"""The fold of the governance log into its read models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from governance import models
from governance.folds import book, changes, council, rounds
from governance.models import Alarm, ChangeRequest, Deliberation, Hold, Proposal
from ledger.readmodel import ReadModel, Rows, Told
from streams import events as e
from streams.messages import Log

READ_MODELS: tuple[type[ReadModel], ...] = tuple(getattr(models, name) for name in models.__all__)

Fold = Callable[[Rows, Told], None]
FOLDS: dict[type[e.Event], Fold] = {
    e.BookFounded: book.book,
    e.InstrumentListed: book.book,
    e.TermChanged: book.book,
    e.TradingHalted: book.book,
    e.TradingReduced: book.book,
    e.TradingResumed: book.book,
    e.FeedSourceChanged: book.book,
    e.EquityMarked: book.book,
    e.InstrumentRestricted: book.instrument,
    e.RestrictionLifted: book.instrument,
    e.TradingSuspended: book.instrument,
    e.SuspensionLifted: book.instrument,
    e.TradingStatusChanged: book.instrument,
    e.FeedGap: book.gap,
    e.BreakerWarned: book.breaker,
    e.BreakerTripped: book.breaker,
    e.BreakerCleared: book.breaker,
    e.AlarmAcknowledged: book.acknowledged,
    e.SeatGranted: council.granted,
    e.SeatEntered: council.seat,
    e.SeatSuspended: council.seat,
    e.SeatReinstated: council.seat,
    e.SeatKeyIssued: council.seat,
    e.SeatKeyRevoked: council.seat,
    e.ProposingSuspended: council.seat,
    e.ReputationAdjusted: council.seat,
    e.OutcomesRecorded: council.outcomes,
    e.CouncilScored: council.scored,
    e.ChangeRequested: changes.requested,
    e.ChangeApproved: changes.change,
    e.ChangeRefused: changes.change,
    e.ChangeEnacted: changes.change,
    e.RuleActivated: changes.rule,
    e.RuleRetired: changes.rule,
    e.ProposalRefused: rounds.proposal,
    e.ProposalAdmitted: rounds.proposal,
    e.AmendmentOffered: rounds.proposal,
    e.BallotCast: rounds.ballot,
    e.BallotLate: rounds.ballot,
    e.DeliberationOpened: rounds.deliberation,
    e.DeliberationClosed: rounds.deliberation,
    e.ProposalTallied: rounds.tally,
    e.ProposalsArbitrated: rounds.tally,
    e.DecisionHeld: rounds.held,
    e.DecisionReleased: rounds.hold,
    e.HoldRefused: rounds.hold,
    e.DecisionReached: rounds.decision,
}
CHANGE: frozenset[type[e.Event]] = frozenset(e.AGGREGATES["Change"])
GOES_ON: frozenset[type[e.Event]] = frozenset(
    (e.DeliberationClosed, e.ProposalsArbitrated, e.DecisionHeld, e.DecisionReached)
)
BALLOTS: frozenset[type[e.Event]] = frozenset((e.BallotCast, e.BallotLate))
PASSED_OVER: frozenset[type[e.Event]] = frozenset(
    (
        *(e.SituationRecorded, e.RulesEvaluated, e.CancelOrdered, e.CashMoveOrdered, e.PositionAdjustmentOrdered),
        e.ReconciliationOrdered,
    )
)
"""What a round found and what rules made of it is looked at one round at a time: that reads the ledger. What operators
order of the executor shows in what it does."""


class GovernanceProjection:
    """Keeps the read models of the governance log level with it."""

    name: str = "governance"
    log: Log = "governance"
    models: Sequence[type[ReadModel]] = READ_MODELS
    passed_over: frozenset[str] = frozenset(e.TOPICS[event] for event in PASSED_OVER)

    def fold(self, rows: Rows, events: Sequence[Told]) -> None:
        fold(rows, events)


PROJECTION = GovernanceProjection()


def fold(rows: Rows, batch: Sequence[Told]) -> None:
    """Applies events in the order of the log."""
    _load(rows, batch)
    for event in batch:
        apply = FOLDS.get(type(event.body))
        if apply is not None:
            apply(rows, event)


def _load(rows: Rows, batch: Sequence[Told]) -> None:
    """What the batch touches but does not itself begin, fetched at once."""
    kinds = defaultdict[type[e.Event], list[Any]](list)
    for recorded in [each for each in batch if type(each.body) not in BALLOTS]:
        kinds[type(recorded.body)].append(recorded)
    rounds_ = {r.aggregate_id for kind in GOES_ON & kinds.keys() for r in kinds[kind]}
    rows.load(Deliberation, sorted(rounds_ - {r.aggregate_id for r in kinds[e.DeliberationOpened]}))
    rows.load(Proposal, [r.body.proposal_id for r in kinds[e.ProposalRefused]])
    rows.load(Hold, [r.body.decision_id for r in kinds[e.DecisionReached]])
    rows.load(ChangeRequest, [r.aggregate_id for kind in CHANGE & kinds.keys() for r in kinds[kind]])
    rows.load(Alarm, [r.body.alarm_id for r in kinds[e.AlarmAcknowledged]])
