"""What the feed writes into Redis."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import cast

import pytest
import redis

from feeds.choosing import Wishes, choose
from feeds.feed import WINDOW, Feed
from feeds.intake import Counts, Item, RefusedFrame
from feeds.publisher import LETTERS_PER_S, Publisher, Throttle
from feeds.replay import LARGEST_BATCH, Player
from streams.client import COMMANDS, DEAD_LETTERS, TICKS, Streams
from streams.envelope import Envelope, decode
from streams.messages import ChangeFeedSource, Code, DeadLetter, ReportFeedGap, Source, Trade
from streams.stopping import Stop
from streams.telemetry import PROGRESS, Telemetry, processes
from tests.servers import wait_until
from tests.unit.feeds.clock import StillClock


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
    assert streams.redis.xlen(DEAD_LETTERS) == LETTERS_PER_S
    assert telemetry.counters["letters_held_back"] == 50 - LETTERS_PER_S
    clock.now += 1_000_000_000
    publisher.publish(rubbish[:1])
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
    streams.redis.hset(PROGRESS, mapping={"fast": marks[2], "slow": marks[0], "dead": "0-0"})
    for name in ("fast", "slow"):
        streams.redis.set(f"process:{name}", "{}")
    assert throttle.backlog() == 20
    streams.redis.delete("process:slow")
    assert throttle.backlog() == 0
    streams.redis.hset(PROGRESS, "fast", "0-0")
    assert throttle.backlog() == 30


def test_a_source_without_a_pace_stays_near_its_readers(streams: Streams) -> None:
    total = 4 * WINDOW
    items: list[Item] = [a_trade(id) for id in range(total)]
    source = Player(lambda: iter(items), "replay", Counts(), speed=None)
    stop = Stop()
    telemetry = Telemetry(streams.redis, "feed")
    feed = Feed(streams, telemetry, Publisher(streams, telemetry), source, stop, once=True)
    streams.redis.hset(PROGRESS, "agents", "0-0")
    streams.redis.set("process:agents", "{}")
    thread = threading.Thread(target=feed.run)
    thread.start()
    try:
        wait_until(lambda: length(streams) >= WINDOW, "the window is full")
        assert max(length(streams) for _ in range(300)) < WINDOW + LARGEST_BATCH
        streams.redis.delete("process:agents")  # who is gone is not waited for
        thread.join(20)
        assert length(streams) == total
        assert processes(streams.redis)["feed"]["state"] == "ended"
    finally:
        stop.set()
        thread.join(20)


def length(streams: Streams) -> int:
    return cast("int", streams.redis.xlen(TICKS))


class InterruptedPublisher(Publisher):
    """Redis takes its first batch two seconds late: it breaks off, and then it is there again."""

    interrupted = False

    def publish(self, items: Sequence[Item]) -> None:
        if not self.interrupted:
            self.interrupted = True
            assert isinstance(self._clock, StillClock)
            self._clock.now += 2_000_000_000
            raise redis.ConnectionError("cut")
        super().publish(items)


@pytest.mark.parametrize(("source", "ids"), [("live", [2]), ("replay", [1, 2])])
def test_live_prices_that_grew_old_in_an_outage_are_dropped_and_counted(
    streams: Streams, source: Source, ids: list[int]
) -> None:
    clock = StillClock()
    telemetry = Telemetry(streams.redis, "feed")
    publisher = InterruptedPublisher(streams, telemetry, clock=clock)
    old, young = a_trade(1, source, clock.now), a_trade(2, source, clock.now + 1_500_000_000)
    player = Player(lambda: iter([]), "live", Counts())
    Feed(streams, telemetry, publisher, player, Stop(), clock=clock)._deliver([old, young])
    assert [tick.id for tick in messages(streams, TICKS)] == [f"binance:BTCUSDT:t{id}" for id in ids]
    assert telemetry.counters["dropped_stale"] == 2 - len(ids)


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
