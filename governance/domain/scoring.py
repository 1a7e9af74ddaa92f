"""What a round asked of the market, what the market answered a horizon later, and the questions that wait for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from msgspec import Struct

from streams.events import (
    AmendmentOffered,
    BallotCast,
    CouncilScored,
    DeliberationClosed,
    DeliberationOpened,
    Event,
    MarketView,
    ObservedOutcome,
    OutcomeLeg,
    OutcomesRecorded,
    ProposalAdmitted,
)
from streams.messages import Side, Source

NS_PER_S = 1_000_000_000
LATEST_NS = 5 * NS_PER_S
BP = 10_000
FURTHEST = 1_000

Price = tuple[Decimal, int]
PriceAfter = Callable[[str, int], Price | None]


def bucket_of(market_at: int, horizon_s: int) -> int:
    """⌊t / H⌋ on the market clock (ns)."""
    return market_at // (horizon_s * NS_PER_S)


def due_at(bucket: int, horizon_s: int) -> int:
    """From when (market clock, ns) every outcome of the bucket is final: its last question opens just before its end,
    and a price may come 5 s after the horizon."""
    return (bucket + 2) * horizon_s * NS_PER_S + LATEST_NS


class AskedLeg(Struct, frozen=True, kw_only=True):
    """One instrument: `price` is P(t), `spread` the quote's at t, `value` |Δ|·P in the quote currency."""

    instrument: str
    side: Side
    price: Decimal
    spread: Decimal
    value: Decimal
    source: Source = "live"


class Asked(Struct, frozen=True, kw_only=True):
    """A question as the round opened on it at `opened_at` (market clock, ns)."""

    deliberation_id: str
    question: str
    opened_at: int
    legs: tuple[AskedLeg, ...]


class Question(Struct, frozen=True):
    """What was asked, and what each agent forecast first; who is absent slept."""

    asked: Asked
    forecasts: dict[str, float]


def named(legs: Iterable[AskedLeg]) -> str:
    """`BTCUSDT:buy`; of several legs, sorted: `BTCUSDT:buy+ETHUSDT:sell`."""
    return "+".join(sorted(f"{leg.instrument}:{leg.side}" for leg in legs))


def observe(asked: Asked, price_after: PriceAfter, fee_bp: Decimal, horizon_s: int) -> ObservedOutcome:
    """y = 1 ⇔ side·(P(t+H)/P(t) − 1) > c with c = 2·fee + spread(t)/P(t), compared exactly; of several legs the sum
    weighted by value. `price_after(instrument, ns)` gives the first P from that time on; none within 5 s is VOID."""
    due = asked.opened_at + horizon_s * NS_PER_S
    ends = [_in_time(leg, price_after(leg.instrument, due), due) for leg in asked.legs]
    gain, value = Fraction(0), Fraction(0)
    for leg, end in zip(asked.legs, ends, strict=True):
        if end is not None:
            gain += Fraction(leg.value) * (_earned(leg, end[0]) - _cost(leg, fee_bp))
            value += Fraction(leg.value)
    void = None in ends
    return ObservedOutcome(
        deliberation_id=asked.deliberation_id,
        question=asked.question,
        legs=tuple(_seen(leg, end, fee_bp) for leg, end in zip(asked.legs, ends, strict=True)),
        gain=None if void else float(gain / value),
        y=None if void else gain > 0,
    )


def _in_time(leg: AskedLeg, found: Price | None, due: int) -> Price | None:
    if found is None or found[1] > due + LATEST_NS:
        return None
    if found[1] < due:
        raise ValueError(f"the price of {leg.instrument} is from {due - found[1]} ns before the horizon")
    return found


def _earned(leg: AskedLeg, end: Decimal) -> Fraction:
    change = Fraction(end) / Fraction(leg.price) - 1
    return change if leg.side == "buy" else -change


def _cost(leg: AskedLeg, fee_bp: Decimal) -> Fraction:
    return 2 * Fraction(fee_bp) / BP + Fraction(leg.spread) / Fraction(leg.price)


def _seen(leg: AskedLeg, end: Price | None, fee_bp: Decimal) -> OutcomeLeg:
    return OutcomeLeg(
        instrument=leg.instrument,
        side=leg.side,
        origin=leg.price,
        cost=float(_cost(leg, fee_bp)),
        end=end[0] if end else None,
        end_at=end[1] if end else None,
    )


class _Round:
    """A round while its events come in: P by instrument as first seen, and which question a proposal asks."""

    def __init__(self, opened: DeliberationOpened, bucket: int) -> None:
        self.deliberation_id = opened.deliberation_id
        self.opened_at = opened.market_opened_at
        self.bucket = bucket
        self.markets: dict[str, MarketView] = {opened.instrument: opened.market}
        self.questions: dict[str, Question] = {}

    def asks(self, event: ProposalAdmitted) -> Asked | None:
        """None where nothing would change hands."""
        head = (event.instrument, event.target - event.held, event.market)
        parts = [head, *((leg.instrument, leg.target - leg.held, leg.market) for leg in event.legs)]
        legs = tuple(self._leg(*part) for part in sorted(parts, key=lambda part: part[0]) if part[1])
        if not legs:
            return None
        return Asked(deliberation_id=self.deliberation_id, question=named(legs), opened_at=self.opened_at, legs=legs)

    def _leg(self, instrument: str, change: Decimal, market: MarketView) -> AskedLeg:
        seen = self.markets.setdefault(instrument, market)
        return AskedLeg(
            instrument=instrument,
            side="buy" if change > 0 else "sell",
            price=seen.price,
            spread=seen.spread,
            value=abs(change) * seen.price,
            source=seen.source,
        )


class Pending:
    """The questions of TRADE rounds that have not been scored, by bucket, in the order in which they were asked.
    Amendments share the question of their original; an abstention is no forecast; the first forecast counts."""

    def __init__(self) -> None:
        self._buckets: dict[int, dict[tuple[str, str], Question]] = {}
        self._answers: dict[int, dict[tuple[str, str], bool | None]] = {}
        self._rounds: dict[UUID, _Round] = {}

    def buckets(self) -> list[int]:
        """The buckets that wait for their outcomes, in order."""
        return sorted(self._buckets)

    def questions(self, bucket: int) -> list[Question]:
        return list(self._buckets.get(bucket, {}).values())

    def answered(
        self, bucket: int, outcomes: Iterable[ObservedOutcome]
    ) -> list[tuple[dict[str, float], bool | None]] | None:
        """Forecasts and y of every question of the bucket, as `Reputation.score` takes them, once these outcomes
        complete those that came before; None until then. ValueError: one of them comes twice, or is of no question of
        this bucket."""
        asked = self._buckets.get(bucket, {})
        found = dict(self._answers.get(bucket, {}))
        for outcome in outcomes:
            key = (outcome.deliberation_id, outcome.question)
            if key not in asked or key in found:
                known = "comes twice" if key in found else f"was not asked in bucket {bucket}"
                raise ValueError(f"the question {outcome.question} of {outcome.deliberation_id} {known}")
            found[key] = outcome.y
        if len(found) < len(asked):
            return None
        return [(question.forecasts, found[key]) for key, question in asked.items()]

    # --- how events change it ---

    def _opened(self, event: DeliberationOpened, originator: UUID) -> None:
        """Rounds of the first release carry no market time: they cannot be scored."""
        if event.track != "TRADE" or not event.market_opened_at:
            return
        bucket = int(event.weights_version.rpartition(":")[2])
        self._rounds[originator] = _Round(event, bucket)
        for old in [each for each in self._buckets if abs(each - bucket) > FURTHEST]:
            del self._buckets[old]
            self._answers.pop(old, None)

    def _admitted(self, event: ProposalAdmitted, originator: UUID) -> None:
        round_ = self._rounds.get(originator)
        asked = round_.asks(event) if round_ is not None and event.action == "trade" else None
        if round_ is None or asked is None:
            return
        bucket = self._buckets.setdefault(round_.bucket, {})
        key = (asked.deliberation_id, asked.question)
        round_.questions[event.proposal_id] = bucket.setdefault(key, Question(asked, {}))

    def _amended(self, event: AmendmentOffered, originator: UUID) -> None:
        round_ = self._rounds.get(originator)
        if round_ is not None and event.amends in round_.questions:
            round_.questions[event.proposal_id] = round_.questions[event.amends]

    def _cast(self, event: BallotCast, originator: UUID) -> None:
        round_ = self._rounds.get(originator)
        question = round_.questions.get(event.proposal_id) if round_ is not None else None
        if question is not None and event.stance != "abstain" and event.probability is not None:
            question.forecasts.setdefault(event.agent, event.probability)

    def _closed(self, event: DeliberationClosed, originator: UUID) -> None:
        self._rounds.pop(originator, None)

    def _recorded(self, event: OutcomesRecorded, _: UUID) -> None:
        answers = self._answers.setdefault(event.bucket, {})
        answers |= {(outcome.deliberation_id, outcome.question): outcome.y for outcome in event.outcomes}

    def _scored(self, event: CouncilScored, _: UUID) -> None:
        self._buckets.pop(event.bucket, None)
        self._answers.pop(event.bucket, None)


FOLDS: dict[type[Event], Callable[[Pending, Any, UUID], None]] = {
    DeliberationOpened: Pending._opened,
    ProposalAdmitted: Pending._admitted,
    AmendmentOffered: Pending._amended,
    BallotCast: Pending._cast,
    DeliberationClosed: Pending._closed,
    OutcomesRecorded: Pending._recorded,
    CouncilScored: Pending._scored,
}
