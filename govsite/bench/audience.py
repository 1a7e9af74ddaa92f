"""An audience of the live socket: N connections in one process, and how late each frame of prices reached them."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from array import array
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

MARK = b'"sent_ns":'
SEEN_EVERY = 8
AT_ONCE = 20
SUBSCRIBE = {"subscribe": ["ticks", "status"]}


class Seat(WSListener):
    """One connection; it says what it has seen as a page does."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.frames = 0
        self.told = ""

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, json.dumps(SUBSCRIBE).encode())

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.CLOSE:
            code, reason = frame.get_close_code(), frame.get_close_message()
            self.told = self.told or f"{code} {bytes(reason or b'').decode(errors='replace')}".strip()
            transport.disconnect()
            return
        if frame.msg_type != WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        self.frames += 1
        self.audience.ready += self.frames == 1
        self.audience.take(payload)
        if self.frames % SEEN_EVERY == 0:
            transport.send(WSMsgType.TEXT, b'{"seen":%d}' % self.frames)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self.audience.ended:
            self.audience.lose(self.told or "the connection was lost")


class Audience:
    def __init__(self) -> None:
        self.ready = 0
        self.ended = False
        self.delays = array("q")
        self.lost: dict[str, int] = {}

    def take(self, payload: bytes) -> None:
        """Only frames that say when they were sent are counted."""
        at = payload.find(MARK)
        if at >= 0:
            now = time.time_ns()
            self.delays.append(now - int(payload[at + len(MARK) : at + len(MARK) + 19]))

    def lose(self, why: str) -> None:
        self.lost[why] = self.lost.get(why, 0) + 1

    def report(self) -> dict[str, Any]:
        """Latencies in ms, CPU in seconds; asked again, it begins anew."""
        delays, self.delays = sorted(self.delays), array("q")
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "ready": self.ready,
            "lost": self.lost,
            "frames": len(delays),
            "cpu_s": usage.ru_utime + usage.ru_stime,
            **{f"p{q}_ms": _quantile(delays, q) for q in (50, 95, 99)},
            "max_ms": _quantile(delays, 100),
        }


def _quantile(delays: list[int], percent: int) -> float:
    return round(delays[min(len(delays) - 1, len(delays) * percent // 100)] / 1e6, 2) if delays else 0.0


async def attend(url: str, origin: str, cookie: str, number: int) -> None:
    """Answers each line on stdin with a report, and ends with it."""
    audience, gate = Audience(), asyncio.Semaphore(AT_ONCE)
    headers = {"Cookie": cookie, "Origin": origin}

    async def join() -> Any:
        async with gate:
            try:
                return await ws_connect(
                    lambda: Seat(audience), url, extra_headers=headers, websocket_handshake_timeout=60
                )
            except Exception as error:  # noqa: BLE001 - whatever it was is what is reported
                audience.lose((str(error).splitlines() or [type(error).__name__])[0][:100])
                return None

    seats = await asyncio.gather(*(join() for _ in range(number)))
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say(audience.report())
    while await reader.readline():
        _say(audience.report())
    audience.ended = True
    for seat in filter(None, seats):
        seat[0].disconnect()


def _say(report: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    _url, _origin, _cookie, _number = sys.argv[1:]
    uvloop.run(attend(_url, _origin, _cookie, int(_number)))
