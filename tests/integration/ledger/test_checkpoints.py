"""Checkpoints: signed once for every full stretch of what holds, in the table and beside the archive."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command

from ledger import merkle
from ledger.checkpoint_copies import append, copy_path, encode, lines
from ledger.checkpoint_review import review
from ledger.checkpoints import as_json, last_of, read, row_hashes, sign_due
from ledger.errors import Corrupt
from ledger.records import GENESIS
from ledger.signing import PUBLIC, SigningKey, signing_key, trusted
from tests.integration.ledger.signed import EVERY, Connection, commit, connected, forge


@pytest.fixture
def connection(ledger_url: str) -> Iterator[Connection]:
    commit(ledger_url, 25)
    with connected(ledger_url) as connection:
        yield connection


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    return signing_key({}, tmp_path)


def copied(directory: Path) -> list[bytes]:
    return lines(copy_path(directory, "execution", 0))


def test_every_full_stretch_is_signed_once(
    connection: Connection, key: SigningKey, ledger_url: str, tmp_path: Path
) -> None:
    assert sign_due(connection, key, EVERY, tmp_path) == 2
    assert sign_due(connection, key, EVERY, tmp_path) == 0
    commit(ledger_url, 5, first=26)
    assert sign_due(connection, key, EVERY, tmp_path) == 1
    found = read(connection, "execution", 0)
    assert [(one.first, one.last) for one in found] == [(1, 10), (11, 20), (21, 30)]
    assert [one.previous for one in found] == [GENESIS, found[0].hash, found[1].hash]
    hashes = row_hashes(connection, "execution", 0, range(11, 21))
    assert found[1].head == hashes[20]
    assert found[1].root == merkle.root(list(hashes.values()))
    assert copied(tmp_path) == [encode(as_json(one)) for one in found]
    assert review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults == []


def test_two_signers_at_once_sign_every_stretch_once(
    connection: Connection, key: SigningKey, ledger_url: str, tmp_path: Path
) -> None:
    def sign(_: int) -> int:
        with psycopg.connect(ledger_url, autocommit=True) as own:
            return sign_due(own, key, 5, tmp_path)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sign, range(4))) == 5
    assert len(copied(tmp_path)) == 5
    assert review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults == []


@pytest.mark.parametrize(
    "change", ["UPDATE checkpoint SET key_id = ''", "DELETE FROM checkpoint", "TRUNCATE checkpoint"]
)
def test_the_table_is_append_only(connection: Connection, key: SigningKey, tmp_path: Path, change: str) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        connection.execute(change.encode())


def test_what_does_not_hold_is_not_signed(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    forge(connection, "UPDATE event_log SET actor = 'x' WHERE position = 15")
    with pytest.raises(Corrupt, match="execution is broken at position 15"):
        sign_due(connection, key, EVERY, tmp_path)
    last = last_of(connection, "execution", 0)
    assert last is not None
    assert last.last == 10


def test_one_broken_log_does_not_keep_the_other_unsigned(
    connection: Connection, key: SigningKey, tmp_path: Path
) -> None:
    connection.execute("INSERT INTO head (log, partition, position) VALUES ('governance', 0, 10)")
    with pytest.raises(Corrupt, match="governance is broken at position 1: position 1 is missing"):
        sign_due(connection, key, EVERY, tmp_path)
    assert [one.last for one in read(connection, "execution", 0)] == [10, 20]


def test_rows_that_do_not_follow_on_what_was_signed_are_not_signed(
    connection: Connection, key: SigningKey, tmp_path: Path
) -> None:
    sign_due(connection, key, 20, tmp_path)
    forge(connection, "UPDATE checkpoint SET head = sha256('')")
    path = copy_path(tmp_path, "execution", 0)
    path.write_bytes(encode(as_json(read(connection, "execution", 0)[0])))
    with pytest.raises(Corrupt, match="position 21: it does not follow on the hash before it"):
        sign_due(connection, key, 5, tmp_path)


def test_a_log_that_was_cut_is_not_signed(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    connection.execute("UPDATE head SET position = 19")
    with pytest.raises(Corrupt, match="ends at 19 by its head, but a checkpoint says 20"):
        sign_due(connection, key, EVERY, tmp_path)


def test_what_a_crash_left_out_of_the_copy_is_added(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    whole = copied(tmp_path)
    path = copy_path(tmp_path, "execution", 0)
    path.write_bytes(whole[0] + whole[1][:40])
    assert review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults == []
    assert sign_due(connection, key, EVERY, tmp_path) == 0
    assert copied(tmp_path) == whole
    path.unlink()
    (missing,) = review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults
    assert "is missing" in missing.reason
    sign_due(connection, key, EVERY, tmp_path)
    assert copied(tmp_path) == whole


def test_a_copy_that_knows_more_than_the_table_stops_the_signing(
    connection: Connection, key: SigningKey, tmp_path: Path
) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    forge(connection, "DELETE FROM checkpoint WHERE last = 20")
    with pytest.raises(Corrupt, match="ends with checkpoint 11-20, which the table does not have like that"):
        sign_due(connection, key, EVERY, tmp_path)
    (fault,) = review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults
    assert fault.position == 11
    assert "is checkpoint 11-20, which the table does not have" in fault.reason


def test_a_checkpoint_that_was_taken_out_is_missed(connection: Connection, key: SigningKey, tmp_path: Path) -> None:
    sign_due(connection, key, 5, tmp_path)
    forge(connection, "DELETE FROM checkpoint WHERE last = 10")
    path = copy_path(tmp_path, "execution", 0)
    path.unlink()
    append(path, [as_json(one) for one in read(connection, "execution", 0)])
    faults = review(connection, trusted(tmp_path / PUBLIC), tmp_path, "execution", 0).faults
    assert [(fault.position, fault.reason) for fault in faults] == [
        (11, "checkpoint 11-15: the checkpoint of position 6 is missing")
    ]


def test_a_transaction_around_it_is_refused(ledger_url: str, key: SigningKey, tmp_path: Path) -> None:
    with psycopg.connect(ledger_url) as connection, pytest.raises(ValueError, match="autocommit"):
        sign_due(connection, key, EVERY, tmp_path)


def test_the_command_signs_and_lists(
    connection: Connection, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("DATABASE_URL", ledger_url), ("DATA_DIR", tmp_path), ("ARCHIVE_DIR", tmp_path / "archive")):
        monkeypatch.setattr(settings, name, value)
    out = StringIO()
    call_command("audit", "checkpoint", "--every", "10", stdout=out)
    assert out.getvalue().splitlines()[0] == "execution: signed to position 20 of 25"
    out = StringIO()
    call_command("audit", "checkpoint", "--list", stdout=out)
    assert out.getvalue().encode() == copy_path(tmp_path / "archive", "execution", 0).read_bytes()
    forge(connection, "UPDATE event_log SET actor = 'x' WHERE position = 23")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("audit", "checkpoint", "--every", "5", stdout=out)
    assert out.getvalue() == "not signed: execution is broken at position 23: its hash does not fit what it says\n"


@pytest.mark.parametrize("line", [b"{}\n", b"7\n", b"\xff\n"])
def test_an_edited_copy_is_named(connection: Connection, key: SigningKey, tmp_path: Path, line: bytes) -> None:
    sign_due(connection, key, EVERY, tmp_path)
    path = copy_path(tmp_path, "execution", 0)
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(Corrupt, match=f"the last line of {path} is no checkpoint"):
        sign_due(connection, key, EVERY, tmp_path)
