"""The order books of everything that comes: kept in sync, told to late readers, and quoted where the venue does not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from feeds.intake import Item
from feeds.source import Clock, Figures
from market.domain.orderbook import Best, OrderBook
from streams.messages import BookSnapshot, ChangeFeedSource, Depth, Quote, ReportFeedGap

SECOND = 1_000_000_000
SHOWN_LEVELS = 100
SHOWN_EVERY_NS = 10 * SECOND
QUOTES_SILENT_NS = 5 * SECOND
SAID_AGAIN_NS = SECOND // 2
HEALED_WITHIN_NS = 2 * SECOND
SHORTEST_PAUSE_NS, LONGEST_PAUSE_NS = SECOND, 30 * SECOND
MOST_BOOKS = 500

Key = tuple[str, str]


class _Derived(Struct):
    """The last quote that was made from a book, and when (market clock, ns)."""

    best: Best
    id: int
    at: int


class _Held(Struct, frozen=True):
    """A gap that is not reported yet, because a snapshot may heal it until then (process clock, ns)."""

    gap: ReportFeedGap
    until: int


class _Desk:
    """A book and what was said of it: `shown` to late readers, `derived` as a quote; `ask_at` is the earliest time
    (process clock, ns) at which a snapshot may be asked for again, `promised` whether one was to be had."""

    def __init__(self, instrument: str) -> None:
        self.book = OrderBook(instrument)
        self.shown: BookSnapshot | None = None
        self.derived: _Derived | None = None
        self.ask_at = 0
        self.pause = SHORTEST_PAUSE_NS
        self.promised = False

    def moved_beyond_shown(self, best: Best) -> bool:
        """Whether who began with the levels shown last knows nothing any more."""
        bids, asks = (self.shown.bids, self.shown.asks) if self.shown else ((), ())
        return bool((bids and best.bid < bids[-1][0]) or (asks and best.ask > asks[-1][0]))


class Books:
    """Sits between the source and the publisher and passes on what it is given, but:

    - A `BookSnapshot` that comes is kept; one of the best 100 levels goes out whenever a book came in sync, and again
      every 10 s of market time or when the price has left the levels shown.
    - A depth gap is held for 2 s where a snapshot can be had. If the book is in sync again by then it is not reported.
    - Where an instrument has no quotes, or none for 5 s of market time while its depth goes on, a `Quote` is derived
      when the best levels change and every 0.5 s while updates confirm them. Its update id is the book's; venues number
      quotes and depth together, so a quote of theirs at or behind it is older than what was told, and is dropped.

    `want_snapshot` is called for books that are not in sync and for those of which few levels are left, at most once
    a second for each, and less and less often while that does not help. With a new source all begins anew. Market time
    decides all but the asking and the holding."""

    def __init__(self, want_snapshot: Callable[[str], bool], *, clock: Clock = time.time_ns) -> None:
        self._want_snapshot = want_snapshot
        self._clock = clock
        self._desks: dict[Key, _Desk] = {}
        self._astray: set[Key] = set()
        self._quoted_at: dict[Key, int] = {}
        self._held: list[_Held] = []
        self._reported_at: dict[str, int] = {}
        self.counters: Counter[str] = Counter()

    @property
    def figures(self) -> Figures:
        return {"books": len(self._desks), "books_in_sync": len(self._desks) - len(self._astray)}

    def take(self, items: Sequence[Item]) -> Sequence[Item]:
        """What is to be published now, in order."""
        if not (items or self._held or self._astray):
            return items
        out: list[Item] = []
        for item in items:
            if type(item) is Quote:
                self._quote(item, out)
            elif type(item) is Depth:
                self._depth(item, out)
            elif type(item) is BookSnapshot:
                self._snapshot(item, out)
            elif type(item) is ReportFeedGap and item.kind == "depth":
                self._gap(item, out)
            else:
                if type(item) is ChangeFeedSource:
                    out += self.release()
                    self._begin_anew()
                out.append(item)
        if self._held or self._astray:
            self._pass_time(out)
        return out

    def release(self) -> list[ReportFeedGap]:
        """The gaps that are still held; nothing is held afterwards."""
        gaps = [held.gap for held in self._held]
        self._held.clear()
        return gaps

    # --- what comes -----------------------------------------------------------------------------------

    def _quote(self, quote: Quote, out: list[Item]) -> None:
        key = quote.venue, quote.instrument
        desk = self._desks.get(key)
        if desk is not None and desk.derived is not None and quote.update_id <= desk.derived.id:
            book = desk.book
            if book.synced and quote.market_at - book.at <= QUOTES_SILENT_NS:
                self.counters["quotes_behind"] += 1
                return
        self._quoted_at[key] = quote.market_at
        out.append(quote)

    def _depth(self, diff: Depth, out: list[Item]) -> None:
        out.append(diff)
        key = diff.venue, diff.instrument
        desk = self._desk(key)
        if desk is None:
            return
        outcome = desk.book.apply(diff)
        if outcome == "applied":
            self._derive(key, desk, diff, out)
            self._show_again(desk, diff, out)
            if desk.book.thin(SHOWN_LEVELS):
                self._ask(desk, self._clock())
        elif outcome != "old":
            self._astray.add(key)

    def _snapshot(self, snapshot: BookSnapshot, out: list[Item]) -> None:
        key = snapshot.venue, snapshot.instrument
        desk = self._desk(key)
        if desk is None:
            return
        book = desk.book
        known_to, was_synced = book.last_id, book.synced
        book.load(snapshot)
        if not book.synced:
            self._astray.add(key)
            return
        if not was_synced or not book.thin(SHOWN_LEVELS):
            desk.pause = SHORTEST_PAUSE_NS
            desk.ask_at = min(desk.ask_at, self._clock() + desk.pause)
        if book.last_id > known_to:
            self._came_in_sync(key, desk, snapshot, out)

    def _gap(self, gap: ReportFeedGap, out: list[Item]) -> None:
        """Held where a snapshot was promised, else passed on at once; of an instrument one is enough for a second, and
        those that follow become part of the next."""
        now = self._clock()
        for index, held in enumerate(self._held):
            if held.gap.instrument == gap.instrument:
                first, last = min(held.gap.first, gap.first), max(held.gap.last, gap.last)
                self._held[index] = structs.replace(held, gap=structs.replace(gap, first=first, last=last))
                return
        asked = [self._ask(desk, now) for _, desk in self._of(gap.instrument)]
        if any(asked):
            self._hold(gap, now + HEALED_WITHIN_NS)
        elif now < (again_at := self._reported_at.get(gap.instrument, 0) + SECOND):
            self._hold(gap, again_at)
        else:
            self._reported_at[gap.instrument] = now
            out.append(gap)

    def _hold(self, gap: ReportFeedGap, until: int) -> None:
        self._held.append(_Held(gap, until))
        self._held.sort(key=lambda held: held.until)

    def _begin_anew(self) -> None:
        self._desks.clear()
        self._astray.clear()
        self._quoted_at.clear()

    def _desk(self, key: Key) -> _Desk | None:
        """None where there are too many already; what is left out is counted."""
        desk = self._desks.get(key)
        if desk is None:
            if len(self._desks) >= MOST_BOOKS:
                self.counters["without_book"] += 1
                return None
            desk = self._desks[key] = _Desk(key[1])
        return desk

    def _of(self, instrument: str) -> list[tuple[Key, _Desk]]:
        return [(key, desk) for key, desk in self._desks.items() if key[1] == instrument]

    # --- what follows ---------------------------------------------------------------------------------

    def _came_in_sync(self, key: Key, desk: _Desk, snapshot: BookSnapshot, out: list[Item]) -> None:
        self.counters["resyncs"] += desk.shown is not None
        self._astray.discard(key)
        if desk.derived is not None and desk.derived.id > desk.book.last_id:
            desk.derived = None  # the venue's ids have begun anew
        self._show(desk, snapshot, out)
        self._derive(key, desk, snapshot, out)
        self._heal(key[1])

    def _heal(self, instrument: str) -> None:
        """Drops the gaps of an instrument that its books have got over. (Which venue had the gap is not said.)"""
        books = [desk.book for _, desk in self._of(instrument)]
        if not all(book.synced for book in books):
            return
        last = max(book.last_id for book in books)
        left = [held for held in self._held if held.gap.instrument != instrument or held.gap.last > last]
        self.counters["healed_gaps"] += len(self._held) - len(left)
        self._held = left

    def _show_again(self, desk: _Desk, diff: Depth, out: list[Item]) -> None:
        shown, best = desk.shown, desk.book.best()
        if best is None:
            return
        due = shown is None or diff.market_at - shown.market_at >= SHOWN_EVERY_NS
        if due or desk.moved_beyond_shown(best):
            self._show(desk, diff, out)

    def _show(self, desk: _Desk, tick: Depth | BookSnapshot, out: list[Item]) -> None:
        shown = desk.book.snapshot(SHOWN_LEVELS, market_at=tick.market_at, received_at=tick.received_at)
        if shown is not None:
            desk.shown = shown
            out.append(shown)

    def _derive(self, key: Key, desk: _Desk, tick: Depth | BookSnapshot, out: list[Item]) -> None:
        quoted_at, at = self._quoted_at.get(key), tick.market_at
        if quoted_at is not None and at - quoted_at <= QUOTES_SILENT_NS:
            return
        best, last = desk.book.best(), desk.derived
        if best is None or not (best.bid or best.ask):
            return
        if last is not None and best == last.best and at - last.at < SAID_AGAIN_NS:
            return
        desk.derived = _Derived(best, desk.book.last_id, at)
        self.counters["derived_quotes"] += 1
        out.append(
            Quote(
                instrument=tick.instrument,
                market_at=at,
                received_at=tick.received_at,
                event_at=tick.event_at,
                venue=tick.venue,
                source=tick.source,
                update_id=desk.derived.id,
                bid=best.bid,
                bid_size=best.bid_size,
                ask=best.ask,
                ask_size=best.ask_size,
            )
        )

    # --- asking and waiting ---------------------------------------------------------------------------

    def _ask(self, desk: _Desk, now: int) -> bool:
        """Whether a snapshot was promised, now or when it was last asked for. Who asks in vain waits longer and
        longer."""
        if now >= desk.ask_at:
            desk.ask_at = now + desk.pause
            desk.pause = min(2 * desk.pause, LONGEST_PAUSE_NS)
            desk.promised = self._want_snapshot(desk.book.instrument)
        return desk.promised

    def _pass_time(self, out: list[Item]) -> None:
        now = self._clock()
        for key in self._astray:
            self._ask(self._desks[key], now)
        if self._held and self._held[0].until <= now:
            due = [held.gap for held in self._held if held.until <= now]
            self._reported_at |= {gap.instrument: now for gap in due}
            out += due
            self._held = [held for held in self._held if held.until > now]
