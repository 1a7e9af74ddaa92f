"""One file of a recording: compressed, readable while it grows, and final only when it is whole."""

from __future__ import annotations

import os
import zlib
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from feeds.recordings.opening import PART

GZIP = 31  # zlib's window bits for the format of .gz files
RELIEVED_AT_BYTES = 256 * 1024


class Tape:
    """`<venue>-<time of the first frame>.jsonl.gz`, with `.part` behind it until `finish`.

    What was written stays in memory until it is on the disk: where that fails (OSError) nothing is lost, and the next
    call goes on where the disk stopped."""

    def __init__(self, directory: Path, venue: str, began: int) -> None:
        self.began = began
        self.written = 0
        self._path = _free_name(directory, venue, began)
        self._part = self._path.with_name(self._path.name + PART)
        self._file = self._part.open("xb", buffering=0)
        self._compressor = zlib.compressobj(wbits=GZIP)
        self._ended = False
        self._unflushed = False
        self._pending = bytearray()

    def write(self, line: bytes) -> None:
        self.written += len(line)
        self._unflushed = True
        self._pending += self._compressor.compress(line)

    def relieve(self) -> None:
        """Brings to the disk what has become much. Raises OSError."""
        if len(self._pending) >= RELIEVED_AT_BYTES:
            self._store()

    def flush(self) -> None:
        """Brings everything to the disk: what was written up to now can be read, whatever happens to this process.
        Raises OSError."""
        if self._unflushed and not self._ended:
            self._pending += self._compressor.flush(zlib.Z_SYNC_FLUSH)
            self._unflushed = False
        self._store()

    def finish(self) -> None:
        """Ends the file and gives it its name. Raises OSError."""
        if not self._ended:
            self._pending += self._compressor.flush(zlib.Z_FINISH)
            self._ended = True
        self._store()
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._part.rename(self._path)
            self._file.close()

    def abandon(self) -> None:
        """Leaves the file as it is on the disk."""
        self._file.close()

    def _store(self) -> None:
        while self._pending:
            stored = self._file.write(self._pending)
            del self._pending[:stored]


def _free_name(directory: Path, venue: str, began: int) -> Path:
    moment = datetime.fromtimestamp(began // 1_000_000_000, UTC)
    stem = f"{venue}-{moment:%Y%m%dT%H%M%SZ}"
    names = (f"{stem}.jsonl.gz" if number == 1 else f"{stem}-{number}.jsonl.gz" for number in count(1))
    paths = (directory / name for name in names)
    return next(path for path in paths if not (path.exists() or path.with_name(path.name + PART).exists()))
