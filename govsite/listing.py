"""Terms of what a live feed brings in: built in, as a feed has found them before, or as the venue says now."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

import aiohttp
import psycopg

from feeds.alpaca.plan import SYMBOLS as STOCKS
from feeds.binance.plan import BinancePlan
from feeds.binance.rest import Rest, RestError
from feeds.choosing import CRYPTO, STOCK_FEEDS, Wanted
from govsite.seed import KNOWN, known_instrument, listed_instrument
from market.domain.listing import Listing
from market.domain.orderbook import OrderBook
from streams.events import InstrumentTerms

ASKED_S = 5.0
BUILT_IN = "binance"
CENT = Decimal("0.01")
UNKNOWN_STOCK_PRICE = Decimal(500)
_LISTED = """
    SELECT base, quote, tick_size, lot_size, min_notional, tradable, status, at FROM venue_listing
    WHERE venue = %s AND symbol = %s"""
_PRICE = "SELECT price FROM price_run WHERE instrument = %s ORDER BY last_at DESC LIMIT 1"

Terms = dict[str, InstrumentTerms]


class Inquiry:
    """`terms` are those that were found, `warnings` say for people what was not and what was assumed. Nothing is asked
    about instruments that are `listed` already."""

    def __init__(
        self,
        database_url: str,
        *,
        listed: Collection[str] = (),
        urls: Sequence[str] = (),
        rest_urls: Sequence[str] = (),
    ) -> None:
        self.terms: Terms = {}
        self.warnings: list[str] = []
        self._database_url = database_url
        self._listed = frozenset(listed)
        self._urls = tuple(urls)
        self._rest_urls = tuple(rest_urls)

    def ask(self, wanted: Iterable[Wanted], symbols: Sequence[str] = ()) -> None:
        """For each venue its own instruments, else `symbols`. Raises psycopg.Error."""
        with psycopg.connect(self._database_url) as connection:
            for each in wanted:
                stocks = each.venue in STOCK_FEEDS
                asked = each.symbols or symbols or (STOCKS if stocks else ())
                new = [symbol for symbol in asked if symbol not in self._listed]
                if stocks:
                    self._stocks(connection, new)
                else:
                    self._coins(connection, each.venue, new)

    def _stocks(self, connection: psycopg.Connection, symbols: Sequence[str]) -> None:
        """Traded by the share at whole cents everywhere; what is large follows from the price."""
        for symbol in symbols:
            price = _last_price(connection, symbol)
            if price is None:
                price = UNKNOWN_STOCK_PRICE
                self.warnings.append(
                    f"{symbol}: no price is known yet; its limits are those of a share that costs {price:f}"
                )
            share = Decimal(1)
            self.terms[symbol] = listed_instrument(symbol, price, tick=CENT, lot=share, min_notional=share)

    def _coins(self, connection: psycopg.Connection, venue: str, symbols: Sequence[str]) -> None:
        unknown: list[str] = []
        for symbol in symbols:
            listing, price = _last_listing(connection, venue, symbol), _last_price(connection, symbol)
            if venue == BUILT_IN and symbol in KNOWN:
                self.terms[symbol] = known_instrument(symbol)
            elif listing is not None and price is not None:
                self._take(listing, price)
            else:
                unknown.append(symbol)
        if unknown:
            self._from_venue(venue, unknown)

    def _from_venue(self, venue: str, symbols: Sequence[str]) -> None:
        plan = BinancePlan(
            market=CRYPTO[venue], symbols=tuple(symbols), urls=self._urls, rest_urls=self._rest_urls, rest_s=ASKED_S
        )
        try:
            found = asyncio.run(_ask(plan))
        except (RestError, TimeoutError) as error:
            found = {}
            self.warnings.append(f"{venue} did not say what it lists: {error or f'no answer in {ASKED_S:g} s'}")
        for symbol in symbols:
            if symbol in found:
                self._take(*found[symbol])
            elif symbol in KNOWN:
                self.terms[symbol] = known_instrument(symbol)
                self.warnings.append(f"{symbol}: taken with the terms of {BUILT_IN}")
            else:
                self.warnings.append(f"{symbol} is not known to be listed on {venue}: it cannot be traded until it is")

    def _take(self, listing: Listing, price: Decimal) -> None:
        symbol = listing.symbol
        if not listing.tradable:
            self.warnings.append(f"{symbol}: {listing.venue} says {listing.status}, it cannot be traded until it is")
        elif not (listing.tick_size and listing.lot_size):
            self.warnings.append(f"{symbol}: {listing.venue} does not say in which steps it trades")
        else:
            steps = {"tick": listing.tick_size, "lot": listing.lot_size, "min_notional": listing.min_notional}
            self.terms[symbol] = listed_instrument(symbol, price, **steps)


async def _ask(plan: BinancePlan) -> dict[str, tuple[Listing, Decimal]]:
    """Listings and mid prices; an instrument that nobody offers or wants is left out. Raises `RestError` and
    TimeoutError."""
    found: dict[str, tuple[Listing, Decimal]] = {}
    async with asyncio.timeout(ASKED_S), aiohttp.ClientSession() as session:
        rest = Rest(session, plan, time.time_ns, Counter(), lambda answer: None)
        for listing in await rest.listings():
            book = OrderBook(listing.symbol)
            book.load(await rest.snapshot(listing.symbol))
            if (mid := book.mid()) is not None:
                found[listing.symbol] = listing, mid
    return found


def _last_listing(connection: psycopg.Connection, venue: str, symbol: str) -> Listing | None:
    """As the feed has written it down."""
    row = connection.execute(_LISTED, (venue, symbol)).fetchone()
    if row is None:
        return None
    base, quote, tick_size, lot_size, min_notional, tradable, status, at = row
    return Listing(
        symbol=symbol,
        venue=venue,
        base=base,
        quote=quote,
        tick_size=tick_size,
        lot_size=lot_size,
        min_notional=min_notional,
        tradable=tradable,
        status=status,
        at=at,
    )


def _last_price(connection: psycopg.Connection, symbol: str) -> Decimal | None:
    row = connection.execute(_PRICE, (symbol,)).fetchone()
    return None if row is None else row[0]
