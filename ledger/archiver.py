"""Archives, in a thread beside the relay, what the relay hands over, and tells up to where the WAL may be forgotten."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import msgspec
import psycopg

from ledger.archive_writer import ArchiveRow, ArchiveWriter, Key, write_whole
from ledger.chain import ChainRow, hash_of
from ledger.entries import COLUMNS, stream_of, table_row
from ledger.segments import MEMBER_ROWS, Damaged, Segment, encode
from ledger.session import Session
from ledger.slots import Source

log = logging.getLogger(__name__)

LINGER_S = 0.2
RETRY_S = 0.5
MOST_WAITING = 20_000
IN_FLIGHT_S = 2.0
SEAL_EVERY_S = 30.0
SEAL_AFTER = timedelta(minutes=2)
SOURCE = "source.json"
ROOT = Path(__file__).resolve().parent.parent

Rows = dict[Key, list[ArchiveRow]]


class Missing(Exception):
    """The table does not have what the archive lacks."""


def source_of(directory: Path) -> Source | None:
    """The database that the archive was written from; None where there is no archive yet."""
    path = directory / SOURCE
    return msgspec.json.decode(path.read_bytes(), type=Source) if path.exists() else None


class Archiver:
    """What it cannot write (a full disk, a lost connection) it tries again; what it had to let go of meanwhile it
    takes from the table. Lives as long as the relay's connections."""

    def __init__(self, directory: Path, database_url: str, source: Source, alarm: Callable[[str], None]) -> None:
        self.directory = directory
        self.source = source
        self.alarm = alarm
        self._archived = 0
        self.trouble = ""
        self.session = Session(database_url, "relay archive")
        self._writers: dict[Key, ArchiveWriter] = {}
        self._rows: Rows = {}
        self._waiting = 0
        self._wanted: dict[Key, int] = {}
        self._handed = self._done = 0
        self._version = self._done_version = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._next_seal = 0.0
        self._sealing: tuple[Segment, subprocess.Popen[str]] | None = None
        self._attempts: Counter[Segment] = Counter()
        self._lock = -1
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="archiver")
        self._thread.start()

    def hand(self, rows: Mapping[Key, Sequence[ArchiveRow]], lsn: int) -> None:
        """Rows in the order of their positions, and the end of the WAL in which they stood."""
        with self._changed:
            for key, more in rows.items():
                self._wanted[key] = max(self._wanted.get(key, 0), more[-1].position)
                if self._waiting < MOST_WAITING:
                    self._rows.setdefault(key, []).extend(more)
                    self._waiting += len(more)
            self._handed = max(self._handed, lsn)
            self._version += 1
            self._changed.notify_all()

    def expect(self, last: Mapping[Key, int]) -> None:
        """The table has rows up to these positions."""
        with self._changed:
            if any(position > self._wanted.get(key, -1) for key, position in last.items()):
                for key, position in last.items():
                    self._wanted[key] = max(self._wanted.get(key, 0), position)
                self._version += 1
                self._changed.notify_all()

    def safe(self, read: int) -> int:
        """Up to where the WAL is archived; `read` is how far it was read. Raises what ended the thread."""
        with self._changed:
            if self._failed is not None:
                raise self._failed
            return read if self._done_version == self._version else self._done

    def settle(self, patience_s: float) -> None:
        """Waits until all that was handed over is archived, but not for ever."""
        with self._changed:
            self._changed.wait_for(lambda: self._done_version == self._version or self._failed, patience_s)

    @property
    def behind(self) -> int:
        """How many positions are still to be archived."""
        with self._changed:
            return sum(
                max(wanted - (self._writers[key].position if key in self._writers else 0), 0)
                for key, wanted in self._wanted.items()
            )

    def take_archived(self) -> int:
        """How many rows were archived since the last time."""
        with self._changed:
            count, self._archived = self._archived, 0
        return count

    def close(self) -> None:
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
        except BaseException as error:  # noqa: BLE001 - handed to the relay's thread
            with self._changed:
                self._failed = error
                self._changed.notify_all()
        finally:
            if self._sealing is not None:
                self._sealing[1].kill()
                self._sealing[1].communicate()
            for writer in self._writers.values():
                writer.close()
            if self._lock >= 0:
                os.close(self._lock)
            self.session.close()

    def _turn(self) -> None:
        """Archives what has come; in trouble it says so once and waits before it tries again."""
        try:
            self._prepare()
            with self._changed:
                self._changed.wait_for(
                    lambda: self._done_version != self._version or self._closing.is_set(), timeout=LINGER_S
                )
            self._store_all()
            self._seal()
        except BlockingIOError:
            self._in_trouble(f"another relay writes the archive {self.directory}: waiting for its end", log.warning)
        except (OSError, Damaged, Missing) as error:
            self._in_trouble(f"the archive {self.directory} cannot be written: {error}", self.alarm)
        except psycopg.OperationalError as error:
            self._in_trouble(f"the archiver waits for PostgreSQL: {str(error).strip()}", log.warning)
        else:
            if self.trouble:
                log.info("the archive %s is written again", self.directory)
            self.trouble = ""
            self._closing.wait(LINGER_S)

    def _in_trouble(self, text: str, tell: Callable[[str], None]) -> None:
        if not self.trouble:
            tell(text)
        self.trouble = text
        self._closing.wait(RETRY_S)

    def _prepare(self) -> None:
        """The directory, held against a second relay, and whose database it tells of."""
        if self._lock >= 0:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            known = source_of(self.directory)
            if known != self.source:
                write_whole(self.directory / SOURCE, encode(self.source) + b"\n")
        except BaseException:
            os.close(handle)
            raise
        self._lock = handle
        if known is not None and known != self.source:
            self.alarm(f"the ledger is in another database than before: {_named(known)} was, {_named(self.source)} is")

    def _store_all(self) -> None:
        with self._changed:
            version, lsn, wanted = self._version, self._handed, dict(self._wanted)
            rows, self._rows, self._waiting = self._rows, {}, 0
        try:
            missing = [error for key, last in wanted.items() if (error := self._try(key, rows.get(key, []), last))]
        except BaseException:
            self._keep(rows)
            raise
        if missing:
            raise missing[0]
        with self._changed:
            if not self._closing.is_set():
                self._done, self._done_version = max(self._done, lsn), version
                self._changed.notify_all()

    def _try(self, key: Key, rows: Sequence[ArchiveRow], last: int) -> Missing | None:
        """What one log lacks does not hold the other up."""
        try:
            self._store(key, rows, last)
        except Missing as error:
            return error
        return None

    def _keep(self, rows: Rows) -> None:
        """For the next time, in front of what has come since, unless that is too much."""
        with self._changed:
            if self._waiting + sum(map(len, rows.values())) > MOST_WAITING:
                return
            for key, first in rows.items():
                self._rows[key] = first + self._rows.get(key, [])
                self._waiting += len(first)

    def _store(self, key: Key, found: Sequence[ArchiveRow], last: int) -> None:
        """Up to the position `last`, unless it is told to stop before."""
        writer = self._writer(key)
        rows = sorted((row for row in found if row.position > writer.position), key=lambda row: row.position)
        at = 0
        while writer.position < last and not self._closing.is_set():
            part = rows[at : at + MEMBER_ROWS]
            part = part[: _run_length(part, writer.position)]
            at += len(part)
            if not part:
                upto = rows[at].position - 1 if at < len(rows) else last
                part = self._from_table(key, writer.position, upto)
                if not part:
                    self._refuse(key, writer.position)
                    return
            follows = part[0].prev_hash == writer.hash
            writer.append(part)
            with self._changed:
                self._archived += len(part)
            if not follows:
                self.alarm(f"{stream_of(*key)}: position {part[0].position} does not follow on the hash before it")

    def _refuse(self, key: Key, end: int) -> None:
        """A row was written past the end of the log, where no writer of ours would."""
        with self._changed:
            self._wanted[key] = end
        self.alarm(f"{stream_of(*key)} ends at {end}, but the WAL shows a row beyond: it is not archived")

    def _writer(self, key: Key) -> ArchiveWriter:
        if key not in self._writers:
            writer = ArchiveWriter(self.directory, key, self.alarm)
            try:
                if writer.position:
                    self._check(writer)
            except BaseException:
                writer.close()
                raise
            self._writers[key] = writer
        return self._writers[key]

    def _check(self, writer: ArchiveWriter) -> None:
        """Whether the archive and the table tell of one ledger: they do if the last archived row is in the table.
        The ledger of a restored database may have gone another way since: then the archive begins anew beside the old
        one. A row that was changed or deleted in the table does not touch the archive."""
        head, stored = self._stored(writer)
        if writer.follows(stored):
            return
        name = stream_of(*writer.key)
        if head >= writer.position and (stored is None or hash_of(stored) != stored.hash):
            self.alarm(f"{name}: position {writer.position} is archived, but deleted or changed in the table")
            return
        aside = writer.set_aside()
        self.alarm(f"{name}: the archive tells of another ledger; it is kept in {aside} and begun anew")

    def _stored(self, writer: ArchiveWriter) -> tuple[int, ChainRow | None]:
        """Where the log stands, and its row at the archive's end; that may be a moment ahead of what is visible."""
        deadline = time.monotonic() + IN_FLIGHT_S
        place = (*writer.key, writer.position)
        query = f"""SELECT {", ".join(ChainRow._fields)} FROM event_log
            WHERE log = %s AND partition = %s AND position = %s"""
        while True:
            rows = self.session.run(query, place)
            last = self._head(writer.key)
            if last >= writer.position or time.monotonic() > deadline:
                return last, ChainRow._make(rows[0]) if rows else None
            self._closing.wait(0.05)

    def _head(self, key: Key) -> int:
        rows = self.session.run("SELECT position FROM head WHERE log = %s AND partition = %s", key)
        return cast("int", rows[0][0]) if rows else 0

    def _from_table(self, key: Key, after: int, last: int) -> list[ArchiveRow]:
        """The next rows, without a gap; none where the log ends before them. Raises `Missing` where they are not
        there though the log goes on, once they had time to become visible."""
        query = f"""SELECT {COLUMNS}, prev_hash, hash FROM event_log WHERE log = %s AND partition = %s
            AND position > %s AND position <= %s ORDER BY position LIMIT {MEMBER_ROWS}"""
        deadline = time.monotonic() + IN_FLIGHT_S
        while True:
            found = [_from_row(row) for row in self.session.run(query, (*key, after, last), prepare=True)]
            if part := found[: _run_length(found, after)]:
                return part
            if time.monotonic() > deadline:
                if self._head(key) <= after:
                    return []
                raise Missing(self._what_is_missing(key, after))
            self._closing.wait(0.05)

    def _what_is_missing(self, key: Key, after: int) -> str:
        """A hole in the table, or a head beyond its end."""
        query = "SELECT coalesce(max(position), 0) FROM event_log WHERE log = %s AND partition = %s"
        ((last,),) = self.session.run(query, key)
        if last > after:
            return f"the table has no position {after + 1} of {stream_of(*key)}"
        return (
            f"the head of {stream_of(*key)} stands at {self._head(key)}, but its table ends at {last}: the head was "
            "changed, or the last rows were deleted"
        )

    def _seal(self) -> None:
        """Days that are over are sealed one after the other, by a process of its own."""
        if self._sealing is not None:
            segment, process = self._sealing
            if process.poll() is None:
                return
            said = process.communicate()[1].strip().splitlines()
            self._sealing = None
            sealed = segment.sealed
            if process.returncode == 0:
                log.info("sealed %s", segment.path)
            elif self._attempts[segment] == 1 or sealed:
                self.alarm(f"sealing {segment.path}: {said[-1] if said else process.returncode}")
            self._next_seal = 0.0 if sealed else self._next_seal
        if time.monotonic() < self._next_seal:
            return
        self._next_seal = time.monotonic() + SEAL_EVERY_S
        today = (datetime.now(UTC) - SEAL_AFTER).date()
        over = [segment for writer in self._writers.values() for segment in writer.finished(today)]
        if over:
            segment = min(over, key=lambda one: self._attempts[one])
            self._attempts[segment] += 1
            command = [sys.executable, "-m", "ledger.sealing", str(segment.path)]
            self._sealing = (segment, subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))


def _run_length(rows: Sequence[ArchiveRow], after: int) -> int:
    """How many of the rows follow on the position without a gap."""
    if rows and rows[-1].position == after + len(rows):
        return len(rows)
    return next((number for number, row in enumerate(rows) if row.position != after + 1 + number), len(rows))


def _from_row(row: tuple[object, ...]) -> ArchiveRow:
    *columns, prev_hash, hash_ = row
    _, _, recorded_at, found = table_row(tuple(columns))
    return ArchiveRow(recorded_at, found, cast("bytes", prev_hash), cast("bytes", hash_))


def _named(source: Source) -> str:
    return f"system {source.system}, timeline {source.timeline}"
