"""Honest seats, liars, clones and colluders on a recorded day: earned weights against equal votes and hindsight."""

from __future__ import annotations

import zipfile
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from math import erf, exp, sqrt
from pathlib import Path

import pytest

from governance.domain.performance import regret
from governance.domain.reputation import FOLDS, Reputation
from governance.domain.scoring import Asked, AskedLeg, bucket_of, named, observe
from streams.events import BookFounded, BookTerms, CouncilScored, SeatGranted
from tests.unit.governance.test_reputation import NIL, founded, seat

D = Decimal
S = 1_000_000_000
H = 30
EVERY_S = 10
FEE_BP, SPREAD = D("0.2"), D("0.01")
FILE = "lean-spy-20131008-trades.zip"
OPENS_S, CLOSES_S = 9 * 3600 + 30 * 60, 16 * 3600
OWNERS = {
    "momentum-10": "meadow",
    "momentum-60": "river",
    "reversion-30": "pendulum",
    "base-rate": "tidewater",
    "liar": "fibster",
    "optimist": "sunny",
    "colluder-1": "ring-1",
    "colluder-2": "ring-2",
    "colluder-3": "ring-3",
    "clone-1": "mill",
    "clone-2": "mill",
    "clone-3": "mill",
    "clone-4": "mill",
}
Forecasts = dict[str, float]


class Tape:
    """The trades of one day: receive times (ns) and prices; hidden prints far from the last price are left out."""

    def __init__(self, path: Path) -> None:
        self.at: list[int] = []
        self.prices: list[Decimal] = []
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as lines:
            for line in lines:
                milliseconds, price, *_ = line.split(b",")
                value = D(int(price)) / 10_000
                if int(milliseconds) >= OPENS_S * 1_000 and (
                    not self.prices or abs(value - self.prices[-1]) < self.prices[-1] / 1_000
                ):
                    self.at.append(int(milliseconds) * 1_000_000)
                    self.prices.append(value)

    def after(self, instrument: str, at: int) -> tuple[Decimal, int] | None:
        index = bisect_left(self.at, at)
        return (self.prices[index], self.at[index]) if index < len(self.at) else None

    def at_or_before(self, at: int) -> Decimal:
        return self.prices[max(0, bisect_left(self.at, at + 1) - 1)]


def moved(tape: Tape, at: int, seconds: int) -> float:
    return float(tape.at_or_before(at) / tape.at_or_before(at - seconds * S) - 1)


def forecasts(tape: Tape, at: int, sign: int, base: float) -> Forecasts:
    """What each seat says to `sign` at `at`, from what was known then; `base` is how often y was 1 so far."""
    steps = [moved(tape, at - back * H * S, H) for back in range(20)]
    deviation = sqrt(sum(step * step for step in steps) / len(steps)) or 1e-6
    cost = float(2 * FEE_BP / 10_000 + SPREAD / tape.at_or_before(at))

    def logit(signal: float) -> float:
        expected = 0.15 * max(-2.0, min(2.0, signal)) * sign * deviation
        return 0.5 * (1 + erf((expected - cost) / deviation / sqrt(2)))

    fast, slow = moved(tape, at, 10) / deviation * sqrt(3), moved(tape, at, 60) / deviation / sqrt(2)
    said = {
        "momentum-10": logit(fast),
        "momentum-60": logit(slow),
        "reversion-30": logit(-moved(tape, at, 30) / deviation),
        "base-rate": base,
        "liar": 1 - base,
        "optimist": 0.8,
    }
    said |= dict.fromkeys(("colluder-1", "colluder-2", "colluder-3"), 0.9 if sign > 0 else 0.1)
    return said | dict.fromkeys([name for name in OWNERS if name.startswith("clone")], 0.95)


def questions(tape: Tape) -> dict[int, list[tuple[Forecasts, bool]]]:
    """By bucket; a question each ten seconds for each side."""
    found: dict[int, list[tuple[Forecasts, bool]]] = {}
    known: list[tuple[int, bool]] = []
    seen = happened = 0
    for at in range((OPENS_S + 660) * S, (CLOSES_S - 60) * S, EVERY_S * S):
        while known and known[0][0] <= at:
            happened, seen = happened + known.pop(0)[1], seen + 1
        for side, sign in (("buy", 1), ("sell", -1)):
            leg = AskedLeg(instrument="SPY", side=side, price=tape.at_or_before(at), spread=SPREAD, value=D(1))  # type: ignore[arg-type]
            asked = Asked(deliberation_id=str(at), question=named([leg]), opened_at=at, legs=(leg,))
            y = observe(asked, tape.after, FEE_BP, H).y
            if y is not None:
                said = forecasts(tape, at, sign, (happened + 1) / (seen + 2))
                found.setdefault(bucket_of(at, H), []).append((said, y))
                known.append((at + (H + 5) * S, y))
    return found


def council() -> Reputation:
    reputation = Reputation()
    FOLDS[BookFounded](reputation, founded(BookTerms()), NIL)
    for name, owner in OWNERS.items():
        FOLDS[SeatGranted](reputation, seat(name, owner), NIL)
    return reputation


def best_blend(asked: Sequence[tuple[Forecasts, bool]]) -> float:
    """The mean Brier score of the best fixed weights in hindsight (no cap), by exponentiated gradient."""
    names, n = list(OWNERS), len(asked)
    gram = [[sum(q[a] * q[b] for q, _ in asked) / n for b in names] for a in names]
    target = [sum(q[a] * y for q, y in asked) / n for a in names]
    weights = [1 / len(names)] * len(names)
    for _ in range(3_000):
        slopes = [
            sum(g * w for g, w in zip(row, weights, strict=True)) - t for row, t in zip(gram, target, strict=True)
        ]
        weights = [w * exp(-4 * slope) for w, slope in zip(weights, slopes, strict=True)]
        total = sum(weights)
        weights = [w / total for w in weights]
    return sum((sum(w * q[a] for w, a in zip(weights, names, strict=True)) - y) ** 2 for q, y in asked) / n


def test_liars_clones_and_colluders_lose_their_say_on_a_recorded_day(recordings: Path) -> None:
    if not (recordings / FILE).exists():
        pytest.skip(f"the recording is not there: {recordings / FILE}")
    buckets = questions(Tape(recordings / FILE))
    reputation, scored, waiting = council(), list[CouncilScored](), list[int]()
    ours = equal = 0.0
    for bucket, asked in sorted(buckets.items()):
        while waiting and waiting[0] <= bucket - 3:
            known = waiting.pop(0)
            scored.append(reputation.score(known, buckets[known], BookTerms()))
            FOLDS[CouncilScored](reputation, scored[-1], NIL)
        weights = reputation.weights(bucket)
        for said, y in asked:
            ours += (sum(weights[name] * q for name, q in said.items()) - y) ** 2
            equal += (sum(said.values()) / len(said) - y) ** 2
        waiting.append(bucket)
    everything = [each for asked in buckets.values() for each in asked]
    found, best = regret(scored, reputation.owners), best_blend(everything)
    assert found is not None
    ours, equal = ours / len(everything), equal / len(everything)
    honest = sum(weights[name] for name in list(OWNERS)[:4])
    print(  # noqa: T201 (what docs/reputation.md quotes)
        f"{len(everything)} questions in {len(buckets)} buckets, y = 1 in {sum(y for _, y in everything)};",
        f"Brier: ours {ours:.4f}, equal {equal:.4f}, best static blend {best:.4f}; honest mass {honest:.3f};",
        f"regret {found.regret:.2f} of {found.bound:.2f}, committee {found.committee}",
    )
    assert ours < equal
    assert ours - best < (equal - best) / 3
    assert found.regret <= found.bound
    assert honest > 0.9
