"""What a core was given, message by message with the time it was told, so that the run can be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from os import SEEK_END
from pathlib import Path

import msgspec
from msgspec import Struct

from streams.envelope import Envelope

BLOCK = 1 << 16


class Given(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call of a core: `now` is the process clock it was told (ns); the rest as in the call."""

    message: Envelope
    now: int
    entry_id: str = ""
    interrupted: bool = False


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Given)


class Journal:
    """Appends JSON lines; what was written is on its way to the disk after `flush`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _mend(path)
        self._file = path.open("ab", buffering=256 * 1024)

    def write(self, message: Envelope, now: int, *, entry_id: str = "", interrupted: bool = False) -> None:
        given = Given(message=message, now=now, entry_id=entry_id, interrupted=interrupted)
        self._file.write(_encoder.encode(given) + b"\n")

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _mend(path: Path) -> None:
    """Who was killed while it wrote left half a line: nothing was told that line yet."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        end = file.seek(0, SEEK_END)
        while end:
            begin = max(0, end - BLOCK)
            file.seek(begin)
            newline = file.read(end - begin).rfind(b"\n")
            if newline >= 0:
                end = begin + newline + 1
                break
            end = begin
        file.truncate(end)


def read(path: Path) -> Iterator[Given]:
    """Raises msgspec.ValidationError where a line is not one of a journal."""
    with path.open("rb") as file:
        for line in file:
            yield _decoder.decode(line)
