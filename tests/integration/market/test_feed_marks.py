"""The feed and the table of marks: what is published is marked, and PostgreSQL may be away."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import psycopg
import pytest
import redis

from feeds.feed import Feed
from feeds.intake import Counts
from feeds.publisher import Publisher
from feeds.replay import Player
from feeds.synthetic import SyntheticMarket
from market.domain.runs import Runs
from market.marks import first_after, market_clock
from market.writer import MarketWriter
from streams.client import TICKS, Streams
from streams.envelope import decode
from streams.messages import Tick
from streams.stopping import Stop
from streams.telemetry import Telemetry
from tests.integration.feeds.test_runfeed import runfeed
from tests.servers import wait_until
from tests.unit.market.test_mark import SECOND
from tests.unit.market.test_runs import told

START_NS = 1_700_000_000_000_000_000
NOTHING = "postgresql://127.0.0.1:1/nothing"


@pytest.fixture
def streams(redis_url: str) -> Iterator[Streams]:
    client = Streams(redis_url)
    yield client
    client.redis.close()


def published(streams: Streams) -> list[Tick]:
    bodies = [decode(entry.raw).body for entry in streams.read({TICKS: "0"}, block_ms=None, count=100_000)]
    return [body for body in bodies if isinstance(body, Tick)]


def run_feed(streams: Streams, marks: MarketWriter, count: int, rate: float | None = None) -> Telemetry:
    """Plays that many ticks of the synthetic market to their end, evenly or without any pace."""
    telemetry = Telemetry(streams.redis, "feed")
    publisher = Publisher(streams, telemetry)
    publisher.past()
    ticks = list(islice(SyntheticMarket(3, START_NS), count))
    market = Player(lambda: iter(ticks), "synthetic", Counts(), speed=1.0 if rate else None, rate=rate)
    Feed(streams, telemetry, publisher, market, Stop(), marks=marks.start(), once=True).run()
    return telemetry


def test_what_was_published_is_what_is_marked(streams: Streams, ledger_url: str) -> None:
    run_feed(streams, MarketWriter(ledger_url), 3_000)
    runs, ticks = Runs(), published(streams)
    for tick in ticks:
        runs.observe(tick)
    asked = [(name, START_NS + step * SECOND // 2) for name in ("BTCUSDT", "SOLUSDT") for step in range(100)]
    with psycopg.connect(ledger_url) as connection:
        found = first_after(connection, asked)
        assert market_clock(connection) == ticks[-1].market_at
    assert len(ticks) == 3_000
    assert [told(found.get(pair)) for pair in asked] == [told(runs.first_after(*pair)) for pair in asked]


def test_without_postgres_the_feed_goes_on_and_counts_what_it_cannot_keep(streams: Streams) -> None:
    marks = MarketWriter(NOTHING, most_waiting=100)
    telemetry = run_feed(streams, marks, 3_000, rate=2_000.0)
    assert len(published(streams)) == 3_000
    assert 500 < telemetry.counters["marks_dropped"] <= marks.dropped
    assert telemetry.gauges["marks_waiting"] == marks.waiting == 100


def test_the_feed_process_writes_marks_and_ends_with_the_last_of_them(redis_url: str, ledger_url: str) -> None:
    with (
        runfeed("--feed", "synthetic", database_url=ledger_url) as process,
        psycopg.connect(ledger_url, autocommit=True) as connection,
        redis.Redis.from_url(redis_url) as kept,
    ):
        wait_until(lambda: market_clock(connection), "marks come")
        process.terminate()
        assert process.wait(20) == 0
        assert market_clock(connection) == int(kept.hget("feed", "market_at") or 0)
