"""The fault table, frames: what is lost, doubled, late or rubbish, and what becomes of it."""

from __future__ import annotations

import time

import pytest

from feeds.exchange import Settings
from feeds.exchange import faults as f
from streams.messages import BookSnapshot, Code, Depth, Quote, ReportFeedGap, ReportTradingStatus, Trade
from tests.integration.feeds.exchange.desk import trading
from tests.integration.feeds.exchange.tapes import tape, until


async def test_duplicates_come_once(redis_url: str) -> None:
    async with trading(redis_url, [f.Duplicate(count=60)]) as desk:
        await desk.counts("duplicates", 60)
        await desk.trades_on()
        assert desk.is_whole()


@pytest.mark.parametrize("venue", ["binance", "binance-usdm"])
async def test_a_gap_is_refilled_in_order(redis_url: str, venue: str) -> None:
    of = tape(market="usdm" if venue == "binance-usdm" else "spot")
    async with trading(redis_url, of=of, venue=venue) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Gap(count=7))
        await desk.counts("refilled", 7)
        await desk.trades_on()
        assert len(desk.exchange.withheld_ids["BTCUSDT"]) == 7
        assert desk.is_whole()
        assert not desk.commands(ReportFeedGap)
        assert desk.counter("unfilled") == 0


async def test_what_cannot_be_refilled_is_reported(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Lost(count=5))
        await desk.counts("unfilled", 5)
        await desk.trades_on()
        assert desk.missing == desk.exchange.withheld_ids["BTCUSDT"]
        assert len(desk.missing) == 5
        assert sorted(desk.ids + desk.missing) == list(range(1, desk.ids[-1] + 1))
        assert desk.ids == sorted(desk.ids)


async def test_latecomers_get_their_place(redis_url: str) -> None:
    async with trading(redis_url, [f.Reorder(at=0.3, count=20, scope="@trade")]) as desk:
        await until(lambda: len(desk.ids) > 80, "the wrong order is over")
        assert desk.is_whole()
        assert not desk.commands(ReportFeedGap)


async def test_a_depth_gap_is_healed_by_a_snapshot(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await until(lambda: desk.gauge("books_in_sync") == 1, "the book is in sync")
        desk.exchange.inject(f.DepthGap(count=3))
        await desk.counts("resyncs")
        await until(lambda: desk.gauge("books_in_sync") == 1, "the book is in sync again")
        assert desk.counter("healed_gaps") == 1
        assert not desk.commands(ReportFeedGap)
        assert len(desk.live(BookSnapshot)) >= 2


async def test_a_depth_gap_that_nothing_heals_is_reported(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await until(lambda: desk.gauge("books_in_sync") == 1, "the book is in sync")
        desk.exchange.inject(f.FailingRest(for_s=6))
        desk.exchange.inject(f.DepthGap(count=3))
        await until(lambda: desk.commands(ReportFeedGap), "the gap was reported")
        assert [gap.kind for gap in desk.commands(ReportFeedGap)] == ["depth"]
        assert desk.gauge("books_in_sync") == 0
        await until(lambda: desk.gauge("books_in_sync") == 1, "REST is back, and so is the book")


async def test_latency_is_shown_and_everything_says_its_time(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Latency(for_s=8, by=1.5))
        await until(lambda: (desk.gauge("lag_ms") or 0) > 1_200, "the lag is shown")
        late = desk.live(Trade)[-1]
        assert late.received_at - late.event_at > 1_200_000_000
        await desk.trades_on()
        assert desk.is_whole()


async def test_a_burst_loses_nothing(redis_url: str) -> None:
    async with trading(redis_url, of=tape(per_second=1_500)) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Burst(for_s=0.8))
        await until(lambda: "burst" not in desk.exchange.faults.names(), "the stall is over")
        await desk.trades_on(600)
        assert desk.is_whole()
        assert not desk.commands(ReportFeedGap)
        assert desk.counter("disconnects") == 0


async def test_truncated_frames_are_letters_and_their_trades_are_refilled(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Truncated(count=6, scope="@trade"))
        await desk.counts("refused:UNDECODABLE", 6)
        await desk.counts("refilled", 6)
        await desk.trades_on()
        assert desk.is_whole()
        assert desk.letters.count(Code.UNDECODABLE) == 6


@pytest.mark.parametrize("fault", [f.GarbageText(count=8), f.GarbageBinary(count=3)], ids=lambda fault: fault.kind)
async def test_rubbish_is_kept_as_letters_and_the_connection_stays(redis_url: str, fault: f.Lasting) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(fault)  # type: ignore[arg-type]
        await desk.counts("refused:UNDECODABLE", 3)
        await desk.trades_on()
        await until(lambda: Code.UNDECODABLE in desk.letters, "the letters are there")
        assert desk.is_whole()
        assert desk.counter("connects") == 1


async def test_error_frames_are_counted(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.ErrorFrame(count=3))
        await desk.counts("errors", 3)
        await desk.trades_on()
        assert desk.is_whole()
        assert not desk.letters


@pytest.mark.parametrize("fault", [f.UnknownKey(), f.OldLevels(), f.Microseconds()], ids=lambda fault: fault.kind)
async def test_old_and_new_schemas_say_the_same(redis_url: str, fault: f.AnyFault) -> None:
    async with trading(redis_url, [fault]) as desk:
        await desk.trades_on()
        await until(lambda: desk.live(Depth) and desk.live(Quote), "books and quotes came")
        assert desk.is_whole()
        assert not desk.letters
        trade = desk.live(Trade)[-1]
        assert (str(trade.price), str(trade.quantity)) == ("100.01", "0.5")
        assert abs(trade.received_at - trade.event_at) < 5_000_000_000
        assert any(depth.bids for depth in desk.live(Depth))


async def test_a_trade_of_nothing_is_a_letter_and_no_price(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.ZeroQuantity(count=4))
        await desk.counts("refused:NOT_POSITIVE", 4)
        await desk.trades_on()
        assert desk.letters.count(Code.NOT_POSITIVE) == 4
        assert desk.ids[-1] - desk.ids[0] + 1 - len(desk.ids) == 4
        assert not desk.commands(ReportFeedGap)


async def test_a_book_without_offers_is_told_as_one_sided(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.OneSided(for_s=1))
        await until(lambda: any(not quote.two_sided for quote in desk.live(Quote)), "a one-sided quote was published")
        one_sided = next(quote for quote in desk.live(Quote) if not quote.two_sided)
        assert (one_sided.bid > 0, one_sided.ask, one_sided.ask_size) == (True, 0, 0)
        assert not desk.letters


async def test_crossed_quotes_are_refused_and_crossed_books_are_fetched_anew(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await until(lambda: desk.gauge("books_in_sync") == 1, "the book is in sync")
        desk.exchange.inject(f.Crossed(count=10))
        await desk.counts("refused:CROSSED")
        await desk.counts("resyncs")
        await desk.trades_on()
        assert Code.CROSSED in desk.letters
        assert all(quote.bid < quote.ask for quote in desk.live(Quote))
        assert all(book.bids[0][0] < book.asks[0][0] for book in desk.live(BookSnapshot))


async def test_prints_of_the_insurance_fund_are_no_prices_and_no_gaps(redis_url: str) -> None:
    async with trading(redis_url, of=tape(market="spot")) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.InsuranceFund(count=6))
        await desk.counts("passed:not_market", 6)
        await desk.trades_on()
        assert {str(trade.price) for trade in desk.live(Trade)} == {"100.01"}
        assert not desk.commands(ReportFeedGap)
        assert desk.counter("unfilled") == 0


async def test_a_clock_that_is_off_is_known_and_is_no_lag(redis_url: str) -> None:
    async with trading(redis_url, [f.ClockSkew(for_s=60, by=30)]) as desk:
        await until(lambda: (desk.gauge("clock_offset_ms") or 0) > 29_000, "the offset is known")
        await desk.trades_on()
        await until(lambda: abs(desk.gauge("lag_ms") or 1e9) < 2_000, "the lag is told by the exchange's clock")
        assert desk.is_whole()


async def test_a_clock_that_is_set_while_data_comes_is_never_taken_for_a_lag(redis_url: str) -> None:
    """The next look at the clock would be an hour away; a lag that comes out of nowhere asks for one at once."""
    async with trading(redis_url, clock_s=3_600.0) as desk:
        await desk.trades_on()
        await until(lambda: desk.gauge("lag_ms") is not None, "the lag is known")
        desk.exchange.inject(f.ClockSkew(for_s=60, by=-30))
        seen: list[float] = []

        def is_known() -> bool:
            seen.append(desk.gauge("lag_ms") or 0.0)
            return (desk.gauge("clock_offset_ms") or 0.0) < -29_000

        await until(is_known, "the clock is looked at again")
        assert max(seen) < 2_000


async def test_a_halt_is_told_and_its_end_too(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Halt(for_s=1.5))
        await until(lambda: len(desk.commands(ReportTradingStatus)) == 2, "the halt and its end were told")
        halted, resumed = desk.commands(ReportTradingStatus)
        assert (halted.tradable, halted.status, resumed.tradable) == (False, "BREAK", True)
        await desk.trades_on()
        assert desk.is_whole()


@pytest.mark.parametrize(("by", "in_time"), [(0.6, True), (3.0, False)])
async def test_slow_rest_refills_in_time_or_the_gap_is_reported(redis_url: str, by: float, in_time: bool) -> None:
    async with trading(redis_url, rest_s=5.0) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.SlowRest(for_s=8, by=by))
        desk.exchange.inject(f.Gap(count=4))
        await desk.counts("refilled" if in_time else "unfilled", 4)
        await desk.trades_on()
        assert desk.is_whole() is in_time
        assert desk.missing == ([] if in_time else desk.exchange.withheld_ids["BTCUSDT"])


@pytest.mark.parametrize("answer", ["500", "429", "418", "garbage", "truncated", "hang"])
async def test_without_rest_a_gap_is_reported_in_time_and_trades_go_on(redis_url: str, answer: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.FailingRest(for_s=8, answer=answer))  # type: ignore[arg-type]
        desk.exchange.inject(f.Gap(count=4))
        await until(lambda: len(desk.missing) == 4, "the gap was reported", seconds=5)
        await desk.trades_on()
        await desk.counts("rest_errors")
        assert desk.missing == desk.exchange.withheld_ids["BTCUSDT"]
        assert desk.ids == sorted(set(desk.ids))


async def test_a_limit_of_rest_is_kept(redis_url: str) -> None:
    await until(lambda: time.time() % 60 < 45, "the venue does not count anew meanwhile", seconds=16)
    async with trading(redis_url, settings=Settings(weight_limit=30)) as desk:
        await desk.counts("rest_errors")
        asked = desk.exchange.rest.total()
        await desk.trades_on(60)
        assert desk.exchange.rest.total() <= asked + 1
