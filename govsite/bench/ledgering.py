"""How fast the ledger is written, read, checked and projected, beside what PostgreSQL and the library alone need."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent

from govsite.auditing.as_of import document
from govsite.auditing.past import past
from govsite.bench import large
from govsite.bench.rounds import manage, servers
from ledger import audit, verifying
from ledger.application import LedgerApplication
from ledger.audit import Question
from ledger.records import InboxEntry
from streams.events import DomainEvent, decode_event
from streams.messages import LedgerRow

PER_DECISION = 4
BALLOTS = 8
TOGETHER = 20

Say = Callable[[str], None]
Batch = Sequence[Sequence[LedgerRow]]  # the rows of each decision


def measure(events: int, *, say: Say, appended: int = 1_000) -> dict[str, Any]:
    """On servers of its own, fsync on. Times are medians in milliseconds; the ledger has so many events."""
    directory = Path(tempfile.mkdtemp(prefix="govbench-"))
    directory.chmod(0o755)
    try:
        with servers(directory) as (database_url, redis_url):
            manage(directory, database_url, redis_url, "migrate", "--verbosity", "0").wait()
            say("appending")
            report: dict[str, Any] = _append(database_url, appended)
            with psycopg.connect(database_url, autocommit=True) as connection:
                _empty(connection)
                say(f"filling a ledger with {events:,} events")
                large.fill(connection, events, lambda number: say(f"filling a ledger: {number:,} of {events:,} events"))
                report["events"] = events
                say("asking")
                report |= _ask(connection)
                say("verifying the chains")
                report |= _verify(connection, events)
            say("projecting")
            report |= _project(directory, database_url, redis_url, events)
            return report
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _append(database_url: str, number: int) -> dict[str, Any]:
    """Four events a decision with eight answers, chain and head; the same rows into a table with the same indexes and
    nothing else; and what the library's own recorder makes of a decision. In turns, so that all meet the same machine:
    one decision a commit, and as many as come together under load."""
    _, pattern = large.pattern(number * PER_DECISION)
    rows = [row for log, row in pattern if log == "governance"]
    decisions = [rows[at : at + PER_DECISION] for at in range(0, len(rows) - PER_DECISION, PER_DECISION)]
    application = LedgerApplication(database_url, "governance")
    application.acquire(lease_s=3600)
    library = Application[uuid.UUID](
        {"PERSISTENCE_MODULE": "eventsourcing.postgres", **_library_settings(database_url)}
    )
    turns, took = count(1), defaultdict[str, list[float]](list)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain_log (LIKE event_log INCLUDING ALL)")
        for size in (1, TOGETHER):
            for at in range(0, len(decisions) - size, size):
                turn, batch = next(turns), decisions[at : at + size]
                took[f"append_{size}"].append(_timed(_committing(application, turn, batch)) / size)
                took[f"insert_{size}"].append(_timed(_inserting(connection, turn, batch)) / size)
                if size == 1:
                    took["library"].append(_timed(_recording(library, batch[0])))
    application.close()
    library.close()
    result = {f"{name}_ms": median(times) for name, times in took.items()}
    return result | {
        "append_to_insert": round(result["append_1_ms"] / result["insert_1_ms"], 2),
        "append_to_insert_together": round(result[f"append_{TOGETHER}_ms"] / result[f"insert_{TOGETHER}_ms"], 2),
        "library_to_append": round(result["library_ms"] / result["append_1_ms"], 2),
        "library_to_append_together": round(result["library_ms"] / result[f"append_{TOGETHER}_ms"], 2),
    }


def _committing(
    application: LedgerApplication, turn: int, batch: Sequence[Sequence[LedgerRow]]
) -> Callable[[], object]:
    events = [event for number, rows in enumerate(batch) for event in _events(f"{turn}-{number}", rows)]
    names = [f"{turn}-{number}-{ballot}" for number in range(len(batch)) for ballot in range(BALLOTS)]
    inbox = [InboxEntry(command_id=name, entry_id=name, result="accepted") for name in names]
    return lambda: application.commit(events, mark=f"{turn}-0", inbox=inbox)


def _events(name: str, rows: Sequence[LedgerRow]) -> list[DomainEvent]:
    originator = uuid.uuid4()
    return [
        DomainEvent(
            originator_id=originator,
            originator_version=version,
            body=decode_event(row.topic, bytes(row.state)),
            correlation_id=f"tick-{name}",
            causation_id=f"proposal-{name}",
            actor="governor",
            book="demo",
            command_id=f"command-{name}",
        )
        for version, row in enumerate(rows, 1)
    ]


def _inserting(connection: psycopg.Connection[Any], turn: int, batch: Batch) -> Callable[[], object]:
    """One INSERT with all rows, prepared."""
    zero, place = bytes(32), count(turn * 1_000)
    values: list[object] = []
    for rows in batch:
        originator = uuid.uuid4()
        for version, row in enumerate(rows, 1):
            values += ["governance", 0, next(place), uuid.uuid4(), originator, version, row.topic, bytes(row.state)]
            values += [
                large.STARTED,
                f"tick-{turn}",
                f"proposal-{turn}",
                f"command-{turn}",
                "governor",
                "demo",
                zero,
                zero,
            ]
    one = f"({', '.join(['%s'] * 16)})"
    query = f"INSERT INTO plain_log ({large.COLUMNS}) VALUES {', '.join([one] * (len(values) // 16))}"
    return lambda: connection.execute(query, values, prepare=True)


def _recording(library: Application[uuid.UUID], rows: Sequence[LedgerRow]) -> Callable[[], object]:
    originator = uuid.uuid4()
    stored = [StoredEvent(originator, version, row.topic, bytes(row.state)) for version, row in enumerate(rows, 1)]
    return lambda: library.recorder.insert_events(stored)


def _library_settings(database_url: str) -> dict[str, str]:
    found = psycopg.conninfo.conninfo_to_dict(database_url)
    return {
        "POSTGRES_DBNAME": str(found["dbname"]),
        "POSTGRES_HOST": str(found["host"]),
        "POSTGRES_PORT": str(found.get("port") or 5432),
        "POSTGRES_USER": str(found["user"]),
        "POSTGRES_PASSWORD": str(found.get("password") or "none"),
    }


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Of a database that is thrown away: the trigger that forbids it goes for a moment."""
    connection.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
    connection.execute("TRUNCATE event_log, head, inbox, plain_log")
    connection.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")


def _ask(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """As `audit query --correlation` and `audit as-of` ask."""
    names = connection.execute(
        "SELECT correlation_id FROM event_log WHERE topic = 'Deliberation.DecisionReached' ORDER BY event_id LIMIT 50"
    ).fetchall()
    asked = [_timed(lambda name=name: list(audit.ask(connection, Question(correlation=name)))) for (name,) in names]  # type: ignore[misc]
    row = connection.execute("SELECT recorded_at FROM event_log ORDER BY recorded_at DESC LIMIT 1").fetchone()
    assert row is not None
    as_of = [_timed(lambda: as_of_document(connection, row[0])) for _ in range(5)]
    return {"query_ms": median(asked), "as_of_ms": median(as_of)}


def as_of_document(connection: psycopg.Connection[Any], at: datetime) -> object:
    found = past(connection, "demo", at)
    assert found is not None
    return document(found)


def _verify(connection: psycopg.Connection[Any], events: int) -> dict[str, Any]:
    begun = time.perf_counter()
    for log, partition, _, _ in verifying.heads(connection):
        verdict = verifying.verify_log(connection, log, partition)
        if verdict.broken:
            raise AssertionError(verdict)
    return {"verified_per_s": round(events / (time.perf_counter() - begun))}


def _project(directory: Path, database_url: str, redis_url: str, events: int) -> dict[str, Any]:
    """A projector that has everything to catch up with, from its start to its last position."""
    begun = time.perf_counter()
    projector = manage(directory, database_url, redis_url, "runprojector")
    try:
        with psycopg.connect(database_url, autocommit=True) as connection:
            while _projected(connection) < events:
                if projector.poll() is not None:
                    raise AssertionError((directory / "bench.log").read_text()[-2000:])
                time.sleep(0.05)
    finally:
        projector.terminate()
        projector.wait()
    return {"projected_per_s": round(events / (time.perf_counter() - begun))}


def _projected(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT coalesce(sum(position), 0) FROM projection").fetchone()
    return int(row[0]) if row else 0


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return (time.perf_counter() - begun) * 1e3
