"""Whether ids of one stream follow on each other: gaps, repeats, latecomers and restarts, from the ids and the venue's
own times alone."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import Literal, NamedTuple

MOST_GAPS = 1_000
FARTHEST = 1_000_000
RESTART_AFTER = 100
RESTART_AFTER_NEWER = 3


class Gap(NamedTuple):
    """Ids that were left out, both inclusive."""

    first: int
    last: int


Verdict = Gap | Literal["follows", "duplicate", "out_of_order", "doubted", "restarts"]


class Sequence:
    """The ids of one instrument on one kind of stream.

    `contiguous` says whether ids have to follow each other without holes (trades, depth) or only upwards (quotes).
    An id behind the last one is a duplicate if it has been seen, else out of order. An id more than `farthest` ahead is
    doubted until the next one is near it: a damaged digit must not make a gap of millions.

    A lower id with a later time contradicts itself, so either the venue began its ids anew or the high id was wrong:
    after three of them in a row the sequence starts anew with them. Where there are no times it takes a hundred rising
    latecomers.

    Whoever knows already that nothing is amiss may set `last` and `at` without a call of `step`."""

    __slots__ = (
        "_contiguous",
        "_doubted",
        "_doubted_behind",
        "_farthest",
        "_late",
        "_late_behind",
        "_late_run",
        "_missing",
        "_start",
        "at",
        "last",
    )

    def __init__(self, *, contiguous: bool, farthest: int = FARTHEST) -> None:
        self._contiguous = contiguous
        self._farthest = farthest
        self._late = self._late_behind = -1
        self._doubted = self._doubted_behind = -1
        self._late_run = 0
        self._begin(-1, -1, 0)

    def _begin(self, first: int, last: int, at: int) -> None:
        self.last = last
        self.at = at
        self._start = first
        self._missing: list[Gap] = []

    def step(self, first: int, last: int, at: int = 0) -> Verdict:
        """Takes ids `first`..`last` (inclusive) that came in one frame, at the venue's time `at` (0: unknown)."""
        if self.last < 0:
            self._begin(first, last, at)
            return "follows"
        if last <= self.last:
            return self._behind(first, last, at)
        left_out = first - self.last - 1
        if left_out > self._farthest and not self._is_confirmed(first):
            self._doubted, self._doubted_behind = last, self.last
            return "doubted"
        gap = Gap(self.last + 1, first - 1) if self._contiguous and left_out > 0 else None
        self.last = last
        self.at = at
        if gap is None:
            return "follows"
        self._missing.append(gap)
        if len(self._missing) > MOST_GAPS:
            self._start = self._missing.pop(0).last + 1
        return gap

    def fill(self, id: int) -> bool:
        """Whether `id` was missing; from now on it is not."""
        at = self._gap_at(id)
        if at is None:
            return False
        gap = self._missing[at]
        rests = (Gap(gap.first, id - 1), Gap(id + 1, gap.last))
        self._missing[at : at + 1] = [rest for rest in rests if rest.first <= rest.last]
        return True

    def _is_confirmed(self, first: int) -> bool:
        return self._doubted_behind == self.last and 0 < first - self._doubted <= self._farthest

    def _behind(self, first: int, last: int, at: int) -> Verdict:
        seen = self._was_seen(last)
        timed = bool(at and self.at)
        if (timed and at <= self.at) or (seen and not timed):
            return "duplicate" if seen else "out_of_order"
        in_a_row = self._late_behind == self.last and last > self._late
        self._late_run = self._late_run + 1 if in_a_row else 1
        self._late, self._late_behind = last, self.last
        if self._late_run < (RESTART_AFTER_NEWER if timed else RESTART_AFTER):
            return "out_of_order"
        self._begin(first, last, at)
        return "restarts"

    def _was_seen(self, id: int) -> bool:
        if not self._contiguous:
            return id == self.last
        return id >= self._start and self._gap_at(id) is None

    def _gap_at(self, id: int) -> int | None:
        at = bisect_right(self._missing, id, key=attrgetter("first")) - 1
        return at if at >= 0 and id <= self._missing[at].last else None
