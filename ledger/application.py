"""The application of one log: what a writer commits and what it reads back, behind the library's own interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import EventStore

from ledger.errors import LedgerError
from ledger.mapper import LedgerMapper
from ledger.reader import LogReader
from ledger.recorder import LEASE_S, LedgerRecorder
from ledger.records import Commit, GateChange, Head, InboxEntry, RecordedEvent
from streams.events import DomainEvent
from streams.messages import Log, Mode

__all__ = ["Commit", "GateChange", "Head", "InboxEntry", "LedgerApplication", "RecordedEvent"]


class LogStore(EventStore[UUID]):
    """The library's event store; called, it reads the whole log in order (see `LogReader.events`)."""

    def __init__(self, mapper: LedgerMapper, recorder: LedgerRecorder) -> None:
        super().__init__(mapper, recorder)
        self.reader = LogReader(recorder.reading, recorder.log, recorder.partition, mapper)

    def __call__(
        self, *, after: int = 0, limit: int | None = None, book: str | None = None, aggregates: Sequence[str] = ()
    ) -> Iterator[RecordedEvent]:
        return self.reader.events(after=after, limit=limit, book=book, aggregates=aggregates)


class LedgerApplication(Application[UUID]):
    """One per log and partition. `events.get(id)` reads an aggregate, `events(after=…)` the log."""

    name = "ledger"
    mapper: LedgerMapper
    recorder: LedgerRecorder
    events: LogStore

    def __init__(self, database_url: str, log: Log, partition: int = 0, owner: str = "") -> None:
        self._given = (database_url, log, partition, owner)
        # Mapper, recorder and store are ours; the library's factory is left with what it keeps in memory.
        super().__init__({"PERSISTENCE_MODULE": "eventsourcing.popo"})

    def construct_mapper(self) -> LedgerMapper:
        return LedgerMapper()

    def construct_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(*self._given)

    def construct_event_store(self) -> LogStore:
        return LogStore(self.mapper, self.recorder)

    def acquire(self, lease_s: float = LEASE_S) -> Head:
        """Takes over the log and raises its epoch. Raises `LeaseHeld` while another owner's lease runs."""
        return self.recorder.acquire(lease_s)

    def renew(self) -> None:
        """Extends the lease. Raises `Fenced` when another has taken over."""
        self.recorder.renew()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps the lease while something long is done, by a thread beside it that ends when another takes over."""
        done = Event()

        def renew() -> None:
            with suppress(LedgerError, psycopg.Error):  # whoever commits next is told
                while not done.wait(LEASE_S / 3):
                    self.renew()

        thread = Thread(target=renew, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def release(self) -> None:
        """Ends the lease, so that the next owner need not wait."""
        self.recorder.release()

    def commit(
        self,
        events: Sequence[DomainEvent],
        *,
        mark: str | None = None,
        inbox: Sequence[InboxEntry] = (),
        gate_book: str | None = None,
        gate_mode: Mode = "NORMAL",
        gate: GateChange | None = None,
    ) -> Commit:
        """Events, inbox, mark and gate in one transaction and one round trip.

        With `gate_book` it is refused unless the book is in `gate_mode`, and always while it is halted; no halt
        commits before it has ended.
        Raises `Fenced`, `GateClosed`, `Conflict`, `BadData` (nothing was written) or `psycopg.OperationalError`
        (lost connection: whether it was written is known after `acquire`)."""
        stored = [self.mapper.to_stored_event(event) for event in events]
        return self.recorder.append(stored, mark=mark, inbox=inbox, gate_book=gate_book, gate_mode=gate_mode, gate=gate)

    def answered(self, command_ids: Sequence[str]) -> dict[str, str]:
        """The answers of those commands that were consumed before."""
        return self.recorder.answered(command_ids)

    def close(self) -> None:
        self.recorder.close()
        super().close()
