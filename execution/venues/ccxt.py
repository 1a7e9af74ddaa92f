"""A real venue through ccxt: Binance's spot market, its testnet, or a local exchange that speaks the same."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from execution.domain.order import Order
from execution.domain.venue import Holdings, Report, VenueFill
from execution.venues.binance_client import BinanceClient, Declined
from execution.venues.binance_orders import FINAL, Data, fill_of, number, quarrels, report_of, request_of, state_of
from execution.venues.remote import OutcomeUnknown, Refused, RemoteVenue, VenueError
from streams.events import InstrumentTerms

log = logging.getLogger(__name__)

KEY, SECRET = "GOVSITE_VENUE_KEY", "GOVSITE_VENUE_SECRET"
URL, LIVE = "GOVSITE_VENUE_URL", "GOVSITE_VENUE_LIVE"
UNKNOWN_ORDER = -2013
PAGE = 1_000
ATTEMPTS = 3
SETTLES_WITHIN_S = 15.0  # the time window of 5 s, the 10 s that the venue's own gateway waits for its matching engine


class Site(Struct, frozen=True):
    """`sandbox`: no money is at stake there."""

    name: str
    sandbox: bool


SITES = {site.name: site for site in (Site("binance-testnet", True), Site("binance", False))}


class NotConfigured(ValueError):
    """The environment does not say what a venue needs; the text names what is missing."""


def venue_from(name: str, environment: Mapping[str, str], *, timeout_s: float = 5.0) -> CcxtVenue:
    """The venue of this name, with what the environment says of it. Raises NotConfigured."""
    site = SITES.get(name)
    if site is None:
        raise NotConfigured(f"There is no venue {name!r}: choose one of {', '.join(SITES)}.")
    if not site.sandbox and environment.get(LIVE) != "yes":
        raise NotConfigured(f"{name} trades with real money: set {LIVE}=yes if that is what you want.")
    key, secret = (_secret(variable, environment) for variable in (KEY, SECRET))
    url = _url(environment.get(URL, "").strip())
    return CcxtVenue(site.name, BinanceClient(name, key, secret, sandbox=site.sandbox, url=url, timeout_s=timeout_s))


def _secret(variable: str, environment: Mapping[str, str]) -> str:
    value = environment.get(variable, "").strip()
    if not value:
        raise NotConfigured(f"{variable} is not set: a real venue needs {KEY} and {SECRET} in the environment.")
    return value


def _url(url: str) -> str:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))
    if url and not (safe and parts.hostname):
        raise NotConfigured(f"{URL} must begin with https:// (http:// only on this machine).")
    return url.rstrip("/")


class CcxtVenue(RemoteVenue):
    """See `execution.venues.remote.RemoteVenue`."""

    def __init__(self, name: str, client: BinanceClient) -> None:
        self._name = name
        self._client = client
        self._assets: dict[str, tuple[str, str]] = {}
        self._told: dict[str, tuple[tuple[VenueFill, ...], tuple[str, ...]]] = {}

    def __repr__(self) -> str:
        return f"CcxtVenue({self._name!r})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def settles_within_s(self) -> float:
        return SETTLES_WITHIN_S

    def open(self, listings: Sequence[InstrumentTerms]) -> None:
        """Raises VenueError, which says everything that has to be changed."""
        with _understood():
            self._client.measure_clock()
            there = self._listings([listing.symbol for listing in listings])
            wrong = [quarrel for listing in listings for quarrel in quarrels(listing, there[listing.symbol])]
            may_trade = self._account().get("canTrade", False)
        if wrong:
            raise VenueError(f"{self._name} does not take what is listed here: {'; '.join(wrong)}")
        if not may_trade:
            raise Refused(f"the account at {self._name} may not trade: allow spot trading for the key")

    def send(self, order: Order) -> Report:
        """Its time window at the venue begins with `sent_at`, when the log has had it: whoever comes later than that,
        woken from whatever, is refused there."""
        if not order.sent_at:
            raise ValueError(f"the order {order.order_id} is not in the log as sent")
        base, quote = self._assets_of(order.instrument)
        answer = self._client.send("privatePostOrder", request_of(order), order.sent_at)
        with _understood():
            self._note(order, answer.get("fills", ()), base, quote)
            return self._report(order, answer)

    def look(self, order: Order) -> Report | None:
        """What the order is and what its executions are is asked one after the other: until they agree."""
        base, quote = self._assets_of(order.instrument)
        for _ in range(ATTEMPTS):
            answer = self._query(order)
            if answer is None:
                return None
            with _understood():
                if self._untold(order, answer):
                    self._note(order, self._trades(order, answer), base, quote)
                if not self._untold(order, answer):
                    return self._report(order, answer)
        raise OutcomeUnknown(f"the executions of the order {order.order_id} do not add up yet to what is executed")

    def cancel(self, order: Order) -> None:
        self._client.withdraw("privateDeleteOrder", _named(order))

    def holdings(self, quote: str, instruments: Sequence[str]) -> Holdings:
        self._client.measure_clock()  # comes by every minute: what the clock drifts in that time does no harm
        assets = {instrument: self._assets_of(instrument) for instrument in instruments}
        foreign = sorted(name for name, (_, prices) in assets.items() if prices != quote)
        if foreign:
            raise VenueError(f"{', '.join(foreign)} has no prices in {quote} at {self._name}: take it off the book")
        with _understood():
            balances = self._account()["balances"]
            total = {each["asset"]: number(each["free"]) + number(each["locked"]) for each in balances}
        held = {instrument: total.get(base, Decimal(0)) for instrument, (base, _) in assets.items()}
        return Holdings(cash=total.get(quote, Decimal(0)), quantities=held)

    def close(self) -> None:
        self._client.close()

    def _account(self) -> Data:
        answer: Data = self._client.read("privateGetAccount", {"omitZeroBalances": "true"})
        return answer

    # --- orders ----------------------------------------------------------------------------------

    def _query(self, order: Order) -> Data | None:
        try:
            answer: Data = self._client.read("privateGetOrder", _named(order))
        except Declined as error:
            if error.code == UNKNOWN_ORDER:
                return None
            raise
        return answer

    def _trades(self, order: Order, answer: Data) -> list[Data]:
        found: list[Data] = []
        wanted: dict[str, Any] = {"symbol": order.instrument, "orderId": answer["orderId"], "limit": PAGE, "fromId": 0}
        while True:
            page: list[Data] = self._client.read("privateGetMyTrades", wanted)
            found += page
            if len(page) < PAGE:
                return found
            wanted["fromId"] = int(page[-1]["id"]) + 1

    def _note(self, order: Order, trades: Iterable[Data], base: str, quote: str) -> None:
        """Remembers the executions, so that they are asked for again only when there are more."""
        read = [fill_of(trade, base=base, quote=quote, maker=bool(trade.get("isMaker"))) for trade in trades]
        alarms = tuple(alarm for _, alarm in read if alarm)
        for alarm in alarms:
            log.error("%s: %s", self._name, alarm)
        self._told[order.order_id] = tuple(fill for fill, _ in read), alarms

    def _untold(self, order: Order, answer: Data) -> Decimal:
        """What is executed less what the known executions come to."""
        fills, _ = self._told.get(order.order_id, ((), ()))
        return number(answer["executedQty"]) - sum((fill.quantity for fill in fills), Decimal(0))

    def _report(self, order: Order, answer: Data) -> Report:
        """Raises OutcomeUnknown where the executions do not add up."""
        if self._untold(order, answer):
            raise OutcomeUnknown(f"the answer leaves out executions of the order {order.order_id}")
        fills, alarms = self._told.get(order.order_id, ((), ()))
        if state_of(answer) in FINAL:
            self._told.pop(order.order_id, None)
        return report_of(order, answer, fills, alarms)

    # --- instruments -----------------------------------------------------------------------------

    def _assets_of(self, instrument: str) -> tuple[str, str]:
        if instrument not in self._assets:
            self._listings([instrument])
        return self._assets[instrument]

    def _listings(self, symbols: Sequence[str]) -> dict[str, Data]:
        """Raises VenueError for an instrument that the venue does not have."""
        if not symbols:
            return {}
        wanted = json.dumps(list(symbols), separators=(",", ":"))
        answer = self._client.read("publicGetExchangeInfo", {"symbols": wanted})
        for limit in answer.get("rateLimits", ()):
            if limit.get("rateLimitType") == "REQUEST_WEIGHT" and limit.get("interval") == "MINUTE":
                self._client.limits.weight_a_minute = int(limit["limit"]) // int(limit.get("intervalNum", 1))
        there: dict[str, Data] = {each["symbol"]: each for each in answer["symbols"]}
        self._assets |= {name: (each["baseAsset"], each["quoteAsset"]) for name, each in there.items()}
        missing = sorted(set(symbols) - set(there))
        if missing:
            raise Refused(f"{self._name} does not have {', '.join(missing)}")
        return there


@contextmanager
def _understood() -> Iterator[None]:
    """What cannot be read says nothing about what became of the call."""
    try:
        yield
    except (KeyError, ValueError, ArithmeticError, TypeError, AttributeError) as error:
        raise OutcomeUnknown(f"an answer that cannot be read: {type(error).__name__}: {error}") from error


def _named(order: Order) -> dict[str, str]:
    return {"symbol": order.instrument, "origClientOrderId": order.order_id}
