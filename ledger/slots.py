"""The relay's replication slot: made, made anew where it is of no use any more, and watched."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
from msgspec import Struct
from psycopg.sql import SQL, Identifier

from ledger.session import PATIENCE, Session

# Slots that a standby keeps too (PostgreSQL 17): after a failover the new primary has the relay's.
FAILOVER_VERSION = 170_000
MARGIN = 0.25


class Source(Struct, frozen=True):
    """Which history of which database cluster: a restored or promoted one has another timeline, a new one another
    identifier."""

    system: int
    timeline: int


class SlotState(NamedTuple):
    """How much WAL the slot holds back, and how much more it may before PostgreSQL gives up on it (None: no limit);
    bytes. `limit` is `max_slot_wal_keep_size`."""

    wal_status: str
    retained: int
    safe: int | None
    limit: int


def slot_of(database: str) -> str:
    """The relay's slot: slots are named for the whole server, so each database has its own."""
    return "ledger_relay_" + re.sub(r"[^a-z0-9]", "_", database.lower())[:40]


def source(session: Session) -> Source:
    """The database that is being read."""
    query = """SELECT system_identifier, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
        FROM pg_control_system()"""
    ((system, timeline),) = session.run(query)
    return Source(system, timeline)


def ensure_slot(session: Session, slot: str, *, foreign: bool) -> str:
    """Makes the slot where it is missing, or anew where it is lost, about to be lost, or (`foreign`) of another
    cluster. Gives the reason, "" where it was left as it was. Raises `psycopg.errors.InsufficientPrivilege` where
    logical decoding is not allowed."""
    connection = session.connection
    version = connection.info.server_version
    reason = _reason(connection, slot, foreign)
    if reason and reason != "it was not there":
        connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
    if reason:
        keep_on_standby = ", failover => true" if version >= FAILOVER_VERSION else ""
        connection.execute(
            SQL("SELECT pg_create_logical_replication_slot(%s, 'pgoutput'{})").format(SQL(keep_on_standby)), [slot]
        )
    elif version >= FAILOVER_VERSION:
        _keep_on_standby(session, slot)
    return reason


def _reason(connection: psycopg.Connection[Any], slot: str, foreign: bool) -> str:
    row = connection.execute("SELECT to_jsonb(s) FROM pg_replication_slots s WHERE slot_name = %s", [slot]).fetchone()
    if row is None:
        return "it was not there"
    state = row[0]
    if foreign:
        return "it belongs to another database cluster"
    if state.get("invalidation_reason"):
        return f"PostgreSQL has invalidated it ({state['invalidation_reason']})"
    if state["wal_status"] in ("lost", "unreserved"):
        return f"its WAL is {state['wal_status']}"
    if state["plugin"] != "pgoutput":
        return f"it decodes with {state['plugin']}"
    return ""


def _keep_on_standby(session: Session, slot: str) -> None:
    """A slot that an older release made is not copied to the standbys yet."""
    ((kept,),) = session.run("SELECT failover FROM pg_replication_slots WHERE slot_name = %s", (slot,))
    if not kept:
        with psycopg.connect(session.database_url, replication="database", autocommit=True, **PATIENCE) as connection:
            connection.execute(SQL("ALTER_REPLICATION_SLOT {} (FAILOVER true)").format(Identifier(slot)))


def state_of(session: Session, slot: str) -> SlotState | None:
    """None where the slot is gone."""
    query = """SELECT coalesce(wal_status, 'lost'),
            coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint, safe_wal_size,
            (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size') * 1024 * 1024
        FROM pg_replication_slots WHERE slot_name = %s"""
    rows = session.run(query, (slot,), prepare=True)
    return SlotState(*rows[0]) if rows else None


def publication_fault(session: Session, publication: str) -> str:
    """What keeps changes of the log out of the publication; "" where all of them are in it."""
    query = """SELECT p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, to_jsonb(t)
        FROM pg_publication p LEFT JOIN pg_publication_tables t ON t.pubname = p.pubname AND t.tablename = 'event_log'
        WHERE p.pubname = %s"""
    rows = session.run(query, (publication,), prepare=True)
    if not rows:
        return "it does not exist"
    *flags, table = rows[0]
    left_out = [
        kind for kind, there in zip(("INSERT", "UPDATE", "DELETE", "TRUNCATE"), flags, strict=True) if not there
    ]
    if table is None:
        return "it does not contain the table event_log"
    if left_out:
        return f"it leaves out {', '.join(left_out)}"
    return "it leaves out rows of event_log" if table.get("rowfilter") else ""


class SlotWatch:
    """Tells (gauges) how much WAL is held back, and raises an alarm once when the end of PostgreSQL's patience is
    near: less than a quarter of `max_slot_wal_keep_size` is left."""

    def __init__(self, gauges: dict[str, float | str], alarm: Callable[[str], None]) -> None:
        self.gauges = gauges
        self.alarm = alarm
        self._near = False

    def look(self, state: SlotState | None) -> None:
        if state is None:
            return
        self.gauges["wal status"] = state.wal_status
        self.gauges["wal retained MB"] = _megabytes(state.retained)
        if state.safe is None:
            return
        self.gauges["wal left MB"] = _megabytes(state.safe)
        near = state.wal_status in ("unreserved", "lost") or state.safe < state.limit * MARGIN
        if near and not self._near:
            self.alarm(
                f"the replication slot holds back {_megabytes(state.retained)} MB of WAL ({state.wal_status}); after"
                f" another {_megabytes(state.safe)} MB PostgreSQL gives up on it: see why the relay cannot go on"
            )
        self._near = near


def _megabytes(size: int) -> float:
    return round(size / 2**20, 1)
