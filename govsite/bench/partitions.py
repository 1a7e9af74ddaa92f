"""What partitions give: rounds a second by their number, and what one more book costs a governor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from governance.domain.chamber import Chamber
from governance.domain.state import BookState
from govsite.bench.rounds import PATIENT, TOO_FEW, commands, manage, quote, servers, until
from govsite.bench.run import START_WITHIN_S, Unmeasured
from govsite.seed import WHO, founding_events, known_instrument
from ledger.application import LedgerApplication
from ledger.partitioning import divide
from streams.client import COMMANDS, TICKS, Streams
from streams.messages import Log
from streams.partitions import partition_of, suffixed
from streams.telemetry import processes

Say = Callable[[str], None]
TERMS = msgspec.structs.replace(known_instrument("BTCUSDT"), max_order_volume=Decimal(1), min_notional=Decimal(1))
BOOKS, TOLD = 100, 200

SHARED = """SELECT count(DISTINCT owner) FROM head
    WHERE log = 'governance' AND lease_until > clock_timestamp() HAVING count(*) = %s"""
DECIDED = f"""
    SELECT count(*) FILTER (WHERE event = 'DecisionReached'), count(*),
           extract(epoch FROM max(recorded_at) - min(recorded_at))
    FROM ledger WHERE log = 'governance' AND actor <> '{WHO}'"""
BYTES = "SELECT pg_total_relation_size('event_log')::float8 / count(*) FROM event_log"


def measure(most: int, rounds: int, *, say: Say) -> dict[str, Any]:
    """The same number of rounds with 1, 2 … `most` partitions, each with a book and a governor of its own."""
    found = {number: _rounds(number, rounds, say) for number in range(1, most + 1)}
    for one in found.values():
        one["ratio"] = round(one["rounds_per_s"] / found[1]["rounds_per_s"], 2)
    say("one more book")
    return {"cores": os.cpu_count(), "partitions": found, **book_cost()}


def book_cost() -> dict[str, float]:
    """What a governor needs for each book beyond the first: memory, and the time to hand it a tick."""
    now = time.time_ns()
    tracemalloc.start()
    chambers = [_chamber(f"book-{number}") for number in range(BOOKS)]
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ticks = [quote(number) for number in range(TOLD)]
    begun = time.process_time()
    for tick in ticks:
        for chamber in chambers:
            chamber.handle(tick, now)
    took = time.process_time() - begun
    return {"book_kib": round(grown / 1024 / BOOKS, 1), "tick_us": round(took * 1e6 / TOLD / BOOKS, 2)}


def _chamber(book: str) -> Chamber:
    state = BookState(book)
    for event in founding_events([TERMS], terms=PATIENT, book=book)[0]:
        state.apply(event)
    return Chamber(state)


def _rounds(partitions: int, rounds: int, say: Say) -> dict[str, Any]:
    """On servers of its own; all commands are in the streams before a governor may read them."""
    directory = Path(tempfile.mkdtemp(prefix="govbench-"))
    directory.chmod(0o755)
    try:
        with servers(directory) as (database_url, redis_url):
            say(f"{partitions} partitions: founding books")
            manage(directory, database_url, redis_url, "migrate", "--verbosity", "0").wait(START_WITHIN_S)
            with psycopg.connect(database_url, autocommit=True) as ledger:
                divide(ledger, partitions)
                for partition in range(partitions):
                    _found(database_url, partition, _book_in(partition, partitions))
                with _governors(directory, database_url, redis_url, partitions) as governor:
                    shared = lambda: ledger.execute(SHARED, [partitions]).fetchone() == (partitions,)  # noqa: E731
                    until(shared, governor, "a governor for each partition")
                    return _resolve(Streams(redis_url), ledger, governor, (partitions, rounds), say)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _resolve(
    streams: Streams,
    ledger: psycopg.Connection[Any],
    governor: subprocess.Popen[bytes],
    size: tuple[int, int],
    say: Say,
) -> dict[str, Any]:
    partitions, rounds = size
    streams.publish(TICKS, [quote(1)])
    say(f"{partitions} partitions: resolving {rounds:,} rounds")
    sent = [list(commands(rounds // partitions, _book_in(number, partitions))) for number in range(partitions)]
    for number, envelopes in enumerate(sent):
        streams.publish(suffixed(COMMANDS, number), envelopes)
    wanted = rounds // partitions * partitions
    until(lambda: ledger.execute(DECIDED).fetchone()[0] >= wanted, governor, "a decision of every round")  # type: ignore[index]
    decided, events, seconds = ledger.execute(DECIDED).fetchone() or (0, 0, 1)
    if not seconds:
        raise Unmeasured(TOO_FEW)
    (each,) = ledger.execute(BYTES).fetchone() or (0.0,)
    until(lambda: _told(streams), governor, "what the governors measured")
    told = _told(streams)
    late = [one["latency"]["resolution"] for one in told]
    return {
        "rounds": decided,
        "rounds_per_s": round(decided / float(seconds), 1),
        "events_per_s": round(events / float(seconds), 1),
        "resolution_p50_ms": max(one["p50_ms"] for one in late),
        "resolution_p99_ms": max(one["p99_ms"] for one in late),
        "bytes_per_event": round(each),
        "governor_mb": max(one["rss_mb"] for one in told),
        "load": round(os.getloadavg()[0], 1),
    }


def _told(streams: Streams) -> list[dict[str, Any]]:
    """The reports of the governors, once all of them have resolved something."""
    found = [one for name, one in processes(streams.redis).items() if name.startswith("governor")]
    return found if all("resolution" in one["latency"] for one in found) else []


def _book_in(partition: int, partitions: int) -> str:
    return next(name for name in (f"book-{n}" for n in count()) if partition_of(name, partitions) == partition)


def _found(database_url: str, partition: int, book: str) -> None:
    governing, executing = founding_events([TERMS], terms=PATIENT, book=book)
    logs: tuple[tuple[Log, Any], ...] = (("governance", governing), ("execution", executing))
    for log, events in logs:
        application = LedgerApplication(database_url, log, partition, owner=WHO)
        application.acquire()
        application.commit(events)
        application.release()
        application.close()


@contextmanager
def _governors(directory: Path, database_url: str, redis_url: str, number: int) -> Iterator[subprocess.Popen[bytes]]:
    """As many as there are partitions; gives the first."""
    told = {"GOVSITE_PARTITIONS": str(number)}
    started = [manage(directory, database_url, redis_url, "rungovernor", more=told) for _ in range(number)]
    try:
        yield started[0]
    finally:
        for governor in started:
            governor.send_signal(signal.SIGTERM)
        for governor in started:
            governor.wait(60)
