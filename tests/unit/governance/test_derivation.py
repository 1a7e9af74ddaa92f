"""Any decision can be derived again from the events of its log alone, and whatever was changed in them is found."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, settings
from pytest_benchmark.fixture import BenchmarkFixture

from governance.domain.derivation import Finding
from streams.events import (
    DecisionReached,
    DeliberationOpened,
    SeatSuspended,
    TermChanged,
)
from streams.messages import Leg, RefuseHold, ReleaseHold
from tests.unit.governance.ledgered import LedgeredScene, derive, held_scene, rows_of
from tests.unit.governance.scene import VOTERS, seat
from tests.unit.governance.test_properties import ACTIONS, SEATS, Play

ROUNDS = 100


@settings(max_examples=200, deadline=None)
@given(ACTIONS)
def test_every_decision_of_whatever_is_played_derives(actions: list[tuple[Any, ...]]) -> None:
    play = Play(actions)
    founding = LedgeredScene().events()
    rows = rows_of([*founding, *play.events])
    findings = derive(rows)
    assert [finding for finding in findings if not finding.derived] == []
    middle = rows[len(rows) // 2].position
    assert derive(rows, first=middle) == [finding for finding in findings if finding.position >= middle]
    decided = [event.body.decision_id for event in play.events if isinstance(event.body, DecisionReached)]
    assert [finding.decision_id for finding in findings if finding.event == "DecisionReached"] == decided


# --- what a list of actions does not come to ------------------------------------------------------


def sure(scene: LedgeredScene, kind: str = "DecisionReached") -> list[Finding]:
    """All findings, of which none may differ."""
    findings = derive(scene.rows())
    assert [finding for finding in findings if not finding.derived] == []
    assert any(finding.event == kind for finding in findings)
    return findings


def test_a_hold_and_what_follows_from_its_release_derive() -> None:
    scene, held = held_scene()
    scene.wait(900)
    scene.quote(price="50010")
    scene.give(ReleaseHold(decision_id=held.decision_id, reason="looks right"), "operator:b")
    assert scene.decision().orders
    assert [finding.event for finding in sure(scene)] == ["DecisionHeld", "DecisionReached"]


def test_a_hold_that_is_refused_or_lapses_derives() -> None:
    scene, held = held_scene()
    scene.give(RefuseHold(decision_id=held.decision_id, reason="no"), "operator:b")
    assert scene.decision().outcome == "refused"
    sure(scene)
    scene, held = held_scene()
    scene.wait(121_000)
    assert scene.decision().outcome == "expired"
    sure(scene)


def test_rounds_that_opened_before_a_seat_or_a_term_changed_derive() -> None:
    scene = LedgeredScene()
    scene.quote()
    scene.propose("0.1", proposal_id="p1")
    scene.later("Council", SeatSuspended(agent=VOTERS[5], who="operator:a", why="odd"))
    quorum = TermChanged(
        name="trade_quorum", instrument="", origin=Decimal("0.4"), to=Decimal("0.9"), who="operator:a", why="test"
    )
    scene.later("Book", quorum)
    scene.everybody("p1", (0.6, 0.6, 0.6, 0.6, None, None))
    scene.wait(60)
    assert scene.decision().outcome == "granted"
    sure(scene)
    scene.wait(3_000)
    scene.quote()
    scene.propose("0.2", proposal_id="p2")
    scene.everybody("p2", (0.6, 0.6, 0.6, 0.6, None, None))
    scene.wait(60)
    assert scene.decision().outcome == "refused"
    sure(scene)


def test_a_proposal_of_several_legs_derives() -> None:
    scene = LedgeredScene()
    scene.quote()
    scene.quote("ETHUSDT", "3000")
    leg = Leg(instrument="ETHUSDT", target=Decimal("-1"), price=Decimal(3000))
    scene.propose("0.1", proposal_id="p1", legs=(leg,))
    scene.everybody("p1")
    assert len(scene.decision().orders) == 2
    sure(scene)


def test_newcomers_vote_in_shadow_and_the_round_derives() -> None:
    scene = LedgeredScene(seats=[*(seat(name) for name in SEATS), seat("newcomer", shadow=True)])
    scene.quote()
    scene.propose("0.1", proposal_id="p1")
    scene.ballot("p1", "newcomer", 0.1)
    scene.everybody("p1")
    assert scene.decision().outcome == "granted"
    sure(scene)


def test_rounds_of_an_earlier_release_are_counted_and_not_derived() -> None:
    scene = LedgeredScene()
    scene.quote()
    scene.propose("0.1", proposal_id="p1")
    scene.everybody("p1")
    rows = rows_of(
        msgspec.structs.replace(event, body=msgspec.structs.replace(event.body, seats=None))
        if isinstance(event.body, DeliberationOpened)
        else event
        for event in scene.events()
    )
    (finding,) = derive(rows)
    assert finding.underivable == "recorded by an earlier release"


def test_how_fast_decisions_derive(benchmark: BenchmarkFixture) -> None:
    """Rows are in memory: what the derivation itself takes. Of a hundred rounds with eight ballots each."""
    scene = LedgeredScene()
    for number in range(ROUNDS):
        scene.quote()
        scene.propose(f"0.{number % 15 + 1:02}", proposal_id=f"p{number}")
        scene.everybody(f"p{number}", (0.6, 0.6, 0.6, 0.6, 0.6, 0.4))
        scene.fill(scene.decision())
        scene.wait(3_000)
    rows = scene.rows()
    findings = benchmark(derive, rows)
    assert [finding.derived for finding in findings] == [True] * ROUNDS
    benchmark.extra_info["decisions"] = ROUNDS
