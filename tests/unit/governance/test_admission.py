"""Who and what may come in, code by code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from governance.domain.admission import MessageRate
from streams.events import BookTerms, DecisionReached, ProposalRefused, SeatReinstated, SeatSuspended
from streams.messages import Code, ProposalAnnounced, ReportFeedGap, SubmitProposal
from tests.unit.governance.scene import GUARDS, MS, START, VOTERS, Scene, result, seat

D = Decimal


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.quote("BTCUSDT", "50000")
    return scene


def refused(scene: Scene, code: str, *, event: bool = True, **proposal: Any) -> None:
    step = scene.propose(proposal.pop("target", "0.1"), proposal.pop("agent", VOTERS[0]), **proposal)
    assert result(step) == f"refused:{code}"
    assert [type(each.body) for each in step.events] == ([ProposalRefused] if event else [])
    if event:
        assert step.events[0].body.reason == code  # type: ignore[attr-defined]
        assert step.events[0].command_id == step.answers[0].command_id
    else:
        assert [each.code for each in step.refusals] == [code]
    assert step.announcements == []


def test_an_unknown_agent_is_turned_away_at_the_door(scene: Scene) -> None:
    refused(scene, "UNKNOWN_AGENT", agent="nobody", event=False)


def test_another_book_is_turned_away_at_the_door(scene: Scene) -> None:
    refused(scene, "UNKNOWN_BOOK", book="other", event=False)


def test_an_unknown_instrument(scene: Scene) -> None:
    refused(scene, "UNKNOWN_INSTRUMENT", symbol="DOGEUSDT")


def test_a_proposal_id_that_is_open_waiting_or_closed_is_taken(scene: Scene) -> None:
    scene.propose("0.1", proposal_id="p")
    refused(scene, "DUPLICATE", proposal_id="p", event=False)
    scene.wait(13)
    scene.propose("0.2", VOTERS[1], proposal_id="waits")
    refused(scene, "DUPLICATE", proposal_id="waits", event=False)
    scene.everybody("p")
    refused(scene, "DUPLICATE", proposal_id="p", event=False)


def test_a_suspended_seat_neither_proposes_nor_votes_until_it_is_reinstated(scene: Scene) -> None:
    scene.found("Council", SeatSuspended(agent=VOTERS[0], who="operator:a", why="spam"))
    refused(scene, "SEAT_SUSPENDED")
    scene.propose("0.1", VOTERS[1], proposal_id="p")
    assert result(scene.ballot("p", VOTERS[0])) == "refused:SEAT_SUSPENDED"
    scene.wait(25)
    scene.found("Council", SeatReinstated(agent=VOTERS[0], who="operator:a", why="ok"))
    scene.quote()
    assert scene.propose("0.1").announcements


def test_a_suspended_mass_stays_in_the_total_until_a_second_operator_confirms(scene: Scene) -> None:
    """What is out of T is shared by the others: five fifths instead of six sixths."""
    for who, voters in (("operator:a", 6), ("operator:a", 6), ("operator:b", 5)):
        scene.found("Council", SeatSuspended(agent=VOTERS[5], who=who, why="spam"))
        scene.propose("0.1", proposal_id=f"p-{who}-{scene.now}")
        weights = scene.chamber.floor.docket.rounds["TRADE"].weights
        assert weights.ppm == dict.fromkeys(sorted(VOTERS[:voters]), 1_000_000 // voters)
        assert weights.total_ppm == sum(weights.ppm.values())
        scene.wait(50)
        scene.quote()


@pytest.mark.parametrize("guard", GUARDS)
def test_guards_do_not_propose_trades(scene: Scene, guard: str) -> None:
    refused(scene, "NOT_ENTITLED", agent=guard)


def test_only_guards_halt(scene: Scene) -> None:
    refused(scene, "NOT_ENTITLED", action="halt", target="0")


def test_the_horizon_is_the_books_or_not_said(scene: Scene) -> None:
    refused(scene, "WRONG_HORIZON", horizon_s=60)
    assert scene.propose("0.1", horizon_s=0).announcements


def test_a_command_that_was_under_way_for_ten_minutes_is_too_old(scene: Scene) -> None:
    refused(scene, "TOO_OLD", sent_at=scene.now - 600_001 * MS, event=False)
    assert scene.propose("0.1", sent_at=scene.now - 600_000 * MS).announcements


def test_a_command_that_is_dated_more_than_a_minute_ahead_is_refused(scene: Scene) -> None:
    refused(scene, "DATED_AHEAD", sent_at=scene.now + 60_001 * MS, event=False)
    assert scene.propose("0.1", sent_at=scene.now + 60_000 * MS).announcements


def test_age_is_counted_to_the_entry_and_never_to_now(scene: Scene) -> None:
    entry = f"{(START - 3_600_000 * MS) // MS}-0"
    step = scene.propose("0.1", sent_at=START - 3_600_000 * MS, entry_id=entry)
    assert step.announcements


def test_the_message_rate_is_a_bucket_per_agent() -> None:
    scene = Scene(terms=BookTerms(message_burst=3, messages_per_s=10))
    scene.quote()
    for _ in range(3):
        assert result(scene.propose("0.1", horizon_s=1)) == "refused:WRONG_HORIZON"
    refused(scene, "MESSAGE_RATE", event=False)
    assert scene.propose("0.1", VOTERS[1], proposal_id="p").announcements
    assert result(scene.amend("p", "0.05", VOTERS[0])) == "refused:MESSAGE_RATE"
    assert scene.ballot("p", VOTERS[0]).answers == [], "ballots are not limited"
    scene.wait(100)
    scene.quote()
    assert scene.propose("0.1").announcements, "a tenth of a second later there is one more"


def test_who_waited_for_the_governor_is_judged_by_when_it_sent() -> None:
    scene = Scene(terms=BookTerms(message_burst=3, messages_per_s=10))
    scene.quote()
    then = scene.now // 1_000_000
    scene.wait(2_000)
    scene.quote()
    late = [scene.propose("0.1", entry_id=f"{then + 200 * number}-0") for number in range(9)]
    assert Code.MESSAGE_RATE not in {refusal.code for step in late for refusal in step.refusals}


def test_reduce_is_not_limited_by_the_rate() -> None:
    scene = Scene(terms=BookTerms(message_burst=0))
    scene.quote()
    refused(scene, "NO_CHANGE", action="reduce", target="0")


def test_the_bucket_never_holds_more_than_the_burst() -> None:
    rate, terms = MessageRate(), BookTerms(message_burst=2, messages_per_s=50)
    assert [rate.take("a", 0, terms) for _ in range(3)] == [True, True, False]
    assert [rate.take("a", 10**12, terms) for _ in range(3)] == [True, True, False]


def test_without_a_price_nothing_is_admitted(scene: Scene) -> None:
    refused(scene, "NO_PRICE", symbol="ETHUSDT", price=D(1))


def test_without_a_price_of_what_is_held_nothing_is_admitted(scene: Scene) -> None:
    scene.state.positions["ETHUSDT"] = D(1)
    refused(scene, "NO_PRICE")


def test_stale_data_is_refused_but_not_for_what_shrinks_risk(scene: Scene) -> None:
    scene.state.positions["BTCUSDT"] = D("0.2")
    trade_like = scene.chamber.prices
    scene.quote("ETHUSDT", "3000", market_at=START + 6_000 * MS)
    assert trade_like.view("BTCUSDT") is None
    refused(scene, "NO_PRICE", target="0.3", price=D(50_000))


def test_a_last_trade_older_than_five_seconds_is_stale(scene: Scene) -> None:
    scene.state.positions["BTCUSDT"] = D("0.2")
    scene.trade("BTCUSDT", "50000")
    scene.quote("ETHUSDT", "3000", market_at=START + 5_001 * MS)
    refused(scene, "STALE_DATA", target="0.3")
    assert scene.propose("0.1").announcements
    scene.wait(50)
    scene.quote("ETHUSDT", "3000", market_at=START + 5_000 * MS)
    assert scene.propose("0.1", action="reduce").announcements


def test_evidence_older_than_half_a_second_is_stale(scene: Scene) -> None:
    refused(scene, "STALE_PROPOSAL", evidence_received_at=scene.now - 500 * MS - 1)
    assert scene.propose("0.1", evidence_received_at=scene.now - 500 * MS).announcements


def test_evidence_from_the_future_is_refused(scene: Scene) -> None:
    refused(scene, "STALE_PROPOSAL", evidence_received_at=scene.now + 500 * MS + 1)


def test_a_price_that_ran_away_is_refused_in_both_directions(scene: Scene) -> None:
    refused(scene, "DRIFTED", price=D("49900"))
    refused(scene, "DRIFTED", price=D("50101"))
    assert scene.propose("0.1", price=D("49900.2")).announcements


def test_drift_does_not_stop_what_shrinks_risk(scene: Scene) -> None:
    scene.state.positions["BTCUSDT"] = D("0.2")
    assert scene.propose("0.1", price=D("40000")).announcements


def test_less_than_a_lot_is_no_change(scene: Scene) -> None:
    refused(scene, "NO_CHANGE", target="0")
    refused(scene, "NO_CHANGE", target="0.00009")


def test_fewer_than_three_owners_with_mass_close_trade() -> None:
    seats = [seat(VOTERS[0]), seat(VOTERS[1]), seat(VOTERS[2], owner=f"owner-{VOTERS[1]}"), *map(seat, GUARDS)]
    scene = Scene(seats=seats)
    scene.quote()
    refused(scene, "COUNCIL_TOO_SMALL")


def test_who_proposes_a_trade_believes_in_it(scene: Scene) -> None:
    refused(scene, "INCOHERENT", probability=0.49)
    refused(scene, "INCOHERENT", probability=None)
    assert scene.propose("0.1", probability=0.5).announcements


def test_a_negative_cap_is_invalid(scene: Scene) -> None:
    refused(scene, "INVALID", action="reduce", target="-1")


def test_an_absurd_target_is_left_to_the_rules(scene: Scene) -> None:
    scene.propose("1E+18", proposal_id="p")
    scene.everybody("p")
    assert scene.decision().outcome == "refused"
    scene.propose("1E-100000", proposal_id="tiny", agent=VOTERS[1])
    assert scene.bodies(ProposalRefused)[-1].reason == "NO_CHANGE"


def test_what_is_no_command_is_turned_away(scene: Scene) -> None:
    announced = scene.propose("0.1", proposal_id="p").announcements[0].body
    assert isinstance(announced, ProposalAnnounced)
    assert result(scene.give(announced, VOTERS[0])) == "refused:UNKNOWN_TYPE"


def test_only_feeds_report_gaps(scene: Scene) -> None:
    gap = ReportFeedGap(instrument="BTCUSDT", kind="trade", first=1, last=2, market_at=0)
    assert result(scene.give(gap, VOTERS[0])) == "refused:NOT_ENTITLED"
    step = scene.give(gap, "feed")
    assert (result(step), step.events[0].originator_version) == ("accepted", 3)


def test_a_refused_proposal_may_be_refused_again_under_another_command(scene: Scene) -> None:
    one = scene.propose("0.1", proposal_id="p", horizon_s=1)
    two = scene.propose("0.1", proposal_id="p", horizon_s=1)
    assert one.events[0].originator_id != two.events[0].originator_id
    assert (one.events[0].originator_version, two.events[0].originator_version) == (1, 1)


# --- what a crash interrupted ---------------------------------------------------------------------


def test_an_interrupted_proposal_is_recorded_as_expired_and_its_ballots_are_answered(scene: Scene) -> None:
    step = scene.propose("0.1", proposal_id="p", interrupted=True)
    assert result(step) == "expired:RESTARTED"
    decision = step.events[-1].body
    assert isinstance(decision, DecisionReached)
    assert (decision.outcome, decision.reasons[0].reason, decision.orders) == ("expired", Code.RESTARTED, ())
    assert [event.originator_version for event in step.events] == [1, 2, 3, 4]
    assert step.announcements == []
    ballot = scene.ballot("p", VOTERS[1], interrupted=True)
    assert (result(ballot), ballot.events) == ("expired:RESTARTED", [])
    assert result(scene.amend("p", "0.2", interrupted=True)) == "expired:RESTARTED"
    assert result(scene.ballot("p", VOTERS[1])) == "late"


def test_an_interrupted_proposal_needs_no_price() -> None:
    scene = Scene()
    step = scene.propose("0.1", interrupted=True, price=D(7))
    assert result(step) == "expired:RESTARTED"
    assert step.events[0].body.market.price == 7  # type: ignore[attr-defined]


def test_an_interrupted_halt_is_obeyed() -> None:
    scene = Scene()
    step = scene.give(
        SubmitProposal(
            proposal_id="h", action="halt", instrument="BTCUSDT", target=D(0), price=D(1), evidence_received_at=0
        ),
        "risk",
        interrupted=True,
    )
    assert (result(step), len(step.halts)) == ("accepted", 1)


def test_an_interrupted_command_of_nobody_is_turned_away(scene: Scene) -> None:
    assert result(scene.propose("0.1", "nobody", interrupted=True)) == "refused:UNKNOWN_AGENT"


@pytest.mark.parametrize(
    ("changed", "code"), [({"instrument": "NOPE"}, "UNKNOWN_INSTRUMENT"), ({"first": 3, "last": 2}, "INVALID")]
)
def test_a_gap_that_cannot_be_is_refused(scene: Scene, changed: dict[str, Any], code: str) -> None:
    known: dict[str, Any] = {"instrument": "BTCUSDT", "kind": "trade", "first": 1, "last": 2, "market_at": 0}
    assert result(scene.give(ReportFeedGap(**(known | changed)), "feed")) == f"refused:{code}"
