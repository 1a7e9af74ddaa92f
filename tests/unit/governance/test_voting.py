"""The passing rule, sentence by sentence, and what holds of it for all ballots."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.tracks import REDUCE_QUORUM, REDUCE_THRESHOLD, Rule, terms_of
from governance.domain.voting import Ballot, Bar, Tally, exact, passing
from streams.envelope import Envelope
from streams.events import BookTerms
from streams.messages import CastBallot

TRADE = terms_of(BookTerms())["TRADE"].rule
REDUCE = terms_of(BookTerms())["REDUCE"].rule
SIXTH = 166_666

Vote = tuple[int, float | None]


def ballot(agent: str, weight: int, q: float | None) -> Ballot:
    stance = "abstain" if q is None else "approve" if q >= 0.5 else "reject"
    cast = CastBallot(proposal_id="p", stance=stance, probability=q)  # type: ignore[arg-type]
    return Ballot(agent, weight, cast, Envelope(id=agent, body=cast, actor=agent, sent_at=0), "")


def tally(votes: Sequence[Vote], total: int) -> Tally:
    sums = Tally(total)
    for index, (weight, q) in enumerate(votes):
        sums.add(ballot(f"seat-{index}", weight, q))
    return sums


def equal(yes: int, no: int, q_yes: float = 0.9, q_no: float = 0.4) -> str:
    return passing(TRADE, tally([(SIXTH, q_yes)] * yes + [(SIXTH, q_no)] * no, 6 * SIXTH))


@pytest.mark.parametrize(("yes", "no"), [(3, 0), (3, 1), (3, 2), (4, 0), (4, 1), (4, 2), (5, 0), (5, 1), (6, 0)])
def test_six_equal_masses_pass_with_a_majority_of_at_least_three(yes: int, no: int) -> None:
    assert equal(yes, no) == "PASSED"


def test_three_against_three_is_defeated() -> None:
    assert equal(3, 3) == "DEFEATED"


def test_two_approvals_are_inquorate() -> None:
    assert equal(2, 0) == equal(2, 1) == "INQUORATE"


def test_nobody_votes_is_inquorate() -> None:
    assert equal(0, 0) == "INQUORATE"


def test_a_majority_against_defeats() -> None:
    assert equal(1, 2) == equal(0, 6) == "DEFEATED"


def test_a_forecast_below_one_half_defeats_a_majority() -> None:
    assert equal(4, 2, q_yes=0.5, q_no=0.49) == "DEFEATED"
    assert equal(4, 2, q_yes=0.55, q_no=0.4) == "PASSED"


def test_the_forecast_may_be_exactly_one_half() -> None:
    assert equal(3, 1, q_yes=0.5, q_no=0.5 - 2**-54) == "DEFEATED"
    assert equal(3, 0, q_yes=0.5) == "PASSED"


def test_quorum_is_a_share_of_the_whole_mass_and_not_of_the_turnout() -> None:
    """Quorum on turnout would be non-monotone: one yes of 25 % alone fails and passes when somebody says no."""
    alone = tally([(250_000, 0.9)], 1_000_000)
    opposed = tally([(250_000, 0.9), (200_000, 0.45)], 1_000_000)
    assert passing(TRADE, alone) == passing(TRADE, opposed) == "INQUORATE"


def test_quorum_may_be_met_exactly_and_the_threshold_may_not() -> None:
    assert passing(TRADE, tally([(400_000, 0.9)], 1_000_000)) == "PASSED"
    assert passing(TRADE, tally([(399_999, 0.9)], 1_000_000)) == "INQUORATE"
    assert passing(TRADE, tally([(500_000, 0.9), (500_000, 0.4)], 1_000_000)) == "DEFEATED"
    assert passing(TRADE, tally([(500_001, 0.9), (499_999, 0.4)], 1_000_000)) == "PASSED"


def test_reduce_passes_with_a_third_and_no_forecast() -> None:
    assert (Fraction(1, 3), Fraction(1, 5)) == (REDUCE_THRESHOLD, REDUCE_QUORUM)
    assert passing(REDUCE, tally([(200_000, 0.9)], 1_000_000)) == "PASSED"
    assert passing(REDUCE, tally([(199_999, 0.9)], 1_000_000)) == "INQUORATE"
    assert passing(REDUCE, tally([(300_000, 0.5), (600_000, 0.0)], 900_000)) == "DEFEATED"
    assert passing(REDUCE, tally([(300_001, 0.5), (600_000, 0.0)], 900_001)) == "PASSED"


def test_the_smallest_floats_count_exactly() -> None:
    assert exact(5e-324) == 1
    assert exact(1.0) == 1 << 1074
    assert exact(0.0) == 0


WEIGHTS = st.integers(0, 400_000)
QS = st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0, 0.5 - 2**-54])
VOTES = st.lists(st.tuples(WEIGHTS, QS), max_size=7)
RULES = st.sampled_from([TRADE, REDUCE, Rule(Fraction(2, 5), Fraction(1, 10), True, True)])


@settings(max_examples=500, deadline=None)
@given(VOTES, WEIGHTS, st.randoms(use_true_random=False), RULES)
def test_the_order_of_ballots_changes_nothing(votes: list[Vote], absent: int, random: object, rule: Rule) -> None:
    total = sum(weight for weight, _ in votes) + absent
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = tally(votes, total), tally(shuffled, total)
    assert passing(rule, one) == passing(rule, other)
    assert one.forecast == other.forecast


@settings(max_examples=500, deadline=None)
@given(VOTES, WEIGHTS)
def test_the_rule_is_the_formula_in_rationals(votes: list[Vote], absent: int) -> None:
    total = sum(weight for weight, _ in votes) + absent
    yes = sum(w for w, q in votes if q is not None and q >= 0.5)
    voted = sum(w for w, q in votes if q is not None)
    score = sum((Fraction(q) * w for w, q in votes if q is not None), Fraction(0))
    formula = yes * 10 >= 4 * total and 2 * yes > voted and (voted == 0 or score / voted >= Fraction(1, 2))
    assert (passing(TRADE, tally(votes, total)) == "PASSED") == formula


@settings(max_examples=500, deadline=None)
@given(VOTES, WEIGHTS, st.floats(0.5, 1), RULES)
def test_one_more_yes_never_unpasses(votes: list[Vote], weight: int, q: float, rule: Rule) -> None:
    total = sum(w for w, _ in votes) + weight
    before, after = tally(votes, total), tally([*votes, (weight, q)], total)
    assert passing(rule, before) != "PASSED" or passing(rule, after) == "PASSED"


@settings(max_examples=500, deadline=None)
@given(VOTES, WEIGHTS, st.floats(0, 0.5, exclude_max=True), RULES)
def test_one_more_no_never_passes(votes: list[Vote], weight: int, q: float, rule: Rule) -> None:
    total = sum(w for w, _ in votes) + weight
    before, after = tally(votes, total), tally([*votes, (weight, q)], total)
    assert passing(rule, before) == "PASSED" or passing(rule, after) != "PASSED"


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 400_000), st.floats(0.5, 1)), min_size=1, max_size=4),
    st.lists(st.tuples(WEIGHTS, st.none() | st.floats(0, 0.5, exclude_max=True)), max_size=4),
    WEIGHTS,
)
def test_no_lone_owner_below_the_quorum_passes(own: list[Vote], others: list[Vote], absent: int) -> None:
    """However many seats it has, and whether the others object, abstain or are absent."""
    mass = sum(weight for weight, _ in own)
    total = mass + sum(weight for weight, _ in others) + absent
    lone = passing(TRADE, tally([*own, *others], total))
    assert lone != "PASSED" or Fraction(mass, total) >= TRADE.quorum


COMPLETIONS: tuple[float | None, ...] = (None, 0.0, 0.25, 0.5 - 2**-54, 0.5, 0.75, 1.0)


@settings(max_examples=300, deadline=None)
@given(VOTES, st.lists(st.integers(1, 400_000), max_size=3), st.integers(0, 200_000), RULES)
def test_may_and_must_are_what_all_completions_say(
    votes: list[Vote], missing: list[int], asleep: int, rule: Rule
) -> None:
    total = sum(w for w, _ in votes) + sum(missing) + asleep
    results = set()
    for completion in _completions(len(missing)):
        results.add(passing(rule, tally([*votes, *zip(missing, completion, strict=True)], total)) == "PASSED")
    sums = tally(votes, total)
    assert Bar(rule, total).may_pass(sums, sum(missing)) == (True in results)
    assert Bar(rule, total).must_pass(sums, sum(missing)) == (False not in results)


def _completions(count: int) -> list[tuple[float | None, ...]]:
    completions: list[tuple[float | None, ...]] = [()]
    for _ in range(count):
        completions = [(*before, q) for before in completions for q in COMPLETIONS]
    return completions
