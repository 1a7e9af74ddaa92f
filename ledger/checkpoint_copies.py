"""The copies of checkpoints beside the archive: one line of JSON each, only ever appended to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

BLOCK = 4096


def copy_path(directory: Path, log: str, partition: int) -> Path:
    return directory / f"checkpoints-{log}-{partition}.jsonl"


def append(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """On the disk when this returns; a line that a crash has left torn is cut off first."""
    new = not path.exists()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(_whole(path))
        file.write(b"".join(map(encode, lines)))
        file.flush()
        os.fsync(file.fileno())
    if new:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_line(path: Path) -> dict[str, Any] | None:
    """The last whole line; None where there is none."""
    if not path.exists() or not (end := _whole(path)):
        return None
    begin = _line_end_before(path, end - 1)
    with path.open("rb") as file:
        file.seek(begin)
        line: dict[str, Any] = msgspec.json.decode(file.read(end - begin), type=dict[str, Any])
    return line


def lines(path: Path) -> list[bytes]:
    """Every line as it stands in the file, the line feed included."""
    return path.read_bytes().splitlines(keepends=True)


def encode(line: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _whole(path: Path) -> int:
    """How many bytes end with a line feed."""
    return _line_end_before(path, path.stat().st_size)


def _line_end_before(path: Path, end: int) -> int:
    """The offset after the last line feed before `end`."""
    with path.open("rb") as file:
        while end > 0:
            begin = max(0, end - BLOCK)
            file.seek(begin)
            if (found := file.read(end - begin).rfind(b"\n")) >= 0:
                return begin + found + 1
            end = begin
    return 0
