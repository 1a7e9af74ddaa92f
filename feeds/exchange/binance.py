"""Binance's side of its WebSocket: addresses, subscriptions with their answers and errors, and frames."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from aiohttp import WSCloseCode

from feeds.exchange.connection import Connection, Spoil
from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import SubscriptionError
from feeds.exchange.settings import Settings
from feeds.exchange.tape import Event

STREAM = re.compile(
    r"(?P<symbol>[a-z0-9]+)@(?P<kind>trade|aggTrade|bookTicker|depth(?=$|@)|depth(5|10|20)|kline_\w+|miniTicker|ticker"
    r"|avgPrice|markPrice|forceOrder)(@\d+m?s)?"
)
EVENTS = {"depth": "depthUpdate", "ticker": "24hrTicker", "miniTicker": "24hrMiniTicker"}
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")


class BadRequest(Exception):
    """What is wrong with a request, in the venue's words; `id` where one could be read."""

    def __init__(self, code: int, message: str, id: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.id = id


class BinanceSession:
    """A client on `/ws` (bare frames) or `/stream` (`combined`). `requests` has every request that came."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        faults: ActiveFaults,
        symbols: Iterable[str],
        *,
        combined: bool,
        requests: list[dict[str, Any]],
    ) -> None:
        self.connection = connection
        self.combined = combined
        self.requests = requests
        self._settings = settings
        self._faults = faults
        self._symbols = {symbol.lower() for symbol in symbols}
        self._streams: dict[str, tuple[str, str]] = {}
        self._prefixes: dict[tuple[str, str], list[bytes]] = {}
        self._arrivals: deque[float] = deque(maxlen=settings.messages_per_s + 1)

    @property
    def streams(self) -> Sequence[str]:
        return tuple(self._streams)

    def begin(self, names: Iterable[str]) -> None:
        """Takes the streams of the address; those that do not exist are passed over without a word."""
        if self._faults.now(SubscriptionError) is None:
            self._subscribe([name for name in names if self._known(name)])

    def wants(self, event: Event) -> bool:
        kinds = (event.kind, "aggTrade") if event.aggregate else (event.kind,)
        return any((event.symbol, kind) in self._prefixes for kind in kinds)

    def deliver(self, event: Event, spoil: Spoil) -> list[str]:
        """Sends the event on the streams that the client has; their names."""
        sent = []
        for kind, data in ((event.kind, event.data), ("aggTrade", event.aggregate)):
            prefixes = self._prefixes.get((event.symbol, kind), ())
            if data is None or not prefixes:
                continue
            payload = event.raw if event.raw and data is event.data else msgspec.json.encode(data)
            for prefix in prefixes:
                for type, frame in spoil(prefix + payload + b"}" if self.combined else payload):
                    self.connection.put(frame, type)
            sent.append(f"{event.symbol.lower()}@{kind}")
        return sent

    def on_text(self, text: bytes) -> None:
        """Answers a request; too many of them within a second end the connection."""
        self._arrivals.append(time.monotonic())
        if len(self._arrivals) > self._settings.messages_per_s and self._arrivals[-1] - self._arrivals[0] < 1.0:
            self.connection.close(WSCloseCode.POLICY_VIOLATION)
            return
        try:
            id, result = self._answer(text)
            self._say({"result": result, "id": id})
        except BadRequest as error:
            self._say({"error": {"code": error.code, "msg": str(error)}, "id": error.id})

    def _say(self, answer: dict[str, Any]) -> None:
        self.connection.put(msgspec.json.encode(answer))

    def _answer(self, text: bytes) -> tuple[object, object]:
        try:
            request = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequest(3, f"Invalid JSON: {error}") from error
        if not isinstance(request, dict):
            raise BadRequest(2, "Invalid request: expected an object")
        self.requests.append(request)
        id = request.get("id")
        if not isinstance(id, int | str | None) or isinstance(id, bool) or (isinstance(id, int) and id < 0):
            raise BadRequest(2, "Invalid request: request ID must be an unsigned integer")
        method, names = request.get("method"), request.get("params", [])
        if method not in METHODS:
            word = "missing field `method`" if method is None else f"unknown variant `{method}`, expected one of "
            raise BadRequest(2, f"Invalid request: {word}{', '.join(METHODS) if method else ''}", id)
        if method == "GET_PROPERTY":
            return id, self.combined
        if method == "SET_PROPERTY":
            self._set_property(names, id)
            return id, None
        if method == "LIST_SUBSCRIPTIONS":
            return id, list(self._streams)
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise BadRequest(2, "Invalid request: `params` must be an array of stream names", id)
        if method == "UNSUBSCRIBE":
            self._unsubscribe(names)
            return id, None
        self._take_on(names, id)
        return id, None

    def _set_property(self, params: object, id: object) -> None:
        match params:
            case ["combined", bool(combined)]:
                self.combined = combined
            case ["combined", *_]:
                raise BadRequest(1, "Invalid value type: expected Boolean", id)
            case _:
                raise BadRequest(0, "Unknown property", id)

    def _take_on(self, names: list[str], id: object) -> None:
        """Streams that exist are taken on, even where others of the same request do not exist."""
        if self._faults.take(SubscriptionError):
            raise BadRequest(0, "Internal error; unable to process your request. Please try again.", id)
        known = [name for name in names if self._known(name)]
        if len({*self._streams, *known}) > self._settings.most_streams:
            raise BadRequest(2, f"Invalid request: more than {self._settings.most_streams} streams", id)
        self._subscribe(known)
        if unknown := [name for name in names if name not in known]:
            raise BadRequest(2, f"Invalid request: unknown stream {', '.join(unknown)[:200]}", id)

    def _known(self, name: str) -> bool:
        found = STREAM.fullmatch(name)
        return found is not None and found["symbol"] in self._symbols

    def _subscribe(self, names: Iterable[str]) -> None:
        for name in names:
            found = STREAM.fullmatch(name)
            assert found is not None
            kind = EVENTS.get(found["kind"], found["kind"].partition("_")[0])
            self._streams[name] = (found["symbol"].upper(), kind)
        self._route()

    def _unsubscribe(self, names: Iterable[str]) -> None:
        for name in names:
            self._streams.pop(name, None)
        self._route()

    def _route(self) -> None:
        self._prefixes = {}
        for name, key in self._streams.items():
            self._prefixes.setdefault(key, []).append(b'{"stream":"' + name.encode() + b'","data":')
