"""`/metrics` for Prometheus: what processes tell of themselves, the streams, the ledger, the books, this server."""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections.abc import Iterable, Iterator
from typing import Any, cast

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from govsite.live.status import STREAMS, StreamState, behind
from govsite.ops.market import REDIS_PATIENCE_S
from ledger import gate
from streams.client import DEAD_LETTERS, FIELD, connect
from streams.envelope import Refused, decode
from streams.messages import DeadLetter
from streams.telemetry import BOUNDS_MS, processes

MODES = {"NORMAL": 0, "REDUCE_ONLY": 1, "HALTED": 2}
LETTERS = 1000
NOT_YOURS = "Send `Authorization: Bearer` with GOVSITE_METRICS_TOKEN; where none is set, ask from this machine.\n"
Families = Iterator[GaugeMetricFamily | CounterMetricFamily | HistogramMetricFamily]


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who has the token, or, where none is set, for this machine alone."""
    if not _may_read(request):
        words = (
            "Metrics need `Authorization: Bearer` with GOVSITE_METRICS_TOKEN; without one set, ask from this machine.\n"
        )
        return HttpResponse(words, status=403, content_type="text/plain; charset=utf-8")
    own = CollectorRegistry()
    own.register(Stack())
    text = generate_latest(own) + generate_latest(REGISTRY)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        said = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(said.encode(), settings.METRICS_TOKEN.encode())
    if "X-Forwarded-For" in request.headers:  # behind a proxy everybody seems to be here
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


class Stack(Collector):
    """Asked anew with every scrape; `govsite_up` says which of the two servers answered."""

    def collect(self) -> Iterable[Any]:
        up = GaugeMetricFamily("govsite_up", "Whether the server answers", labels=["server"])
        for server, families, lost in (
            ("redis", _of_redis, (redis.RedisError, ValueError)),
            ("postgresql", _of_postgresql, (DatabaseError, psycopg.Error)),
        ):
            try:
                yield from list(families())
            except lost:
                up.add_metric([server], 0)
            else:
                up.add_metric([server], 1)
        yield up


# --- processes and streams, from Redis ----------------------------------------------------------------


def _of_redis() -> Families:
    with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
        reports = processes(connected)
        streams = {name: _stream(connected, name) for name in STREAMS}
        letters = _letters(connected)
    yield from _processes(reports)
    yield from _latencies(reports)
    yield from _streams(reports, streams)
    yield letters


def _processes(reports: dict[str, dict[str, Any]]) -> Families:
    running = GaugeMetricFamily("govsite_process_running", "1 while it runs, 0 while it waits", labels=["process"])
    heard = GaugeMetricFamily("govsite_process_heard_seconds", "Since its last word", labels=["process"])
    memory = GaugeMetricFamily("govsite_process_resident_bytes", "Resident memory", labels=["process"])
    counted = CounterMetricFamily("govsite_events", "What processes count", labels=["process", "what"])
    refused = CounterMetricFamily("govsite_rejects", "What was refused, by reason code", labels=["process", "code"])
    gauges = GaugeMetricFamily("govsite_gauge", "What processes measure", labels=["process", "what"])
    for name, report in reports.items():
        running.add_metric([name], float(report["state"] == "running"))
        heard.add_metric([name], max(0.0, (time.time_ns() - report["at"]) / 1e9))
        memory.add_metric([name], report["rss_mb"] * 2**20)
        for what, number in report["counters"].items():
            kind, _, code = what.partition(":")
            family, label = (refused, code) if kind == "refused" else (counted, what)
            family.add_metric([name, label], number)
        for what, value in report["gauges"].items():
            if isinstance(value, int | float):
                gauges.add_metric([name, what], value)
    yield from (running, heard, memory, counted, refused, gauges)


def _latencies(reports: dict[str, dict[str, Any]]) -> Families:
    """Buckets of the same stage are added up over processes by whoever asks Prometheus."""
    family = HistogramMetricFamily("govsite_latency_seconds", "Latency by stage", labels=["stage", "process"])
    for name, report in reports.items():
        for stage, buckets in report["buckets"].items():
            ends = [*(str(bound / 1000) for bound in BOUNDS_MS), "+Inf"]
            family.add_metric(
                [stage, name], [*zip(ends, _summed(buckets["counts"]), strict=True)], buckets["sum_ms"] / 1e3
            )
    yield family


def _summed(counts: Iterable[int]) -> Iterator[float]:
    total = 0
    for count in counts:
        total += count
        yield total


def _stream(connected: redis.Redis, name: str) -> StreamState:
    try:
        known = cast("dict[str, Any]", connected.xinfo_stream(name))
    except redis.ResponseError:
        return StreamState(name, 0, "0-0")  # nobody has written to it yet
    return StreamState(name, known["length"], known["last-generated-id"].decode())


def _streams(reports: dict[str, dict[str, Any]], streams: dict[str, StreamState]) -> Families:
    length = GaugeMetricFamily("govsite_stream_entries", "Entries in a stream", labels=["stream"])
    age = GaugeMetricFamily("govsite_stream_age_seconds", "Since the last entry of a stream", labels=["stream"])
    lag = GaugeMetricFamily(
        "govsite_reader_behind", "How far a reader is from the end", labels=["process", "stream", "unit"]
    )
    now = time.time_ns() // 1_000_000
    for name, state in streams.items():
        length.add_metric([name], state.length)
        if (milliseconds := state.age_ms(now)) is not None:
            age.add_metric([name], milliseconds / 1000)
    for process, report in reports.items():
        for name, position in report["positions"].items():
            if name in streams:
                found = behind(streams[name], position)
                lag.add_metric([process, name, found["unit"]], found["amount"])
    yield from (length, age, lag)


def _letters(connected: redis.Redis) -> GaugeMetricFamily:
    family = GaugeMetricFamily("govsite_dead_letters", f"Of the newest {LETTERS}, by code", labels=["code"])
    counts: dict[str, int] = {}
    for _, fields in cast("Any", connected.xrevrange(DEAD_LETTERS, count=LETTERS)):
        try:
            body = decode(fields.get(FIELD, b""), limit=2**24).body
        except Refused:
            body = None
        code = str(body.code) if isinstance(body, DeadLetter) else "UNDECODABLE"
        counts[code] = counts.get(code, 0) + 1
    for code, number in sorted(counts.items()):
        family.add_metric([code], number)
    return family


# --- the ledger and the books, from PostgreSQL --------------------------------------------------------

_HEADS = "SELECT log, partition, position FROM head"
_PROJECTIONS = """
    SELECT projection.name, max(head.position - projection.position) FROM projection
    JOIN head ON head.log = projection.name AND head.partition = projection.partition GROUP BY 1"""
_BOOKS = "SELECT book FROM governance_book"
_ALARMS = "SELECT book, breaker, count(*) FROM governance_alarm WHERE acknowledged_at IS NULL GROUP BY 1, 2"
_WAITING = "SELECT count(*) FROM outbox WHERE result IS NULL"


def _of_postgresql() -> Families:
    heads = GaugeMetricFamily("govsite_log_position", "Last position of a log", labels=["log", "partition"])
    lags = GaugeMetricFamily("govsite_projection_behind_events", "What the read models have not read", labels=["log"])
    modes = GaugeMetricFamily("govsite_book_mode", "0 normal, 1 reduce only, 2 halted", labels=["book"])
    alarms = GaugeMetricFamily("govsite_alarms_open", "Not acknowledged", labels=["book", "breaker"])
    with connection.cursor() as cursor:
        for log, partition, position in _asked(cursor, _HEADS):
            heads.add_metric([log, str(partition)], position)
        for log, lag in _asked(cursor, _PROJECTIONS):
            lags.add_metric([log], max(0, lag))
        for (book,) in _asked(cursor, _BOOKS):
            modes.add_metric([book], MODES[gate.read(connection, book).mode])
        for book, breaker, number in _asked(cursor, _ALARMS):
            alarms.add_metric([book, breaker], number)
        [(number,)] = _asked(cursor, _WAITING)
    waiting = GaugeMetricFamily("govsite_commands_waiting", "Operators' commands without an answer", value=number)
    yield from (heads, lags, modes, alarms, waiting)


def _asked(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return list(cursor.fetchall())
