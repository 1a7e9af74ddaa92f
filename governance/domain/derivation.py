"""Every decision derived again from the events of the governance log alone, and compared byte by byte.

One pass, in the order of the log: what a book is (terms, instruments, seats, rules, mode, reputation) is folded, each
deliberation's events are kept until its decision, and the decision is then made again from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from governance.domain.differences import Difference, compared, impossible
from governance.domain.history import Ended, History, Moment
from governance.domain.reconstruction import Contradiction, Recorded, Row, rebuilt, recorded_of
from governance.domain.release import ended, released
from governance.domain.rescoring import Rescoring
from governance.domain.resolution import resolve, restarted
from governance.domain.situation import Situation, situation_of
from governance.domain.state import ZERO, BookState
from streams.envelope import derived_id
from streams.events import (
    CouncilScored,
    DecisionHeld,
    DecisionReleased,
    DeliberationOpened,
    Event,
    HoldRefused,
    OutcomesRecorded,
    ProposalTallied,
    SeatEntered,
    SituationRecorded,
    Standing,
    aggregate_id,
    decode_event,
)
from streams.messages import Code

EARLIER_RELEASE = "recorded by an earlier release"
UNFINISHED = "the log ends before its decision"
FOLDED = ("Book", "Council", "Rulebook")
# What an edited log may do to code that never met such bytes: a finding, not a crash.
BROKEN = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, AssertionError, msgspec.MsgspecError)


class Finding(Struct, frozen=True, kw_only=True):
    """What became of deriving one decision (`event` DecisionReached or DecisionHeld) or one score (CouncilScored)."""

    book: str
    position: int
    event: str
    decision_id: str = ""
    underivable: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def derived(self) -> bool:
        return not self.underivable and not self.differences


class Derivation:
    """`first` is the position from which on decisions are derived; what is before it is only folded. Scores need every
    forecast, so they are derived only where `first` is 0."""

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self.books: dict[str, BookDerivation] = {}

    def take(self, row: Row) -> Finding | None:
        """The next row of the log; what it completes, if anything, or that it cannot be read."""
        book = self.books.get(row.book)
        if book is None:
            book = self.books[row.book] = BookDerivation(row.book, scores=not self.first)
        try:
            if row.topic.startswith("Deliberation."):
                done = book.history.deliberate(row)
                return book.decided(done) if done is not None and row.position >= self.first else None
            if row.topic.partition(".")[0] in FOLDED:
                return book.changed(row)
        except BROKEN as error:
            return _finding(row, (impossible(row, f"{type(error).__name__}: {error}"),))
        return None

    def finish(self) -> list[Finding]:
        """The deliberations that the log leaves without a decision: a round is committed whole."""
        rows = [row for book in self.books.values() for row in book.history.unfinished()]
        return [_finding(row, (impossible(row, UNFINISHED),)) for row in rows]


class BookDerivation:
    def __init__(self, book: str, scores: bool) -> None:
        self.history = History(book)
        self.rescoring = Rescoring(self.history.state) if scores else None

    def changed(self, row: Row) -> Finding | None:
        body = decode_event(row.topic, row.state)
        finding: Finding | None = None
        if self.rescoring is not None:
            if isinstance(body, OutcomesRecorded):
                self.rescoring.observed(row, body)
            elif isinstance(body, CouncilScored):
                finding = _finding(row, self.rescoring.scored(row, body))
            elif isinstance(body, SeatEntered) and (differences := self.rescoring.entered(row)):
                finding = _finding(row, differences)
        self.history.change(row, body)
        return finding

    def decided(self, done: Ended) -> Finding:
        decision_id = _decision_id(done.row)
        try:
            if done.held is not None:
                return _finding(done.row, compared(*after_hold(self.history, done.held, done.rows)), decision_id)
            recorded = recorded_of(done.rows)
            if self.rescoring is not None:
                self.rescoring.remember(done.row.originator, recorded)
            if recorded.opened.seats is None:
                return Finding(
                    book=done.row.book,
                    position=done.row.position,
                    event=done.row.event,
                    decision_id=decision_id,
                    underivable=EARLIER_RELEASE,
                )
            return _finding(done.row, self._compared(recorded), decision_id)
        except BROKEN as error:
            return _finding(done.row, (impossible(done.row, f"{type(error).__name__}: {error}"),), decision_id)

    def _compared(self, recorded: Recorded) -> tuple[Difference, ...]:
        """A round opened at the moment of now, or at one since the last round of its track."""
        history, track = self.history, recorded.opened.track
        moments = (history.now, *reversed(history.before[track]))
        found = (self._tried(moment, recorded) for moment in moments)
        differences = next(found)
        if differences and any(not others for others in found):
            differences = ()
        if recorded.closed.reason != "restarted":
            history.closed(track)
        return differences

    def _tried(self, moment: Moment, recorded: Recorded) -> tuple[Difference, ...]:
        try:
            return self._derived_at(moment, recorded)
        except BROKEN as error:
            return (impossible(recorded.results[-1], f"{type(error).__name__}: {error}"),)

    def _derived_at(self, moment: Moment, recorded: Recorded) -> tuple[Difference, ...]:
        state = self.history.state
        if recorded.first.originator != aggregate_id("Deliberation", recorded.opened.deliberation_id):
            raise Contradiction("the aggregate is that of another deliberation")
        round_ = rebuilt(recorded, moment.tracks[recorded.opened.track])
        if recorded.closed.reason == "restarted":
            expected = restarted(round_)
        else:
            expected = resolve(round_, situation(recorded, state), self.history.rulebook())
            _agree(recorded, expected, state)
        return compared([recorded.first, *recorded.results], [opening(recorded, moment, state), *expected])


def situation(recorded: Recorded, state: BookState) -> Situation:
    """Without a record nothing passed, and nothing but the mode was looked at."""
    found = recorded.situation or SituationRecorded(
        market_now=0,
        mode=state.mode,
        cash=ZERO,
        positions={},
        reserved={},
        markets={},
        ages={},
        caps={},
        conditions={},
        standing=Standing(),
    )
    return situation_of(found, state, recorded.closed.closed_at)


def opening(recorded: Recorded, moment: Moment, state: BookState) -> DeliberationOpened:
    """As the book and the first proposal make it."""
    opened, first = recorded.opened, recorded.admitted[0]
    bucket = moment.bucket(opened.market_opened_at)
    seats = moment.snapshot(bucket)
    return DeliberationOpened(
        deliberation_id=derived_id("deliberation", state.book, opened.track, first.proposal_id, opened.opened_at),
        instrument=first.instrument,
        track=opened.track,
        opened_at=opened.opened_at,
        deadline=opened.opened_at + moment.tracks[opened.track].window_ns,
        weights_version=f"{state.book}:{bucket}",
        total_ppm=sum(seats.ppm.values()),
        rulebook_version=state.rulebook_version,
        market=first.market,
        market_opened_at=opened.market_opened_at,
        seats=seats,
    )


def after_hold(history: History, held: DecisionHeld, rows: list[Row]) -> tuple[list[Row], Sequence[Event]]:
    """What an operator's word, or the lack of it, made of a held decision: the stored rows and the expected events."""
    if len(rows) == 1:
        detail = f"nobody answered within {history.state.terms.hold_ttl_s} s"
        return rows, [ended(held, "expired", Code.HOLD_LAPSED, held.rules[0], detail)]
    said = decode_event(rows[0].topic, rows[0].state)
    if not isinstance(said, DecisionReleased | HoldRefused):
        raise Contradiction(f"{rows[0].event} follows a hold")
    if (said.decision_id, said.rule) != (held.decision_id, ", ".join(held.rules)):
        raise Contradiction(f"{rows[0].event} answers another hold")
    if isinstance(said, HoldRefused):
        return rows[1:], [ended(held, "refused", Code.HOLD_REFUSED, said.operator, said.reason)]
    found = decode_event(rows[1].topic, rows[1].state)
    if not isinstance(found, SituationRecorded):
        raise Contradiction(f"{rows[1].event} follows the release of a hold")
    _sound(found, history.state)
    # A hold ages no evidence, so what is judged does not depend on when it was released.
    return rows[2:], released(held, situation_of(found, history.state, held.at), history.rulebook())


def _agree(recorded: Recorded, expected: Sequence[Event], state: BookState) -> None:
    """A situation is recorded exactly where something is arbitrated."""
    passed = any(isinstance(event, ProposalTallied) and event.state == "PASSED" for event in expected)
    if passed and recorded.situation is None:
        raise Contradiction("a proposal passed and no SituationRecorded says what arbitration looked at")
    if recorded.situation is not None:
        if not passed:
            raise Contradiction("SituationRecorded is there and no proposal passed")
        _sound(recorded.situation, state)


def _sound(found: SituationRecorded, state: BookState) -> None:
    """In the mode of the log, and with prices of the ages that it says."""
    if found.mode != state.mode:
        raise Contradiction(f"SituationRecorded says {found.mode}, the log {state.mode}")
    for instrument, market in found.markets.items():
        ages = found.ages[instrument]
        if found.market_now - market.market_at not in (ages.quote, ages.trade):
            raise Contradiction(f"the price of {instrument} in SituationRecorded is of another time than its ages say")


def _decision_id(row: Row) -> str:
    return str(getattr(decode_event(row.topic, row.state), "decision_id", ""))


def _finding(row: Row, differences: tuple[Difference, ...], decision_id: str = "") -> Finding:
    return Finding(
        book=row.book, position=row.position, event=row.event, decision_id=decision_id, differences=differences
    )
