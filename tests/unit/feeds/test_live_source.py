"""Venues in their own thread as one source: what they bring, that one dies, that they are asked in their loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest

import feeds.live
from feeds.backlog import Backlog
from feeds.intake import Counts, Item, RefusedFrame
from feeds.live import Live
from feeds.recorder import Recorder
from feeds.recordings import read_ticks
from feeds.source import Figures
from feeds.venue import Sink
from market.domain.listing import Listing
from streams.messages import Code, Trade
from streams.stopping import Stop
from tests.servers import wait_until
from tests.unit.feeds.frames import trade
from tests.unit.feeds.test_backlog import a_trade

Play = Callable[["Stage", Sink], None]


class Stage:
    """A venue whose client does what the test says, once each time that it is run, and then waits."""

    def __init__(self, name: str, *plays: Play, figures: Figures | None = None) -> None:
        self.name = name
        self.counts = Counts()
        self.figures: Figures = figures or {}
        self.asked: list[tuple[str, str]] = []
        self.runs = 0
        self.cancelled = False
        self._plays = list(plays)

    async def run(self, sink: Sink) -> None:
        self.runs += 1
        if self._plays:
            self._plays.pop(0)(self, sink)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def want_snapshot(self, instrument: str) -> bool:
        self.asked.append((instrument, threading.current_thread().name))
        return instrument == "BTCUSDT"


def brings(*items: Item) -> Play:
    def play(stage: Stage, sink: Sink) -> None:
        stage.counts.frames += len(items)
        stage.counts.events["connects"] += 1
        sink.items(items)

    return play


def dies(stage: Stage, sink: Sink) -> None:
    raise KeyError("a bug")


@contextmanager
def running(*stages: Stage, recorder: Recorder | None = None) -> Iterator[Live]:
    with closing(Live(stages, recorder=recorder, random=Random(1)).start()) as live:
        yield live


def come(live: Live, count: int) -> list[Item]:
    taken: list[Item] = []

    def enough() -> bool:
        taken.extend(live.poll(0.1, Stop()))
        return len(taken) >= count

    wait_until(enough, f"{count} items come")
    return taken


def test_what_venues_bring_comes_in_order_and_is_counted_together() -> None:
    first = Stage("binance", brings(a_trade(1), a_trade(2)))
    second = Stage("alpaca-iex", brings(a_trade(3, "AAPL")))
    with running(first, second) as live:
        assert come(live, 3) == [a_trade(1), a_trade(2), a_trade(3, "AAPL")]
        assert live.counts.frames == 3
        assert live.counts.events == {"connects": 2}
        assert live.mode == "live binance + alpaca-iex"
        assert live.poll(0.0, Stop()) == []
    assert first.cancelled
    assert second.cancelled
    assert not any(thread.name == "live-feed" for thread in threading.enumerate())


def test_a_client_that_dies_is_told_counted_and_started_again_while_the_others_go_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds.live, "FIRST_PAUSE_S", 0.01)
    ill = Stage("binance", dies, dies, brings(a_trade(1)))
    well = Stage("alpaca-iex", brings(a_trade(2, "AAPL")))
    with caplog.at_level(logging.ERROR), running(ill, well) as live:
        assert len(come(live, 2)) == 2
        assert live.counts.events["crashes"] == 2
    assert (ill.runs, well.runs) == (3, 1)
    assert [record.getMessage() for record in caplog.records] == ["the client of binance has died"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_clients_are_asked_in_the_thread_of_their_loop() -> None:
    stage = Stage("binance")
    with running(stage) as live:
        assert live.want_snapshot("BTCUSDT")
        assert not live.want_snapshot("AAPL")
    assert stage.asked == [("BTCUSDT", "live-feed"), ("AAPL", "live-feed")]
    assert live.counts.events == {}  # also when there is no loop any more


def test_a_client_that_cannot_be_asked_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage("binance")
    stage.want_snapshot = dies  # type: ignore[assignment,method-assign]
    with running(stage) as live:
        assert not live.want_snapshot("BTCUSDT")
    assert "a client could not be asked" in caplog.text


def test_the_market_clock_does_not_go_back() -> None:
    refused = RefusedFrame(Code.UNDECODABLE, "", raw=b"x", origin="", at=1)
    late = a_trade(1, at=5)
    with running(Stage("binance", brings(a_trade(2, "ETHUSDT", at=9), late, refused, a_trade(3, at=10)))) as live:
        taken = come(live, 4)
    assert [item.market_at for item in taken if isinstance(item, Trade)] == [9, 9, 10]
    assert taken[2] is refused


def test_figures_of_several_venues_are_put_together_and_shown_one_by_one() -> None:
    first = Stage("binance", figures={"connections": 2, "lag_ms": 3.0, "clock_offset_ms": -20.0, "state": "well"})
    second = Stage("alpaca-iex", figures={"connections": 1, "lag_ms": 8.0, "clock_offset_ms": 4.0, "state": "ill"})
    with running(first) as live:
        assert live.figures == {**first.figures, "waiting": 0}
    with running(first, second) as live:
        figures = live.figures
    assert {name: figures[name] for name in ("connections", "lag_ms", "clock_offset_ms", "state", "waiting")} == {
        "connections": 3,
        "lag_ms": 8.0,
        "clock_offset_ms": -20.0,
        "state": "well, ill",
        "waiting": 0,
    }
    assert figures["alpaca-iex.lag_ms"] == 8.0


def test_listings_are_the_newest_of_each_instrument_and_are_given_once() -> None:
    def lists(stage: Stage, sink: Sink) -> None:
        for status in ("TRADING", "HALT"):
            sink.listings([Listing(symbol="BTCUSDT", venue="binance", status=status)])
        sink.items([a_trade(1)])

    with running(Stage("binance", lists)) as live:
        come(live, 1)
        assert [listing.status for listing in live.listings()] == ["HALT"]
        assert live.listings() == []


def test_frames_are_recorded_as_they_came_and_can_be_replayed(tmp_path: Path) -> None:
    frames = [(1_723_161_255_000_000_000 + number, trade(number)) for number in range(1, 4)]

    def taps(stage: Stage, sink: Sink) -> None:
        for at, frame in frames:
            sink.raw(stage.name, at, frame)
        sink.items([a_trade(1)])

    with running(Stage("binance", taps), recorder=Recorder(tmp_path)) as live:
        come(live, 1)
    replayed = [item for item in read_ticks([tmp_path]) if isinstance(item, Trade)]
    assert [item.trade_id for item in replayed] == [1, 2, 3]
    assert [item.market_at for item in replayed] == [at for at, _ in frames]


def test_what_the_hand_over_had_to_drop_is_counted() -> None:
    backlog = Backlog()
    backlog.counts["conflated_quotes"] = 7
    with closing(Live([Stage("binance")], backlog=backlog).start()) as live:
        assert live.counts.events == {"conflated_quotes": 7}
