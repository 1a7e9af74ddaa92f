"""The projector: a read model and its position are one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from execution.models import Account
from ledger.application import LedgerApplication
from ledger.errors import Corrupt, Fenced
from ledger.projector import COPIED, Projection, Projector
from ledger.readmodel import ReadModel, Rows, Told, moment
from ledger.relay import Relay
from streams.client import DEAD_LETTERS, FIELD, LEDGER_EXECUTION, Streams, connect
from streams.messages import Log
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.integration.ledger.events import cancelled
from tests.servers import wait_until


class Positions:
    """Keeps the positions that it was given, one row each, and counts them in another; a row that the table refuses
    where it is told to fail."""

    models: Sequence[type[ReadModel]] = (Account,)

    def __init__(self, name: str, log: Log = "execution", passed_over: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.log = log
        self.passed_over = passed_over
        self.fails_at = 0
        self.quote = "USDT"

    def fold(self, rows: Rows, events: Sequence[Told]) -> None:
        for event in events:
            quote: Any = None if event.position == self.fails_at else self.quote
            rows.add(account(f"{self.name}:{event.position}", event, quote))
            counted = rows.change(Account, self.name, event.position) or rows.add(account(self.name, event, "USDT"))
            counted.cash += 1


def account(book: str, event: Told, quote: str) -> Account:
    zero = Decimal(0)
    return Account.told(
        book=book, quote=quote, cash=zero, deposits=zero, realised=zero, fees=zero,
        opened_at=moment(event.recorded_at), ledger_position=event.position,
    )  # fmt: skip


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    yield application
    application.close()


def state(url: str, name: str) -> tuple[int, list[int]]:
    """The position of a projection and what it has kept."""
    with psycopg.connect(url) as connection:
        kept = connection.execute(
            "SELECT ledger_position FROM execution_account WHERE book LIKE %s ORDER BY 1", [f"{name}:%"]
        ).fetchall()
        counted = connection.execute("SELECT cash FROM execution_account WHERE book = %s", [name]).fetchone()
        row = connection.execute("SELECT position FROM projection WHERE name = %s", [name]).fetchone()
    assert row is not None
    assert (counted[0] if counted else 0) == len(kept)
    return row[0], [position for (position,) in kept]


def projector(url: str, *projections: Projection, **options: Any) -> Projector:
    made = Projector(url, projections, **options)
    made.connect()
    return made


def test_position_and_read_model_move_together_or_not_at_all(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(600)])
    model = Positions("orders")
    model.fails_at = 550
    failing = projector(ledger_url, model, batch=500)
    with pytest.raises(psycopg.errors.NotNullViolation):
        failing.catch_up()
    failing.close()
    assert state(ledger_url, "orders") == (500, list(range(1, 501)))
    model.fails_at = 0
    again = projector(ledger_url, model)
    assert again.catch_up() == 100
    again.close()
    assert state(ledger_url, "orders") == (600, list(range(1, 601)))


@pytest.mark.timeout(120)
def test_batches_longer_than_a_socket_takes_at_once_are_written(
    ledger_url: str, application: LedgerApplication
) -> None:
    application.commit([cancelled(n) for n in range(4000)])
    model = Positions("orders")
    model.quote = "x" * 4000
    one = projector(ledger_url, model, batch=500)
    assert one.catch_up() == 4000
    one.close()
    assert state(ledger_url, "orders")[0] == 4000


def test_the_callback_comes_after_the_commit_in_batches(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(1100)])
    seen: list[tuple[int, int, int]] = []

    def after_commit(projection: Projection, first: int, last: int) -> None:
        seen.append((first, last, state(ledger_url, projection.name)[0]))

    one = projector(ledger_url, Positions("orders"), after_commit=after_commit, batch=500)
    one.catch_up()
    one.close()
    assert seen == [(1, 500, 500), (501, 1000, 1000), (1001, 1100, 1100)]


def test_rows_of_a_batch_that_is_being_written_are_there_for_the_next(
    ledger_url: str, application: LedgerApplication
) -> None:
    application.commit([cancelled(n) for n in range(300)])
    one = projector(ledger_url, Positions("orders"), batch=7)
    assert one.catch_up() == 300
    one.close()
    assert state(ledger_url, "orders") == (300, list(range(1, 301)))


class Appending(Positions):
    """Keeps the positions as rows that nothing changes."""

    def fold(self, rows: Rows, events: Sequence[Told]) -> None:
        for event in events:
            values = vars(account(f"{self.name}:{event.position}", event, "USDT"))
            rows.append(Account, tuple(values), tuple(values.values()))


def test_appended_rows_are_there_once_even_after_the_position_was_set_back(
    ledger_url: str, application: LedgerApplication
) -> None:
    application.commit([cancelled(n) for n in range(500)])
    kept = "SELECT array_agg(ledger_position ORDER BY ledger_position) FROM execution_account"
    for batch in (50, COPIED, 300):
        with psycopg.connect(ledger_url) as connection:
            connection.execute("UPDATE projection SET position = 0")
        one = projector(ledger_url, Appending("orders"), batch=batch)
        assert one.catch_up() == 500
        one.close()
        with psycopg.connect(ledger_url) as connection:
            assert connection.execute(kept).fetchone() == (list(range(1, 501)),)
        with psycopg.connect(ledger_url) as connection:
            connection.execute("DELETE FROM execution_account WHERE ledger_position % 2 = 0")


def test_what_is_passed_over_moves_the_position_and_nothing_else(
    ledger_url: str, application: LedgerApplication
) -> None:
    application.commit([cancelled(n) for n in range(20)])
    one = projector(ledger_url, Positions("orders", passed_over=frozenset(("Order.OrderCancelled",))), batch=6)
    assert one.catch_up() == 20
    one.close()
    assert state(ledger_url, "orders") == (20, [])


def test_it_catches_up_no_further_than_it_is_told(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(20)])
    one = projector(ledger_url, Positions("orders"), batch=6)
    assert (one.catch_up(13), one.catch_up(13), one.catch_up()) == (13, 0, 7)
    one.close()


def test_a_hole_in_the_log_is_not_projected_over(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(5)])
    with psycopg.connect(ledger_url) as owner:
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute("DELETE FROM event_log WHERE position = 3")
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    one = projector(ledger_url, Positions("orders"))
    with pytest.raises(Corrupt, match="hole"):
        one.catch_up()
    one.close()
    assert state(ledger_url, "orders") == (0, [])


def test_a_new_projection_catches_up_beside_the_others(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(1), cancelled(2)])
    old = Positions("old")
    first = projector(ledger_url, old)
    first.catch_up()
    first.close()
    application.commit([cancelled(3)])
    both = projector(ledger_url, old, Positions("new"))
    assert both.catch_up() == 4
    both.close()
    assert state(ledger_url, "old") == (3, [1, 2, 3])
    assert state(ledger_url, "new") == (3, [1, 2, 3])


def test_two_projectors_at_once_do_not_write_twice(ledger_url: str, application: LedgerApplication) -> None:
    application.commit([cancelled(1)])
    first, second = projector(ledger_url, Positions("orders")), projector(ledger_url, Positions("orders"))
    first.catch_up()
    with pytest.raises(Fenced, match="another projector"):
        second.catch_up()
    first.close()
    second.close()
    assert state(ledger_url, "orders") == (1, [1])


def test_it_follows_the_streams_and_both_logs(ledger_url: str, redis_url: str, application: LedgerApplication) -> None:
    governance = LedgerApplication(ledger_url, "governance")
    governance.acquire()
    stop = Stop()
    redis = connect(redis_url)
    relay = Relay(ledger_url, redis_url, stop)
    one = Projector(ledger_url, [Positions("orders"), Positions("decisions", "governance")])
    threads = [
        threading.Thread(target=relay.run),
        threading.Thread(target=one.run, args=(redis_url, Telemetry(redis, "projector"), stop)),
    ]
    for thread in threads:
        thread.start()
    for number in range(20):
        application.commit([cancelled(2 * number), cancelled(2 * number + 1)])
        governance.commit([cancelled(number)])
    read = "SELECT name, position::int FROM projection ORDER BY 1"
    wait_until(
        lambda: governance.recorder.reading.run(read) == [("decisions", 20), ("orders", 40)], "both are projected"
    )
    stop.set()
    for thread in threads:
        thread.join()
    assert state(ledger_url, "orders") == (40, list(range(1, 41)))
    assert state(ledger_url, "decisions") == (20, list(range(1, 21)))
    governance.close()
    redis.close()
    relay.telemetry.redis.close()


def test_rubbish_in_a_ledger_stream_is_buried_once_and_the_table_is_projected(
    ledger_url: str, redis_url: str, application: LedgerApplication
) -> None:
    stop, streams = Stop(), Streams(redis_url)
    one = Projector(ledger_url, [Positions("orders")])
    streams.redis.xadd(LEDGER_EXECUTION, {FIELD: b"{"})
    thread = threading.Thread(target=one.run, args=(redis_url, Telemetry(streams.redis, "projector"), stop))
    thread.start()
    wait_until(lambda: streams.redis.xlen(DEAD_LETTERS), "it is buried")
    application.commit([cancelled(1), cancelled(2)])
    read = "SELECT position::int FROM projection WHERE name = 'orders'"
    wait_until(lambda: application.recorder.reading.run(read) == [(2,)], "what the table has is projected")
    stop.set()
    thread.join()
    assert streams.redis.xlen(DEAD_LETTERS) == 1
    streams.redis.close()
