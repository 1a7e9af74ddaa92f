"""Halts, resumes and reductions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.domain.state import BookState
from streams.events import (
    DecisionReached,
    DeliberationClosed,
    DeliberationOpened,
    ProposalRefused,
    TradingHalted,
    TradingReduced,
    TradingResumed,
)
from streams.messages import ModeChanged, ResumeTrading
from tests.unit.governance.scene import BOOK, MS, VOTERS, Scene, result, seat

D = Decimal
A, B = "operator:a", "operator:b"


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    return scene


def resume(scene: Scene, who: str) -> str:
    return result(scene.give(ResumeTrading(reason="all clear"), who))


# --- halts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", ["risk", "compliance"])
def test_a_guards_halt_is_for_the_gate_and_recorded_when_the_gate_is_seen(scene: Scene, guard: str) -> None:
    step = scene.propose("0", guard, action="halt", reason="enough")
    (halt,) = step.halts
    assert (halt.book, halt.who, halt.why, halt.command_id) == (BOOK, guard, "enough", step.answers[0].command_id)
    assert (result(step), scene.bodies(TradingHalted), scene.state.mode) == ("accepted", [], "NORMAL")
    step = scene.gate("HALTED", 77, guard)
    assert step.events[0].body == TradingHalted(who=guard, why="test", gate_at=77)
    assert scene.state.mode == "HALTED"
    assert isinstance(step.resolved[0].body, ModeChanged)


def test_a_halt_cancels_open_rounds_and_refuses_what_waits(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.ballot("p", VOTERS[0])
    scene.wait(13)
    scene.propose("0.2", VOTERS[1], proposal_id="waits")
    step = scene.gate("HALTED", 1)
    assert scene.bodies(DeliberationClosed)[0].reason == "halted"
    decision = scene.decision()
    assert (decision.outcome, decision.reasons[0].state, decision.reasons[0].reason) == ("refused", "HALTED", "HALTED")
    assert [(r.proposal_id, r.reason) for r in scene.bodies(ProposalRefused)] == [("waits", "MODE")]
    assert sorted(answer.result for answer in step.answers) == ["accepted", "accepted", "refused:MODE"]
    assert not scene.chamber.deliberates


def test_in_a_halt_nothing_is_admitted(scene: Scene) -> None:
    scene.state.positions["BTCUSDT"] = D(1)
    scene.gate("HALTED", 1)
    assert result(scene.propose("2")) == "refused:MODE"
    assert result(scene.propose("0", action="reduce")) == "refused:MODE"
    assert result(scene.propose("0", "risk", action="halt")) == "refused:MODE"


def test_the_same_gate_is_recorded_once(scene: Scene) -> None:
    scene.gate("HALTED", 1)
    assert scene.gate("HALTED", 1).events == []


def test_the_first_operator_opens_to_reduce_only_and_another_one_to_normal(scene: Scene) -> None:
    scene.gate("HALTED", 1, A)
    step = scene.give(ResumeTrading(reason="all clear"), A)
    assert step.gate is not None
    assert (step.gate.mode, step.gate.who, step.gate.command_id) == ("REDUCE_ONLY", A, step.answers[0].command_id)
    assert step.events[0].body == TradingResumed(who=A, why="all clear", origin="HALTED", to="REDUCE_ONLY")
    assert step.events[0].command_id == step.answers[0].command_id
    again = scene.give(ResumeTrading(reason="all clear"), A)
    assert (result(again), again.gate) == ("refused:NOT_ENTITLED", None)
    assert resume(scene, B) == "accepted"
    assert scene.state.mode == "NORMAL"
    assert resume(scene, B) == "refused:NO_CHANGE"


def test_only_operators_resume(scene: Scene) -> None:
    scene.gate("HALTED", 1)
    assert resume(scene, "risk") == "refused:NOT_ENTITLED"
    assert scene.state.mode == "HALTED"


def test_reduce_only_that_was_no_halt_is_ended_by_one_operator(scene: Scene) -> None:
    scene.gate("REDUCE_ONLY", 1, A)
    assert scene.bodies(TradingReduced)
    assert resume(scene, A) == "accepted"
    assert scene.state.mode == "NORMAL"


def test_a_gate_that_was_read_before_the_resume_was_committed_changes_nothing(scene: Scene) -> None:
    scene.gate("HALTED", 5)
    resume(scene, A)
    assert scene.gate("HALTED", 5).events == []
    resume(scene, B)
    assert scene.gate("REDUCE_ONLY", scene.now - 1).events == []
    assert scene.state.mode == "NORMAL"


def test_a_new_halt_after_a_resume_counts_even_with_a_clock_that_is_behind(scene: Scene) -> None:
    scene.gate("HALTED", 5)
    resume(scene, A)
    assert scene.gate("HALTED", 6).events
    assert scene.state.mode == "HALTED"


def test_reduce_only_takes_what_shrinks_and_nothing_else(scene: Scene) -> None:
    scene.state.positions["BTCUSDT"] = D("0.2")
    scene.gate("REDUCE_ONLY", 1)
    assert result(scene.propose("0.3")) == "refused:MODE"
    assert result(scene.propose("-0.1")) == "refused:MODE"
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    assert scene.decision().orders[0].reduce_only


def test_a_round_that_was_open_when_reduce_only_came_obeys_it(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.gate("REDUCE_ONLY", 1)
    scene.everybody("p")
    assert (scene.decision().outcome, scene.decision().reasons[0].reason) == ("refused", "MODE")


# --- reduce ---------------------------------------------------------------------------------------


@pytest.fixture
def long(scene: Scene) -> Scene:
    scene.state.positions["BTCUSDT"] = D("0.2")
    return scene


@pytest.mark.parametrize("guard", ["risk", "compliance"])
def test_a_guards_reduce_passes_unvoted_at_once(long: Scene, guard: str) -> None:
    step = long.propose("0.05", guard, action="reduce")
    assert step.announcements == []
    assert long.bodies(DeliberationOpened)[0].track == "REDUCE"
    decision = long.decision()
    assert (decision.outcome, decision.orders[0].side, decision.orders[0].quantity) == ("granted", "sell", D("0.15"))
    assert result(step) == "accepted"


def test_another_seats_reduce_needs_a_fifth_of_the_mass(long: Scene) -> None:
    step = long.propose("0.05", action="reduce", proposal_id="r")
    assert step.announcements[0].body.deadline == long.now + 10 * MS  # type: ignore[union-attr]
    long.ballot("r", VOTERS[0], 0.9)
    long.ballot("r", VOTERS[1], 0.9)
    long.wait(10)
    assert long.decision().outcome == "granted"


def test_one_sixth_alone_is_inquorate(long: Scene) -> None:
    long.propose("0.05", action="reduce", proposal_id="r")
    long.ballot("r", VOTERS[0], 0.9)
    long.wait(10)
    assert (long.decision().outcome, long.decision().reasons[0].reason) == ("refused", "INQUORATE")


def test_a_seat_with_a_fifth_of_the_mass_passes_alone() -> None:
    seats = [seat(agent, prior_ppm=200_000) for agent in VOTERS[:5]] + [seat("risk"), seat("compliance")]
    scene = Scene(seats=seats)
    scene.quote()
    scene.state.positions["BTCUSDT"] = D("0.2")
    scene.propose("0.05", action="reduce", proposal_id="r")
    scene.ballot("r", VOTERS[0], 0.9)
    scene.wait(10)
    assert scene.decision().outcome == "granted"


def test_reduce_is_not_extended_and_cannot_be_vetoed(long: Scene) -> None:
    long.propose("0.05", action="reduce", proposal_id="r")
    assert result(long.ballot("r", "risk", None, veto=True)) == "refused:NOT_ENTITLED"
    for agent in VOTERS[:4]:
        long.ballot("r", agent, 0.9)
    assert long.decision().outcome == "granted", "no guard is waited for"


def test_a_cap_stays_in_force_for_a_minute(long: Scene) -> None:
    long.propose("0.05", "risk", action="reduce", proposal_id="r")
    long.fill(long.decision())
    for seconds in (59, 2):
        for _ in range(seconds):
            long.wait(1_000)
            long.quote()
        long.propose("0.3", VOTERS[1], proposal_id=f"buy-back-{seconds}")
        long.everybody(f"buy-back-{seconds}", [0.9] * 6)
        orders = long.decision().orders
        assert long.state.held("BTCUSDT") == D("0.05") + sum((order.quantity for order in orders), D(0))
        if seconds == 59:
            assert (orders, long.decision().reasons[0].reason, long.decision().reasons[0].by) == ((), "CAPPED", "r")
        else:
            assert orders


def test_a_cap_survives_a_restart(long: Scene) -> None:
    long.propose("0.05", "risk", action="reduce", proposal_id="r")
    fresh = BookState(BOOK)
    for step in long.steps:
        for event in step.events:
            fresh.apply(event)
    cap = fresh.cap("BTCUSDT", long.now + 59_999 * MS)
    assert cap is not None
    assert (cap.limit, cap.proposal_id) == (D("0.05"), "r")
    assert fresh.cap("BTCUSDT", long.now + 60_000 * MS) is None
    assert fresh.reserved == long.state.reserved


def test_a_reduce_and_a_trade_round_run_side_by_side(long: Scene) -> None:
    long.propose("0.3", proposal_id="t")
    long.propose("0.1", VOTERS[1], action="reduce", proposal_id="r")
    for agent in VOTERS:
        long.ballot("r", agent, 0.9)
    assert [d.outcome for d in long.bodies(DecisionReached)] == ["granted"]
    long.everybody("t", [0.9] * 6)
    decision = long.decision()
    assert (decision.outcome, decision.reasons[0].reason, decision.reasons[0].by) == ("refused", "CAPPED", "r")


def test_nothing_to_reduce_is_refused(scene: Scene) -> None:
    assert result(scene.propose("0", "risk", action="reduce")) == "refused:NO_CHANGE"


def test_a_reduction_frees_its_budget_only_when_it_is_executed() -> None:
    """2 BTC of equity 100,000 fill the budget; half of them is on its way out, but still there."""
    scene = Scene(cash="0")
    scene.state.positions["BTCUSDT"] = D(2)
    scene.quote("BTCUSDT", "50000")
    scene.quote("ETHUSDT", "3000")
    scene.propose("1", "risk", action="reduce")
    reduction = scene.decision()
    scene.propose("3", symbol="ETHUSDT", proposal_id="early")
    scene.everybody("early")
    assert scene.decision().reasons[0].reason == "NO_BUDGET"
    scene.fill(reduction)
    scene.propose("3", symbol="ETHUSDT", proposal_id="later")
    scene.everybody("later")
    assert scene.decision().outcome == "granted"
