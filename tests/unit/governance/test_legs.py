"""Proposals of several legs through the chamber: announced, voted, granted and scored as one, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from streams.events import DeliberationOpened, ProposalAdmitted
from streams.messages import Leg, ProposalAnnounced
from tests.unit.governance.scene import VOTERS, Scene, result

D = Decimal


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    scene.quote("ETHUSDT", "2500")
    return scene


def pair(scene: Scene, first: str = "0.1", second: str = "-2", **changed: Any) -> Any:
    leg = Leg(instrument=changed.pop("symbol", "ETHUSDT"), target=D(second), price=D(changed.pop("seen", "2500")))
    return scene.propose(first, proposal_id=changed.pop("proposal_id", "pair"), legs=(leg,), **changed)


def test_both_legs_become_orders_of_one_decision(scene: Scene) -> None:
    (announced,) = pair(scene).announcements
    assert isinstance(announced.body, ProposalAnnounced)
    assert [(leg.instrument, leg.target, leg.price) for leg in announced.body.legs] == [("ETHUSDT", D(-2), D(2500))]
    scene.everybody("pair")
    orders = {(o.instrument, o.side, o.quantity) for o in scene.decision().orders}
    assert orders == {("BTCUSDT", "buy", D("0.1")), ("ETHUSDT", "sell", D(2))}
    (admitted,) = scene.bodies(ProposalAdmitted)
    assert [(leg.instrument, leg.market.price) for leg in admitted.legs] == [("ETHUSDT", D(2500))]


def test_it_is_one_question_about_both(scene: Scene) -> None:
    pair(scene)
    scene.everybody("pair")
    (opened,) = scene.bodies(DeliberationOpened)
    bucket = int(opened.weights_version.rpartition(":")[2])
    (question,) = scene.state.pending.questions(bucket)
    assert question.asked.question == "BTCUSDT:buy+ETHUSDT:sell"
    assert [leg.value for leg in question.asked.legs] == [D(5000), D(5000)]
    assert question.forecasts == dict.fromkeys(VOTERS, 0.6)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"symbol": "DOGEUSDT"}, "UNKNOWN_INSTRUMENT"),
        ({"second": "0"}, "NO_CHANGE"),
        ({"seen": "2600"}, "DRIFTED"),
        ({"action": "reduce", "first": "0"}, "INVALID"),
    ],
)
def test_one_bad_leg_refuses_all(scene: Scene, changed: dict[str, str], code: str) -> None:
    assert result(pair(scene, **changed)) == f"refused:{code}"


def test_two_legs_on_one_instrument_are_no_message() -> None:
    with pytest.raises(ValueError, match="same instrument"):
        pair(Scene(), symbol="BTCUSDT")


def test_a_leg_without_a_price_refuses_all() -> None:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    assert result(pair(scene)) == "refused:NO_PRICE"


def test_a_leg_that_is_outvoted_on_its_instrument_takes_the_other_with_it(scene: Scene) -> None:
    """Given a pair and a lone trade of more mass the other way on its second leg, when both pass, then the pair is out
    as a whole and says what beat it."""
    pair(scene)
    scene.propose("2", VOTERS[1], "ETHUSDT", proposal_id="lone")
    scene.everybody("pair", (0.6, 0.6, 0.6, 0.6, None, None))
    scene.everybody("lone", (0.4, 0.8, 0.8, 0.8, 0.8, 0.8))
    decision = scene.decision()
    assert [(o.instrument, o.side) for o in decision.orders] == [("ETHUSDT", "buy")]
    lost = {r.proposal_id: (r.state, r.reason) for r in decision.reasons}
    assert lost["pair"] == ("SUPERSEDED", "LEG_LOST")


def test_an_interrupted_pair_is_recorded_with_its_legs(scene: Scene) -> None:
    pair(scene, interrupted=True)
    (admitted,) = scene.bodies(ProposalAdmitted)
    assert [(leg.instrument, leg.target) for leg in admitted.legs] == [("ETHUSDT", D(-2))]
    assert scene.decision().outcome == "expired"


def test_a_veto_on_it_vetoes_all(scene: Scene) -> None:
    pair(scene)
    scene.everybody("pair", veto=True)
    assert (scene.decision().outcome, scene.decision().orders) == ("vetoed", ())
