"""The files of the archive: one a UTC day and log, made of whole gzip members that hold rows as JSON lines."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ledger.chain import ChainRow

SUFFIX = ".jsonl.gz"
MEMBER_ROWS = 2000
MEMBER_BYTES = 4 << 20
# Deflate may make random bytes a little longer; a row is smaller than an entry of a stream.
LARGEST_MEMBER = 3 * MEMBER_BYTES

encode = msgspec.json.Encoder().encode
Packed = TypeVar("Packed", bound=tuple[bytes, Any])

# RFC 1952 with an extra field GL: the member's size, the CRC of its packed bytes, its first and last position and the
# last row's hash. Any gzip reads such a file; we hop from member to member without unpacking them.
_HEAD = struct.Struct("<4sIBBH2sHIIQQ32s")
_TAIL = struct.Struct("<II")
_FIELD_SIZE = 56
_FIXED = (b"\x1f\x8b\x08\x04", 0, 0, 255, _FIELD_SIZE + 4, b"GL", _FIELD_SIZE)
_BEGIN = struct.pack("<4sIBBH2sH", *_FIXED)


class Damaged(Exception):
    """A file of the archive is not as the relay wrote it: from which position on, and what is wrong with it. `torn`:
    it is no more than the end of a write that was cut short or is under way."""

    def __init__(self, path: Path, position: int, reason: str, *, torn: bool = False) -> None:
        super().__init__(f"{path.parent.name}/{path.name}: {reason}")
        self.position = position
        self.torn = torn


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of `event_log` as a JSON line: every column, in the order of the hash chain; hashes in hexadecimal."""

    log: str
    partition: int
    position: int
    event_id: str
    originator_id: str
    originator_version: int
    topic: str
    recorded_at: str
    correlation_id: str
    causation_id: str
    command_id: str | None
    actor: str
    book: str
    state: str
    prev_hash: str
    hash: str
    # In the place of `state`, where that is not text.
    state_base64: str = ""


class Member(NamedTuple):
    """Where a member lies in its file, the CRC of its packed bytes, which positions it holds, the hash of the last."""

    offset: int
    size: int
    packed: int
    first: int
    last: int
    hash: bytes


class Seal(Struct, frozen=True, kw_only=True):
    """What is written beside a finished day: the checksum of its file and its place in the chain; `check` is the
    sha256 of the seal itself, written as JSON with an empty `check`."""

    file: str
    sha256: str
    bytes: int
    events: int
    first: int
    last: int
    prev_hash: str
    hash: str
    sealed_at: str
    check: str = ""

    def checked(self) -> Seal:
        """The same with its own checksum."""
        return replace(self, check=sha256(encode(replace(self, check=""))).hexdigest())


class Segment(NamedTuple):
    """One day of one log. It is sealed once its seal is written."""

    path: Path

    @property
    def day(self) -> date:
        return date.fromisoformat(self.path.name.removesuffix(SUFFIX))

    @property
    def seal_path(self) -> Path:
        return self.path.with_name(self.path.name.removesuffix(SUFFIX) + ".json")

    @property
    def sealed(self) -> bool:
        return self.seal_path.exists()

    def seal(self) -> Seal:
        """Raises `Damaged` where the seal cannot be read."""
        try:
            written = self.seal_path.read_bytes()
            seal = msgspec.json.decode(written, type=Seal)
        except ValueError as error:  # what msgspec raises, for bytes that are not text too
            raise Damaged(self.seal_path, self._begins(), f"the seal cannot be read: {error}") from error
        if encode(seal.checked()) + b"\n" != written or seal.file != self.path.name:
            raise Damaged(self.seal_path, self._begins(), "the seal does not have its checksum")
        return seal

    def _begins(self) -> int:
        """The day's first position, 1 where its file does not tell."""
        with closing(self.path.open("rb")) as file:
            first = next(members(self.path, file), None)
        return first.first if isinstance(first, Member) else 1


def folder_of(directory: Path, log: str, partition: int) -> Path:
    return directory / f"{log}-{partition}"


def segments(folder: Path) -> list[Segment]:
    """All days of a log, the oldest first."""
    return [Segment(path) for path in sorted(folder.glob(f"????-??-??{SUFFIX}"))]


def in_folder(folder: Path, day: date) -> Segment:
    return Segment(folder / f"{day.isoformat()}{SUFFIX}")


_decode_line = msgspec.json.Decoder(Line).decode


@lru_cache(maxsize=64)
def iso(nanoseconds: int) -> str:
    """A time in UTC as the hash chain writes it."""
    return datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{nanoseconds // 1000 % 1_000_000:06d}Z"
    )


def state_fields(state: bytes) -> tuple[str, str]:
    """A state as `state` and `state_base64`."""
    try:
        return state.decode(), ""
    except UnicodeDecodeError:
        return "", base64.b64encode(state).decode()


def chain_row(line: Line) -> ChainRow:
    """The row as the table has it."""
    return ChainRow(
        line.log,
        line.partition,
        line.position,
        UUID(line.event_id),
        UUID(line.originator_id),
        line.originator_version,
        line.topic,
        base64.b64decode(line.state_base64) if line.state_base64 else line.state.encode(),
        datetime.fromisoformat(line.recorded_at),
        line.correlation_id,
        line.causation_id,
        line.command_id,
        line.actor,
        line.book,
        bytes.fromhex(line.prev_hash),
        bytes.fromhex(line.hash),
    )


def batches(rows: Iterable[Packed]) -> Iterator[list[Packed]]:
    """Rows (each with its JSON line first) in the portions that make a member."""
    part: list[Packed] = []
    size = 0
    for row in rows:
        if len(part) == MEMBER_ROWS or size > MEMBER_BYTES:
            yield part
            part, size = [], 0
        part.append(row)
        size += len(row[0])
    if part:
        yield part


def pack(lines: Sequence[bytes], first: int, last: int, hash_: bytes, level: int) -> bytes:
    """A whole gzip member of those JSON lines (without their newlines)."""
    data = b"\n".join((*lines, b""))
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = compressor.compress(data) + compressor.flush()
    size = _HEAD.size + len(body) + _TAIL.size
    head = _HEAD.pack(*_FIXED, size, zlib.crc32(body), first, last, hash_)
    return head + body + _TAIL.pack(zlib.crc32(data), len(data) & 0xFFFFFFFF)


def members(path: Path, file: BinaryIO) -> Iterator[Member | Damaged]:
    """The members that lie whole in the file; ends with `Damaged` where something else follows: a torn tail or,
    worse, damage."""
    end = os.fstat(file.fileno()).st_size
    offset, position = 0, 1
    while offset < end:
        file.seek(offset)
        head = file.read(_HEAD.size)
        *fixed, size, packed, first, last, hash_ = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
        if tuple(fixed) != _FIXED or size < _HEAD.size + _TAIL.size:
            reason = f"there is no member at byte {offset}"
            yield Damaged(path, position, reason, torn=_is_torn(file, offset, end))
            return
        if offset + size > end or (offset + size == end and _ends_in_nothing(file, end)):
            reason = f"the member at byte {offset} is cut off"
            yield Damaged(path, position, reason, torn=_is_torn(file, offset, end))
            return
        yield Member(offset, size, packed, first, last, hash_)
        offset, position = offset + size, last + 1


def _ends_in_nothing(file: BinaryIO, end: int) -> bool:
    """Whether a tail is zeros: the file has grown, but the disk never got what was written."""
    file.seek(end - _TAIL.size)
    return file.read(_TAIL.size) == bytes(_TAIL.size)


def _is_torn(file: BinaryIO, offset: int, end: int) -> bool:
    """Whether the rest of a file may be the beginning of one member, and zeros where the disk got no more of it."""
    if end - offset > LARGEST_MEMBER:
        return False
    file.seek(offset)
    rest = file.read(end - offset)
    written = rest.rstrip(b"\0")
    if not _BEGIN.startswith(written[: len(_BEGIN)]) or _BEGIN in rest[1:]:
        return False
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        stream.decompress(written[_HEAD.size :])
    except zlib.error:
        return False
    # A body that is whole, and its tail as well, were not cut short: then the head is wrong.
    beyond = len(rest) - len(written) + len(stream.unused_data)
    return not (stream.eof and stream.unused_data and beyond >= _TAIL.size)


def unpack(path: Path, file: BinaryIO, member: Member) -> list[Line]:
    """The lines of a member. Raises `Damaged` where they are not what was packed."""
    file.seek(member.offset)
    blob = file.read(member.size)
    where = f"the member at byte {member.offset}"
    body = memoryview(blob)[_HEAD.size : -_TAIL.size]
    if zlib.crc32(body) != member.packed:
        raise Damaged(path, member.first, f"{where} does not have its checksum")
    try:
        data = zlib.decompress(body, -zlib.MAX_WBITS)
        lines = [_decode_line(line) for line in data.splitlines()]
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(path, member.first, f"{where} cannot be read: {error}") from error
    if _TAIL.unpack(blob[-_TAIL.size :]) != (zlib.crc32(data), len(data) & 0xFFFFFFFF):
        raise Damaged(path, member.first, f"{where} does not have its checksum")
    if not lines or (lines[0].position, lines[-1].position, lines[-1].hash) != (
        member.first,
        member.last,
        member.hash.hex(),
    ):
        raise Damaged(path, member.first, f"{where} does not hold the positions that its head names")
    return lines


def lines_of(segment: Segment, after: int, *, growing: bool) -> Iterator[Line]:
    """The lines beyond a position. A `growing` file may end in a torn member; else that is `Damaged`."""
    with closing(segment.path.open("rb")) as file:
        for member in members(segment.path, file):
            if isinstance(member, Damaged):
                if growing and member.torn:
                    return
                raise member
            if member.last > after:
                yield from (line for line in unpack(segment.path, file, member) if line.position > after)


def checksum(path: Path) -> str:
    """The sha256 of a file."""
    total = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()
