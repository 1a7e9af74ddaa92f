"""The fold of the governance log into its read models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from governance import models
from governance.folds import book, changes, council, rounds
from governance.models import Alarm, ChangeRequest, Deliberation, Hold, Proposal
from ledger.readmodel import ReadModel, Rows
from ledger.records import RecordedEvent
from streams import events as e
from streams.messages import Log

READ_MODELS: tuple[type[ReadModel], ...] = tuple(getattr(models, name) for name in models.__all__)

Fold = Callable[[Rows, RecordedEvent], None]
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
    e.RulesEvaluated: rounds.deliberation,
    e.ProposalTallied: rounds.tally,
    e.ProposalsArbitrated: rounds.tally,
    e.DecisionHeld: rounds.held,
    e.DecisionReleased: rounds.hold,
    e.HoldRefused: rounds.hold,
    e.DecisionReached: rounds.decision,
}
PASSED_OVER: frozenset[type[e.Event]] = frozenset((e.SituationRecorded,))
"""What a round found is only needed to derive its decision again: that reads the ledger."""


class GovernanceProjection:
    """Keeps the read models of the governance log level with it."""

    name: str = "governance"
    log: Log = "governance"

    def apply(self, events: Sequence[RecordedEvent], cursor: Any) -> None:
        rows = Rows()
        fold(rows, events)
        rows.save()

    def clear(self, cursor: Any) -> None:
        """Empties the read models and begins again at the first event, in the caller's transaction."""
        tables = ", ".join(model._meta.db_table for model in READ_MODELS)
        cursor.execute(f"TRUNCATE {tables}")
        cursor.execute("DELETE FROM projection WHERE name = %s", (self.name,))


def fold(rows: Rows, recorded: Iterable[RecordedEvent]) -> None:
    """Applies events in the order of the log."""
    batch = list(recorded)
    _load(rows, batch)
    for event in batch:
        apply = FOLDS.get(type(event.event.body))
        if apply is not None:
            apply(rows, event)


def _load(rows: Rows, batch: Sequence[RecordedEvent]) -> None:
    """What the batch touches but does not itself begin, fetched at once."""
    begun = {r.event.originator_id for r in batch if isinstance(r.event.body, e.DeliberationOpened)}
    rounds_ = {r.event.originator_id for r in batch if isinstance(r.event.body, e.AGGREGATES["Deliberation"])}
    rows.load(Deliberation, sorted(rounds_ - begun))
    rows.load(Proposal, [r.event.body.proposal_id for r in batch if isinstance(r.event.body, e.ProposalRefused)])
    rows.load(Hold, [r.event.body.decision_id for r in batch if isinstance(r.event.body, e.DecisionReached)])
    rows.load(ChangeRequest, [r.event.originator_id for r in batch if isinstance(r.event.body, e.AGGREGATES["Change"])])
    rows.load(Alarm, [r.event.body.alarm_id for r in batch if isinstance(r.event.body, e.AlarmAcknowledged)])
