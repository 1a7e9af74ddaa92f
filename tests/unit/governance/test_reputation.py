"""How weight is earned, sentence by sentence: the update, the cap, sleepers, newcomers, and edits by hand."""

from __future__ import annotations

from decimal import Decimal
from math import exp, log
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from governance.domain.reputation import FOLDS, Question, Reputation, cap_of, capped
from streams.events import BookFounded, BookTerms, CouncilScored, Event, SeatEntered, SeatGranted, TermChanged

D = Decimal
NIL = UUID(int=0)
TERMS = BookTerms()
PLAIN = BookTerms(weight_floor=D(0), owner_cap=D(1))
CLOSE = pytest.approx


def fold(reputation: Reputation, *events: Event) -> Reputation:
    for event in events:
        FOLDS[type(event)](reputation, event, NIL)
    return reputation


def seat(agent: str, owner: str = "", prior_ppm: int = 100_000, **changed: Any) -> SeatGranted:
    known: dict[str, Any] = {"role": "strategy", "veto": False, "required": False, "who": "a", "why": "b"}
    return SeatGranted(agent=agent, owner=owner or agent, prior_ppm=prior_ppm, **(known | changed))


def founded(terms: BookTerms) -> BookFounded:
    return BookFounded(book="demo", quote="USDT", instruments=(), terms=terms, who="a", why="b")


def council(*seats: str | SeatGranted, terms: BookTerms = TERMS) -> Reputation:
    granted = [each if isinstance(each, SeatGranted) else seat(each) for each in seats]
    return fold(Reputation(), founded(terms), *granted)


def scored(reputation: Reputation, bucket: int, *questions: Question, terms: BookTerms = TERMS) -> CouncilScored:
    event = reputation.score(bucket, questions, terms)
    fold(reputation, event)
    return event


def weights_of(event: CouncilScored) -> dict[str, float]:
    return {each.agent: each.after for each in event.seats if each.after}


# --- at the start ---------------------------------------------------------------------------------


def test_founders_start_with_equal_shares_in_all_three_copies() -> None:
    reputation = council("a", "b", "c", "d", "e", "f")
    assert all(copy == dict.fromkeys("abcdef", 1 / 6) for copy in reputation.copies)
    assert reputation.ppm(0) == dict.fromkeys("abcdef", 166_666)


def test_priors_are_normalised() -> None:
    reputation = council(seat("a", prior_ppm=300_000), seat("b", prior_ppm=100_000), terms=PLAIN)
    assert reputation.priors == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize("guard", [{"veto": True}, {"role": "risk"}, {"role": "compliance"}])
def test_a_guard_has_no_mass_and_its_forecasts_are_ignored(guard: dict[str, Any]) -> None:
    reputation = council("a", "b", "c", seat("guard", **guard))
    event = reputation.score(0, [({"a": 1.0, "b": 0.0, "c": 0.5, "guard": 1.0}, True)], TERMS)
    assert "guard" not in reputation.ppm(0)
    assert event == council("a", "b", "c").score(0, [({"a": 1.0, "b": 0.0, "c": 0.5}, True)], TERMS)


def test_a_question_that_only_a_guard_answered_is_passed_over() -> None:
    event = council("a", "b", "c", seat("guard", veto=True)).score(0, [({"guard": 1.0}, True)], TERMS)
    assert event.questions == 0


def test_granting_a_seat_again_changes_nothing() -> None:
    assert fold(council("a", "b"), seat("a", owner="other")).owners == {"a": "a", "b": "b"}


# --- one bucket -----------------------------------------------------------------------------------


def test_weights_move_by_the_brier_loss() -> None:
    event = council("a", "b", terms=PLAIN).score(0, [({"a": 0.8, "b": 0.4}, True)], PLAIN)
    a, b = exp(-(0.2**2) / 2), exp(-(0.6**2) / 2)
    assert weights_of(event) == CLOSE({"a": a / (a + b), "b": b / (a + b)})
    assert event.mix_loss == CLOSE(-2 * log((a + b) / 2))
    assert event.forecast_loss == CLOSE(0.4**2)


def test_the_loss_of_a_bucket_is_the_mean_over_its_questions() -> None:
    questions = [({"a": 1.0, "b": 0.0}, True), ({"a": 0.5, "b": 0.0}, False)]
    event = council("a", "b", terms=PLAIN).score(0, questions, PLAIN)
    assert [(each.loss, each.brier, each.forecasts, each.questions) for each in event.seats] == [
        (0.125, 0.125, 2, 2),
        (0.5, 0.5, 2, 2),
    ]


def test_who_slept_through_a_question_is_charged_its_mix_loss() -> None:
    questions = [({"a": 1.0, "b": 0.0}, True), ({"a": 0.6, "b": 0.2, "c": 0.9}, True)]
    event = council("a", "b", "c", terms=PLAIN).score(0, questions, PLAIN)
    mix = -2 * log((1 + exp(-1 / 2)) / 2)
    assert event.seats[2].loss == CLOSE((mix + 0.1**2) / 2)
    assert event.seats[2].brier == CLOSE(0.1**2)


@pytest.mark.parametrize("questions", [1, 2, 10])
def test_who_slept_through_the_bucket_is_frozen(questions: int) -> None:
    asked = [({"a": n % 2, "b": 0.3, "c": 0.5}, n % 3 == 0) for n in range(questions)]
    event = council("a", "b", "c", "d", "e", terms=PLAIN).score(0, asked, PLAIN)
    for sleeper in event.seats[3:]:
        assert sleeper.forecasts == 0
        assert sleeper.after == CLOSE(sleeper.before, rel=1e-14)
        assert sleeper.loss == event.mix_loss


def test_the_floor_keeps_a_share_of_the_prior() -> None:
    reputation = council("a", "b", "c", "d")
    for bucket in range(3_000):
        scored(reputation, bucket, ({"a": 0.0, "b": 1.0, "c": 0.9, "d": 0.8}, True))
    for copy in reputation.copies:
        assert 0.01 * 0.25 <= copy["a"] < 0.03


def test_only_the_copy_of_the_bucket_moves() -> None:
    reputation = council("a", "b", "c", "d")
    before = [dict(copy) for copy in reputation.copies]
    event = scored(reputation, 7, ({"a": 1.0, "b": 0.0}, True))
    assert event.copy == 1
    assert reputation.copies[1]["a"] > 0.25
    assert [reputation.copies[0], reputation.copies[2]] == [before[0], before[2]]


def test_a_bucket_votes_with_its_copy() -> None:
    reputation = council("a", "b", "c", "d")
    event = scored(reputation, 7, ({"a": 1.0, "b": 0.0}, True))
    assert reputation.ppm(10) == {each.agent: each.ppm for each in event.seats}
    assert reputation.ppm(11) == reputation.ppm(9) == dict.fromkeys("abcd", 250_000)


@pytest.mark.parametrize("questions", [[], [({"a": 0.1}, None), ({"b": 0.9}, None)], [({}, True)]])
def test_a_bucket_without_an_answer_moves_nothing_and_is_known(questions: list[Question]) -> None:
    reputation = council("a", "b", "c", "d")
    before = [dict(copy) for copy in reputation.copies]
    event = scored(reputation, 4, *questions)
    assert (event.questions, event.mix_loss, event.forecast_loss) == (0, 0.0, 0.0)
    assert list(reputation.copies) == before
    assert reputation.knows(4)
    assert not reputation.knows(3)


def test_void_questions_are_passed_over() -> None:
    reputation = council("a", "b", "c", "d")
    asked: list[Question] = [({"a": 0.9, "b": 0.2}, True), ({"a": 0.0, "c": 1.0}, None)]
    assert reputation.score(0, asked, TERMS) == reputation.score(0, asked[:1], TERMS)


@pytest.mark.parametrize("q", [0.0, 1.0])
@pytest.mark.parametrize("y", [True, False])
def test_certain_forecasts_are_allowed(q: float, y: bool) -> None:
    event = council("a", "b", "c", "d").score(0, [({"a": q, "b": 1 - q}, y)], TERMS)
    assert sum(weights_of(event).values()) == CLOSE(1, abs=1e-15)


@pytest.mark.parametrize("q", [float("nan"), float("inf"), -0.1, 1.1])
def test_what_is_no_probability_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="which is no probability"):
        council("a", "b", "c").score(0, [({"a": q}, True)], TERMS)


def test_a_council_of_one() -> None:
    event = council("a").score(0, [({"a": 0.0}, True)], TERMS)
    assert weights_of(event) == {"a": 1.0}
    assert council("a").ppm(0) == {"a": 1_000_000}


def test_a_council_of_nobody() -> None:
    assert Reputation().ppm(0) == {}
    assert Reputation().score(0, [({"a": 0.4}, True)], TERMS).seats == ()


# --- the cap per owner ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owners", "cap"), [(1, 1.0), (2, 0.5), (3, 1 / 3), (6, 1 / 3), (8, 1 / 3), (9, 0.25), (50, 0.25)]
)
def test_the_cap_follows_the_number_of_owners(owners: int, cap: float) -> None:
    assert cap_of(owners) == cap


def test_the_book_may_set_the_cap_but_not_below_an_equal_share() -> None:
    assert cap_of(10, D("0.3")) == 0.3
    assert cap_of(4, D("0.1")) == 0.25


def test_owners_above_the_cap_are_set_to_it_and_the_rest_keep_their_ratios() -> None:
    owners = {"a": "x", "b": "x", "c": "y", "d": "z", "e": "w"}
    weights = capped({"a": 0.4, "b": 0.2, "c": 0.2, "d": 0.15, "e": 0.05}, owners, 1 / 3)
    assert weights == CLOSE({"a": 2 / 9, "b": 1 / 9, "c": 1 / 3, "d": 0.25, "e": 1 / 12})


def test_one_capped_owner_may_push_the_next_above_the_cap() -> None:
    owners = dict(zip("abcd", "abcd", strict=True))
    weights = capped({"a": 0.6, "b": 0.32, "c": 0.05, "d": 0.03}, owners, 1 / 3)
    assert weights == CLOSE({"a": 1 / 3, "b": 1 / 3, "c": 5 / 24, "d": 1 / 8})


def test_an_owner_never_gets_more_than_the_cap_however_good_its_seats_are() -> None:
    reputation = council(seat("a", "x"), seat("b", "x"), *"cdef")
    for bucket in range(600):
        event = scored(reputation, bucket, ({"a": 0.99, "b": 0.99, "c": 0.3, "d": 0.3, "e": 0.3, "f": 0.3}, True))
        assert event.seats[0].after + event.seats[1].after <= 1 / 3 + 1e-12
    assert event.seats[0].after + event.seats[1].after == CLOSE(1 / 3, abs=2e-3)


def test_an_owner_of_most_seats_votes_with_the_cap_from_the_start() -> None:
    reputation = council(seat("a", "x"), seat("b", "x"), seat("c", "x"), *"def")
    assert reputation.ppm(0) == dict.fromkeys("abc", 111_111) | dict.fromkeys("def", 222_222)


def test_one_owner_alone_has_no_cap() -> None:
    reputation = council(seat("a", "x"), seat("b", "x"))
    event = reputation.score(0, [({"a": 1.0, "b": 0.0}, True)], TERMS)
    assert event.cap == 1.0
    assert event.seats[0].after > 0.6


def test_a_changed_cap_holds_at_once() -> None:
    reputation = council(seat("a", prior_ppm=400_000), *"bcdef", terms=BookTerms(owner_cap=D("0.5")))
    assert reputation.ppm(0)["a"] == 444_444
    changed = TermChanged(name="owner_cap", instrument="", origin=D("0.5"), to=D("0.25"), who="a", why="b")
    assert fold(reputation, changed).ppm(0)["a"] == 250_000


def test_other_terms_change_nothing() -> None:
    changed = TermChanged(name="weight_floor", instrument="", origin=D("0.01"), to=D("0.9"), who="a", why="b")
    assert fold(council("a", "b", "c"), changed).owner_cap == 0


def test_without_a_seat_the_others_share_its_mass_under_their_own_cap() -> None:
    reputation = council(seat("a", prior_ppm=300_000), seat("b", prior_ppm=300_000), *"cdef")
    assert reputation.ppm(0)["b"] == 300_000
    assert reputation.ppm(0, without={"a"}) == {"b": 333_333} | dict.fromkeys("cdef", 166_666)
    assert sum(reputation.ppm(0, without={"a", "b"}).values()) == 1_000_000


# --- newcomers ------------------------------------------------------------------------------------


def newcomer(events: int = 50) -> tuple[Reputation, CouncilScored]:
    reputation = council(*"abcd", seat("new", prior_ppm=0, shadow=True))
    for bucket in range(events):
        last = scored(reputation, bucket, ({"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5, "new": 0.9}, True))
    return reputation, last


def test_a_newcomer_is_scored_without_mass() -> None:
    reputation, event = newcomer(1)
    score = event.seats[-1]
    assert (score.agent, score.before, score.after, score.ppm, score.forecasts) == ("new", 0, 0, 0, 1)
    assert score.loss == score.brier == CLOSE(0.01)
    assert "new" not in reputation.ppm(0)


def test_a_newcomer_moves_nobody() -> None:
    alone = council(*"abcd").score(0, [({"a": 0.5, "b": 0.1}, True)], TERMS)
    beside = council(*"abcd", seat("new", shadow=True)).score(0, [({"a": 0.5, "b": 0.1, "new": 0.9}, True)], TERMS)
    assert beside.seats[:4] == alone.seats


def test_a_newcomer_enters_after_fifty_scored_forecasts() -> None:
    assert newcomer(49)[0].entries(TERMS) == []
    assert newcomer(50)[0].entries(TERMS) == [SeatEntered(agent="new", weight=0.2, events=50)]


def test_who_sleeps_is_not_counted() -> None:
    reputation = council(*"abcd", seat("new", shadow=True))
    for bucket in range(50):
        scored(reputation, bucket, ({"a": 0.5}, True), ({"a": 0.5, "new": 0.5}, None))
    assert reputation.events == {"a": 50, "b": 0, "c": 0, "d": 0, "new": 0}


def test_who_enters_takes_its_share_from_all_in_all_copies() -> None:
    reputation, _ = newcomer()
    before = [dict(copy) for copy in reputation.copies]
    fold(reputation, *reputation.entries(TERMS))
    assert reputation.entries(TERMS) == []
    for old, copy in zip(before, reputation.copies, strict=True):
        assert copy == CLOSE({agent: 0.8 * weight for agent, weight in old.items()} | {"new": 0.2})
    assert reputation.priors == CLOSE(dict.fromkeys([*"abcd", "new"], 0.2))


def test_two_newcomers_enter_one_after_the_other() -> None:
    reputation = council(*"abcd", seat("z", shadow=True), seat("y", shadow=True))
    scored(reputation, 0, ({"a": 0.5, "z": 0.4, "y": 0.4}, True))
    entries = reputation.entries(replace(TERMS, newcomer_events=1))
    assert [(each.agent, each.weight) for each in entries] == [("y", 1 / 5), ("z", 1 / 6)]
    assert fold(reputation, *entries).priors == CLOSE(dict.fromkeys("abcdyz", 1 / 6))


def test_a_seat_granted_between_opening_and_scoring_sleeps() -> None:
    reputation = council(*"abcd")
    fold(reputation, seat("new", shadow=True))
    assert reputation.score(0, [({"a": 0.5}, True)], TERMS).seats[-1].forecasts == 0


def test_a_seat_with_a_prior_that_comes_later_takes_its_share_from_all() -> None:
    reputation = council(*"abc")
    scored(reputation, 0, ({"a": 1.0}, True))
    fold(reputation, seat("late"))
    assert reputation.priors == CLOSE(dict.fromkeys(["a", "b", "c", "late"], 0.25))
    assert reputation.copies[0]["late"] == 0.25


# --- edits by hand --------------------------------------------------------------------------------


def test_an_edit_sets_the_weight_in_all_copies_and_the_others_keep_their_ratios() -> None:
    reputation = council(*"abcd")
    scored(reputation, 0, ({"a": 1.0, "b": 0.6, "c": 0.1}, True))
    b, c = reputation.copies[0]["b"], reputation.copies[0]["c"]
    event = reputation.adjust("a", 0.1, "operator:ann", "it was lucky")
    assert event.origin == CLOSE(sum(copy["a"] for copy in reputation.copies) / 3)
    fold(reputation, event)
    for copy in reputation.copies:
        assert copy["a"] == 0.1
        assert sum(copy.values()) == CLOSE(1)
    assert reputation.copies[0]["b"] / reputation.copies[0]["c"] == CLOSE(b / c)


def test_an_edit_restarts_the_bounds() -> None:
    reputation = council(*"abcd")
    assert reputation.restarted_after is None
    fold(reputation, reputation.adjust("a", 0.1, "operator:ann", "why"))
    assert reputation.restarted_after == -1
    scored(reputation, 8, ({"a": 1.0}, True))
    fold(reputation, reputation.adjust("a", 0.1, "operator:ann", "why"))
    assert reputation.restarted_after == 8


@pytest.mark.parametrize("to", [0.0, 1.0])
def test_nobody_is_edited_out_for_ever(to: float) -> None:
    reputation = council(*"abcd")
    fold(reputation, reputation.adjust("a", to, "operator:ann", "why"))
    assert min(reputation.copies[0].values()) > 0
    assert sum(reputation.copies[0].values()) == CLOSE(1)
    assert reputation.ppm(0).get("a", 0) <= 333_333


def test_an_edit_does_not_lift_an_owner_above_the_cap() -> None:
    reputation = council(*"abcd")
    assert fold(reputation, reputation.adjust("a", 0.9, "operator:ann", "why")).ppm(0)["a"] == 333_333


@pytest.mark.parametrize(
    ("agent", "to", "refusal"),
    [
        ("new", 0.5, "no mass"),
        ("nobody", 0.5, "no mass"),
        ("a", 1.1, "between 0 and 1"),
        ("a", float("nan"), "between"),
    ],
)
def test_an_impossible_edit_is_refused(agent: str, to: float, refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        council("a", "b", seat("new", shadow=True)).adjust(agent, to, "operator:ann", "why")


def test_the_only_seat_cannot_be_edited() -> None:
    with pytest.raises(ValueError, match="the only seat with mass"):
        council("a").adjust("a", 0.5, "operator:ann", "why")


# --- memory ---------------------------------------------------------------------------------------


def test_the_last_thousand_buckets_are_known() -> None:
    reputation = council("a", "b", "c")
    for bucket in range(1_001):
        scored(reputation, bucket, ({"a": 0.5}, True))
    assert [reputation.knows(bucket) for bucket in (0, 1, 1_000, 1_001)] == [False, True, True, False]
    assert reputation.last == 1_000


def test_the_same_events_give_the_same_weights() -> None:
    first, second = council(*"abcd"), council(*"abcd")
    for bucket in range(20):
        event = scored(first, bucket, ({"a": 0.1, "b": 0.3, "c": bucket / 20}, bucket % 2 == 0))
        fold(second, event)
    assert first.copies == second.copies
    assert first.ppm(5) == second.ppm(5)
