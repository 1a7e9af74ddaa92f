"""Old events as Parquet: whole ranges, checked, asked like the table, and found out where they were changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger import parquet
from ledger.audit import Question, ask
from ledger.parquet import Damaged
from ledger.work import alone
from streams.events import aggregate_id
from tests.integration.ledger import large

SIZE = 200
EVENTS = 1_500
ROUND = large.names_of(7)
LATE = large.STARTED + timedelta(days=1)


@pytest.fixture
def connection(ledger_url: str) -> Iterator[psycopg.Connection[Any]]:
    large.fill(ledger_url, EVENTS)
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


def alike(rows: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "event_id": str(row["event_id"]), "aggregate_id": str(row["aggregate_id"])} for row in rows]


def copied_of(connection: psycopg.Connection[Any], directory: Path) -> dict[str, int]:
    return {name: parquet.pieces(directory, name, 0)[-1].last for name in ("governance", "execution")}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"events": ("OrderFilled",)},
        {"events": ("OrderFilled", "DecisionReached"), "newest": True, "limit": 7},
        {"aggregate": "Order", "limit": 3},
        {"aggregate": str(aggregate_id("Deliberation", ROUND["Deliberation"]))},
        {"correlation": ROUND["tick"]},
        {"actor": "order-flow", "log": "governance", "after": 150},
        {"book": "other"},
        {"command": "none"},
        {"since": large.STARTED + timedelta(seconds=3), "until": large.STARTED + timedelta(seconds=4)},
        {"seen": {"governance.0": 60, "execution.0": 20}, "limit": 30},
        {"seen": {"governance.0": 60, "execution.0": 20}, "newest": True},
    ],
)
def test_the_files_answer_like_the_table(
    connection: psycopg.Connection[Any], tmp_path: Path, asked: dict[str, Any]
) -> None:
    size = 50
    parquet.copy_old(connection, tmp_path, LATE, size)
    ends = copied_of(connection, tmp_path)
    whole = {**asked, "limit": None}
    expected = [row for row in alike(ask(connection, Question(**whole))) if row["position"] <= ends[row["log"]]]
    assert alike(parquet.ask(tmp_path, Question(**asked))) == expected[: asked.get("limit")]


def test_only_whole_ranges_that_are_old_enough_are_copied_and_only_once(
    connection: psycopg.Connection[Any], tmp_path: Path
) -> None:
    at = connection.execute(
        "SELECT recorded_at FROM event_log WHERE log = 'governance' AND position = %s", [2 * SIZE]
    ).fetchone()
    assert at
    assert parquet.copy_old(connection, tmp_path, at[0], SIZE) == SIZE
    assert parquet.copy_old(connection, tmp_path, at[0], SIZE) == 0
    assert parquet.copy_old(connection, tmp_path, at[0] + timedelta(microseconds=1), SIZE) == SIZE
    found = [(piece.first, piece.last) for piece in parquet.pieces(tmp_path, "governance", 0)]
    assert found == [(1, SIZE), (SIZE + 1, 2 * SIZE)]
    assert not list(tmp_path.rglob("*.partial"))


def test_the_checksum_is_one_that_everybody_can_check(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    parquet.copy_old(connection, tmp_path, LATE, SIZE)
    for path in tmp_path.rglob("*.sha256"):
        subprocess.run(["sha256sum", "--check", "--quiet", path.name], cwd=path.parent, check=True)


def test_a_changed_byte_is_found(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    parquet.copy_old(connection, tmp_path, LATE, SIZE)
    path = parquet.pieces(tmp_path, "governance", 0)[1].path
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(Damaged, match=path.name):
        list(parquet.ask(tmp_path, Question()))


def test_a_missing_file_is_named(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    parquet.copy_old(connection, tmp_path, LATE, SIZE)
    first, second, *_ = parquet.pieces(tmp_path, "governance", 0)
    first.path.unlink()
    with pytest.raises(Damaged, match=f"{second.path.name} is missing"):
        parquet.copy_old(connection, tmp_path, LATE, SIZE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE event_log SET actor = 'x' WHERE position = 250 AND log = 'governance'", "position 250: its hash"),
        ("DELETE FROM event_log WHERE position = 251 AND log = 'governance'", "position 251: position 251 is missing"),
    ],
)
def test_what_is_not_whole_in_the_table_is_not_copied(
    connection: psycopg.Connection[Any], tmp_path: Path, change: str, told: str
) -> None:
    connection.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
    connection.execute(change)
    connection.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")
    with pytest.raises(Damaged, match=told):
        parquet.copy_old(connection, tmp_path, LATE, SIZE)
    assert [piece.last for piece in parquet.pieces(tmp_path, "governance", 0)] == [SIZE]


def test_what_a_crash_left_is_written_anew(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    parquet.copy_old(connection, tmp_path, LATE, SIZE)
    piece = parquet.pieces(tmp_path, "execution", 0)[-1] if (tmp_path / "execution").exists() else None
    last = piece or parquet.pieces(tmp_path, "governance", 0)[-1]
    last.path.unlink()
    last.path.with_suffix(".partial").write_bytes(b"half a file")
    assert parquet.copy_old(connection, tmp_path, LATE, SIZE) == SIZE
    assert parquet.pieces(tmp_path, "governance", 0)
    assert list(parquet.ask(tmp_path, Question(after=last.first - 1, limit=1)))


def test_two_at_once_do_not_write_the_same_file(
    connection: psycopg.Connection[Any], ledger_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as other:
        with alone(other, "parquet"):
            assert parquet.copy_old(connection, tmp_path, LATE, SIZE) == 0
        assert parquet.copy_old(connection, tmp_path, LATE, SIZE) > 0


def test_times_may_have_any_zone(connection: psycopg.Connection[Any], tmp_path: Path) -> None:
    parquet.copy_old(connection, tmp_path, LATE, SIZE)
    since = datetime.fromisoformat("2026-01-01T02:00:03+02:00")
    rows = list(parquet.ask(tmp_path, Question(since=since, log="governance", limit=1)))
    assert rows[0]["recorded_at"] == large.STARTED + timedelta(seconds=3)
