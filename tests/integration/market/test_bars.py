"""The tables of bars and listings in a real PostgreSQL: what is written is what the ticks say, feed after feed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from market import bars as table_of_bars
from market.bars import Connection, bars
from market.domain.bars import MINUTE_NS, Bar, Bars
from market.domain.listing import Listing
from market.marks import market_clock
from market.writer import MarketWriter
from streams.messages import Tick
from tests.integration.market.test_marks import INSTRUMENTS, market, write, writing
from tests.servers import wait_until
from tests.unit.market.test_mark import SECOND, a_quote, a_trade

MINUTE = MINUTE_NS
EVER = 2**62


@pytest.fixture
def table(ledger_url: str) -> Iterator[Connection]:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


def told(ticks: Sequence[Tick], width_s: int) -> list[Bar]:
    seen = Bars()
    for tick in ticks:
        seen.observe(tick)
    return sorted((bar for bar in seen.take_changed() if bar.width_s == width_s), key=_key)


def written(table: Connection, width_s: int) -> list[Bar]:
    return [bar for name in table_of_bars.instruments(table) for bar in bars(table, name, width_s, 0, EVER, 10_000)]


def _key(bar: Bar) -> tuple[str, int]:
    return bar.instrument, bar.at


def test_what_is_written_is_what_the_ticks_say(ledger_url: str, table: Connection) -> None:
    ticks = market(6_000)
    write(ledger_url, ticks)
    for width_s in (1, 60):
        assert written(table, width_s) == told(ticks, width_s)
    assert {bar.instrument for bar in written(table, 60)} == set(INSTRUMENTS)


def test_a_chart_gets_the_newest_of_its_window_in_order(ledger_url: str, table: Connection) -> None:
    write(ledger_url, [a_trade(at * SECOND, str(at)) for at in range(10, 100)])
    found = bars(table, "BTCUSDT", 1, 20 * SECOND, 50 * SECOND, 5)
    assert [bar.close for bar in found] == [45, 46, 47, 48, 49]
    assert bars(table, "SOLUSDT", 1, 0, EVER, 5) == []
    assert table_of_bars.newest_at(table, "BTCUSDT", 60) == MINUTE
    assert table_of_bars.newest_at(table, "SOLUSDT", 60) is None


def test_a_second_feed_goes_on_with_the_bars_that_the_first_one_began(ledger_url: str, table: Connection) -> None:
    ticks = market(2_000)
    for cut in (1_003, 1_500):
        table.execute("TRUNCATE bar, price_run")
        write(ledger_url, ticks[:cut])
        write(ledger_url, ticks[cut:], after=ticks[cut - 1].market_at)
        for width_s in (1, 60):
            assert written(table, width_s) == told(ticks, width_s)


def test_a_feed_whose_clock_was_set_back_leaves_no_future_and_rebuilds_the_minute_it_is_in(
    ledger_url: str, table: Connection
) -> None:
    before = [a_trade(2 * MINUTE + at * SECOND, "100") for at in range(90)]
    write(ledger_url, before)
    again = [a_trade(2 * MINUTE + at * SECOND, "200") for at in range(30, 40)]
    write(ledger_url, again)
    assert written(table, 1) == told([*before[:30], *again], 1)
    assert written(table, 60) == told([*before[:30], *again], 60)
    assert market_clock(table) == again[-1].market_at


def test_an_answer_that_was_lost_does_not_count_anything_twice(
    ledger_url: str, table: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first transactions are committed, and the writer does not learn of it."""
    ticks = market(1_000)
    write(ledger_url, ticks[:300])
    lost = iter([True, True])
    commit = psycopg.Transaction.__exit__

    def losing(transaction: psycopg.Transaction, *error: Any) -> bool | None:
        answer = commit(transaction, *error)
        if next(lost, False):
            raise psycopg.OperationalError("the connection was lost before the answer came")
        return answer

    monkeypatch.setattr(psycopg.Transaction, "__exit__", losing)
    with writing(ledger_url, after=ticks[299].market_at) as writer:
        writer.observe(ticks[300:])
        writer.hand_on(at_once=True)
        wait_until(lambda: writer.waiting == 0, "everything is written")
    assert next(lost, None) is None
    for width_s in (1, 60):
        assert written(table, width_s) == told(ticks, width_s)


def test_trades_at_a_time_that_stands_still_are_written_too(ledger_url: str, table: Connection) -> None:
    with writing(ledger_url) as writer:
        for number in range(5):
            writer.observe([a_trade(SECOND, trade_id=number)])
            writer.hand_on(at_once=True)
    assert [bar.volume for bar in written(table, 1)] == [5]


def test_the_oldest_bars_of_a_width_are_forgotten_first(ledger_url: str, table: Connection) -> None:
    write(ledger_url, [a_quote(at * SECOND) for at in range(60, 400)])
    steps = []
    while gone := table_of_bars.forget(table, 1, 300 * SECOND, 100):
        steps.append(gone)
    assert steps == [100, 100, 40]
    assert written(table, 1)[0].at == 300 * SECOND
    assert written(table, 60)[0].at == 60 * SECOND


def listing(**changes: Any) -> Listing:
    values = {"tick_size": Decimal("0.01"), "lot_size": Decimal("0.00001"), "min_notional": Decimal(5), **changes}
    return Listing(symbol="BTCUSDT", venue="binance", **{"base": "BTC", "quote": "USDT", "at": 7, **values})


def said(url: str, *listings: Listing) -> None:
    with writing(url) as writer:
        for each in listings:
            writer.list([each])
            wait_until(lambda: writer.waiting == 0, "the listing is written")


def rows(table: Connection) -> list[tuple[Any, ...]]:
    return table.execute(
        "SELECT tick_size, lot_size, tradable, status, at, first_at, changed_at, previous_tick_size FROM venue_listing"
    ).fetchall()


def test_a_filter_that_changes_is_warned_of_and_what_it_was_is_kept(
    ledger_url: str, table: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    first = listing()
    with caplog.at_level(logging.WARNING, logger="market.listings"):
        said(ledger_url, first, replace(first, at=8), replace(first, at=9, tick_size=Decimal("0.1")))
        said(ledger_url, replace(first, at=10, tick_size=Decimal("0.1"), status="HALT", tradable=False))
    assert rows(table) == [
        (Decimal("0.1"), Decimal("0.00001"), False, "HALT", 10, 7, 9, Decimal("0.01")),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "binance has changed the filters of BTCUSDT: tick_size 0.01 -> 0.1"
    ]


def test_what_a_venue_does_not_say_stays_and_old_words_change_nothing(ledger_url: str, table: Connection) -> None:
    said(ledger_url, listing(), listing(at=9, tick_size=Decimal(0), base="", status="TRADING"))
    said(ledger_url, listing(at=8, tick_size=Decimal(3)))
    assert rows(table) == [(Decimal("0.01"), Decimal("0.00001"), True, "TRADING", 9, 7, None, None)]


def test_listings_are_written_without_any_tick_and_on_close(ledger_url: str, table: Connection) -> None:
    writer = MarketWriter(ledger_url).start()
    writer.list([listing()])
    writer.close()
    assert (writer.waiting, len(rows(table))) == (0, 1)
