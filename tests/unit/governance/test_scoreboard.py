"""The chamber scores its council by the bucket: outcomes come in, weights move, newcomers enter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from streams.events import (
    BookTerms,
    CouncilScored,
    DeliberationOpened,
    ObservedOutcome,
    OutcomesRecorded,
    ProposalTallied,
    SeatEntered,
    TermChanged,
)
from streams.messages import RecordOutcomes
from tests.unit.governance.scene import GUARDS, MS, START, VOTERS, Scene, result, seat

HORIZON = 30_000


def outcomes(scene: Scene, bucket: int, y: bool | None = True) -> RecordOutcomes:
    asked = [question.asked for question in scene.state.pending.questions(bucket)]
    seen = tuple(
        ObservedOutcome(
            deliberation_id=each.deliberation_id, question=each.question, legs=(), gain=None if y is None else 0.1, y=y
        )
        for each in asked
    )
    return RecordOutcomes(bucket=bucket, outcomes=seen)


def asked(scene: Scene, proposal_id: str, qs: tuple[float | None, ...]) -> int:
    """A round in the present bucket; gives the bucket."""
    scene.quote()
    scene.propose(str(scene.state.held("BTCUSDT") + Decimal("0.01")), proposal_id=proposal_id)
    scene.everybody(proposal_id, qs)
    return scene.chamber.prices.now // (HORIZON * MS)


def weights(scene: Scene) -> dict[str, int]:
    opened = scene.bodies(DeliberationOpened)[-1]
    assert isinstance(opened, DeliberationOpened)
    assert opened.seats is not None
    assert opened.total_ppm == sum(opened.seats.ppm.values())
    return opened.seats.ppm


PATIENT = BookTerms(stale_suspend_s=1_000_000, stale_reduce_s=1_000_000)
QS = (0.9, 0.6, 0.6, 0.6, 0.3, 0.2)


@pytest.fixture
def scene() -> Scene:
    return Scene(terms=PATIENT)


def test_who_forecast_well_weighs_more_when_the_copy_is_used_again(scene: Scene) -> None:
    first = asked(scene, "p", QS)
    scene.wait(2 * HORIZON)
    step = scene.give(outcomes(scene, first), "scorer")
    assert [type(each.body) for each in step.events] == [OutcomesRecorded, CouncilScored]
    assert result(step) == "accepted"
    asked(scene, "next", (None,) * 6)
    assert len(set(weights(scene).values())) == 1, "the copy of another bucket has not moved"
    scene.wait(HORIZON)
    asked(scene, "third", (None,) * 6)
    ppm = weights(scene)
    assert ppm[VOTERS[0]] > ppm[VOTERS[1]] == ppm[VOTERS[2]] > ppm[VOTERS[4]] > ppm[VOTERS[5]]


def test_weight_that_is_gained_after_the_opening_changes_nothing(scene: Scene) -> None:
    """Given a round that is open, when its copy is scored, then its ballots weigh what they weighed."""
    first = asked(scene, "p", QS)
    scene.wait(3 * HORIZON)
    scene.quote()
    scene.propose("0.05", proposal_id="later")
    scene.give(outcomes(scene, first), "scorer")
    scene.everybody("later", QS)
    (tallied,) = [e for e in scene.bodies(ProposalTallied) if e.proposal_id == "later"]
    assert (tallied.yes_ppm, tallied.no_ppm) == (4 * 166_666, 2 * 166_666)


def test_a_bucket_is_scored_once_as_a_whole_and_by_the_scorer(scene: Scene) -> None:
    bucket = asked(scene, "p", QS)
    record = outcomes(scene, bucket)
    assert result(scene.give(record, VOTERS[0])) != "accepted"
    assert result(scene.give(record, "operator:kim")) == "refused:NOT_ENTITLED"
    assert result(scene.give(RecordOutcomes(bucket=bucket, outcomes=()), "scorer")) == "refused:INVALID"
    assert result(scene.give(record, "scorer")) == "accepted"
    assert result(scene.give(record, "scorer")) == "refused:UNKNOWN_BUCKET"
    unknown = RecordOutcomes(bucket=bucket + 9, outcomes=record.outcomes)
    assert result(scene.give(unknown, "scorer")) == "refused:UNKNOWN_BUCKET"


def test_a_bucket_in_parts_is_scored_with_its_last(scene: Scene) -> None:
    bucket = asked(scene, "p", QS)
    scene.propose("0.2", proposal_id="more")
    scene.everybody("more", QS)
    whole = outcomes(scene, bucket)
    assert len(whole.outcomes) == 2
    one, two = (RecordOutcomes(bucket=bucket, outcomes=(outcome,)) for outcome in whole.outcomes)
    assert [type(each.body) for each in scene.give(one, "scorer").events] == [OutcomesRecorded]
    assert result(scene.give(one, "scorer")) == "refused:INVALID"
    assert [type(each.body) for each in scene.give(two, "scorer").events] == [OutcomesRecorded, CouncilScored]


def test_defeated_and_vetoed_proposals_are_scored_too(scene: Scene) -> None:
    asked(scene, "lost", (0.1,) * 6)
    scene.propose("0.2", proposal_id="vetoed")
    scene.everybody("vetoed", QS, veto=True)
    bucket = START // (HORIZON * MS)
    assert len(scene.state.pending.questions(bucket)) == 2


def test_a_void_outcome_moves_nothing(scene: Scene) -> None:
    bucket = asked(scene, "p", QS)
    step = scene.give(outcomes(scene, bucket, None), "scorer")
    scored = step.events[1].body
    assert isinstance(scored, CouncilScored)
    assert all(each.before == each.after for each in scored.seats)


def test_a_newcomer_votes_in_shadow_until_it_has_been_scored_often_enough() -> None:
    """It is heard and scored, stands outside T, and enters with 1/(N + 1)."""
    newcomer = seat("newcomer", prior_ppm=0, shadow=True)
    seats = [*(seat(agent) for agent in (*VOTERS, *GUARDS)), newcomer]
    scene = Scene(seats=seats, terms=replace(PATIENT, newcomer_events=2))
    for number in range(2):
        scene.quote()
        scene.propose(f"0.0{number + 1}", proposal_id=f"p{number}")
        assert not scene.ballot(f"p{number}", "newcomer", 0.1).refusals
        scene.everybody(f"p{number}", (0.6,) * 6)
        assert scene.decision().outcome == "granted"
        assert "newcomer" not in weights(scene)
        scene.wait(HORIZON)
    entered = []
    for bucket in scene.state.pending.buckets():
        entered += [each.body for each in scene.give(outcomes(scene, bucket), "scorer").events]
    (entry,) = [body for body in entered if isinstance(body, SeatEntered)]
    assert (entry.agent, entry.weight, entry.events) == ("newcomer", 1 / 7, 2)
    scene.wait(HORIZON)
    asked(scene, "after", (None,) * 6)
    assert 100_000 < weights(scene)["newcomer"] <= 1_000_000 // 7
    assert not scene.state.seats["newcomer"].shadow


def test_a_newcomer_does_not_propose(scene: Scene) -> None:
    scene.found("Council", seat("newcomer", prior_ppm=0, shadow=True))
    scene.quote()
    assert result(scene.propose("0.1", "newcomer")) == "refused:NOT_ENTITLED"


def test_p_at_the_opening_is_what_forecasts_are_judged_from(scene: Scene) -> None:
    """Given a round that opened at 50,000, when a proposal joins after the price has moved, then both are judged from
    50,000."""
    scene.quote(price="50000")
    scene.propose("0.1", proposal_id="p")
    scene.wait(5)
    scene.quote(price="50050")
    scene.propose("0.2", VOTERS[1], proposal_id="joined")
    candidates = scene.chamber.floor.docket.rounds["TRADE"].candidates
    assert {candidate.market.price for candidate in candidates.values()} == {Decimal(50_000)}


def test_a_new_cap_per_owner_holds_from_the_next_round_on(scene: Scene) -> None:
    """Given weights that are known already, when the cap is lowered within the bucket, then the next round has it."""
    heavy = seat(VOTERS[0], prior_ppm=900_000)
    scene = Scene(seats=[heavy, *(seat(agent) for agent in (*VOTERS[1:], *GUARDS))], terms=PATIENT)
    asked(scene, "before", (None,) * 6)
    assert weights(scene)[VOTERS[0]] == 333_333
    scene.found(
        "Book", TermChanged(name="owner_cap", instrument="", origin=Decimal(0), to=Decimal("0.25"), who="w", why="w")
    )
    asked(scene, "after", (None,) * 6)
    assert weights(scene)[VOTERS[0]] == 250_000


def test_what_comes_into_a_bucket_after_its_score_is_not_scored_again(scene: Scene) -> None:
    bucket = asked(scene, "p", QS)
    assert result(scene.give(outcomes(scene, bucket), "scorer")) == "accepted"
    asked(scene, "late", QS)
    assert scene.state.pending.questions(bucket)
    assert result(scene.give(outcomes(scene, bucket), "scorer")) == "refused:UNKNOWN_BUCKET"
