"""The client of Alpaca against a server on a real socket: the handshake, its refusals, every way to be cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from time import monotonic_ns

import pytest
from msgspec import structs

from feeds.alpaca.client import AlpacaVenue
from feeds.alpaca.plan import AlpacaPlan, MissingKey, plan_from
from streams.messages import Quote, ReportFeedGap, ReportTradingStatus, Trade
from tests.integration.feeds.alpaca.server import KEY, SECRET, Conversation, Kept, Script, Server, serving
from tests.unit.feeds.alpaca_frames import AT, HALT, QUOTE, TRADE, frame

PLAN = AlpacaPlan(
    feed="iex", symbols=("AAPL",), key=KEY, secret=SECRET, first_pause_s=0.01, longest_pause_s=0.02, ready_s=2.0
)
NIGHT = AT + 10 * 3600 * 10**9
LATER_TRADE = TRADE | {"i": 2, "t": "2021-02-22T15:51:44.9Z"}


def clock_from(start: int) -> Callable[[], int]:
    began = monotonic_ns()
    return lambda: start + monotonic_ns() - began


async def until(done: Callable[[], bool], what: str) -> None:
    try:
        async with asyncio.timeout(10):
            while not done():
                await asyncio.sleep(0.002)
    except TimeoutError:
        pytest.fail(f"never: {what}")


class Running:
    def __init__(self, server: Server, venue: AlpacaVenue) -> None:
        self.server = server
        self.venue = venue
        self.sink = Kept()

    @property
    def events(self) -> dict[str, int]:
        return dict(self.venue.counts.events)

    @property
    def ticks(self) -> list[Trade | Quote]:
        return [item for item in self.sink.taken if isinstance(item, Trade | Quote)]


@asynccontextmanager
async def running(
    *scripts: Script, plan: AlpacaPlan = PLAN, symbols: int = 1, start: int = AT
) -> AsyncIterator[Running]:
    """The server and a client of it, which is cancelled in the end and leaves nothing behind."""
    async with serving(*scripts, symbols=symbols) as server:
        run = Running(
            server, AlpacaVenue(structs.replace(plan, url=server.url), clock=clock_from(start), random=Random(1))
        )
        task = asyncio.create_task(run.venue.run(run.sink))
        before = asyncio.all_tasks()
        try:
            yield run
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task in before


async def normal(conversation: Conversation) -> None:
    await conversation.welcome()
    await conversation.say(QUOTE, TRADE)
    await conversation.stay()


async def test_it_authenticates_subscribes_and_gives_ticks() -> None:
    async with running(normal) as run:
        await until(lambda: len(run.ticks) == 2, "two ticks")
        assert run.server.requests[1] == {
            "action": "subscribe", "trades": ["AAPL"], "quotes": ["AAPL"], "statuses": ["AAPL"]
        }  # fmt: skip
        assert [type(item) for item in run.ticks] == [Quote, Trade]
        assert {item.venue for item in run.ticks} == {"alpaca-iex"}
        assert run.venue.figures["connections"] == 1
        assert float(run.venue.figures["lag_ms"]) > 0
        assert run.events == {"connects": 1, "unsubscribed": 0}
    assert run.venue.figures["connections"] == 0


async def test_every_frame_goes_to_the_recorder_as_it_came_and_no_secret_does() -> None:
    async with running(normal) as run:
        await until(lambda: len(run.ticks) == 2, "two ticks")
        venues, times, frames = zip(*run.sink.frames, strict=True)
        assert frames[-1] == frame(QUOTE, TRADE)
        assert len(frames) == 4
        assert set(venues) == {"alpaca-iex"}
        assert list(times) == sorted(times)
        assert SECRET.encode() not in b"".join(frames)


async def test_messages_may_be_binary() -> None:
    async def binary(conversation: Conversation) -> None:
        conversation.server.binary = True
        await normal(conversation)

    async with running(binary) as run:
        await until(lambda: len(run.ticks) == 2, "two ticks")


async def test_instruments_are_listed_once() -> None:
    async def leave(conversation: Conversation) -> None:
        await conversation.welcome()

    async with running(leave, normal) as run:
        await until(lambda: len(run.ticks) == 2, "two ticks")
        (listing,) = run.sink.listed
        assert (listing.symbol, listing.quote, str(listing.tick_size), str(listing.lot_size)) == (
            "AAPL", "USD", "0.01", "1"
        )  # fmt: skip


async def test_many_symbols_are_subscribed_in_chunks() -> None:
    symbols = tuple(f"S{number}" for number in range(250))
    plan = AlpacaPlan(feed="iex", symbols=symbols, key=KEY, secret=SECRET)
    async with running(normal, plan=plan, symbols=250) as run:
        await until(lambda: run.venue.figures["connections"] == 1, "subscribed")
        asked = [request["trades"] for request in run.server.requests[1:]]
        assert [len(chunk) for chunk in asked] == [100, 100, 50]
        assert [symbol for chunk in asked for symbol in chunk] == list(symbols)
        assert run.events["unsubscribed"] == 0


async def test_what_is_not_confirmed_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def partly(conversation: Conversation) -> None:
        await conversation.say({"T": "success", "msg": "connected"})
        await conversation.authenticate()
        await conversation.hear()
        await conversation.say({"T": "subscription", "trades": ["AAPL"], "quotes": [], "statuses": ["AAPL"]})
        await conversation.say(TRADE)
        await conversation.stay()

    async with running(partly) as run:
        await until(lambda: bool(run.ticks), "the trade")
        assert run.events["unsubscribed"] == 1
        assert "does not give the quotes of AAPL" in caplog.text


@pytest.mark.parametrize(
    ("code", "advice"),
    [(402, "check APCA_API_KEY_ID and APCA_API_SECRET_KEY"), (406, "connected elsewhere"), (409, "iex only")],
)
async def test_a_refusal_that_lasts_is_explained_and_not_stormed(
    code: int, advice: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(conversation: Conversation) -> None:
        await conversation.say({"T": "success", "msg": "connected"})
        await conversation.hear()
        await conversation.say({"T": "error", "code": code, "msg": "no"})
        await conversation.stay()

    async with running(refuse) as run:
        await until(lambda: run.venue.state.startswith("disconnected"), "the refusal")
        assert run.events == {"connects": 1, "disconnects": 1, "errors": 1, "slow_client": 0}
        assert advice in caplog.text
        assert "again in 60.0 s" in caplog.text
        await asyncio.sleep(0.1)  # five pauses of the ordinary kind
        assert run.server.connections == 1


async def test_a_greeting_that_is_a_refusal_is_heard() -> None:
    async def full(conversation: Conversation) -> None:
        await conversation.say({"T": "error", "code": 406, "msg": "connection limit exceeded"})
        await conversation.stay()

    async with running(full) as run:
        await until(lambda: run.events.get("errors", 0) == 1, "the refusal")
        assert "connection limit exceeded" in run.venue.state


async def test_it_asks_again_after_a_while() -> None:
    async def refuse(conversation: Conversation) -> None:
        await conversation.say({"T": "error", "code": 402, "msg": "auth failed"})
        await conversation.stay()

    plan = AlpacaPlan(feed="iex", symbols=("AAPL",), key=KEY, secret=SECRET, refused_pause_s=0.05)
    async with running(refuse, normal, plan=plan) as run:
        await until(lambda: len(run.ticks) == 2, "two ticks")


async def test_a_slow_client_is_told_and_connects_anew() -> None:
    async def slow(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(TRADE)
        await conversation.say({"T": "error", "code": 407, "msg": "slow client"})
        await conversation.stay()

    async def again(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(LATER_TRADE)
        await conversation.stay()

    async with running(slow, again) as run:
        await until(lambda: len(run.ticks) == 2, "a trade of each connection")
        assert run.events == {
            "connects": 2, "disconnects": 1, "errors": 1, "slow_client": 1, "holes": 1, "unsubscribed": 0
        }  # fmt: skip


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    async def silent(conversation: Conversation) -> None:
        await conversation.stay()

    plan = AlpacaPlan(feed="iex", symbols=("AAPL",), key=KEY, secret=SECRET, ready_s=0.05, first_pause_s=0.01)
    async with running(silent, normal, plan=plan) as run:
        await until(lambda: run.events.get("silences", 0) == 1, "the silence")
        assert run.venue.state == "disconnected: nothing came of the greeting"


QUICK = AlpacaPlan(feed="iex", symbols=("AAPL",), key=KEY, secret=SECRET, silence_s=0.1, first_pause_s=0.01)


async def quiet(conversation: Conversation) -> None:
    await conversation.welcome()
    await conversation.say(TRADE)
    await conversation.stay()


async def test_silence_in_regular_hours_ends_a_connection() -> None:
    async with running(quiet, plan=QUICK) as run:
        await until(lambda: run.events.get("silences", 0) >= 2, "two silences")
        assert run.server.connections >= 2
        assert run.events["holes"] >= 1


async def test_silence_at_night_means_nothing() -> None:
    async with running(quiet, plan=QUICK, start=NIGHT) as run:
        await until(lambda: bool(run.ticks), "the trade")
        await asyncio.sleep(0.4)  # four times the patience
        assert run.events == {"connects": 1, "unsubscribed": 0}
        assert run.venue.figures["connections"] == 1


async def test_a_connection_that_is_cut_comes_back_and_the_hole_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async def cut(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(TRADE)
        conversation.cut()

    async def again(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(TRADE, LATER_TRADE)
        await conversation.stay()

    async with running(cut, again) as run:
        await until(lambda: len(run.ticks) == 2, "a trade of each connection")
        assert [item.trade_id for item in run.ticks if isinstance(item, Trade)] != [1, 1]
        assert run.venue.counts.duplicates == 1
        assert run.events["holes"] == 1
        assert "nothing is known of the last" in caplog.text


async def test_a_halt_outlives_the_connection_until_the_instrument_trades_again() -> None:
    async def halt(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(TRADE, HALT)
        conversation.cut()

    async def again(conversation: Conversation) -> None:
        await conversation.welcome()
        await conversation.say(QUOTE)
        await conversation.say(LATER_TRADE)
        await conversation.stay()

    async with running(halt, again) as run:
        await until(lambda: len(run.sink.taken) == 7, "all of it")
        kinds = [type(item) for item in run.sink.taken]
        first = [ReportTradingStatus, Trade, ReportTradingStatus]
        assert kinds == [*first, ReportFeedGap, Quote, ReportTradingStatus, Trade]
        reports = [item for item in run.sink.taken if isinstance(item, ReportTradingStatus)]
        assert [(report.tradable, report.status) for report in reports] == [
            (True, "trades"), (False, "Trading Halt (T12)"), (True, "trades")
        ]  # fmt: skip


async def test_a_storm_is_answered_with_pauses_that_grow() -> None:
    async def slam(conversation: Conversation) -> None:
        conversation.cut()

    plan = AlpacaPlan(feed="iex", symbols=("AAPL",), key=KEY, secret=SECRET, first_pause_s=0.02, longest_pause_s=5.0)
    began = monotonic_ns()
    async with running(slam, plan=plan) as run:
        await until(lambda: run.server.connections >= 5, "five attempts")
        assert monotonic_ns() - began > 150_000_000  # 0.02 + 0.04 + 0.08 + 0.16 s, each at least half of it


async def test_a_server_that_is_not_there_is_asked_again() -> None:
    venue = AlpacaVenue(
        AlpacaPlan(feed="iex", key=KEY, secret=SECRET, url="ws://127.0.0.1:9", first_pause_s=0.01, longest_pause_s=0.01)
    )
    task = asyncio.create_task(venue.run(Kept()))
    await until(lambda: venue.state.startswith("disconnected"), "the failure")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert venue.counts.events["connects"] == 0


def test_without_a_key_it_is_said_which_are_missing() -> None:
    with pytest.raises(MissingKey, match=r"APCA_API_KEY_ID and APCA_API_SECRET_KEY"):
        plan_from({"APCA_API_KEY_ID": "x"}, "iex")
    plan = plan_from({"APCA_API_KEY_ID": "x", "APCA_API_SECRET_KEY": "y"}, "sip")
    assert plan.endpoint == "wss://stream.data.alpaca.markets/v2/sip"
    assert plan.name == "alpaca-sip"


def test_there_are_no_snapshots_of_a_book() -> None:
    assert not AlpacaVenue(PLAN).want_snapshot("AAPL")
