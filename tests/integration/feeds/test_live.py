"""The WebSocket client against a server that speaks Binance's protocol."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from feeds.intake import Counts, Item, RefusedFrame
from feeds.live import Backoff, Connecting, LiveSource
from streams.messages import Code, ReportFeedGap, Trade
from streams.stopping import Stop
from tests.integration.feeds.venue import (
    Venue,
    announce_shutdown,
    garbage_then_keep_trading,
    keep_trading,
    miss_some_then_keep_trading,
    only_kline,
    refuse_the_subscription,
    send_too_much,
    stay_silent,
    three_and_drop,
)
from tests.servers import wait_until


class Reader:
    """A running client and everything that it has given."""

    def __init__(self, *urls: str, silence_s: float) -> None:
        settings = Connecting(
            urls=urls, symbols=("BTCUSDT",), silence_s=silence_s, first_pause_s=0.01, longest_pause_s=0.1
        )
        self.client = LiveSource(settings, Counts(), random=Random(1)).start()
        self.items: list[Item] = []

    def read(self) -> None:
        self.items.extend(self.client.poll(0.01, Stop()))

    @property
    def trades(self) -> list[Trade]:
        self.read()
        return [item for item in self.items if isinstance(item, Trade)]

    def of(self, kind: type[Item]) -> list[Item]:
        self.read()
        return [item for item in self.items if isinstance(item, kind)]


@contextmanager
def reading(*urls: str, silence_s: float = 5.0) -> Iterator[Reader]:
    reader = Reader(*urls, silence_s=silence_s)
    try:
        yield reader
    finally:
        reader.client.close()
        assert not reader.client._thread.is_alive()


def ids(reader: Reader) -> list[int]:
    return [trade.trade_id for trade in reader.trades]


def test_it_subscribes_and_reads() -> None:
    with Venue(keep_trading) as venue, reading(venue.url) as reader:
        wait_until(lambda: len(reader.trades) >= 3, "three trades came")
        assert venue.paths[0] == "/stream?streams=btcusdt@trade/btcusdt@bookTicker/btcusdt@depth@100ms"
        assert venue.requests[0]["method"] == "SUBSCRIBE"
        assert ids(reader)[:3] == [1, 2, 3]
        assert all(trade.source == "live" and trade.market_at == trade.received_at for trade in reader.trades)
        assert reader.client.counts.passed["ack"] == 1


def test_it_comes_back_after_a_drop_and_goes_on_counting_ids() -> None:
    with Venue(three_and_drop, three_and_drop, keep_trading) as venue, reading(venue.url) as reader:
        wait_until(lambda: len(reader.trades) >= 8, "trades of three connections came")
        assert ids(reader)[:8] == list(range(1, 9))
        assert len(venue.requests) == 3
        assert not reader.of(ReportFeedGap)


def test_what_was_missed_while_it_was_away_is_a_gap() -> None:
    with Venue(three_and_drop, miss_some_then_keep_trading) as venue, reading(venue.url) as reader:
        wait_until(lambda: reader.of(ReportFeedGap), "a gap was seen")
        gaps = [(gap.kind, gap.first, gap.last) for gap in reader.items if isinstance(gap, ReportFeedGap)]
        assert gaps == [("trade", 4, 8)]


def test_garbage_is_refused_and_the_connection_is_kept() -> None:
    with Venue(garbage_then_keep_trading) as venue, reading(venue.url) as reader:
        wait_until(lambda: len(reader.trades) >= 2, "trades came after the garbage")
        codes = [item.code for item in reader.items if isinstance(item, RefusedFrame)]
        assert codes == [Code.UNDECODABLE, Code.UNDECODABLE, Code.INVALID, Code.NOT_FINITE]
        assert len(venue.paths) == 1


@pytest.mark.parametrize("behaviour", [stay_silent, only_kline])
def test_a_connection_without_ticks_is_left(behaviour: object) -> None:
    with Venue(behaviour, keep_trading) as venue, reading(venue.url, silence_s=0.3) as reader:  # type: ignore[arg-type]
        wait_until(lambda: reader.trades, "trades came over the next connection")
        assert len(venue.paths) == 2


def test_an_error_frame_is_noted_and_what_comes_is_taken() -> None:
    with Venue(refuse_the_subscription) as venue, reading(venue.url) as reader:
        wait_until(lambda: reader.trades, "trades came all the same")
        assert reader.client.events["errors"] == 1


def test_an_announced_shutdown_is_not_waited_for() -> None:
    with Venue(announce_shutdown, keep_trading) as venue, reading(venue.url, silence_s=60) as reader:
        wait_until(lambda: len(reader.trades) >= 3, "trades came over the next connection")
        assert ids(reader)[:3] == [1, 2, 3]


def test_a_frame_beyond_all_bounds_costs_only_the_connection() -> None:
    with Venue(send_too_much, keep_trading) as venue, reading(venue.url) as reader:
        wait_until(lambda: reader.trades, "trades came over the next connection")


def test_the_next_server_is_tried_where_one_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        dead = f"ws://127.0.0.1:{taken.getsockname()[1]}"
        with Venue(keep_trading) as venue, reading(dead, venue.url) as reader:
            wait_until(lambda: reader.trades, "trades came from the second server")
            assert reader.client.events["disconnects"] == 1


def test_pauses_double_up_to_a_cap_and_are_shortened_by_chance() -> None:
    backoff = Backoff(1.0, 30.0, Random(7))
    pauses = [backoff.next_pause() for _ in range(40)]
    for pause, whole in zip(pauses, [1, 2, 4, 8, 16] + [30] * 35, strict=True):
        assert whole / 2 <= pause <= whole
    assert len(set(pauses)) == 40
    backoff.reset()
    assert backoff.next_pause() <= 1.0
    again = Backoff(1.0, 30.0, Random(7))
    assert [again.next_pause() for _ in range(40)] == pauses
