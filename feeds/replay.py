"""Plays items at their own pace: recordings again, and the synthetic market."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence

from msgspec import structs

from feeds.intake import Counts, Item
from feeds.recordings import Progress, Unreadable
from feeds.source import Clock, Figures
from market.domain.listing import Listing
from streams.messages import (
    BookSnapshot,
    Depth,
    Quote,
    ReportFeedGap,
    ReportTradingStatus,
    Source,
    Tick,
    Trade,
)
from streams.stopping import Stop

log = logging.getLogger(__name__)

LARGEST_BATCH = 500
LARGEST_UNPACED_BATCH = 100
ID_STRIDE = 10_000_000_000_000  # above every id of a venue: rounds of a replay never share an id
LONGEST_PAUSE_NS = 60_000_000_000
BETWEEN_ROUNDS_NS = 100_000_000
Open = Callable[[], Iterator[Item]]


class Player:
    """A `TickSource` that gives items when their time has come.

    An item's time is its market time; between two of them passes what passed then, divided by `speed` (None: no time
    at all, then the readers set the pace); with `rate` one tick comes every 1/rate s instead, whatever passed between
    them then, which is the even load that a benchmark wants. `received_at` is the moment at which an item was due,
    not at which it was given, so that a delay here is seen as delay. The market clock never goes back: a round that
    would begin before `market_after` is moved behind it as a whole, and ids of round n are raised by n strides, so
    that none comes twice.
    `next_round` numbers the rounds; if it raises, the next `poll` tries again. `progress` is what `open_round` reads
    with. Everything here is called in one thread."""

    def __init__(
        self,
        open_round: Open,
        source: Source,
        counts: Counts,
        *,
        speed: float | None = 1.0,
        rate: float | None = None,
        loop: bool = False,
        next_round: Callable[[], int] = lambda: 0,
        market_after: int = 0,
        progress: Progress | None = None,
        clock: Clock = time.time_ns,
    ) -> None:
        self.counts = counts
        self.source: Source = source
        self.speed = speed
        self.rate = rate
        self.ended = False
        self.at = 0
        self.round = next_round()
        self._next_round = next_round
        self._open_round = open_round
        self._loop = loop
        self._clock = clock
        self._market_now = market_after
        self._progress = progress
        self._items = open_round()
        self._held: Item | None = None
        self._due = 0
        self._halted_at: int | None = None
        self._shift_ns = 0
        self._last_at: int | None = None
        self._in_round = 0
        self._rounds = 1

    @property
    def mode(self) -> str:
        pace = "max" if self.speed is None else f"{self.rate:g}/s" if self.rate else f"{self.speed:g}x"
        halted = " paused" if self._halted_at is not None else ""
        return f"{self.source} {pace}{halted}" + (f" round {self._rounds}" if self._loop else "")

    @property
    def throttled(self) -> bool:
        return self.speed is None

    @property
    def progress(self) -> float | None:
        """How much of the recording was read, 0 to 1."""
        return None if self._progress is None else self._progress.fraction

    @property
    def figures(self) -> Figures:
        figures: dict[str, float | str] = {"at": f"{self.at}", "paused": float(self._halted_at is not None)}
        if self._progress is not None:
            figures["progress"] = round(self._progress.fraction, 4)
        return figures

    def listings(self) -> Sequence[Listing]:
        return ()

    def want_snapshot(self, instrument: str) -> bool:
        return False

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        until = self._clock() + int(timeout_s * 1e9)
        while not stop:
            batch = [] if self._halted_at is not None else self._due_items()
            now = self._clock()
            if batch or now >= until:
                return batch
            wake = until if self._held is None or self._halted_at is not None else min(until, self._due)
            stop.wait(max(wake - now, 0) / 1e9)
        return []

    def pause(self) -> None:
        """Nothing is due until `resume`."""
        if self._halted_at is None:
            self._halted_at = self._clock()

    def resume(self) -> None:
        """Goes on as if no time had passed."""
        if self._halted_at is not None:
            halted_ns = self._clock() - self._halted_at
            self._halted_at = None
            self.paused(halted_ns)

    def set_speed(self, speed: float | None) -> None:
        """From now on: what the next item still has to wait for is stretched or shortened, and what it is late by is
        forgotten, so that nothing comes in a burst. An even `rate` ends with it. Raises ValueError."""
        if speed is not None and not 0 < speed < math.inf:
            raise ValueError(f"{speed} is no speed: it has to be above 0, or None for no pace at all")
        now = self._clock() if self._halted_at is None else self._halted_at
        if self._due:
            wait = max(self._due - now, 0) if self.speed is not None and self.rate is None else 0
            self._due = now + (0 if speed is None else int(wait * (self.speed or 0) / speed))
        self.speed = speed
        self.rate = None

    def paused(self, nanoseconds: int) -> None:
        if self._due and self._halted_at is None:
            self._due += nanoseconds

    def close(self) -> None:
        self._held = None
        self.ended = True
        if isinstance(self._items, Generator):
            self._items.close()

    def _due_items(self) -> list[Item]:
        batch: list[Item] = []
        now = self._clock()
        largest = LARGEST_BATCH if self.speed is not None else LARGEST_UNPACED_BATCH
        while len(batch) < largest and (self._held is not None or self._hold_next()):
            if self.speed is None:
                self._due = self._clock()
            elif self._due > now:
                break
            assert self._held is not None
            batch.append(self._as_due(self._held))
            self._held = None
        return batch

    def _hold_next(self) -> bool:
        """Takes the next item into hand and sets when it is due; False at the end."""
        if self.ended:
            return False
        item = next(self._items, None)
        while item is None:
            if not (self._loop and self._in_round and self._begin_round()):
                self.ended = True
                return False
            item = next(self._items, None)
        self._in_round += 1
        self._held = item
        if isinstance(item, Tick | ReportFeedGap | ReportTradingStatus):
            self._schedule(item.market_at)
        return True

    def _begin_round(self) -> bool:
        """Whether there still is something to be played."""
        self.round = self._next_round()
        try:
            self._items = self._open_round()
        except Unreadable as error:
            log.error("there is no further round: %s", error)
            return False
        self._rounds += 1
        self._in_round = 0
        self._last_at = None
        return True

    def _schedule(self, at: int) -> None:
        if self._last_at is None:
            self._shift_ns = max(0, self._market_now + BETWEEN_ROUNDS_NS - at) if self._market_now else 0
            self._due = self._due or self._clock()
        else:
            at = max(at, self._last_at)
            if self.speed is not None:
                self._due += int(1e9 / self.rate) if self.rate else self._wait(at - self._last_at)
        self._last_at = at
        self._market_now = at + self._shift_ns

    def _wait(self, recorded_ns: int) -> int:
        if recorded_ns > LONGEST_PAUSE_NS:
            log.info("the recording pauses for %.0f s here: not waited for", recorded_ns / 1e9)
            return 0
        return int(recorded_ns / (self.speed or 1.0))

    def _as_due(self, item: Item) -> Item:
        at, due, more = self._market_now, self._due, self.round * ID_STRIDE
        self.at = self._last_at or 0
        if isinstance(item, Tick):  # as late as it was
            times = {"market_at": at, "received_at": due, "event_at": item.event_at and item.event_at + self._shift_ns}
        match item:
            case Quote():
                return structs.replace(item, update_id=item.update_id + more, **times)
            case Trade():
                return structs.replace(item, trade_id=item.trade_id + more, **times)
            case Depth():
                ids = {"first_id": item.first_id + more, "last_id": item.last_id + more}
                return structs.replace(item, previous_id=item.previous_id and item.previous_id + more, **ids, **times)
            case BookSnapshot():
                return structs.replace(item, last_id=item.last_id + more, **times)
            case ReportFeedGap():
                return structs.replace(item, market_at=at, first=item.first + more, last=item.last + more)
            case ReportTradingStatus():
                return structs.replace(item, market_at=at)
            case _:
                return item
