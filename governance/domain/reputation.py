"""Weight is earned by forecasting: three copies of the council's weights, and the update that one bucket brings.

The aggregating algorithm for the Brier loss (Vovk 1990; 1/2-exp-concave, Kivinen and Warmuth 1999) with sleeping
experts (Freund, Schapire, Singer and Warmuth 1997) and fixed share (Herbster and Warmuth 1998), under a cap per owner.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from math import exp, fsum, log
from typing import Any
from uuid import UUID

from governance.domain.council import GUARDS
from streams.events import (
    BookFounded,
    BookTerms,
    CouncilScored,
    Event,
    ReputationAdjusted,
    SeatEntered,
    SeatGranted,
    SeatScore,
    TermChanged,
)

COPIES = 3
PPM = 1_000_000
MANY_OWNERS = 9
FEW_CAP, MANY_CAP = 1 / 3, 1 / 4
ROUNDING = 1e-12
REMEMBERED = 1_000
LEAST_EDIT = 1 / PPM  # nobody is set to nothing or everything by hand: the others must be able to come back
TINY = 1e-300  # without a floor a weight may fall for ever; it must not become 0, which has no ratio to anything

Weights = dict[str, float]
Question = tuple[Mapping[str, float], bool | None]


def cap_of(owners: int, owner_cap: Decimal = Decimal(0)) -> float:
    """κ_eff, the largest share of an owner: κ (the book's, else 1/3 under nine owners and 1/4 from there), and never
    less than an equal share, or the shares could not sum to 1."""
    kappa = float(owner_cap) if owner_cap > 0 else FEW_CAP if owners < MANY_OWNERS else MANY_CAP
    return max(kappa, 1 / owners) if owners else 1.0


def capped(weights: Weights, owners: Mapping[str, str], cap: float) -> Weights:
    """The nearest weights (relative entropy) whose sums by owner are at most `cap`: owners above it are set to it, the
    rest share what is left in their old proportions; ratios inside an owner stay. `weights` are > 0 and sum to 1."""
    sums: Weights = {}
    for agent, weight in weights.items():
        owner = owners[agent]
        sums[owner] = sums.get(owner, 0.0) + weight
    limit = cap * (1 + ROUNDING)
    if max(sums.values(), default=0.0) <= limit:
        return weights
    free, room, total = sums.copy(), 1.0, fsum(sums.values())
    factors: Weights = {}
    while over := [owner for owner, held in free.items() if held * room > limit * total]:
        for owner in over:
            factors[owner] = cap / free.pop(owner)
        room, total = 1.0 - cap * len(factors), fsum(free.values())
    for owner in free:
        factors[owner] = room / total
    return {agent: weight * factors[owners[agent]] for agent, weight in weights.items()}


class Reputation:
    """Folded from the seats and scores of a book. `copies` and `priors` are shares that sum to 1 over the seats with
    TRADE mass; guards are in none. `events` counts the scored forecasts of each agent, shadows included.
    `restarted_after` is the last bucket before a manual edit (-1: before any), None if there was none."""

    def __init__(self) -> None:
        self.copies: tuple[Weights, ...] = tuple({} for _ in range(COPIES))
        self.priors: Weights = {}
        self.owners: dict[str, str] = {}
        self.shadows: set[str] = set()
        self.events: dict[str, int] = {}
        self.owner_cap = Decimal(0)
        self.last: int | None = None
        self.restarted_after: int | None = None
        self._founders: dict[str, int] = {}
        self._scored: dict[int, None] = {}
        self._untouched = True

    # --- what is asked of it ---

    def knows(self, bucket: int) -> bool:
        """Whether the bucket has been scored (of the last thousand)."""
        return bucket in self._scored

    def cap(self, without: Collection[str] = ()) -> float:
        """κ_eff over the owners with mass."""
        seated = [agent for agent in self.priors if agent not in without] if without else self.priors
        return cap_of(len(set(map(self.owners.__getitem__, seated))), self.owner_cap)

    def weights(self, bucket: int, without: Collection[str] = ()) -> Weights:
        """What a round of this bucket votes with: its copy, under the cap. `without` are seats whose mass is out of T;
        the others keep their ratios as far as the cap, now of fewer owners, lets them."""
        copy = self.copies[bucket % COPIES]
        if without:
            rest = {agent: weight for agent, weight in copy.items() if agent not in without}
            total = fsum(rest.values())
            copy = {agent: weight / total for agent, weight in rest.items()}
        return capped(copy, self.owners, self.cap(without))

    def ppm(self, bucket: int, without: Collection[str] = ()) -> dict[str, int]:
        """The same in parts per million, rounded down, of the seats that have any; T is their sum."""
        masses = {agent: int(weight * PPM) for agent, weight in sorted(self.weights(bucket, without).items())}
        return {agent: mass for agent, mass in masses.items() if mass}

    def score(self, bucket: int, questions: Iterable[Question], terms: BookTerms) -> CouncilScored:
        """One bucket: `questions` are the forecasts q = P(y = 1) of each agent and y (None: VOID, passed over, as is
        what nobody with mass forecast). Only copy `bucket` mod 3 moves, and not at all if nothing is left."""
        cap = self.cap()
        weights = capped(self.copies[bucket % COPIES], self.owners, cap)
        losses = Losses(weights, self.shadows)
        for forecasts, y in questions:
            if y is not None:
                losses.add(forecasts, 1.0 if y else 0.0)
        floor = float(terms.weight_floor)
        after, mix_loss = self._updated(weights, losses, cap, floor) if losses.questions else (weights, 0.0)
        return CouncilScored(
            bucket=bucket,
            copy=bucket % COPIES,
            cap=cap,
            floor=floor,
            questions=losses.questions,
            mix_loss=mix_loss,
            forecast_loss=losses.blend / losses.questions if losses.questions else 0.0,
            seats=losses.seats(after, mix_loss),
        )

    def _updated(self, weights: Weights, losses: Losses, cap: float, floor: float) -> tuple[Weights, float]:
        """v ∝ w·e^(−L/2), sleepers frozen; capped; (1 − α)·v + α·π. And the bucket's mix loss."""
        means = losses.means()
        moved = {agent: weights[agent] * exp(mean / -2) for agent, mean in means.items() if agent in weights}
        mass, rest = fsum([weights[agent] for agent in moved]), fsum(moved.values())
        keep = mass / rest
        v = weights | {agent: max(share * keep, TINY) for agent, share in moved.items()}
        v, priors = capped(v, self.owners, cap), capped(self.priors, self.owners, cap)
        v = {agent: (1 - floor) * share + floor * priors[agent] for agent, share in v.items()}
        total = fsum(v.values())
        return {agent: share / total for agent, share in v.items()}, 2 * log(keep)

    def entries(self, terms: BookTerms) -> list[SeatEntered]:
        """The newcomers that have been scored often enough, by name; each enters with 1/(N + 1)."""
        due = sorted(agent for agent in self.shadows if self.events[agent] >= terms.newcomer_events)
        return [
            SeatEntered(agent=agent, weight=1 / (len(self.priors) + index), events=self.events[agent])
            for index, agent in enumerate(due, start=1)
        ]

    def adjust(self, agent: str, to: float, who: str, why: str) -> ReputationAdjusted:
        """A manual edit; `origin` is the mean of the copies. ValueError: there is no such mass, or nobody to share."""
        if agent not in self.priors:
            raise ValueError(f"{agent} has no mass on TRADE")
        if not 0 <= to <= 1:
            raise ValueError(f"a weight is between 0 and 1, not {to}")
        if len(self.priors) == 1:
            raise ValueError(f"{agent} is the only seat with mass: there is nobody to share with")
        origin = fsum(copy[agent] for copy in self.copies) / COPIES
        return ReputationAdjusted(agent=agent, origin=origin, to=to, who=who, why=why)

    # --- how events change it ---

    def _founded(self, event: BookFounded, _: UUID) -> None:
        self.owner_cap = event.terms.owner_cap

    def _term_changed(self, event: TermChanged, _: UUID) -> None:
        if event.name == "owner_cap":
            self.owner_cap = event.to

    def _granted(self, event: SeatGranted, _: UUID) -> None:
        """Founders are weighed by their priors; who is granted once scores exist takes its share from all."""
        agent = event.agent
        if event.veto or event.role in GUARDS or agent in self.owners:
            return
        if event.shadow:
            self.shadows.add(agent)
        elif event.prior_ppm > 0:
            self._founders[agent] = event.prior_ppm
            total = sum(self._founders.values())
            if self._untouched:
                self.priors = {name: ppm / total for name, ppm in self._founders.items()}
                self.copies = tuple(dict(self.priors) for _ in range(COPIES))
            else:
                self._enter(agent, event.prior_ppm / total)
        else:
            return
        self.owners[agent], self.events[agent] = event.owner, 0

    def _entered(self, event: SeatEntered, _: UUID) -> None:
        self.shadows.discard(event.agent)
        self._enter(event.agent, event.weight)

    def _enter(self, agent: str, share: float) -> None:
        self._untouched = False
        for weights in (*self.copies, self.priors):
            for name in weights:
                weights[name] *= 1 - share
            weights[agent] = share

    def _adjusted(self, event: ReputationAdjusted, _: UUID) -> None:
        self._untouched = False
        to = min(max(event.to, LEAST_EDIT), 1 - LEAST_EDIT)
        for weights in self.copies:
            factor = (1 - to) / fsum(weight for name, weight in weights.items() if name != event.agent)
            for name in weights:
                weights[name] *= factor
            weights[event.agent] = to
        self.restarted_after = -1 if self.last is None else self.last

    def _council_scored(self, event: CouncilScored, _: UUID) -> None:
        self._untouched = False
        copy = self.copies[event.copy]
        for seat in event.seats:
            if seat.agent in copy:
                copy[seat.agent] = seat.after
            self.events[seat.agent] += seat.forecasts
        self.last = event.bucket if self.last is None else max(self.last, event.bucket)
        self._scored[event.bucket] = None
        if len(self._scored) > REMEMBERED:
            del self._scored[next(iter(self._scored))]


class Losses:
    """The losses of one bucket. `awake` are those that forecast at least once, `blend` the summed loss of the weighted
    mean of the forecasts."""

    def __init__(self, weights: Weights, shadows: Collection[str]) -> None:
        self.weights = weights
        self.shadows = shadows
        self.questions = 0
        self.blend = 0.0
        self.mix = 0.0
        self.awake: dict[str, list[float]] = {}

    def add(self, forecasts: Mapping[str, float], y: float) -> None:
        """One question. For each: how often it forecast, its losses, and the mix losses of those same questions."""
        weights = self.weights
        mass = paid = blend = 0.0
        losses: list[tuple[str, float]] = []
        for agent, q in forecasts.items():
            if not 0.0 <= q <= 1.0:
                raise ValueError(f"{agent} forecast {q}, which is no probability")
            missed = q - y
            loss = missed * missed
            weight = weights.get(agent)
            if weight is not None:
                mass += weight
                blend += weight * q
                paid += weight * exp(loss / -2)
            elif agent not in self.shadows:
                continue
            losses.append((agent, loss))
        if not mass:
            return
        mix = 2 * log(mass / paid)
        self.questions += 1
        self.blend += (blend / mass - y) ** 2
        self.mix += mix
        awake = self.awake
        for agent, loss in losses:
            if (sums := awake.get(agent)) is None:
                awake[agent] = [1, loss, mix]
            else:
                sums[0] += 1
                sums[1] += loss
                sums[2] += mix

    def means(self) -> Weights:
        """L of those awake: their own losses, and the mix loss of each question that they slept through."""
        return {agent: (own + (self.mix - mixed)) / self.questions for agent, (_, own, mixed) in self.awake.items()}

    def seats(self, after: Weights, mix_loss: float) -> tuple[SeatScore, ...]:
        """Who slept through the whole bucket is charged the bucket's mix loss, which is what freezes it."""
        before, awake, means, asleep = self.weights, self.awake, self.means(), (0, 0.0, 0.0)
        scores = []
        for agent in sorted({*before, *self.shadows}):
            count, own, _ = awake.get(agent, asleep)
            weight = after.get(agent, 0.0)
            score = SeatScore(
                agent=agent,
                forecasts=int(count),
                questions=self.questions,
                loss=means.get(agent, mix_loss),
                brier=own / count if count else None,
                before=before.get(agent, 0.0),
                after=weight,
                ppm=int(weight * PPM),
            )
            scores.append(score)
        return tuple(scores)


FOLDS: dict[type[Event], Callable[[Reputation, Any, UUID], None]] = {
    BookFounded: Reputation._founded,
    TermChanged: Reputation._term_changed,
    SeatGranted: Reputation._granted,
    SeatEntered: Reputation._entered,
    ReputationAdjusted: Reputation._adjusted,
    CouncilScored: Reputation._council_scored,
}
