"""Which format a member has: by its first lines, never by how its name ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from msgspec import Struct

from feeds.recordings import archive, keyed, lean, tardis
from feeds.recordings.entries import Format
from feeds.recordings.opening import Member, Unreadable, Unusable, members_of
from feeds.recordings.stamped import Stamped, frames, is_futures
from streams.messages import Source

READABLE = (
    "What can be read: lines of `<receive time> {json}` (time in ns, µs, ms, or seconds with a fraction, with or "
    "without a colon behind it) and lines of bare `{json}`, frames of Binance or Alpaca in both cases; CSV of "
    "data.binance.vision (trades, aggTrades, bookTicker), of tardis.dev (trades, quotes) and of LEAN (equity ticks); "
    "each of them plain, gzipped, or in a zip archive."
)
SAMPLED_LINES = 200
Readable = tuple[Member, Format]
TABLES: tuple[Callable[[Sequence[bytes], Sequence[str], Source], Format | None], ...] = (
    archive.recognised,
    tardis.recognised,
    lean.recognised,
)
OWN = b'configuration: {"venue":'


class _Configuration(Struct):
    venue: str = ""


def recognise(member: Member, source: Source = "replay") -> Format:
    """How its lines are read. Raises `Unreadable` where it is no recording, `Unusable` where it cannot be used."""
    sample = [line for line in islice(member.lines(), SAMPLED_LINES) if isinstance(line, bytes) and line.strip()]
    if not sample:
        raise Unreadable(f"{member.path} is empty. {READABLE}")
    found = frames(sample)
    if 2 * len(found) < len(sample):  # one damaged row may look like a frame
        for recognised in TABLES:
            if known := recognised(sample, member.names, source):
                return known
    if found:
        return _of_frames(sample, found)
    raise Unreadable(f"{member.path} {_kind_of(sample[0])}. {READABLE}")


def recordings_in(path: Path, source: Source = "replay") -> list[Readable]:
    """The file, or what can be read in a zip archive. Raises `Unreadable`."""
    try:
        members = members_of(path)
        if not members:
            raise Unreadable(f"{path} is empty. {READABLE}")
        found = [(member, _if_any(member, source)) for member in members] if len(members) > 1 else []
        known = [(member, form) for member, form in found if form is not None]
        return known or [(members[0], recognise(members[0], source))]
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror or error}") from error


def _if_any(member: Member, source: Source) -> Format | None:
    """A zip archive may hold more than recordings; one that cannot be used raises `Unusable`."""
    try:
        return recognise(member, source)
    except Unusable:
        raise
    except Unreadable:
        return None


def _of_frames(sample: list[bytes], found: list[bytes]) -> Format:
    guess = "alpaca-iex" if any(frame.startswith(b'[{"T":') for frame in found) else "binance"
    own = next((line for line in sample if line.startswith(OWN)), None)
    if own is not None:
        return Stamped(_venue(own) or guess, own=True)
    if guess == "binance":
        if keys := keyed.recognised(found):
            return keys
        guess = "binance-usdm" if is_futures(found) else "binance"
    return Stamped(guess)


def _venue(line: bytes) -> str:
    try:
        return msgspec.json.decode(line.partition(b":")[2], type=_Configuration).venue
    except msgspec.MsgspecError:
        return ""


def _kind_of(line: bytes) -> str:
    words = line.split()
    if len(words) == 2 and len(words[0]) == 64:
        return "is the checksum of another file, not a recording"
    if line.count(b",") >= 3:
        return f"is CSV of a kind that is not known: it begins with {line[:60]!r}"
    return f"is no recording: it begins with {line[:40]!r}"
