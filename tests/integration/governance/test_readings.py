"""The governor tells its breakers' readings by itself, about once a second, and each book comes to its turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import redis

from agents.demo import DEMO_COUNCIL
from governance import readings
from governance.domain.chamber import Chamber
from governance.session import Session
from govsite.seed import BOOK, known_instrument, seed
from tests.integration.governance.test_governor import Desk, passes_until
from tests.unit.governance.guarded import Guarded


@pytest.fixture
def governor(ledger_url: str, redis_url: str) -> Iterator[Callable[[], Session]]:
    seed(ledger_url, [known_instrument("BTCUSDT")], DEMO_COUNCIL)
    sessions: list[Session] = []

    def start() -> Session:
        session = Session(ledger_url, redis_url, None)
        sessions.append(session)
        session.recover(session.ledger.acquire(0.2))
        return session

    yield start
    for session in sessions:
        session.close()


def test_a_governor_tells_what_it_measures_while_nothing_happens(
    governor: Callable[[], Session], redis_url: str
) -> None:
    session, desk = governor(), Desk(redis_url)
    with redis.Redis.from_url(redis_url) as connection:
        assert readings.read(connection, BOOK) is None
        began = time.time_ns()
        desk.tick()

        def measured() -> bool:
            told = readings.read(connection, BOOK)
            return told is not None and any(each.breaker == "stale_feed" for each in told.readings)

        passes_until(session, measured, "readings with a price")
        told = readings.read(connection, BOOK)
    assert told is not None
    assert (told.book, began < told.at <= time.time_ns()) == (BOOK, True)
    assert {each.state for each in told.readings} == {"ok"}


def test_one_book_a_call_and_each_of_many_in_its_turn(redis_url: str) -> None:
    class Counting:
        def __init__(self) -> None:
            self.keys: list[str] = []

        def set(self, key: str, value: bytes, ex: int) -> None:
            assert value
            assert ex > 0
            self.keys.append(key)

    kept = Counting()
    publisher = readings.Publisher(cast("redis.Redis", kept))
    chamber: Chamber = Guarded().chamber
    chambers = {f"book-{number}": chamber for number in range(5)}
    now = 10**18
    for step in range(100):
        publisher.publish(chambers, now + step * 20_000_000)  # 2 s
    assert sorted(kept.keys) == sorted(f"readings:{book}" for book in chambers for _ in range(2))
    before = len(kept.keys)
    publisher.publish({}, now + 10**12)
    assert len(kept.keys) == before
