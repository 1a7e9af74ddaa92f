"""Whether ids of one stream follow on each other: gaps, repeats and latecomers, from the ids alone."""

from __future__ import annotations

from typing import Literal, NamedTuple

MOST_GAPS = 1_000
RESTART_AFTER = 100


class Gap(NamedTuple):
    """Ids that were left out, both inclusive."""

    first: int
    last: int


Verdict = Gap | Literal["follows", "duplicate", "out_of_order"]


class Sequence:
    """The ids of one instrument on one kind of stream.

    `contiguous` says whether ids have to follow each other without holes (trades, depth) or only upwards (quotes).
    An id behind the last one is a duplicate if it has been seen, else out of order. A hundred rising latecomers in a
    row mean that the one high id was wrong, not they: the sequence starts anew with them."""

    __slots__ = ("_contiguous", "_late_run", "_latest_latecomer", "_missing", "_start", "last")

    def __init__(self, *, contiguous: bool) -> None:
        self._contiguous = contiguous
        self._begin(-1)

    def _begin(self, at: int) -> None:
        self.last = at
        self._start = at
        self._missing: list[Gap] = []
        self._late_run = 0
        self._latest_latecomer = -1

    def follow(self, last: int) -> None:
        """The short way where it is known already that nothing is amiss."""
        self.last = last
        self._late_run = 0

    def step(self, first: int, last: int) -> Verdict:
        """Takes ids `first`..`last` (inclusive) that came in one frame."""
        if first == self.last + 1:
            self.last = last
            return "follows"
        if self.last < 0:
            self._begin(last)
            self._start = first
            return "follows"
        if last <= self.last:
            return self._behind(last)
        gap = Gap(self.last + 1, first - 1) if self._contiguous and first > self.last + 1 else None
        self.last = last
        self._late_run = 0
        if gap is None:
            return "follows"
        self._missing = [*self._missing[1 - MOST_GAPS :], gap]
        return gap

    def _behind(self, last: int) -> Verdict:
        if self._was_seen(last):
            return "duplicate"
        self._late_run = self._late_run + 1 if last > self._latest_latecomer else 1
        self._latest_latecomer = last
        if self._late_run < RESTART_AFTER:
            return "out_of_order"
        self._begin(last)
        return "follows"

    def _was_seen(self, id: int) -> bool:
        if not self._contiguous:
            return id == self.last
        return id >= self._start and not any(gap.first <= id <= gap.last for gap in self._missing)
