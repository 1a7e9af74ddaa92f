"""What a book was at each position of the governance log, and its deliberations as they come to an end."""

from __future__ import annotations

from collections import deque
from uuid import UUID

from msgspec import Struct

from governance.domain import council, tracks
from governance.domain.council import Seat
from governance.domain.reconstruction import Row
from governance.domain.reputation import COPIES
from governance.domain.rulebook import Rulebook
from governance.domain.scoring import bucket_of
from governance.domain.state import BookState
from streams.events import (
    BookFounded,
    BookTerms,
    CouncilScored,
    DecisionHeld,
    DomainEvent,
    Event,
    ReputationAdjusted,
    SeatEntered,
    SeatGranted,
    SeatReinstated,
    SeatSnapshot,
    SeatSuspended,
    TermChanged,
    decode_event,
)
from streams.messages import Track

# A round takes a second at most: there are never more changes than these in one.
MOMENTS_KEPT = 16
ENDS = ("Deliberation.DecisionReached", "Deliberation.DecisionHeld")


class Moment(Struct, frozen=True):
    """What a round takes from its book when it opens: the terms, and the seats with the masses (ppm) of each copy of
    the weights; `snapshots` keeps what was made of them, by copy."""

    terms: BookTerms
    tracks: dict[Track, tracks.Terms]
    seats: tuple[Seat, ...]
    ppm: tuple[dict[str, int], ...]
    snapshots: dict[int, SeatSnapshot]

    def bucket(self, market_at: int) -> int:
        return bucket_of(market_at, self.terms.horizon_s)

    def snapshot(self, bucket: int) -> SeatSnapshot:
        """Of a round that opens in the bucket."""
        copy = bucket % COPIES
        if copy not in self.snapshots:
            self.snapshots[copy] = council.recorded(council.snapshot(self.seats, self.ppm[copy], ""))
        return self.snapshots[copy]


class Ended(Struct, frozen=True):
    """A deliberation up to its decision or hold (`row`, the last of `rows`); after a hold, what followed on it."""

    row: Row
    rows: list[Row]
    held: DecisionHeld | None


class History:
    """Of one book, in one pass. `before` are the moments that a round of a track may have opened at: those that ended
    since its last one closed, the youngest last."""

    def __init__(self, book: str) -> None:
        self.state = BookState(book)
        self.before: dict[Track, deque[Moment]] = {
            "TRADE": deque(maxlen=MOMENTS_KEPT),
            "REDUCE": deque(maxlen=MOMENTS_KEPT),
        }
        self._now: Moment | None = None
        self._rulebook: Rulebook | None = None
        self._open: dict[UUID, list[Row]] = {}
        self._held: dict[UUID, DecisionHeld] = {}

    @property
    def now(self) -> Moment:
        if self._now is None:
            state = self.state
            out = {seat.agent for seat in state.seats.values() if len(seat.suspended_by) > 1}
            ppm = tuple(state.reputation.ppm(copy, out) for copy in range(COPIES))
            self._now = Moment(state.terms, tracks.terms_of(state.terms), tuple(state.seats.values()), ppm, {})
        return self._now

    def rulebook(self) -> Rulebook:
        if self._rulebook is None or self._rulebook.version != self.state.rulebook_version:
            self._rulebook = Rulebook(self.state.rules.values(), self.state.rulebook_version)
        return self._rulebook

    def change(self, row: Row, body: Event) -> None:
        """Folds an event of the book, its council or its rules."""
        if isinstance(body, _MOVES):
            for moments in self.before.values():
                moments.append(self.now)
            self._now = None
        self.state.apply(
            DomainEvent(
                originator_id=row.originator,
                originator_version=row.version,
                body=body,
                correlation_id="",
                causation_id="",
                actor="",
                book=row.book,
            )
        )

    def deliberate(self, row: Row) -> Ended | None:
        """Keeps the rows of a deliberation until they end in a decision or a hold; late ballots count for nothing."""
        if row.topic == "Deliberation.BallotLate":
            return None
        rows = self._open.setdefault(row.originator, [])
        rows.append(row)
        if row.topic not in ENDS:
            return None
        del self._open[row.originator]
        held = self._held.pop(row.originator, None)
        if row.topic == "Deliberation.DecisionHeld":
            decision = decode_event(row.topic, row.state)
            assert isinstance(decision, DecisionHeld)
            self._held[row.originator] = decision
        return Ended(row, rows, held)

    def closed(self, track: Track) -> None:
        """The next round of the track can only open from now on."""
        self.before[track].clear()

    def unfinished(self) -> list[Row]:
        """The last row of each deliberation that came to no end."""
        return [rows[-1] for rows in self._open.values()]


_MOVES = (
    BookFounded,
    TermChanged,
    SeatGranted,
    SeatEntered,
    SeatSuspended,
    SeatReinstated,
    CouncilScored,
    ReputationAdjusted,
)
