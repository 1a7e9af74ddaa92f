"""Amendments, and the snapshot of weights that a round votes with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from streams.events import AmendmentOffered, BookTerms, DecisionReached, OrderExpired, ProposalRefused, ProposalTallied
from tests.unit.governance.scene import GUARDS, VOTERS, Scene, result

D = Decimal


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    return scene


# --- amendments -----------------------------------------------------------------------------------


def test_an_amendment_is_announced_voted_and_recorded(scene: Scene) -> None:
    scene.propose("0.2", proposal_id="p")
    (announced,) = scene.amend("p", "0.1", proposal_id="a").announcements
    assert announced.body.amends == "p"  # type: ignore[union-attr]
    assert announced.body.author == VOTERS[1]  # type: ignore[union-attr]
    preferred = min(scene.chamber.floor.docket.rounds["TRADE"].candidates.values(), key=lambda each: each.hash)
    scene.everybody("p", [0.6] * 6)
    scene.everybody("a", [0.6] * 6)
    assert scene.decision().orders[0].quantity == preferred.target
    assert scene.bodies(AmendmentOffered)[0].amends == "p"


def test_who_prefers_the_amendment_abstains_on_the_original(scene: Scene) -> None:
    scene.propose("0.2", proposal_id="p")
    scene.amend("p", "0.1", proposal_id="a")
    scene.everybody("p", [None] * 6)
    scene.everybody("a", [0.7] * 6)
    assert scene.decision().orders[0].quantity == D("0.1")


def test_a_question_has_one_answer_a_seat(scene: Scene) -> None:
    """Given a proposal and its amendment, when a seat forecasts another probability on the second, then it is refused:
    both are right or wrong together. The other side is another question."""
    scene.propose("0.2", proposal_id="p")
    scene.amend("p", "0.1", proposal_id="a")
    scene.propose("-0.1", VOTERS[2], proposal_id="other-side")
    assert not scene.ballot("p", VOTERS[3], 0.6).refusals
    assert result(scene.ballot("a", VOTERS[3], 0.61)) == "refused:INCOHERENT"
    assert not scene.ballot("other-side", VOTERS[3], 0.3).refusals
    assert not scene.ballot("a", VOTERS[3], 0.6).refusals


@pytest.mark.parametrize(
    ("amends", "target", "agent", "code"),
    [
        ("p", "0.1", VOTERS[0], "NOT_ENTITLED"),
        ("p", "0.1", "risk", "NOT_ENTITLED"),
        ("p", "0.2", VOTERS[1], "NO_CHANGE"),
        ("p", "0", VOTERS[1], "NO_CHANGE"),
        ("p", "-0.1", VOTERS[1], "INCOHERENT"),
        ("nothing", "0.1", VOTERS[1], "UNKNOWN_PROPOSAL"),
    ],
)
def test_an_unsound_amendment_is_refused_with_an_event(
    scene: Scene, amends: str, target: str, agent: str, code: str
) -> None:
    scene.propose("0.2", proposal_id="p")
    step = scene.amend(amends, target, agent)
    assert result(step) == f"refused:{code}"
    assert isinstance(step.events[0].body, ProposalRefused)


def test_amendments_end_at_half_of_the_window(scene: Scene) -> None:
    scene.propose("0.2", proposal_id="p")
    scene.wait(12.6)
    assert result(scene.amend("p", "0.1")) == "refused:TOO_LATE"


# --- weights --------------------------------------------------------------------------------------


def test_weight_gained_after_the_opening_changes_nothing(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    heavy = replace(scene.state.seats[VOTERS[0]], prior_ppm=900_000)
    scene.state.seats[VOTERS[0]] = heavy
    scene.state.seats["late"] = replace(heavy, agent="late", owner="late")
    assert result(scene.ballot("p", "late")) == "refused:NOT_ENTITLED"
    scene.everybody("p", [0.9, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert scene.decision().outcome == "refused"
    tallied = scene.bodies(ProposalTallied)[0]
    assert (tallied.yes_ppm, tallied.total_ppm) == (166_666, 6 * 166_666)


def test_absent_seats_stay_in_the_total(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    for agent in (*VOTERS[:2], *GUARDS):
        scene.ballot("p", agent, None if agent in GUARDS else 0.9)
    scene.wait(25)
    if not scene.bodies(DecisionReached):
        scene.wait(25)
    tallied = scene.bodies(ProposalTallied)[0]
    assert (tallied.state, tallied.missing_ppm) == ("INQUORATE", 4 * 166_666)


def test_a_sale_that_was_voted_never_becomes_a_purchase(scene: Scene) -> None:
    """Given a granted purchase that is still on its way, when a smaller target is voted as a sale and the purchase
    comes to nothing before the close, then nothing is bought for it."""
    scene.propose("0.1", proposal_id="buy")
    scene.everybody("buy")
    (ticket,) = scene.decision().orders
    scene.propose("0.04", proposal_id="sell")
    scene.ballot("sell", VOTERS[0])
    scene.executed(
        OrderExpired(order_id=ticket.order_id, decision_id=scene.decision().decision_id, reason="TTL", detail="")
    )
    scene.everybody("sell")
    decision = scene.decision()
    assert (decision.outcome, decision.orders) == ("refused", ())
    assert [str(r.reason) for r in decision.reasons] == ["NO_CHANGE"]


def test_an_amendment_of_a_reduction_is_not_limited_by_the_rate() -> None:
    scene = Scene(terms=BookTerms(message_burst=1))
    scene.quote("BTCUSDT", "50000")
    scene.state.positions["BTCUSDT"] = D("0.5")
    scene.propose("0.2", VOTERS[1], proposal_id="spends the one message")
    scene.propose("0.1", action="reduce", proposal_id="cap")
    assert scene.amend("cap", "0.3", VOTERS[1]).announcements
    assert scene.amend("spends the one message", "0.3", VOTERS[2]).announcements
    assert result(scene.amend("spends the one message", "0.25", VOTERS[2])) == "refused:MESSAGE_RATE"
