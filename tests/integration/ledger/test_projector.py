"""The projector: a read model and its position are one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from django.db import connections

from ledger.application import LedgerApplication
from ledger.errors import Fenced
from ledger.projector import Projection, Projector
from ledger.records import RecordedEvent
from ledger.relay import Relay
from streams.client import DEAD_LETTERS, FIELD, LEDGER_EXECUTION, Streams, connect
from streams.messages import Log
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.integration.ledger.events import cancelled
from tests.servers import wait_until

ALIAS = "projected"


class Positions:
    """Keeps the positions that it was given; fails when told to, after it has written."""

    def __init__(self, name: str, log: Log = "execution") -> None:
        self.name = name
        self.log = log
        self.fails_at = 0

    def apply(self, events: Sequence[RecordedEvent], cursor: Any) -> None:
        for event in events:
            cursor.execute("INSERT INTO projected VALUES (%s, %s)", (self.name, event.position))
            if event.position == self.fails_at:
                raise RuntimeError("the fold failed")


@pytest.fixture
def database(ledger_url: str, django_db_blocker: Any) -> Iterator[str]:
    """Django on the ledger's database, with a read model of the test."""
    name = ledger_url.rpartition("/")[2].partition("?")[0]
    connections.settings[ALIAS] = {**connections.settings["default"], "NAME": name}
    with psycopg.connect(ledger_url) as owner:
        owner.execute("CREATE TABLE projected (name text, position bigint, PRIMARY KEY (name, position))")
    with django_db_blocker.unblock():
        yield ledger_url
        connections[ALIAS].close()
    del connections[ALIAS]
    del connections.settings[ALIAS]
    with psycopg.connect(ledger_url) as owner:
        owner.execute("DROP TABLE projected")


@pytest.fixture
def application(database: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(database, "execution")
    application.acquire()
    yield application
    application.close()


def state(url: str, name: str) -> tuple[int, list[int]]:
    """The position of a projection and what it has kept."""
    with psycopg.connect(url) as connection:
        kept = connection.execute("SELECT position FROM projected WHERE name = %s ORDER BY 1", [name]).fetchall()
        row = connection.execute("SELECT position FROM projection WHERE name = %s", [name]).fetchone()
    assert row is not None
    return row[0], [position for (position,) in kept]


def projector(url: str, *projections: Projection, **options: Any) -> Projector:
    made = Projector(url, projections, using=ALIAS, **options)
    made.connect()
    return made


def test_position_and_read_model_move_together_or_not_at_all(database: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(600)])
    model = Positions("orders")
    model.fails_at = 550
    failing = projector(database, model)
    with pytest.raises(RuntimeError, match="the fold failed"):
        failing.catch_up()
    failing.close()
    assert state(database, "orders") == (500, list(range(1, 501)))
    model.fails_at = 0
    again = projector(database, model)
    assert again.catch_up() == 100
    again.close()
    assert state(database, "orders") == (600, list(range(1, 601)))


def test_the_callback_comes_after_the_commit_in_batches(database: str, application: LedgerApplication) -> None:
    application.commit([cancelled(n) for n in range(1100)])
    seen: list[tuple[int, int, int]] = []

    def after_commit(projection: Projection, events: Sequence[RecordedEvent]) -> None:
        seen.append((events[0].position, events[-1].position, state(database, projection.name)[0]))

    one = projector(database, Positions("orders"), after_commit=after_commit)
    one.catch_up()
    one.close()
    assert seen == [(1, 500, 500), (501, 1000, 1000), (1001, 1100, 1100)]


def test_a_new_projection_catches_up_beside_the_others(database: str, application: LedgerApplication) -> None:
    application.commit([cancelled(1), cancelled(2)])
    old = Positions("old")
    first = projector(database, old)
    first.catch_up()
    first.close()
    application.commit([cancelled(3)])
    both = projector(database, old, Positions("new"))
    assert both.catch_up() == 4
    both.close()
    assert state(database, "old") == (3, [1, 2, 3])
    assert state(database, "new") == (3, [1, 2, 3])


def test_two_projectors_at_once_do_not_write_twice(database: str, application: LedgerApplication) -> None:
    application.commit([cancelled(1)])
    first, second = projector(database, Positions("orders")), projector(database, Positions("orders"))
    first.catch_up()
    with pytest.raises(Fenced, match="another projector"):
        second.catch_up()
    first.close()
    second.close()
    assert state(database, "orders") == (1, [1])


def test_it_follows_the_streams_and_both_logs(database: str, redis_url: str, application: LedgerApplication) -> None:
    governance = LedgerApplication(database, "governance")
    governance.acquire()
    stop = Stop()
    redis = connect(redis_url)
    relay = Relay(database, redis_url, stop)
    one = Projector(database, [Positions("orders"), Positions("decisions", "governance")], using=ALIAS)
    threads = [
        threading.Thread(target=relay.run),
        threading.Thread(target=one.run, args=(redis_url, Telemetry(redis, "projector"), stop)),
    ]
    for thread in threads:
        thread.start()
    for number in range(20):
        application.commit([cancelled(2 * number), cancelled(2 * number + 1)])
        governance.commit([cancelled(number)])
    read = "SELECT name, max(position) FROM projected GROUP BY 1 ORDER BY 1"
    wait_until(
        lambda: governance.recorder.reading.run(read) == [("decisions", 20), ("orders", 40)], "both are projected"
    )
    stop.set()
    for thread in threads:
        thread.join()
    assert state(database, "orders") == (40, list(range(1, 41)))
    assert state(database, "decisions") == (20, list(range(1, 21)))
    governance.close()
    redis.close()
    relay.telemetry.redis.close()


def test_rubbish_in_a_ledger_stream_is_buried_once_and_the_table_is_projected(
    database: str, redis_url: str, application: LedgerApplication
) -> None:
    stop, streams = Stop(), Streams(redis_url)
    one = Projector(database, [Positions("orders")], using=ALIAS)
    streams.redis.xadd(LEDGER_EXECUTION, {FIELD: b"{"})
    thread = threading.Thread(target=one.run, args=(redis_url, Telemetry(streams.redis, "projector"), stop))
    thread.start()
    wait_until(lambda: streams.redis.xlen(DEAD_LETTERS), "it is buried")
    application.commit([cancelled(1), cancelled(2)])
    read = "SELECT max(position) FROM projected"
    wait_until(lambda: application.recorder.reading.run(read) == [(2,)], "what the table has is projected")
    stop.set()
    thread.join()
    assert streams.redis.xlen(DEAD_LETTERS) == 1
    streams.redis.close()
