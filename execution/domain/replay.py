"""Feeds the desks again what an executor recorded: the same inputs give the same events."""

from __future__ import annotations

from execution.domain.desk import NotBooked
from execution.domain.floor import Floor
from streams.envelope import Envelope
from streams.events import DomainEvent, event_of
from streams.messages import ClockAdvanced, CoreStarted, GateObserved, LedgerEntry, LedgerRow, Mode, Tick


class Replay:
    """`handle` takes one recorded message with its time and gives the events that it led to. An executor that
    started again tells what it was made from again: the desks are then made anew, as they were.

    `ClockAdvanced` with a book says that its desk was advanced, without one that recovery is over. Entries of the
    execution log beside a recovery tell what no replay can know (the word of a real venue, a reconciliation, and that a
    decision could not be executed): they are folded and given as they are."""

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
            case ClockAdvanced() if message.book:
                return self._folded(self.floor.desk(message.book).advance(now, self._mode(message.book)))
            case ClockAdvanced():
                self.floor.begin()
            case CoreStarted(events=events):
                self.floor, self._modes, self._recovering = Floor(), {}, events
            case LedgerEntry() as entry if self._recovering:
                self._recover(entry)
            case LedgerEntry(log="execution") as entry:
                return self._folded([event_of(row) for row in entry.rows])
            case LedgerEntry() as entry:
                return [event for row in entry.rows for event in self._follow(row, entry.recorded_at, now)]
        return []

    def _mode(self, book: str) -> Mode:
        return self._modes.get(book, "NORMAL")

    def _recover(self, entry: LedgerEntry) -> None:
        for row in entry.rows:
            self.floor.apply(event_of(row))
        self._recovering -= len(entry.rows)

    def _follow(self, row: LedgerRow, committed_at: int, now: int) -> list[DomainEvent]:
        event = event_of(row)
        self.floor.apply(event)
        desk, mode = self.floor.desk(event.book), self._mode(event.book)
        try:
            led_to = desk.follow(event, event_id=row.event_id, committed_at=committed_at, now=now, mode=mode)
        except NotBooked:
            return []  # the executor has buried it too
        return self._folded(led_to)

    def _folded(self, events: list[DomainEvent]) -> list[DomainEvent]:
        for event in events:
            self.floor.apply(event)
        return events
