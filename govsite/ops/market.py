"""What the site knows of the market: the feed's heartbeat, the tables that it writes, and what the book says."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone
from msgspec import Struct

from governance.models import Book, FeedGap, InstrumentState
from govsite.ops import notices, plots, standing
from govsite.ops.notices import Gap, Known, Notice
from ledger.readmodel import moment
from market import bars, listings, marks
from market.domain.bars import SECOND_NS, Bar
from market.domain.runs import Run
from market.listings import FILTERS, Kept
from streams.client import connect
from streams.telemetry import processes

RECENT = timedelta(minutes=1)
LOOKED_BACK = timedelta(hours=1)
STALE_NS = 5 * SECOND_NS
MOST_GAPS = 20
REDIS_PATIENCE_S = 0.5  # a page must not wait for a Redis that hangs: halting does without it
FILTER_WORDS = {"tick_size": "tick size", "lot_size": "lot size", "min_notional": "minimum value of an order"}


class Differing(Struct, frozen=True):
    """A filter of the venue that is not the book's term. `wrong`: the venue would refuse orders; `words` say what to
    do."""

    name: str
    venue: Decimal
    book: Decimal
    wrong: bool
    words: str


class Instrument(Struct, frozen=True, kw_only=True):
    """One instrument as the page shows it; None where nothing is known."""

    symbol: str
    run: Run | None
    last: Bar | None
    venue: str
    age_ms: float | None
    stale: bool
    spread_bp: float | None
    chart: dict[str, Any] | None
    state: InstrumentState | None
    listing: Kept | None
    differing: Sequence[Differing]
    gaps: int
    last_gap: FeedGap | None


def database() -> psycopg.Connection[Any]:
    """Django's connection as the market's tables are read with."""
    connection.ensure_connection()
    opened: psycopg.Connection[Any] = connection.connection
    return opened


def heartbeat() -> tuple[Mapping[str, Any] | None, str]:
    """The feed's last word (None: it has said nothing for 5 s), or what is in the way of hearing it."""
    try:
        with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
            return processes(connected).get("feed"), ""
    except (redis.RedisError, ValueError):
        return None, "Redis does not answer"


def told(feed: Mapping[str, Any] | None, trouble: str = "") -> list[Notice]:
    """What everybody has to know now."""
    book = standing.first_book()
    return notices.notices(known(book, feed, trouble))


def known(book: Book | None, feed: Mapping[str, Any] | None, trouble: str) -> Known:
    name = book.book if book else ""
    switched = book.source_at if book and feed and book.source == feed["gauges"].get("source") else None
    recent = FeedGap.objects.filter(book=name, recorded_at__gt=timezone.now() - RECENT).order_by("-recorded_at")
    halted = InstrumentState.objects.filter(book=name, tradable=False).values_list("instrument", "venue_status")
    return Known(
        now=time.time_ns(),
        feed=feed,
        switched_at=int(switched.timestamp() * 1e9) if switched else 0,
        live_only=bool(book and book.terms.get("live_only")),
        gaps=[Gap(gap.instrument, gap.kind, gap.first, gap.last) for gap in recent[:MOST_GAPS]],
        halted=dict(halted),
        trouble=trouble,
    )


class _Tables(Struct, frozen=True):
    """What the tables say, by instrument."""

    clock: int
    runs: Mapping[str, Run]
    listed: Mapping[str, Sequence[Kept]]
    terms: Mapping[str, Mapping[str, Any]]
    states: Mapping[str, InstrumentState]
    gaps: Mapping[str, int]

    def now(self, source: str) -> int:
        """Live prices grow old by the clock on the wall too: the market's stands still when nothing comes."""
        return max(self.clock, time.time_ns()) if source == "live" else self.clock


def instruments(book: Book | None, width_s: int) -> list[Instrument]:
    """What the book trades, then whatever else there are prices of."""
    opened, name = database(), book.book if book else ""
    listed: dict[str, list[Kept]] = {}
    for kept in listings.known(opened):
        listed.setdefault(kept.symbol, []).append(kept)
    tables = _Tables(
        clock=marks.market_clock(opened) or 0,
        runs=marks.latest(opened),
        listed=listed,
        terms={each["symbol"]: each for each in book.instruments} if book else {},
        states={state.instrument: state for state in InstrumentState.objects.filter(book=name)},
        gaps=_gaps(name),
    )
    names = [*sorted(tables.terms), *sorted(set(tables.runs) - set(tables.terms))]
    return [_instrument(opened, symbol, tables, width_s) for symbol in names]


def _instrument(opened: bars.Connection, symbol: str, tables: _Tables, width_s: int) -> Instrument:
    run, last = tables.runs.get(symbol), bars.last_traded(opened, symbol)
    shown = bars.bars(opened, symbol, width_s, 0, tables.clock + 1, plots.CANDLES)
    venue = shown[-1].venue if shown else ""
    listed = tables.listed.get(symbol, ())
    listing = next((kept for kept in listed if kept.venue == venue), listed[0] if listed else None)
    age = None if run is None else tables.now(run.source) - run.last_at
    gaps = tables.gaps.get(symbol, 0)
    return Instrument(
        symbol=symbol,
        run=run,
        last=last,
        venue=venue,
        age_ms=None if age is None else age / 1e6,
        stale=age is not None and age > STALE_NS,
        spread_bp=None if run is None or not run.spread else float(run.spread / run.price) * 10_000,
        chart=plots.candles(shown, width_s),
        state=tables.states.get(symbol),
        listing=listing,
        differing=differing(listing, tables.terms.get(symbol), symbol),
        gaps=gaps,
        last_gap=FeedGap.objects.filter(instrument=symbol).order_by("-recorded_at").first() if gaps else None,
    )


def differing(listing: Kept | None, terms: Mapping[str, Any] | None, symbol: str) -> list[Differing]:
    """Where a venue's filter is not the book's term. Coarser steps and a larger minimum than the venue's are sound; the
    other way round the venue refuses orders."""
    if listing is None or terms is None:
        return []
    found = []
    for name in FILTERS:
        venue, book = listing.filters[name], Decimal(str(terms[name]))
        if not venue or venue == book:
            continue
        wrong = book < venue if name == "min_notional" else bool(book % venue)
        what = FILTER_WORDS[name]
        command = f"manage.py govern term set {name} {venue:f} --instrument {symbol}"
        words = (
            f"The {what} at the venue is {venue:f}, the book's term says {book:f}: the venue would refuse orders. "
            f"Ask for a change of the term: {command}"
            if wrong
            else f"The {what} at the venue is {venue:f}; the book's term of {book:f} is coarser, which is allowed."
        )
        found.append(Differing(name, venue, book, wrong, words))
    return found


def _gaps(book: str) -> dict[str, int]:
    """Gaps that could not be refilled in the last hour, by instrument."""
    recent = FeedGap.objects.filter(book=book, recorded_at__gt=timezone.now() - LOOKED_BACK)
    return dict(recent.values_list("instrument").annotate(Count("pk")).order_by())


def times(gauges: Mapping[str, Any]) -> dict[str, Any]:
    """The feed's own times as moments; None where it never said one."""
    names = ("since", "last_tick_at")
    return {name: moment(int(gauges[name])) if int(gauges.get(name, 0)) else None for name in names}
