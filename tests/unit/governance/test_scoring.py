"""What is asked of the market and what it answered: buckets, questions, costs, VOID, and the forecasts that count."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.domain.scoring import FOLDS, Asked, AskedLeg, Pending, Price, bucket_of, due_at, named, observe
from streams.events import (
    AdmittedLeg,
    AmendmentOffered,
    BallotCast,
    BallotLate,
    CouncilScored,
    DeliberationClosed,
    DeliberationOpened,
    Event,
    MarketView,
    ObservedOutcome,
    OutcomesRecorded,
    ProposalAdmitted,
    aggregate_id,
)

D = Decimal
S = 1_000_000_000
H = 30
T0 = 1_723_161_600 * S


def leg(
    instrument: str = "BTCUSDT", side: Any = "buy", price: str = "50000", spread: str = "1", value: str = "5000"
) -> AskedLeg:
    return AskedLeg(instrument=instrument, side=side, price=D(price), spread=D(spread), value=D(value))


def asked(*legs: AskedLeg) -> Asked:
    legs = legs or (leg(),)
    return Asked(deliberation_id="d", question=named(legs), opened_at=T0, legs=legs)


def outcome(question: Asked, *ends: str, fee: str = "0.2", late: int = 0) -> ObservedOutcome:
    prices = dict(zip([each.instrument for each in question.legs], ends, strict=False))

    def after(instrument: str, at: int) -> Price | None:
        return (D(prices[instrument]), at + late) if instrument in prices else None

    return observe(question, after, D(fee), H)


# --- buckets --------------------------------------------------------------------------------------


def test_a_bucket_is_the_opening_in_whole_horizons() -> None:
    assert bucket_of(60 * S, H) == bucket_of(90 * S - 1, H) == 2
    assert bucket_of(90 * S, H) == 3


def test_a_bucket_is_due_when_the_last_price_of_its_last_question_may_have_come() -> None:
    assert due_at(2, H) == (4 * H + 5) * S


@settings(max_examples=1_000)
@given(st.integers(0, 10**13), st.integers(6, 600))
def test_every_outcome_of_a_bucket_is_known_before_its_copy_votes_again(opened_at: int, horizon: int) -> None:
    bucket = bucket_of(opened_at, horizon)
    assert opened_at + horizon * S + 5 * S <= due_at(bucket, horizon) < (bucket + 3) * horizon * S


# --- y --------------------------------------------------------------------------------------------


def test_y_is_whether_the_move_is_more_than_two_fees_and_the_spread() -> None:
    """2 · 0.2 bp of 50,000 is 2, and the spread is 1."""
    assert outcome(asked(), "50003").y is False
    assert outcome(asked(), "50003.0000000001").y is True
    assert outcome(asked(), "50010").gain == pytest.approx(10 / 50_000 - 3 / 50_000)


def test_a_sale_earns_when_the_price_falls() -> None:
    sale = asked(leg(side="sell"))
    assert outcome(sale, "49997").y is False
    assert outcome(sale, "49996.99").y is True
    assert outcome(sale, "50010").gain == pytest.approx(-13 / 50_000)


def test_the_outcome_says_what_it_was_made_of() -> None:
    seen = outcome(asked(), "50010", late=4 * S)
    assert (seen.deliberation_id, seen.question) == ("d", "BTCUSDT:buy")
    assert seen.legs[0].origin == 50_000
    assert seen.legs[0].cost == pytest.approx(0.00006)
    assert (seen.legs[0].end, seen.legs[0].end_at) == (D(50_010), T0 + 34 * S)


@pytest.mark.parametrize(("late", "void"), [(0, False), (5 * S, False), (5 * S + 1, True)])
def test_the_first_price_within_five_seconds_after_the_horizon_counts(late: int, void: bool) -> None:
    seen = outcome(asked(), "50010", late=late)
    assert (seen.y is None, seen.gain is None, seen.legs[0].end is None) == (void, void, void)


def test_without_a_price_it_is_void() -> None:
    assert outcome(asked()).y is None


def test_a_price_from_before_the_horizon_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="the price of BTCUSDT is from 1 ns before the horizon"):
        outcome(asked(), "50010", late=-1)


def test_it_asks_for_the_price_at_the_horizon() -> None:
    wanted: list[tuple[str, int]] = []
    observe(asked(), lambda *what: wanted.append(what), D(0), H)
    assert wanted == [("BTCUSDT", T0 + 30 * S)]


def test_several_legs_are_weighted_by_their_value() -> None:
    """One leg earns 1 % of 3,000, the other loses 2 % of 1,000; nothing costs anything."""
    pair = asked(
        leg(price="100", spread="0", value="3000"), leg("ETHUSDT", "sell", price="10", spread="0", value="1000")
    )
    assert pair.question == "BTCUSDT:buy+ETHUSDT:sell"
    seen = outcome(pair, "101", "10.2", fee="0")
    assert seen.gain == pytest.approx((30 - 20) / 4_000)
    assert seen.y is True
    assert outcome(pair, "101", "10.3", fee="0").y is False


def test_several_legs_are_void_when_one_has_no_price() -> None:
    seen = outcome(asked(leg(), leg("ETHUSDT")), "50010")
    assert (seen.y, seen.gain) == (None, None)
    assert [each.end for each in seen.legs] == [50_010, None]


def test_legs_are_named_in_order() -> None:
    assert (
        named([leg("ETHUSDT", "sell"), leg()]) == named([leg(), leg("ETHUSDT", "sell")]) == "BTCUSDT:buy+ETHUSDT:sell"
    )


PRICE = st.decimals("0.00000001", "100000", places=8)


@settings(max_examples=2_000)
@given(PRICE, PRICE, st.decimals(0, 10, places=8), st.decimals(0, 50, places=2), st.sampled_from(["buy", "sell"]))
def test_y_is_exact(price: Decimal, end: Decimal, spread: Decimal, fee: Decimal, side: str) -> None:
    """At the very price where gain and cost are equal y is 0, one part in 10^30 beyond it is 1."""
    p, c = Fraction(price), 2 * Fraction(fee) / 10_000 + Fraction(spread) / Fraction(price)
    sign = 1 if side == "buy" else -1
    one = leg(side=side, price=str(price), spread=str(spread))
    assert outcome(asked(one), str(end), fee=str(fee)).y is (sign * (Fraction(end) - p) > c * p)
    equal = (1 + sign * 2 * fee / 10_000) * price + sign * spread
    if equal > 0:
        assert outcome(asked(one), str(equal), fee=str(fee)).y is False
        beyond = format(equal, "f") + ("0" if "." in format(equal, "f") else ".0") + "0" * 20 + "1"
        assert outcome(asked(one), beyond, fee=str(fee)).y is (side == "buy")


# --- the questions that wait ----------------------------------------------------------------------


def view(price: str = "50000", spread: str = "1") -> MarketView:
    return MarketView(price=D(price), spread=D(spread), tick_id="t", source="live", market_at=T0)


def opened(deliberation: str = "d", bucket: int = 7, **changed: Any) -> DeliberationOpened:
    known: dict[str, Any] = {
        "deliberation_id": deliberation,
        "instrument": "BTCUSDT",
        "track": "TRADE",
        "opened_at": 1,
        "deadline": 2,
        "weights_version": f"demo:{bucket}",
        "total_ppm": 1_000_000,
        "rulebook_version": 1,
        "market": view(),
        "market_opened_at": T0,
    }
    return DeliberationOpened(**(known | changed))


def admitted(proposal: str = "p", target: str = "0.1", held: str = "0", **changed: Any) -> ProposalAdmitted:
    known: dict[str, Any] = {
        "proposal_id": proposal,
        "agent": "author",
        "action": "trade",
        "instrument": "BTCUSDT",
        "target": D(target),
        "probability": 0.9,
        "held": D(held),
        "price": D(1),
        "market": view("49999"),
        "evidence": (),
        "ttl_ms": 200,
        "why": "",
    }
    return ProposalAdmitted(**(known | changed))


def ballot(agent: str, q: float | None, proposal: str = "p") -> BallotCast:
    return BallotCast(
        proposal_id=proposal,
        agent=agent,
        stance="abstain" if q is None else "approve" if q >= 0.5 else "reject",
        probability=q,
        weight_ppm=1,
        size_limit=None,
        veto=False,
        reason="",
    )


CLOSED = DeliberationClosed(reason="deadline", closed_at=3)


def scored(bucket: int) -> CouncilScored:
    return CouncilScored(
        bucket=bucket, copy=bucket % 3, cap=1, floor=0, questions=0, mix_loss=0, forecast_loss=0, seats=()
    )


def told(*events: Event, pending: Pending | None = None, deliberation: str = "d") -> Pending:
    pending, originator = pending or Pending(), aggregate_id("Deliberation", deliberation)
    for event in events:
        if fold := FOLDS.get(type(event)):
            fold(pending, event, originator)
    return pending


def forecasts(pending: Pending, bucket: int = 7) -> list[tuple[str, dict[str, float]]]:
    return [(each.asked.question, each.forecasts) for each in pending.questions(bucket)]


def test_a_round_asks_about_its_instrument_and_side() -> None:
    pending = told(opened(), admitted(), ballot("a", 0.7), ballot("b", 0.2), CLOSED)
    assert pending.buckets() == [7]
    (question,) = pending.questions(7)
    assert question.asked == Asked(
        deliberation_id="d", question="BTCUSDT:buy", opened_at=T0, legs=(leg(value="5000.0"),)
    )
    assert question.forecasts == {"a": 0.7, "b": 0.2}


def test_the_side_is_of_the_target_against_what_is_held() -> None:
    assert forecasts(told(opened(), admitted(target="0.1", held="0.3"))) == [("BTCUSDT:sell", {})]


def test_the_first_forecast_on_a_question_counts() -> None:
    pending = told(opened(), admitted("p"), admitted("o"), ballot("a", 0.7, "o"), ballot("a", 0.2, "p"))
    assert forecasts(pending) == [("BTCUSDT:buy", {"a": 0.7})]


def test_both_sides_of_an_instrument_are_two_questions() -> None:
    pending = told(opened(), admitted("p"), admitted("o", target="-0.1"), ballot("a", 0.7, "o"), ballot("a", 0.2, "p"))
    assert forecasts(pending) == [("BTCUSDT:buy", {"a": 0.2}), ("BTCUSDT:sell", {"a": 0.7})]


def test_an_abstention_is_no_forecast() -> None:
    pending = told(opened(), admitted("p"), admitted("o"), ballot("a", None, "p"), ballot("a", 0.7, "o"))
    assert forecasts(pending) == [("BTCUSDT:buy", {"a": 0.7})]


def test_an_amendment_shares_the_forecast_of_its_original() -> None:
    offered = AmendmentOffered(proposal_id="m", amends="p", agent="b", target=D("0.05"), why="")
    pending = told(
        opened(), admitted("p"), offered, ballot("a", 0.7, "m"), ballot("a", 0.6, "p"), ballot("b", 0.4, "m")
    )
    assert forecasts(pending) == [("BTCUSDT:buy", {"a": 0.7, "b": 0.4})]


def test_a_late_ballot_is_no_forecast() -> None:
    cast = ballot("a", 0.7)
    late = BallotLate(**{name: getattr(cast, name) for name in cast.__struct_fields__})
    assert forecasts(told(opened(), admitted(), CLOSED, late, cast)) == [("BTCUSDT:buy", {})]


def test_a_further_instrument_is_asked_at_its_own_price() -> None:
    pending = told(opened(), admitted("p", instrument="ETHUSDT", target="-2", market=view("3000", "0.5")))
    (question,) = pending.questions(7)
    assert question.asked.legs == (leg("ETHUSDT", "sell", "3000", "0.5", "6000"),)


def test_legs_are_asked_together_and_one_that_moves_nothing_is_left_out() -> None:
    eth = AdmittedLeg(instrument="ETHUSDT", target=D(-2), held=D(0), price=D(1), market=view("3000", "0.5"))
    ada = AdmittedLeg(instrument="ADAUSDT", target=D(5), held=D(5), price=D(1), market=view("1", "0.1"))
    (question,) = told(opened(), admitted(legs=(eth, ada))).questions(7)
    assert question.asked.question == "BTCUSDT:buy+ETHUSDT:sell"
    assert [each.value for each in question.asked.legs] == [5_000, 6_000]


def test_a_trade_to_what_is_held_asks_nothing() -> None:
    assert told(opened(), admitted(target="1", held="1"), ballot("a", 0.7)).buckets() == []


@pytest.mark.parametrize("changed", [{"track": "REDUCE"}, {"market_opened_at": 0}])
def test_only_trades_with_a_market_time_are_scored(changed: dict[str, Any]) -> None:
    pending = told(opened(**changed), admitted(action="reduce"), ballot("a", 0.7), CLOSED, scored(7))
    assert pending.buckets() == []


def test_a_round_of_the_first_release_is_passed_over() -> None:
    old = opened(market_opened_at=0, weights_version="founders")
    assert told(old, admitted(), ballot("a", 0.7), CLOSED).buckets() == []


def test_a_scored_bucket_waits_no_longer() -> None:
    pending = told(opened("d"), admitted(), CLOSED)
    told(opened("e", 8), admitted(), CLOSED, pending=pending, deliberation="e")
    assert told(scored(7), pending=pending).buckets() == [8]
    assert pending.questions(7) == []


def test_what_lies_a_thousand_buckets_back_is_dropped() -> None:
    pending = told(opened("d", 7), admitted(), CLOSED)
    assert told(opened("e", 1_007), admitted(), CLOSED, pending=pending, deliberation="e").buckets() == [7, 1_007]
    assert told(opened("f", 1_008), admitted(), CLOSED, pending=pending, deliberation="f").buckets() == [1_007, 1_008]


# --- answers --------------------------------------------------------------------------------------


def result(deliberation: str = "d", question: str = "BTCUSDT:buy", y: bool | None = True) -> ObservedOutcome:
    return ObservedOutcome(deliberation_id=deliberation, question=question, legs=(), gain=None, y=y)


def two_questions() -> Pending:
    return told(opened(), admitted("p"), admitted("o", target="-1"), ballot("a", 0.7), ballot("b", 0.2, "o"), CLOSED)


def test_answers_meet_their_forecasts_in_any_order() -> None:
    answers = [result(question="BTCUSDT:sell", y=None), result()]
    assert two_questions().answered(7, answers) == [({"a": 0.7}, True), ({"b": 0.2}, None)]


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ([result(), result()], "BTCUSDT:buy of d comes twice"),
        ([result("other")], "BTCUSDT:buy of other was not asked in bucket 7"),
    ],
)
def test_answers_that_do_not_fit_are_refused(answers: list[ObservedOutcome], refusal: str) -> None:
    with pytest.raises(ValueError, match=refusal):
        two_questions().answered(7, answers)


def test_a_bucket_is_answered_when_the_last_of_its_outcomes_is_there() -> None:
    """Given two questions, when their outcomes come in two parts, then the second part completes them."""
    pending = two_questions()
    assert pending.answered(7, [result()]) is None
    pending = told(OutcomesRecorded(bucket=7, horizon=30, outcomes=(result(),)), pending=pending)
    with pytest.raises(ValueError, match="comes twice"):
        pending.answered(7, [result()])
    assert pending.answered(7, [result(question="BTCUSDT:sell", y=None)]) == [({"a": 0.7}, True), ({"b": 0.2}, None)]


def test_nothing_was_asked_in_an_unknown_bucket() -> None:
    assert Pending().answered(3, []) == []
