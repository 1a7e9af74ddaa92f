"""The auditors' questions: which events, why a decision came about, and whether the logs are whole."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import dict_row

from ledger.chain import Broken, ChainRow, verify
from ledger.reader import COLUMNS, recorded
from ledger.records import GENESIS, RecordedEvent
from streams.events import DecisionReached, aggregate_id
from streams.messages import Log

LOGS: tuple[Log, ...] = ("governance", "execution")
FETCH = 5000

Connection = psycopg.Connection[Any]
Progress = Callable[[int], None]


class Question(Struct, frozen=True, kw_only=True):
    """Which events of the view `ledger`: all conditions hold together; `after` is a position."""

    log: Log | None = None
    events: Sequence[str] = ()
    aggregate: str | None = None
    actor: str | None = None
    book: str | None = None
    correlation: str | None = None
    command: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    limit: int | None = None


class Story(Struct, frozen=True, kw_only=True):
    """A decision and all that led to it and followed from it, in order of time."""

    decision_id: str
    outcome: str
    events: list[RecordedEvent]


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of checking one log: `broken` is None when it is whole."""

    log: str
    partition: int
    events: int
    broken: Broken | None


def ask(connection: Connection, question: Question) -> Iterator[dict[str, Any]]:
    """The rows of the view `ledger` in order of time, read as they are wanted."""
    with connection.transaction():
        asked = [question.log] if question.log else LOGS
        found = heapq.merge(
            *(_rows_of(connection, question, log) for log in asked),
            key=lambda row: (row["recorded_at"], row["log"] != "governance", row["position"]),
        )
        for number, row in enumerate(found):
            if question.limit is not None and number >= question.limit:
                return
            yield row


def _rows_of(connection: Connection, question: Question, log: Log) -> Iterator[dict[str, Any]]:
    """One log in its own order, which is that of time."""
    conditions, parameters = _conditions(question)
    query = f"""SELECT * FROM ledger WHERE {" AND ".join(["log = %s", *conditions])}
        ORDER BY partition, position LIMIT {"ALL" if question.limit is None else int(question.limit)}"""
    with connection.cursor(f"ask_{log}", row_factory=dict_row) as cursor:
        cursor.itersize = FETCH
        yield from cursor.execute(query, [log, *parameters])


def _conditions(question: Question) -> tuple[list[str], list[Any]]:
    kind = question.aggregate
    wanted = {
        "event = ANY(%s)": list(question.events) or None,
        "aggregate_id = %s" if _is_uuid(kind) else "aggregate = %s": kind,
        "actor = %s": question.actor,
        "book = %s": question.book,
        "correlation_id = %s": question.correlation,
        "command_id = %s": question.command,
        "recorded_at >= %s": question.since,
        "recorded_at < %s": question.until,
        "position > %s": question.after,
    }
    chosen = {condition: value for condition, value in wanted.items() if value is not None}
    return list(chosen), list(chosen.values())


def _is_uuid(text: str | None) -> bool:
    try:
        return text is not None and bool(UUID(text))
    except ValueError:
        return False


def explain(connection: Connection, wanted: str) -> Story | None:
    """The story of a decision, found by its id, or by that of its deliberation or of one of its orders."""
    deliberation = _deliberation_of(connection, wanted)
    if deliberation is None:
        return None
    told = _aggregates(connection, "governance", [deliberation])
    decision = next((one.event.body for one in told if isinstance(one.event.body, DecisionReached)), None)
    if decision is None:
        return Story(decision_id="", outcome="open", events=told)
    orders = [aggregate_id("Order", ticket.order_id) for ticket in decision.orders]
    followed = _aggregates(connection, "execution", orders)
    events = sorted(told + followed, key=lambda one: (one.recorded_at, one.log != "governance", one.position))
    return Story(decision_id=decision.decision_id, outcome=decision.outcome, events=events)


def _deliberation_of(connection: Connection, wanted: str) -> UUID | None:
    query = """SELECT originator_id FROM event_log
        WHERE topic = 'Deliberation.DecisionReached' AND decision_of(state) = %s"""
    if row := connection.execute(query, [wanted]).fetchone():
        return UUID(str(row[0]))
    if _aggregates(connection, "governance", [aggregate_id("Deliberation", wanted)]):
        return aggregate_id("Deliberation", wanted)
    for one in _aggregates(connection, "execution", [aggregate_id("Order", wanted)]):
        if decision := getattr(one.event.body, "decision_id", ""):
            return _deliberation_of(connection, decision)
    return None


def _aggregates(connection: Connection, log: Log, ids: Sequence[UUID]) -> list[RecordedEvent]:
    query = f"""SELECT partition, {COLUMNS} FROM event_log WHERE log = %s AND partition IN (SELECT partition FROM head)
        AND originator_id = ANY(%s) ORDER BY partition, position"""
    rows = connection.execute(query, [log, list(ids)]).fetchall()
    return [recorded(log, partition, row) for partition, *row in rows]


def heads(connection: Connection) -> list[tuple[str, int, int, bytes]]:
    """Log, partition, last position and its hash, of every log."""
    return connection.execute("SELECT log, partition, position, hash FROM head ORDER BY log DESC, partition").fetchall()


def verify_log(connection: Connection, log: str, partition: int, progress: Progress = lambda count: None) -> Verdict:
    """Recomputes every hash and id of a log and compares its end with the head, as of one moment."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        head = connection.execute(
            "SELECT position, hash FROM head WHERE log = %s AND partition = %s", [log, partition]
        ).fetchone()
        position, previous, broken = 0, GENESIS, None
        for found in verify(_chain(connection, log, partition)):
            if isinstance(found, Broken):
                broken = found
                break
            position, previous = found.position, found.hash
            if position % FETCH == 0:
                progress(position)
    progress(position)
    return Verdict(log=log, partition=partition, events=position, broken=broken or _end(head, position, previous))


def _end(head: tuple[int, bytes] | None, position: int, hash_: bytes) -> Broken | None:
    if head is None:
        return Broken(1, "the log has no head")
    if head[0] != position:
        return Broken(min(position, head[0]) + 1, f"the head stands at {head[0]}, the log ends at {position}")
    return None if head[1] == hash_ else Broken(position, "its hash is not that of the head")


def _chain(connection: Connection, log: str, partition: int) -> Iterator[ChainRow]:
    columns = ", ".join(ChainRow._fields)
    query = f"SELECT {columns} FROM event_log WHERE log = %s AND partition = %s ORDER BY position"
    with connection.cursor("chain", binary=True) as cursor:
        cursor.itersize = FETCH
        for row in cursor.execute(query, [log, partition]):
            yield ChainRow._make(row)


def headless(connection: Connection) -> list[tuple[str, int]]:
    """Logs that hold events though they have no head."""
    return connection.execute(
        """SELECT DISTINCT log, partition FROM event_log
        WHERE NOT EXISTS (SELECT FROM head WHERE head.log = event_log.log AND head.partition = event_log.partition)"""
    ).fetchall()


def at(text: str) -> datetime:
    """A moment as an auditor writes it: ISO 8601, UTC where no zone is given. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
