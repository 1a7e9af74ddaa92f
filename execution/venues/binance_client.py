"""Binance's REST through ccxt, which signs and carries the calls; here it is told apart what a failure means."""

from __future__ import annotations

import logging
import re
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any

import ccxt
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from execution.venues.remote import OutcomeUnknown, Refused, Unreachable, VenueError

log = logging.getLogger(__name__)

RECV_WINDOW_MS = 5_000
OUT_OF_WINDOW = -1021
TOO_MANY = frozenset({-1003, -1015})
UNKNOWN = frozenset({-1000, -1001, -1006, -1007, -1008, -1016, -1099})
DUPLICATE = "duplicate order"
DEFAULT_HOLD_S = 60.0
NS_PER_MS = 1_000_000
RESERVED = 5  # one call in so many is kept for orders and their cancellation


class Declined(Refused):
    """The venue has said no, and with which of its codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Answered(Exception):
    """The venue has answered with something else than what was asked for. `code` 0: not in its own words."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code

    def __str__(self) -> str:
        return f"HTTP {self.status}{f', {self.code}' if self.code else ''}: {self.args[0]}"


class Limits:
    """How much more the venue wants to hear from this address. Times in s (monotonic)."""

    def __init__(self, weight_a_minute: int = 6_000) -> None:
        self.weight_a_minute = weight_a_minute
        self._held_until = 0.0
        self._used = 0
        self._used_at = 0.0

    def hold(self, seconds: float) -> None:
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    def note(self, used: str | None) -> None:
        if used is not None and used.isdigit():
            self._used, self._used_at = int(used), time.monotonic()

    def check(self, *, urgent: bool) -> None:
        """Raises Unreachable where the call is not to be made."""
        now = time.monotonic()
        if now < self._held_until:
            raise Unreachable(f"the venue wants no calls for another {self._held_until - now:.0f} s (rate limit)")
        most = self.weight_a_minute - self.weight_a_minute // RESERVED
        if not urgent and self._used > most and now - self._used_at < 60:
            raise Unreachable("this minute's calls are nearly used up: the rest is kept for orders")


class _Binance(ccxt.binance):  # type: ignore[misc]
    """ccxt maps errors by address and by the words in them; the HTTP status and the venue's code are kept instead."""

    logger = logging.Logger("silent", logging.CRITICAL)  # its own would write the key with every call
    limits: Limits

    def handle_errors(
        self,
        code: int,
        reason: str,
        url: str,
        method: str,
        headers: Mapping[str, str],
        body: str,
        response: Any,
        request_headers: object,
        request_body: object,
    ) -> None:
        self.limits.note(headers.get("X-MBX-USED-WEIGHT-1M"))
        if code in (418, 429):
            seconds = headers.get("Retry-After", "")
            self.limits.hold(float(seconds) if seconds.isdigit() else DEFAULT_HOLD_S)
        words = response if isinstance(response, dict) else {}
        said = words.get("code")
        error = said if isinstance(said, int) else 0
        if code >= 400 or error or response is None:
            raise Answered(code, error, str(words.get("msg") or (reason if code >= 400 else "no JSON")))


class BinanceClient:
    """`call` may be used by many threads. `now` of parameters is the venue's clock as far as it is known."""

    def __init__(
        self, name: str, key: str, secret: str, *, sandbox: bool, url: str = "", timeout_s: float = 5.0
    ) -> None:
        self.name = name
        self.limits = Limits()
        self._key = key
        self._secret = secret
        self._sandbox = sandbox
        self._url = url
        self._timeout_s = timeout_s
        self._ahead_ms = 0.0  # of this clock, measured from the venue's
        self._local = threading.local()
        self._lock = threading.Lock()
        self._made: list[Any] = []

    def __repr__(self) -> str:
        return f"BinanceClient({self.name!r})"

    def close(self) -> None:
        with self._lock:
            for exchange in self._made:
                exchange.session.close()

    def measure_clock(self) -> None:
        """How far this clock is ahead of the venue's, to half the time that the question took. Raises VenueError."""
        before = time.time_ns()
        answer = self.read("publicGetTime", {})
        middle = (before + time.time_ns()) / 2
        self._ahead_ms = middle / NS_PER_MS - int(answer["serverTime"])

    def read(self, method: str, params: Mapping[str, Any]) -> Any:
        """A question that may be asked again: after a wrong time it is, once. Raises VenueError."""
        return self._patiently(method, params, urgent=False)

    def withdraw(self, method: str, params: Mapping[str, Any]) -> Any:
        """The same for what can't wait, and does no more when it is done twice. Raises VenueError."""
        return self._patiently(method, params, urgent=True)

    def send(self, method: str, params: Mapping[str, Any], at: int) -> Any:
        """A call that is made once and never again, as of `at` (ns, process clock). Raises VenueError."""
        try:
            return self._call(method, {**params, "timestamp": self._venue_ms(at)}, urgent=True)
        except Answered as error:
            raise self._judged(method, error) from None  # what it came from has the signed address in it

    def _patiently(self, method: str, params: Mapping[str, Any], *, urgent: bool) -> Any:
        for again in (True, False):
            signed = {} if method.startswith("public") else {"timestamp": self._venue_ms(time.time_ns())}
            try:
                return self._call(method, {**params, **signed}, urgent=urgent)
            except Answered as error:
                if not (again and error.code == OUT_OF_WINDOW):
                    raise self._judged(method, error) from None
                self.measure_clock()
        raise AssertionError("the second answer is final")

    def _call(self, method: str, params: Mapping[str, Any], *, urgent: bool) -> Any:
        """Raises Answered or VenueError."""
        self.limits.check(urgent=urgent)
        try:
            return getattr(self._exchange(), method)(dict(params))
        except ccxt.BaseError as error:
            raise self._broken(method, error) from None

    def _venue_ms(self, at: int) -> int:
        return int(at / NS_PER_MS - self._ahead_ms)

    def _exchange(self) -> Any:
        """One for each thread: a session of ccxt is not made for two at once."""
        exchange = getattr(self._local, "exchange", None)
        if exchange is None:
            exchange = self._local.exchange = self._make()
            with self._lock:
                self._made.append(exchange)
        return exchange

    def _make(self) -> Any:
        exchange = _Binance(
            {
                "apiKey": self._key,
                "secret": self._secret,
                "timeout": int(self._timeout_s * 1_000),
                "enableRateLimit": False,
                "options": {"recvWindow": RECV_WINDOW_MS, "fetchCurrencies": False, "fetchMargins": False},
            }
        )
        exchange.limits = self.limits
        exchange.session.max_redirects = 0  # an order goes nowhere else than where it was sent
        if self._sandbox:
            exchange.set_sandbox_mode(True)
        if self._url:
            exchange.urls["api"] = dict.fromkeys(("public", "private"), f"{self._url}/api/v3")
        return exchange

    # --- what a failure means --------------------------------------------------------------------

    def _judged(self, method: str, error: Answered) -> VenueError:
        text = self._clean(f"{method}: {error}")
        if error.status in (403, 418, 429) or error.code in TOO_MANY:
            return Unreachable(text)
        if error.code == OUT_OF_WINDOW:
            self._measure_clock_again()
        unknown = error.status >= 500 or error.code in UNKNOWN or DUPLICATE in str(error).lower()
        if error.status >= 400 and error.code < 0 and not unknown:
            return Declined(error.code, text)
        return OutcomeUnknown(text)

    def _measure_clock_again(self) -> None:
        """For the calls that come; this one is not made again."""
        try:
            self.measure_clock()
        except VenueError as error:
            log.warning("the clock of %s cannot be read: %s", self.name, error)

    def _broken(self, method: str, error: Exception) -> VenueError:
        cause = error.__cause__ or error
        reason = getattr(cause.args[0], "reason", cause) if cause.args else cause
        text = self._clean(f"{method}: {type(cause).__name__}: {reason}")
        nothing_sent = isinstance(cause, ConnectTimeout) or (
            isinstance(cause, RequestsConnectionError) and _before_sending(reason)
        )
        return Unreachable(text) if nothing_sent else OutcomeUnknown(text)

    def _clean(self, text: str) -> str:
        """Without the key, the secret and the parameters of signed addresses."""
        for hidden in (self._key, self._secret):
            text = text.replace(hidden, "…")
        text = text.replace("\x00", "").encode("utf-8", "replace").decode()
        return re.sub(r"\?\S+", "?…", text)[:400]


def _before_sending(reason: object) -> bool:
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return True
    return any(isinstance(each, ssl.SSLCertVerificationError) for each in getattr(reason, "args", ()))
