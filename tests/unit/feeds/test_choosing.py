"""From wishes to venues, and when their silence is a failure."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feeds.alpaca.plan import KEY, SECRET, MissingKey
from feeds.choosing import Impossible, Wanted, Wishes, _expected, _patience, venues

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
