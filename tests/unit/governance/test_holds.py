"""A rule holds a decision: an operator lets it go on, refuses it, or nobody answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.domain.chamber import Chamber
from governance.domain.starter import starter_rules
from governance.domain.state import BookState
from streams.events import (
    DecisionHeld,
    DecisionReached,
    DecisionReleased,
    HoldRefused,
    RuleActivated,
    RuleClause,
    RulesEvaluated,
    SituationRecorded,
)
from streams.messages import RefuseHold, ReleaseHold
from tests.unit.governance.scene import BOOK, GUARDS, MS, VOTERS, Scene, result

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
    import msgspec

    scene = Scene(rules=[msgspec.structs.replace(holding(), shadow=True)])
    scene.quote("BTCUSDT", "50000")
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    assert scene.decision().outcome == "granted"


def test_a_hold_survives_a_restart(scene: Scene) -> None:
    """Given a hold, when all memory is lost, then the log is enough to release it; a late ballot has its place."""
    event = held(scene)
    state = BookState(BOOK)
    founding = Scene(rules=[*starter_rules("operator:a"), holding()])
    state.__dict__.update(founding.state.__dict__)
    for step in scene.steps:
        for recorded in step.events:
            state.apply(recorded)
    scene.state, scene.chamber = state, Chamber(state)
    scene.quote("BTCUSDT", "50000")
    step = scene.give(ReleaseHold(decision_id=event.decision_id, reason="go"), OPERATOR)
    assert scene.decision().outcome == "granted"
    last = max(each.originator_version for each in step.events)
    assert last == len(
        {e.originator_version for s in scene.steps for e in s.events if e.originator_id == step.events[0].originator_id}
    )
