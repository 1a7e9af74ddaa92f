"""Gaps in the ids of trades, mended before anybody sees them: a state machine without clock or network.

What stands behind a gap is held for a moment while somebody asks the venue for what is missing. Then everything goes on
in the order of ids, and what could not be had is said in a `ReportFeedGap`, in its place. Nothing but the trades of
the instrument concerned is held."""

from __future__ import annotations

from bisect import insort
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from feeds.binance.frames import decode
from feeds.intake import Intake, Item, RefusedFrame
from streams.messages import Code, ReportFeedGap, Trade

MOST_RUNS = 200
Standing = Literal["missing", "known", "new"]


class Request(NamedTuple):
    """Trades `first`..`last` (inclusive) are wanted; `market_at`: when the gap was seen."""

    instrument: str
    first: int
    last: int
    market_at: int


class Hole(NamedTuple):
    """Ids that have not come. `deadline`: until then (in seconds, as all times here) they are waited for; an answer
    that brings ids moves it, up to `latest`."""

    first: int
    last: int
    deadline: float
    latest: float
    market_at: int

    def without(self, first: int, last: int) -> list[Hole]:
        left = self._replace(last=min(self.last, first - 1))
        right = self._replace(first=max(self.first, last + 1))
        return [part for part in (left, right) if part.first <= part.last] if self.meets(first, last) else [self]

    def meets(self, first: int, last: int) -> bool:
        return self.first <= last and first <= self.last


class Lane:
    """One instrument. `runs`: ids that went out, each run without holes, the newest run last and `last` its end."""

    def __init__(self) -> None:
        self.last = -1
        self.highest = -1
        self.runs: list[list[int]] = []
        self.reported: deque[Hole] = deque(maxlen=MOST_RUNS)
        self.open: list[Hole] = []
        self.lost: list[Hole] = []
        self.held: dict[int, Trade] = {}
        self.asked: Request | None = None
        self.ask_at = 0.0

    def note(self, first: int, last: int) -> None:
        if self.runs and first == self.last + 1:
            self.runs[-1][1] = last
        else:
            self.runs = [*self.runs[1 - MOST_RUNS :], [first, last]]
        self.last = last
        self.highest = max(self.highest, last)

    def settled(self) -> list[tuple[int, int]]:
        """The ids that a gap can not be about any more."""
        holes = [(hole.first, hole.last) for hole in (*self.open, *self.lost, *self.reported)]
        return [*holes, *((first, last) for first, last in self.runs), *((id, id) for id in self.held)]

    def went_out(self, id: int) -> bool:
        return any(first <= id <= last for first, last in reversed(self.runs))

    def is_missing(self, id: int) -> bool:
        return any(hole.first <= id <= hole.last for hole in self.open)

    def fill(self, first: int, last: int) -> None:
        self.open = [part for hole in self.open for part in hole.without(first, last)]

    def wait_until(self, deadline: float) -> None:
        self.open = [hole._replace(deadline=max(hole.deadline, min(deadline, hole.latest))) for hole in self.open]

    def lose(self, first: int, last: int) -> None:
        """Of these ids, those that are still waited for will not come."""
        for hole in self.open:
            if hole.meets(first, last):
                insort(self.lost, hole._replace(first=max(hole.first, first), last=min(hole.last, last)))
        self.fill(first, last)

    def release(self) -> list[Trade | Hole]:
        """What may go out now, in the order of ids: everything in front of the first id still waited for."""
        end = self.open[0].first if self.open else None
        ready: list[tuple[int, Trade | Hole]] = [(id, t) for id, t in self.held.items() if end is None or id < end]
        ready += [(hole.first, hole) for hole in self.lost if end is None or hole.first < end]
        self.held = {id: trade for id, trade in self.held.items() if end is not None and id >= end}
        self.lost = [hole for hole in self.lost if end is not None and hole.first >= end]
        ready.sort(key=lambda entry: entry[0])
        return [entry for _, entry in ready]


class Mending:
    """`take` everything that comes, `ask` what to fetch and say what came of it with `answer` or `fail`, and call
    `expire` when `due` has come: each gives what may go on. Counts ids as `refilled`, `unfilled` and `late`."""

    def __init__(
        self,
        events: Counter[str],
        *,
        patience_s: float = 1.5,
        longest_s: float = 6.0,
        retry_s: float = 0.2,
        page: int = 1_000,
        largest: int = 20_000,
    ) -> None:
        self._events = events
        self._patience_s = patience_s
        self._longest_s = max(longest_s, patience_s)
        self._retry_s = retry_s
        self._page = page
        self._largest = largest
        self._lanes: dict[str, Lane] = {}
        self._mending: dict[str, Lane] = {}

    @property
    def refilling(self) -> int:
        """Instruments with trades held back."""
        return len(self._mending)

    @property
    def due(self) -> float | None:
        """When there is next something to do, if nothing comes before."""
        times = [hole.deadline for lane in self._mending.values() for hole in lane.open]
        times += [lane.ask_at for lane in self._mending.values() if lane.open and lane.asked is None]
        return min(times, default=None)

    def take(self, items: Sequence[Item], now: float) -> Sequence[Item]:
        done = self._follow(items)
        if done == len(items):
            return items
        return [*items[:done], *(passed for item in items[done:] for passed in self._take_one(item, now))]

    def _follow(self, items: Sequence[Item]) -> int:
        """The short way, of which nearly all trades go: how many items may go on because nothing is held of their
        instruments and the trades among them are the next ones."""
        lanes = self._lanes
        for index, item in enumerate(items):
            if type(item) is Trade:
                lane, id = lanes.get(item.instrument), item.trade_id
                if lane is None or lane.open or id != lane.last + 1:
                    return index
                lane.last = lane.runs[-1][1] = id
                if id > lane.highest:
                    lane.highest = id
            elif type(item) is ReportFeedGap:
                return index
        return len(items)

    def stands(self, instrument: str, id: int) -> Standing:
        """What is known of an id that came late: still waited for, already had, or neither."""
        lane = self._lanes.get(instrument)
        if lane is None:
            return "new"
        if lane.is_missing(id):
            return "missing"
        return "known" if id in lane.held or lane.went_out(id) else "new"

    def saw(self, instrument: str, id: int) -> Sequence[Item]:
        """An id that belongs to the sequence and to no trade of the market is not missing."""
        lane = self._lane(instrument)
        if lane.open:
            lane.fill(id, id)
            return self._released(instrument, lane)
        if id == lane.last + 1:
            lane.note(id, id)
        return ()

    def ask(self, now: float) -> list[Request]:
        """What to fetch now: at most one request for an instrument is under way."""
        requests = []
        for instrument, lane in self._mending.items():
            if lane.open and lane.asked is None and lane.ask_at <= now:
                hole = lane.open[0]
                last = min(hole.last, hole.first + self._page - 1)
                lane.asked = Request(instrument, hole.first, last, hole.market_at)
                requests.append(lane.asked)
        return requests

    def answer(self, request: Request, trades: Iterable[Trade], now: float) -> Sequence[Item]:
        """The venue's answer. It gives ids upwards from the first: what it left out below its highest id it does not
        have. Where it ends early it may have the rest in a moment."""
        instrument = request.instrument
        lane = self._lane(instrument)
        had = {trade.trade_id: trade for trade in trades if trade.instrument == instrument}
        highest = max((id for id in had if id >= request.first), default=request.first - 1)
        refilled = 0
        for id, trade in had.items():
            if lane.is_missing(id):
                lane.fill(id, id)
                lane.held[id] = trade
                refilled += 1
            elif request.first <= id <= request.last and self.stands(instrument, id) == "new":
                self._events["late"] += 1
        if refilled:
            self._events["refilled"] += refilled
            lane.wait_until(now + self._patience_s)
        if lane.asked is request:
            lane.asked = None
            lane.lose(request.first, min(highest, request.last))
            lane.ask_at = now if highest >= request.last else now + self._retry_s
        return self._released(instrument, lane)

    def fail(self, request: Request, now: float, *, for_good: bool) -> Sequence[Item]:
        """There was no answer; `for_good`: there will be none."""
        lane = self._lane(request.instrument)
        if lane.asked is not request:
            return ()
        lane.asked = None
        lane.ask_at = now + self._retry_s
        if for_good and lane.open:  # what is only late may still come by itself
            lane.ask_at = max(hole.latest for hole in lane.open)
            lane.open = [hole._replace(deadline=min(hole.deadline, now + self._retry_s)) for hole in lane.open]
        return self._released(request.instrument, lane)

    def expire(self, now: float) -> Sequence[Item]:
        """Gives up what was waited for long enough."""
        items: list[Item] = []
        for instrument, lane in list(self._mending.items()):
            over = [hole for hole in lane.open if hole.deadline <= now]
            for hole in over:
                lane.lose(hole.first, hole.last)
            if over:
                items += self._released(instrument, lane)
        return items

    def begin_anew(self, instrument: str) -> Sequence[Item]:
        """The venue numbers its trades anew: nothing is known of the ids to come."""
        lane = self._lanes.get(instrument)
        if lane is None:
            return ()
        if lane.open:
            lane.lose(lane.open[0].first, lane.open[-1].last)
        items = self._released(instrument, lane)
        del self._lanes[instrument]
        return items

    def _lane(self, instrument: str) -> Lane:
        return self._lanes.get(instrument) or self._lanes.setdefault(instrument, Lane())

    def _take_one(self, item: Item, now: float) -> Sequence[Item]:
        if isinstance(item, Trade):
            return (item,) if self._follow((item,)) else self._take_trade(item)
        if isinstance(item, ReportFeedGap) and item.kind == "trade":
            return self._take_gap(item, now)
        return (item,)

    def _take_trade(self, trade: Trade) -> Sequence[Item]:
        lane, id = self._lane(trade.instrument), trade.trade_id
        if id in lane.held or lane.went_out(id):
            return ()
        if not lane.open or id < lane.open[0].first:
            lane.note(id, id)
            return (trade,)
        lane.held[id] = trade
        lane.highest = max(lane.highest, id)
        if not lane.is_missing(id):
            return ()
        self._events["refilled"] += 1
        lane.fill(id, id)
        return self._released(trade.instrument, lane)

    def _take_gap(self, gap: ReportFeedGap, now: float) -> Sequence[Item]:
        lane = self._lane(gap.instrument)
        holes = [Hole(gap.first, gap.last, now + self._patience_s, now + self._longest_s, gap.market_at)]
        for first, last in lane.settled() if gap.first <= lane.highest else ():
            holes = [part for hole in holes for part in hole.without(first, last)]
        lane.open = sorted([*lane.open, *holes])
        for hole in holes:
            if hole.last - hole.first >= self._largest:
                lane.lose(hole.first, hole.last)
        if lane.open:
            self._mending[gap.instrument] = lane
        return self._released(gap.instrument, lane)

    def _released(self, instrument: str, lane: Lane) -> Sequence[Item]:
        items: list[Item] = []
        for entry in lane.release():
            if isinstance(entry, Trade):
                lane.note(entry.trade_id, entry.trade_id)
                items.append(entry)
            else:
                self._report(instrument, entry, items)
        if not lane.open:
            lane.asked = None
            self._mending.pop(instrument, None)
        return items

    def _report(self, instrument: str, lost: Hole, items: list[Item]) -> None:
        self._events["unfilled"] += lost.last - lost.first + 1
        self._lane(instrument).reported.append(lost)
        before = items[-1] if items else None
        if isinstance(before, ReportFeedGap) and before.last + 1 == lost.first:
            items[-1] = ReportFeedGap(
                instrument=instrument, kind="trade", first=before.first, last=lost.last, market_at=before.market_at
            )
        else:
            items.append(
                ReportFeedGap(
                    instrument=instrument, kind="trade", first=lost.first, last=lost.last, market_at=lost.market_at
                )
            )


def mended(intake: Intake, mending: Mending, items: Sequence[Item], now: float) -> Sequence[Item]:
    """What an intake made of a frame, after mending: where ids have begun anew the mending does too, and a trade that
    comes late is welcome while its gap is being mended, and known if it was refilled."""
    before = [item for instrument in intake.restarted for item in mending.begin_anew(instrument)]
    intake.restarted.clear()
    return [*before, *mending.take(_reconsidered(intake, mending, items), now)]


def _reconsidered(intake: Intake, mending: Mending, items: Sequence[Item]) -> Sequence[Item]:
    refused = items[-1] if items else None
    if not isinstance(refused, RefusedFrame) or refused.code is not Code.OUT_OF_ORDER:
        return items
    _, tick = decode(refused.raw, refused.at, refused.at, intake.source, venue=intake.venue)
    standing = mending.stands(tick.instrument, tick.trade_id) if isinstance(tick, Trade) else "new"
    if not isinstance(tick, Trade) or standing == "new":
        return items
    counts = intake.counts
    counts.refused[refused.code] -= 1
    if standing == "known":
        counts.duplicates += 1
        return ()
    counts.ticks += 1
    counts.trades += 1
    return (tick,)
