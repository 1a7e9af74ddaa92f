"""The relay delivers what was committed: in order, exactly once, whatever is killed or lost on the way."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import redis

from govsite.stack.embedded import Server, ping_redis, prepare_valkey
from ledger import outbox
from ledger.application import InboxEntry, LedgerApplication
from ledger.delivery import Delivery
from ledger.relay import Relay
from ledger.session import Session
from ledger.slots import slot_of
from ledger.wal import WalStream
from streams.client import COMMANDS, LEDGER_EXECUTION, LEDGER_GOVERNANCE, Streams
from streams.envelope import Envelope, decode
from streams.messages import LedgerEntry, ResumeTrading
from streams.stopping import Stop
from tests.integration.conftest import ROOT
from tests.integration.ledger.events import book_opened, cancelled, cash_moved
from tests.servers import wait_until


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


@contextmanager
def relaying(ledger_url: str, redis_url: str) -> Iterator[Relay]:
    stop = Stop()
    relay = Relay(ledger_url, redis_url, stop)
    thread = threading.Thread(target=relay.run)
    thread.start()
    try:
        yield relay
    finally:
        stop.set()
        thread.join()
        relay.telemetry.redis.close()


def relayed(streams: Streams, stream: str = LEDGER_EXECUTION) -> list[LedgerEntry]:
    entries = streams.read({stream: "0"}, block_ms=None, count=10_000)
    bodies = [decode(entry.raw).body for entry in entries]
    assert [entry.id for entry in entries] == [f"{body.last}-0" for body in bodies if isinstance(body, LedgerEntry)]
    return [body for body in bodies if isinstance(body, LedgerEntry)]


def positions(streams: Streams, stream: str = LEDGER_EXECUTION) -> list[int]:
    return [row.position for entry in relayed(streams, stream) for row in entry.rows]


def wait_for(streams: Streams, last: int) -> None:
    wait_until(lambda: streams.last_id(LEDGER_EXECUTION) == f"{last}-0", f"position {last} is in the stream")
    assert positions(streams) == list(range(1, last + 1))


def wait_for_progress(streams: Streams) -> None:
    begun = streams.last_id(LEDGER_EXECUTION)
    wait_until(lambda: streams.last_id(LEDGER_EXECUTION) != begun, "a relay is at work")


def wait_for_wal(ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as observer:
        active = "SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active"
        wait_until(lambda: observer.execute(active).fetchone(), "the relay reads the WAL")


def test_one_transaction_is_one_entry(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    with relaying(ledger_url, redis_url):
        application.commit([book_opened(), cash_moved(2)])
        commit = application.commit([cancelled(1)])
        wait_for(streams, 3)
    first, second = relayed(streams)
    assert (first.first, first.last, second.first, second.last) == (1, 2, 3, 3)
    assert second.recorded_at == commit.recorded_at
    (row,) = second.rows
    (_, _, recorded) = application.events()
    assert (row.event_id, row.topic, row.event) == (recorded.event_id, "Order.OrderCancelled", "OrderCancelled")
    assert (row.correlation_id, row.book, row.command_id) == ("binance:BTCUSDT:t1", "demo", None)
    assert bytes(row.state) == application.mapper.to_stored_event(recorded.event).state


def test_what_was_committed_before_the_first_start_comes_from_the_table(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    application.commit([book_opened(), cash_moved(2)])
    application.commit([cancelled(1)])
    with relaying(ledger_url, redis_url):
        wait_for(streams, 3)
        application.commit([cancelled(2)])
        wait_for(streams, 4)
    assert [(entry.first, entry.last) for entry in relayed(streams)] == [(1, 2), (3, 3), (4, 4)]


def test_the_two_logs_have_a_stream_each(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    governance = LedgerApplication(ledger_url, "governance")
    governance.acquire()
    with relaying(ledger_url, redis_url):
        governance.commit([book_opened()])
        application.commit([cancelled(1), cancelled(2)])
        wait_for(streams, 2)
        wait_until(lambda: streams.last_id(LEDGER_GOVERNANCE) == "1-0", "the governance log is relayed")
    governance.close()


def test_a_repeat_after_a_crash_between_publish_and_acknowledge_is_refused_by_the_stream(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as never:
        never.setattr(WalStream, "acknowledge", lambda self, position, force=False: None)
        with relaying(ledger_url, redis_url):
            wait_for_wal(ledger_url)
            application.commit([book_opened()])
            application.commit([cancelled(1)])
            wait_for(streams, 2)
    offered: list[int] = []
    publish = Delivery.publish

    def observed(self: Delivery, found: Iterable[LedgerEntry]) -> None:
        entries = list(found)
        offered.extend(entry.last for entry in entries)
        publish(self, entries)

    monkeypatch.setattr(Delivery, "publish", observed)
    with relaying(ledger_url, redis_url):
        application.commit([cancelled(2)])
        wait_until(lambda: offered[-1:] == [3], "the WAL gives the last one")
        wait_for(streams, 3)
    assert offered == [1, 2, 3], "the first two came again"


@contextmanager
def writing(application: LedgerApplication) -> Iterator[list[int]]:
    """Commits small transactions all the time; gives the positions that it has committed."""
    committed: list[int] = []
    stop = Stop()

    def write() -> None:
        while not stop.wait(0.002):
            number = len(committed)
            committed.append(application.commit([cancelled(2 * number), cancelled(2 * number + 1)]).last)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield committed
    finally:
        stop.set()
        thread.join()


def test_relays_killed_under_load_lose_and_repeat_nothing(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams, tmp_path: Path
) -> None:
    command = [sys.executable, "manage.py", "runrelay", "--archive", str(tmp_path / "archive")]
    environment = {**os.environ, "DATABASE_URL": ledger_url, "REDIS_URL": redis_url, "GOVSITE_LOG": "ERROR"}
    relay = subprocess.Popen(command, cwd=ROOT, env=environment)
    with writing(application) as committed:
        for _ in range(2):
            wait_for_progress(streams)
            relay.kill()
            relay.wait()
            relay = subprocess.Popen(command, cwd=ROOT, env=environment)
        wait_for_progress(streams)
    wait_for(streams, committed[-1])
    assert {entry.last - entry.first for entry in relayed(streams)} == {1}
    check = subprocess.run([*command, "--check"], cwd=ROOT, env=environment, check=False)
    relay.send_signal(signal.SIGTERM)
    assert (check.returncode, relay.wait(30)) == (0, 0)


@contextmanager
def running(server: Server) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(server.command, cwd="/", stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(server.url), "Valkey answers")
        yield process
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        ping_redis(url)
    except redis.ConnectionError:
        return False
    return True


def test_what_redis_lost_is_filled_in_again(
    application: LedgerApplication, ledger_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = prepare_valkey(tmp_path)
    with running(server) as process, relaying(ledger_url, server.url), writing(application) as committed:
        streams = Streams(server.url)
        wait_until(lambda: streams.last_id(LEDGER_EXECUTION) != "0-0", "it runs")
        process.kill()
        process.wait()
        wait_until(lambda: "waiting for Redis" in caplog.text, "the relay says what it waits for")
        shutil.rmtree(tmp_path / "valkey" / "appendonlydir")
        with running(server):
            so_far = committed[-1]
            wait_until(lambda: _last_position(streams) > so_far, "the relay goes on")
            found = positions(streams)
            assert found == list(range(1, len(found) + 1))
        streams.redis.close()


def _last_position(streams: Streams) -> int:
    return int(streams.last_id(LEDGER_EXECUTION).partition("-")[0])


def test_a_lost_connection_to_postgresql_loses_nothing(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    with relaying(ledger_url, redis_url), psycopg.connect(ledger_url, autocommit=True) as killer:
        for number in range(5):
            application.commit([cancelled(number)])
            wait_for(streams, number + 1)
            killer.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'relay%'"""
            )


def test_a_missing_slot_is_made_anew_and_its_hole_filled(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    with relaying(ledger_url, redis_url):
        application.commit([cancelled(1)])
        wait_for(streams, 1)
    application.commit([cancelled(2)])
    with psycopg.connect(ledger_url, autocommit=True) as owner:
        drop = (
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active"
        )
        wait_until(lambda: owner.execute(drop, [slot_of("ledger_tests")]).fetchone(), "the slot is dropped")
    with relaying(ledger_url, redis_url):
        wait_for(streams, 2)
        application.commit([cancelled(3)])
        wait_for(streams, 3)


def test_a_second_relay_waits_for_the_first(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    with relaying(ledger_url, redis_url):
        application.commit([cancelled(1)])
        wait_for(streams, 1)
        with relaying(ledger_url, redis_url):
            wait_until(lambda: "waiting for the replication slot" in caplog.text, "the second waits")
            application.commit([cancelled(2)])
            wait_for(streams, 2)


def test_a_change_of_the_log_raises_an_alarm(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams, caplog: pytest.LogCaptureFixture
) -> None:
    application.commit([cancelled(1)])
    with relaying(ledger_url, redis_url) as relay, psycopg.connect(ledger_url) as owner:
        wait_for(streams, 1)
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        owner.execute("UPDATE event_log SET actor = 'nobody'")
        owner.execute("DELETE FROM event_log")
        owner.execute("TRUNCATE event_log")
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
        owner.commit()
        wait_until(lambda: relay.telemetry.counters["alarms"] == 3, "three alarms")
    alarms = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [text.split()[3] for text in alarms] == ["UPDATE", "DELETE", "TRUNCATE"]


def test_a_stream_of_another_ledger_is_filled_anew(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    streams.redis.xadd(LEDGER_EXECUTION, {"m": b"?"}, id="900-0")
    application.commit([cancelled(1)])
    with relaying(ledger_url, redis_url) as relay:
        wait_for(streams, 1)
        assert relay.telemetry.counters["alarms"] == 1


def test_where_logical_decoding_is_not_allowed_the_table_is_asked(
    application: LedgerApplication,
    relay_without_wal: str,
    redis_url: str,
    streams: Streams,
    caplog: pytest.LogCaptureFixture,
) -> None:
    application.commit([cancelled(1)])
    with relaying(relay_without_wal, redis_url):
        wait_for(streams, 1)
        application.commit([cancelled(2), cancelled(3)])
        wait_for(streams, 3)
    assert "logical decoding is not allowed" in caplog.text
    assert [(entry.first, entry.last) for entry in relayed(streams)] == [(1, 1), (2, 3)]


def test_a_transaction_that_is_too_large_for_one_entry_becomes_several(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    with relaying(ledger_url, redis_url):
        application.commit([cancelled(number) for number in range(500)])
        wait_for(streams, 500)
    assert len(relayed(streams)) > 1


def test_operators_commands_are_sent_until_they_are_consumed(
    application: LedgerApplication, ledger_url: str, redis_url: str, streams: Streams
) -> None:
    command = Envelope(
        id="resume-1", body=ResumeTrading(reason="checked"), actor="operator:ann", sent_at=1, book="demo"
    )
    with psycopg.connect(ledger_url, autocommit=True) as operator:
        outbox.enqueue(operator, command)
        outbox.enqueue(operator, command)
        assert outbox.status(operator, "unknown") is None
        with relaying(ledger_url, redis_url):
            wait_until(lambda: len(streams.read({COMMANDS: "0"}, block_ms=None)) >= 2, "it is sent again")
            assert outbox.status(operator, "resume-1") == outbox.WAITING
            application.commit([], inbox=[InboxEntry(command_id="resume-1", entry_id="1-0", result="accepted")])
            assert outbox.status(operator, "resume-1") == "accepted"
            settled = "SELECT 1 FROM outbox WHERE result = 'accepted'"
            wait_until(lambda: operator.execute(settled).fetchone(), "the outbox has the answer")
    sent = streams.read({COMMANDS: "0"}, block_ms=None)
    assert {decode(entry.raw).id for entry in sent} == {"resume-1"}
    assert decode(sent[0].raw) == command


@pytest.mark.parametrize(("waits", "sent", "again"), [(3, 1, 0), (60, 3, 0), (60, 7, 1), (86_400, 60, 0)])
def test_what_nobody_answers_is_sent_ever_more_seldom(
    ledger_url: str, streams: Streams, waits: int, sent: int, again: int
) -> None:
    """Such as a command whose signature is of no worth any more."""
    session = Session(ledger_url)
    with psycopg.connect(ledger_url, autocommit=True) as operator:
        outbox.enqueue(operator, Envelope(id="w", body=ResumeTrading(reason="x"), actor="operator:ann", sent_at=1))
        operator.execute(
            "UPDATE outbox SET created_at = clock_timestamp() - make_interval(secs => %s),"
            " sent_at = clock_timestamp() - make_interval(secs => %s)",
            (waits, sent),
        )
    assert outbox.send_due(session, streams.redis) == again
    session.close()


def test_clocks_that_differ_raise_one_alarm(ledger_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    relay, session = Relay(ledger_url, redis_url, Stop()), Session(ledger_url)
    clock = SimpleNamespace(time=time.time, monotonic=time.monotonic)
    monkeypatch.setattr("ledger.relay.time", clock)
    relay._look_at_clocks(session)
    assert relay.telemetry.gauges["clocks apart s"] == 0
    clock.time = lambda: time.time() - 30
    for _ in range(2):
        relay._look_at_clocks(session)
    session.close()
    relay.telemetry.redis.close()
    assert relay.telemetry.counters["alarms"] == 1
    assert 29 < float(relay.telemetry.gauges["clocks apart s"]) < 31
