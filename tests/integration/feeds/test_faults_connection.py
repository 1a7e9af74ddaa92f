"""The fault table, connections: whatever happens to them, no trade is lost, doubled or out of order."""

from __future__ import annotations

import pytest

from feeds.exchange import Settings
from feeds.exchange import faults as f
from streams.messages import ChangeFeedSource, Depth, ReportFeedGap, Trade
from tests.integration.feeds.exchange.desk import IMPATIENT, trading
from tests.integration.feeds.exchange.tapes import tape, until


@pytest.mark.parametrize(
    "fault",
    [
        f.Disconnect(),
        f.Drop(),
        f.BrokenProtocol(),
        f.Huge(count=1),
        f.Refused(for_s=0.5),
        f.Unavailable(for_s=0.5),
        f.ServerShutdown(after=0.3),
        f.Freeze(for_s=1.5),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_connection_that_ends_loses_nothing(redis_url: str, fault: f.AnyFault) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(fault)
        await desk.counts("connects", 2)
        await desk.trades_on()
        assert desk.is_whole()
        assert not desk.commands(ReportFeedGap)
        await desk.counts("shutdowns" if isinstance(fault, f.ServerShutdown) else "disconnects")


async def test_a_shutdown_is_left_before_it_comes(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.ServerShutdown(after=30))
        await desk.counts("connects", 2)
        await until(lambda: desk.exchange.open_connections == 1, "the old connection was left")
        await desk.trades_on()
        assert desk.is_whole()
        assert desk.counter("disconnects") == 0


async def test_a_storm_is_met_with_growing_pauses(redis_url: str) -> None:
    async with trading(redis_url, first_pause_s=0.1, longest_pause_s=0.8) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.ReconnectStorm(for_s=2))
        await until(lambda: desk.exchange.refused >= 2, "connections were cut")
        await until(lambda: not desk.exchange.faults.names(), "the storm is over")
        await desk.trades_on()
        assert desk.exchange.refused <= 12
        assert desk.is_whole()
        assert desk.counter("disconnects") >= desk.exchange.refused


async def test_a_short_silence_is_refilled(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Silence(for_s=0.5))
        await desk.counts("refilled")
        await desk.trades_on()
        assert desk.is_whole()
        assert desk.exchange.withheld_ids["BTCUSDT"]
        assert not desk.commands(ReportFeedGap)
        assert desk.counter("disconnects") == 0


async def test_a_silent_connection_is_left(redis_url: str) -> None:
    async with trading(redis_url) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Silence(for_s=1.6))
        await desk.counts("silences")
        await desk.trades_on()
        assert desk.is_whole()


async def test_a_stream_that_alone_is_silent_is_subscribed_anew(redis_url: str) -> None:
    async with trading(redis_url, quiet_s=0.5, of=tape(per_second=300)) as desk:
        await until(lambda: len(desk.live(Depth)) > 30, "the book has come for a while")
        asked = len(desk.exchange.requests)
        desk.exchange.inject(f.Silence(for_s=30, scope="@depth"))
        await until(lambda: len(desk.exchange.requests) >= asked + 2, "the stream was asked for again")
        again = [request for request in desk.exchange.requests[asked:] if request["method"] == "SUBSCRIBE"]
        assert again[0]["params"] == ["btcusdt@depth@100ms"]
        await desk.trades_on()


async def test_a_long_silence_changes_the_source_and_back(redis_url: str) -> None:
    async with trading(redis_url, patience=IMPATIENT) as desk:
        await desk.trades_on()
        desk.exchange.inject(f.Silence(for_s=2.5))
        await until(lambda: len(desk.commands(ChangeFeedSource)) == 2, "there and back")
        await desk.trades_on()
        there, back = desk.commands(ChangeFeedSource)
        assert (there.origin, there.to, back.origin, back.to) == ("live", "synthetic", "synthetic", "live")
        assert "no live data" in there.reason
        sources = [trade.source for trade in desk.ticks(Trade)]
        assert sources.index("synthetic") < len(sources) - sources[::-1].index("synthetic")
        assert sources[-1] == "live"
        assert desk.counter("passed:on_trial") > 0
        assert desk.gauge("source") == "live"


async def test_a_refused_subscription_is_asked_for_again(redis_url: str) -> None:
    """The address is passed over, then the request is refused, and then the request for its first half."""
    async with trading(redis_url, [f.SubscriptionError(count=2)], settings=Settings(waits=False)) as desk:
        await desk.trades_on()
        await desk.counts("errors", 2)
        assert desk.is_whole()
        assert desk.exchange.connections == 1


async def test_an_unanswered_ping_ends_the_connection_and_ours_are_answered(redis_url: str) -> None:
    async with trading(redis_url, settings=Settings(ping_every_s=0.1, pong_within_s=0.5)) as desk:
        await desk.trades_on()
        await until(lambda: desk.exchange.pongs >= 5, "the exchange's pings are answered")
        assert desk.counter("disconnects") == 0


async def test_a_connection_at_the_end_of_its_life_was_replaced_before(redis_url: str) -> None:
    async with trading(redis_url, settings=Settings(life_s=2), rotate_s=0.8, rotate_jitter_s=0.0) as desk:
        await desk.counts("rotations", 2)
        await desk.trades_on()
        assert desk.is_whole()
        assert desk.counter("disconnects") == 0
