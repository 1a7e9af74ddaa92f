"""The feed process: reads from a source, publishes, keeps the pace, and gets over the loss of Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import redis

from feeds.intake import Item
from feeds.publisher import Publisher, Throttle
from feeds.source import Clock, TickSource
from market.marks import MarkWriter
from streams.client import Streams
from streams.messages import Depth, Quote, Tick, Trade
from streams.stopping import Stop, Stopping, persist
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)

WINDOW = 1_000
POLL_S = 0.1
STALE_NS = 1_000_000_000
WORD_EVERY_NS = 250_000_000
RATE_EVERY_NS = 1_000_000_000


class Feed:
    """`run` returns when it was stopped, or with `once` at the end of the source. `marks` has begun to write."""

    def __init__(
        self,
        streams: Streams,
        telemetry: Telemetry,
        publisher: Publisher,
        source: TickSource,
        stop: Stop,
        *,
        marks: MarkWriter | None = None,
        once: bool = False,
        clock: Clock = time.time_ns,
    ) -> None:
        self._streams = streams
        self._marks = marks
        self._telemetry = telemetry
        self._publisher = publisher
        self._source = source
        self._stop = stop
        self._once = once
        self._clock = clock
        self._throttle = Throttle(streams.redis)
        self._mode = ""
        self._rate_from = (clock(), 0)
        self._next_word = 0
        self._said_end = False

    def run(self) -> None:
        while not self._stop and not (self._once and self._source.ended):
            try:
                if not self._held_back():
                    self._deliver(self._source.poll(POLL_S, self._stop))
                if self._marks is not None:
                    self._marks.hand_on()
                self._tell()
            except redis.RedisError as error:
                self._wait_for_redis(error)
            except Stopping:
                break
        self._source.close()
        if self._marks is not None:
            self._marks.close()
        self._telemetry.state = "stopped"

    def _held_back(self) -> bool:
        """Whether the readers of a source without a pace are too far behind; then a moment has passed."""
        if not self._source.throttled or self._source.ended:
            return False
        self._throttle.published(self._publisher.last_id, self._publisher.published)
        if self._throttle.backlog() < WINDOW:
            return False
        self._stop.wait(0.001)
        return True

    def _deliver(self, items: Sequence[Item]) -> None:
        """Publishes, again and again if need be; a live price that grew old meanwhile is dropped and counted."""
        while items:
            try:
                self._publisher.publish(items)
            except redis.RedisError as error:
                self._wait_for_redis(error)
                if self._publisher.landed(items):
                    self._mark(items)
                    return
                items = self._still_fresh(items)
            else:
                self._mark(items)
                return

    def _mark(self, items: Sequence[Item]) -> None:
        """Only what was published: the table of marks knows the market as everybody else does."""
        if self._marks is not None:
            self._marks.observe(item for item in items if isinstance(item, Tick))

    def _still_fresh(self, items: Sequence[Item]) -> Sequence[Item]:
        oldest = self._clock() - STALE_NS
        fresh = [
            item
            for item in items
            if not (isinstance(item, Trade | Quote | Depth) and item.source == "live" and item.received_at < oldest)
        ]
        self._telemetry.counters["dropped_stale"] += len(items) - len(fresh)
        return fresh

    def _wait_for_redis(self, error: redis.RedisError) -> None:
        log.warning("Redis does not take anything: %s", error)
        lost_at = self._clock()
        persist("Redis", self._streams.redis.ping, self._stop, errors=(redis.RedisError,))
        self._source.paused(self._clock() - lost_at)

    def _tell(self) -> None:
        """Brings the heartbeat up to date, four times a second and at the end."""
        now = self._clock()
        source, telemetry = self._source, self._telemetry
        ended = source.ended and not self._said_end
        if now < self._next_word and not ended:
            return
        self._next_word = now + WORD_EVERY_NS
        if source.mode != self._mode:
            self._mode = source.mode
            telemetry.gauges |= {"source": source.source, "mode": source.mode, "since": f"{now}"}
            log.info("the market comes from: %s", source.mode)
        since, published = self._rate_from
        if now - since >= RATE_EVERY_NS:
            telemetry.gauges["rate"] = round((self._publisher.published - published) * 1e9 / (now - since), 1)
            self._rate_from = (now, self._publisher.published)
        telemetry.gauges["last_tick_at"] = f"{self._publisher.last_tick_at}"
        for name, count in source.counts.flat().items():
            telemetry.counters[name] = count
        if self._marks is not None:
            telemetry.gauges["marks_waiting"] = self._marks.waiting
            if self._marks.dropped:
                telemetry.counters["marks_dropped"] = self._marks.dropped
        if ended:
            self._said_end = True
            telemetry.state = "ended"
            log.info("the end: %d ticks were published; this feed stays until it is stopped", self._publisher.published)
        telemetry.beat(now, force=ended)
