"""What a process says about itself: that it lives, how far it has read, what it counted, how long things took."""

from __future__ import annotations

import os
import re
import time
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import Any, TypedDict, cast

import msgspec
import redis
from hdrh.histogram import HdrHistogram

from streams.partitions import suffixed

TTL_S = 5
EVERY_NS = 500_000_000
PROGRESS_EVERY = 200  # ticks; a word with every read would cost more than it tells
LONGEST_US = 600_000_000
MOST_OBSERVED = 10_000
DIGITS = 2  # 1 % is enough, and a report of three digits would hold a process up for 10 ms
PROGRESS = "progress:"
TICKS = "market.ticks"
ENTRY_ID = re.compile(rb"(\d{1,20})-(\d{1,20})")
SINCE = "telemetry:since"
BOUNDS_MS = (0.5, 1, 2.5, 5, 10, 25, 50, 100, 200, 300, 500, 1000, 2500, 5000, 10000)
"""Upper ends of the buckets in which latencies are counted for whoever adds them up over processes and time."""


class Buckets(msgspec.Struct):
    """How many latencies fell under each of `BOUNDS_MS` and above the one before, the last one above all; their sum.
    Unlike the quantiles they are never emptied while the process lives."""

    counts: list[int]
    sum_ms: float = 0.0


class Telemetry:
    """Written to the key `process:{name}` (JSON, expires after 5 s) and, for progress in `market.ticks`,
    to the key `progress:{name}` (an entry id, as short-lived), which a replay at full speed reads to keep its consumers
    close."""

    def __init__(self, connection: redis.Redis, process: str) -> None:
        self.redis = connection
        self.process = process
        self.started_at = time.time_ns()
        self.state = "running"
        self.counters: Counter[str] = Counter()
        self.gauges: dict[str, float | str] = {}
        self.positions: dict[str, str] = {}
        self._observed: dict[str, list[int]] = {}
        self._histograms: dict[str, HdrHistogram] = {}
        self._buckets: dict[str, Buckets] = {}
        self._next_beat = 0
        self._unreported = 0
        self._since: bytes | None = None

    def observe(self, stage: str, nanoseconds: int) -> None:
        """Keeps a latency (1 µs to 10 min) for the stage's histogram, which takes them together with the next report:
        one by one they cost 4 µs each."""
        observed = self._observed.get(stage)
        if observed is None:
            observed = self._observed[stage] = []
        observed.append(nanoseconds)
        if len(observed) >= MOST_OBSERVED:
            self._settle()

    def _settle(self) -> None:
        for stage, observed in self._observed.items():
            histogram = self._histograms.get(stage)
            if histogram is None:
                histogram = self._histograms[stage] = HdrHistogram(1, LONGEST_US, DIGITS)
            buckets = self._buckets.setdefault(stage, Buckets([0] * (len(BOUNDS_MS) + 1)))
            for microseconds, times in Counter(map(_coarse, observed)).items():
                histogram.record_value(microseconds, times)
                buckets.counts[bisect_left(BOUNDS_MS, microseconds / 1000)] += times
                buckets.sum_ms += times * microseconds / 1000
        self._observed.clear()

    def read_up_to(self, stream: str, entry_id: str, *, entries: int = 1) -> None:
        """Tells how far a stream is read, and how many entries that were since the last time."""
        self.positions[stream] = entry_id
        self._unreported += entries

    def beat(self, now: int | None = None, *, force: bool = False) -> None:
        """Tells Redis, at most twice a second (progress: also after every 200 ticks)."""
        now = now or time.time_ns()
        if self._unreported >= PROGRESS_EVERY or force:
            self._unreported = 0
            if TICKS in self.positions:
                self.redis.set(PROGRESS + self.process, self.positions[TICKS], ex=TTL_S)
        if force or now >= self._next_beat:
            self._next_beat = now + EVERY_NS
            self._unreported = PROGRESS_EVERY
            self._begin_anew()
            self.redis.set(f"process:{self.process}", msgspec.json.encode(self.report(now)), ex=TTL_S)

    def _begin_anew(self) -> None:
        """Empties the histograms when somebody has asked all processes to (a benchmark, after its warm-up)."""
        since = cast("bytes | None", self.redis.get(SINCE))
        if since != self._since:
            self._since = since
            self._observed.clear()
            self._histograms.clear()

    def report(self, now: int) -> dict[str, Any]:
        self._settle()
        return {
            "process": self.process,
            "pid": os.getpid(),
            "state": self.state,
            "started_at": self.started_at,
            "at": now,
            "rss_mb": resident_mb(),
            "counters": dict(self.counters),
            "gauges": self.gauges,
            "positions": self.positions,
            "latency": {stage: quantiles(histogram) for stage, histogram in self._histograms.items()},
            "buckets": msgspec.to_builtins(self._buckets),
        }

    def leave(self) -> None:
        """The process ends on purpose: nobody needs to wait for it."""
        if TICKS in self.positions:
            self.redis.delete(PROGRESS + self.process)
        self.redis.delete(f"process:{self.process}")


def _coarse(nanoseconds: int) -> int:
    """In µs, to 1 %, which is as fine as the histogram is: few different values are left of many."""
    microseconds = min(max(nanoseconds // 1000, 1), LONGEST_US)
    shift = max(microseconds.bit_length() - 8, 0)
    return microseconds >> shift << shift


def measure_from_now(connection: redis.Redis) -> None:
    """Asks every process to empty its histograms at its next beat."""
    connection.set(SINCE, str(time.time_ns()))


def quantiles(histogram: HdrHistogram) -> dict[str, float]:
    """p50, p95, p99 and max in milliseconds, and how many were observed."""
    values = histogram.get_percentile_to_value_dict([50, 95, 99])
    return {
        "p50_ms": values[50] / 1000,
        "p95_ms": values[95] / 1000,
        "p99_ms": values[99] / 1000,
        "max_ms": histogram.get_max_value() / 1000,
        "n": histogram.get_total_count(),
    }


def resident_mb() -> float:
    """Resident memory of this process in MiB (Linux; 0.0 where /proc is not there)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def lives(connection: redis.Redis, process: str, partitions: int = 1) -> bool:
    """Whether it has spoken within the last 5 s, for any partition; each process may ask so of itself."""
    return bool(connection.exists(*(f"process:{suffixed(process, number)}" for number in range(partitions))))


def progress(connection: redis.Redis) -> list[tuple[int, int]]:
    """How far each living reader of ticks has read them, as the two numbers of entry ids; what is none counts not."""
    keys = list(connection.scan_iter(f"{PROGRESS}*", count=1000))
    values = cast("list[bytes | None]", connection.mget(keys)) if keys else []
    found = [ENTRY_ID.fullmatch(value) for value in values if value]
    return [(int(match[1]), int(match[2])) for match in found if match]


def processes(connection: redis.Redis) -> dict[str, dict[str, Any]]:
    """The last word of every process that has spoken within the last 5 s."""
    keys = sorted(connection.scan_iter("process:*", count=1000))
    values = cast("list[bytes | None]", connection.mget(keys)) if keys else []
    reports = {key: _report(value) for key, value in zip(keys, values, strict=True)}
    # A process may write under names of its own only: what it says of another, or is no report, is not believed.
    believed = [each for key, each in reports.items() if each and key == f"process:{each['process']}".encode()]
    return {report["process"]: report for report in believed}


class _Report(TypedDict):
    """What `Telemetry.report` gives."""

    process: str
    pid: int
    state: str
    started_at: int
    at: int
    rss_mb: float
    counters: dict[str, int]
    gauges: dict[str, Any]
    positions: dict[str, str]
    latency: dict[str, dict[str, float]]
    buckets: dict[str, Any]


def _report(value: bytes | None) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", msgspec.json.decode(value, type=_Report)) if value else None
    except msgspec.DecodeError:
        return None
