"""The relay process: reads commits out of the WAL and hands them on; sends operators' commands on their way."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import psycopg
import redis

from ledger import delivery, outbox
from ledger.delivery import Delivery
from ledger.entries import LogRow, entries, wal_row
from ledger.session import Session
from ledger.wal import Transaction, WalStream, ensure_slot, slot_of
from streams import client
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

LOST: tuple[type[Exception], ...] = (psycopg.OperationalError, psycopg.InterfaceError, redis.RedisError)
OUTBOX_EVERY_S = 0.1
COMPARE_EVERY_S = 1.0
TAIL_EVERY_S = 0.02
PAUSE_S = 0.2


class Relay:
    """When PostgreSQL or Redis is lost it waits, says for what, and starts as at the first time."""

    def __init__(self, database_url: str, redis_url: str, stop: Stop) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.stop = stop
        self.telemetry = Telemetry(client.connect(redis_url), "relay")
        self._next_outbox = self._next_compare = 0.0

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
        try:
            persist("PostgreSQL", lambda: session.run("SELECT FROM head LIMIT 1"), self.stop, errors=(psycopg.Error,))
            slot = self._slot(session)
            target = Delivery(session, connection, self.telemetry, self._alarm)
            target.compare(whole=True)
            if slot is not None:
                wal = self._wal(slot)
            while not self.stop:
                self._pass(wal, target)
            if wal is not None:
                wal.acknowledge(force=True)
            self.telemetry.leave()
        finally:
            if wal is not None:
                wal.close()
            session.close()
            connection.close()

    def _pass(self, wal: WalStream | None, target: Delivery) -> None:
        """What was committed since, the operators' commands, a heartbeat."""
        if wal is None:
            target.compare(whole=True)
            self.stop.wait(TAIL_EVERY_S)
        else:
            self._relay(wal.read(OUTBOX_EVERY_S), target)
            wal.acknowledge()
        now = time.monotonic()
        if now >= self._next_outbox:
            self._next_outbox = now + OUTBOX_EVERY_S
            self.telemetry.counters["commands"] += outbox.send_due(target.session, target.redis)
        if now >= self._next_compare:
            self._next_compare = now + COMPARE_EVERY_S
            target.compare(whole=False)
        self.telemetry.beat()

    def _relay(self, transactions: Sequence[Transaction], target: Delivery) -> None:
        rows: list[LogRow] = []
        for change in (change for transaction in transactions for change in transaction.changes):
            if change.kind == "insert":
                rows.append(wal_row(change.values))
            else:
                self._alarm(f"the WAL shows {change.kind.upper()} on {change.table}: the log was changed")
        if rows:
            target.publish(entries(rows))

    def _alarm(self, text: str) -> None:
        log.critical("%s", text)
        self.telemetry.counters["alarms"] += 1

    def _slot(self, session: Session) -> str | None:
        """The slot's name; None where logical decoding is not allowed and the table has to be asked."""
        ((level, database),) = session.run("SELECT current_setting('wal_level'), current_database()::text")
        slot = slot_of(database)
        if level != "logical":
            log.warning("wal_level is %s, not logical: asking the table every %g s", level, TAIL_EVERY_S)
            return None
        try:
            made = persist(
                f"the replication slot {slot}",
                lambda: ensure_slot(session.connection, slot),
                self.stop,
                errors=(psycopg.OperationalError,),
            )
        except psycopg.errors.InsufficientPrivilege as error:
            log.warning("logical decoding is not allowed (%s): asking the table every %g s", error, TAIL_EVERY_S)
            return None
        if made:
            log.info("made the replication slot %s; what was committed before comes from the table", slot)
        return slot

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
