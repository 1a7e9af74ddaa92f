"""That each fault of the local exchange is what it says."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from django.core.management import CommandError, call_command
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from feeds.exchange import LocalExchange
from feeds.exchange import faults as f
from tests.integration.feeds.exchange.tapes import read_to_the_end, reader, tape, until

ROOT = Path(__file__).resolve().parents[4]
Data = dict[str, Any]


@asynccontextmanager
async def connected(
    *streams: str, faults: Sequence[f.AnyFault] = ()
) -> AsyncIterator[tuple[LocalExchange, ClientConnection]]:
    """With `faults` from the first frame on; without, the first frame has come."""
    names = "/".join(f"btcusdt@{stream}" for stream in streams or ("trade",))
    async with (
        LocalExchange(tape(per_second=300), faults) as exchange,
        reader(f"{exchange.ws_url}/ws/{names}") as client,
    ):
        if not faults:
            await client.recv()
        yield exchange, client


async def raw(client: ClientConnection, number: int) -> list[str | bytes]:
    async with asyncio.timeout(10):
        return [await client.recv() for _ in range(number)]


async def frames(client: ClientConnection, number: int) -> list[Data]:
    return [json.loads(text) for text in await raw(client, number)]


def missing(ids: Sequence[int]) -> list[int]:
    return sorted(set(range(ids[0], ids[-1] + 1)) - set(ids))


async def get(exchange: LocalExchange, path: str, seconds: float = 10) -> tuple[int, bytes]:
    timeout = aiohttp.ClientTimeout(total=seconds)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(exchange.rest_url + path) as answer:
        return answer.status, await answer.read()


async def test_silence_is_of_the_stream_that_was_meant() -> None:
    async with connected("trade", "bookTicker") as (exchange, client):
        exchange.inject(f.Silence(for_s=0.3, scope="btcusdt@trade"))
        await until(lambda: exchange.withheld["btcusdt@trade"] > 10, "trades are kept back")
        read = await frames(client, exchange.sent.total() - 1)
        assert sum(frame.get("e") == "trade" for frame in read) < 5
        assert sum("B" in frame for frame in read) > 10
        assert exchange.withheld["btcusdt@bookTicker"] == 0


@pytest.mark.parametrize(("fault", "listed"), [(f.Gap(count=7), True), (f.Lost(count=7), False)])
async def test_a_gap_can_be_had_over_rest_and_what_is_lost_cannot(fault: f.AnyFault, listed: bool) -> None:
    async with connected(faults=[fault]) as (exchange, client):
        ids = [frame["t"] for frame in await frames(client, 30)]
        assert missing([0, *ids]) == exchange.withheld_ids["BTCUSDT"]
        assert len(exchange.withheld_ids["BTCUSDT"]) == 7
        _, answer = await get(exchange, "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1&limit=1000")
        known = {trade["id"] for trade in json.loads(answer)}
        assert known.issuperset(exchange.withheld_ids["BTCUSDT"]) is listed
        assert known.issuperset(ids)


async def test_frames_come_twice_or_in_the_wrong_order() -> None:
    async with connected(faults=[f.Duplicate(count=3)]) as (_, client):
        ids = [frame["t"] for frame in await frames(client, 20)]
        assert ids[:8] == [1, 1, 2, 2, 3, 3, 4, 5]
    async with connected(faults=[f.Reorder(count=2, scope="@trade")]) as (_, client):
        ids = [frame["t"] for frame in await frames(client, 40)]
        assert sum(later < earlier for earlier, later in pairwise(ids)) == 2
        assert not missing(sorted(ids))


async def test_what_is_late_is_late_and_is_not_overtaken() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.Latency(for_s=0.2, by=0.5))
        ids: list[int] = []
        late: list[float] = []
        while len(ids) < 150:
            (frame,) = await frames(client, 1)
            ids.append(frame["t"])
            late.append(exchange.now() / 1e6 - frame["E"])
        assert ids == sorted(ids)
        assert not missing(ids)
        assert max(late) > 450


async def test_a_burst_is_a_stall_and_then_everything_at_once() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.Burst(for_s=0.6))
        began, gaps, ids = time.monotonic(), [], []
        for _ in range(100):
            (frame,) = await frames(client, 1)
            gaps.append(time.monotonic() - began)
            began = time.monotonic()
            ids.append(frame["t"])
        assert max(gaps) > 0.4
        assert not missing(ids)


async def test_frames_are_cut_and_rubbish_comes_between_them() -> None:
    faults: list[f.AnyFault] = [
        f.Truncated(count=1),
        f.GarbageText(count=3),
        f.GarbageBinary(count=1),
        f.ErrorFrame(count=1),
    ]
    async with connected(faults=faults) as (_, client):
        read = await raw(client, 30)
        assert sum(isinstance(frame, bytes) for frame in read) == 1
        assert "this is not JSON" in read
        assert any("unable to process" in str(frame) for frame in read)
        assert any(str(frame).startswith('{"e":"trade"') and not str(frame).endswith("}") for frame in read)
    async with connected(faults=[f.Huge(count=1, bytes=100_000)]) as (_, client):
        assert max(map(len, await raw(client, 10))) == 100_000


@pytest.mark.parametrize(
    ("fault", "streams", "shown"),
    [
        (f.UnknownKey(), "trade", lambda data: "zz" in data),
        (f.Microseconds(), "trade", lambda data: data["T"] > 10**15),
        (f.ZeroQuantity(), "trade", lambda data: float(data["q"]) == 0),
        (f.InsuranceFund(), "trade", lambda data: data.get("X") == "INSURANCE_FUND" and float(data["p"]) < 90),
        (f.OneSided(), "bookTicker", lambda data: float(data["a"]) == float(data["A"]) == 0 and float(data["b"]) > 0),
        (f.Crossed(), "bookTicker", lambda data: float(data["b"]) > float(data["a"])),
        (f.OldLevels(), "depth", lambda data: data["b"][0][2] == []),
    ],
)
async def test_what_frames_say_is_changed(fault: f.AnyFault, streams: str, shown: Any) -> None:
    async with connected(streams, faults=[fault]) as (_, client):
        assert all(shown(frame) for frame in await frames(client, 5))


async def test_a_clock_that_is_off_is_off_everywhere() -> None:
    async with connected(faults=[f.ClockSkew(by=120)]) as (exchange, client):
        (frame,) = await frames(client, 1)
        _, answer = await get(exchange, "/api/v3/time")
        assert abs(frame["E"] - json.loads(answer)["serverTime"]) < 5_000
        assert frame["E"] > time.time() * 1000 + 100_000


@pytest.mark.parametrize(
    ("fault", "code"), [(f.Disconnect(code=1012), 1012), (f.Drop(), 1006), (f.ServerShutdown(after=0.2), 1001)]
)
async def test_connections_end(fault: f.AnyFault, code: int) -> None:
    async with connected() as (exchange, client):
        exchange.inject(fault)
        assert await read_to_the_end(client) == code


async def test_a_shutdown_is_announced() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.ServerShutdown(after=60))
        async with asyncio.timeout(10):
            while "serverShutdown" not in str(await client.recv()):
                pass


async def test_a_broken_protocol_cannot_be_read_on() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.BrokenProtocol())
        with pytest.raises(ConnectionClosedError, match="1002"):
            await raw(client, 1_000)


async def test_in_a_storm_connections_are_accepted_and_cut() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.ReconnectStorm(for_s=0.5))
        await read_to_the_end(client)
        async with reader(f"{exchange.ws_url}/ws") as second:
            await read_to_the_end(second)
        assert exchange.refused == 1
        await until(lambda: not exchange.faults.names(), "the storm is over")
        async with reader(f"{exchange.ws_url}/ws/btcusdt@trade") as third:
            await third.recv()


async def test_nobody_listens_or_503_is_the_answer() -> None:
    async with connected() as (exchange, _):
        exchange.inject(f.Refused(for_s=0.3))
        with pytest.raises(ConnectionRefusedError):
            await connect(f"{exchange.ws_url}/ws")
        exchange_again = time.monotonic() + 10
        while True:
            try:
                async with reader(f"{exchange.ws_url}/ws/btcusdt@trade"):
                    break
            except ConnectionRefusedError:
                assert time.monotonic() < exchange_again
                await asyncio.sleep(0.02)
        exchange.inject(f.Unavailable(for_s=5))
        with pytest.raises(InvalidStatus, match="503"):
            await connect(f"{exchange.ws_url}/ws")


async def test_a_frozen_connection_answers_no_ping() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.Freeze(for_s=0.4))
        waiter = await client.ping()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.shield(waiter)


async def test_a_subscription_can_be_refused() -> None:
    async with connected() as (exchange, client):
        exchange.inject(f.SubscriptionError(count=1))
        await client.send('{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":9}')
        async with asyncio.timeout(10):
            while '"id":9' not in (answer := str(await client.recv())):
                pass
        assert json.loads(answer)["error"]["code"] == 0


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [("500", 500, b"-1000"), ("429", 429, b"-1003"), ("garbage", 200, b"<html>"), ("truncated", 200, b'"pri')],
)
async def test_rest_fails_in_many_ways(answer: Any, status: int, body: bytes) -> None:
    async with connected() as (exchange, _):
        exchange.inject(f.FailingRest(answer=answer, count=1))
        got = await get(exchange, "/api/v3/time")
        assert got[0] == status
        assert body in got[1]
        assert (await get(exchange, "/api/v3/time"))[0] == 200


async def test_rest_is_slow_or_hangs() -> None:
    async with connected() as (exchange, _):
        exchange.inject(f.SlowRest(by=0.3, count=1))
        began = time.monotonic()
        assert (await get(exchange, "/api/v3/time"))[0] == 200
        assert time.monotonic() - began > 0.25
        exchange.inject(f.FailingRest(answer="hang", count=1))
        with pytest.raises(TimeoutError):
            await get(exchange, "/api/v3/time", seconds=0.2)


async def test_the_door_takes_faults_and_refuses_nonsense() -> None:
    async with connected() as (exchange, _), aiohttp.ClientSession() as session:
        url = f"{exchange.rest_url}/control"
        async with session.post(f"{url}/faults", json={"kind": "gap", "count": 2}) as answer:
            assert await answer.json() == {"injected": "gap"}
        await until(lambda: len(exchange.withheld_ids["BTCUSDT"]) == 2, "two trades were left out")
        wishes: tuple[object, ...] = ({"kind": "nothing"}, {"kind": "gap", "why": 1}, {"kind": "gap", "for": -1}, [])
        for wish in wishes:
            async with session.post(f"{url}/faults", json=wish) as answer:
                assert answer.status == 400
        async with session.get(url) as answer:
            assert (await answer.json())["connections"] == 1


def test_a_script_is_read_and_a_bad_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "crash.toml"
    path.write_text('[[fault]]\nkind = "latency"\nat = 2\nfor = 3.5\nby = 8\n[[fault]]\nkind = "drop"\nat = 6\n')
    assert f.read_script(path) == [f.Latency(at=2, for_s=3.5, by=8), f.Drop(at=6)]
    path.write_text('[[fault]]\nkind = "later"\n')
    with pytest.raises(f.BadScript, match=r"crash\.toml: .*later"):
        f.read_script(path)


async def test_a_script_runs_by_the_clock_of_the_exchange() -> None:
    async with LocalExchange(tape(), [f.Gap(at=0.1, count=1), f.Drop(at=0.3)]) as exchange:
        async with reader(f"{exchange.ws_url}/ws/btcusdt@trade") as client:
            await read_to_the_end(client)
        assert len(exchange.withheld_ids["BTCUSDT"]) == 1


def test_every_kind_says_what_it_does() -> None:
    for kind, sentence in f.sentences().items():
        assert sentence.endswith("."), kind
        assert "Struct" not in sentence, kind


def test_the_command_lists_the_kinds_and_says_where_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("runexchange", "inject", "--list")
    assert all(kind in capsys.readouterr().out for kind in ("insurance_fund",))
    with pytest.raises(CommandError, match="No exchange answers"):
        call_command("runexchange", "inject", "gap", "--url", "http://127.0.0.1:1")


def test_the_command_plays_and_injects() -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runexchange", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        for arguments, code, says in (
            (["silence", "--for", "2"], 0, "silence: it is so"),
            (["silence", "--with", "by=3"], 1, "unknown field `by`"),
        ):
            command = [sys.executable, "manage.py", "runexchange", "inject", *arguments, "--url", url]
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
            assert (result.returncode, says in result.stdout + result.stderr) == (code, True), result
        process.terminate()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
