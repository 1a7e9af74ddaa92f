"""A viewer of the live page without a browser: logs in, subscribes to executions, and times their arrival."""

from __future__ import annotations

import asyncio
import http.cookiejar
import json
import threading
import time
import urllib.parse
import urllib.request
from typing import Any

import websockets

SEEN_EVERY = 8
FILLS = {"OrderFilled", "OrderPartiallyFilled"}


def log_in(address: str, username: str, password: str) -> str:
    """The Cookie header of a session at `address` (http://host:port). Raises PermissionError if it is refused."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = f"{address}/admin/login/"
    browser.open(page, timeout=10).close()
    token = next(cookie.value or "" for cookie in jar if cookie.name == "csrftoken")
    form = {"username": username, "password": password, "csrfmiddlewaretoken": token, "next": "/livez"}
    request = urllib.request.Request(page, urllib.parse.urlencode(form).encode(), headers={"Referer": page})
    browser.open(request, timeout=10).close()
    if not any(cookie.name == "sessionid" for cookie in jar):
        raise PermissionError(f"{address} refused the login of {username}")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


class Viewer:
    """Runs in a thread of its own; `delays` are nanoseconds from a tick's receipt to the arrival of its fill."""

    def __init__(self, address: str, cookie: str) -> None:
        self.address = address
        self.cookie = cookie
        self.delays: list[int] = []
        self.error: Exception | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Viewer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            asyncio.run(self._watch())
        except (OSError, websockets.WebSocketException) as error:
            self.error = error  # whoever reads the delays asks for it

    async def _watch(self) -> None:
        headers = {"Cookie": self.cookie}
        url = self.address.replace("http", "ws", 1) + "/ws/live/"
        async with websockets.connect(url, additional_headers=headers, origin=self.address) as socket:  # type: ignore[arg-type]
            await socket.send(json.dumps({"subscribe": ["executions"]}))
            frames = 0
            while not self._stop.is_set():
                try:
                    frame = await asyncio.wait_for(socket.recv(), 0.5)
                except TimeoutError:
                    continue
                self._take(json.loads(frame), time.time_ns())
                frames += 1
                if frames % SEEN_EVERY == 0:
                    await socket.send(json.dumps({"seen": frames}))

    def _take(self, message: dict[str, Any], now: int) -> None:
        """A message of events carries the rows of one or more transactions."""
        if message["type"] == "event":
            fills = [row["payload"] for row in message["payload"] if row["event"] in FILLS]
            self.delays += [now - fill["received_at"] for fill in fills]
