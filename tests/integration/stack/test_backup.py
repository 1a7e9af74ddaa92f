"""A backup of a ledger with rounds: restored elsewhere it is the same ledger, and it goes on; damage is found."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from govsite.backup.checking import check
from govsite.backup.manifest import NotWhole
from govsite.backup.writing import back_up
from govsite.stack.embedded import create_database
from ledger import rebuild
from ledger.verifying import heads, verify_log
from streams.client import COMMANDS, connect
from tests.integration.conftest import ROOT
from tests.integration.site.conftest import Writer
from tests.servers import wait_until

ROUNDS = 20
SITE = """INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active,
    date_joined) VALUES ('a,"b"', E'x\\\\y\\n', '', '', '', false, true, true, '2026-01-31 09:30:00.000001+00')"""


def silent(what: str, done: int, of: int) -> None:
    """Nobody looks."""


@pytest.fixture
def writer(ledger_url: str) -> Iterator[Writer]:
    writer = Writer(ledger_url)
    writer.history.found()
    for _ in range(ROUNDS):
        writer.history.round(outcome="granted", why='a\nline, a "quote" and a \\')
    writer.commit()
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute(SITE)
    yield writer
    writer.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A data directory with an archive and public keys."""
    (tmp_path / "var/archive/governance-0").mkdir(parents=True)
    (tmp_path / "var/archive/governance-0/2026-01-31.jsonl.gz").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "var/archive/source.json").write_text("{}")
    (tmp_path / "var/checkpoint.pub").write_text("a key")
    (tmp_path / "var/checkpoint.key").write_text("hush hush")
    return tmp_path / "var"


@pytest.fixture
def empty_url() -> Iterator[str]:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/restored_tests").geturl()
    drop(url)
    create_database(url)
    yield url
    drop(url)


def drop(url: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(urlsplit(url).path[1:])))


def make(url: str, place: Path, tell: Any = silent) -> Path:
    path = place.parent / "made.zip"
    back_up(url, path, data_dir=place, archive=place / "archive", tell=tell)
    return path


def restored(path: Path, url: str, redis_url: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url, "REDIS_URL": redis_url, "GOVSITE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "manage.py", "restore", str(path)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_what_is_restored_is_the_same_ledger_and_goes_on(
    writer: Writer, ledger_url: str, redis_url: str, place: Path, empty_url: str
) -> None:
    path = make(ledger_url, place)
    with psycopg.connect(ledger_url) as connection:
        before = heads(connection)
    elsewhere = place.parent / "elsewhere"
    answer = restored(path, empty_url, redis_url, elsewhere)
    assert answer.returncode == 0, answer.stderr
    with psycopg.connect(empty_url, autocommit=True) as connection:
        assert heads(connection) == before
        assert connection.execute("SELECT password FROM auth_user WHERE username = 'a,\"b\"'").fetchone() == ("x\\y\n",)
        assert connection.execute("SELECT count(*) FROM governance_decision").fetchone() == (ROUNDS,)
        assert rebuild.compare(empty_url) == []
        assert connection.execute("SELECT bool_and(owner = '') FROM head").fetchone() == (True,)
        connection.execute(SITE.replace('a,"b"', "next"))  # the next number is free
        further = Writer(empty_url)
        further.history = writer.history
        further.show(lambda history: history.round(outcome="granted"))
        further.close()
        for log, partition, position, _ in heads(connection):
            verdict = verify_log(connection, log, partition)
            assert (verdict.broken, verdict.events) == (None, position)
    files = {str(one.relative_to(elsewhere)) for one in elsewhere.rglob("*") if one.is_file()} - {"secret.key"}
    assert files == {"archive/governance-0/2026-01-31.jsonl.gz", "checkpoint.pub"}
    again = restored(path, empty_url, redis_url, place.parent / "third")
    assert "Nothing was restored: the database has rows in" in again.stderr
    assert len(again.stderr.strip().splitlines()) == 1


def test_private_keys_and_sessions_are_not_in_it(writer: Writer, ledger_url: str, place: Path) -> None:
    path = make(ledger_url, place)
    assert path.stat().st_mode & 0o777 == 0o600
    with ZipFile(path) as zipped:
        assert not [name for name in zipped.namelist() if "session" in name or name.endswith(".key")]
        assert not any(b"hush hush" in zipped.read(name) for name in zipped.namelist())


def test_every_changed_byte_is_found(writer: Writer, ledger_url: str, place: Path) -> None:
    path = make(ledger_url, place)
    raw = path.read_bytes()
    for place_of_byte in (*range(0, len(raw), len(raw) // 50), len(raw) - 1):
        changed = bytearray(raw)
        changed[place_of_byte] ^= 1
        path.write_bytes(changed)
        with pytest.raises(NotWhole):
            check(path, silent)
    path.write_bytes(raw[:-100])
    with pytest.raises(NotWhole, match="damaged, cut short, or no backup"):
        check(path, silent)
    path.write_bytes(raw)
    assert check(path, silent).heads


def test_a_ledger_that_does_not_hold_is_not_backed_up(writer: Writer, ledger_url: str, place: Path) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        connection.execute("UPDATE event_log SET actor = 'x' WHERE log = 'governance' AND position = 7")
        connection.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    with pytest.raises(NotWhole, match="the chain of governance is broken at position 7"):
        make(ledger_url, place)
    assert not list(place.parent.glob("made*"))


def test_what_is_appended_meanwhile_waits_for_nothing_and_is_left_out(
    writer: Writer, ledger_url: str, place: Path
) -> None:
    """Between the tables of the backup, in its open snapshot, rounds are committed and read models made again."""
    with psycopg.connect(ledger_url) as connection:
        before = {(log, partition): position for log, partition, position, _ in heads(connection)}
    seen: list[str] = []

    def append(what: str, done: int, of: int) -> None:
        if what in ("auth_user", "event_log", "head"):
            seen.append(what)
            writer.history.round(outcome="granted")
            writer.commit()

    path = make(ledger_url, place, append)
    assert {"auth_user", "event_log"} <= set(seen)
    assert {(head.log, head.partition): head.position for head in check(path, silent).heads} == before


def test_a_full_disk_is_said_and_leaves_nothing(writer: Writer, ledger_url: str, place: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": ledger_url, "GOVSITE_DATA_DIR": str(place)}
    answer = subprocess.run(
        [sys.executable, "manage.py", "backup", str(place.parent / "made.zip")],
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.strip().startswith(f"CommandError: {place.parent}/made.zip could not be written, and nothing")
    assert not list(place.parent.glob("made*"))


def test_killed_half_way_it_leaves_nothing_that_looks_whole(writer: Writer, ledger_url: str, place: Path) -> None:
    """It waits for a table that somebody else holds, and is killed there."""
    path = place.parent / "made.zip"
    environment = {**os.environ, "DATABASE_URL": ledger_url, "GOVSITE_DATA_DIR": str(place)}
    with psycopg.connect(ledger_url) as connection:
        connection.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        run = subprocess.Popen([sys.executable, "manage.py", "backup", str(path)], cwd=ROOT, env=environment)
        partial = path.with_name("made.zip.partial")
        wait_until(lambda: partial.exists() and partial.stat().st_size > 1000, "it has written something")
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert not path.exists()
    with pytest.raises(NotWhole):
        check(partial, silent)
    make(ledger_url, place)
    assert not partial.exists()


def test_a_backup_of_a_newer_release_is_refused_in_one_line(
    writer: Writer, ledger_url: str, redis_url: str, place: Path, empty_url: str
) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_x', now())")
        try:
            path = make(ledger_url, place)
        finally:
            connection.execute("DELETE FROM django_migrations WHERE name = '9999_x'")
    answer = restored(path, empty_url, redis_url, place.parent / "elsewhere")
    assert answer.returncode == 1
    assert "whose tables this release does not know (ledger.9999_x)" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


def test_streams_of_another_ledger_are_refused(
    writer: Writer, ledger_url: str, redis_url: str, place: Path, empty_url: str
) -> None:
    path = make(ledger_url, place)
    with connect(redis_url) as connection:
        connection.xadd(COMMANDS, {b"m": b"x"})
    answer = restored(path, empty_url, redis_url, place.parent / "elsewhere")
    assert answer.returncode == 1
    assert "Redis holds the stream governance.commands of another ledger: empty it first" in answer.stderr


def test_a_backup_of_an_older_release_becomes_a_database_of_today(redis_url: str, place: Path, empty_url: str) -> None:
    older = urlsplit(empty_url)._replace(path="/older_tests").geturl()
    drop(older)
    create_database(older)
    environment = {**os.environ, "DATABASE_URL": older}
    for arguments in ([], ["govsite", "0001_alarm_deliveries"]):
        command = [
            sys.executable,
            "manage.py",
            "migrate",
            *arguments,
            "--no-input",
            "--skip-checks",
            "--verbosity",
            "0",
        ]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    first = Writer(older)
    first.history.found()
    first.commit()
    first.close()
    path = make(older, place)
    drop(older)
    answer = restored(path, empty_url, redis_url, place.parent / "elsewhere")
    assert answer.returncode == 0, answer.stderr
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT count(*) FROM govsite_apitoken").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM governance_book").fetchall() == [(1,)]
