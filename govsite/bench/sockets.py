"""From a socket to ticks, with three WebSocket clients on the same bytes: how many frames a second, and how late."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

import aiohttp
import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feeds.intake import Intake
from feeds.socket import Closed, open_socket
from govsite.bench import feeding, flood
from govsite.bench.run import PROJECT, Unmeasured
from streams.messages import Trade

PATIENCE_S = 120.0
PACED_PER_S = 3_000
Take = Callable[[bytes], Any]
Client = Callable[[str, Take], Awaitable[None]]


async def with_picows(url: str, take: Take) -> None:
    """As the feed itself reads."""
    async with open_socket(url, take) as socket:
        try:
            await socket.ended()
        except Closed:
            return


async def with_websockets(url: str, take: Take) -> None:
    async with connect(url, compression=None, ping_interval=None) as socket:
        try:
            while True:
                take(await socket.recv(decode=False))
        except ConnectionClosed:
            return


async def with_aiohttp(url: str, take: Take) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(url, decode_text=False) as socket:
        async for message in socket:
            take(message.data)


CLIENTS: dict[str, Client] = {"picows": with_picows, "websockets": with_websockets, "aiohttp": with_aiohttp}


def measure(trades: list[bytes], *, say: Callable[[str], None]) -> dict[str, Any]:
    """Frames per second of a core for each client that is flooded with `trades`, and its latency at a steady rate.
    Raises `Unmeasured` if a client did not bring every frame."""
    paced = max(100, len(trades) // 10)
    rates: dict[str, dict[str, float]] = {}
    latency: dict[str, dict[str, float]] = {}
    with _flooding(trades, paced) as url:
        for name, client in CLIENTS.items():
            say(f"reading from a socket with {name}")
            floor = _flooded(client, url, len(trades), feeding.floor("trades", trades[0], str))
            ticks = _ticked(client, url, len(trades))
            rates[name] = {"floor_text": round(floor), "ticks": round(ticks), "ratio": round(ticks / floor, 2)}
            say(f"reading {PACED_PER_S:,} frames a second with {name}")
            latency[name] = _late(client, url, paced)
    return {"sockets": rates, "latency": latency, "paced_per_s": PACED_PER_S}


def _flooded(client: Client, url: str, number: int, read: Take) -> float:
    seen = 0

    def take(frame: bytes) -> None:
        nonlocal seen
        seen += 1
        read(frame)

    seconds = _run(client, f"{url}/flood", take)
    if seen != number:
        raise Unmeasured(f"of {number} frames {seen} arrived")
    return number / seconds


def _ticked(client: Client, url: str, number: int) -> float:
    intake = Intake("live")

    def take(frame: bytes) -> None:
        now = time.time_ns()
        intake.take(frame, now, now)

    seconds = _run(client, f"{url}/flood", take)
    if intake.counts.trades != number:
        raise Unmeasured(f"{number} frames became {intake.counts.flat()}")
    return number / seconds


def _late(client: Client, url: str, number: int) -> dict[str, float]:
    """From departure to tick: the frames carry their time in ns."""
    intake = Intake("live")
    late: list[float] = []

    def take(frame: bytes) -> None:
        now = time.time_ns()
        for item in intake.take(frame, now, now):
            if isinstance(item, Trade):
                late.append((time.time_ns() - item.event_at) / 1_000)

    _run(client, f"{url}/{PACED_PER_S}", take)
    if len(late) != number:
        raise Unmeasured(f"of {number} paced frames {len(late)} became ticks")
    cuts = quantiles(late, n=100)
    return {"p50_us": round(cuts[49], 1), "p99_us": round(cuts[98], 1)}


def _run(client: Client, url: str, take: Take) -> float:
    """Seconds of a core that reading everything took, the kernel's part included."""

    async def read() -> float:
        async with asyncio.timeout(PATIENCE_S):
            begun = time.process_time()
            await client(url, take)
            return time.process_time() - begun

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(read())


@contextmanager
def _flooding(trades: list[bytes], paced: int) -> Iterator[str]:
    """The URL of a server of its own that sends these."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(b"\n".join(trades))
        file.flush()
        command = [sys.executable, "-m", flood.__name__, file.name, str(paced)]
        server = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with server:
            try:
                assert server.stdout is not None
                port = server.stdout.readline().strip()
                if not port:
                    raise Unmeasured(f"the server did not start: {server.stderr.read() if server.stderr else ''}")
                yield f"ws://127.0.0.1:{port}"
            finally:
                server.kill()
