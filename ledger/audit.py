"""The auditors' questions: which events there are, and why a decision came about."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import psycopg
from msgspec import Struct
from psycopg.rows import dict_row

from ledger.errors import Corrupt
from ledger.reader import COLUMNS, recorded
from ledger.records import RecordedEvent
from ledger.verifying import heads as heads
from ledger.verifying import verify_log as verify_log
from streams.events import (
    AGGREGATES,
    DecisionHeld,
    DecisionReached,
    DeliberationOpened,
    OutcomesRecorded,
    aggregate_id,
)
from streams.messages import Log

LOGS: tuple[Log, ...] = ("governance", "execution")
LOG_OF: dict[str, Log] = {
    kind.__name__: "execution" if aggregate in ("Account", "Order") else "governance"
    for aggregate, kinds in AGGREGATES.items()
    for kind in kinds
}
CLOCK_SLACK = timedelta(minutes=5)
FETCH = 5000
COLUMNS_OF_VIEW = (
    *("log", "partition", "position", "event_id", "recorded_at", "aggregate", "aggregate_id", "version", "event"),
    *("book", "actor", "correlation_id", "causation_id", "command_id", "payload", "prev_hash", "hash"),
)

Connection = psycopg.Connection[Any]


class Question(Struct, frozen=True, kw_only=True):
    """Which events of the view `ledger`: all conditions hold together; `after` is a position. `seen` continues where an
    earlier answer ended: the position of the last row given, by log and partition ("governance.0")."""

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
    newest: bool = False
    seen: Mapping[str, int] = {}


class Story(Struct, frozen=True, kw_only=True):
    """A decision and all that led to it and followed from it, in order of time; what the market made of it later and
    how the council was scored for it are in the same list."""

    decision_id: str
    outcome: str
    events: list[RecordedEvent]


def ask(connection: Connection, question: Question) -> Iterator[dict[str, Any]]:
    """The rows of the view `ledger` in order of time, or the newest first, read as they are wanted."""
    with connection.transaction():
        found = heapq.merge(
            *(_rows_of(connection, question, log, partition) for log, partition in _asked(connection, question)),
            key=order_of,
            reverse=question.newest,
        )
        yield from islice(found, question.limit)


def order_of(row: Mapping[str, Any]) -> tuple[datetime, bool, int, int]:
    """The order of rows of all logs: of time, and at the same time that of governance first."""
    return (row["recorded_at"], row["log"] != "governance", row["partition"], row["position"])


def _asked(connection: Connection, question: Question) -> list[tuple[str, int]]:
    """The logs that are read, those that lost their head too."""
    rows = connection.execute("SELECT log, partition FROM head").fetchall()
    known = {(log, 0) for log in LOGS} | set(rows)
    writing = {log for event in question.events for log in ([LOG_OF[event]] if event in LOG_OF else LOGS)} or set(LOGS)
    return sorted(one for one in known if question.log in (None, one[0]) and one[0] in writing)


def _rows_of(connection: Connection, question: Question, log: str, partition: int) -> Iterator[dict[str, Any]]:
    """One log in its own order, which is that of time."""
    conditions, parameters = _conditions(question)
    bounds = _bounds(connection, question, log, partition)
    conditions += [condition for condition, _ in bounds]
    parameters += [position for _, position in bounds]
    if (seen := question.seen.get(f"{log}.{partition}")) is not None:
        conditions.append(f"position {'<' if question.newest else '>'} %s")
        parameters.append(seen)
    # A planner that hopes to end early would walk the whole log for the few rows of one key.
    chosen = "MATERIALIZED" if _names_a_key(question) else "NOT MATERIALIZED"
    query = f"""WITH chosen AS {chosen} (
            SELECT * FROM ledger WHERE {" AND ".join(["log = %s", "partition = %s", *conditions])})
        SELECT * FROM chosen ORDER BY position {"DESC" if question.newest else ""}
        LIMIT {"ALL" if question.limit is None else int(question.limit)}"""
    with connection.cursor(f"ask_{log}_{partition}", row_factory=dict_row) as cursor:
        cursor.itersize = FETCH
        yield from cursor.execute(query, [log, partition, *parameters])


def _bounds(connection: Connection, question: Question, log: str, partition: int) -> list[tuple[str, int]]:
    """What the times mean in positions, which have an index; the times themselves decide. The slack is for a server
    whose clock was set back."""
    if _names_a_key(question):
        return []
    bounds = []
    if (since := _shifted(question.since, -CLOCK_SLACK)) is not None:
        bounds.append(("position > %s", position_at(connection, log, partition, since)))
    if (until := _shifted(question.until, CLOCK_SLACK)) is not None:
        bounds.append(("position <= %s", position_at(connection, log, partition, until)))
    return bounds


def _shifted(moment: datetime | None, by: timedelta) -> datetime | None:
    """None beyond the first and the last moment that there is, where a bound says nothing."""
    try:
        return None if moment is None else moment + by
    except OverflowError:
        return None


def position_at(connection: Connection, log: str, partition: int, at: datetime) -> int:
    """The last position recorded by then, 0 if there was none: times rise with positions, so twenty rows tell."""
    row = connection.execute(
        "SELECT coalesce(max(position), 0) FROM event_log WHERE log = %s AND partition = %s", [log, partition]
    ).fetchone()
    known, beyond = 0, row[0] + 1 if row else 1
    while beyond - known > 1:
        middle = (known + beyond) // 2
        found = connection.execute(
            "SELECT recorded_at FROM event_log WHERE log = %s AND partition = %s AND position = %s",
            [log, partition, middle],
        ).fetchone()
        if found is None:
            raise Corrupt(f"the {log} log has no position {middle}: run `manage.py audit verify`")
        known, beyond = (middle, beyond) if found[0] <= at else (known, middle)
    return known


def _names_a_key(question: Question) -> bool:
    return bool(question.correlation or question.command or is_uuid(question.aggregate))


def _conditions(question: Question) -> tuple[list[str], list[Any]]:
    kind = question.aggregate
    wanted = {
        "event = ANY(%s)": list(question.events) or None,
        "aggregate_id = %s" if is_uuid(kind) else "aggregate = %s": str(UUID(kind)) if kind and is_uuid(kind) else kind,
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


def is_uuid(text: str | None) -> bool:
    """Whether the text is the id of an aggregate rather than the name of a kind."""
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
        held = next((one.event.body for one in told if isinstance(one.event.body, DecisionHeld)), None)
        if held is not None:
            return Story(decision_id=held.decision_id, outcome="held", events=told)
        return Story(decision_id="", outcome="open", events=told)
    orders = [aggregate_id("Order", ticket.order_id) for ticket in decision.orders]
    followed = _aggregates(connection, "execution", orders) + _worth(connection, told)
    events = sorted(told + followed, key=lambda one: (one.recorded_at, one.log != "governance", one.position))
    return Story(decision_id=decision.decision_id, outcome=decision.outcome, events=events)


def _worth(connection: Connection, told: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    """The outcomes and the scores of the bucket that the round was in, as far as they are known."""
    opened = next((one for one in told if isinstance(one.event.body, DeliberationOpened)), None)
    if opened is None or not isinstance(opened.event.body, DeliberationOpened):
        return []
    bucket = opened.event.body.weights_version.rpartition(":")[2]
    query = f"""SELECT partition, {COLUMNS} FROM event_log WHERE log = 'governance' AND partition = %s AND position > %s
        AND split_part(topic, '.', 2) = %s AND book = %s
        AND convert_from(state, 'UTF8')::jsonb ->> 'bucket' = %s"""
    asked = opened.event.book, bucket
    first = f"{query} ORDER BY position LIMIT 1"  # a bucket is scored once, when all its outcomes are there
    scored = connection.execute(first, [opened.partition, opened.position, "CouncilScored", *asked]).fetchall()
    until = f"{query} AND position <= coalesce(%s, position) ORDER BY position"
    last = scored[0][1] if scored else None
    outcomes = connection.execute(until, [opened.partition, opened.position, "OutcomesRecorded", *asked, last])
    later = [recorded("governance", partition, row) for partition, *row in outcomes.fetchall()]
    mine = [one for one in later if _speaks_of(one, opened.event.body.deliberation_id)]
    return mine + [recorded("governance", partition, row) for partition, *row in scored if mine]


def _speaks_of(one: RecordedEvent, deliberation_id: str) -> bool:
    body = one.event.body
    return isinstance(body, OutcomesRecorded) and any(
        outcome.deliberation_id == deliberation_id for outcome in body.outcomes
    )


def _deliberation_of(connection: Connection, wanted: str) -> UUID | None:
    query = """SELECT originator_id FROM event_log
        WHERE topic = 'Deliberation.DecisionReached' AND decision_of(state) = %s"""
    held = """SELECT originator_id FROM event_log WHERE log = 'governance'
        AND split_part(topic, '.', 2) = 'DecisionHeld' AND decision_of(state) = %s"""
    if row := connection.execute(query, [wanted]).fetchone() or connection.execute(held, [wanted]).fetchone():
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


def at(text: str) -> datetime:
    """A moment as an auditor writes it: ISO 8601, UTC where no zone is given. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
