"""Puts items into Redis: ticks, gaps and switches as what they are, refused frames as dead letters."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from typing import cast

import redis
from msgspec import Struct, structs
from redis.backoff import NoBackoff
from redis.retry import Retry

from feeds.intake import Item, RefusedFrame
from feeds.source import Clock
from streams.client import COMMANDS, FIELD, TICKS, Entry, Streams, addition
from streams.envelope import LARGEST_ENTRY, Envelope, Refused, decode, derived_id
from streams.messages import (
    AnyTick,
    ChangeFeedSource,
    Depth,
    ReportFeedGap,
    ReportTradingStatus,
    Source,
    Tick,
)
from streams.partitions import suffixed
from streams.telemetry import Telemetry, progress

ACTOR = "feed"
STATE = "feed"  # hash: what a feed that starts must know of the feed before it
RETAIN_MS = 600_000
TRIM_EVERY_NS = 10_000_000_000
LETTERS_PER_S = 20
SECOND = 1_000_000_000
MARKS = 2_000


class Past(Struct, frozen=True):
    """What earlier feeds of this Redis have published last: at which market time, and where it came from."""

    market_at: int = 0
    source: Source | None = None


class _Batch(Struct):
    told: Source | None
    commands: list[ReportFeedGap | ReportTradingStatus | ChangeFeedSource] = []
    ticks: list[AnyTick] = []
    refused: list[RefusedFrame] = []


class Publisher:
    """One MULTI/EXEC per batch. Raises redis.RedisError where Redis does not take it; then nothing was counted, and
    `landed` tells after the reconnect whether the batch is in the stream all the same."""

    def __init__(
        self, streams: Streams, telemetry: Telemetry, *, clock: Clock = time.time_ns, partitions: int = 1
    ) -> None:
        self._streams = streams
        streams.redis.set_retry(Retry(NoBackoff(), 0))  # a repeated transaction would publish its batch twice
        self._telemetry = telemetry
        self._clock = clock
        self._partitions = partitions
        self._run = f"{clock()}"
        self._switches = 0
        self._told: Source | None = None
        self._next_trim = 0
        self._letters_second = 0
        self._letters = 0
        self._unburied: deque[tuple[Entry, RefusedFrame]] = deque()
        self.published = 0
        self.last_id = "0-0"
        self.last_tick_at = 0
        self.behind_ns = 0  # how long the last tick had been there when it was published

    def past(self) -> Past:
        known = cast("dict[bytes, bytes]", self._streams.redis.hgetall(STATE))
        self._told = cast("Source | None", known[b"source"].decode() if b"source" in known else None)
        return Past(market_at=int(known.get(b"market_at", b"0")), source=self._told)

    def begin_round(self) -> int:
        """The number of a new round of ids, never given before by this Redis."""
        return int(cast("int", self._streams.redis.hincrby(STATE, "rounds", 1))) - 1

    def publish(self, items: Sequence[Item]) -> None:
        now = self._clock()
        batch = self._sorted(items)
        with self._streams.redis.pipeline(transaction=True) as pipe:
            for words in self._additions(batch, now):
                pipe.execute_command(*words)  # type: ignore[no-untyped-call]
            for words in self._to_all_books(batch.commands, now):
                pipe.execute_command(*words)  # type: ignore[no-untyped-call]
            if batch.ticks:
                last = batch.ticks[-1]
                pipe.hset(STATE, mapping={"market_at": last.market_at, "source": last.source})
            results = cast("list[bytes]", pipe.execute()) if len(pipe) else []
        if batch.ticks:
            self.last_id = results[len(batch.ticks) - 1].decode()
        self._note(batch)

    def _additions(self, batch: _Batch, now: int) -> list[tuple[str | bytes | int, ...]]:
        """The ticks as XADDs. What no reader would take for its size is left out: a gap says so for changes of a book,
        and a snapshot is only counted, because another one comes."""
        additions, ticks = [], []
        for tick in batch.ticks:
            words = addition(TICKS, Envelope(id=tick.id, body=tick, actor=ACTOR, sent_at=now), self._streams.signer)
            if len(cast("bytes", words[-1])) <= LARGEST_ENTRY:
                ticks.append(tick)
                additions.append(words)
                continue
            self._telemetry.counters["too_large"] += 1
            if isinstance(tick, Depth):
                batch.commands.append(
                    ReportFeedGap(
                        instrument=tick.instrument,
                        kind="depth",
                        first=min(tick.first_id, tick.last_id),
                        last=tick.last_id,
                        market_at=tick.market_at,
                    )
                )
        batch.ticks = ticks
        return additions

    def _to_all_books(
        self, commands: Sequence[ReportFeedGap | ReportTradingStatus | ChangeFeedSource], now: int
    ) -> Iterator[tuple[str | bytes | int, ...]]:
        """What a feed reports concerns every book, so every partition is told, each under an id of its own."""
        for command in commands:
            envelope = self._command(command, now)
            for partition in range(self._partitions):
                id = derived_id(envelope.id, partition) if partition else envelope.id
                stream = suffixed(COMMANDS, partition)
                yield addition(stream, structs.replace(envelope, id=id), self._streams.signer)

    def trim(self) -> None:
        """Ends the life of ticks after ten minutes; that there are no more than 300,000 each addition sees to."""
        now = self._clock()
        if now >= self._next_trim:
            self._streams.redis.xtrim(
                TICKS, minid=f"{max(now // 1_000_000 - RETAIN_MS, 0)}-0", approximate=True, limit=0
            )
            self._next_trim = now + TRIM_EVERY_NS

    def _sorted(self, items: Sequence[Item]) -> _Batch:
        """By where they go. A source other than the last one told is told with its first tick."""
        batch = _Batch(told=self._told)
        for item in items:
            if isinstance(item, Tick):
                if item.source != batch.told:
                    if batch.told is not None:
                        reason = "the feed was started anew"
                        batch.commands.append(ChangeFeedSource(origin=batch.told, to=item.source, reason=reason))
                    batch.told = item.source
                batch.ticks.append(item)
            elif isinstance(item, RefusedFrame):
                batch.refused.append(item)
            else:
                batch.commands.append(item)
                if isinstance(item, ChangeFeedSource):
                    batch.told = item.to
        return batch

    def _note(self, batch: _Batch) -> None:
        done = self._clock()
        self._told = batch.told
        self.published += len(batch.ticks)
        self._switches += sum(isinstance(command, ChangeFeedSource) for command in batch.commands)
        for tick in batch.ticks:
            self._telemetry.observe("ingest", done - tick.received_at)
        if batch.ticks:
            self.last_tick_at = done
            self.behind_ns = done - batch.ticks[-1].received_at
        for refused in batch.refused:
            self._put_by(refused)

    def _command(self, item: ReportFeedGap | ReportTradingStatus | ChangeFeedSource, now: int) -> Envelope:
        """Ids are this run's: the same recording replayed again has the same gaps, and they are reported again."""
        if isinstance(item, ReportFeedGap):
            id = derived_id(ACTOR, self._run, item.instrument, item.kind, item.first, item.last)
        elif isinstance(item, ReportTradingStatus):
            id = derived_id(ACTOR, self._run, item.instrument, item.status, item.market_at)
        else:
            id = derived_id(ACTOR, self._run, item.origin, item.to, self._switches)
        return Envelope(id=id, body=item, actor=ACTOR, sent_at=now)

    def landed(self, items: Sequence[Item]) -> bool:
        """Whether a batch whose answer was lost is in the stream (a transaction is there as a whole or not at all);
        if so it counts as published."""
        ticks = [item for item in items if isinstance(item, Tick)]
        newest = cast("list[tuple[bytes, dict[bytes, bytes]]]", self._streams.redis.xrevrange(TICKS, count=1))
        if not ticks or not newest:
            return False
        entry_id, fields = newest[0]
        try:
            if decode(fields.get(FIELD, b"")).id != ticks[-1].id:
                return False
        except Refused:
            return False
        self.last_id = entry_id.decode()
        self._note(self._sorted(items))
        return True

    def bury(self) -> None:
        """Sends the refused frames of the batches that were published to the dead letters."""
        while self._unburied:
            entry, refused = self._unburied[0]
            self._streams.bury(entry, refused, origin=ACTOR)
            self._unburied.popleft()

    def _put_by(self, refused: RefusedFrame) -> None:
        """With its bytes, but at most 20 a second: what is beyond is counted only."""
        now = self._clock()
        if now // SECOND != self._letters_second:
            self._letters_second, self._letters = now // SECOND, 0
        if self._letters >= LETTERS_PER_S:
            self._telemetry.counters["letters_held_back"] += 1
            return
        self._letters += 1
        stream = f"feed:{refused.origin or 'live'}"[:120]
        self._unburied.append((Entry(stream=stream, id=f"{now}", raw=refused.raw[:LARGEST_ENTRY]), refused))


class Throttle:
    """Keeps a source without a pace of its own close to its readers, by what they tell of their progress."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection
        self._marks: list[tuple[tuple[int, int], int]] = [((0, 0), 0)]

    def published(self, last_id: str, total: int) -> None:
        """Tells that `total` entries are out, the last of them with this id."""
        if total > self._marks[-1][1]:
            self._marks.append((_order(last_id), total))
        if len(self._marks) > 2 * MARKS:
            del self._marks[:MARKS]

    def backlog(self) -> int:
        """How many entries the slowest reader that lives has still to read."""
        alive = progress(self._redis)
        total = self._marks[-1][1]
        if not alive:
            return 0
        read = bisect_right(self._marks, (min(alive), total)) - 1
        return total - self._marks[max(read, 0)][1]


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)
