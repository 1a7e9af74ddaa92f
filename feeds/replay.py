"""Plays items at their own pace: recordings again, and the synthetic market."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec import structs

from feeds.intake import Counts, Item
from feeds.source import Clock
from streams.messages import Depth, Quote, ReportFeedGap, Source, Tick, Trade
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
    `next_round` numbers the rounds; if it raises, the next `poll` tries again."""

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
        clock: Clock = time.time_ns,
    ) -> None:
        self.counts = counts
        self.source: Source = source
        self.speed = speed
        self.rate = rate
        self.throttled = speed is None
        self.ended = False
        self.round = next_round()
        self._next_round = next_round
        self._open_round = open_round
        self._loop = loop
        self._clock = clock
        self._market_now = market_after
        self._items = open_round()
        self._held: Item | None = None
        self._due = 0
        self._shift_ns = 0
        self._last_at: int | None = None
        self._in_round = 0
        self._rounds = 1

    @property
    def mode(self) -> str:
        pace = "max" if self.speed is None else f"{self.rate:g}/s" if self.rate else f"{self.speed:g}x"
        return f"{self.source} {pace}" + (f" round {self._rounds}" if self._loop else "")

    def poll(self, timeout_s: float, stop: Stop) -> Sequence[Item]:
        until = self._clock() + int(timeout_s * 1e9)
        while not stop:
            batch = self._due_items()
            now = self._clock()
            if batch or now >= until:
                return batch
            wake = until if self._held is None else min(until, self._due)
            stop.wait(max(wake - now, 0) / 1e9)
        return []

    def paused(self, nanoseconds: int) -> None:
        if self._due:
            self._due += nanoseconds

    def close(self) -> None:
        self._held = None
        self.ended = True

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
            if not (self._loop and self._in_round):
                self.ended = True
                return False
            self._begin_round()
            item = next(self._items, None)
        self._in_round += 1
        self._held = item
        if isinstance(item, Tick | ReportFeedGap):
            self._schedule(item.market_at)
        return True

    def _begin_round(self) -> None:
        self.round = self._next_round()
        self._rounds += 1
        self._in_round = 0
        self._last_at = None
        self._items = self._open_round()

    def _schedule(self, at: int) -> None:
        if self._last_at is None:
            self._shift_ns = max(0, self._market_now + BETWEEN_ROUNDS_NS - at) if self._market_now else 0
            self._due = self._due or self._clock()
        elif self.speed is not None:
            pause = at - self._last_at
            if pause > LONGEST_PAUSE_NS:
                log.info("the recording pauses for %.0f s here: not waited for", pause / 1e9)
                pause = 0
            self._due += int(1e9 / self.rate) if self.rate else int(pause / self.speed)
        self._last_at = at
        self._market_now = at + self._shift_ns

    def _as_due(self, item: Item) -> Item:
        at, due, more = self._market_now, self._due, self.round * ID_STRIDE
        match item:
            case Quote():
                return structs.replace(item, market_at=at, received_at=due, update_id=item.update_id + more)
            case Trade():
                return structs.replace(item, market_at=at, received_at=due, trade_id=item.trade_id + more)
            case Depth():
                ids = {"first_id": item.first_id + more, "last_id": item.last_id + more}
                previous = item.previous_id and item.previous_id + more
                return structs.replace(item, market_at=at, received_at=due, previous_id=previous, **ids)
            case ReportFeedGap():
                return structs.replace(item, market_at=at, first=item.first + more, last=item.last + more)
            case _:
                return item
