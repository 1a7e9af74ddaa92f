"""From recorded lines to ticks: several files merged by receive time, read once, in constant memory."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from feeds.binance.frames import LATEST_NS, nanoseconds
from feeds.intake import Counts, Intake, Item
from feeds.recordings.lines import BrokenLine, expand, lines_of
from streams.messages import Code, Quote, Source, Trade

EARLIEST_NS = 1_230_768_000_000_000_000  # 2009: there was no crypto market before
LONGEST_JUMP_NS = 3_600_000_000_000
MOST_HELD = 100
SCANNED_LINES = 5_000

# Receive time (ns), index of the file, line number, and the frame or what is wrong with the line.
Line = tuple[int, int, int, "bytes | Flaw"]


class Flaw(Struct, frozen=True):
    """A line that is no frame with a time."""

    code: Code
    detail: str
    raw: bytes


# A line in doubt: the time that it claims, its number, and what it holds.
Doubted = tuple[int | None, int, bytes | Flaw]


class _Times(Struct):
    E: int = 0
    T: int = 0


class _Dated(_Times):
    data: _Times | None = None


UNDATED = "neither a receive time nor an event time is known yet"

_dated = msgspec.json.Decoder(_Dated)


class Seen(Struct, frozen=True):
    """An instrument that a recording holds: decimals in use, and its last price."""

    symbol: str
    price_decimals: int
    quantity_decimals: int
    price: str


def read_ticks(
    paths: Iterable[str | Path],
    counts: Counts | None = None,
    *,
    source: Source = "replay",
    symbols: Collection[str] = (),
    levels: bool = True,
) -> Iterator[Item]:
    """Trades, quotes and depth of all files in the order in which they were received, `received_at` = `market_at`.

    Where ids are missing a `ReportFeedGap` comes before the tick that showed it, and a `RefusedFrame` comes in place of
    what cannot be taken. Without `levels` the `Depth` ticks have ids and times only, and reading takes half the time.
    Raises `Unreadable` before the first item, and nothing afterwards."""
    files = expand(paths)
    return _ticks(files, Intake(source, symbols=symbols, counts=counts, levels=levels))


def _ticks(files: list[Path], intake: Intake) -> Iterator[Item]:
    take = intake.take
    now = 0
    for at, index, number, raw in _merged(files):
        if at > now:
            now = at
        if type(raw) is bytes:
            yield from take(raw, now, now)
        elif isinstance(raw, Flaw):
            intake.counts.frames += 1
            yield intake.refuse(raw.code, raw.detail, raw.raw, f"{files[index].name}:{number}", now)


def instruments(paths: Iterable[str | Path], *, lines: int = SCANNED_LINES) -> dict[str, Seen]:
    """The instruments in the first lines of each file, by symbol: as traded, or as quoted where nothing was traded
    yet. Raises `Unreadable`."""
    seen: dict[str, Seen] = {}
    for index, path in enumerate(expand(paths)):
        intake = Intake("replay", levels=False)
        for at, _, number, raw in _stamped(path, index):
            if number > lines:
                break
            for item in intake.take(raw, at, at) if isinstance(raw, bytes) else ():
                if isinstance(item, Trade) or (isinstance(item, Quote) and item.instrument not in seen):
                    seen[item.instrument] = _seen(item, seen.get(item.instrument))
    return dict(sorted(seen.items()))


def _seen(tick: Trade | Quote, before: Seen | None) -> Seen:
    price, quantity = (tick.price, tick.quantity) if isinstance(tick, Trade) else (tick.bid, tick.bid_size)
    return Seen(
        tick.instrument,
        max(before.price_decimals if before else 0, decimals(str(price))),
        max(before.quantity_decimals if before else 0, decimals(str(quantity))),
        str(price),
    )


def decimals(number: str) -> int:
    """Digits behind the point that are not just trailing zeros."""
    return len(number.partition(".")[2].rstrip("0"))


def _merged(files: list[Path]) -> Iterator[Line]:
    if len(files) == 1:
        return _stamped(files[0], 0)
    return heapq.merge(*(_stamped(path, index) for index, path in enumerate(files)))


def _stamped(path: Path, index: int) -> Iterator[Line]:
    """The lines of a file with their receive times, which never go back.

    A time more than an hour ahead is believed when another one agrees: a damaged digit must not move the clock."""
    last = 0
    held: list[Doubted] = []
    for number, line in enumerate(lines_of(path), 1):
        at, raw = _timed(line)
        if raw is None:
            continue
        if held or not last or (at is not None and at - last > LONGEST_JUMP_NS):
            agreed = at is not None and (at - last <= LONGEST_JUMP_NS or any(_near(at, other) for other, _, _ in held))
            held.append((at, number, raw))
            if agreed or len(held) >= MOST_HELD:
                for settled in _settled(held, at, last, index):
                    last = settled[0]
                    yield settled
                held.clear()
            continue
        if at is None:
            yield last, index, number, raw
            continue
        if at > last:
            last = at
        yield last, index, number, raw
    yield from _settled(held, None, last, index)


def _near(at: int, other: int | None) -> bool:
    return other is not None and abs(at - other) <= LONGEST_JUMP_NS


def _settled(held: list[Doubted], agreed: int | None, last: int, index: int) -> Iterator[Line]:
    """Lines whose times were in doubt: those near `agreed` are believed, all of them where nothing was agreed."""
    for at, number, raw in held:
        if at is None or isinstance(raw, Flaw):
            yield last, index, number, raw if last or isinstance(raw, Flaw) else Flaw(Code.INVALID, UNDATED, raw)
        elif agreed is None or _near(agreed, at):
            last = max(last, at)
            yield last, index, number, raw
        else:
            yield last, index, number, Flaw(Code.INVALID, f"the receive time {at} is far from those around it", raw)


def _timed(line: bytes | BrokenLine) -> tuple[int, bytes] | tuple[None, bytes | Flaw | None]:
    """The line's own time, None where it has none, and its frame, None where it is no more than a remark."""
    if isinstance(line, BrokenLine):
        return None, Flaw(Code.UNDECODABLE, str(line), b"")
    head, _, raw = line.partition(b" ")
    try:
        at = int(head)
    except ValueError:
        return _otherwise(line.strip())
    if 0 < at < EARLIEST_NS:
        at *= 1_000 if at > EARLIEST_NS // 1_000 else 1_000_000
    if EARLIEST_NS < at < LATEST_NS:
        return at, raw
    return None, Flaw(Code.INVALID, f"no receive time at the start of the line: {head[:40]!r}", line)


def _otherwise(line: bytes) -> tuple[int, bytes] | tuple[None, bytes | Flaw | None]:
    """A line that does not begin with a whole number: seconds with a fraction, a bare frame, a remark, or rubbish."""
    if not line or line.startswith((b"configuration:", b"ws://", b"wss://", b"http://", b"https://")):
        return None, None
    if line.startswith(b"{"):
        at = _event_time(line)
        return (None, line) if at is None else (at, line)
    head, _, raw = line.partition(b" ")
    at = _seconds(head.removesuffix(b":"))
    if at is None or not EARLIEST_NS < at < LATEST_NS:
        return None, Flaw(Code.UNDECODABLE, f"no receive time at the start of the line: {head[:40]!r}", line)
    return at, raw


def _event_time(frame: bytes) -> int | None:
    """For a frame that was kept without a receive time; None where it has no event time either."""
    try:
        dated = _dated.decode(frame)
        times = dated.data or dated
        at = nanoseconds(times.E or times.T)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return at if EARLIEST_NS < at < LATEST_NS else None


def _seconds(text: bytes) -> int | None:
    """`1617566591.326123` in ns, exactly."""
    whole, _, fraction = text.partition(b".")
    if not (whole.isdigit() and len(whole) <= 10 and (fraction.isdigit() or not fraction) and len(fraction) <= 9):
        return None
    return int(whole) * 1_000_000_000 + int(fraction.ljust(9, b"0"))
