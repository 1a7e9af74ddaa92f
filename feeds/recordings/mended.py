"""What our recorder wrote down, as it came out of the feed then."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from msgspec import structs

from feeds.binance.frames import decode
from feeds.binance.ticks import Refill
from feeds.intake import Intake, Item, RefusedFrame
from feeds.mending import Mending, Request, mended
from feeds.recordings.stamped import as_it_came
from streams.envelope import Refused
from streams.messages import ChangeFeedSource

ANSWER = b'{"rest":'


class Mended:
    """An intake with the mending that the client of the venue has: where trades were missing and were had over REST,
    what came meanwhile waits here as it waited there, with the receive times as the clock."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._mending = Mending(intake.counts.events)
        self._asked: dict[str, Request] = {}

    def take(self, raw: bytes, market_at: int, received_at: int) -> Sequence[Item]:
        raw = as_it_came(raw)
        now = market_at / 1e9
        items = self._mending.expire(now) if self._mending.refilling else ()
        if raw.startswith(ANSWER):
            items = (*items, *self._take_answer(raw, market_at, now))
        else:
            items = (*items, *self._take_frame(raw, market_at, now))
        if self._mending.refilling:
            self._asked |= {request.instrument: request for request in self._mending.ask(now)}
        return items

    def give_up(self) -> Sequence[Item]:
        """What still waits when nothing more comes."""
        return self._mending.expire(math.inf)

    def _take_frame(self, raw: bytes, market_at: int, now: float) -> Sequence[Item]:
        before = self._intake.last_notice
        items = mended(self._intake, self._mending, self._intake.take(raw, market_at, market_at), now)
        notice = self._intake.last_notice
        if notice is not before and notice.why == "not_market":
            return (*items, *self._mending.saw(notice.instrument, notice.id))
        return items

    def _take_answer(self, raw: bytes, market_at: int, now: float) -> Sequence[Item]:
        items = self._intake.take(raw, market_at, market_at)
        try:
            _, content = decode(raw, market_at, market_at, self._intake.source, venue=self._intake.venue)
        except Refused:
            return items
        request = self._asked.pop(content.instrument, None) if isinstance(content, Refill) else None
        if request is None or not isinstance(content, Refill):
            return self._mending.take(items, now)
        trades = [structs.replace(trade, market_at=request.market_at) for trade in content.trades]
        return self._mending.answer(request, trades, now)


def in_time(items: Iterator[Item]) -> Iterator[Item]:
    """The market time never goes back: a trade that was had late has the time at which it could be told."""
    told = 0
    for item in items:
        if not isinstance(item, RefusedFrame | ChangeFeedSource):
            if item.market_at < told:
                yield structs.replace(item, market_at=told)
                continue
            told = item.market_at
        yield item
