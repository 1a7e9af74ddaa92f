"""The chamber of one book: every message goes in here with the time, everything that follows comes out as a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from governance.domain.admission import too_old
from governance.domain.chronicle import Chronicle
from governance.domain.floor import Floor
from governance.domain.gatekeeping import Gatekeeper
from governance.domain.state import BookState
from governance.domain.step import NOTHING, Answer, Step, empty
from market.domain.mark import Prices
from streams.envelope import Envelope
from streams.events import FeedGap, FeedSourceChanged, aggregate_id, decode_event
from streams.messages import (
    CastBallot,
    ChangeFeedSource,
    ClockAdvanced,
    Code,
    Depth,
    GateObserved,
    LedgerEntry,
    OfferAmendment,
    Quote,
    ReportFeedGap,
    ResumeTrading,
    SubmitProposal,
    Trade,
)

FEED = "feed"
COMMANDS = (SubmitProposal, OfferAmendment, CastBallot, ResumeTrading, ChangeFeedSource, ReportFeedGap)
_TICKS = frozenset((Trade, Quote, Depth))


class Chamber:
    """Pure: the process clock comes in as `now` (ns), the market clock with the ticks. Whatever is due by `now` is
    closed before a message is looked at, so that a result never depends on when `advance` was called."""

    def __init__(self, state: BookState) -> None:
        self.state = state
        self.prices = Prices()
        self.floor = Floor(state, self.prices)
        self.gatekeeper = Gatekeeper(state, self.floor)
        self._due: int | None = None

    def handle(self, message: Envelope, now: int, *, entry_id: str = "", interrupted: bool = False) -> Step:
        """`interrupted`: the command was read before a crash; its round is gone and it is never voted on."""
        body = message.body
        kind = type(body)
        if kind in _TICKS:
            step = NOTHING if self._due is None or now < self._due else self.advance(now)
            self.prices.observe(body)  # type: ignore[arg-type]
            return step
        step = empty()
        self.floor.rounds.pass_time(now, step)
        if kind is LedgerEntry:
            self._executed(body)  # type: ignore[arg-type]
        elif kind is GateObserved:
            self.gatekeeper.observed(message, body, now, step)  # type: ignore[arg-type]
        elif kind is not ClockAdvanced:
            self._command(message, now, entry_id, interrupted, step)
        self._due = self.floor.rounds.deadline()
        return step

    def advance(self, now: int) -> Step:
        step = empty()
        self.floor.rounds.pass_time(now, step)
        self._due = self.floor.rounds.deadline()
        return step

    def deadline(self) -> int | None:
        """When `advance` has something to do (process clock, ns); None while no round is open."""
        return self._due

    def _executed(self, entry: LedgerEntry) -> None:
        for row in entry.rows:
            if row.book == self.state.book:
                self.state.fold(decode_event(row.topic, row.state))

    def _command(self, message: Envelope, now: int, entry_id: str, interrupted: bool, step: Step) -> None:
        floor, body = self.floor, message.body
        if message.book not in ("", self.state.book):
            floor.turn_away(message, entry_id, (Code.UNKNOWN_BOOK, message.book), step)
        elif too_old(message, entry_id):
            floor.turn_away(message, entry_id, (Code.TOO_OLD, "older than 10 minutes when it came in"), step)
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
        elif isinstance(body, ResumeTrading):
            self.gatekeeper.resume(message, body, entry_id, now, step)
        elif isinstance(body, ChangeFeedSource | ReportFeedGap):
            self._reported(message, body, entry_id, step)
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

    def _reported(self, message: Envelope, body: ChangeFeedSource | ReportFeedGap, entry_id: str, step: Step) -> None:
        """What a feed says of itself goes into the book's history."""
        if message.actor.partition(":")[0] != FEED:
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, f"{message.actor} is no feed"), step)
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
