"""What recordings are stored in: plain files, gzip and zip, as streams of lines in constant memory."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

from msgspec import Struct

CHUNK = 256 * 1024
LONGEST_LINE = 4 * 1024 * 1024
GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
CHECKSUM = ".CHECKSUM"
PART = ".part"  # behind the name of a recording that is still being written


class Unreadable(Exception):
    """A path that holds no recording; the text says why and what can be read."""


class Unusable(Unreadable):
    """A recording, but one that must not or cannot be used as it is: never left out in silence."""


class BrokenLine(Exception):
    """A line that cannot be had: the file is cut off or damaged here, or the line has no end."""


class Progress:
    """How far a reading is, by bytes as stored: how many lines there are shows only at the end."""

    def __init__(self) -> None:
        self._sizes: dict[Member, int] = {}
        self._read: dict[Member, int] = {}

    def begin(self, members: list[Member]) -> None:
        self._sizes = {member: member.size for member in members}
        self._read = {}

    def read(self, member: Member, count: int) -> None:
        self._read[member] = min(count, self._sizes.get(member, 0))

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return sum(self._read.values()) / max(sum(self._sizes.values()), 1)


class Member(Struct, frozen=True):
    """A file, or one inside a zip archive. `size` is in bytes as stored, `unpacked` as taken out of the archive."""

    path: Path
    inside: str = ""
    size: int = 0
    unpacked: int = 0

    @property
    def origin(self) -> str:
        return f"{self.path.name}/{self.inside}" if self.inside else self.path.name

    @property
    def names(self) -> tuple[str, ...]:
        """What the file is called, the most telling name first."""
        return (Path(self.inside).name, self.path.name) if self.inside else (self.path.name,)

    def lines(self, progress: Progress | None = None) -> Iterator[bytes | BrokenLine]:
        """The lines without their ends. Damage becomes a `BrokenLine` item; behind damage in a compressed stream
        nothing can be read any more."""
        try:
            with self._opened() as (source, stored):
                rest = b""
                while chunk := source.read1(CHUNK):
                    complete = (rest + chunk).split(b"\n")
                    rest = complete.pop()
                    yield from complete
                    if progress is not None:
                        progress.read(self, self.size * stored.tell() // max(self.unpacked, 1))
                    if len(rest) > LONGEST_LINE:
                        yield BrokenLine(f"a line is longer than {LONGEST_LINE} bytes")
                        rest = b""
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            yield BrokenLine(f"the file is damaged: {error}")
            return
        if progress is not None:
            progress.read(self, self.size)
        if rest:
            yield rest

    @contextmanager
    def _opened(self) -> Iterator[tuple[gzip.GzipFile, IO[bytes]]]:
        """The content, and what it is read from."""
        with self.path.open("rb") as plain:
            if not self.inside:
                yield _unzipped(plain), plain
                return
            with zipfile.ZipFile(plain) as archive, archive.open(self.inside) as stored:
                yield _unzipped(stored), stored


def _unzipped(stored: IO[bytes]) -> gzip.GzipFile:
    head = stored.peek(2)[:2]  # type: ignore[attr-defined]
    return gzip.GzipFile(fileobj=stored) if head == GZIP else cast("gzip.GzipFile", stored)


def members_of(path: Path) -> list[Member]:
    """The file itself, or what a zip archive holds, by name. Raises OSError, and `Unreadable` where it is damaged or
    is not what the checksum beside it was made for."""
    with path.open("rb") as file:
        head = file.read(4)
    _verify(path)
    if head not in ZIP:
        size = path.stat().st_size
        return [Member(path, size=size, unpacked=size)]
    try:
        with zipfile.ZipFile(path) as archive:
            stored = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
            for info in stored:
                archive.open(info).close()
    except (zipfile.BadZipFile, EOFError) as error:
        raise Unusable(f"{path}: the zip archive is damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise Unusable(f"{path}: the zip archive cannot be unpacked: {error}") from error
    return [Member(path, info.filename, info.compress_size, info.file_size) for info in stored]


def _verify(path: Path) -> None:
    beside = path.with_name(path.name + CHECKSUM)
    if not beside.is_file():
        return
    words = beside.read_text(errors="replace").split()
    expected = words[0].lower() if words else ""
    status = path.stat()
    actual = _digest(path, status.st_size, status.st_mtime_ns)
    if actual != expected:
        raise Unusable(
            f"{path} is not the file that {beside.name} was made for: its SHA-256 is {actual[:16]}…, "
            f"expected was {expected[:16]}…. Fetch it again; a checksum that does not matter can be removed."
        )


@lru_cache(maxsize=1000)
def _digest(path: Path, size: int, changed_at: int) -> str:
    """SHA-256 in hex; size and time of change make a file that was replaced another one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
