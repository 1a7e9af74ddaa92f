"""Recordings as files: which there are, whether they can be read, and their lines one after the other."""

from __future__ import annotations

import glob
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, cast

CHUNK = 256 * 1024
LONGEST_LINE = 4 * 1024 * 1024
GZIP = b"\x1f\x8b"
READABLE = (
    "What can be read: lines of `<receive time> {json}` (time in ns, µs, ms, or seconds with a fraction, with or "
    "without a colon behind it) and lines of bare `{json}`, Binance frames in both cases, plain or gzipped."
)
STAMPED = re.compile(rb"\d{9,19}(\.\d{1,9})?:? \{")


class Unreadable(Exception):
    """A path that holds no recording; the text says why and what can be read."""


class BrokenLine(Exception):
    """A line that cannot be had: the file is cut off or damaged here, or the line has no end."""


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """Files, the files in directories, and globs, as files that can be read. Raises `Unreadable`.

    In directories and globs what is no recording is left out; a file that was named must be one."""
    found: list[Path] = []
    for path in paths:
        if Path(path).is_file():
            check(Path(path))
            found.append(Path(path))
            continue
        pattern = f"{glob.escape(str(path))}/*" if Path(path).is_dir() else str(path)
        inside = [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_file() and is_readable(Path(name))]
        if not inside:
            raise Unreadable(f"{path}: there is no recording. {READABLE}")
        found.extend(inside)
    return list(dict.fromkeys(found))


def is_readable(path: Path) -> bool:
    try:
        check(path)
    except Unreadable:
        return False
    return True


def check(path: Path) -> None:
    """Looks at the first lines. Raises `Unreadable`."""
    try:
        first = [line for line in islice(lines_of(path), 200) if isinstance(line, bytes) and line.strip()]
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error
    if any(line[:1] == b"{" or STAMPED.match(line) for line in first):
        return
    kind = "is empty" if not first else f"is {_kind_of(first[0])}"
    raise Unreadable(f"{path} {kind}. {READABLE}")


def _kind_of(line: bytes) -> str:
    if line.startswith(b"PK\x03\x04"):
        return "a zip archive, which is not read yet"
    if line.count(b",") >= 3:
        return "CSV, which is not read yet"
    return f"no recording: it begins with {line[:40]!r}"


def lines_of(path: Path) -> Iterator[bytes | BrokenLine]:
    """The lines without their ends, in constant memory. Damage becomes a `BrokenLine` item; behind damage in a
    gzip stream nothing can be read any more. Raises OSError where there is no such file."""
    with path.open("rb") as plain:
        head = plain.read(2)
        plain.seek(0)
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if head == GZIP else plain
        rest = b""
        try:
            while chunk := source.read(CHUNK):
                complete = (rest + chunk).split(b"\n")
                rest = complete.pop()
                yield from complete
                if len(rest) > LONGEST_LINE:
                    yield BrokenLine(f"a line is longer than {LONGEST_LINE} bytes")
                    rest = b""
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            yield BrokenLine(f"the file is damaged: {error}")
            return
        if rest:
            yield rest
