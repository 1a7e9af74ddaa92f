"""The fault table, stocks."""

from __future__ import annotations

import pytest

from feeds.exchange import faults as f
from streams.messages import Code, Quote, ReportFeedGap, ReportTradingStatus, Trade
from tests.integration.feeds.exchange.desk import trading
from tests.integration.feeds.exchange.tapes import until

IEX = "alpaca-iex"


async def test_stocks_come_as_trades_and_quotes(redis_url: str) -> None:
    async with trading(redis_url, venue=IEX) as desk:
        await desk.trades_on()
        times = [trade.event_at for trade in desk.live(Trade)]
        assert times == sorted(times)
        quote = desk.live(Quote)[-1]
        assert (quote.instrument, quote.venue, str(quote.bid)) == ("SPY", IEX, "100.0")


async def test_a_halt_and_its_end_are_commands_with_the_venues_reason(redis_url: str) -> None:
    async with trading(redis_url, venue=IEX) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Halt(for_s=0.5, reason="LUDP"))
        await until(lambda: len(desk.commands(ReportTradingStatus)) >= 3, "the halt and its end were told")
        first, halted, resumed = desk.commands(ReportTradingStatus)[:3]
        assert (first.tradable, first.status) == (True, "trades")
        assert (halted.instrument, halted.tradable, resumed.tradable) == ("SPY", False, True)
        assert "LUDP" in halted.status
        await desk.trades_on()


async def test_a_key_that_is_refused_is_tried_again_without_haste(redis_url: str) -> None:
    async with trading(redis_url, [f.AuthFailed(count=2)], venue=IEX) as desk:
        desk.exchange.inject(f.AuthFailed(count=2))
        await desk.trades_on()
        assert desk.counter("errors") == 2
        assert desk.exchange.connections == 3


@pytest.mark.parametrize("code", [406, 407, 500])
async def test_after_an_error_that_ends_it_another_connection_follows(redis_url: str, code: int) -> None:
    async with trading(redis_url, venue=IEX) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.AlpacaError(code=code))  # type: ignore[arg-type]
        await desk.counts("connects", 2)
        await desk.counts("errors")
        await desk.trades_on()
        assert desk.counter("holes") >= 1


@pytest.mark.parametrize("fault", [f.Drop(), f.Disconnect(), f.BrokenProtocol()], ids=lambda fault: fault.kind)
async def test_a_hole_in_stocks_is_counted(redis_url: str, fault: f.AnyFault) -> None:
    async with trading(redis_url, venue=IEX) as desk:
        await desk.trades_on()
        desk.exchange.inject(fault)
        await desk.counts("holes")
        await desk.trades_on()
        assert len(desk.ids) == len(set(desk.ids))
        holes = [gap for gap in desk.commands(ReportFeedGap) if gap.kind == "hole"]
        assert {gap.instrument for gap in holes} == {"SPY"}
        assert all(0 < gap.last - gap.first < 60_000_000_000 for gap in holes)


async def test_broken_arrays_are_letters_and_doubled_ones_come_once(redis_url: str) -> None:
    async with trading(redis_url, venue=IEX) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Truncated(count=2))
        desk.exchange.inject(f.GarbageText(count=3))
        await desk.counts("refused:UNDECODABLE", 2)
        desk.exchange.inject(f.Duplicate(count=10))
        await desk.counts("duplicates")
        await desk.trades_on()
        assert Code.UNDECODABLE in desk.letters
        assert len(desk.ids) == len(set(desk.ids))
        assert desk.counter("connects") == 1
