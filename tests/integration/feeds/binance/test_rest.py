"""What Binance's client gets over REST: refills, order books, instruments, the time; and what it does without."""

from __future__ import annotations

import logging
from decimal import Decimal

import msgspec
import pytest

from feeds.binance.plan import BinancePlan
from streams.messages import BookSnapshot, Code, ReportTradingStatus, Trade
from tests.integration.feeds.binance.exchange import reading, serving, trading, until


def refills(asked: list[str]) -> list[str]:
    return [path for path in asked if "historicalTrades" in path]


async def test_a_gap_is_refilled_in_order_before_anybody_sees_it() -> None:
    async with trading() as (exchange, venue, sink):
        await exchange.trade(1)
        exchange.last = 2_500
        await exchange.trade(2_501, 2_502)
        await until(lambda: len(sink.ids) == 2_502, "the gap was refilled")
        assert sink.ids == list(range(1, 2_503))
        assert not sink.gaps
        assert refills(exchange.asked)[0] == "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=2&limit=1000"
        assert len(refills(exchange.asked)) == 3
        assert venue.counts.events["refilled"] == 2_499
        trades = [item for item in sink.all if isinstance(item, Trade)]
        assert [trade.market_at for trade in trades] == sorted(trade.market_at for trade in trades)
        lines = [msgspec.json.decode(frame) for frame in sink.frames if frame.startswith(b'{"rest"')]
        assert [(line["rest"], line["symbol"]) for line in lines] == [("trades", "BTCUSDT")] * 3
        assert [line["data"][0]["id"] for line in lines] == [2, 1_002, 2_002]


async def test_what_rest_does_not_have_is_reported_in_its_place_and_the_rest_goes_on() -> None:
    async with trading() as (exchange, venue, sink):
        exchange.lacking = {4, 5, 8}
        await exchange.trade(1)
        await exchange.trade(10)
        await until(lambda: len(sink.ids) == 7, "what there was came")
        assert sink.ids == [1, 2, 3, 6, 7, 9, 10]
        assert sink.gaps == [(4, 5), (8, 8)]
        kinds = [type(item).__name__[0] for item in sink.all]
        assert "".join(kinds) == "TTTRTTRTT"
        assert venue.counts.events["unfilled"] == 3


async def test_an_id_outside_the_market_is_not_missing() -> None:
    async with trading() as (exchange, venue, sink):
        await exchange.trade(1)
        exchange.lacking = {3}
        exchange.answers.clear()
        await exchange.trade(5)
        await until(lambda: refills(exchange.asked), "the gap was seen")
        await exchange.trade(3, X="INSURANCE_FUND")
        await until(lambda: venue.counts.passed["not_market"] == 1, "the fund's trade was seen")
        exchange.answers.set()
        await until(lambda: len(sink.ids) == 4, "the gap was refilled")
        assert sink.ids == [1, 2, 4, 5]
        assert not sink.gaps


async def test_late_trades_close_a_gap_by_themselves() -> None:
    async with trading() as (exchange, venue, sink):
        await exchange.trade(1)
        exchange.answers.clear()
        await exchange.trade(4, 2, 3, 5)
        await until(lambda: len(sink.ids) == 5, "the late ones came")
        assert sink.ids == [1, 2, 3, 4, 5]
        assert not sink.gaps
        assert venue.counts.refused[Code.OUT_OF_ORDER] == 0
        assert venue.counts.trades == 5


async def test_slow_rest_is_waited_for_no_longer_than_the_patience_and_then_too_late() -> None:
    async with trading(refill_s=0.2) as (exchange, venue, sink):
        await exchange.trade(1)
        await until(lambda: any("exchangeInfo" in path for path in exchange.asked), "the listings were asked for")
        exchange.answers.clear()
        await exchange.trade(4)
        await exchange.quote(5)
        await until(lambda: len(sink.all) == 2, "the quote was not held")
        await until(lambda: len(sink.ids) == 2, "the patience was over")
        assert sink.ids == [1, 4]
        assert sink.gaps == [(2, 3)]
        exchange.answers.set()
        await until(lambda: venue.counts.events["late"] == 2, "the answer came too late")
        await exchange.trade(5)
        await until(lambda: sink.ids == [1, 4, 5], "trades go on")


async def test_a_gap_too_large_to_refill_is_reported_at_once() -> None:
    async with trading(largest_refill=100) as (exchange, _venue, sink):
        await exchange.trade(1)
        await exchange.trade(200)
        await until(lambda: sink.ids == [1, 200], "the trade came")
        assert sink.gaps == [(2, 199)]
        assert not refills(exchange.asked)


async def test_a_server_without_old_trades_is_not_asked_again_for_the_gap() -> None:
    async with trading(refill_s=60) as (exchange, _venue, sink):
        await exchange.trade(1)
        exchange.status = 404
        await exchange.trade(4)
        await until(lambda: sink.ids == [1, 4], "the gap was given up")
        assert sink.gaps == [(2, 3)]
        assert len(refills(exchange.asked)) == 1


@pytest.mark.parametrize("status", [418, 429])
async def test_who_is_asked_to_wait_asks_nothing_more(status: int) -> None:
    async with trading(refill_s=0.5, refill_retry_s=0.01) as (exchange, venue, sink):
        await exchange.trade(1)
        exchange.status, exchange.headers = status, {"Retry-After": "60"}
        await exchange.trade(4)
        await until(lambda: sink.gaps == [(2, 3)], "the gap was reported")
        asked = len(exchange.asked)
        assert len(refills(exchange.asked)) <= 1, "if not the clock was asked first, and it was told to wait"
        venue.want_snapshot("BTCUSDT")
        await exchange.trade(7)
        await until(lambda: sink.gaps == [(2, 3), (5, 6)], "the next gap was reported")
        assert len(exchange.asked) == asked
        assert venue.counts.events["rest_errors"] >= 1


async def test_another_server_is_asked_when_one_fails() -> None:
    async with serving() as (broken, broken_url), serving() as (exchange, url):
        broken.status = 503
        rest = tuple(each.replace("ws", "http") for each in (broken_url, url))
        async with reading(BinancePlan(symbols=("BTCUSDT",), urls=(url,), rest_urls=rest)) as (venue, sink):
            await until(lambda: exchange.open and sink.listed, "it is connected")
            await exchange.trade(1)
            await exchange.trade(4)
            await until(lambda: sink.ids == [1, 2, 3, 4], "the gap was refilled")
            assert venue.counts.events["rest_errors"] >= 1


async def test_garbage_over_rest_is_counted_and_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(refill_s=0.3, refill_retry_s=0.02) as (exchange, venue, sink):
        exchange.historicalTrades = lambda query: {"not": "a list"}  # type: ignore[method-assign,assignment,return-value]
        await exchange.trade(1)
        await exchange.trade(4)
        await until(lambda: sink.gaps == [(2, 3)], "the gap was reported")
        assert venue.counts.events["rest_errors"] >= 2
        assert "trades of BTCUSDT" in caplog.text


async def test_an_order_book_is_had_on_demand_and_not_more_often_than_allowed() -> None:
    async with trading(snapshot_s=0.2) as (exchange, venue, sink):
        assert not venue.want_snapshot("DOGEUSDT")
        assert all(venue.want_snapshot("BTCUSDT") for _ in range(5))
        await until(lambda: sink.all, "the book came")
        book = sink.all[0]
        assert isinstance(book, BookSnapshot)
        assert (book.last_id, book.bids, book.venue) == (7, ((Decimal(100), Decimal(1)),), "binance")
        asked = [path for path in exchange.asked if "depth" in path]
        assert asked == ["/api/v3/depth?symbol=BTCUSDT&limit=1000"]
        exchange.snapshot = {"lastUpdateId": "x"}
        assert venue.want_snapshot("BTCUSDT")
        await until(lambda: venue.counts.events["rest_errors"], "the next answer was of no use")
        exchange.snapshot = {"lastUpdateId": 8, "bids": [], "asks": []}
        await until(lambda: venue.want_snapshot("BTCUSDT") and len(sink.all) == 2, "and then it was")


async def test_the_clocks_are_compared_and_late_data_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as (exchange, url):
        exchange.skew_ms = 5_000
        with caplog.at_level(logging.WARNING):
            async with reading(BinancePlan(symbols=("BTCUSDT",), urls=(url,))) as (venue, _):
                await until(lambda: "clock_offset_ms" in venue.figures and exchange.open, "the clocks were compared")
                assert 4_900 < float(venue.figures["clock_offset_ms"]) < 5_100
                await exchange.trade(1)
                await until(lambda: "lag_ms" in venue.figures, "the lag was measured")
                assert -100 < float(venue.figures["lag_ms"]) < 500
                late = exchange.now_ms() - 8_000
                for id in range(2, 40):
                    await exchange.trade(id, T=late)
                    await until(lambda: venue.counts.trades >= exchange.last, "it came")
                    venue._sample_at = 0
                await until(lambda: float(venue.figures["lag_ms"]) > 7_000, "the lag shows")
        assert "s ahead of ours" in caplog.text
        assert "the data of binance is 8." in caplog.text


async def test_instruments_are_listed_and_their_status_is_reported_when_it_changes() -> None:
    async with serving() as (exchange, url):
        exchange.statuses["ETHUSDT"] = "BREAK"
        plan = BinancePlan(symbols=("BTCUSDT", "ETHUSDT"), urls=(url,), listings_s=0.05)
        async with reading(plan) as (_, sink):
            await until(lambda: len(sink.listed) >= 2, "the instruments were listed")
            listing = next(each for each in sink.listed if each.symbol == "BTCUSDT")
            assert (listing.tick_size, listing.lot_size, listing.min_notional) == (
                Decimal("0.01"),
                Decimal("0.00001"),
                Decimal(5),
            )
            assert (listing.base, listing.quote, listing.status, listing.tradable) == ("BTC", "USDT", "TRADING", True)
            await until(lambda: sink.all, "the halt was reported")
            exchange.statuses["ETHUSDT"] = "TRADING"
            await until(lambda: len(sink.all) == 2, "its end was reported")
            reports = [item for item in sink.all if isinstance(item, ReportTradingStatus)]
            assert [(r.instrument, r.tradable, r.status) for r in reports] == [
                ("ETHUSDT", False, "BREAK"),
                ("ETHUSDT", True, "TRADING"),
            ]


async def test_an_unknown_symbol_is_named_and_the_others_are_listed(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(symbols=("BTCUSDT", "NOSUCH")) as (_, _, sink):
        await until(lambda: sink.listed, "the known one was listed")
        assert [listing.symbol for listing in sink.listed] == ["BTCUSDT"]
        await until(lambda: "binance knows no NOSUCH" in caplog.text, "the other was named")


async def test_nothing_over_rest_is_needed_for_the_streams() -> None:
    async with trading(rest_urls=("http://127.0.0.1:1",), refill_s=0.1) as (exchange, venue, sink):
        await exchange.trade(1, 2, 5)
        await until(lambda: sink.ids == [1, 2, 5], "trades came")
        assert sink.gaps == [(3, 4)]
        assert venue.counts.events["rest_errors"] > 0
