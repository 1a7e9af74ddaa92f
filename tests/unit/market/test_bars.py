"""Bars against brute force over the ticks: nothing is lost, nothing counts twice, and a minute is its seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from market.domain.bars import MINUTE_NS, SECOND_NS, Bar, Bars, joined, minute_of
from market.domain.mark import Prices
from streams.messages import Depth, Quote, Tick, Trade
from tests.unit.market.test_mark import SECOND, a_quote, a_trade
from tests.unit.market.test_runs import markets as markets_at_ten

Key = tuple[str, int, int]


def _later(ticks: list[Tick], seconds: int) -> list[Tick]:
    return [structs.replace(tick, market_at=tick.market_at + seconds * SECOND_NS) for tick in ticks]


def markets() -> st.SearchStrategy[list[Tick]]:
    """So that many of them are at the turn of a minute."""
    return st.builds(_later, markets_at_ten(), st.integers(30, 50))


def table_of(ticks: Sequence[Tick], pauses: frozenset[int] = frozenset()) -> dict[Key, Bar]:
    """What is handed on, each bar as it was told last."""
    bars = Bars()
    table: dict[Key, Bar] = {}
    for index, tick in enumerate(ticks):
        bars.observe(tick)
        if index in pauses:
            table |= {(bar.instrument, bar.width_s, bar.at): bar for bar in bars.take_changed()}
    return table | {(bar.instrument, bar.width_s, bar.at): bar for bar in bars.take_changed()}


def by_force(ticks: Sequence[Tick], width_s: int) -> dict[Key, tuple[object, ...]]:
    """The definition: trades of each bar with P and the source after every tick that says something."""
    prices, trades, marks = Prices(), defaultdict(list), defaultdict(list)
    for tick in ticks:
        prices.observe(tick)
        key = tick.instrument, width_s, prices.now - prices.now % (width_s * SECOND_NS)
        view = prices.view(tick.instrument)
        if isinstance(tick, Depth) or view is None or (isinstance(tick, Quote) and not tick.two_sided):
            continue
        marks[key].append((view.price, tick.source))
        if isinstance(tick, Trade):
            trades[key].append(tick)
    return {key: _expected(trades[key], told) for key, told in marks.items()}


def _expected(trades: Sequence[Trade], told: Sequence[tuple[Decimal, str]]) -> tuple[object, ...]:
    of = [trade.price for trade in trades] or [price for price, _ in told]
    bought = [trade.quantity for trade in trades if trade.aggressor == "buy"]
    volume, turnover = sum(t.quantity for t in trades), sum(t.quantity * t.price for t in trades)
    sources = [source for _, source in told]
    prices = of[0], max(of), min(of), of[-1], told[-1][0]
    return *prices, volume, sum(bought), turnover, len(trades), sources[-1], len(set(sources)) > 1


def _told(bar: Bar) -> tuple[object, ...]:
    prices = bar.open, bar.high, bar.low, bar.close, bar.mark
    return *prices, bar.volume, bar.buy_volume, bar.turnover, bar.trades, bar.source, bar.mixed


PAUSES = st.frozensets(st.integers(0, 40))


@given(markets(), PAUSES)
def test_bars_are_what_the_ticks_say_however_often_they_are_handed_on(
    ticks: list[Tick], pauses: frozenset[int]
) -> None:
    table = table_of(ticks, pauses)
    for width_s in (1, 60):
        found = {key: _told(bar) for key, bar in table.items() if key[1] == width_s}
        assert found == by_force(ticks, width_s)


@given(markets(), PAUSES)
def test_a_minute_is_the_sum_of_its_seconds(ticks: list[Tick], pauses: frozenset[int]) -> None:
    table = table_of(ticks, pauses)
    seconds: dict[Key, list[Bar]] = defaultdict(list)
    for (instrument, width_s, at), bar in sorted(table.items()):
        if width_s == 1:
            seconds[instrument, 60, at - at % MINUTE_NS].append(bar)
    minutes = {key: reduce(joined, of[1:], minute_of(of[0])) for key, of in seconds.items()}
    assert minutes == {key: bar for key, bar in table.items() if key[1] == 60}


@given(markets(), PAUSES)
def test_no_trade_is_lost_and_prices_are_in_order(ticks: list[Tick], pauses: frozenset[int]) -> None:
    table = table_of(ticks, pauses)
    traded = sum(tick.quantity for tick in ticks if isinstance(tick, Trade))
    for width_s in (1, 60):
        assert sum(bar.volume for bar in table.values() if bar.width_s == width_s) == traded
    for bar in table.values():
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert 0 <= bar.buy_volume <= bar.volume
        assert bar.at % (bar.width_s * SECOND_NS) == 0


@given(markets(), st.integers(0, 40))
def test_what_is_joined_is_the_same_wherever_it_was_cut(ticks: list[Tick], cut: int) -> None:
    """A feed that was started anew goes on with the bars of the one before it."""
    first, second = Bars(), Bars()
    for tick in ticks[:cut]:
        first.observe(tick)
    second.now = first.now
    for tick in ticks[cut:]:
        second.observe(tick)
    table: dict[Key, Bar] = {}
    for bar in [*first.take_changed(), *second.take_changed()]:
        key = bar.instrument, bar.width_s, bar.at
        table[key] = joined(table[key], bar) if key in table else bar
    volumes = {key: (bar.volume, bar.turnover, bar.trades) for key, bar in table.items()}
    assert volumes == {key: (bar.volume, bar.turnover, bar.trades) for key, bar in table_of(ticks).items()}


def test_a_second_with_trades() -> None:
    ticks = [
        a_quote(10 * SECOND, "99", "101"),
        a_trade(10 * SECOND + 1, "100.5"),
        a_trade(10 * SECOND + 2, "98", aggressor="sell"),
        a_trade(11 * SECOND - 1, "99.5"),
        a_trade(11 * SECOND, "7"),
    ]
    assert table_of(ticks)["BTCUSDT", 1, 10 * SECOND] == Bar(
        instrument="BTCUSDT",
        width_s=1,
        at=10 * SECOND,
        open=Decimal("100.5"),
        high=Decimal("100.5"),
        low=Decimal("98"),
        close=Decimal("99.5"),
        mark=Decimal(100),
        volume=Decimal(3),
        buy_volume=Decimal(2),
        turnover=Decimal("298.0"),
        trades=3,
        source="live",
        venue="binance",
        mixed=False,
    )


def test_a_second_with_quotes_only_has_no_volume_and_the_prices_of_p() -> None:
    ticks = [a_quote(SECOND + at, bid, "103") for at, bid in ((1, "101"), (2, "99"), (3, "105e-1"), (4, "100"))]
    bar = table_of(ticks)["BTCUSDT", 1, SECOND]
    assert (bar.open, bar.high, bar.low, bar.close) == tuple(map(Decimal, ("102", "102", "56.75", "101.5")))
    assert (bar.volume, bar.trades, bar.mark) == (0, 0, bar.close)


def test_a_minute_in_which_a_single_second_was_traded_has_the_prices_of_that_second() -> None:
    ticks = [a_quote(SECOND, "1", "1"), a_trade(3 * SECOND, "5"), a_quote(9 * SECOND, "9", "9")]
    bar = table_of(ticks)["BTCUSDT", 60, 0]
    assert (bar.open, bar.high, bar.low, bar.close, bar.mark, bar.trades) == (5, 5, 5, 5, 9, 1)


def test_seconds_in_which_nothing_happened_have_no_bar() -> None:
    table = table_of([a_trade(SECOND), a_trade(5 * SECOND), a_trade(125 * SECOND)])
    assert [at // SECOND for _, width_s, at in sorted(table) if width_s == 1] == [1, 5, 125]
    assert [at // SECOND for _, width_s, at in sorted(table) if width_s == 60] == [0, 120]


def test_a_late_trade_counts_as_of_now_and_leaves_closed_bars_alone() -> None:
    table = table_of([a_trade(SECOND), a_trade(3 * SECOND, instrument="ETHUSDT"), a_trade(2 * SECOND)])
    assert ("BTCUSDT", 1, 2 * SECOND) not in table
    assert table["BTCUSDT", 1, 3 * SECOND].trades == 1


def test_a_bar_of_two_sources_is_told_to_be_mixed() -> None:
    table = table_of(
        [a_trade(SECOND), a_trade(SECOND + 1, source="synthetic"), a_trade(2 * SECOND, source="synthetic")]
    )
    assert [(bar.source, bar.mixed) for _, bar in sorted(table.items())] == [
        ("synthetic", True),
        ("synthetic", False),
        ("synthetic", True),
    ]


def test_sums_keep_every_digit() -> None:
    ticks = [a_trade(SECOND + at, "61234.000000000001") for at in range(9)]
    tiny = a_trade(SECOND + 9, "0.000000000001")
    bar = table_of([*ticks, tiny])["BTCUSDT", 1, SECOND]
    assert bar.turnover == Decimal("551106.000000000010")
    big = Trade(
        instrument="BTCUSDT", market_at=SECOND, received_at=SECOND, trade_id=1, aggressor="sell",
        price=Decimal("12345678901.00000001"), quantity=Decimal("98765432109.00000001"),
    )  # fmt: skip
    assert table_of([big])["BTCUSDT", 1, SECOND].turnover == Decimal("1219326311336229233320.1111101000000001")


def test_nothing_that_has_not_changed_is_handed_on_again() -> None:
    bars = Bars()
    bars.observe(a_trade(SECOND))
    assert len(bars.take_changed()) == 2
    bars.observe(Depth(instrument="BTCUSDT", market_at=9 * SECOND, received_at=1, first_id=1, last_id=1))
    assert bars.take_changed() == []
