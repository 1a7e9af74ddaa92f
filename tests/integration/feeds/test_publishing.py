"""What the feed writes into Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import cast

import pytest
import redis

from feeds.choosing import Wishes, choose
from feeds.feed import WINDOW, Feed
from feeds.intake import Counts, Item, RefusedFrame
from feeds.live import Live
from feeds.publisher import LETTERS_PER_S, RETAIN_MS, Publisher, Throttle
from feeds.replay import LARGEST_BATCH, Player
from streams.client import COMMANDS, DEAD_LETTERS, KEPT, TICKS, Streams, addition
from streams.envelope import Envelope, decode
from streams.messages import ChangeFeedSource, Code, DeadLetter, Depth, Quote, ReportFeedGap, Source, Tick, Trade
from streams.stopping import Stop
from streams.telemetry import PROGRESS, Telemetry, processes
from tests.servers import wait_until
from tests.unit.feeds.clock import StillClock
from tests.unit.feeds.test_live_source import Stage, brings


def a_trade(id: int, source: Source = "replay", at: int = 1_000) -> Trade:
    return Trade(
        instrument="BTCUSDT",
        market_at=at,
        received_at=at,
        source=source,
        trade_id=id,
        price=Decimal(1),
        quantity=Decimal(1),
        aggressor="buy",
    )


def a_quote(id: int) -> Quote:
    one, now = Decimal(1), time.time_ns()
    return Quote(
        instrument="BTCUSDT", market_at=now, received_at=now, update_id=id, bid=one, bid_size=one, ask=one, ask_size=one
    )


@pytest.fixture
def streams(redis_url: str) -> Iterator[Streams]:
    client = Streams(redis_url)
    yield client
    client.redis.close()


def a_publisher(streams: Streams, clock: StillClock | None = None) -> Publisher:
    publisher = Publisher(streams, Telemetry(streams.redis, "feed"), clock=clock or StillClock())
    publisher.past()
    return publisher


def messages(streams: Streams, stream: str) -> list[Envelope]:
    return [decode(entry.raw) for entry in streams.read({stream: "0"}, block_ms=None, count=100_000)]


def test_a_batch_is_published_in_its_order_and_by_its_kinds(streams: Streams) -> None:
    publisher = a_publisher(streams)
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=2, last=4, market_at=1_000)
    refused = RefusedFrame(Code.UNDECODABLE, "no JSON", raw=b"\xffrubbish", origin="file.gz:3", at=1_000)
    publisher.publish([a_trade(1), gap, refused, a_trade(5)])
    publisher.bury()
    ticks = messages(streams, TICKS)
    assert [tick.id for tick in ticks] == ["binance:BTCUSDT:t1", "binance:BTCUSDT:t5"]
    assert [(tick.actor, tick.sent_at) for tick in ticks] == [("feed", StillClock().now)] * 2
    (command,) = messages(streams, COMMANDS)
    assert command.body == gap
    (letter,) = (envelope.body for envelope in messages(streams, DEAD_LETTERS))
    assert isinstance(letter, DeadLetter)
    assert (letter.code, letter.raw, letter.stream) == (Code.UNDECODABLE, b"\xffrubbish", "feed:file.gz:3")
    assert publisher.last_id == streams.last_id(TICKS)


def test_another_source_than_the_last_feed_had_is_told_once(streams: Streams) -> None:
    a_publisher(streams).publish([a_trade(1, "live")])
    assert messages(streams, COMMANDS) == []
    later = a_publisher(streams)
    for id in (2, 3):
        later.publish([a_trade(id, "replay")])
    switch = ChangeFeedSource(origin="replay", to="live", reason="back")
    later.publish([switch, a_trade(4, "live")])
    told = [envelope.body for envelope in messages(streams, COMMANDS)]
    assert [(body.origin, body.to) for body in told if isinstance(body, ChangeFeedSource)] == [
        ("live", "replay"),
        ("replay", "live"),
    ]
    assert len({envelope.id for envelope in messages(streams, COMMANDS)}) == 2


def test_the_same_gap_in_another_run_is_another_command(streams: Streams) -> None:
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=2, last=4, market_at=1_000)
    for now in (1, 2):
        a_publisher(streams, StillClock(now)).publish([gap])
    first, second = messages(streams, COMMANDS)
    assert first.id != second.id


def test_letters_are_limited_and_refusals_are_not(streams: Streams) -> None:
    clock = StillClock()
    telemetry = Telemetry(streams.redis, "feed")
    publisher = Publisher(streams, telemetry, clock=clock)
    rubbish: list[Item] = [RefusedFrame(Code.UNDECODABLE, "", raw=b"x", origin="", at=0) for _ in range(50)]
    publisher.publish(rubbish)
    publisher.bury()
    assert streams.redis.xlen(DEAD_LETTERS) == LETTERS_PER_S
    assert telemetry.counters["letters_held_back"] == 50 - LETTERS_PER_S
    clock.now += 1_000_000_000
    publisher.publish(rubbish[:1])
    publisher.bury()
    assert streams.redis.xlen(DEAD_LETTERS) == LETTERS_PER_S + 1


def test_whether_a_batch_landed_can_be_told_afterwards(streams: Streams) -> None:
    publisher = a_publisher(streams)
    publisher.publish([a_trade(1), a_trade(2)])
    assert publisher.landed([a_trade(1), a_trade(2)])
    assert not publisher.landed([a_trade(3)])


def test_rounds_of_ids_are_given_once(streams: Streams) -> None:
    assert [a_publisher(streams).begin_round() for _ in range(3)] == [0, 1, 2]


def test_the_backlog_is_that_of_the_slowest_reader_that_lives(streams: Streams) -> None:
    throttle, publisher = Throttle(streams.redis), a_publisher(streams)
    assert throttle.backlog() == 0
    marks = []
    for start in range(0, 30, 10):
        publisher.publish([a_trade(id) for id in range(start, start + 10)])
        throttle.published(publisher.last_id, publisher.published)
        marks.append(publisher.last_id)
    assert throttle.backlog() == 0
    for name, mark in {"fast": marks[2], "slow": marks[0], "odd": "rubbish", "none": ""}.items():
        streams.redis.set(PROGRESS + name, mark)
    assert throttle.backlog() == 20
    streams.redis.delete(PROGRESS + "slow")
    assert throttle.backlog() == 0
    streams.redis.set(PROGRESS + "fast", "0-0")
    assert throttle.backlog() == 30


def test_a_source_without_a_pace_stays_near_its_readers(streams: Streams) -> None:
    total = 4 * WINDOW
    items: list[Item] = [a_trade(id) for id in range(total)]
    source = Player(lambda: iter(items), "replay", Counts(), speed=None)
    stop = Stop()
    telemetry = Telemetry(streams.redis, "feed")
    feed = Feed(streams, telemetry, Publisher(streams, telemetry), source, stop, once=True)
    streams.redis.set(PROGRESS + "agents", "0-0")
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        wait_until(lambda: length(streams) >= WINDOW, "the window is full")
        assert max(length(streams) for _ in range(300)) < WINDOW + LARGEST_BATCH
        streams.redis.delete(PROGRESS + "agents")  # who is gone is not waited for
        thread.join(20)
        assert length(streams) == total
        assert processes(streams.redis)["feed"]["state"] == "ended"
    finally:
        stop.set()
        thread.join(20)


def length(streams: Streams) -> int:
    return cast("int", streams.redis.xlen(TICKS))


class InterruptedPublisher(Publisher):
    """Redis is away for two attempts of 20 s; where it `took` the first one, only its answer was lost."""

    failures = 2
    took = False

    def publish(self, items: Sequence[Item]) -> None:
        if not self.failures:
            super().publish(items)
            return
        self.failures -= 1
        assert isinstance(self._clock, StillClock)
        self._clock.now += 20_000_000_000
        if self.took:
            self.failures = 0
            Publisher(self._streams, self._telemetry, clock=self._clock).publish(items)
        raise redis.ConnectionError("cut")


@pytest.mark.parametrize("took", [True, False])
@pytest.mark.parametrize("source", ["live", "replay"])
def test_what_waited_for_redis_is_published_once_and_in_order_however_late(
    streams: Streams, source: Source, took: bool
) -> None:
    clock = StillClock()
    telemetry = Telemetry(streams.redis, "feed")
    publisher = InterruptedPublisher(streams, telemetry, clock=clock)
    publisher.took = took
    player = Player(lambda: iter([]), source, Counts())
    feed = Feed(streams, telemetry, publisher, player, Stop(), clock=clock)
    feed._deliver([a_trade(1, source, clock.now), a_trade(2, source, clock.now)])
    feed._deliver([a_trade(3, source, clock.now)])
    assert [tick.id for tick in messages(streams, TICKS)] == [f"binance:BTCUSDT:t{id}" for id in (1, 2, 3)]
    assert messages(streams, COMMANDS) == []
    assert publisher.published == 3
    assert publisher.last_id == streams.last_id(TICKS)


def test_ticks_end_after_ten_minutes_and_there_are_no_more_than_300_000(streams: Streams) -> None:
    clock = StillClock(time.time_ns())
    publisher = a_publisher(streams, clock)
    old = clock.now // 1_000_000 - RETAIN_MS - 1
    with streams.redis.pipeline() as pipe:
        for number in range(20_000):
            pipe.execute_command("XADD", TICKS, f"{old - 20_000 + number}-0", "m", "x")  # type: ignore[no-untyped-call]
        pipe.execute()
    publisher.publish([a_trade(1)])
    publisher.trim()
    assert length(streams) <= 200  # whole nodes of 100 entries are let go
    assert messages(streams, TICKS)[-1].id == "binance:BTCUSDT:t1"
    assert "MAXLEN" in addition(TICKS, messages(streams, TICKS)[-1], streams.signer)
    assert KEPT[TICKS] == 300_000


def test_what_no_reader_would_take_for_its_size_becomes_a_gap(streams: Streams) -> None:
    publisher = a_publisher(streams)
    levels = tuple((Decimal(number), Decimal("1.23456789")) for number in range(10_000, 14_000))
    huge = Depth(instrument="BTCUSDT", source="replay", market_at=7, received_at=7, first_id=5, last_id=9, bids=levels)
    publisher.publish([a_trade(1), huge])
    assert [tick.id for tick in messages(streams, TICKS)] == ["binance:BTCUSDT:t1"]
    (command,) = messages(streams, COMMANDS)
    assert command.body == ReportFeedGap(instrument="BTCUSDT", kind="depth", first=5, last=9, market_at=7)
    assert publisher.published == 1


def test_a_burst_of_20_000_drains_without_loss_and_its_lag_is_shown(streams: Streams) -> None:
    items: list[Item] = [a_quote(id) if id % 2 else a_trade(id, "live", time.time_ns()) for id in range(20_000)]
    stop, telemetry = Stop(), Telemetry(streams.redis, "feed")
    live = Live([Stage("binance", brings(*items))]).start()
    waiting: list[float] = []

    def note(telemetry: Telemetry) -> None:
        waiting.append(float(telemetry.gauges["waiting"]))

    feed = Feed(streams, telemetry, Publisher(streams, telemetry), live, stop, show=note)
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        wait_until(lambda: length(streams) == len(items) and waiting[-1] == 0, "all of it is out")
        counters = processes(streams.redis)["feed"]["counters"]
    finally:
        stop.set()
        thread.join(20)
    assert [tick.id for tick in messages(streams, TICKS)] == [item.id for item in items if isinstance(item, Tick)]
    assert max(waiting) > 1_000
    assert float(telemetry.gauges["behind_ms"]) > 0
    assert not {"conflated_quotes", "dropped_depth", "dropped_trades"} & counters.keys()


def test_the_synthetic_market_is_chosen_with_its_own_marks(streams: Streams) -> None:
    publisher = a_publisher(streams)
    source = choose(Wishes(feed="synthetic", seed=3, speed=None), publisher)
    items = source.poll(1.0, Stop())
    publisher.publish(items)
    assert {item.source for item in items if isinstance(item, Trade)} == {"synthetic"}
    again = choose(Wishes(feed="synthetic", seed=3, speed=None), publisher)
    later = again.poll(1.0, Stop())
    ids = [item.id for batch in (items, later) for item in batch if isinstance(item, Trade)]
    assert len(ids) == len(set(ids))
    last, first = items[-1], later[0]
    assert first.market_at > last.market_at  # type: ignore[union-attr]
