"""Binance's client against an exchange on a real socket: connections, subscriptions, silence, rotation."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import pytest

from feeds.binance.plan import BinancePlan
from feeds.intake import RefusedFrame
from streams.messages import Code, Quote, Trade
from tests.integration.feeds.binance.exchange import Exchange, reading, serving, trading, until


async def test_it_subscribes_by_url_and_by_message_and_reads() -> None:
    async with trading() as (exchange, venue, sink):
        await exchange.trade(1, 2, 3)
        await exchange.quote(9)
        await until(lambda: len(sink.all) == 4, "three trades and a quote came")
        names = ["btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms"]
        assert exchange.streams == ["/".join(names)]
        assert [request["params"] for request in exchange.requests] == [names]
        assert sink.ids == [1, 2, 3]
        assert isinstance(sink.all[-1], Quote)
        assert venue.figures["connections"] == 1
        assert len([frame for frame in sink.frames if b"@trade" in frame]) == 3


async def test_it_comes_back_after_a_drop_and_refills_what_it_missed() -> None:
    async with trading() as (exchange, venue, sink):
        await exchange.trade(1, 2)
        await until(lambda: sink.ids == [1, 2], "two trades came")
        exchange.open[0]._writer.transport.abort()  # type: ignore[union-attr]
        await until(lambda: len(exchange.opened_at) == 2 and exchange.open, "the client came back")
        exchange.last = 9
        await exchange.trade(10)
        await until(lambda: len(sink.ids) == 10, "the missed trades were refilled")
        assert sink.ids == list(range(1, 11))
        assert not sink.gaps
        assert venue.counts.events["refilled"] == 7
        assert venue.counts.events["disconnects"] == 1


async def test_a_server_that_drops_everybody_is_not_stormed() -> None:
    async with serving() as (exchange, url):
        exchange.drop_at_once = True
        plan = BinancePlan(symbols=("BTCUSDT",), urls=(url,), first_pause_s=0.05, longest_pause_s=0.4)
        async with reading(plan) as (venue, _):
            await until(lambda: len(exchange.opened_at) >= 6, "it kept trying")
            pauses = [after - before for before, after in zip(exchange.opened_at, exchange.opened_at[1:], strict=False)]
            for pause, least in zip(pauses, [0.025, 0.05, 0.1, 0.2, 0.2], strict=False):
                assert pause >= least
            assert venue.counts.events["disconnects"] >= 5


async def test_attempts_are_counted_against_the_limit_of_the_venue() -> None:
    async with serving() as (exchange, url):
        exchange.drop_at_once = True
        plan = BinancePlan(urls=(url,), first_pause_s=0.001, longest_pause_s=0.001, attempts=5, attempts_s=60.0)
        async with reading(plan):
            await until(lambda: len(exchange.opened_at) == 5, "five attempts were made")
            await asyncio.sleep(0.1)  # a sixth would have come long ago
            assert len(exchange.opened_at) == 5


async def test_a_connection_without_ticks_is_left_with_growing_patience() -> None:
    async with trading(silence_s=0.1, quiet_s=0.4) as (exchange, venue, _sink):
        await exchange.send(b'{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1,"s":"BTCUSDT"}}')
        await until(lambda: len(exchange.opened_at) >= 4, "it connected anew")
        times = exchange.opened_at
        assert times[2] - times[1] >= 0.2
        assert times[3] - times[2] >= 0.4
        assert venue.counts.events["silences"] >= 3


async def test_a_quiet_stream_is_first_subscribed_anew_and_then_the_connection_is_replaced() -> None:
    async with trading(quiet_s=0.6, symbols=("BTCUSDT", "ETHUSDT")) as (exchange, _venue, sink):
        flow = asyncio.create_task(exchange.flow())
        await until(lambda: len(exchange.requests) >= 3, "the quiet streams were subscribed anew")
        assert [request["method"] for request in exchange.requests[1:3]] == ["UNSUBSCRIBE", "SUBSCRIBE"]
        assert "ethusdt@trade" in exchange.requests[1]["params"]
        assert "btcusdt@trade" not in exchange.requests[1]["params"]
        assert len(exchange.opened_at) == 1
        await until(lambda: len(exchange.opened_at) == 2, "the connection was replaced")
        flow.cancel()
        assert sink.ids == list(range(1, len(sink.ids) + 1))


async def test_rotation_loses_and_doubles_nothing() -> None:
    async with trading(rotate_s=0.3, overlap_s=0.3, steady_s=0.05) as (exchange, venue, sink):
        flow = asyncio.create_task(exchange.flow())
        await until(lambda: venue.counts.events["rotations"] >= 3, "three rotations were made")
        await until(lambda: len(exchange.opened_at) >= 4, "four connections were made")
        flow.cancel()
        last = exchange.last - 1
        await until(lambda: sink.ids[-1] >= last, "the last trade came")
        assert sink.ids == list(range(1, sink.ids[-1] + 1))
        quotes = [item.update_id for item in sink.all if isinstance(item, Quote)]
        assert quotes == sorted(set(quotes))
        assert not sink.gaps
        assert not [item for item in sink.all if isinstance(item, RefusedFrame)]
        assert venue.counts.events["disconnects"] == 0
        assert venue.counts.duplicates > 0


async def test_a_server_with_one_path_and_plain_frames_is_enough() -> None:
    async with serving() as (exchange, url):
        exchange.plain = True
        quick: dict[str, Any] = {
            "first_pause_s": 0.01,
            "longest_pause_s": 0.02,
            "watch_s": 0.01,
            "rotate_jitter_s": 0.0,
        }
        plan = BinancePlan(symbols=("BTCUSDT",), urls=(url,), rotate_s=0.3, overlap_s=0.3, steady_s=0.05, **quick)
        async with reading(plan) as (venue, sink):
            await until(lambda: exchange.requests, "the client has subscribed")
            flow = asyncio.create_task(exchange.flow())
            await until(lambda: venue.counts.events["rotations"] >= 2, "two rotations were made")
            lost = venue.counts.events["disconnects"]
            await until(lambda: len(exchange.opened_at) >= 4, "and each new connection was taken")
            flow.cancel()
            assert lost == venue.counts.events["disconnects"] == 2, "only the two paths that there are not"
            assert sink.ids == list(range(1, len(sink.ids) + 1))


async def test_ids_that_begin_anew_are_followed() -> None:
    async with trading() as (exchange, venue, sink):
        before = exchange.now_ms()
        for id in range(1, 21):
            await exchange.trade(id, T=before + id)
        await until(lambda: len(sink.ids) == 20, "twenty trades came")
        for id in range(1, 21):
            await exchange.trade(id, T=before + 1_000 + id)
        await until(lambda: len(sink.ids) == 38, "and the same numbers again, but for the two that are in doubt")
        assert sink.ids == [*range(1, 21), *range(3, 21)]
        assert (sink.gaps, venue.counts.events["restarted_ids"]) == ([], 1)


async def test_an_announced_shutdown_is_not_waited_for() -> None:
    async with trading() as (exchange, venue, sink):
        flow = asyncio.create_task(exchange.flow())
        await until(lambda: sink.ids, "trades came")
        await exchange.send(b'{"e":"serverShutdown","E":1770123456789}')
        await until(lambda: len(exchange.opened_at) == 2, "the replacement was opened")
        assert venue.counts.events["disconnects"] == 0
        await until(lambda: len(exchange.open) == 1, "the old connection was left", within_s=5)
        flow.cancel()
        assert venue.counts.events["shutdowns"] == 1
        assert sink.ids == list(range(1, len(sink.ids) + 1))


async def test_one_bad_name_does_not_cost_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as (exchange, url):
        exchange.refused = {"ethusdt@bookTicker"}
        plan = BinancePlan(symbols=("BTCUSDT", "ETHUSDT"), urls=(url,), messages=100, watch_s=0.01, first_pause_s=1.0)
        async with reading(plan) as (venue, sink):
            wanted = {f"{s}@{k}" for s in ("btcusdt", "ethusdt") for k in ("trade", "bookTicker", "depth@100ms")}

            def taken() -> set[str]:
                return {
                    name for r in exchange.requests if not exchange.refused & set(r["params"]) for name in r["params"]
                }

            await until(lambda: taken() == wanted - exchange.refused, "the others were subscribed")
            await exchange.trade(1)
            await until(lambda: sink.ids == [1], "a trade came")
            assert len(exchange.opened_at) == 1
            assert "unknown stream" in caplog.text
            exchange.refused = set()
            await until(lambda: taken() == wanted, "the refused one was asked for again")
            assert 1 <= venue.counts.events["errors"] <= 6


async def test_a_server_that_takes_no_subscription_and_sends_nothing_is_left() -> None:
    async with serving() as (exchange, url):
        exchange.acks = False
        plan = BinancePlan(
            symbols=("BTCUSDT",), urls=(url,), ack_s=0.1, watch_s=0.01, first_pause_s=0.01, longest_pause_s=0.05
        )
        async with reading(plan) as (venue, _):
            await until(lambda: len(exchange.opened_at) >= 2, "it connected anew")
            assert venue.counts.events["errors"] >= 1


async def test_missing_acks_are_no_reason_to_leave_a_server_that_sends() -> None:
    async with serving() as (exchange, url):
        exchange.acks = False
        plan = BinancePlan(symbols=("BTCUSDT",), urls=(url,), ack_s=0.1, watch_s=0.01)
        async with reading(plan) as (venue, sink):
            await until(lambda: exchange.open, "it is connected")
            await exchange.trade(1)
            await until(lambda: venue.counts.events["errors"] == 1, "the missing ack was noted")
            await exchange.trade(2)
            await until(lambda: sink.ids == [1, 2], "trades go on")
            assert len(exchange.opened_at) == 1


async def test_streams_are_spread_over_connections_and_messages() -> None:
    symbols = tuple(f"S{number}USDT" for number in range(5))
    async with trading(symbols=symbols, most_streams=9, names_a_message=4, messages=100) as (exchange, venue, _):
        await until(lambda: len(exchange.open) == 2 and len(exchange.requests) == 5, "both have subscribed")
        assert sorted(len(request["params"]) for request in exchange.requests) == [1, 2, 4, 4, 4]
        assert sum(len(streams.split("/")) for streams in exchange.streams) == 15
        assert venue.figures["connections"] == 2


async def test_messages_stay_below_the_limit_of_the_venue() -> None:
    async with serving() as (exchange, url):
        plan = BinancePlan(urls=(url,), names_a_message=1, messages=2, messages_s=0.2)
        async with reading(plan):
            began = asyncio.get_running_loop().time()
            await until(lambda: len(exchange.requests) == 6, "all were sent")
            assert asyncio.get_running_loop().time() - began >= 0.4


async def test_the_next_server_is_tried_where_one_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        dead = f"ws://127.0.0.1:{taken.getsockname()[1]}"
        async with serving() as (exchange, url):
            plan = BinancePlan(symbols=("BTCUSDT",), urls=(dead, url), rest_urls=(), first_pause_s=0.01)
            async with reading(plan) as (venue, sink):
                await until(lambda: exchange.open, "the second server was found")
                await exchange.trade(1)
                await until(lambda: sink.ids == [1], "trades came from the second server")
                assert venue.counts.events["disconnects"] == 1


async def test_garbage_is_refused_and_the_connection_is_kept() -> None:
    async with trading() as (exchange, _venue, sink):
        await exchange.send(b"this is not JSON")
        await exchange.send(b'{"stream":"btcusdt@trade","data":{"e":"trade"}}')
        await exchange.trade(1, p="NaN")
        await exchange.trade(2)
        await until(lambda: sink.ids == [2], "a trade came after the garbage")
        codes = [item.code for item in sink.all if isinstance(item, RefusedFrame)]
        assert codes == [Code.UNDECODABLE, Code.INVALID, Code.NOT_FINITE]
        assert len(exchange.opened_at) == 1


async def test_frames_of_one_read_are_handed_over_in_order_whatever_is_among_them() -> None:
    async with trading() as (exchange, venue, sink):
        await asyncio.gather(
            exchange.trade(*range(1, 400)), exchange.send(b"rubbish"), exchange.trade(*range(400, 800), 799, 800)
        )
        await until(lambda: sink.ids[-1:] == [800], "all came")
        assert sink.ids == list(range(1, 801))
        assert [item.code for item in sink.all if isinstance(item, RefusedFrame)] == [Code.UNDECODABLE]
        assert venue.counts.duplicates == 1
        times = [item.received_at for item in sink.all if isinstance(item, Trade)]
        assert times == sorted(times)


async def test_a_failure_of_the_reader_is_said_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as (exchange, _venue, sink):
        sink.fails = True
        with caplog.at_level(logging.ERROR):
            await exchange.trade(1)
            await until(lambda: len(exchange.open) == 1 and len(exchange.opened_at) == 2, "it connected anew")
        assert "the reader has a fault" in caplog.text
        sink.fails = False
        await exchange.trade(2)
        await until(lambda: sink.ids == [2], "trades go on")


async def test_futures_are_read_from_their_own_streams() -> None:
    async with trading(market="usdm") as (exchange, venue, sink):
        trade = {
            "e": "aggTrade",
            "E": 1,
            "s": "BTCUSDT",
            "a": 1,
            "p": "2",
            "q": "1",
            "f": 1,
            "l": 1,
            "T": 1,
            "m": False,
        }
        await exchange.send({"stream": "btcusdt@aggTrade", "data": trade})
        exchange.last = 4
        await exchange.send({"stream": "btcusdt@aggTrade", "data": {**trade, "a": 5}})
        await until(lambda: sink.ids == [1, 2, 3, 4, 5], "aggregate trades came and were refilled")
        assert venue.name == "binance-usdm"
        assert exchange.streams == ["btcusdt@aggTrade/btcusdt@bookTicker/btcusdt@depth@100ms"]
        assert {item.venue for item in sink.all if not isinstance(item, RefusedFrame)} == {"binance-usdm"}  # type: ignore[union-attr]


async def test_it_can_be_cancelled_at_any_moment() -> None:
    async with serving() as (exchange, url):
        exchange.answers.clear()
        for number in range(8):
            async with reading(BinancePlan(symbols=("BTCUSDT",), urls=(url,))):
                for _ in range(number * 3):
                    await asyncio.sleep(0.001)
        await until(lambda: not exchange.open, "no connection is left")
    assert isinstance(exchange, Exchange)
