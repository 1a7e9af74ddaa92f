"""Strikes: what a seat could have known of counts against it, and it may not propose for a while."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.events import BookTerms, ProposingSuspended
from streams.messages import Code
from tests.unit.governance.scene import VOTERS, Scene, result


@pytest.fixture
def scene() -> Scene:
    scene = Scene(terms=BookTerms(strikes=3, strikes_window_s=10, strikes_pause_s=5))
    scene.quote()
    return scene


def offend(scene: Scene, agent: str = VOTERS[0]) -> str:
    return result(scene.propose("0.1", agent, horizon_s=60))


def test_the_last_strike_suspends_proposing_but_not_voting(scene: Scene) -> None:
    assert [offend(scene) for _ in range(3)] == ["refused:WRONG_HORIZON"] * 3
    (suspended,) = scene.bodies(ProposingSuspended)
    assert (suspended.agent, suspended.strikes, suspended.until) == (VOTERS[0], 3, scene.now + 5_000_000_000)
    assert result(scene.propose("0.1")) == "refused:STRUCK"
    scene.propose("0.1", VOTERS[1], proposal_id="p")
    assert not scene.ballot("p", VOTERS[0]).refusals
    scene.everybody("p")


def test_it_ends(scene: Scene) -> None:
    for _ in range(3):
        offend(scene)
    scene.wait(5_000)
    scene.quote()
    assert scene.propose("0.1").announcements


def test_strikes_are_forgotten_after_the_window(scene: Scene) -> None:
    offend(scene)
    offend(scene)
    scene.wait(10_000)
    scene.quote()
    offend(scene)
    assert not scene.bodies(ProposingSuspended)


def test_reducing_is_never_taken_away(scene: Scene) -> None:
    scene.propose("0.1", VOTERS[1], proposal_id="p")
    scene.everybody("p")
    scene.fill(scene.decision())
    for _ in range(3):
        offend(scene)
    assert scene.propose("0", action="reduce").announcements


def test_what_the_market_did_is_no_strike(scene: Scene) -> None:
    for _ in range(5):
        assert result(scene.propose("0.1", price=Decimal(40000))) == f"refused:{Code.DRIFTED}"
    assert not scene.bodies(ProposingSuspended)


def test_who_may_not_propose_leaves_no_event(scene: Scene) -> None:
    for _ in range(3):
        offend(scene)
    step = scene.propose("0.1")
    assert result(step) == "refused:STRUCK"
    assert not step.events
