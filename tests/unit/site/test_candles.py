"""Bars as candles: what is drawn where, and that nothing is drawn where nothing happened."""

from __future__ import annotations

from decimal import Decimal

from govsite.ops.plots import CANDLES, SLOT, candles
from market.domain.bars import Bar, Bars
from streams.messages import Tick
from tests.unit.market.test_mark import SECOND, a_quote, a_trade


def seconds(*ticks: Tick) -> list[Bar]:
    seen = Bars()
    for tick in ticks:
        seen.observe(tick)
    return sorted((bar for bar in seen.take_changed() if bar.width_s == 1), key=lambda bar: bar.at)


def test_without_bars_there_is_no_chart() -> None:
    assert candles([], 1) is None


def test_rising_falling_and_untraded_seconds_are_drawn_apart_and_the_newest_is_at_the_right_end() -> None:
    at = 100 * SECOND
    rising = (a_trade(at, "10"), a_trade(at + 1, "12"))
    falling = (a_trade(at + SECOND, "11"), a_trade(at + SECOND + 1, "9"))
    drawn = candles(seconds(*rising, *falling, a_quote(at + 3 * SECOND, "10", "10")), 1)
    assert drawn is not None
    right = (CANDLES - 1) * SLOT + SLOT / 2
    assert drawn["quoted"].startswith(f"M{right:.1f} ")
    assert drawn["falling"].startswith(f"M{right - 2 * SLOT:.1f} ")
    assert drawn["rising"].startswith(f"M{right - 3 * SLOT:.1f} ")
    assert (drawn["low"], drawn["high"], drawn["volume_sum"]) == (9, 12, 4)
    assert (drawn["missing"], drawn["mixed"]) == (CANDLES - 3, 0)


def test_what_is_older_than_the_chart_is_not_drawn() -> None:
    drawn = candles(seconds(a_trade(SECOND, "1000"), a_trade(200 * SECOND, "5")), 1)
    assert drawn is not None
    assert (drawn["high"], drawn["missing"]) == (Decimal(5), CANDLES - 1)


def test_a_price_that_stands_still_is_drawn_in_the_middle() -> None:
    drawn = candles(seconds(a_trade(SECOND, "5")), 1)
    assert drawn is not None
    assert " 75.0V" in drawn["rising"]
