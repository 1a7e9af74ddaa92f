"""Feeds the chambers again what a governor recorded: the same inputs give the same events."""

from __future__ import annotations

from collections.abc import Iterable

from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from streams.envelope import Envelope
from streams.events import BookFounded, DomainEvent, event_of
from streams.messages import ClockAdvanced, CoreStarted, LedgerEntry, Tick


class Replay:
    """`handle` takes one recorded message with its time and gives the events that it led to. A governor that started
    again tells its recovery again: the chambers are then made anew from it, as they were."""

    def __init__(self) -> None:
        self.chambers: dict[str, Chamber] = {}
        self._states: dict[str, BookState] = {}
        self._recovering = 0

    def handle(
        self, message: Envelope, now: int, *, entry_id: str = "", interrupted: bool = False
    ) -> list[DomainEvent]:
        match message.body:
            case CoreStarted(events=events):
                self._states, self._recovering = {}, events
                self.chambers = {}
                return []
            case LedgerEntry() as entry if self._recovering:
                self._recover(entry)
                return []
        chambers = self._concerned(message)
        if isinstance(message.body, ClockAdvanced):
            steps = [chamber.advance(now) for chamber in chambers]
        else:
            steps = [chamber.handle(message, now, entry_id=entry_id, interrupted=interrupted) for chamber in chambers]
        return [event for step in steps for event in step.events]

    def _recover(self, entry: LedgerEntry) -> None:
        for row in entry.rows:
            event = event_of(row)
            if isinstance(event.body, BookFounded):
                self._states[event.book] = BookState(event.book)
            if event.book in self._states:
                self._states[event.book].apply(event)
        self._recovering -= len(entry.rows)
        if not self._recovering:
            self.chambers = {book: Chamber(state) for book, state in self._states.items()}

    def _concerned(self, message: Envelope) -> Iterable[Chamber]:
        """Ticks and executions go to every chamber; a command to that of its book, or of the first."""
        if isinstance(message.body, Tick | LedgerEntry):
            return list(self.chambers.values())
        book = message.book or next(iter(self.chambers), "")
        return [self.chambers[book]] if book in self.chambers else []
