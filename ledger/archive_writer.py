"""Writes the archive of one log: appends whole members, repairs a torn tail, never writes a position twice."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ledger.chain import ChainRow
from ledger.records import GENESIS
from ledger.segments import (
    Damaged,
    Line,
    Member,
    Segment,
    batches,
    encode,
    folder_of,
    in_folder,
    iso,
    members,
    pack,
    segments,
    state_fields,
    unpack,
)
from streams.messages import LedgerRow, Log

log = logging.getLogger(__name__)

LEVEL = 1

Key = tuple[Log, int]


class ArchiveRow(NamedTuple):
    """A row on its way into the archive; `recorded_at` in ns."""

    recorded_at: int
    row: LedgerRow
    prev_hash: bytes
    hash: bytes

    @property
    def position(self) -> int:
        return self.row.position


class ArchiveWriter:
    """`position` and `hash` are those of the last row that is safely on disk."""

    def __init__(self, directory: Path, key: Key, alarm: Callable[[str], None]) -> None:
        self.directory = directory
        self.key = key
        self.alarm = alarm
        self.folder = folder_of(directory, *key)
        self.position = 0
        self.hash = GENESIS
        self._last_day: date | None = None
        self._open: Segment | None = None
        self._file = -1
        self._size = 0
        self._torn = False
        self.folder.mkdir(parents=True, exist_ok=True)
        self._recover()

    def append(self, rows: Sequence[ArchiveRow]) -> None:
        """Adds rows that follow on one another and on `position`; they are on disk when it returns.
        After an `OSError` those up to `position` are, and the rest may be given again."""
        for day, group in groupby(zip(self._days(rows), rows, strict=True), key=itemgetter(0)):
            for part in batches((self._line(one), one) for _, one in group):
                self._write(day, part)

    def finished(self, today: date) -> list[Segment]:
        """The days that are over and not sealed. No row will be added to them."""
        if self._open is not None and self._open.day < today:
            self.close()
        return [one for one in segments(self.folder) if one != self._open and not one.sealed]

    def follows(self, stored: ChainRow | None) -> bool:
        """Whether the table's row at `position` is the one that was archived last."""
        return self.position == 0 or (stored is not None and stored.hash == self.hash)

    def set_aside(self) -> Path:
        """Moves all of it out of the way, to be kept, and begins anew."""
        self.close()
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = self.directory / "set-aside" / f"{moment}-{self.folder.name}"
        aside.parent.mkdir(exist_ok=True)
        self.folder.rename(aside)
        self.folder.mkdir()
        self.position, self.hash, self._last_day = 0, GENESIS, None
        return aside

    def close(self) -> None:
        if self._open is not None:
            os.close(self._file)
            self._open, self._file = None, -1

    def _days(self, rows: Sequence[ArchiveRow]) -> list[date]:
        """Whose file each row belongs to: days rise with positions, even where the clock was set back."""
        earliest = date.min
        if self._open is not None:
            earliest = self._open.day
        elif self._last_day is not None:
            earliest = self._last_day + timedelta(days=1)
        days = (datetime.fromtimestamp(row.recorded_at // 1_000_000_000, UTC).date() for row in rows)
        return list(accumulate(days, max, initial=earliest))[1:]

    def _write(self, day: date, part: Sequence[tuple[bytes, ArchiveRow]]) -> None:
        if self._open is None or self._open.day != day:
            self._begin(in_folder(self.folder, day))
        last = part[-1][1]
        member = pack([line for line, _ in part], part[0][1].position, last.position, last.hash, LEVEL)
        if self._torn:
            os.ftruncate(self._file, self._size)
        self._torn = True
        rest = memoryview(member)
        while rest:
            rest = rest[os.pwrite(self._file, rest, self._size + len(member) - len(rest)) :]
        os.fsync(self._file)
        self._torn = False
        self._size += len(member)
        self.position, self.hash = last.position, last.hash

    def _line(self, one: ArchiveRow) -> bytes:
        row = one.row
        state, state_base64 = state_fields(bytes(row.state))
        return encode(
            Line(
                log=self.key[0],
                partition=self.key[1],
                position=row.position,
                event_id=row.event_id,
                originator_id=row.aggregate_id,
                originator_version=row.version,
                topic=row.topic,
                recorded_at=iso(one.recorded_at),
                correlation_id=row.correlation_id,
                causation_id=row.causation_id,
                command_id=row.command_id,
                actor=row.actor,
                book=row.book,
                state=state,
                prev_hash=one.prev_hash.hex(),
                hash=one.hash.hex(),
                state_base64=state_base64,
            )
        )

    def _begin(self, segment: Segment) -> None:
        self.close()
        self._file = os.open(segment.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._open, self._size, self._torn = segment, os.fstat(self._file).st_size, False
        self._last_day = segment.day
        sync_directory(self.folder)

    def _recover(self) -> None:
        """Finds the end of what is there; cuts off what was not written whole, and puts aside what is damaged."""
        for left in self.folder.glob("*.sealing-*"):
            left.unlink(missing_ok=True)
        while days := segments(self.folder):
            newest = days[-1]
            if last := self._end_of(newest):
                self.position, self.hash, self._last_day = last.last, last.hash, newest.day
                # A day that is over may just now be sealed by a process that outlived its relay.
                if not newest.sealed and newest.day >= datetime.now(UTC).date():
                    self._begin(newest)
                return
            newest.path.unlink(missing_ok=True)

    def _end_of(self, segment: Segment) -> Member | None:
        """The last member of a file that is whole, or is after a torn tail was cut off; None where no member is left,
        or the file was damaged and is kept under another name."""
        last, fault = _looked_through(segment)
        if fault is None or (fault.torn and not segment.sealed):
            if fault is not None:
                self._cut(segment, last.offset + last.size if last else 0)
            return last
        self._keep_aside(segment, fault)
        return None

    def _cut(self, segment: Segment, end: int) -> None:
        tail = segment.path.stat().st_size - end
        log.warning("%s: the last %d bytes were not written whole: cut off", segment.path, tail)
        os.truncate(segment.path, end)

    def _keep_aside(self, segment: Segment, fault: Damaged) -> None:
        """A damaged file is evidence: it stays, with its seal, under a name that no reader takes for a day's."""
        mark = f".damaged-{time.time_ns()}"
        kept = segment.path.with_name(segment.path.name + mark)
        if segment.sealed:
            segment.seal_path.rename(segment.seal_path.with_name(segment.seal_path.name + mark))
        segment.path.rename(kept)
        sync_directory(self.folder)
        self.alarm(
            f"the archive is damaged from position {fault.position} on ({fault}): the file is kept as {kept.name}, and"
            " a new one is filled from the table; run `manage.py audit verify`"
        )


def _looked_through(segment: Segment) -> tuple[Member | None, Damaged | None]:
    """The last member, and what is wrong with the file: heads are followed, and the last body is read."""
    last: Member | None = None
    with closing(segment.path.open("rb")) as file:
        for found in members(segment.path, file):
            if isinstance(found, Damaged):
                return last, _fault_of(segment.path, file, last) or found
            last = found
        if last is None and segment.sealed:
            return None, Damaged(segment.path, 1, "a sealed day is empty")
        return last, _fault_of(segment.path, file, last)


def _fault_of(path: Path, file: BinaryIO, member: Member | None) -> Damaged | None:
    try:
        if member is not None:
            unpack(path, file, member)
    except Damaged as error:
        return error
    return None


def write_whole(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replaces a file at once, so that no crash leaves half of it."""
    temporary = path.with_name(f"{path.name}.sealing-{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(mode)
    temporary.replace(path)
    sync_directory(path.parent)


def sync_directory(folder: Path) -> None:
    """Makes names in a folder survive a crash of the machine."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
