"""Entries in an order that can be played: times never go back inside a member, and members are merged by time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heapreplace
from itertools import islice

from feeds.binance.numbers import LATEST_NS
from feeds.recordings.entries import Entry, Flaw, Format, Payload, Timed
from feeds.recordings.opening import BrokenLine, Member, Progress
from streams.messages import Code

LONGEST_JUMP_NS = 3_600_000_000_000
MOST_HELD = 100
UNDATED = "neither a receive time nor an event time is known yet"

# A run's next entry, and what comes after it.
Open = tuple[Entry, Iterator[Entry]]
# A line in doubt: the time that it claims, its number, and what it holds.
Doubted = tuple[int | None, int, Payload]


class Run:
    """The entries of a member, which can be read again and again."""

    def __init__(self, member: Member, form: Format, index: int = 0, progress: Progress | None = None) -> None:
        self.member = member
        self.format = form
        self.index = index
        self.progress = progress
        first = next(self.entries(), None)
        self.first_at = first[0] if first is not None else 0

    def entries(self) -> Iterator[Entry]:
        return in_order(self.member.lines(self.progress), self.format.read, self.index)


def in_order(lines: Iterable[bytes | BrokenLine], read: Callable[[bytes], Timed], index: int) -> Iterator[Entry]:
    """The lines of a member with their receive times, which never go back.

    A time more than an hour ahead is believed when another one agrees: a damaged digit must not move the clock."""
    last = 0
    held: list[Doubted] = []
    for number, line in enumerate(lines, 1):
        at, raw = read(line) if type(line) is bytes else (None, Flaw(Code.UNDECODABLE, str(line), b""))
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


def _settled(held: list[Doubted], agreed: int | None, last: int, index: int) -> Iterator[Entry]:
    """Lines whose times were in doubt: those near `agreed` are believed, all of them where nothing was agreed."""
    for at, number, raw in held:
        if isinstance(raw, Flaw):
            yield last, index, number, raw
        elif at is None:
            yield last, index, number, raw if last else _doubtful(UNDATED, raw)
        elif agreed is None or _near(agreed, at):
            last = max(last, at)
            yield last, index, number, raw
        else:
            yield last, index, number, _doubtful(f"the receive time {at} is far from those around it", raw)


def _doubtful(why: str, content: Payload) -> Flaw:
    return Flaw(Code.INVALID, why, content if isinstance(content, bytes) else content.raw)


def merged(runs: list[Run]) -> Iterator[Entry]:
    """All entries by time, of runs that are sorted by their first times. A run is opened when its first entry is due,
    so that a year of days needs no more memory than one of them."""
    waiting = runs[::-1]
    open_: list[Open] = []
    while waiting or open_:
        if not open_ or (waiting and waiting[-1].first_at <= open_[0][0][0]):
            entries = waiting.pop().entries()
            open_.extend((entry, entries) for entry in islice(entries, 1))
            heapify(open_)
        else:
            until = waiting[-1].first_at if waiting else LATEST_NS
            yield from _alone(open_, until) if len(open_) == 1 else _together(open_, until)


def _alone(open_: list[Open], until: int) -> Iterator[Entry]:
    """The one open run, as far as no other one begins: the short way of the usual case."""
    entry, entries = open_.pop()
    yield entry
    for entry in entries:
        if entry[0] >= until:
            open_.append((entry, entries))
            return
        yield entry


def _together(open_: list[Open], until: int) -> Iterator[Entry]:
    while len(open_) > 1:
        entry, entries = open_[0]
        if entry[0] >= until:
            return
        yield entry
        try:
            heapreplace(open_, (next(entries), entries))
        except StopIteration:
            heappop(open_)
