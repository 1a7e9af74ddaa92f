"""The bounded hand-over between the thread that listens to venues and the thread that publishes."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct, structs

from feeds.intake import Item, RefusedFrame
from feeds.source import Clock
from streams.commands import GapKind
from streams.messages import BookSnapshot, Depth, Quote, ReportFeedGap, ReportTradingStatus, Tick, Trade

log = logging.getLogger(__name__)

SECOND = 1_000_000_000


class Bounds(Struct, frozen=True, kw_only=True):
    """What may wait. `trades`: 200,000 are about 115 MB. `others`: quotes, changes of books and snapshots, all of which
    pass as they are up to here, so that a burst is not thinned out. `levels`: of all waiting books together, some 280
    bytes each. `refused`: frames that could not be taken. `statuses` and `runs` (gaps): of each instrument.
    `review`: how many items come before it is looked again whether all this is kept."""

    trades: int = 200_000
    others: int = 25_000
    levels: int = 250_000
    refused: int = 1_000
    statuses: int = 100
    runs: int = 16
    review: int = 1_000


class Backlog:
    """`append` is for one thread, `take` for another one, which is woken at once.

    Within `bounds` everything comes out as it went in. Beyond them, because nobody takes: of each instrument's quotes
    only the newest stays; changes of books go and leave one depth gap of the instrument behind, so that its book is
    fetched anew; refused frames stay as far as there is room. Trades stay up to their own bound; beyond it the oldest
    become trade gaps, one for each run of ids that follow each other. Gaps come before everything that still waits.
    `counts` says how much of each that was, the log once when it begins and once when all was taken."""

    def __init__(self, bounds: Bounds | None = None, *, clock: Clock = time.time_ns) -> None:
        self.counts: Counter[str] = Counter()
        self._bounds = bounds or Bounds()
        self._clock = clock
        self._turn = threading.Lock()
        self._ready = threading.Condition(self._turn)
        self._awaited = False
        self._waiting: deque[Item] = deque()
        self._review_at = self._bounds.review
        self._taken_at = clock()
        self._before: Counter[str] | None = None  # the counts before the episode that is under way
        self._episode_from = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def append(self, items: Iterable[Item]) -> None:
        with self._turn:
            self._waiting.extend(items)
            if len(self._waiting) > self._review_at:
                self._review()
            if self._awaited:
                self._ready.notify()

    def take(self, most: int, timeout_s: float = 0.0) -> list[Item]:
        """The oldest, at most `most` of them; nothing when none came in time."""
        with self._turn:
            if not self._waiting and timeout_s > 0:
                self._awaited = True
                self._ready.wait(timeout_s)
                self._awaited = False
            waiting = self._waiting
            self._taken_at = self._clock()
            if len(waiting) <= most:
                items = list(waiting)
                waiting.clear()
                self._review_at = self._bounds.review
                if self._before is not None:
                    self._end_episode(self._before)
                return items
            items = [waiting.popleft() for _ in range(most)]
            self._review_at = min(self._review_at, self._next_review())
            return items

    def _review(self) -> None:
        """Looks again when a thousand more wait or a tenth more, so that a long backlog is not counted all the time."""
        load = _Load.of(self._waiting)
        if self._exceeds(load):
            if self._before is None:
                self._begin_episode()
            self._waiting = _Thinning(self._bounds, load, self.counts).of(self._waiting)
        self._review_at = self._next_review()

    def _next_review(self) -> int:
        length = len(self._waiting)
        return length + max(self._bounds.review, length // 10)

    def _exceeds(self, load: _Load) -> bool:
        bounds = self._bounds
        return (
            load.kept > bounds.trades
            or load.others > bounds.others
            or load.levels > bounds.levels
            or load.refused > bounds.refused
        )

    def _begin_episode(self) -> None:
        self._before = self.counts.copy()
        self._episode_from = self._taken_at
        log.warning(
            "%d items wait, nothing was taken for %.0f s: from now on quotes are conflated and books are dropped",
            len(self._waiting),
            (self._clock() - self._taken_at) / SECOND,
        )

    def _end_episode(self, before: Counter[str]) -> None:
        self._before = None
        lost = self.counts - before
        trades = f"{lost['dropped_trades']:,} trades were dropped" if lost["dropped_trades"] else "no trade was lost"
        log.warning(
            "all that waited was taken, %.0f s after it began to pile up: %s quotes were conflated, %s changes of "
            "books and %s refused frames dropped, %s",
            (self._taken_at - self._episode_from) / SECOND,
            f"{lost['conflated_quotes']:,}",
            f"{lost['dropped_depth']:,}",
            f"{lost['dropped_refused']:,}",
            trades,
        )


class _Load(Struct):
    """What waits: `kept` are trades, gaps and statuses."""

    kept: int = 0
    others: int = 0
    levels: int = 0
    refused: int = 0

    @classmethod
    def of(cls, items: Iterable[Item]) -> _Load:
        kept = others = levels = refused = 0
        for item in items:
            kind = type(item)
            if kind is Trade:
                kept += 1
            elif kind is Quote:
                others += 1
            elif isinstance(item, Depth | BookSnapshot):
                others += 1
                levels += len(item.bids) + len(item.asks)
            elif kind is RefusedFrame:
                refused += 1
            else:
                kept += 1
        return cls(kept, others, levels, refused)


class _Thinning:
    """One pass from the newest item to the oldest, so that the newest of everything is what stays."""

    def __init__(self, bounds: Bounds, load: _Load, counts: Counter[str]) -> None:
        self._counts = counts
        self._bounds = bounds
        self._room_kept = _room(load.kept, bounds.trades)
        self._room_refused = _room(load.refused, bounds.refused)
        self._quoted: set[str] = set()
        self._statuses: Counter[str] = Counter()
        self._lost: dict[tuple[GapKind, str], list[ReportFeedGap]] = {}

    def of(self, items: deque[Item]) -> deque[Item]:
        """What stays of them, the gaps that it leaves in front."""
        kept: deque[Item] = deque()
        for item in reversed(items):
            if type(item) is Trade and self._room_kept > 0:
                self._room_kept -= 1
                kept.append(item)
            elif self._stays(item):
                kept.append(item)
        kept.extend(gap for gaps in self._lost.values() for gap in gaps)
        kept.reverse()
        return kept

    def _stays(self, item: Item) -> bool:
        match item:
            case Trade():
                return self._lose("trade", item, item.trade_id, item.trade_id)
            case Quote():
                return self._is_newest(item)
            case Depth():
                first = item.previous_id + 1 if item.previous_id else item.first_id
                return self._lose("depth", item, min(first, item.last_id), item.last_id)
            case BookSnapshot():
                return self._lose("depth", item, item.last_id, item.last_id)
            case ReportFeedGap():
                if item.kind == "depth" or self._room_kept <= 0:
                    return self._merge(item)
                self._room_kept -= 1
                return True
            case ReportTradingStatus():
                self._statuses[item.instrument] += 1
                return self._statuses[item.instrument] <= self._bounds.statuses
            case RefusedFrame():
                self._room_refused -= 1
                return self._room_refused >= 0 or self._count("dropped_refused")
            case _:
                return True

    def _is_newest(self, quote: Quote) -> bool:
        if quote.instrument in self._quoted:
            return self._count("conflated_quotes")
        self._quoted.add(quote.instrument)
        return True

    def _count(self, what: str) -> bool:
        self._counts[what] += 1
        return False

    def _lose(self, kind: Literal["trade", "depth"], tick: Tick, first: int, last: int) -> bool:
        self._count("dropped_trades" if kind == "trade" else "dropped_depth")
        gap = ReportFeedGap(instrument=tick.instrument, kind=kind, first=first, last=last, market_at=tick.market_at)
        return self._merge(gap)

    def _merge(self, gap: ReportFeedGap) -> bool:
        """A gap joins the run that it continues. A book is fetched anew as a whole and has one gap only, and beyond the
        bound the oldest run of trades grows over the ids between."""
        runs = self._lost.setdefault((gap.kind, gap.instrument), [])
        full = len(runs) >= (1 if gap.kind == "depth" else self._bounds.runs)
        for index, run in enumerate(runs):
            if run.first == gap.last + 1 or (full and index == len(runs) - 1):
                first, last = min(run.first, gap.first), max(run.last, gap.last)
                runs[index] = structs.replace(run, first=first, last=last)
                return False
        runs.append(gap)
        return False


def _room(waiting: int, bound: int) -> int:
    """For how many there is room: a tenth less than the bound once it was passed, so that it is not passed at once."""
    return bound if waiting <= bound else bound * 9 // 10
