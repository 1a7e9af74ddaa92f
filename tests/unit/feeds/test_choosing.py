"""From wishes to venues, and when their silence is a failure."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feeds.alpaca.plan import KEY, SECRET, MissingKey
from feeds.choosing import Impossible, Wanted, Wishes, _expected, _patience, _Playing, venues
from feeds.publisher import Publisher
from feeds.recordings import Unreadable
from streams.messages import Source, Tick
from streams.stopping import Stop

BINANCE, FUTURES, STOCKS = Wanted("binance"), Wanted("binance-usdm"), Wanted("alpaca-iex")


def names(**wishes: Any) -> list[str]:
    return [venue.name for venue in venues(Wishes(**wishes), time.time_ns)]


def test_each_venue_has_a_client_and_binance_is_there_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "key")
    monkeypatch.setenv(SECRET, "secret")
    assert names() == ["binance"]
    assert names(venue=[BINANCE, STOCKS, Wanted("alpaca-sip", ("IBM",))]) == ["binance", "alpaca-iex", "alpaca-sip"]
    assert names(venue=[FUTURES], symbols=("SOLUSDT",)) == ["binance-usdm"]


def test_stocks_need_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY, raising=False)
    with pytest.raises(MissingKey, match=f"{KEY} and {SECRET}"):
        names(venue=[STOCKS])


def test_an_instrument_comes_from_one_venue_only() -> None:
    with pytest.raises(Impossible, match="BTCUSDT, ETHUSDT would come from two venues"):
        names(venue=[BINANCE, FUTURES])
    assert len(names(venue=[Wanted("binance", ("BTCUSDT",)), Wanted("binance-usdm", ("ETHUSDT",))])) == 2


@pytest.mark.parametrize(
    ("wanted", "hour", "day", "expected"),
    [
        ([STOCKS], 12, 4, True),
        ([STOCKS], 20, 4, False),
        ([STOCKS], 12, 7, False),
        ([BINANCE, STOCKS], 3, 7, True),
    ],
)
def test_stocks_may_be_silent_outside_of_their_hours(wanted: list[Wanted], hour: int, day: int, expected: bool) -> None:
    at = datetime(2024, 9, day, hour, 30, tzinfo=ZoneInfo("America/New_York"))
    assert _expected(wanted, int(at.timestamp()) * 1_000_000_000) is expected


def test_at_the_start_there_is_half_the_patience() -> None:
    patience = _patience(30.0)
    assert (patience.at_start, patience.later) == (15_000_000_000, 30_000_000_000)
    assert _patience(0.5).pause == 500_000_000


class Rounds(Publisher):
    """Numbers rounds without a Redis."""

    def __init__(self) -> None:
        self.given = 0

    def begin_round(self) -> int:
        self.given += 1
        return self.given - 1


def invented(**wishes: Any) -> set[str]:
    """The instruments of what stands in for live, or is played instead of it."""
    player = _Playing(Wishes(**wishes), Rounds(), time.time_ns).synthetic(0, None)
    return {item.instrument for _ in range(20) for item in player.poll(0.0, Stop()) if isinstance(item, Tick)}


@pytest.mark.parametrize(
    ("feed", "wishes", "instruments"),
    [
        ("live", {}, {"BTCUSDT", "ETHUSDT"}),
        ("live", {"symbols": ("SOLUSDT", "XRPUSDT")}, {"SOLUSDT"}),
        ("live", {"venue": [Wanted("binance", ("BTCUSDT",)), Wanted("alpaca-iex", ("SPY",))]}, {"BTCUSDT"}),
        ("synthetic", {}, {"BTCUSDT", "ETHUSDT", "SOLUSDT"}),
        ("synthetic", {"symbols": ("SOLUSDT",)}, {"SOLUSDT"}),
    ],
)
def test_what_stands_in_for_live_has_the_instruments_of_live(
    feed: Source, wishes: dict[str, Any], instruments: set[str]
) -> None:
    """Another one would grow stale when live is back, and its breaker would hold the whole book."""
    assert invented(feed=feed, **wishes) == instruments


@pytest.mark.parametrize("feed", ["live", "synthetic"])
def test_a_market_that_has_nothing_of_what_is_wanted_cannot_begin(feed: Source) -> None:
    with pytest.raises(Unreadable, match="BTCUSDT, ETHUSDT, SOLUSDT"):
        invented(feed=feed, symbols=("XRPUSDT",))
