"""The relay and its archive together: nothing is acknowledged before it is archived, and nothing stops the streams."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from ledger import archive, slots
from ledger.alarms import recorded
from ledger.application import LedgerApplication
from ledger.archive_writer import write_whole
from ledger.archiver import Archiver
from ledger.relay import Relay
from ledger.segments import encode
from ledger.session import Session
from ledger.slots import SlotState, SlotWatch, Source, ensure_slot, slot_of, state_of
from streams.client import LEDGER_EXECUTION, Streams
from streams.stopping import Stop
from streams.telemetry import processes
from tests.integration.conftest import ROOT
from tests.integration.ledger.events import book_opened, cancelled
from tests.servers import wait_until

PUBLICATION = (ROOT / "ledger/schema/publication.sql").read_text()
SLOT = slot_of("ledger_tests")
EXECUTION = ("execution", 0)


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    yield application
    application.close()


@pytest.fixture
def streams(redis_url: str) -> Iterator[Streams]:
    streams = Streams(redis_url)
    yield streams
    streams.redis.close()


@pytest.fixture
def owner(ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@contextmanager
def relaying(ledger_url: str, redis_url: str, directory: Path) -> Iterator[Relay]:
    stop = Stop()
    relay = Relay(ledger_url, redis_url, stop, directory)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        stop.set()
        thread.join()
        relay.telemetry.redis.close()


@contextmanager
def relay_process(ledger_url: str, redis_url: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", "runrelay", "--archive", str(directory)]
    environment = {**os.environ, "DATABASE_URL": ledger_url, "REDIS_URL": redis_url, "GOVSITE_LOG": "ERROR"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(30) in (0, -9)


def wait_for(streams: Streams, last: int) -> None:
    wait_until(lambda: streams.last_id(LEDGER_EXECUTION) == f"{last}-0", f"position {last} is in the stream")


def wait_for_archive(owner: psycopg.Connection, directory: Path, last: int) -> None:
    wait_until(lambda: archive.end_of(directory, *EXECUTION) == last, f"position {last} is in the archive")
    assert archive.compare(owner, directory, *EXECUTION) is None


def confirmed(owner: psycopg.Connection) -> int:
    query = "SELECT (confirmed_flush_lsn - '0/0')::bigint FROM pg_replication_slots WHERE slot_name = %s"
    row = owner.execute(query, [SLOT]).fetchone()
    return int(row[0] or 0) if row else 0


def written(owner: psycopg.Connection) -> int:
    ((position,),) = owner.execute("SELECT (pg_current_wal_lsn() - '0/0')::bigint").fetchall()
    return int(position)


def commit(application: LedgerApplication, numbers: Sequence[int]) -> int:
    return application.commit([cancelled(number) for number in numbers]).last


def test_all_that_is_relayed_is_archived_and_then_acknowledged(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    application.commit([book_opened()])
    with relaying(ledger_url, redis_url, directory):
        for number in range(5):
            commit(application, [2 * number, 2 * number + 1])
        end = written(owner)
        wait_for(streams, 11)
        wait_for_archive(owner, directory, 11)
        wait_until(lambda: confirmed(owner) >= end, "PostgreSQL may forget the WAL")


def test_what_is_not_archived_is_not_acknowledged_but_published(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as never:
        never.setattr(Archiver, "_store_all", lambda self: self._closing.wait(0.01))
        never.setattr(Archiver, "settle", lambda self, patience_s: None)
        with relaying(ledger_url, redis_url, directory):
            wait_until(lambda: confirmed(owner), "the slot is there")
            before = written(owner)
            commit(application, [1, 2])
            wait_for(streams, 2)
        assert confirmed(owner) <= before
    owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
    with relaying(ledger_url, redis_url, directory):
        wait_for_archive(owner, directory, 2)
    owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")


def test_where_the_table_is_asked_the_archive_is_written_too(
    application: LedgerApplication,
    owner: psycopg.Connection,
    relay_without_wal: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    commit(application, [1])
    with relaying(relay_without_wal, redis_url, directory):
        wait_for_archive(owner, directory, 1)
        commit(application, [2, 3])
        wait_for(streams, 3)
        wait_for_archive(owner, directory, 3)


def test_relays_killed_under_load_leave_no_hole_and_no_repetition_in_the_archive(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    last = 0
    for _ in range(2):
        with relay_process(ledger_url, redis_url, directory) as process:
            begun = archive.end_of(directory, *EXECUTION)
            while archive.end_of(directory, *EXECUTION) <= begun + 20:
                last = commit(application, [last + 1, last + 2, last + 3])
            process.kill()
            process.wait()
    with relay_process(ledger_url, redis_url, directory):
        wait_for(streams, last)
        wait_for_archive(owner, directory, last)
    assert recorded(directory) == []


def test_a_full_disk_raises_an_alarm_and_stops_nothing(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    with relay_process(ledger_url, redis_url, directory) as process:
        last = commit(application, range(1, 4))
        wait_for_archive(owner, directory, last)
        size = sum(path.stat().st_size for path in directory.glob("*/*"))
        # No file of the process may grow beyond this: its next write ends in the middle of a member.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 150, resource.RLIM_INFINITY))
        before = written(owner)
        for number in range(4, 40):
            last = commit(application, [number])
        wait_for(streams, last)
        wait_until(lambda: "File too large" in _trouble(streams), "the relay tells of its trouble")
        assert archive.end_of(directory, *EXECUTION) == 3
        assert confirmed(owner) <= before
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for_archive(owner, directory, last)
        wait_until(lambda: recorded(directory), "the alarm is on record")
        wait_until(lambda: confirmed(owner) > before, "PostgreSQL may forget the WAL")
    assert "File too large" in recorded(directory)[0].text


def _trouble(streams: Streams) -> str:
    """As the relay tells it."""
    return str(processes(streams.redis).get("relay", {}).get("gauges", {}).get("archive trouble"))


def test_a_slot_that_went_missing_leaves_no_hole_in_the_archive(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    with relaying(ledger_url, redis_url, directory):
        commit(application, [1])
        wait_for_archive(owner, directory, 1)
    commit(application, [2])
    wait_until(lambda: not _is_active(owner), "the slot is free")
    owner.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
    with relaying(ledger_url, redis_url, directory):
        wait_for(streams, 2)
        commit(application, [3])
        wait_for(streams, 3)
        wait_for_archive(owner, directory, 3)
    (alarm,) = recorded(directory)
    assert "was made anew (it was not there)" in alarm.text
    assert "audit verify" in alarm.text


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("ALTER PUBLICATION ledger DROP TABLE event_log", "it does not contain the table event_log"),
        ("ALTER PUBLICATION ledger SET (publish = 'insert')", "it leaves out UPDATE, DELETE, TRUNCATE"),
        ("ALTER PUBLICATION ledger SET TABLE event_log WHERE (position < 0)", "it leaves out rows of event_log"),
        ("DROP PUBLICATION ledger", "it does not exist"),
    ],
)
def test_a_publication_that_was_changed_is_told_of_and_the_streams_go_on(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
    change: str,
    fault: str,
) -> None:
    commit(application, [1])
    try:
        with relaying(ledger_url, redis_url, directory):
            wait_for_archive(owner, directory, 1)
            owner.execute(change)
            commit(application, [2])
            wait_until(lambda: recorded(directory), "an alarm")
            commit(application, [3])
            wait_for(streams, 3)
            wait_for_archive(owner, directory, 3)
    finally:
        owner.execute("DROP PUBLICATION IF EXISTS ledger")
        owner.execute(PUBLICATION)
    (alarm,) = recorded(directory)
    assert fault in alarm.text


def test_what_does_not_come_through_the_wal_comes_from_the_table_in_the_end(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ledger.relay.STUCK_S", 0.5)
    with relaying(ledger_url, redis_url, directory):
        commit(application, [1])
        wait_for(streams, 1)
        monkeypatch.setattr(Relay, "_relay", lambda *given: None)
        commit(application, [2])
        wait_for(streams, 2)


def _is_active(owner: psycopg.Connection) -> bool:
    query = "SELECT active FROM pg_replication_slots WHERE slot_name = %s"
    return (True,) in owner.execute(query, [SLOT]).fetchall()


@pytest.fixture
def impatient(owner: psycopg.Connection) -> Iterator[None]:
    """A server that gives up on slots that nobody has read for a second."""
    if owner.info.server_version < 180_000:
        pytest.skip("idle_replication_slot_timeout came with PostgreSQL 18")
    owner.execute("ALTER SYSTEM SET idle_replication_slot_timeout = '1s'")
    owner.execute("SELECT pg_reload_conf()")
    yield
    owner.execute("ALTER SYSTEM RESET idle_replication_slot_timeout")
    owner.execute("SELECT pg_reload_conf()")


def _waste_wal(owner: psycopg.Connection) -> None:
    for _ in range(4):
        owner.execute("SELECT pg_logical_emit_message(false, 'other', 'nothing to us')")
        owner.execute("SELECT pg_switch_wal()")
    owner.execute("CHECKPOINT")


def test_a_slot_that_postgresql_has_given_up_on_is_made_anew_and_its_hole_filled(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
    impatient: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with relaying(ledger_url, redis_url, directory):
        commit(application, [1])
        wait_for_archive(owner, directory, 1)
    commit(application, [2, 3])
    wait_until(lambda: not _is_active(owner), "the slot is free")
    wait_until(lambda: _is_lost(owner), "PostgreSQL gives up on the slot")
    with relaying(ledger_url, redis_url, directory):
        wait_for(streams, 3)
        commit(application, [4])
        wait_for(streams, 4)
        wait_for_archive(owner, directory, 4)
    assert "PostgreSQL has invalidated it (idle_timeout)" in caplog.text


def _is_lost(owner: psycopg.Connection) -> bool:
    _waste_wal(owner)
    query = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
    return owner.execute(query, [SLOT]).fetchone() == ("lost",)


def test_the_wal_of_others_is_let_go_of_when_there_is_nothing_to_relay(
    application: LedgerApplication, owner: psycopg.Connection, ledger_url: str, redis_url: str, directory: Path
) -> None:
    with relaying(ledger_url, redis_url, directory):
        commit(application, [1])
        wait_for_archive(owner, directory, 1)
        _waste_wal(owner)
        end = written(owner)
        wait_until(lambda: confirmed(owner) >= end, "foreign WAL is acknowledged")


def test_the_slot_is_kept_on_standbys_where_the_server_can(ledger_url: str, owner: psycopg.Connection) -> None:
    if owner.info.server_version < slots.FAILOVER_VERSION:
        pytest.skip("failover slots came with PostgreSQL 17")
    failover = "SELECT failover FROM pg_replication_slots WHERE slot_name = %s"
    session = Session(ledger_url)
    owner.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [SLOT])
    assert owner.execute(failover, [SLOT]).fetchone() == (False,)
    assert ensure_slot(session, SLOT, foreign=False) == ""
    assert owner.execute(failover, [SLOT]).fetchone() == (True,)
    assert ensure_slot(session, SLOT, foreign=True) == "it belongs to another database cluster"
    assert owner.execute(failover, [SLOT]).fetchone() == (True,)
    session.close()


def test_a_slot_of_another_kind_is_made_anew(ledger_url: str, owner: psycopg.Connection) -> None:
    session = Session(ledger_url)
    owner.execute("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", [SLOT])
    assert ensure_slot(session, SLOT, foreign=False) == "it decodes with test_decoding"
    assert ensure_slot(session, SLOT, foreign=False) == ""
    session.close()


def test_the_ledger_of_another_cluster_is_told_of_and_gets_a_new_slot(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    directory: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    commit(application, [1, 2])
    with relaying(ledger_url, redis_url, directory):
        wait_for_archive(owner, directory, 2)
    write_whole(directory / "source.json", encode(Source(1, 1)))
    wait_until(lambda: not _is_active(owner), "the slot is free")
    caplog.clear()
    with relaying(ledger_url, redis_url, directory):
        commit(application, [3])
        wait_for_archive(owner, directory, 3)
        wait_until(lambda: len(recorded(directory)) == 2, "two alarms")
    assert "it belongs to another database cluster" in caplog.text
    texts = [alarm.text for alarm in recorded(directory)]
    assert "was made anew (it belongs to another database cluster)" in texts[0]
    assert texts[1].startswith("the ledger is in another database than before: system 1, timeline 1")


def test_a_restored_ledger_that_went_another_way_is_relayed_and_archived_anew(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
) -> None:
    commit(application, [1, 2])
    with relaying(ledger_url, redis_url, directory):
        wait_for(streams, 2)
        wait_for_archive(owner, directory, 2)
    with owner.transaction():  # a backup from before, and other events since
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute("TRUNCATE event_log, head")
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    application.acquire()
    commit(application, [11, 12, 13])
    wait_until(lambda: not _is_active(owner), "the slot is free")
    owner.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
    with relaying(ledger_url, redis_url, directory):
        wait_for(streams, 3)
        wait_for_archive(owner, directory, 3)
    texts = [alarm.text for alarm in recorded(directory)]
    assert len(texts) == 3
    assert sum("the archive tells of another ledger" in text for text in texts) == 1
    assert sum("was made anew (it was not there)" in text for text in texts) == 1
    entries = streams.read({LEDGER_EXECUTION: "0"}, block_ms=None)
    assert b"order-11" in entries[0].raw


def test_changes_of_the_log_stay_on_record(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    streams: Streams,
    directory: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    commit(application, [1, 2, 3])
    with relaying(ledger_url, redis_url, directory) as relay:
        wait_for(streams, 3)
        wait_for_archive(owner, directory, 3)
        with owner.transaction():
            owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
            owner.execute("UPDATE event_log SET actor = 'nobody' WHERE position > 1")
            owner.execute("DELETE FROM event_log WHERE position = 1")
            owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
        wait_until(lambda: len(recorded(directory)) == 2, "two alarms on record")
        assert relay.telemetry.counters["alarms"] == 2
    assert [alarm.text for alarm in recorded(directory)] == [
        "the WAL shows UPDATE on event_log (2 rows): the log was changed",
        "the WAL shows DELETE on event_log (1 row): the log was changed",
    ]
    assert [record.levelno for record in caplog.records if "was changed" in record.message] == [logging.CRITICAL] * 2
    assert [row.actor for row in archive.read(directory, *EXECUTION)] == ["executor"] * 3, "the archive has the truth"
    with relaying(ledger_url, redis_url, directory) as relay:
        assert relay.telemetry.gauges["alarms on record"] == 2


def test_postgresqls_patience_is_watched() -> None:
    gauges: dict[str, float | str] = {}
    alarms: list[str] = []
    watch = SlotWatch(gauges, alarms.append)
    megabyte = 2**20
    watch.look(SlotState("reserved", 10 * megabyte, 90 * megabyte, 100 * megabyte))
    assert (gauges, alarms) == ({"wal status": "reserved", "wal retained MB": 10.0, "wal left MB": 90.0}, [])
    for safe in (24, 20, 10):
        watch.look(SlotState("extended", (100 - safe) * megabyte, safe * megabyte, 100 * megabyte))
    assert len(alarms) == 1
    assert "holds back 76.0 MB of WAL (extended); after another 24.0 MB" in alarms[0]
    watch.look(SlotState("reserved", 0, 100 * megabyte, 100 * megabyte))
    watch.look(SlotState("unreserved", 100 * megabyte, 50 * megabyte, 100 * megabyte))
    assert len(alarms) == 2
    watch.look(SlotState("reserved", 0, None, -megabyte))
    watch.look(None)
    assert len(alarms) == 2


def test_the_state_of_a_slot_is_read_from_the_server(ledger_url: str, owner: psycopg.Connection) -> None:
    session = Session(ledger_url)
    assert state_of(session, SLOT) is None
    ensure_slot(session, SLOT, foreign=False)
    state = state_of(session, SLOT)
    session.close()
    assert state is not None
    assert (state.wal_status, state.limit) == ("reserved", 2 * 2**30)
    assert state.safe is not None
    assert 0 <= state.retained < state.safe


AFTER = ("--after", "1")


def test_the_command_tells_what_the_archive_holds(
    application: LedgerApplication,
    owner: psycopg.Connection,
    ledger_url: str,
    redis_url: str,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    commit(application, [1, 2])
    with relaying(ledger_url, redis_url, directory):
        wait_for_archive(owner, directory, 2)

    def ask(*arguments: str) -> str:
        out = StringIO()
        call_command("archive", *arguments, archive=directory, stdout=out)
        return out.getvalue()

    assert "0 alarms on record" in ask("status")
    assert "execution: 2 events, as in the table" in ask("check")
    for order in (("cat", "execution", *AFTER), ("cat", *AFTER, "execution"), (*AFTER, "cat", "execution")):
        assert ask(*order).count("\n") == 1, order
    (path,) = directory.glob("execution-0/*")
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(bytes(content))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("archive", "check", archive=directory, stdout=out)
    assert f"execution-0/{path.name}" in out.getvalue()
    with pytest.raises(CommandError, match="damaged"):
        ask("cat", "execution")
    shutil.rmtree(directory)
    with pytest.raises(CommandError, match="There is no archive"):
        ask("status")
