"""The table of what venues say of their instruments, with what they said before where a filter has changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import psycopg
from msgspec import Struct

from market.domain.listing import Listing

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]
FILTERS = ("tick_size", "lot_size", "min_notional")
_KNOWN = "SELECT tick_size, lot_size, min_notional, at FROM venue_listing WHERE venue = %s AND symbol = %s FOR UPDATE"
_FIRST = """
    INSERT INTO venue_listing
        (venue, symbol, base, quote, tick_size, lot_size, min_notional, tradable, status, at, first_at)
    VALUES (%(venue)s, %(symbol)s, %(base)s, %(quote)s, %(tick_size)s, %(lot_size)s, %(min_notional)s, %(tradable)s,
        %(status)s, %(at)s, %(at)s)"""
_AGAIN = """
    UPDATE venue_listing SET tick_size = %(tick_size)s, lot_size = %(lot_size)s, min_notional = %(min_notional)s,
        tradable = %(tradable)s, status = %(status)s, at = %(at)s,
        base = coalesce(nullif(%(base)s, ''), base), quote = coalesce(nullif(%(quote)s, ''), quote)
    WHERE venue = %(venue)s AND symbol = %(symbol)s"""
_CHANGED = """
    UPDATE venue_listing SET previous_tick_size = tick_size, previous_lot_size = lot_size,
        previous_min_notional = min_notional, changed_at = %(at)s
    WHERE venue = %(venue)s AND symbol = %(symbol)s"""

_ALL = """
    SELECT venue, symbol, tradable, status, at, changed_at, tick_size, lot_size, min_notional,
        previous_tick_size, previous_lot_size, previous_min_notional
    FROM venue_listing ORDER BY symbol, at DESC, venue"""


def store(connection: Connection, listings: Iterable[Listing]) -> None:
    """Keeps the newest word of each venue on each symbol. A filter that it does not say (0) stays as it was; one that
    has changed is warned of, and what it was is kept."""
    for listing in listings:
        known = connection.execute(_KNOWN, (listing.venue, listing.symbol)).fetchone()
        told = {name: getattr(listing, name) for name in Listing.__struct_fields__}
        if known is None:
            connection.execute(_FIRST, told)
        elif listing.at >= known[3]:
            _store_again(connection, dict(zip(FILTERS, known, strict=False)), told)


def _store_again(connection: Connection, before: dict[str, Decimal], told: dict[str, Any]) -> None:
    told |= {name: told[name] or before[name] for name in FILTERS}
    changes = [name for name in FILTERS if before[name] and told[name] != before[name]]
    if changes:
        words = ", ".join(f"{name} {before[name]:f} -> {told[name]:f}" for name in changes)
        log.warning("%s has changed the filters of %s: %s", told["venue"], told["symbol"], words)
        connection.execute(_CHANGED, told)
    connection.execute(_AGAIN, told)


class Kept(Struct, frozen=True, kw_only=True):
    """What a venue said last of a symbol; `previous` filters held until `changed_at` (ns), None if none changed."""

    venue: str
    symbol: str
    filters: dict[str, Decimal]
    tradable: bool
    status: str
    at: int
    changed_at: int | None
    previous: dict[str, Decimal]


def known(connection: Connection) -> list[Kept]:
    """Of every venue, by symbol; the venue that spoke last comes first."""
    rows = connection.execute(_ALL).fetchall()
    return [
        Kept(
            venue=row[0],
            symbol=row[1],
            tradable=row[2],
            status=row[3],
            at=row[4],
            changed_at=row[5],
            filters=dict(zip(FILTERS, row[6:9], strict=True)),
            previous={} if row[5] is None else dict(zip(FILTERS, row[9:12], strict=True)),
        )
        for row in rows
    ]
