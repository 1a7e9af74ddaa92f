"""How a governor begins: chambers from the ledger, the command stream from the mark."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from itertools import islice

import governance.domain
import market.domain
import streams
import streams.changes
import streams.deliberation_events
import streams.execution_events
import streams.governance_events
import streams.parts
import streams.vocabulary
from governance.domain import capital, changes, council, holds, reputation, safety, scoring, state
from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from ledger import upcasting
from ledger.application import LedgerApplication
from ledger.entries import entry_of
from ledger.follower import Follower
from ledger.freezing import Freezer, Unreadable
from ledger.records import Gate, RecordedEvent
from ledger.session import Session
from ledger.snapshots import Folding, Positions, Snapshots
from market.domain import position
from streams.client import Entry, Streams, after
from streams.envelope import Envelope, derived_id
from streams.events import BookFounded
from streams.journal import Journal
from streams.messages import CoreStarted, GateObserved

log = logging.getLogger(__name__)

States = dict[str, BookState]
ROWS_PER_ENTRY = 200


def chambers_from(ledger: LedgerApplication, execution: Follower, journal: Journal | None) -> dict[str, Chamber]:
    """One chamber a book, from the newest snapshot and what both logs have after it, from their start where a journal
    has to tell it all; the follower then stands at the last execution that was folded."""
    states = _recovered(ledger, execution) if journal is None else _recorded(ledger, execution, journal)
    return {book: Chamber(folded) for book, folded in states.items()}


def _recovered(ledger: LedgerApplication, execution: Follower) -> States:
    """Each event is folded as it is read: a log may be larger than the memory."""
    states, at = FOLDING.recovered(ledger.recorder.reading, partition=ledger.recorder.partition)
    for recorded in ledger.events(after=at.governance):
        _apply(states, recorded)
    execution.position = at.execution
    for recorded in execution.reader.events(after=at.execution):
        _apply(states, recorded)
        execution.position = recorded.position
    return states


def _recorded(ledger: LedgerApplication, execution: Follower, journal: Journal) -> States:
    execution.position = 0
    committed, executed = list(ledger.events()), execution.catch_up()
    _write_recovery(journal, committed, executed)
    return fold([*committed, *executed])


def fold(events: Iterable[RecordedEvent], states: States | None = None) -> States:
    """The state of every book that was founded, from events of the governance log, then of the execution log."""
    states = {} if states is None else states
    for recorded in events:
        _apply(states, recorded)
    return states


def _apply(states: States, recorded: RecordedEvent) -> None:
    event = recorded.event
    if isinstance(event.body, BookFounded):
        states[event.book] = BookState(event.book)
    if event.book in states:
        states[event.book].apply(event)


def _thaw(raw: bytes) -> States:
    states = FREEZER.thaw(raw)
    if not isinstance(states, dict) or not all(isinstance(each, BookState) for each in states.values()):
        raise Unreadable("the state is not that of books")
    return states


FREEZER = Freezer(
    modules=(
        capital,
        changes,
        council,
        holds,
        reputation,
        safety,
        scoring,
        state,
        position,
        streams.changes,
        streams.deliberation_events,
        streams.execution_events,
        streams.governance_events,
        streams.parts,
        streams.vocabulary,
    ),
    packages=(governance.domain, market.domain, streams),
    sources=(__file__, upcasting.__file__),
)
FOLDING: Folding[States] = Folding(
    name="governance",
    fingerprint=FREEZER.fingerprint,
    begin=dict,
    apply=_apply,
    freeze=FREEZER.freeze,
    thaw=_thaw,
    canonical=FREEZER.canonical,
)


def take_snapshot(session: Session, every: int, partition: int = 0) -> Positions | None:
    """Of all books of a partition, where both logs stand now; None where fewer than `every` events came since the last
    one."""
    return FOLDING.take(session, _heads(session, partition), every, partition)


def snapshot_is_due(session: Session, every: int, partition: int = 0) -> bool:
    return FOLDING.is_due(session, _heads(session, partition), every, partition)


def _heads(session: Session, partition: int) -> Positions:
    return Snapshots(session, "governance", FREEZER.fingerprint, partition).heads().positions


def rewind_stream(streams: Streams, commands: str, mark: str) -> str:
    """The mark to read after. Where Redis has lost its last second (the stream is behind the mark) its ids are
    moved on, so that new commands come after the mark; what it lost was never acknowledged."""
    last = streams.last_id(commands)
    if after(mark, last):
        log.critical("Redis lost commands: the stream stands at %s, the ledger's mark at %s", last, mark)
        streams.set_last_id(commands, mark)
    return mark


def interrupted_entries(streams: Streams, commands: str, mark: str) -> Iterator[Entry]:
    """What came in after the mark and before now: a governor that crashed may have read it."""
    last = streams.last_id(commands)
    position = mark
    while after(last, position):
        entries = streams.read({commands: position}, block_ms=None, count=500)
        if not entries:
            return
        for entry in entries:
            if after(entry.id, last):
                return
            yield entry
        position = entries[-1].id


def executed_envelope(events: list[RecordedEvent]) -> Envelope:
    """Events read from the table, as the stream would have brought them."""
    entry = entry_of(events)
    return Envelope(id=f"{entry.log}:{entry.last}", body=entry, actor="relay", sent_at=entry.recorded_at)


def gate_envelope(standing: Gate, book: str, now: int) -> Envelope:
    """What the gate table says, as a message to the chamber; a gate that was never touched is nobody's."""
    body = GateObserved(
        mode=standing.mode,
        who=standing.who or "nobody",
        why=standing.why,
        gate_at=standing.gate_at,
    )
    message_id = standing.command_id or derived_id("gate", book, standing.mode, standing.gate_at)
    return Envelope(id=message_id, body=body, actor="governor", sent_at=now, book=book)


def _write_recovery(journal: Journal, *logs: list[RecordedEvent]) -> None:
    """A journal begins with what the core was made from, so that it can be repeated without a database."""
    now = time.time_ns()
    started = CoreStarted(core="governor", events=sum(map(len, logs)))
    journal.write(Envelope(id=f"start:{now}", body=started, actor="governor", sent_at=now), now)
    for events in logs:
        rest = iter(events)
        while chunk := list(islice(rest, ROWS_PER_ENTRY)):
            journal.write(executed_envelope(chunk), now)
