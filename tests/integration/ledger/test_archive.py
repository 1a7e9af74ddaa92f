"""The archive holds every event once, in order, apart from the database, whatever is killed or damaged."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.pq import TransactionStatus

from ledger import archive, archiver
from ledger.alarms import Alarms, recorded
from ledger.application import LedgerApplication
from ledger.archive_writer import ArchiveRow, ArchiveWriter, Key
from ledger.archiver import Archiver, source_of
from ledger.chain import Broken, ChainRow, verify
from ledger.entries import COLUMNS, table_row
from ledger.sealing import seal
from ledger.segments import Damaged, Member, checksum, folder_of, members, segments
from ledger.session import Session
from ledger.slots import Source, source
from streams.client import connect
from streams.telemetry import Telemetry
from tests.integration.ledger.events import book_opened, cancelled, cash_moved
from tests.servers import wait_until

EXECUTION: Key = ("execution", 0)


@pytest.fixture
def application(ledger_url: str) -> Iterator[LedgerApplication]:
    application = LedgerApplication(ledger_url, "execution")
    application.acquire()
    yield application
    application.close()


@pytest.fixture
def connection(ledger_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def unexpected(text: str) -> None:
    raise AssertionError(text)


def commit(application: LedgerApplication, first: int, last: int) -> None:
    application.commit([cancelled(number) for number in range(first, last + 1)])


def rows(connection: psycopg.Connection, after: int = 0) -> list[ArchiveRow]:
    query = f"SELECT {COLUMNS}, prev_hash, hash FROM event_log WHERE log = 'execution' AND position > %s ORDER BY 4"
    found = []
    for *columns, prev_hash, hash_ in connection.execute(query, [after]):
        _, _, recorded_at, row = table_row(tuple(columns))
        found.append(ArchiveRow(recorded_at, row, prev_hash, hash_))
    return found


def on_days(found: list[ArchiveRow], days: list[date]) -> list[ArchiveRow]:
    """The rows as if they had been recorded on those days."""
    moments = [int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) * 10**9 for day in days]
    return [row._replace(recorded_at=moment) for row, moment in zip(found, moments, strict=True)]


def table(connection: psycopg.Connection) -> list[ChainRow]:
    query = f"SELECT {', '.join(ChainRow._fields)} FROM event_log WHERE log = 'execution' ORDER BY position"
    return [ChainRow._make(row) for row in connection.execute(query)]


def written(directory: Path, found: list[ArchiveRow]) -> ArchiveWriter:
    writer = ArchiveWriter(directory, EXECUTION, unexpected)
    writer.append([row for row in found if row.position > writer.position])
    return writer


def only_file(directory: Path) -> Path:
    (segment,) = segments(folder_of(directory, *EXECUTION))
    return segment.path


def compared(connection: psycopg.Connection, directory: Path) -> Broken | None:
    return archive.compare(connection, directory, *EXECUTION)


def edit_table(connection: psycopg.Connection, statement: str) -> None:
    with connection.transaction():
        connection.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        connection.execute(statement)
        connection.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")


def test_what_is_read_back_is_the_table(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    application.commit([book_opened(), cash_moved(2)])
    commit(application, 1, 3)
    written(directory, rows(connection)).close()
    read = list(archive.read(directory, *EXECUTION))
    assert read == table(connection)
    assert not any(isinstance(one, Broken) for one in verify(read))
    assert [row.position for row in archive.read(directory, *EXECUTION, after=3)] == [4, 5]
    assert compared(connection, directory) is None


def test_any_gzip_and_json_reader_can_read_it(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 2)
    writer = written(directory, rows(connection))
    commit(application, 3, 3)
    writer.append(rows(connection, after=2))
    lines = [json.loads(line) for line in gzip.decompress(only_file(directory).read_bytes()).splitlines()]
    assert [line["position"] for line in lines] == [1, 2, 3]
    (first, *_) = table(connection)
    assert set(lines[0]) == set(ChainRow._fields)
    assert (lines[0]["hash"], json.loads(lines[0]["state"])) == (first.hash.hex(), json.loads(first.state))


def test_a_state_that_is_not_text_is_kept_byte_for_byte(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 1)
    edit_table(connection, r"UPDATE event_log SET state = '\xff00fe'")
    written(directory, rows(connection)).close()
    assert [row.state for row in archive.read(directory, *EXECUTION)] == [b"\xff\x00\xfe"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_torn_tail_is_cut_off_and_written_again(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, share: float
) -> None:
    commit(application, 1, 5)
    found = rows(connection)
    writer = written(directory, found[:3])
    size = only_file(directory).stat().st_size
    writer.append(found[3:])
    writer.close()
    torn = size + int((only_file(directory).stat().st_size - size) * share)
    os.truncate(only_file(directory), torn)
    assert [row.position for row in archive.read(directory, *EXECUTION)] == [1, 2, 3]
    again = ArchiveWriter(directory, EXECUTION, unexpected)
    assert (again.position, again.hash) == (3, found[2].hash)
    again.append(found[3:])
    assert compared(connection, directory) is None


def test_a_tail_that_the_disk_never_got_is_cut_off(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 5)
    found = rows(connection)
    writer = written(directory, found[:3])
    size = only_file(directory).stat().st_size
    writer.append(found[3:])
    writer.close()
    content = only_file(directory).read_bytes()
    only_file(directory).write_bytes(content[: size + 80] + bytes(len(content) - size - 80))
    assert ArchiveWriter(directory, EXECUTION, unexpected).position == 3


def in_three_members(directory: Path, found: list[ArchiveRow]) -> list[int]:
    """An archive of positions 1 to 6, two a member; where the members begin."""
    writer = ArchiveWriter(directory, EXECUTION, unexpected)
    begins = []
    for first in (0, 2, 4):
        begins.append(only_file(directory).stat().st_size if first else 0)
        writer.append(found[first : first + 2])
    writer.close()
    return begins


def flip(path: Path, offset: int) -> bytes:
    """What the file is now, with another byte there."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    return bytes(content)


# In a member's head: the magic number, and its size.
@pytest.mark.parametrize(("member", "offset"), [(0, 0), (0, 17), (1, 0), (1, 17), (2, 0), (2, 16), (2, 90), (2, -5)])
def test_a_restart_keeps_a_damaged_file_and_fills_a_new_one(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, member: int, offset: int
) -> None:
    commit(application, 1, 6)
    found = rows(connection)
    begins = in_three_members(directory, found)
    content = flip(only_file(directory), begins[member] + offset if offset >= 0 else offset)
    alarms: list[str] = []
    again = ArchiveWriter(directory, EXECUTION, alarms.append)
    assert again.position == 0
    (kept,) = folder_of(directory, *EXECUTION).glob("*.damaged-*")
    assert kept.read_bytes() == content
    assert len(alarms) == 1
    assert f"from position {2 * member + 1} on" in alarms[0]
    assert kept.name in alarms[0]
    again.append(found)
    again.close()
    assert compared(connection, directory) is None
    assert ArchiveWriter(directory, EXECUTION, unexpected).position == 6


@pytest.mark.parametrize("member", [0, 1])
def test_a_restart_keeps_a_damaged_sealed_day_with_its_seal(
    application: LedgerApplication,
    connection: psycopg.Connection,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    member: int,
) -> None:
    monkeypatch.setattr("ledger.segments.MEMBER_ROWS", 2)
    commit(application, 1, 4)
    found = rows(connection)
    written(directory, found).close()
    (segment,) = segments(folder_of(directory, *EXECUTION))
    seal(segment)
    with segment.path.open("rb") as file:
        whole = [one for one in members(segment.path, file) if isinstance(one, Member)]
    assert len(whole) == 2
    content, sealed = flip(segment.path, whole[member].offset), segment.seal_path.read_bytes()
    alarms: list[str] = []
    again = ArchiveWriter(directory, EXECUTION, alarms.append)
    assert (again.position, len(alarms)) == (0, 1)
    kept = sorted(folder_of(directory, *EXECUTION).glob("*.damaged-*"), key=lambda path: len(path.name))
    assert [path.read_bytes() for path in kept] == [sealed, content]
    again.append(found)
    again.close()
    assert not segment.sealed
    assert compared(connection, directory) is None


@pytest.mark.parametrize("member", [0, 1, 2])
@pytest.mark.parametrize("offset", [0, 17, 90])
def test_damage_in_the_file_of_today_is_named_at_once(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, member: int, offset: int
) -> None:
    commit(application, 1, 6)
    begins = in_three_members(directory, rows(connection))
    flip(only_file(directory), begins[member] + offset)
    broken = compared(connection, directory)
    assert broken is not None
    assert broken.position == 2 * member + 1
    assert "the archive is damaged" in broken.reason


@pytest.mark.parametrize("offset", range(0, 200, 20))
def test_an_edited_seal_is_named_with_the_first_position_of_its_day(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, offset: int
) -> None:
    commit(application, 1, 4)
    days = [date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 2)]
    written(directory, on_days(rows(connection), days)).close()
    for segment in segments(folder_of(directory, *EXECUTION)):
        seal(segment)
    content = bytearray(segment.seal_path.read_bytes())
    content[offset] = 0xFF
    segment.seal_path.chmod(0o644)
    segment.seal_path.write_bytes(bytes(content))
    with pytest.raises(Damaged, match="the seal cannot be read") as raised:
        list(archive.read(directory, *EXECUTION))
    assert raised.value.position == 3


def test_a_comparison_holds_no_transaction_open(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FETCH", 2)
    commit(application, 1, 7)
    written(directory, rows(connection)).close()
    states: list[TransactionStatus] = []
    found = archive.compare(
        connection, directory, *EXECUTION, lambda _: states.append(connection.info.transaction_status)
    )
    assert found is None
    assert states == [TransactionStatus.IDLE] * 4


def test_each_day_has_its_file_and_is_sealed_when_it_is_over(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 4)
    first, second, third = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 5)
    found = on_days(rows(connection), [first, first, second, third])
    writer = written(directory, found)
    assert [one.day for one in segments(writer.folder)] == [first, second, third]
    before = list(archive.read(directory, *EXECUTION))
    over = writer.finished(third)
    assert [one.day for one in over] == [first, second]
    for segment in over:
        seal(segment)
        assert segment.path.stat().st_mode & 0o777 == segment.seal_path.stat().st_mode & 0o777 == 0o444
    assert writer.finished(third) == []
    assert list(archive.read(directory, *EXECUTION)) == before
    sealed = over[0].seal()
    assert (sealed.events, sealed.first, sealed.last, sealed.hash) == (2, 1, 2, found[1].hash.hex())
    assert [row.position for row in archive.read(directory, *EXECUTION, after=2)] == [3, 4]
    assert writer.finished(third + timedelta(days=1)) == [segments(writer.folder)[2]]


def test_a_clock_that_was_set_back_does_not_bring_rows_into_a_day_that_is_over(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 3)
    today = datetime.now(UTC).date()
    found = on_days(rows(connection), [today, today - timedelta(days=3), today])
    writer = written(directory, found[:2])
    assert [one.day for one in segments(writer.folder)] == [today]
    (over,) = writer.finished(today + timedelta(days=1))
    seal(over)
    for newest in (writer, ArchiveWriter(directory, EXECUTION, unexpected)):
        assert newest.position == 2
    newest.append(found[2:])
    assert [one.day for one in segments(writer.folder)] == [today, today + timedelta(days=1)]
    assert [row.position for row in archive.read(directory, *EXECUTION)] == [1, 2, 3]


def test_sealing_that_was_killed_is_done_again(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 3)
    day = date(2026, 3, 1)
    written(directory, on_days(rows(connection), [day] * 3)).close()
    (segment,) = segments(folder_of(directory, *EXECUTION))
    seal(segment)
    sealed = segment.seal()
    segment.seal_path.unlink()  # as when it was killed between the file and its seal
    segment.path.with_name(segment.path.name + ".sealing-1").write_bytes(b"half")
    writer = ArchiveWriter(directory, EXECUTION, unexpected)
    assert (writer.position, writer.finished(day + timedelta(days=1))) == (3, [segment])
    seal(segment)
    assert segment.seal().sha256 == sealed.sha256
    assert sorted(path.name for path in writer.folder.iterdir()) == ["2026-03-01.json", "2026-03-01.jsonl.gz"]


def test_sealing_says_where_the_chain_is_broken(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 3)
    edit_table(connection, "UPDATE event_log SET actor = 'mallory' WHERE position = 2")
    written(directory, rows(connection)).close()
    (segment,) = segments(folder_of(directory, *EXECUTION))
    assert seal(segment) == Broken(2, "its hash does not fit what it says")
    assert segment.sealed


@pytest.mark.parametrize(
    ("statement", "position", "reason"),
    [
        ("UPDATE event_log SET actor = 'mallory' WHERE position = 3", 3, "differ in actor"),
        ("UPDATE event_log SET state = set_byte(state, 5, 33) WHERE position = 5", 5, "differ in state"),
        ("DELETE FROM event_log WHERE position = 2", 2, "the table does not"),
        ("DELETE FROM event_log WHERE position = 6", 6, "the table does not"),
    ],
)
def test_what_was_changed_in_the_table_is_named(
    application: LedgerApplication,
    connection: psycopg.Connection,
    directory: Path,
    statement: str,
    position: int,
    reason: str,
) -> None:
    commit(application, 1, 6)
    written(directory, rows(connection)).close()
    edit_table(connection, statement)
    broken = compared(connection, directory)
    assert broken is not None
    assert broken.position == position
    assert reason in broken.reason


@pytest.mark.parametrize("moved", [-2, 3])
def test_a_head_that_was_moved_is_named_and_not_the_archive(
    application: LedgerApplication,
    connection: psycopg.Connection,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    moved: int,
) -> None:
    commit(application, 1, 6)
    written(directory, rows(connection)).close()
    monkeypatch.setattr(archive, "LATE_S", 0.0)
    monkeypatch.setattr(archive, "IN_FLIGHT_S", 0.1)
    connection.execute("UPDATE head SET position = position + %s WHERE log = 'execution'", [moved])
    where = f"the head stands at {6 + moved}, the table ends at 6"
    assert compared(connection, directory) == Broken(
        min(6 + moved, 6) + 1, f"{where}: the head is wrong, archive and table agree"
    )


@pytest.mark.parametrize("sealed", [False, True])
def test_one_edited_byte_in_the_archive_is_found_wherever_it_is(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, sealed: bool
) -> None:
    commit(application, 1, 4)
    found = rows(connection)
    writer = written(directory, found[:2])
    writer.append(found[2:])
    writer.close()
    (segment,) = segments(folder_of(directory, *EXECUTION))
    files = [segment.path]
    if sealed:
        seal(segment)
        files.append(segment.seal_path)
    assert compared(connection, directory) is None
    for path in files:
        path.chmod(0o644)
        content = path.read_bytes()
        for offset in range(len(content)):
            changed = bytearray(content)
            changed[offset] ^= 0x10
            path.write_bytes(bytes(changed))
            found_fault = _fault_in_files(directory)
            assert found_fault, f"byte {offset} of {path.name}"
        path.write_bytes(content)
    assert compared(connection, directory) is None


def _fault_in_files(directory: Path) -> bool:
    """What `compare` finds without asking the table: rows that differ, or a file that is damaged."""
    try:
        (segment,) = segments(folder_of(directory, *EXECUTION))
        positions = [row.position for row in archive.read(directory, *EXECUTION)]
        if segment.sealed:
            sealed = segment.seal()
            return sealed.sha256 != checksum(segment.path)
        return positions != [1, 2, 3, 4]
    except Damaged:
        return True


def test_an_archive_that_lacks_events_is_found_once_they_are_old(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(application, 1, 4)
    written(directory, rows(connection)[:2]).close()
    assert compared(connection, directory) is None, "they may be on their way"
    monkeypatch.setattr(archive, "LATE_S", 0.0)
    broken = compared(connection, directory)
    assert broken is not None
    assert broken.position == 3
    assert "the archive ends at 2" in broken.reason


def test_what_grows_old_while_it_is_compared_is_not_missing(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LATE_S", 1.0)
    commit(application, 1, 4)
    written(directory, rows(connection)[:2]).close()

    def slowly(position: int) -> None:
        query = "SELECT max(recorded_at) < clock_timestamp() - interval '1 second' FROM event_log"
        wait_until(lambda: connection.execute(query).fetchone() == (True,), "the last event is old")

    assert archive.compare(connection, directory, "execution", 0, slowly) is None
    assert archive.compare(connection, directory, "execution", 0) is not None


def test_a_hole_and_a_repetition_in_the_archive_are_found(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path
) -> None:
    commit(application, 1, 4)
    found = rows(connection)
    written(directory, [found[0], found[2], found[3]]).close()
    assert compared(connection, directory) == Broken(2, "the archive lacks position 2, 3 follows")
    only_file(directory).unlink()
    written(directory, [*found[:2], found[1], *found[2:]]).close()
    assert compared(connection, directory) == Broken(2, "the archive has position 2 twice")


def test_without_an_archive_it_says_how_to_get_one(connection: psycopg.Connection, directory: Path) -> None:
    with pytest.raises(FileNotFoundError, match="runrelay --archive"):
        next(archive.read(directory, *EXECUTION))
    with pytest.raises(FileNotFoundError, match="runrelay --archive"):
        compared(connection, directory)


@pytest.fixture
def archiving(
    ledger_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[Archiver, list[str]]]]:
    monkeypatch.setattr(archiver, "LINGER_S", 0.01)
    monkeypatch.setattr(archiver, "IN_FLIGHT_S", 0.1)
    begun: list[Archiver] = []
    session = Session(ledger_url)
    here = source(session)
    session.close()

    def begin(known: Source = here) -> tuple[Archiver, list[str]]:
        alarms: list[str] = []
        begun.append(Archiver(directory, ledger_url, known, alarms.append))
        return begun[-1], alarms

    yield begin
    for one in begun:
        one.close()


def settled(one: Archiver) -> None:
    wait_until(lambda: one.safe(1000) == 1000, "it has archived all that it was handed")


Archiving = Callable[..., tuple[Archiver, list[str]]]


def test_what_was_not_handed_over_comes_from_the_table(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 6)
    found = rows(connection)
    one, alarms = archiving()
    one.hand({EXECUTION: [found[1]]}, 200)
    one.hand({EXECUTION: [found[3]]}, 400)
    settled(one)
    assert archive.end_of(directory, *EXECUTION) == 4
    one.hand({EXECUTION: found[2:4]}, 450)
    one.expect({EXECUTION: 6})
    settled(one)
    assert compared(connection, directory) is None
    assert (archive.end_of(directory, *EXECUTION), alarms) == (6, [])


def test_a_second_archiver_waits_for_the_first(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 2)
    first, _ = archiving()
    first.expect({EXECUTION: 2})
    settled(first)
    second, alarms = archiving()
    second.expect({EXECUTION: 2})
    wait_until(lambda: "another relay" in second.trouble, "the second waits")
    assert second.safe(1000) == 0, "nothing may be acknowledged meanwhile"
    commit(application, 3, 3)
    second.expect({EXECUTION: 3})
    first.close()
    settled(second)
    assert (compared(connection, directory), alarms) == (None, [])


def test_the_archive_of_another_ledger_is_kept_aside(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 3)
    other = [row._replace(hash=bytes([9]) * 32) if row.position == 3 else row for row in rows(connection)]
    written(directory, other).close()
    one, alarms = archiving()
    one.expect({EXECUTION: 3})
    settled(one)
    assert len(alarms) == 1
    assert "tells of another ledger" in alarms[0]
    assert compared(connection, directory) is None
    (aside,) = (directory / "set-aside").iterdir()
    assert len(segments(aside)) == 1


@pytest.mark.parametrize("statement", ["UPDATE event_log SET actor = 'x', hash = prev_hash", "DELETE FROM event_log"])
def test_a_table_that_was_changed_does_not_change_the_archive(
    application: LedgerApplication,
    connection: psycopg.Connection,
    directory: Path,
    archiving: Archiving,
    statement: str,
) -> None:
    commit(application, 1, 3)
    written(directory, rows(connection)).close()
    edit_table(connection, f"{statement} WHERE position = 3")
    one, alarms = archiving()
    one.expect({EXECUTION: 3})
    settled(one)
    assert alarms == ["ledger.execution: position 3 is archived, but deleted or changed in the table"]
    broken = compared(connection, directory)
    assert broken is not None
    assert broken.position == 3


def test_rows_that_are_nowhere_any_more_stop_the_archive_with_an_alarm(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 3)
    found = rows(connection)
    edit_table(connection, "DELETE FROM event_log WHERE position = 2")
    one, alarms = archiving()
    one.hand({EXECUTION: found[:1]}, 100)
    settled(one)
    one.hand({EXECUTION: found[2:]}, 300)
    wait_until(lambda: alarms, "an alarm")
    assert "the table has no position 2" in alarms[0]
    assert one.safe(1000) == 100
    one.hand({EXECUTION: found[1:2]}, 300)
    settled(one)
    assert list(archive.read(directory, *EXECUTION))[1].position == 2


def test_a_head_beyond_the_end_of_the_table_is_named(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 2)
    connection.execute("UPDATE head SET position = 5 WHERE log = 'execution'")
    one, alarms = archiving()
    one.expect({EXECUTION: 5})
    wait_until(lambda: alarms, "an alarm")
    assert "the head of ledger.execution stands at 5, but its table ends at 2: the head was changed" in alarms[0]


def test_a_row_beyond_the_end_of_the_log_is_not_archived(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 2)
    (first, second) = rows(connection)
    rogue = second._replace(row=replace(second.row, position=900))
    one, alarms = archiving()
    one.hand({EXECUTION: [first, second, rogue]}, 300)
    settled(one)
    assert alarms == ["ledger.execution ends at 2, but the WAL shows a row beyond: it is not archived"]
    commit(application, 3, 3)
    one.hand({EXECUTION: rows(connection, after=2)}, 400)
    settled(one)
    assert compared(connection, directory) is None


def test_another_database_is_told_of(application: LedgerApplication, directory: Path, archiving: Archiving) -> None:
    one, alarms = archiving(Source(1, 1))
    wait_until(lambda: source_of(directory) == Source(1, 1), "the source is on record")
    one.close()
    _, alarms = archiving(Source(1, 2))
    wait_until(lambda: alarms, "an alarm")
    assert alarms == [
        "the ledger is in another database than before: system 1, timeline 1 was, system 1, timeline 2 is"
    ]
    assert source_of(directory) == Source(1, 2)


def test_finished_days_are_sealed_by_a_process_of_their_own(
    application: LedgerApplication, connection: psycopg.Connection, directory: Path, archiving: Archiving
) -> None:
    commit(application, 1, 2)
    day = date(2026, 3, 1)
    written(directory, on_days(rows(connection), [day, day + timedelta(days=1)])).close()
    one, alarms = archiving()
    one.expect({EXECUTION: 2})
    days = segments(folder_of(directory, *EXECUTION))
    wait_until(lambda: all(segment.sealed for segment in days), "both days are sealed")
    # The chain does not hold, because the test has changed the times.
    wait_until(lambda: len(alarms) == 2, "two alarms")
    assert all("its hash does not fit" in text for text in alarms)


def test_a_thread_that_fails_ends_the_relay(
    directory: Path, archiving: Archiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Archiver) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(Archiver, "_store_all", fail)
    one, _ = archiving()

    def failed() -> bool:
        try:
            one.safe(1)
        except ZeroDivisionError:
            return True
        return False

    wait_until(failed, "the mistake is handed on")


def test_a_writer_that_could_not_be_checked_is_closed(
    application: LedgerApplication,
    connection: psycopg.Connection,
    directory: Path,
    archiving: Archiving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit(application, 1, 2)
    written(directory, rows(connection)).close()
    closed: list[int] = []
    close = ArchiveWriter.close

    def fail(self: Archiver, writer: ArchiveWriter) -> None:
        raise psycopg.OperationalError("the connection is lost")

    def observed(self: ArchiveWriter) -> None:
        closed.append(self.position)
        close(self)

    monkeypatch.setattr(ArchiveWriter, "close", observed)
    with monkeypatch.context() as lost:
        lost.setattr(Archiver, "_check", fail)
        one, _ = archiving()
        one.expect({EXECUTION: 2})
        wait_until(lambda: 2 in closed, "the writer is closed")
    settled(one)


def test_alarms_stay_on_record(redis_url: str, directory: Path) -> None:
    with connect(redis_url) as redis:
        alarms = Alarms(Telemetry(redis, "relay"), directory)
        alarms("the first")
        alarms("the first")
        with (directory / "alarms.jsonl").open("ab") as file:
            file.write(b'{"at": "cut sho')
        again = Alarms(Telemetry(redis, "relay"), directory)
        assert again.telemetry.gauges["alarms on record"] == 1
        again("the second")
        assert [alarm.text for alarm in recorded(directory)] == ["the first", "the second"]
        assert (again.telemetry.counters["alarms"], again.telemetry.gauges["alarms on record"]) == (1, 2)


def test_alarms_that_cannot_be_written_are_written_later(redis_url: str, directory: Path) -> None:
    directory.write_text("a file where the directory should be")
    with connect(redis_url) as redis:
        alarms = Alarms(Telemetry(redis, "relay"), directory)
        alarms("disk full")
        assert alarms.telemetry.gauges["alarms not on record"]
        directory.unlink()
        alarms.write()
        assert [alarm.text for alarm in recorded(directory)] == ["disk full"]
        assert "alarms not on record" not in alarms.telemetry.gauges
