"""The tracks of deliberation: who may propose, how long is voted, what passes."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from streams.events import BookTerms
from streams.messages import Action, Track

MS = 1_000_000
CAP_IN_FORCE_NS = 60_000 * MS
REDUCE_THRESHOLD = Fraction(1, 3)
REDUCE_QUORUM = Fraction(1, 5)


class Rule(Struct, frozen=True):
    """When a proposal passes: Y ≥ quorum·T and Y > threshold·W and, where it counts, the forecast ≥ 1/2."""

    threshold: Fraction
    quorum: Fraction
    forecast: bool
    vetoable: bool


class Terms(Struct, frozen=True):
    """A track as a book has set it; the window is in ns of the process clock."""

    track: Track
    window_ns: int
    extendable: bool
    rule: Rule


def track_of(action: Action) -> Track:
    tracks: dict[Action, Track] = {"trade": "TRADE", "reduce": "REDUCE", "halt": "HALT"}
    return tracks[action]


def terms_of(book: BookTerms) -> dict[Track, Terms]:
    """The two tracks that vote."""
    trade = Rule(Fraction(book.trade_threshold), Fraction(book.trade_quorum), forecast=True, vetoable=True)
    reduce = Rule(REDUCE_THRESHOLD, REDUCE_QUORUM, forecast=False, vetoable=False)
    return {
        "TRADE": Terms("TRADE", book.trade_window_ms * MS, True, trade),
        "REDUCE": Terms("REDUCE", book.reduce_window_ms * MS, False, reduce),
    }
