"""Alpaca's side of its market data stream: authentication, subscriptions, messages in arrays, halts and error codes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from feeds.exchange.connection import Connection, Spoil, as_it_is
from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import AuthFailed, SubscriptionError
from feeds.exchange.settings import Settings
from feeds.exchange.tape import Event

ERRORS = {
    400: "invalid syntax",
    401: "not authenticated",
    402: "auth failed",
    403: "already authenticated",
    404: "auth timeout",
    405: "symbol limit exceeded",
    406: "connection limit exceeded",
    407: "slow client",
    408: "v2 not enabled",
    409: "insufficient subscription",
    410: "invalid subscribe action for this feed",
    500: "internal error",
}
ENDS = (402, 404, 406, 407, 408, 409)
CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds", "corrections", "cancelErrors")
LARGEST_ARRAY = 100
MINUTE_NS = 60_000_000_000
Message = dict[str, Any]


class AlpacaSession:
    """A client of `/v2/iex` or `/v2/sip`. `admit` tells whether an authenticated client may stay (406)."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        faults: ActiveFaults,
        *,
        requests: list[dict[str, Any]],
        admit: Callable[[AlpacaSession], bool],
    ) -> None:
        self.connection = connection
        self.requests = requests
        self.authenticated = False
        self._settings = settings
        self._faults = faults
        self._admit = admit
        self._channels: dict[str, set[str]] = {channel: set() for channel in CHANNELS}
        self._batch: list[Message] = []
        self._bars: dict[str, Message] = {}
        connection.on_slow = lambda: self.fail(407)

    @property
    def streams(self) -> list[str]:
        return [f"{channel}:{symbol}" for channel in CHANNELS for symbol in sorted(self._channels[channel])]

    def begin(self) -> None:
        self._say({"T": "success", "msg": "connected"})
        self._deadline = asyncio.get_running_loop().call_later(self._settings.auth_within_s, self._too_late)

    def end(self) -> None:
        self._deadline.cancel()

    def fail(self, code: int) -> None:
        self._say({"T": "error", "code": code, "msg": ERRORS[code]})
        if code in ENDS:
            self.connection.close(1000)

    def wants(self, event: Event) -> bool:
        channels = {"trade": ("trades", "bars"), "bookTicker": ("quotes",)}.get(event.kind, ())
        return any(self._has(channel, event.symbol) for channel in channels)

    def deliver(self, event: Event, spoil: Spoil) -> list[str]:
        sent = []
        for channel, message in self._messages(event):
            if self._has(channel, event.symbol):
                sent.append(f"{channel}:{event.symbol}")
                self._add(message, spoil)
        return sent

    def _add(self, message: Message, spoil: Spoil) -> None:
        """What happens together comes in one array; what is spoiled comes in one of its own."""
        if spoil is not as_it_is:
            self._flush()
        self._batch.append(message)
        if spoil is not as_it_is or len(self._batch) >= LARGEST_ARRAY:
            self._flush(spoil)
        elif len(self._batch) == 1:
            asyncio.get_running_loop().call_soon(self._flush)

    def tell_status(self, symbol: str, at: int, *, halted: bool, reason: str) -> None:
        if self._has("statuses", symbol):
            code, words = ("H", "Trading Halt") if halted else ("T", "Trading Resumption")
            status = {"T": "s", "S": symbol, "sc": code, "sm": words, "rc": reason if halted else "", "rm": ""}
            self._say({**status, "t": _rfc3339(at), "z": "C"})

    def on_text(self, text: bytes) -> None:
        try:
            request = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self.fail(400)
        if not isinstance(request, dict):
            return self.fail(400)
        self.requests.append({key: value for key, value in request.items() if key != "secret"})
        action = request.get("action")
        if action == "auth":
            return self._authenticate(request)
        if not self.authenticated:
            return self.fail(401)
        if action not in ("subscribe", "unsubscribe"):
            return self.fail(400)
        return self._change(request, subscribe=action == "subscribe")

    def _say(self, message: Message) -> None:
        self.connection.put(msgspec.json.encode([message]))

    def _too_late(self) -> None:
        if not self.authenticated:
            self.fail(404)

    def _authenticate(self, request: Message) -> None:
        if self.authenticated:
            return self.fail(403)
        right = (request.get("key"), request.get("secret")) == (self._settings.key, self._settings.secret)
        if not right or self._faults.take(AuthFailed):
            return self.fail(402)
        if not self._admit(self):
            return self.fail(406)
        self.authenticated = True
        return self._say({"T": "success", "msg": "authenticated"})

    def _change(self, request: Message, *, subscribe: bool) -> None:
        if subscribe and self._faults.take(SubscriptionError):
            return self.fail(410)
        wishes = {channel: request.get(channel, []) for channel in CHANNELS}
        if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in wishes.values()):
            return self.fail(400)
        if subscribe:
            symbols = {name for channel in ("trades", "quotes") for name in wishes[channel] if name != "*"}
            held = self._channels["trades"] | self._channels["quotes"]
            if len(symbols | held) > self._settings.alpaca_symbols:
                return self.fail(405)
        for channel, names in wishes.items():
            (self._channels[channel].update if subscribe else self._channels[channel].difference_update)(names)
        lists = {channel: sorted(names) for channel, names in self._channels.items()}
        return self._say({"T": "subscription", **lists})

    def _has(self, channel: str, symbol: str) -> bool:
        names = self._channels[channel]
        return symbol in names or "*" in names

    def _flush(self, spoil: Spoil = as_it_is) -> None:
        if not self._batch:
            return
        array = msgspec.json.encode(self._batch)
        self._batch.clear()
        for type, frame in spoil(array):
            self.connection.put(frame, type)

    def _messages(self, event: Event) -> Iterable[tuple[str, Message]]:
        data, at = event.data, _event_ns(event)
        if event.kind == "trade":
            trade = {
                "T": "t",
                "i": data["t"],
                "S": event.symbol,
                "x": "V",
                "p": float(data["p"]),
                "s": float(data["q"]),
            }
            yield "trades", {**trade, "c": ["@"], "t": _rfc3339(at), "z": "C"}
            if (bar := self._bar(event.symbol, trade, at)) is not None:
                yield "bars", bar
        elif event.kind == "bookTicker":
            quote = {"T": "q", "S": event.symbol, "ax": "V", "ap": float(data["a"]), "as": float(data["A"]), "bx": "V"}
            yield (
                "quotes",
                quote
                | {
                    "bp": float(data["b"]),
                    "bs": float(data["B"]),
                    "c": ["R"],
                    "t": _rfc3339(at),
                    "z": "C",
                },
            )

    def _bar(self, symbol: str, trade: Message, at: int) -> Message | None:
        """The bar of a minute, with the first trade of the next."""
        minute = at - at % MINUTE_NS
        price, size = trade["p"], trade["s"]
        bar = self._bars.get(symbol)
        if bar is not None and bar["t"] == _rfc3339(minute):
            volume = bar["v"] + size
            weighted = (bar["vw"] * bar["v"] + price * size) / volume
            bar |= {"h": max(bar["h"], price), "l": min(bar["l"], price), "c": price, "v": volume, "vw": weighted}
            bar["n"] += 1
            return None
        new = {"T": "b", "S": symbol, "o": price, "h": price, "l": price, "c": price, "v": size, "n": 1, "vw": price}
        self._bars[symbol] = {**new, "t": _rfc3339(minute)}
        return bar


def _event_ns(event: Event) -> int:
    at = event.data.get("T", event.data.get("E"))
    if not isinstance(at, int):
        return event.at
    return at * 1_000_000 if at < 10**14 else at * 1_000


def _rfc3339(at: int) -> str:
    seconds, rest = divmod(at, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
