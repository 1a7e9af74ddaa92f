"""Feeds the desks again what an executor recorded: the same inputs give the same events."""

from __future__ import annotations

from execution.domain.floor import Floor
from streams.envelope import Envelope
from streams.events import BookFounded, DecisionReached, DomainEvent, InstrumentListed, event_of
from streams.messages import CoreStarted, GateObserved, LedgerEntry, LedgerRow, Mode, Tick


class Replay:
    """`handle` takes one recorded message with its time and gives the events that it led to. An executor that
    started again tells what it was made from again: the desks are then made anew, as they were."""

    def __init__(self) -> None:
        self.floor = Floor()
        self._modes: dict[str, Mode] = {}
        self._recovering = 0

    def handle(self, message: Envelope, now: int) -> list[DomainEvent]:
        match message.body:
            case Tick() as tick:
                self.floor.observe(tick)
            case GateObserved(mode=mode):
                self._modes[message.book] = mode
            case CoreStarted(events=events):
                self.floor, self._modes, self._recovering = Floor(), {}, events
            case LedgerEntry() as entry if self._recovering:
                self._recover(entry)
            case LedgerEntry() as entry:
                return [event for row in entry.rows for event in self._follow(row, entry.recorded_at, now)]
        return []

    def _recover(self, entry: LedgerEntry) -> None:
        for row in entry.rows:
            self.floor.apply(event_of(row))
        self._recovering -= len(entry.rows)

    def _follow(self, row: LedgerRow, committed_at: int, now: int) -> list[DomainEvent]:
        event = event_of(row)
        if isinstance(event.body, BookFounded | InstrumentListed):
            self.floor.apply(event)
        if not isinstance(event.body, DecisionReached):
            return []
        desk = self.floor.desk(event.book)
        events = desk.execute(
            event.body,
            committed_at=committed_at,
            cause_id=row.event_id,
            correlation=event.correlation_id,
            now=now,
            mode=self._modes.get(event.book, "NORMAL"),
        )
        for made in events:
            desk.apply(made)
        return events
