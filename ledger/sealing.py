"""Seals a finished day of the archive: packs it tightly, checks its chain, and writes its checksums beside it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ledger.archive_writer import sync_directory, write_whole
from ledger.chain import Broken, ChainRow, verify
from ledger.segments import Line, Seal, Segment, batches, chain_row, checksum, encode, iso, lines_of, pack

LEVEL = 6


def seal(segment: Segment) -> Broken | None:
    """May be repeated after a crash at any moment. Says where the chain of the day is broken; it is sealed all the
    same, as what the relay has seen. Raises `Damaged` where the file cannot be read, `OSError` as when the disk is
    full."""
    first, last, count = _repacked(segment)
    broken = _broken(segment, first)
    path = segment.path
    sealed = Seal(
        file=path.name,
        sha256=checksum(path),
        bytes=path.stat().st_size,
        events=count,
        first=first.position,
        last=last.position,
        prev_hash=first.prev_hash,
        hash=last.hash,
        sealed_at=iso(time.time_ns()),
    ).checked()
    write_whole(segment.seal_path, encode(sealed) + b"\n", 0o444)
    return broken


def _repacked(segment: Segment) -> tuple[Line, Line, int]:
    """The first and the last line and how many there are, after the file was packed anew."""
    lines = lines_of(segment, 0, growing=False)
    temporary = segment.path.with_name(f"{segment.path.name}.sealing-{os.getpid()}")
    begun: Line | None = None
    count = 0
    with temporary.open("wb") as file:
        for part in batches((encode(line), line) for line in lines):
            first, last = part[0][1], part[-1][1]
            begun = begun or first
            count += len(part)
            file.write(pack([line for line, _ in part], first.position, last.position, bytes.fromhex(last.hash), LEVEL))
        file.flush()
        os.fsync(file.fileno())
    if begun is None:
        temporary.unlink()
        raise ValueError(f"{segment.path} holds nothing to seal")
    temporary.chmod(0o444)
    temporary.replace(segment.path)
    sync_directory(segment.path.parent)
    return begun, last, count


def _broken(segment: Segment, first: Line) -> Broken | None:
    rows: Iterator[ChainRow] = map(chain_row, lines_of(segment, 0, growing=False))
    found = verify(rows, after=first.position - 1, previous=bytes.fromhex(first.prev_hash))
    return next((one for one in found if isinstance(one, Broken)), None)


if __name__ == "__main__":
    # A process of its own, so that the relay is not held up for the minute that it may take.
    os.nice(10)
    if fault := seal(Segment(Path(sys.argv[1]))):
        sys.exit(f"position {fault.position}: {fault.reason}")
