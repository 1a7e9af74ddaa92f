"""The recorder: appends to one log through one stored function, fenced by an epoch, in one round trip."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import ApplicationRecorder, ListenNotifySubscription, StoredEvent

from ledger.arrays import Array, ByteaArray, UuidArray, integers, texts
from ledger.errors import BadData, Fenced
from ledger.mapper import TracedEvent, TracedNotification, traced
from ledger.records import Commit, GateChange, Head, InboxEntry, event_id_bytes, uuid_text
from ledger.session import Row, Session
from streams.messages import Log, Mode

LEASE_S = 3.0
POLL_S = 0.1

_ACQUIRE = "SELECT position, hash, epoch, mark FROM lease_acquire(%s, %s, %s, %s)"
_RENEW = "SELECT lease_renew(%s, %s, %s, %s)"
_APPEND = """SELECT recorded_us, last, last_hash FROM append_events(
    %b::text, %b::int4, %b::int8, %b::int8, %b::bytea, %b::text,
    %b::uuid[], %b::uuid[], %b::int8[], %b::text[], %b::bytea[],
    %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
    %b::text[], %b::text[], %b::text[], %b::text[],
    %b::text, %b::text, %b::text[])"""
_TRACED = "originator_id, originator_version, topic, state, correlation_id, causation_id, actor, book, command_id"


def unique_owner() -> str:
    """A name for this process as the holder of leases, never given before."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class LedgerRecorder(ApplicationRecorder):
    """Writer and reader of one log and partition. Threads may share it; appends are then one after the other."""

    def __init__(self, database_url: str, log: Log, partition: int = 0, owner: str = "") -> None:
        self.log = log
        self.partition = partition
        self.owner = owner or unique_owner()
        self.writing = Session(database_url, f"{log} writer")
        self.reading = Session(database_url, f"{log} reader")
        self.head: Head | None = None
        self._lease_s = LEASE_S
        self._lock = threading.Lock()

    def acquire(self, lease_s: float = LEASE_S) -> Head:
        """Takes over the log and raises its epoch. Raises `LeaseHeld` while another owner's lease runs."""
        self._lease_s = lease_s
        rows = self.writing.run(_ACQUIRE, (self.log, self.partition, self.owner, lease_s))
        self.head = Head(*rows[0])
        return self.head

    def renew(self) -> None:
        """Extends the lease. Raises `Fenced` when another has taken over."""
        self._lease(self._lease_s)

    def release(self) -> None:
        """Ends the lease, so that the next owner need not wait for its end."""
        self._lease(0.0)
        self.head = None

    def _lease(self, seconds: float) -> None:
        held = self.head is not None and self.writing.run(
            _RENEW, (self.log, self.partition, self.head.epoch, seconds), prepare=True
        ) == [(True,)]
        if not held:
            self.head = None
            raise Fenced(f"the log {self.log} is not held by {self.owner}")

    def append(
        self,
        events: Sequence[StoredEvent],
        *,
        mark: str | None = None,
        inbox: Sequence[InboxEntry] = (),
        gate_book: str | None = None,
        gate_mode: Mode = "NORMAL",
        gate: GateChange | None = None,
    ) -> Commit:
        """One transaction. After `Fenced` or a lost connection the writer must acquire again."""
        with self._lock:
            head = self.head
            if head is None:
                raise Fenced(f"the log {self.log} is not held by {self.owner}")
            ids = [event_id_bytes(self.log, self.partition, head.position + n) for n in range(1, len(events) + 1)]
            names = [uuid_text(one) for one in ids]
            try:
                columns = (*_event_columns(ids, names, events), *_inbox_columns(inbox))
            except UnicodeEncodeError as error:
                raise BadData(str(error)) from error
            place = (self.log, self.partition, head.epoch, head.position, head.hash, mark)
            parameters = (*place, *columns, gate_book, gate_mode, _gate_column(gate))
            try:
                ((recorded_us, last, last_hash),) = self.writing.run(_APPEND, parameters, prepare=True)
            except (psycopg.Error, Fenced):
                self.head = None
                raise
            self.head = Head(last, last_hash, head.epoch, head.mark if mark is None else mark)
        return Commit(head.position + 1, last, recorded_us * 1000, tuple(names))

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """The library's way in; takes the log over if this recorder does not hold it yet."""
        if not stored_events:
            return []
        with self._lock:
            if self.head is None:
                self.acquire(self._lease_s)
        commit = self.append(stored_events)
        return list(range(commit.first, commit.last + 1))

    def answered(self, command_ids: Sequence[str]) -> dict[str, str]:
        """The answers of those commands that were consumed before."""
        query = "SELECT command_id, result FROM inbox WHERE command_id = ANY(%s)"
        return dict(self.reading.run(query, (list(command_ids),), prepare=True))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        rows = self.reading.run(
            f"""SELECT {_TRACED} FROM event_log
            WHERE log = %s AND partition = %s AND originator_id = %s
              AND originator_version > coalesce(%s::int8, -1) AND originator_version <= coalesce(%s::int8, {2**63 - 1})
            ORDER BY originator_version {"DESC" if desc else "ASC"} LIMIT %s""",
            (self.log, self.partition, originator_id, gt, lte, limit),
            prepare=True,
        )
        return [TracedEvent(*row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[TracedNotification]:
        first = (start or 0) + (0 if inclusive_of_start else 1)
        rows = self.reading.run(
            f"""SELECT position, {_TRACED} FROM event_log
            WHERE log = %s AND partition = %s AND position >= %s AND position <= coalesce(%s::int8, {2**63 - 1})
              AND (%s::text[] IS NULL OR topic = ANY(%s))
            ORDER BY position LIMIT %s""",
            (self.log, self.partition, first, stop, *[list(topics) or None] * 2, limit),
            prepare=True,
        )
        return [_notification(row) for row in rows]

    def max_notification_id(self) -> int | None:
        query = "SELECT max(position) FROM event_log WHERE log = %s AND partition = %s"
        position: int | None = self.reading.run(query, (self.log, self.partition))[0][0]
        return position

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        return PollingSubscription(self, gt, topics)

    def close(self) -> None:
        self.writing.close()
        self.reading.close()


class PollingSubscription(ListenNotifySubscription[LedgerRecorder]):
    """Looks ten times a second: a NOTIFY in every append would take a lock of the whole server."""

    def _loop_on_pull(self) -> None:
        try:
            while not self._has_been_stopped:
                self._pull()
                self._has_been_notified.wait(POLL_S)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that iterates
            self._thread_error = error
            self.stop()


def _notification(row: Row) -> TracedNotification:
    position, originator_id, version, topic, state, *trace = row
    return TracedNotification(originator_id, version, topic, state, position, *trace)


def _event_columns(ids: list[bytes], names: list[str], stored: Sequence[StoredEvent]) -> tuple[Array, ...]:
    events = [traced(event) for event in stored]
    return (
        UuidArray.of(ids),
        UuidArray.of(cast("UUID", event.originator_id).bytes for event in events),
        integers(event.originator_version for event in events),
        texts(event.topic for event in events),
        ByteaArray.of(event.state for event in events),
        texts(event.correlation_id or own for own, event in zip(names, events, strict=True)),
        texts(event.causation_id for event in events),
        texts(event.command_id for event in events),
        texts(event.actor for event in events),
        texts(event.book for event in events),
    )


def _inbox_columns(inbox: Sequence[InboxEntry]) -> tuple[Array, ...]:
    return (
        texts(entry.command_id for entry in inbox),
        texts(entry.entry_id for entry in inbox),
        texts(entry.result for entry in inbox),
        texts(entry.book for entry in inbox),
    )


def _gate_column(gate: GateChange | None) -> Array | None:
    if gate is None:
        return None
    return texts((gate.book, gate.origin, gate.mode, gate.who, gate.why, gate.command_id))
