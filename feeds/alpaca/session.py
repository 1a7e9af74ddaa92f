"""One conversation with Alpaca's server: greeting, authentication, subscription, and then data."""

from __future__ import annotations

import logging

import msgspec

from feeds.alpaca.frames import Control, Failure, Subscription
from feeds.alpaca.plan import KEY, SECRET, AlpacaPlan
from feeds.socket import Socket

log = logging.getLogger(__name__)

SLOW_CLIENT = 407
LASTING = frozenset({402, 405, 406, 408, 409, 410, 411})  # no use in asking again at once
ADVICE = {
    402: f"the key is not accepted: check {KEY} and {SECRET}",
    405: f"{KEY} may not subscribe to so many symbols",
    406: f"{KEY} is connected elsewhere: Alpaca allows most keys one connection",
    409: f"{KEY} has no subscription to this feed: the free plan has iex only",
}


class Refusal(ConnectionError):
    """The server said no; `code` is Alpaca's."""

    def __init__(self, code: int, message: str) -> None:
        advice = ADVICE.get(code)
        super().__init__(f"error {code}: {message}" + (f" ({advice})" if advice else ""))
        self.code = code


class Session:
    """Answers what the server says. `stage` is what is waited for, "data" in the end; `missing` are the symbols that
    were asked for and not confirmed, by channel."""

    def __init__(self, plan: AlpacaPlan, socket: Socket) -> None:
        self.stage = "the greeting"
        self.missing: dict[str, tuple[str, ...]] = {}
        self._plan = plan
        self._socket = socket
        self._unconfirmed = 0

    def hear(self, control: Control) -> None:
        if isinstance(control, Failure):
            self._socket.end(Refusal(control.code, control.msg))
        elif isinstance(control, Subscription):
            self._confirm(control)
        elif control.msg == "connected" and self.stage == "the greeting":
            self.stage = "the authentication"
            self._say({"action": "auth", "key": self._plan.key, "secret": self._plan.secret})
        elif control.msg == "authenticated" and self.stage == "the authentication":
            self._subscribe()

    def _subscribe(self) -> None:
        self.stage = "the subscription"
        symbols, size = self._plan.symbols, self._plan.chunk
        for start in range(0, len(symbols), size):
            chunk = symbols[start : start + size]
            self._unconfirmed += 1
            self._say({"action": "subscribe", "trades": chunk, "quotes": chunk, "statuses": chunk})

    def _confirm(self, subscription: Subscription) -> None:
        self._unconfirmed -= 1
        if self._unconfirmed > 0:
            return
        self.stage = "data"
        wanted = set(self._plan.symbols)
        channels = {name: getattr(subscription, name) for name in ("trades", "quotes", "statuses")}
        absent = {name: tuple(sorted(wanted.difference(given))) for name, given in channels.items()}
        self.missing = {name: symbols for name, symbols in absent.items() if symbols}
        for name, symbols in self.missing.items():
            log.error("%s does not give the %s of %s", self._plan.endpoint, name, ", ".join(symbols))

    def _say(self, request: dict[str, object]) -> None:
        self._socket.send(msgspec.json.encode(request).decode())
