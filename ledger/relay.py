"""The relay process: reads commits out of the WAL and hands them on; sends operators' commands on their way."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import psycopg
import redis

from ledger import delivery, outbox
from ledger.alarms import Alarms
from ledger.archive_writer import ArchiveRow, Key
from ledger.archiver import Archiver, source_of
from ledger.delivery import Delivery
from ledger.entries import LogRow, entries, wal_row
from ledger.session import Session
from ledger.slots import SlotWatch, Source, ensure_slot, publication_fault, slot_of, source, state_of
from ledger.wal import PUBLICATION, Change, Transaction, WalStream
from streams import client
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

LOST: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InterfaceError, redis.RedisError)
OUTBOX_EVERY_S = 0.05  # to suspend an instrument must not take longer than a tenth of a second
COMPARE_EVERY_S = 1.0
TAIL_EVERY_S = 0.02
PAUSE_S = 0.2
WATCH_EVERY_S = 1.0
FINISH_S = 5.0
CLOCKS_APART_S = 5.0
# A commit is in its stream within milliseconds. What is not by then does not come through the WAL.
STUCK_S = 5.0


class Relay:
    """When PostgreSQL or Redis is lost it waits, says for what, and starts as at the first time. With a directory it
    writes the archive too, and lets the WAL go only once it is in both."""

    def __init__(self, database_url: str, redis_url: str, stop: Stop, archive: Path | None = None) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.stop = stop
        self.archive = archive
        self.telemetry = Telemetry(client.connect(redis_url), "relay")
        self.alarm = Alarms(self.telemetry, archive)
        self._watch = SlotWatch(self.telemetry.gauges, self.alarm)
        self._next_outbox = self._next_compare = self._next_watch = 0.0
        self._publication_fault = ""
        self._apart: list[str] = []
        self._behind: dict[Key, tuple[int, float]] = {}

    def run(self) -> None:
        """Until told to stop."""
        while not self.stop:
            try:
                self._serve()
            except Stopping as waited_for:
                log.info("stopped while waiting for %s", waited_for)
            except LOST as error:
                log.warning("starting over: %s", str(error).strip() or type(error).__name__)
                self.stop.wait(PAUSE_S)

    def _serve(self) -> None:
        """From the connections to their loss or the end."""
        connection = persist("Redis", lambda: delivery.connect(self.redis_url), self.stop, errors=(redis.RedisError,))
        session = Session(self.database_url, "relay")
        wal: WalStream | None = None
        archiver: Archiver | None = None
        try:
            persist("PostgreSQL", lambda: session.run("SELECT FROM head LIMIT 1"), self.stop, errors=(psycopg.Error,))
            here = source(session)
            slot = self._slot(session, here)
            target = Delivery(session, connection, self.telemetry, self.alarm)
            heads = target.compare(whole=True)
            if slot is not None:
                self._look_at_publication(session)
                wal = self._wal(slot)
            if self.archive is not None:
                archiver = Archiver(self.archive, self.database_url, here, self.alarm)
                archiver.expect(heads)
            while not self.stop:
                self._pass(wal, target, archiver)
                self._look_after(session, slot, archiver)
            self._finish(wal, archiver)
        finally:
            if archiver is not None:
                archiver.close()
            if wal is not None:
                wal.close()
            session.close()
            connection.close()

    def _pass(self, wal: WalStream | None, target: Delivery, archiver: Archiver | None) -> None:
        """What was committed since, and the operators' commands."""
        now = time.monotonic()
        if wal is None:
            self._compare(target, archiver, whole=True)
            self.stop.wait(TAIL_EVERY_S)
        else:
            self._relay(wal.read(OUTBOX_EVERY_S), target, archiver, wal)
            wal.acknowledge(_safe(wal, archiver))
            if now >= self._next_compare:
                self._next_compare = now + COMPARE_EVERY_S
                self._compare(target, archiver, whole=bool(self._publication_fault) or self._is_stuck(now))
        if now >= self._next_outbox:
            self._next_outbox = now + OUTBOX_EVERY_S
            self.telemetry.counters["commands"] += outbox.send_due(target.session, target.redis)

    def _compare(self, target: Delivery, archiver: Archiver | None, *, whole: bool) -> None:
        heads = target.compare(whole=whole)
        behind = {key: target.published[key] for key, last in heads.items() if target.published[key] < last}
        now = time.monotonic()
        known = {key: one for key, one in self._behind.items() if behind.get(key) == one[0]}
        self._behind = {key: known.get(key, (published, now)) for key, published in behind.items()}
        if archiver is not None:
            archiver.expect(heads)

    def _is_stuck(self, now: float) -> bool:
        """Whether a log stands ahead of its stream and nothing comes: the table has to be asked."""
        return any(now - since > STUCK_S for _, since in self._behind.values())

    def _relay(
        self, transactions: Sequence[Transaction], target: Delivery, archiver: Archiver | None, wal: WalStream
    ) -> None:
        rows: list[LogRow] = []
        kept: dict[Key, list[ArchiveRow]] = {}
        for transaction in transactions:
            for change in transaction.changes:
                if change.kind == "insert":
                    row = wal_row(change.values)
                    rows.append(row)
                    if archiver is not None:
                        kept.setdefault(row[:2], []).append(_archived(row, change))
            self._suspect(transaction)
        if transactions and archiver is not None:
            archiver.hand(kept, wal.position)
        if rows:
            target.publish(entries(rows))

    def _suspect(self, transaction: Transaction) -> None:
        """Nothing but INSERT may ever be seen on a log: an alarm for each kind of change in a transaction."""
        changes = Counter((change.kind, change.table) for change in transaction.changes if change.kind != "insert")
        for (kind, table), count in changes.items():
            rows = "" if kind == "truncate" else f" ({count} {'row' if count == 1 else 'rows'})"
            self.alarm(f"the WAL shows {kind.upper()} on {table}{rows}: the log was changed")

    def _look_after(self, session: Session, slot: str | None, archiver: Archiver | None) -> None:
        """A heartbeat, with what an operator wants to know of the slot and the archive."""
        now = time.monotonic()
        if now >= self._next_watch:
            self._next_watch = now + WATCH_EVERY_S
            if slot is not None:
                self._watch.look(state_of(session, slot))
                self._look_at_publication(session)
            self._look_at_clocks(session)
            if archiver is not None:
                self.telemetry.gauges["archive behind"] = archiver.behind
                self.telemetry.gauges["archive trouble"] = archiver.trouble
            self.alarm.write()
        if archiver is not None:
            self.telemetry.counters["archived"] += archiver.take_archived()
        self.telemetry.beat()

    def _look_at_clocks(self, session: Session) -> None:
        """Ages are judged between times of this machine and times of the ledger and of Redis."""
        before = time.time()
        ((theirs,),) = session.run("SELECT extract(epoch FROM clock_timestamp())::float8", prepare=True)
        seconds, micros = cast("tuple[int, int]", self.telemetry.redis.time())
        after = time.time()
        clocks = {"PostgreSQL": float(theirs), "Redis": seconds + micros / 1e6}
        apart = {
            name: ahead for name, at in clocks.items() if abs(ahead := _outside(at, before, after)) > CLOCKS_APART_S
        }
        self.telemetry.gauges["clocks apart s"] = round(max(map(abs, apart.values()), default=0.0), 1)
        named = ", ".join(f"{name}'s by {ahead:+.0f} s" for name, ahead in apart.items())
        if apart and sorted(apart) != self._apart:
            self.alarm(
                f"clocks differ from this machine's: {named}; set them right (NTP), else ages are judged wrongly"
            )
        self._apart = sorted(apart)

    def _look_at_publication(self, session: Session) -> None:
        fault = publication_fault(session, PUBLICATION)
        if fault and fault != self._publication_fault:
            self.alarm(
                f"the publication {PUBLICATION} was changed: {fault}. Changes of the log are not watched, and its"
                " events come from the table: make it anew as ledger/schema/publication.sql does, and run"
                " `manage.py audit verify`"
            )
        self._publication_fault = fault

    def _finish(self, wal: WalStream | None, archiver: Archiver | None) -> None:
        if archiver is not None:
            archiver.settle(FINISH_S)
        if wal is not None:
            wal.acknowledge(_safe(wal, archiver), force=True)
        self.telemetry.leave()

    def _slot(self, session: Session, here: Source) -> str | None:
        """The slot's name; None where logical decoding is not allowed and the table has to be asked."""
        ((level, database),) = session.run("SELECT current_setting('wal_level'), current_database()::text")
        slot = slot_of(database)
        if level != "logical":
            log.warning("wal_level is %s, not logical: asking the table every %g s", level, TAIL_EVERY_S)
            return None
        try:
            made = persist(
                f"the replication slot {slot}",
                lambda: ensure_slot(session, slot, foreign=self._is_foreign(here)),
                self.stop,
                errors=(psycopg.OperationalError,),
            )
        except psycopg.errors.InsufficientPrivilege as error:
            log.warning("logical decoding is not allowed (%s): asking the table every %g s", error, TAIL_EVERY_S)
            return None
        if made:
            log.warning("made the replication slot %s (%s); what it lacks comes from the table", slot, made)
        if made and self.archive is not None and source_of(self.archive) is not None:
            self.alarm(
                f"the replication slot {slot} was made anew ({made}): changes of the log since the last archived row"
                " were not watched; run `manage.py audit verify`"
            )
        return slot

    def _is_foreign(self, here: Source) -> bool:
        known = source_of(self.archive) if self.archive is not None else None
        return known is not None and known.system != here.system

    def _wal(self, slot: str) -> WalStream:
        """Waits while the WAL sender of a relay that was killed still holds the slot, or another relay is at work."""
        stream = persist(
            f"the replication slot {slot}",
            lambda: WalStream(self.database_url, slot),
            self.stop,
            errors=(psycopg.errors.ObjectInUse,),
        )
        log.info("reading the WAL through %s", slot)
        return stream


def _outside(at: float, before: float, after: float) -> float:
    """How far a time is beyond those between which it was asked (s)."""
    return at - after if at > after else min(at - before, 0.0)


def _archived(row: LogRow, change: Change) -> ArchiveRow:
    prev_hash, hash_ = change.values["prev_hash"], change.values["hash"]
    return ArchiveRow(row[2], row[3], cast("bytes", prev_hash), cast("bytes", hash_))


def _safe(wal: WalStream, archiver: Archiver | None) -> int:
    """Up to where the WAL is not needed any more: Redis has all that was read."""
    return wal.position if archiver is None else archiver.safe(wal.position)
