"""A round from its opening to its decision, as the shell sees it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streams.events import (
    BallotCast,
    BallotLate,
    BookTerms,
    DecisionReached,
    DeliberationClosed,
    DeliberationOpened,
    OrderCancelled,
    OrderPartiallyFilled,
    ProposalAdmitted,
    ProposalRefused,
    ProposalsArbitrated,
    ProposalTallied,
    RulesEvaluated,
    SituationRecorded,
)
from streams.messages import DeliberationResolved, MassCounted, ProposalAnnounced
from tests.unit.governance.scene import GUARDS, MS, VOTERS, Scene, instrument, result, seat

D = Decimal


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    scene.quote("ETHUSDT", "3000")
    return scene


# --- given a proposal that everybody votes on -----------------------------------------------------


def test_a_proposal_is_announced_at_once_and_recorded_only_at_the_close(scene: Scene) -> None:
    step = scene.propose("0.1", proposal_id="p", correlation="the tick")
    (announced,) = step.announcements
    assert isinstance(announced.body, ProposalAnnounced)
    assert (announced.correlation, announced.actor, announced.causation) == ("the tick", "governor", "message-5")
    assert (announced.body.held, announced.body.price, announced.body.equity) == (0, 50_000, 100_000)
    assert announced.body.joins_until == scene.now + 25 * MS // 2
    assert announced.body.deadline == scene.now + 25 * MS == scene.chamber.floor.rounds.deadline()
    assert (step.events, step.answers) == ([], [])


def test_all_ballots_in_close_it_with_the_events_in_order(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    steps = scene.everybody("p")
    assert [type(body) for body in scene.bodies()] == [
        DeliberationOpened,
        ProposalAdmitted,
        *[BallotCast] * 8,
        DeliberationClosed,
        SituationRecorded,
        ProposalTallied,
        ProposalsArbitrated,
        RulesEvaluated,
        DecisionReached,
    ]
    assert scene.bodies(DeliberationClosed)[0].reason == "all_voted"
    decision = scene.decision()
    assert decision.outcome == "granted"
    (ticket,) = decision.orders
    assert (ticket.side, ticket.quantity, ticket.limit) == ("buy", D("0.1"), D("50250.00"))
    assert (decision.trigger.tick_id, decision.ttl_ms) == ("tick", 200)
    (resolved,) = steps[-1].resolved
    assert isinstance(resolved.body, DeliberationResolved)
    assert (resolved.body.outcome, resolved.body.position) == ("granted", 0)
    assert not scene.chamber.deliberates


def test_events_have_a_gapless_version_and_their_cause(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p", correlation="the tick")
    events = scene.everybody("p")[-1].events
    assert [event.originator_version for event in events] == list(range(1, len(events) + 1))
    assert len({event.originator_id for event in events}) == 1
    assert {event.correlation_id for event in events} == {"the tick"}
    for event in events:
        commanded = isinstance(event.body, ProposalAdmitted | BallotCast)
        assert (event.command_id is not None) == commanded
        assert event.actor == (
            event.body.agent if isinstance(event.body, ProposalAdmitted | BallotCast) else "governor"
        )
    assert events[1].causation_id == events[1].command_id == "message-5"
    closed = next(event for event in events if isinstance(event.body, DeliberationClosed))
    assert closed.causation_id == "message-13", "the ballot that closed it"


def test_every_command_is_answered_once_and_only_with_the_commit(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    *before, last = scene.everybody("p")
    assert all(step.answers == [] for step in before)
    assert sorted(answer.result for answer in last.answers) == ["accepted"] * 9


def test_what_is_granted_is_reserved_until_its_order_is_final(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    assert scene.state.held("BTCUSDT") == D("0.1")
    assert scene.state.positions == {}
    scene.fill(scene.decision())
    assert (scene.state.held("BTCUSDT"), scene.state.reserved) == (D("0.1"), {})
    assert (scene.state.positions, scene.state.cash) == ({"BTCUSDT": D("0.1")}, 95_000)


def test_a_partial_fill_and_a_cancel_release_the_rest(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    (ticket,) = scene.decision().orders
    part = OrderPartiallyFilled(
        order_id=ticket.order_id,
        decision_id="d",
        venue="paper",
        instrument="BTCUSDT",
        side="buy",
        quantity=D("0.04"),
        leaves=D("0.06"),
        price=D(50_000),
        fee=D(1),
        tick_id="t",
        received_at=0,
    )
    scene.executed(part)
    assert (scene.state.held("BTCUSDT"), scene.state.positions["BTCUSDT"]) == (D("0.1"), D("0.04"))
    scene.executed(OrderCancelled(order_id=ticket.order_id, decision_id="d", reason="x"))
    assert scene.state.held("BTCUSDT") == D("0.04")
    assert scene.state.cash == 100_000 - 2_000 - 1


def test_targets_are_compared_with_position_and_reservation(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p")
    assert result(scene.propose("0.1", VOTERS[1])) == "refused:NO_CHANGE"
    scene.propose("0.15", VOTERS[1], proposal_id="q")
    scene.everybody("q")
    assert scene.decision().orders[0].quantity == D("0.05")


# --- windows --------------------------------------------------------------------------------------


def test_others_join_until_half_of_the_window_and_then_wait_for_the_next_round(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="first")
    scene.wait(12.5)
    assert scene.propose("1", VOTERS[1], "ETHUSDT", proposal_id="joins").announcements
    scene.wait(0.1)
    step = scene.propose("-1", VOTERS[2], "ETHUSDT", proposal_id="waits")
    assert (step.announcements, step.answers) == ([], [])
    scene.everybody("first")
    closing = scene.everybody("joins")[-1]
    assert {c.proposal_id for c in scene.bodies(ProposalAdmitted)} == {"first", "joins"}
    (announced,) = closing.announcements
    assert announced.body.proposal_id == "waits"  # type: ignore[union-attr]
    scene.everybody("waits")
    assert len(scene.bodies(DecisionReached)) == 2


def test_what_waited_too_long_is_refused_when_its_round_would_open(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="first")
    scene.wait(13)
    scene.propose("1", VOTERS[2], "ETHUSDT", proposal_id="waits", evidence_received_at=scene.now - 490 * MS)
    scene.wait(12)
    refused = scene.bodies(ProposalRefused)[-1]
    assert (refused.proposal_id, refused.reason) == ("waits", "STALE_PROPOSAL")


def test_the_deadline_closes_and_missing_guards_refuse(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    for agent in VOTERS:
        scene.ballot("p", agent, 0.9)
    scene.wait(24.9)
    assert scene.bodies(DecisionReached) == []
    step = scene.wait(0.1)
    assert scene.bodies(DeliberationClosed)[0].reason == "deadline"
    assert scene.decision().outcome == "refused"
    assert scene.decision().reasons[0].reason == "GUARD_SILENT"
    assert all(event.command_id is None for event in step.events if isinstance(event.body, DeliberationClosed))


def test_a_tick_at_the_deadline_comes_after_the_close(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.now += 25 * MS
    step = scene.quote("BTCUSDT", "1")
    assert [type(event.body) for event in step.events][-1] is DecisionReached


def test_a_ballot_at_the_deadline_is_late_although_nobody_advanced_the_clock(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.now += 50 * MS
    step = scene.ballot("p", VOTERS[0], 0.9)
    assert step.answers[-1].result == "late"
    assert isinstance(step.events[-1].body, BallotLate)


def test_a_missing_seat_with_a_fresh_heartbeat_extends_once(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="warm-up")
    scene.everybody("warm-up", [0.1] * 6)
    scene.wait(4_900)
    scene.quote()
    scene.propose("0.1", proposal_id="p")
    for agent in VOTERS:
        scene.ballot("p", agent, 0.9)
    scene.ballot("p", "risk", None)
    step = scene.wait(25)
    assert scene.chamber.deadline() == scene.now + 25 * MS
    assert isinstance(step.announcements[0].body, MassCounted)
    scene.ballot("p", "compliance", None)
    assert scene.decision().outcome == "granted"


def test_there_is_no_second_extension(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="warm-up")
    scene.everybody("warm-up", [0.1] * 6)
    scene.quote()
    scene.propose("0.1", proposal_id="p")
    scene.wait(25)
    scene.wait(25)
    assert scene.bodies(DeliberationClosed)[-1].reason == "deadline"


def test_a_missing_seat_without_a_heartbeat_does_not_extend(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="warm-up")
    scene.everybody("warm-up", [0.1] * 6)
    for _ in range(6):
        scene.wait(1_000)
        scene.quote()
    scene.propose("0.1", proposal_id="p")
    scene.wait(25)
    assert scene.bodies(DeliberationClosed)[-1].reason == "deadline"


def test_the_mass_that_has_voted_is_told_without_its_stance(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.ballot("p", VOTERS[0], 0.9)
    scene.ballot("p", VOTERS[1], 0.1)
    scene.ballot("p", VOTERS[2], None)
    assert scene.chamber.deadline() == scene.now + MS
    (counted,) = scene.wait(1).announcements
    assert isinstance(counted.body, MassCounted)
    assert (counted.body.voted_ppm, counted.body.total_ppm) == ({"p": 3 * 166_666}, 6 * 166_666)
    assert scene.wait(1).announcements == []


def test_an_early_close_ends_joining(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    for agent in (*VOTERS[:3],):
        scene.ballot("p", agent, 0.1)
    assert scene.bodies(DeliberationClosed)[0].reason == "unflippable"
    scene.propose("0.2", VOTERS[1], proposal_id="next")
    scene.everybody("next")
    assert len(scene.bodies(DeliberationOpened)) == 2


# --- ballots --------------------------------------------------------------------------------------


def test_a_late_ballot_is_recorded_on_its_deliberation_without_effect(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    for agent in VOTERS[:3]:
        scene.ballot("p", agent, 0.1)
    rounds = [step.events for step in scene.steps if step.events]
    closed = next(events for events in rounds if isinstance(events[-1].body, DecisionReached))
    step = scene.ballot("p", VOTERS[4], 0.9)
    assert result(step) == "late"
    (event,) = step.events
    assert isinstance(event.body, BallotLate)
    assert (event.originator_id, event.originator_version) == (closed[0].originator_id, len(closed) + 1)
    assert event.body.weight_ppm == 166_666
    assert scene.ballot("p", VOTERS[5], 0.9).events[0].originator_version == len(closed) + 2
    assert result(scene.ballot("p", VOTERS[5], 0.9)) == "refused:ALREADY_VOTED"


@pytest.mark.parametrize(
    ("agent", "ballot", "code"),
    [
        (VOTERS[0], {"q": 0.6, "stance": "reject"}, "INCOHERENT"),
        (VOTERS[0], {"q": 0.4, "stance": "approve"}, "INCOHERENT"),
        (VOTERS[0], {"q": 0.4, "stance": "abstain"}, "INCOHERENT"),
        (VOTERS[0], {"q": None, "stance": "approve"}, "INCOHERENT"),
        (VOTERS[0], {"q": 0.6, "veto": True}, "NOT_ENTITLED"),
        (VOTERS[0], {"q": 0.6, "size_limit": "1"}, "NOT_ENTITLED"),
        ("nobody", {"q": 0.6}, "UNKNOWN_AGENT"),
    ],
)
def test_an_unsound_ballot_is_refused_with_a_code_and_does_not_count(
    scene: Scene, agent: str, ballot: dict[str, object], code: str
) -> None:
    scene.propose("0.1", proposal_id="p")
    step = scene.ballot("p", agent, **ballot)  # type: ignore[arg-type]
    assert result(step) == f"refused:{code}"
    assert [(r.code, r.command_id) for r in step.refusals] == [(code, step.answers[0].command_id)]
    assert step.events == []
    scene.everybody("p")
    assert len(scene.bodies(BallotCast)) == 8


def test_a_ballot_is_immutable_and_one_per_seat_and_proposal(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.ballot("p", VOTERS[0], 0.9)
    assert result(scene.ballot("p", VOTERS[0], 0.1)) == "refused:ALREADY_VOTED"


def test_a_ballot_on_nothing_is_refused(scene: Scene) -> None:
    assert result(scene.ballot("nothing", VOTERS[0])) == "refused:UNKNOWN_PROPOSAL"


def test_a_veto_stops_it(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    for agent in VOTERS:
        scene.ballot("p", agent, 0.9)
    scene.ballot("p", "risk", None, veto=True)
    assert scene.decision().outcome == "vetoed"
    assert scene.decision().reasons[0].by == "risk"


def test_a_guard_has_no_mass_even_where_it_was_given_some() -> None:
    seats = [seat(agent) for agent in VOTERS] + [seat(agent, prior_ppm=900_000) for agent in GUARDS]
    scene = Scene(seats=seats)
    scene.quote()
    scene.propose("0.1", proposal_id="p")
    scene.everybody("p", [0.1] * 6)
    assert scene.bodies(DeliberationOpened)[0].total_ppm == 6 * 166_666


# --- other terms ----------------------------------------------------------------------------------


def test_the_parameters_are_the_books() -> None:
    scene = Scene(terms=BookTerms(trade_window_ms=100, max_order_value=D(1000)))
    scene.quote()
    step = scene.propose("0.1", proposal_id="p")
    assert step.announcements[0].body.deadline == scene.now + 100 * MS  # type: ignore[union-attr]
    scene.everybody("p")
    assert (scene.decision().outcome, scene.decision().orders[0].quantity) == ("reduced", D("0.02"))
    assert scene.decision().reasons[0].by == "max-order-value"


def test_two_instruments_in_one_round_give_two_orders(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    scene.propose("1", VOTERS[1], "ETHUSDT", proposal_id="q")
    scene.everybody("p")
    scene.everybody("q")
    assert sorted(order.instrument for order in scene.decision().orders) == ["BTCUSDT", "ETHUSDT"]


def test_spot_has_no_short_side() -> None:
    scene = Scene(instruments=[instrument("BTCUSDT", min_position=D(0))])
    scene.quote()
    scene.propose("-0.1", proposal_id="p")
    scene.everybody("p")
    assert scene.decision().reasons[0].reason == "RULE_DENIED"
    assert scene.decision().reasons[0].by == "position-limit"
