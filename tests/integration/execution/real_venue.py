"""A real venue on this machine: the local exchange, the client that trades there, and orders to send."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from msgspec import Struct

from execution.domain.order import Order
from execution.domain.venue import Report
from execution.venues.ccxt import CcxtVenue, venue_from
from feeds.exchange import LocalExchange, Settings
from feeds.exchange.faults import AnyFault
from streams.events import InstrumentTerms
from tests.integration.feeds.exchange.tapes import tape

Got = TypeVar("Got")
D = Decimal
LISTING = InstrumentTerms(
    symbol="BTCUSDT",
    tick_size=D("0.01"),
    lot_size=D("0.1"),
    min_notional=D(5),
    max_order_volume=D(1_000),
    min_position=D(0),
    max_position=D(1_000),
)
FUNDS = {"USDT": D(1_000_000), "BTC": D(50)}


class AtVenue(Struct):
    """The exchange, whose book stands still unless the tape plays: 1 at every cent, 100.00 bid and 100.01 asked."""

    exchange: LocalExchange
    venue: CcxtVenue

    async def send(self, order: Order) -> Report:
        return await asyncio.to_thread(self.venue.send, order)

    async def look(self, order: Order) -> Report:
        report = await asyncio.to_thread(self.venue.look, order)
        assert report is not None, "the venue does not know the order"
        return report

    async def ask(self, question: Callable[..., Got], *arguments: Any) -> Got:
        return await asyncio.to_thread(question, *arguments)

    async def until(self, order: Order, state: str) -> Report:
        async with asyncio.timeout(20):
            while (report := await self.look(order)).state != state:
                await asyncio.sleep(0.01)
        return report

    def inject(self, fault: AnyFault) -> None:
        self.exchange.inject(fault)

    @property
    def placed(self) -> int:
        """How many orders the exchange has ever taken on; never two for one client order id."""
        assert set(self.exchange.account.placed.values()) <= {1}
        return self.exchange.account.placed.total()


@asynccontextmanager
async def at_venue(
    *, plays: bool = False, timeout_s: float = 5.0, opens: bool = True, **settings: Any
) -> AsyncIterator[AtVenue]:
    behaviour = Settings(**{"waits": not plays, "balances": FUNDS, "commission_bp": D(10), **settings})
    async with LocalExchange(tape(), settings=behaviour) as exchange:
        venue = venue_from("binance-testnet", environment(exchange), timeout_s=timeout_s)
        try:
            if opens:
                await asyncio.to_thread(venue.open, [LISTING])
            yield AtVenue(exchange, venue)
        finally:
            venue.close()


def environment(exchange: LocalExchange, **changes: str) -> dict[str, str]:
    settings = exchange.settings
    return {
        "GOVSITE_VENUE_URL": exchange.rest_url,
        "GOVSITE_VENUE_KEY": settings.key,
        "GOVSITE_VENUE_SECRET": settings.secret,
        **changes,
    }


def order(
    quantity: str = "1", limit: str = "100.01", *, age_s: float = 0.0, order_id: str = "", **changes: Any
) -> Order:
    """A purchase at the market unless said otherwise, committed as sent `age_s` ago."""
    fields = {"instrument": "BTCUSDT", "side": "buy", **changes}
    return Order(
        order_id=order_id or str(uuid4()),
        decision_id="decision",
        quantity=D(quantity),
        limit=D(limit),
        sent_at=time.time_ns() - int(age_s * 1e9),
        **fields,
    )


def resting(quantity: str = "1", limit: str = "99.50", **changes: Any) -> Order:
    return order(quantity, limit, type="limit", time_in_force="GTC", **changes)
