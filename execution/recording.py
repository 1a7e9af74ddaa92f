"""Keeps what the desks were given, so that a run can be repeated without its servers (see `domain.replay`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from ledger.entries import entry_of
from ledger.records import Commit, Gate, RecordedEvent
from streams.envelope import Envelope, derived_id
from streams.events import DomainEvent
from streams.journal import Journal
from streams.messages import ClockAdvanced, CoreStarted, GateObserved, LedgerEntry, Mode

ACTOR = "executor"


class InputRecord:
    """What every start was made from, ticks as they were observed, governance events with the time they were
    executed at (after their commit), and gates where a mode changes."""

    def __init__(self, path: Path) -> None:
        self._journal = Journal(path)
        self._modes: dict[str, Mode] = {}

    def started(self, recorded: Sequence[RecordedEvent], now: int) -> None:
        """A start, or a start again: what was recorded before is history, as it is to the executor."""
        self._modes = {}
        started = CoreStarted(core=ACTOR, events=len(recorded))
        self._write(derived_id("started", ACTOR, now), started, now)
        self.given(recorded, now)

    def tick(self, envelope: Envelope, now: int) -> None:
        self._journal.write(envelope, now)

    def gate(self, book: str, gate: Gate, now: int) -> None:
        if self._modes.get(book, "NORMAL") == gate.mode:
            return
        self._modes[book] = gate.mode
        observed = GateObserved(mode=gate.mode, who=gate.who or ACTOR, why=gate.why[:500], gate_at=gate.gate_at)
        self._write(derived_id("gate", book, gate.mode, now), observed, now, book)

    def opened(self, now: int) -> None:
        """Recovery is over: what works on paper rests from now on."""
        self._write(derived_id("opened", ACTOR, now), ClockAdvanced(), now)

    def advanced(self, book: str, now: int) -> None:
        """The desk was told the time, and something came of it."""
        self._write(derived_id("advanced", book, now), ClockAdvanced(), now, book)
        self._journal.flush()

    def happened(self, events: Sequence[DomainEvent], commit: Commit) -> None:
        """What no desk has decided: that a book agrees with its venue, or does not."""
        recorded = [
            RecordedEvent(
                log="execution",
                partition=0,
                position=commit.first + number,
                event_id=commit.event_ids[number],
                recorded_at=commit.recorded_at,
                event=event,
            )
            for number, event in enumerate(events)
        ]
        self.given(recorded, commit.recorded_at)

    def given(self, recorded: Iterable[RecordedEvent], now: int) -> None:
        """One entry per transaction, in the order in which the executor took them."""
        for (log, _), group in groupby(recorded, key=lambda event: (event.log, event.recorded_at)):
            body = entry_of(list(group))
            self._write(derived_id("given", log, body.partition, body.first, now), body, now)
        self._journal.flush()

    def _write(
        self, message_id: str, body: CoreStarted | GateObserved | ClockAdvanced | LedgerEntry, now: int, book: str = ""
    ) -> None:
        self._journal.write(Envelope(id=message_id, body=body, actor=ACTOR, sent_at=now, book=book), now)

    def close(self) -> None:
        self._journal.close()
