"""What holds of every update, whatever was forecast by whom; and how long one takes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import exp, isfinite
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.reputation import Question, Reputation, cap_of, capped
from streams.events import BookTerms, CouncilScored, SeatEntered
from tests.unit.governance.test_reputation import council, fold, scored, seat

D = Decimal
NAMES = [f"seat-{index}" for index in range(9)]
CERTAIN = (0.0, 0.5, 1.0, 5e-324)
SEED = st.integers(0, 2**63)
Council = tuple[Reputation, BookTerms]


def a_council(random: Random) -> Council:
    """One to nine founders with any priors and owners, a guard, a newcomer, and perhaps an edit by hand."""
    terms = BookTerms(
        weight_floor=random.choice([D(0), D("0.01"), D("0.2")]),
        owner_cap=random.choice([D(0), D("0.2"), D("0.5"), D(1)]),
        newcomer_events=3,
    )
    owners = random.choice(["x", "xy", "xyz", "wxyz", "abcdefghi"])
    founders = NAMES[: random.randint(1, len(NAMES))]
    seats = [seat(name, random.choice(owners), prior_ppm=int(10 ** random.uniform(0, 6))) for name in founders]
    reputation = council(*seats, seat("guard", veto=True), seat("new", "newcomer", shadow=True), terms=terms)
    if len(seats) > 1 and random.random() < 0.3:
        to = random.choice([0.0, 1.0, random.random()])
        fold(reputation, reputation.adjust(NAMES[0], to, "operator:ann", "why"))
    return reputation, terms


def a_bucket(random: Random) -> list[Question]:
    """Up to four questions, each answered by any of the seats, VOID now and then."""
    awake = random.random()
    return [
        (
            {
                name: random.choice(CERTAIN) if random.random() < 0.3 else random.random()
                for name in (*NAMES, "guard", "new")
                if random.random() < awake
            },
            random.choice([True, False, True, False, None]),
        )
        for _ in range(random.randint(0, 4))
    ]


def buckets_of(random: Random) -> list[list[Question]]:
    return [a_bucket(random) for _ in range(random.randint(1, 6))]


def played(random: Random) -> tuple[Reputation, BookTerms, list[CouncilScored]]:
    reputation, terms = a_council(random)
    events = []
    for bucket, questions in enumerate(buckets_of(random)):
        events.append(reputation.score(bucket, questions, terms))
        fold(reputation, events[-1], *reputation.entries(terms))
    return reputation, terms, events


def by_owner(reputation: Reputation, weights: dict[str, Any]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for agent, weight in weights.items():
        sums[reputation.owners[agent]] = sums.get(reputation.owners[agent], 0) + weight
    return sums


THOUSANDS = settings(max_examples=2_000, deadline=None)


@THOUSANDS
@given(SEED)
def test_weights_are_finite_and_sum_to_one(seed: int) -> None:
    reputation, _, _ = played(Random(seed))
    for weights in (*reputation.copies, reputation.priors, *(reputation.weights(bucket) for bucket in range(3))):
        assert all(isfinite(weight) and weight > 0 for weight in weights.values())
        assert sum(weights.values()) == pytest.approx(1, abs=1e-12)
    assert all(0 <= 1_000_000 - sum(reputation.ppm(bucket).values()) <= 2 * len(NAMES) for bucket in range(3))


@THOUSANDS
@given(SEED)
def test_no_owner_holds_more_than_the_cap(seed: int) -> None:
    """After an update, after an entry, after an edit, and when a seat's mass is out of T."""
    reputation, terms, events = played(Random(seed))
    for event in events:
        if event.questions:
            sums = by_owner(reputation, {score.agent: score.after for score in event.seats})
            assert max(sums.values()) <= event.cap + 1e-9
    cap = cap_of(len(by_owner(reputation, reputation.priors)), terms.owner_cap)
    for bucket in range(3):
        assert max(by_owner(reputation, reputation.weights(bucket)).values()) <= cap + 1e-9
        without = {NAMES[0]} if len(reputation.priors) > 1 else set()
        rest = by_owner(reputation, reputation.weights(bucket, without))
        assert max(rest.values()) <= cap_of(len(rest), terms.owner_cap) + 1e-9


@THOUSANDS
@given(SEED)
def test_nobody_falls_below_the_floor_and_the_blend_never_loses_more_than_the_mix_loss(seed: int) -> None:
    """The floor is α of the prior, which is under the cap as all weights are."""
    random = Random(seed)
    reputation, terms = a_council(random)
    for bucket, questions in enumerate(buckets_of(random)):
        event = reputation.score(bucket, questions, terms)
        assert event.forecast_loss <= event.mix_loss + 1e-12
        priors = capped(reputation.priors, reputation.owners, event.cap)
        if event.questions:
            for score in event.seats:
                assert score.after >= event.floor * priors.get(score.agent, 0.0) * (1 - 1e-12)
        fold(reputation, event)


@THOUSANDS
@given(SEED)
def test_the_order_of_questions_and_of_forecasts_does_not_matter(seed: int) -> None:
    random = Random(seed)
    reputation, terms = a_council(random)
    questions = a_bucket(random)
    shuffled = [(dict(random.sample(list(q.items()), len(q))), y) for q, y in questions]
    random.shuffle(shuffled)
    first, second = reputation.score(0, questions, terms), reputation.score(0, shuffled, terms)
    assert second.mix_loss == pytest.approx(first.mix_loss, abs=1e-12)
    for one, other in zip(first.seats, second.seats, strict=True):
        assert abs(other.after - one.after) + abs(other.loss - one.loss) < 1e-12
        assert (other.agent, other.forecasts) == (one.agent, one.forecasts)


@THOUSANDS
@given(SEED)
def test_sleepers_are_frozen_and_the_awake_share_what_they_had(seed: int) -> None:
    terms = BookTerms(weight_floor=D(0), owner_cap=D(1))
    event = council(*NAMES, terms=terms).score(0, a_bucket(Random(seed)), terms)
    for score in event.seats:
        if not score.forecasts:
            assert score.after == pytest.approx(score.before, rel=1e-12)
        assert score.after / score.before == pytest.approx(exp((event.mix_loss - score.loss) / 2))


@THOUSANDS
@given(SEED)
def test_the_log_alone_gives_the_same_weights(seed: int) -> None:
    reputation, terms, events = played(Random(seed))
    again, _ = a_council(Random(seed))
    for event in events:
        fold(again, event, *again.entries(terms))
    assert again.copies == reputation.copies
    assert again.events == reputation.events
    assert again.priors == reputation.priors


@THOUSANDS
@given(st.lists(st.tuples(st.sampled_from("vwxyz"), st.floats(1e-9, 1)), min_size=1, max_size=9))
def test_capping_is_the_nearest_point_and_keeps_ratios(drawn: list[tuple[str, float]]) -> None:
    """The conditions that make it the projection: one factor for all owners below the cap, a smaller one for each owner
    at the cap, ratios inside an owner unchanged; and once is enough."""
    total = sum(weight for _, weight in drawn)
    weights = {f"seat-{index}": weight / total for index, (_, weight) in enumerate(drawn)}
    owners = {f"seat-{index}": owner for index, (owner, _) in enumerate(drawn)}
    cap = cap_of(len(set(owners.values())))
    after = capped(weights, owners, cap)
    factors = {agent: after[agent] / weights[agent] for agent in weights}
    sums: dict[str, float] = {}
    for agent, weight in after.items():
        sums[owners[agent]] = sums.get(owners[agent], 0.0) + weight
    below = {owner for owner, share in sums.items() if share < cap * (1 - 1e-9)}
    common = [factors[agent] for agent in factors if owners[agent] in below]
    for agent, factor in factors.items():
        mates = [factors[other] for other in factors if owners[other] == owners[agent]]
        assert factor == pytest.approx(mates[0], rel=1e-9)
        if common:
            assert factor <= max(common) * (1 + 1e-9)
    assert common == pytest.approx(common[:1] * len(common), rel=1e-9)
    assert capped(after, owners, cap) == pytest.approx(after, rel=1e-9)


@settings(max_examples=1_000, deadline=None)
@given(st.floats(0, 1), st.sampled_from(NAMES))
def test_an_edit_keeps_the_ratios_of_the_others(to: float, agent: str) -> None:
    reputation = council(*NAMES)
    fold(reputation, reputation.score(0, [({name: n / 9 for n, name in enumerate(NAMES)}, True)], BookTerms()))
    before = [dict(copy) for copy in reputation.copies]
    fold(reputation, reputation.adjust(agent, to, "operator:ann", "why"))
    for old, new in zip(before, reputation.copies, strict=True):
        ratios = [new[name] / old[name] for name in NAMES if name != agent]
        assert max(ratios) == pytest.approx(min(ratios), rel=1e-9)
        assert new[agent] == pytest.approx(to, abs=2e-6)


@settings(max_examples=1_000, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4))
def test_newcomers_end_with_an_equal_prior(founders: int, newcomers: int) -> None:
    shadows = [seat(f"new-{index}", shadow=True) for index in range(newcomers)]
    reputation = council(*NAMES[:founders], *shadows)
    everybody = dict.fromkeys([*reputation.priors, *reputation.shadows], 0.5)
    terms = BookTerms(newcomer_events=1)
    fold(reputation, reputation.score(0, [(everybody, True)], terms))
    entries = reputation.entries(terms)
    assert all(isinstance(entry, SeatEntered) for entry in entries)
    fold(reputation, *entries)
    assert reputation.priors == pytest.approx(dict.fromkeys(everybody, 1 / (founders + newcomers)))


def test_without_a_floor_a_weight_falls_for_ever_and_is_never_nothing() -> None:
    terms = BookTerms(weight_floor=D(0), owner_cap=D(1))
    reputation = council(*"abc", terms=terms)
    for bucket in range(4_500):
        scored(reputation, bucket, ({"a": 1.0, "b": 0.0}, True), terms=terms)
    for copy in reputation.copies:
        assert 0 < copy["b"] < 1e-299
        assert sum(copy.values()) == pytest.approx(1)


@pytest.mark.parametrize("questions", [1, 10])
def test_how_long_an_update_of_fifty_seats_takes(benchmark: Callable[..., Any], questions: int) -> None:
    """Forty of fifty seats awake, twelve owners, under the cap; 100 µs with one question is what is aimed at."""
    random = Random(1)
    reputation = council(*[seat(f"seat-{index:02}", f"owner-{index % 12}") for index in range(50)])
    asked = [
        ({f"seat-{index:02}": random.random() for index in random.sample(range(50), 40)}, random.random() < 0.5)
        for _ in range(questions)
    ]
    event = benchmark(reputation.score, 0, asked, BookTerms())
    fold(reputation, event)
    assert len(event.seats) == 50
