"""The feed process: reads a source, keeps the books, publishes, keeps the pace, and gets over the loss of Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import redis

from feeds.books import Books
from feeds.control import Desk
from feeds.intake import Item
from feeds.publisher import Publisher, Throttle
from feeds.source import Clock, TickSource
from market.writer import MarketWriter
from streams.client import Streams
from streams.messages import Tick
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

WINDOW = 1_000
POLL_S = 0.1
LEAST_APART_NS = 1_000_000
WORD_EVERY_NS = 250_000_000
RATE_EVERY_NS = 1_000_000_000
Show = Callable[[Telemetry], None]


class Feed:
    """`run` returns when it was stopped, or with `once` at the end of the source. `marks` has begun to write; `show`
    is given the telemetry as often as that is brought up to date.

    While Redis takes nothing a source with a pace of its own waits, and a live one goes on in its own thread, whose
    backlog is bounded; afterwards everything that waited is published in its order."""

    def __init__(
        self,
        streams: Streams,
        telemetry: Telemetry,
        publisher: Publisher,
        source: TickSource,
        stop: Stop,
        *,
        marks: MarketWriter | None = None,
        once: bool = False,
        show: Show | None = None,
        clock: Clock = time.time_ns,
    ) -> None:
        self._streams = streams
        self._marks = marks
        self._telemetry = telemetry
        self._publisher = publisher
        self._source = source
        self._books = Books(source.want_snapshot, clock=clock)
        self._wishes = Desk(streams.redis, source, clock=clock)
        self._stop = stop
        self._once = once
        self._show = show
        self._clock = clock
        self._throttle = Throttle(streams.redis)
        self._mode = ""
        self._figures: set[str] = set()
        self._rate_from = (clock(), 0)
        self._next_word = 0
        self._published_at = 0
        self._said_end = False

    def run(self) -> None:
        while not self._stop and not (self._once and self._source.ended):
            try:
                self._turn()
            except redis.RedisError as error:
                self._wait_for_redis(error)
            except Stopping:
                break
        self._source.close()
        self._publish_last(self._books.release())
        if self._marks is not None:
            self._marks.close()
        self._telemetry.state = "stopped"

    def _turn(self) -> None:
        if not self._held_back():
            self._gather()
            self._deliver(self._books.take(self._source.poll(POLL_S, self._stop)))
        if self._marks is not None:
            self._marks.hand_on()
        self._tell()

    def _held_back(self) -> bool:
        """Whether the readers of a source without a pace are too far behind; then a moment has passed."""
        if not self._source.throttled or self._source.ended:
            return False
        self._throttle.published(self._publisher.last_id, self._publisher.published)
        if self._throttle.backlog() < WINDOW:
            return False
        self._stop.wait(0.001)
        return True

    def _gather(self) -> None:
        """What comes within a millisecond of the last batch waits for that: a batch costs as much as nine ticks."""
        rest = self._published_at + LEAST_APART_NS - self._clock()
        if 0 < rest <= LEAST_APART_NS and not self._source.throttled:
            self._stop.wait(rest / 1e9)

    def _deliver(self, items: Sequence[Item]) -> None:
        """Publishes, again and again if need be: nothing that was read is dropped for being late."""
        if not items:
            return
        self._published_at = self._clock()
        try:
            self._publisher.publish(items)
        except redis.RedisError as error:
            log.warning("Redis does not take anything: %s", error)
            lost_at = self._clock()
            persist("Redis", lambda: self._publish_again(items), self._stop, errors=(redis.RedisError,))
            away = self._clock() - lost_at
            log.warning("Redis took nothing for %.1f s", away / RATE_EVERY_NS)
            self._source.paused(away)
        if self._marks is not None:  # only what was published: the tables know the market as everybody else does
            self._marks.observe(item for item in items if isinstance(item, Tick))

    def _publish_again(self, items: Sequence[Item]) -> None:
        if not self._publisher.landed(items):
            self._publisher.publish(items)

    def _publish_last(self, items: Sequence[Item]) -> None:
        try:
            self._publisher.publish(items)
            self._publisher.bury()
        except redis.RedisError as error:
            log.warning("%d last reports were not published: %s", len(items), error)

    def _wait_for_redis(self, error: redis.RedisError) -> None:
        log.warning("Redis does not answer: %s", error)
        lost_at = self._clock()
        self._stop.wait(POLL_S)  # where it answers, but with errors
        persist("Redis", self._streams.redis.ping, self._stop, errors=(redis.RedisError,))
        self._source.paused(self._clock() - lost_at)

    def _tell(self) -> None:
        """Brings the heartbeat up to date, four times a second and at the end, and does what operators wish."""
        now = self._clock()
        ended = self._source.ended and not self._said_end
        if now < self._next_word and not ended:
            return
        self._next_word = now + WORD_EVERY_NS
        self._wishes.attend()
        self._publisher.trim()
        self._publisher.bury()
        if (listings := self._source.listings()) and self._marks is not None:
            self._marks.list(listings)
        self._gauge(now)
        self._count()
        if ended:
            self._said_end = True
            self._telemetry.state = "ended"
            log.info("the end: %d ticks were published; this feed stays until it is stopped", self._publisher.published)
        self._telemetry.beat(now, force=ended)
        if self._show is not None:
            self._show(self._telemetry)

    def _gauge(self, now: int) -> None:
        source, gauges = self._source, self._telemetry.gauges
        if source.mode != self._mode:
            self._mode = source.mode
            gauges |= {"source": source.source, "mode": source.mode, "since": f"{now}"}
            log.info("the market comes from: %s", source.mode)
        figures = {**source.figures, **self._books.figures}
        for gone in self._figures - figures.keys():
            gauges.pop(gone, None)
        self._figures = set(figures)
        gauges |= figures
        since, published = self._rate_from
        if now - since >= RATE_EVERY_NS:
            gauges["rate"] = round((self._publisher.published - published) * 1e9 / (now - since), 1)
            self._rate_from = (now, self._publisher.published)
        gauges["last_tick_at"] = f"{self._publisher.last_tick_at}"
        gauges["behind_ms"] = round(self._publisher.behind_ns / 1e6, 1)
        if self._marks is not None:
            gauges["marks_waiting"] = self._marks.waiting

    def _count(self) -> None:
        counters = self._telemetry.counters
        for name, count in {**self._source.counts.flat(), **self._books.counters}.items():
            counters[name] = count
        if self._marks is not None and self._marks.dropped:
            counters["marks_dropped"] = self._marks.dropped
