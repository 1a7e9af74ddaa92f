"""A book as it was at a time, from targeted reads of both logs: no snapshot and no read model is trusted for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from execution.domain.account import Account
from governance.domain.state import BookState
from govsite.auditing.executed import FILLS, OpenOrder, Place, executed
from ledger.audit import Connection, position_at
from ledger.reader import COLUMNS, recorded
from ledger.records import RecordedEvent
from streams import events as e
from streams.events import AGGREGATES, Event

# Folded whole: rare ones. Of what every round records only the last is read, or what is still open.
STANDING: tuple[type[Event], ...] = (
    *AGGREGATES["Book"],
    *AGGREGATES["Council"],
    *AGGREGATES["Rulebook"],
    *AGGREGATES["Change"],
)
PASSED_OVER: frozenset[type[Event]] = frozenset(
    (e.EquityMarked, e.FeedGap, e.OutcomesRecorded, e.BreakerWarned, e.CancelOrdered, e.CashMoveOrdered)
)
MODES: tuple[type[Event], ...] = (e.TradingHalted, e.TradingReduced, e.TradingResumed)
SITUATIONS_READ = 2_000


class Mark(Struct, frozen=True):
    """The price of an instrument that was known: as a round found the market, else of the book's own last fill."""

    price: Decimal
    tick_id: str
    source: str
    recorded_at: int


class Past(Struct, frozen=True, kw_only=True):
    """What was known of a book. `marks` has no entry for an instrument that never had a price."""

    book: str
    at: datetime
    governance: Place
    execution: Place
    state: BookState
    account: Account
    marks: dict[str, Mark]
    orders: list[OpenOrder]
    equity_mark: e.EquityMarked | None
    mode_set: RecordedEvent | None


def past(connection: Connection, book: str, at: datetime) -> Past | None:
    """The book at a time, of one moment of the database; None where it was not founded by then."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        partition = _partition_of(connection, book)
        if partition is None:
            return None
        governance = Place("governance", partition, position_at(connection, "governance", partition, at))
        execution = Place("execution", partition, position_at(connection, "execution", partition, at))
        state = _state(connection, governance, book)
        if not state.quote:
            return None
        account, orders = executed(connection, execution, book)
        held = {name for name, position in account.positions.items() if position.quantity}
        return Past(
            book=book,
            at=at,
            governance=governance,
            execution=execution,
            state=state,
            account=account,
            marks=_marks(connection, governance, execution, book, held),
            orders=orders,
            equity_mark=_last_mark(connection, governance, book),
            mode_set=next(iter(_newest(connection, governance, book, MODES, 1)), None),
        )


def _partition_of(connection: Connection, book: str) -> int | None:
    row = connection.execute(
        """SELECT partition FROM event_log
        WHERE log = 'governance' AND split_part(topic, '.', 2) = 'BookFounded' AND book = %s LIMIT 1""",
        [book],
    ).fetchone()
    return row[0] if row else None


def _state(connection: Connection, place: Place, book: str) -> BookState:
    state = BookState(book)
    kinds = tuple(kind for kind in STANDING if kind not in PASSED_OVER)
    for one in _events(connection, place, book, kinds):
        state.apply(one.event)
    holds = _events(connection, place, book, (e.DecisionHeld,))
    ends = _of_aggregates(connection, place, [one.event.originator_id for one in holds], e.DecisionReached)
    for one in sorted([*holds, *ends], key=lambda one: one.position):
        state.holds.apply(one.event)
    return state


def _events(connection: Connection, place: Place, book: str, kinds: Sequence[type[Event]]) -> list[RecordedEvent]:
    query = f"SELECT {COLUMNS} FROM event_log WHERE {_WHERE} ORDER BY position"
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(query, _parameters(place, book, kinds)).fetchall()
    return [recorded(place.log, place.partition, row) for row in rows]


def _newest(
    connection: Connection, place: Place, book: str, kinds: Sequence[type[Event]], count: int
) -> list[RecordedEvent]:
    """The last so many, the newest first. One query for each kind, or the index gives no order to stop early in."""
    found: list[RecordedEvent] = []
    for kind in kinds:
        query = f"SELECT {COLUMNS} FROM event_log WHERE {_WHERE_ONE} ORDER BY position DESC LIMIT {int(count)}"
        with connection.cursor(binary=True) as cursor:
            rows = cursor.execute(query, [place.log, place.partition, place.position, book, kind.__name__]).fetchall()
        found += [recorded(place.log, place.partition, row) for row in rows]
    return sorted(found, key=lambda one: -one.position)[:count]


def _last_mark(connection: Connection, place: Place, book: str) -> e.EquityMarked | None:
    for one in _newest(connection, place, book, (e.EquityMarked,), 1):
        if isinstance(one.event.body, e.EquityMarked):
            return one.event.body
    return None


_SCOPE = "log = %s AND partition = %s AND position <= %s AND book = %s"
_WHERE = f"{_SCOPE} AND split_part(topic, '.', 2) = ANY(%s)"
_WHERE_ONE = f"{_SCOPE} AND split_part(topic, '.', 2) = %s"


def _parameters(place: Place, book: str, kinds: Iterable[type[Event]]) -> list[Any]:
    return [place.log, place.partition, place.position, book, [kind.__name__ for kind in kinds]]


def _of_aggregates(connection: Connection, place: Place, ids: Sequence[UUID], kind: type[Event]) -> list[RecordedEvent]:
    query = f"""SELECT {COLUMNS} FROM event_log WHERE log = %s AND partition = %s AND position <= %s
        AND originator_id = ANY(%s) AND split_part(topic, '.', 2) = %s"""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(query, [place.log, place.partition, place.position, list(ids), kind.__name__]).fetchall()
    return [recorded(place.log, place.partition, row) for row in rows]


def _marks(connection: Connection, governance: Place, execution: Place, book: str, held: set[str]) -> dict[str, Mark]:
    """The newest price of every instrument that is held."""
    marks: dict[str, Mark] = {}
    batch = 1
    while held - marks.keys() and batch <= SITUATIONS_READ:
        for one in _newest(connection, governance, book, (e.SituationRecorded,), batch):
            for name, view in getattr(one.event.body, "markets", {}).items():
                if name in held:
                    marks.setdefault(name, Mark(view.price, view.tick_id, view.source, one.recorded_at))
        batch *= 20
    for name in held - marks.keys():
        if (mark := _last_fill(connection, execution, book, name)) is not None:
            marks[name] = mark
    return marks


def _last_fill(connection: Connection, place: Place, book: str, instrument: str) -> Mark | None:
    row = connection.execute(
        f"""SELECT (extract(epoch FROM recorded_at) * 1000000)::bigint,
            convert_from(state, 'UTF8')::jsonb ->> 'price', convert_from(state, 'UTF8')::jsonb ->> 'tick_id'
        FROM event_log WHERE {_WHERE} AND convert_from(state, 'UTF8')::jsonb ->> 'instrument' = %s
        ORDER BY position DESC LIMIT 1""",
        [*_parameters(place, book, FILLS), instrument],
    ).fetchone()
    return Mark(Decimal(row[1]), row[2], "the last fill", row[0] * 1000) if row else None
