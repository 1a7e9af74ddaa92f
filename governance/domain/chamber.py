"""The chamber of one book: every message goes in here with the time, everything that follows comes out as a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.domain.admission import untimely
from governance.domain.change_control import ChangeControl
from governance.domain.chronicle import Chronicle
from governance.domain.floor import Floor
from governance.domain.gatekeeping import COMMANDS as GATE_COMMANDS
from governance.domain.gatekeeping import Gatekeeper
from governance.domain.holding import Holding
from governance.domain.instructions import COMMANDS as DESK_COMMANDS
from governance.domain.instructions import Instructions
from governance.domain.scoreboard import Scoreboard
from governance.domain.state import BookState
from governance.domain.step import NOTHING, Answer, Step, empty
from governance.domain.surveillance import Surveillance
from market.domain.mark import Prices
from streams.envelope import Envelope
from streams.events import FeedGap, FeedSourceChanged, aggregate_id, event_of
from streams.messages import (
    ApproveChange,
    BookSnapshot,
    CastBallot,
    ChangeFeedSource,
    ClockAdvanced,
    Code,
    Depth,
    GateObserved,
    LedgerEntry,
    OfferAmendment,
    Quote,
    RecordOutcomes,
    RefuseChange,
    RefuseHold,
    ReleaseHold,
    ReportFeedGap,
    RequestChange,
    SenderDoubted,
    SubmitProposal,
    Trade,
)

FEED = "feed"
LATE_NS = 2_000_000_000  # a tick that came so long ago is history: what follows from it is asked when it has caught up
COMMANDS: tuple[type[Any], ...] = (
    SubmitProposal,
    OfferAmendment,
    CastBallot,
    *GATE_COMMANDS,
    *DESK_COMMANDS,
    RequestChange,
    ApproveChange,
    RefuseChange,
    ReleaseHold,
    RefuseHold,
    RecordOutcomes,
    ChangeFeedSource,
    ReportFeedGap,
)
_TICKS = frozenset((Trade, Quote, Depth, BookSnapshot))
Handler = Callable[[Envelope, Any, str, int, Step], None]


class Chamber:
    """Pure: the process clock comes in as `now` (ns), the market clock with the ticks. Whatever is due by `now` is
    closed before a message is looked at, so that a result never depends on when `advance` was called."""

    def __init__(self, state: BookState) -> None:
        self.state = state
        self.prices = Prices()
        self.surveillance = Surveillance(state, self.prices)
        self.floor = Floor(state, self.prices, self.surveillance)
        self.gatekeeper = Gatekeeper(state, self.floor, self.surveillance)
        self.change_control = ChangeControl(state, self.floor)
        self.holding = Holding(state, self.floor)
        self.instructions = Instructions(state, self.floor)
        self.scoreboard = Scoreboard(state, self.floor)
        self._slow = (self.holding, self.change_control, self.gatekeeper)
        self._offices = self._appointed()
        self._slow_due: int | None = None
        self._due: int | None = self._next(True)

    def _appointed(self) -> dict[type[Any], Handler]:
        """Who answers which command, but those of the seats."""
        offices: dict[type[Any], Handler] = {
            RecordOutcomes: self.scoreboard.handle,
            ChangeFeedSource: self._reported,
            ReportFeedGap: self._reported,
        }
        offices |= dict.fromkeys(GATE_COMMANDS, self.gatekeeper.handle)
        offices |= dict.fromkeys(DESK_COMMANDS, self.instructions.handle)
        offices |= dict.fromkeys((RequestChange, ApproveChange, RefuseChange), self.change_control.handle)
        return offices | dict.fromkeys((ReleaseHold, RefuseHold), self.holding.handle)

    def handle(self, message: Envelope, now: int, *, entry_id: str = "", interrupted: bool = False) -> Step:
        """`interrupted`: the command was read before a crash; its round is gone and it is never voted on."""
        body = message.body
        kind = type(body)
        if kind in _TICKS:
            late = now - body.received_at > LATE_NS  # type: ignore[union-attr]
            step = NOTHING if late or self._due is None or now < self._due else self.advance(now)
            self.prices.observe(body)  # type: ignore[arg-type]
            self.surveillance.observe(body)  # type: ignore[arg-type]
            if not self.gatekeeper.check_at:
                self._due = self._next(True)
            return step
        step = empty()
        due = self._due is not None and now >= self._due
        if due:
            self._pass_time(now, step)
        if kind is LedgerEntry:
            self._executed(body)  # type: ignore[arg-type]
            self.gatekeeper.pass_time(now, step)
        elif kind is GateObserved:
            self.gatekeeper.observed(message, body, now, step)  # type: ignore[arg-type]
        elif kind is SenderDoubted:
            self.gatekeeper.doubted(message, body, now, step)  # type: ignore[arg-type]
        elif kind is not ClockAdvanced:
            self._command(message, now, entry_id, interrupted, step)
        self._due = self._next(due or bool(step.events) or kind is LedgerEntry)
        return step

    def advance(self, now: int) -> Step:
        step = empty()
        self._pass_time(now, step)
        self._due = self._next(True)
        return step

    def deadline(self) -> int | None:
        """When `advance` has something to do (process clock, ns); None where time alone changes nothing."""
        return self._due

    @property
    def deliberates(self) -> bool:
        """Whether a round is open."""
        return bool(self.floor.docket.rounds)

    def _pass_time(self, now: int, step: Step) -> None:
        self.floor.rounds.pass_time(now, step)
        for office in self._slow:
            office.pass_time(now, step)

    def _next(self, changed: bool) -> int | None:
        """Only what is recorded moves the deadlines of holds, changes and breakers; ballots come by the thousand."""
        if changed:
            self._slow_due = min((due for office in self._slow if (due := office.deadline()) is not None), default=None)
        round_due, slow_due = self.floor.rounds.deadline(), self._slow_due
        if round_due is None or slow_due is None:
            return slow_due if round_due is None else round_due
        return min(round_due, slow_due)

    def _executed(self, entry: LedgerEntry) -> None:
        for row in entry.rows:
            if row.book == self.state.book:
                event = event_of(row)
                self.state.apply(event)
                self.surveillance.executed(event.body, entry.recorded_at)

    def _command(self, message: Envelope, now: int, entry_id: str, interrupted: bool, step: Step) -> None:
        floor, body = self.floor, message.body
        if message.book not in ("", self.state.book):
            floor.turn_away(message, entry_id, (Code.UNKNOWN_BOOK, message.book), step)
        elif refused := untimely(message, entry_id):
            floor.turn_away(message, entry_id, refused, step)
        elif (handler := _AGENTS.get(type(body))) is not None:
            seat = self.state.seats.get(message.actor)
            if seat is None:
                floor.turn_away(message, entry_id, (Code.UNKNOWN_AGENT, f"{message.actor} has no seat"), step)
                return
            floor.rounds.heard[message.actor] = now
            if interrupted and not (isinstance(body, SubmitProposal) and body.action == "halt"):
                self._interrupted(message, entry_id, now, step)
            else:
                handler(floor, message, body, seat, entry_id, now, step)
        elif (answer := self._offices.get(type(body))) is not None:
            answer(message, body, entry_id, now, step)
        else:
            floor.turn_away(message, entry_id, (Code.UNKNOWN_TYPE, f"{type(body).__name__} is no command"), step)

    def _interrupted(self, message: Envelope, entry_id: str, now: int, step: Step) -> None:
        body = message.body
        if not isinstance(body, SubmitProposal):
            step.answers.append(Answer(message.id, entry_id, "expired:RESTARTED"))
        elif self.floor.docket.knows(body.proposal_id):
            self.floor.turn_away(message, entry_id, (Code.DUPLICATE, body.proposal_id), step)
        elif body.instrument not in self.state.instruments:
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_INSTRUMENT, body.instrument), step)
        else:
            self.floor.rounds.expire(message, body, entry_id, now, step)

    def _reported(
        self, message: Envelope, body: ChangeFeedSource | ReportFeedGap, entry_id: str, now: int, step: Step
    ) -> None:
        """What a feed says of itself goes into the book's history."""
        if message.actor.partition(":")[0] != FEED:
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, f"{message.actor} is no feed"), step)
            return
        if isinstance(body, ReportFeedGap) and body.instrument not in self.state.instruments:
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_INSTRUMENT, body.instrument), step)
            return
        if isinstance(body, ReportFeedGap) and body.first > body.last:
            detail = f"a gap from {body.first} to {body.last}"
            self.floor.turn_away(message, entry_id, (Code.INVALID, detail), step)
            return
        book = aggregate_id("Book", self.state.book)
        chronicle = Chronicle(self.state.book, book, message, self.state.version(book))
        if isinstance(body, ChangeFeedSource):
            chronicle.add(FeedSourceChanged(origin=body.origin, to=body.to, why=body.reason), message)
        else:
            chronicle.add(
                FeedGap(
                    instrument=body.instrument,
                    kind=body.kind,
                    first=body.first,
                    last=body.last,
                    market_at=body.market_at,
                ),
                message,
            )
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
        step.answers.append(Answer(message.id, entry_id, "accepted"))


_AGENTS: dict[type[Any], Callable[..., None]] = {
    SubmitProposal: Floor.propose,
    OfferAmendment: Floor.amend,
    CastBallot: Floor.ballot,
}
