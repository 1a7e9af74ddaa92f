"""A rule holds a decision: an operator lets it go on, refuses it, or nobody answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from governance.domain.chamber import Chamber
from governance.domain.starter import starter_rules
from streams.envelope import Envelope
from streams.events import (
    BookTerms,
    BreakerTripped,
    DecisionHeld,
    DecisionReached,
    DecisionReleased,
    EquityMarked,
    HoldRefused,
    RuleActivated,
    RuleClause,
    RulesEvaluated,
    SituationRecorded,
)
from streams.messages import Leg, Quote, RefuseHold, ReleaseHold
from tests.unit.governance.scene import GUARDS, MS, VOTERS, Scene, result

D = Decimal
OPERATOR = "operator:kim"


def holding(name: str = "large-orders", most: str = "1000.0") -> RuleActivated:
    return RuleActivated(
        rule=name,
        version=1,
        title="An operator looks at large orders",
        effect="hold",
        clauses=(RuleClause(name="small", cel=f"order.notional <= {most}"),),
        who="operator:a",
        why="",
    )


@pytest.fixture
def scene() -> Scene:
    scene = Scene(rules=[*starter_rules("operator:a"), holding()])
    scene.quote("BTCUSDT", "50000")
    return scene


def held(scene: Scene) -> DecisionHeld:
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    (event,) = scene.bodies(DecisionHeld)
    assert isinstance(event, DecisionHeld)
    return event


def test_a_hold_takes_the_place_of_the_decision(scene: Scene) -> None:
    event = held(scene)
    assert (event.rules, event.until - event.at) == (("large-orders",), 120_000 * MS)
    assert [(order.side, order.quantity) for order in event.orders] == [("buy", D("0.1"))]
    assert not scene.bodies(DecisionReached)
    assert scene.state.held("BTCUSDT") == 0, "what waits reserves nothing"
    assert scene.steps[-1].resolved[0].body.outcome == "held"  # type: ignore[union-attr]
    assert not scene.chamber.deliberates


def test_released_it_is_granted_with_prices_and_rules_checked_again(scene: Scene) -> None:
    event = held(scene)
    scene.wait(5_000)
    scene.quote("BTCUSDT", "50020")
    step = scene.give(ReleaseHold(decision_id=event.decision_id, reason="looked at"), OPERATOR)
    kinds = [type(each.body) for each in step.events]
    assert kinds == [DecisionReleased, SituationRecorded, RulesEvaluated, DecisionReached]
    assert result(step) == "accepted"
    assert step.events[0].command_id is not None
    assert (step.events[0].actor, step.events[3].actor) == (OPERATOR, "governor")
    versions = [each.originator_version for each in step.events]
    assert versions == list(range(versions[0], versions[0] + 4))
    decision = scene.decision()
    assert (decision.decision_id, decision.outcome) == (event.decision_id, "granted")
    assert decision.orders[0].limit == D("50270.10"), "the protective limit is of the price that is now"
    assert scene.state.held("BTCUSDT") == D("0.1")


def test_a_price_that_has_drifted_meanwhile_is_denied(scene: Scene) -> None:
    event = held(scene)
    scene.wait(5_000)
    scene.quote("BTCUSDT", "50200")
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="looked at"), OPERATOR)
    decision = scene.decision()
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert decision.reasons[0].state == "DENIED"


def test_what_became_of_the_book_meanwhile_makes_it_smaller(scene: Scene) -> None:
    """Given a hold for going to 0.1, when 0.06 was bought by then, then only 0.04 is."""
    event = held(scene)
    scene.propose("0.015", VOTERS[1], proposal_id="small")
    scene.everybody("small")
    small = scene.decision()
    assert small.outcome == "granted"
    scene.fill(small)
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    decision = scene.decision()
    assert (decision.outcome, decision.orders[0].quantity) == ("reduced", D("0.085"))


def test_refused_by_an_operator(scene: Scene) -> None:
    event = held(scene)
    step = scene.give(RefuseHold(decision_id=event.decision_id, reason="too much"), OPERATOR)
    assert [type(each.body) for each in step.events] == [HoldRefused, DecisionReached]
    decision = scene.decision()
    assert decision.outcome == "refused"
    assert [(r.reason, r.by, r.detail) for r in decision.reasons] == [("HOLD_REFUSED", OPERATOR, "too much")]
    again = scene.give(ReleaseHold(decision_id=event.decision_id, reason="after all"), OPERATOR)
    assert result(again) == "refused:UNKNOWN_DECISION"


def test_a_hold_that_nobody_answers_lapses(scene: Scene) -> None:
    held(scene)
    scene.wait(119_999)
    assert not scene.bodies(DecisionReached)
    scene.wait(1)
    decision = scene.decision()
    assert (decision.outcome, decision.reasons[0].reason) == ("expired", "HOLD_LAPSED")
    assert not scene.state.holds.open


def test_only_operators_answer_holds(scene: Scene) -> None:
    event = held(scene)
    for agent in (VOTERS[0], GUARDS[0]):
        step = scene.give(ReleaseHold(decision_id=event.decision_id, reason="mine"), agent)
        assert result(step) == "refused:NOT_ENTITLED"


def test_a_halt_absorbs_a_hold(scene: Scene) -> None:
    event = held(scene)
    scene.gate("HALTED", scene.now)
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    decision = scene.decision()
    assert (decision.outcome, decision.reasons[0].reason) == ("refused", "HALTED")


def test_another_rule_that_would_hold_it_now_denies(scene: Scene) -> None:
    event = held(scene)
    scene.found("Rulebook", holding("all-orders", "1.0"))
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    assert [(r.reason, r.by) for r in scene.decision().reasons] == [("HELD", "all-orders")]


def test_rules_in_shadow_hold_nothing() -> None:
    scene = Scene(rules=[replace(holding(), shadow=True)])
    scene.quote("BTCUSDT", "50000")
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    assert scene.decision().outcome == "granted"


def test_a_hold_survives_a_restart(scene: Scene) -> None:
    """Given a hold, when all memory is lost, then the log is enough to release it."""
    event = held(scene)
    recovered = Scene(rules=[*starter_rules("operator:a"), holding()])
    for step in scene.steps:
        for recorded in step.events:
            recovered.state.apply(recorded)
    recovered.now = scene.now
    recovered.quote("BTCUSDT", "50000")
    step = recovered.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    assert recovered.decision().outcome == "granted"
    before = [e for s in scene.steps for e in s.events if e.originator_id == step.events[0].originator_id]
    versions = [e.originator_version for e in (*before, *step.events)]
    assert versions == list(range(1, len(versions) + 1))


def test_a_cap_that_came_into_force_meanwhile_holds_for_what_is_released(scene: Scene) -> None:
    event = held(scene)
    scene.propose("0.01", VOTERS[1], proposal_id="small")
    scene.everybody("small")
    scene.fill(scene.decision())
    scene.propose("0", "risk", action="reduce", proposal_id="cap")
    scene.fill(scene.decision())
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    decision = scene.decision()
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert [(r.reason, r.by) for r in decision.reasons] == [("CAPPED", "cap")]


def test_what_is_released_stays_inside_the_budget() -> None:
    """Given two holds that fit each alone, when both are released, then the second is not affordable any more."""
    terms = BookTerms(max_order_value=D(200_000), max_concentration=D(10), max_net=D(10))
    scene = Scene(terms=terms, rules=[holding()])
    scene.quote("BTCUSDT", "50000")
    scene.quote("ETHUSDT", "2500")
    for symbol, target in (("BTCUSDT", "1.5"), ("ETHUSDT", "30")):
        scene.propose(target, symbol=symbol, proposal_id=symbol)
        scene.everybody(symbol)
    outcomes = []
    for event in scene.bodies(DecisionHeld):
        scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
        outcomes.append((scene.decision().outcome, [str(r.reason) for r in scene.decision().reasons]))
    assert outcomes == [("granted", [""]), ("refused", ["NO_BUDGET"])]


def test_legs_that_wait_stand_or_fall_together(scene: Scene) -> None:
    """Given a held pair, when one leg has been bought by then, then the other is not sent either."""
    scene.quote("ETHUSDT", "2500")
    leg = Leg(instrument="ETHUSDT", target=D(2), price=D(2500))
    scene.propose("0.1", proposal_id="pair", legs=(leg,))
    scene.everybody("pair")
    (event,) = scene.bodies(DecisionHeld)
    scene.state.positions["ETHUSDT"] = D(2)
    scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    decision = scene.decision()
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert decision.reasons[0].reason in ("NO_CHANGE", "LEG_LOST")


def test_breakers_look_while_a_hold_waits() -> None:
    """Given a hold, when the feed dies before anything else happens, then the breaker sees it all the same."""
    scene = Scene(rules=[*starter_rules("operator:a"), holding()])
    scene.quote("BTCUSDT", "50000")
    held(scene)
    again = Chamber(scene.state)
    scene.chamber = again
    scene.give(
        Quote(
            instrument="BTCUSDT",
            market_at=scene.now,
            received_at=scene.now,
            update_id=99,
            bid=D(50_000),
            bid_size=D(1),
            ask=D(50_001),
            ask_size=D(1),
        ),
        entry_id="",
    )
    due = again.deadline()
    assert due is not None
    assert due <= scene.now
    for _ in range(8):
        scene.wait(1_000)
    assert [event.effect for event in scene.bodies(BreakerTripped)] == ["SUSPENDED"]


def test_old_ticks_are_read_without_a_look_at_the_book() -> None:
    """Given a position bought low, when a restarted governor reads the higher prices of a minute ago, then no peak is
    taken from them and nothing trips."""
    scene = Scene()
    scene.state.positions["BTCUSDT"] = D(1)
    for age, price in ((60, "80000"), (30, "60000"), (3, "50000")):
        scene.chamber.handle(tick_of(scene, price, age), scene.now)
    scene.quote("BTCUSDT", "50000")
    (marked,) = scene.bodies(EquityMarked)
    assert (marked.peak, scene.bodies(BreakerTripped)) == (D(150_000), [])


def tick_of(scene: Scene, price: str, age_s: int) -> Envelope:
    at = scene.now - age_s * 1_000 * MS
    body = Quote(
        instrument="BTCUSDT",
        market_at=at,
        received_at=at,
        update_id=age_s,
        bid=D(price),
        bid_size=D(1),
        ask=D(price),
        ask_size=D(1),
    )
    return Envelope(id=f"old-{age_s}", body=body, actor="feed", sent_at=at)
