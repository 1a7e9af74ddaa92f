"""Verification of whole logs: whatever byte is changed, wherever, it is found and named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from shutil import rmtree
from threading import Lock

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from governance import recovery as governing
from ledger import rebuild, verifying
from ledger.chain import Broken
from ledger.checkpoint_copies import copy_path
from ledger.checkpoints import sign_due
from ledger.parquet import copy_old
from ledger.records import GENESIS
from ledger.session import Session
from ledger.signing import PUBLIC, signing_key
from ledger.verifying import BATCH, check, verify_log
from tests.integration.ledger.signed import EVERY, HASH, Connection, archived, commit, connected, forge

ROWS = 2 * BATCH + 17


@pytest.fixture
def connection(ledger_url: str) -> Iterator[Connection]:
    commit(ledger_url, ROWS)
    with connected(ledger_url) as connection:
        yield connection


def test_a_whole_log_is_whole_over_all_batches(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "BATCHES_A_TIME", 1)
    seen: list[int] = []
    verdict = verify_log(connection, "execution", 0, seen.append)
    assert (verdict.broken, verdict.events) == (None, ROWS)
    assert seen == [BATCH, 2 * BATCH, ROWS]


BIT = "set_byte({0}, 5, get_byte({0}, 5) # 1)"
CHANGES = {
    "event_id": "event_id = gen_random_uuid()",
    "originator_id": "originator_id = gen_random_uuid()",
    "originator_version": "originator_version = originator_version + 1",
    "topic": "topic = topic || 'x'",
    "state": f"state = {BIT.format('state')}",
    "recorded_at": "recorded_at = recorded_at + interval '1 microsecond'",
    "correlation_id": "correlation_id = 'x'",
    "causation_id": "causation_id = 'é'",
    "command_id": "command_id = 'x'",
    "actor": "actor = upper(actor)",
    "book": "book = ''",
    "hash": f"hash = {BIT.format('hash')}",
}


@pytest.mark.parametrize("position", [1, BATCH + 1])
@pytest.mark.parametrize("column", sorted(CHANGES))
def test_every_column_is_guarded(connection: Connection, column: str, position: int) -> None:
    forge(connection, f"UPDATE event_log SET {CHANGES[column]} WHERE position = {position}")
    broken = Broken(position, "its hash does not fit what it says")
    assert verify_log(connection, "execution", 0).broken == broken


@pytest.mark.parametrize("position", [1, BATCH, BATCH + 1, ROWS])
def test_the_hash_before_is_guarded(connection: Connection, position: int) -> None:
    forge(connection, f"UPDATE event_log SET prev_hash = {BIT.format('prev_hash')} WHERE position = {position}")
    broken = Broken(position, "it does not follow on the hash before it")
    assert verify_log(connection, "execution", 0).broken == broken


@pytest.mark.parametrize("position", [1, BATCH, BATCH + 1, ROWS - 1])
def test_a_deleted_row_is_named(connection: Connection, position: int) -> None:
    forge(connection, f"DELETE FROM event_log WHERE position = {position}")
    broken = Broken(position, f"position {position} is missing, {position + 1} follows")
    assert verify_log(connection, "execution", 0).broken == broken


def test_deleted_batches_are_named(connection: Connection) -> None:
    forge(connection, f"DELETE FROM event_log WHERE position <= {ROWS - 3}")
    assert verify_log(connection, "execution", 0).broken == Broken(1, f"position 1 is missing, {ROWS - 2} follows")


def test_the_end_is_that_of_the_head(connection: Connection) -> None:
    forge(connection, f"DELETE FROM event_log WHERE position = {ROWS}")
    found = verify_log(connection, "execution", 0).broken
    assert found == Broken(ROWS, f"the head stands at {ROWS}, the log ends at {ROWS - 1}")
    connection.execute("DELETE FROM head")
    assert verify_log(connection, "execution", 0).broken == Broken(1, "the log has no head")


def test_an_id_that_a_forger_has_chained_is_found(connection: Connection) -> None:
    other = "'00000000-0000-0000-0000-000000000000'"
    hash_ = HASH.format(event_id=other, actor="actor")
    forge(connection, f"UPDATE event_log SET hash = {hash_}, event_id = {other} WHERE position = {ROWS}")
    assert verify_log(connection, "execution", 0).broken == Broken(ROWS, "its event id is not that of its place")


def test_the_zone_of_the_session_does_not_matter(connection: Connection) -> None:
    connection.execute("SET timezone = 'Asia/Tokyo'; SET datestyle = 'German'")
    assert verify_log(connection, "execution", 0).broken is None


def test_it_goes_on_from_a_position(connection: Connection) -> None:
    with connection.transaction():
        reached = check(connection, "execution", 0, last=BATCH + 5)
        assert not isinstance(reached, Broken)
        after, previous = reached
        assert after == BATCH + 5
        end = check(connection, "execution", 0, after=after, previous=previous)
        assert end == check(connection, "execution", 0)
        wrong = check(connection, "execution", 0, after=after, previous=GENESIS)
    assert wrong == Broken(after + 1, "it does not follow on the hash before it")


# --- the command: every part, and what it says of each ---


@pytest.fixture
def kept(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Connection, Path]]:
    """An archived log with checkpoints; the file of the archive."""
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(settings, "ARCHIVE_DIR", tmp_path / "archive")
    commit(ledger_url, 35)
    with connected(ledger_url) as connection:
        sign_due(connection, signing_key({}, tmp_path), EVERY, tmp_path / "archive")
        yield connection, archived(connection, tmp_path / "archive")


def verify(*options: str, whole: bool) -> list[str]:
    out = StringIO()
    if whole:
        call_command("audit", "verify", *options, stdout=out)
    else:
        with pytest.raises(SystemExit) as ended:
            call_command("audit", "verify", *options, stdout=out)
        assert ended.value.code == 1
    return out.getvalue().splitlines()


def test_what_holds_is_said_to_hold(kept: tuple[Connection, Path]) -> None:
    assert verify("--chain", "--checkpoints", "--archive", whole=True) == [
        "execution: 35 events, the chain is whole",
        "execution: 3 checkpoints to position 30 hold, 5 events since",
        "execution: the archive agrees with the table to position 35",
    ]


def test_without_flags_every_part_is_gone_through(kept: tuple[Connection, Path]) -> None:
    told = verify(whole=True)
    assert told[:3] == verify("--chain", "--checkpoints", "--archive", whole=True)
    assert told[-1].startswith("read models: ")


def test_without_archive_and_checkpoints_it_says_so(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    monkeypatch.setattr(settings, "ARCHIVE_DIR", tmp_path / "archive")
    commit(ledger_url, 5)
    told = verify(whole=True)
    assert f"archive: there is none in {tmp_path / 'archive'}: not checked" in told
    assert "execution: 0 checkpoints to position 0 hold, nothing is signed yet" in told
    assert verify("--archive", whole=False) == [f"archive: there is none in {tmp_path / 'archive'}: BROKEN"]


def test_an_edited_byte_in_the_table_is_named_by_chain_and_archive(kept: tuple[Connection, Path]) -> None:
    connection, _ = kept
    forge(connection, f"UPDATE event_log SET state = {BIT.format('state')} WHERE position = 12")
    assert verify("--chain", "--archive", whole=False) == [
        "execution: BROKEN at position 12: its hash does not fit what it says",
        "execution: BROKEN at position 12: archive and table differ in state",
    ]
    assert verify("--checkpoints", whole=True) == ["execution: 3 checkpoints to position 30 hold, 5 events since"]


@pytest.mark.parametrize("head", [20, 1000])
def test_a_head_that_was_moved_is_named_by_every_part(kept: tuple[Connection, Path], head: int) -> None:
    connection, _ = kept
    connection.execute("UPDATE head SET position = %s WHERE log = 'execution'", [head])
    place, fault = f"execution: BROKEN at position {min(head, 35) + 1}:", f"the head stands at {head}, the"
    assert verify("--chain", "--archive", whole=False) == [
        f"{place} {fault} log ends at 35",
        f"{place} {fault} table ends at 35: the head is wrong, archive and table agree",
    ]
    assert verify("--checkpoints", whole=True) == ["execution: 3 checkpoints to position 30 hold, 5 events since"]


def test_an_edited_byte_in_the_archive_is_named(kept: tuple[Connection, Path]) -> None:
    _, path = kept
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    told = verify("--chain", "--archive", whole=False)
    assert told[0] == "execution: 35 events, the chain is whole"
    assert told[1].startswith("execution: BROKEN at position 1: the archive is damaged: ")


def test_an_edited_byte_in_a_checkpoint_is_named(kept: tuple[Connection, Path]) -> None:
    connection, _ = kept
    forge(connection, f"UPDATE checkpoint SET root = {BIT.format('root')} WHERE last = 20")
    copy = "line 2 of the copy checkpoints-execution-0.jsonl"
    assert verify("--checkpoints", whole=False) == [
        "execution: BROKEN at position 11: checkpoint 11-20: its hash does not fit what it says",
        f"execution: BROKEN at position 11: {copy} differs from the table in root",
    ]


def test_any_edited_byte_in_the_copy_of_the_checkpoints_is_named(kept: tuple[Connection, Path], tmp_path: Path) -> None:
    path = copy_path(tmp_path / "archive", "execution", 0)
    content = path.read_bytes()
    for place in sorted({0, len(content) // 3, len(content) // 2, len(content) - 2, len(content) - 1}):
        edited = bytearray(content)
        edited[place] ^= 1
        path.write_bytes(edited)
        found = verify("--checkpoints", whole=False)
        line = content[:place].count(b"\n") + 1
        assert len(found) == 1, (place, found)
        assert f"line {line} of the copy" in found[0]


def test_a_rewritten_chain_does_not_have_the_signed_roots(kept: tuple[Connection, Path]) -> None:
    connection, _ = kept
    forge(connection, f"UPDATE event_log SET hash = {BIT.format('hash')} WHERE position = 20")
    forge(connection, f"UPDATE event_log SET hash = {BIT.format('hash')} WHERE position = 23")
    reasons = [line.partition(": checkpoint ")[2] for line in verify("--checkpoints", whole=False)]
    assert reasons == [
        "11-20: the hash of position 20 is not the one that was signed",
        "21-30: the hashes of its rows do not give the root that was signed",
    ]


def test_signatures_of_another_key_do_not_count(kept: tuple[Connection, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    signing_key({}, other)
    told = verify("--checkpoints", "--public-key", str(other / PUBLIC), whole=False)
    assert len(told) == 3
    assert all("which is none of the public keys that were given" in line for line in told)
    (tmp_path / PUBLIC).unlink()
    (told_without,) = verify("--checkpoints", whole=False)
    assert "there are no public keys in" in told_without


def test_a_part_that_an_edited_ledger_stops_is_a_finding_and_the_others_go_on(kept: tuple[Connection, Path]) -> None:
    connection, _ = kept
    for projection in rebuild.projections():
        rebuild.rebuild(settings.DATABASE_URL, projection)
    assert verify("--read-models", whole=True) == ["read models: all equal to a rebuild"]
    forge(connection, "UPDATE event_log SET state = 'no JSON'")
    told = verify("--read-models", "--chain", whole=False)
    assert told[0] == "execution: BROKEN at position 1: its hash does not fit what it says"
    assert told[1].startswith("read models: BROKEN, it cannot be checked: ")


def test_scope_needs_decisions(kept: tuple[Connection, Path]) -> None:
    with pytest.raises(CommandError, match="need --decisions"):
        call_command("audit", "verify", "--book", "demo")


COPYING = "SELECT xact_start FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE 'COPY%'"


def test_no_transaction_lasts_as_long_as_the_log(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that is held for minutes keeps vacuum from its work everywhere."""
    monkeypatch.setattr(verifying, "STRETCH", BATCH)
    begun, observed = set(), Lock()
    with psycopg.connect(connection.info.dsn, password=connection.info.password, autocommit=True) as observer:

        def look(_: int) -> None:
            with observed:
                begun.update(observer.execute(COPYING).fetchall())

        verdict = verify_log(connection, "execution", 0, look)
    assert (verdict.broken, verdict.events) == (None, ROWS)
    assert len(begun) == 3


def test_stretches_that_are_checked_at_the_same_time_hang_together(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "STRETCH", BATCH)
    seen: list[int] = []
    assert verify_log(connection, "execution", 0, seen.append).broken is None
    assert seen == sorted(seen)
    assert seen[-1] == ROWS
    forge(connection, f"DELETE FROM event_log WHERE position = {BATCH}")
    broken = Broken(BATCH, f"position {BATCH} is missing, {BATCH + 1} follows")
    assert verify_log(connection, "execution", 0).broken == broken


def test_a_removed_archive_of_a_signed_ledger_is_a_fault(kept: tuple[Connection, Path], tmp_path: Path) -> None:
    rmtree(tmp_path / "archive" / "execution-0")
    told = f"archive: BROKEN: the ledger is signed, but there is no archive in {tmp_path / 'archive'}"
    assert told in verify(whole=False)


def test_a_changed_parquet_file_is_named(
    kept: tuple[Connection, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, _ = kept
    monkeypatch.setattr(settings, "PARQUET_DIR", tmp_path / "parquet")
    assert copy_old(connection, tmp_path / "parquet", datetime.now(UTC) + timedelta(days=1), size=10) == 30
    assert "execution: the Parquet files hold and agree with the table" in verify("--archive", whole=True)
    second = sorted((tmp_path / "parquet" / "execution" / "0").glob("*.parquet"))[1]
    checksum = second.with_name(second.name + ".sha256")
    checksum.chmod(0o644)
    checksum.write_text("")
    told = verify("--archive", whole=False)
    assert told[0].startswith("execution: BROKEN at position 11: the Parquet files are damaged:")


def test_a_forged_snapshot_is_named(kept: tuple[Connection, Path], ledger_url: str) -> None:
    connection, _ = kept
    session = Session(ledger_url)
    try:
        at = governing.take_snapshot(session, 1)
    finally:
        session.close()
    assert at is not None
    place = f"snapshot of governance at 0 of governance and {at.execution} of execution: "
    assert verify("--snapshots", whole=True) == [f"{place}it is what the logs give"]
    connection.execute("UPDATE snapshot SET state = %s", [b'[1,["m",[["demo",null]]]]'])
    connection.execute("UPDATE snapshot SET digest = sha256(state)")
    told = verify("--snapshots", whole=False)
    assert [line.partition(";")[0] for line in told] == [f"{place}BROKEN: it is not what the logs give"]
