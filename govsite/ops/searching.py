"""Searching the ledger page by page: cursors in both directions, and looking back no further than there is time for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from governance.models import Book, Seat
from govsite.auditing import names
from ledger import audit
from ledger.audit import LOGS, Connection, Question
from streams import events as e
from streams.events import AGGREGATES

MISUSED = "give it as the page before had it"
WINDOW, WIDER = 10_000, 4
PATIENCE_S = 0.15
BEYOND = 2**62
CHATTER = (e.EquityMarked, e.BreakerWarned, e.FeedGap, e.OutcomesRecorded, e.CouncilScored)
CHANGES = (
    *(
        kind.__name__
        for aggregate in ("Book", "Council", "Change", "Rulebook")
        for kind in AGGREGATES[aggregate]
        if kind not in CHATTER
    ),
    *("DecisionReleased", "HoldRefused", "CashMoved", "PositionAdjusted"),
)
"""What operators, changes, rules and modes leave behind: all of it is rare."""
FILLS = ("OrderPartiallyFilled", "OrderFilled")
PROCESSES = ("governor", "executor")

Cursor = dict[str, int]
Row = dict[str, Any]


class Found(Struct, frozen=True):
    """A page, the newest first. `older` and `newer` are cursors, "" where there is nothing; `looked_back` is the time
    up to which was looked, where there was no time for more."""

    rows: list[Row] = []
    older: str = ""
    newer: str = ""
    looked_back: datetime | None = None


def search(connection: Connection, asked: Question, before: str, after: str, size: int) -> Found:
    """A page of what is older than the cursor `before`, or newer than `after`, or the newest."""
    asked, seen = _by_event(asked), cursor(before or after)
    if before or not after:
        asked = replace(asked, newest=True, seen=seen, limit=size + 1)
        rows, floors, looked_back = (
            _looked(connection, asked) if _is_slow(asked) else (_all(connection, asked), {}, None)
        )
        page, more = rows[:size], len(rows) > size
        if looked_back is not None and not more:
            return Found(page, text_of(floors), _newer(page, seen) if before else "", looked_back)
        return Found(page, text_of(seen | _ends(page)) if more else "", _newer(page, seen) if before else "")
    rows = _all(connection, replace(asked, newest=False, seen=seen, limit=size + 1))
    page, more = rows[:size][::-1], len(rows) > size
    older = {name: position + 1 for name, position in seen.items() if position < BEYOND} | _ends(page)
    return Found(page, text_of(older), _newer(page, {}, seen) if more else "")


def _all(connection: Connection, asked: Question) -> list[Row]:
    return list(audit.ask(connection, asked))


def _by_event(asked: Question) -> Question:
    """A kind of aggregate as the events that it has: those are indexed."""
    kinds = AGGREGATES.get(asked.aggregate or "")
    if kinds is None:
        return asked
    mine = [kind.__name__ for kind in kinds]
    events = [name for name in mine if name in asked.events] if asked.events else mine
    return replace(asked, aggregate=None, events=events) if events else asked


def _is_slow(asked: Question) -> bool:
    """There is no index on actors."""
    keyed = asked.correlation or asked.command or audit.is_uuid(asked.aggregate) or asked.events
    return bool(asked.actor) and not keyed


def _looked(connection: Connection, asked: Question) -> tuple[list[Row], Cursor, datetime | None]:
    """Looks back in ever wider windows while there is time; gives what it found, and how far it came: the position in
    each log before which it did not look, and the time of that."""
    began, width = time.monotonic(), WINDOW
    tops = _tops(connection, asked)
    rows: list[Row] = []
    while tops and len(rows) < (asked.limit or 0):
        floors = {name: max(top - width, 0) for name, top in tops.items()}
        for name in tops:
            log, _, _ = name.partition(".")
            seen = {other: (tops[other] + 1 if other == name else 0) for other in tops}
            window = replace(asked, log=log, seen=seen, after=max(floors[name], asked.after or 0))
            rows += audit.ask(connection, window)
        tops, width = floors, width * WIDER
        if not any(floors.values()):
            return sorted(rows, key=audit.order_of, reverse=True), {}, None
        if time.monotonic() - began > PATIENCE_S:
            break
    rows.sort(key=audit.order_of, reverse=True)
    at = _time_of(connection, tops)
    kept = [row for row in rows if at is None or row["recorded_at"] >= at]
    rest = {_name(row): row["position"] + 1 for row in reversed(rows[len(kept) :])}
    return kept, {name: floor + 1 for name, floor in tops.items()} | rest, at


def _tops(connection: Connection, asked: Question) -> Cursor:
    """The last position of each log that may be given."""
    heads = {f"{log}.{number}": (log, number, last) for log, number, last, _ in audit.heads(connection)}
    tops = {}
    for name, (log, number, last) in heads.items():
        if asked.log not in (None, log):
            continue
        until = last if asked.until is None else audit.position_at(connection, log, number, asked.until)
        tops[name] = min(until, asked.seen[name] - 1) if name in asked.seen else until
    return tops


def _time_of(connection: Connection, floors: Cursor) -> datetime | None:
    """The latest of the times at which the windows began: before it not all logs were looked at."""
    times = []
    for name, position in floors.items():
        log, _, number = name.partition(".")
        row = connection.execute(
            "SELECT recorded_at FROM event_log WHERE log = %s AND partition = %s AND position = %s",
            [log, int(number), position + 1],
        ).fetchone()
        if row and position:
            times.append(row[0])
    return max(times, default=None)


# --- cursors ------------------------------------------------------------------------------------------


def text_of(seen: Mapping[str, int]) -> str:
    """`execution.0:44,governance.0:120`."""
    return ",".join(f"{name}:{position}" for name, position in sorted(seen.items()))


def cursor(text: str) -> Cursor:
    """Raises ValueError for what `text_of` did not make."""
    seen: Cursor = {}
    for one in filter(None, text.split(",")):
        name, _, position = one.rpartition(":")
        log, _, number = name.partition(".")
        if log not in LOGS or not number.isdecimal() or not position.isdecimal() or len(position) > 19:
            raise ValueError(MISUSED)
        seen[f"{log}.{int(number)}"] = min(int(position), BEYOND)
    return seen


def misused(text: str) -> str:
    """What is wrong with a cursor; empty for a good one."""
    try:
        cursor(text)
    except ValueError as error:
        return str(error)
    return ""


def _ends(page: list[Row]) -> Cursor:
    """The oldest position given of each log; the page has the newest first."""
    return {_name(row): row["position"] for row in page}


def _newer(page: list[Row], before: Cursor, after: Cursor | None = None) -> str:
    """What is above the page: of a log of which it has nothing, what is not older than where it began; of a log that
    was never bounded nothing, for all that it has is older."""
    known = {name: position - 1 for name, position in before.items()} | (after or {})
    known |= {_name(row): row["position"] for row in reversed(page)}
    return text_of({f"{log}.0": BEYOND for log in LOGS} | known)


def _name(row: Row) -> str:
    return f"{row['log']}.{row['partition']}"


# --- names --------------------------------------------------------------------------------------------


def unknown(connection: Connection, asked: Question) -> str:
    """What to say of a book or an actor that nobody knows; the seats, books and operators are asked before the ledger,
    which would have to be read from its beginning to its end."""
    books, seats = Book.objects.values_list("book", flat=True), Seat.objects.values_list("agent", flat=True)
    operators = connection.execute(
        """SELECT DISTINCT actor FROM event_log WHERE split_part(topic, '.', 2) = ANY(%s) AND log = 'governance'""",
        [list(CHANGES)],
    ).fetchall()
    actors = {*seats, *PROCESSES, *(name for (name,) in operators)}
    told = [
        names.slip("book", asked.book, sorted(books)) if asked.book else "",
        names.slip("actor", asked.actor, sorted(actors)) if asked.actor else "",
    ]
    return "; ".join(filter(None, told))
