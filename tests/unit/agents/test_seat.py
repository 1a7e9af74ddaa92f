"""What a seat makes of an agent's ideas and opinions, whatever the agent does."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.agent import ABSTAIN, Agent, Idea, Opinion, View
from agents.seat import AGENT_ERROR, OLDEST_EVIDENCE_NS
from streams.envelope import Envelope, decode, encode
from streams.events import SeatEntered, SeatGranted, SuspensionLifted, TradingSuspended
from streams.messages import AnnouncedLeg, CastBallot, OfferAmendment, ProposalAnnounced, Quote, SubmitProposal, Tick
from tests.unit.agents.market import BOOK, BTC, MS, START, TERMS, Market, announced, announcement_envelope, quote


class Wanting(Agent):
    """Says what it was told to say."""

    every_ms = 0
    cooldown_ms = 5_000

    def __init__(self, *ideas: Idea, opinion: Opinion = ABSTAIN) -> None:
        self.ideas = ideas
        self.opinion = opinion

    def on_tick(self, tick: Tick, view: View) -> Iterable[Idea]:
        return self.ideas

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        return self.opinion


class Broken(Agent):
    def on_tick(self, tick: Tick, view: View) -> Iterable[Idea]:
        raise RuntimeError("no idea")

    def on_deliberation(self, announced: ProposalAnnounced, view: View) -> Opinion:
        raise RuntimeError("no opinion")


def buy(target: str = "0.1", probability: float = 0.6) -> Idea:
    return Idea(instrument=BTC, target=Decimal(target), probability=probability, reason="because")


def ballots(commands: Iterable[Envelope]) -> list[CastBallot]:
    return [command.body for command in commands if isinstance(command.body, CastBallot)]


def proposals(commands: Iterable[Envelope]) -> list[SubmitProposal]:
    return [command.body for command in commands if isinstance(command.body, SubmitProposal)]


def test_an_idea_becomes_a_proposal_with_its_evidence() -> None:
    market = Market(Wanting(buy()))
    tick = quote(60_000, START)
    [command] = market.see(tick)

    proposal = proposals([command])[0]
    assert (command.actor, command.book, command.correlation, command.causation) == ("agent-1", BOOK, tick.id, tick.id)
    assert (proposal.target, proposal.probability, proposal.horizon_s) == (Decimal("0.1"), 0.6, 30)
    assert proposal.evidence == (tick.id,)
    assert (proposal.evidence_received_at, proposal.evidence_published_at) == (START, START + MS)
    assert proposal.price == Decimal("60000.005")


def test_what_is_sent_goes_over_the_wire_unchanged() -> None:
    market = Market(Wanting(buy(), opinion=Opinion(probability=0.4, size_limit=Decimal(1), reason="small")))
    sent = [*market.quote(60_000), *market.announce(announced("0.1"))]

    assert [decode(encode(command)) for command in sent] == sent


def test_the_same_cause_gives_the_same_ids() -> None:
    first, second = (Market(Wanting(buy())).quote(60_000)[0] for _ in range(2))
    assert first == second


def test_the_same_tick_received_again_is_another_cause() -> None:
    """Given a recording that is replayed a second time, then its proposals are not taken for repeats."""
    first = Market(Wanting(buy())).quote(60_000)[0]
    again = Market(Wanting(buy())).quote(60_000, after_ms=999)[0]
    assert proposals([first])[0].evidence == proposals([again])[0].evidence
    assert first.id != again.id


@given(target=st.decimals("-2", "2", places=7), held=st.decimals("0", "0.7", places=5))
def test_targets_are_whole_lots_within_the_limits_of_the_instrument(target: Decimal, held: Decimal) -> None:
    market = Market(Wanting(buy(str(target))))
    if held:
        market.fill("buy", str(held))
    for proposal in proposals(market.quote(60_000)):
        assert TERMS.min_position <= proposal.target <= TERMS.max_position
        assert proposal.target % TERMS.lot_size == 0
        assert proposal.target != held


def test_nothing_is_proposed_for_an_instrument_that_the_book_does_not_trade() -> None:
    assert not Market(Wanting(buy()), instruments=()).quote(60_000)


def test_evidence_that_is_too_old_is_not_sent_and_costs_no_cooldown() -> None:
    market = Market(Wanting(buy()))
    tick = quote(60_000, START)
    market.now = START + OLDEST_EVIDENCE_NS + 1
    late = Envelope(id=tick.id, body=tick, actor="feed", sent_at=START)

    assert not market.tell(late)
    assert market.seats[0].dropped == {"old_evidence": 1}
    assert proposals(market.see(quote(60_000, market.now, number=2)))


def test_a_seat_rests_after_a_proposal_and_longer_when_it_was_in_vain() -> None:
    market = Market(Wanting(buy()))
    proposed_at = [market.now for _ in range(400) if proposals(market.quote(60_000, after_ms=100))]

    pauses = [(later - earlier) / 1e9 for earlier, later in pairwise(proposed_at)]
    assert pauses == [5, 10, 10, 10]


def test_a_fill_makes_the_next_proposal_a_new_one() -> None:
    market = Market(Wanting(buy()))
    market.quote(60_000)
    market.fill("buy", "0.05")
    market.quote(60_000, after_ms=5_000)
    market.fill("buy", "0.02")

    assert not proposals(market.quote(60_000, after_ms=4_999))
    assert proposals(market.quote(60_000, after_ms=1))


def test_nothing_is_proposed_while_halted() -> None:
    market = Market(Wanting(buy()))
    market.change_mode("HALTED")
    assert not market.quote(60_000)
    market.change_mode("NORMAL")
    assert market.quote(60_000)


@pytest.mark.parametrize(("target", "sent"), [("0.3", 0), ("0.1", 1), ("0", 1)])
def test_only_smaller_positions_are_proposed_while_reduce_only(target: str, sent: int) -> None:
    market = Market(Wanting(buy(target)))
    market.fill("buy", "0.2")
    market.change_mode("REDUCE_ONLY")
    assert len(market.quote(60_000)) == sent


@given(probability=st.one_of(st.none(), st.floats(0, 1)))
def test_stance_follows_from_the_forecast(probability: float | None) -> None:
    market = Market(Wanting(opinion=Opinion(probability=probability)))
    [ballot] = ballots(market.announce(announced("0.1")))

    assert ballot.probability == probability
    assert ballot.stance == ("abstain" if probability is None else "approve" if probability >= 0.5 else "reject")


def test_every_announcement_gets_exactly_one_ballot_of_every_seat() -> None:
    market = Market(Wanting(), Broken(), Wanting(opinion=Opinion(veto=True)))
    bodies = ballots(market.announce(announced("0.1")))
    assert [(ballot.stance, ballot.veto) for ballot in bodies] == [("abstain", 0), ("abstain", 0), ("abstain", 1)]


def test_an_agent_that_raises_abstains_is_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    market = Market(Broken(), Wanting(buy()))
    with caplog.at_level(logging.ERROR):
        assert len(market.quote(60_000)) == 1
        [ballot, _] = ballots(market.announce(announced("0.1")))

    assert (ballot.stance, ballot.reason) == ("abstain", AGENT_ERROR)
    assert market.council.errors == 2
    assert "no idea" in caplog.text
    assert "no opinion" in caplog.text


def test_a_broken_agent_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    market = Market(Broken())
    market.walk([60_000] * 1000)
    assert market.council.errors == 1000
    assert len(caplog.records) == 10


@pytest.mark.parametrize("probability", [float("nan"), float("inf"), -0.1, 1.1])
def test_what_is_no_probability_cannot_be_said(probability: float) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        Opinion(probability=probability)
    with pytest.raises(ValueError, match="not a probability"):
        buy(probability=probability)


def test_reasons_are_made_fit_for_the_wire() -> None:
    market = Market(Wanting(opinion=Opinion(reason="a\0b\ud800" + "x" * 1000)))
    [command] = market.announce(announced("0.1"))
    assert decode(encode(command)).body == command.body
    assert command.body.reason.startswith("a b?")  # type: ignore[union-attr]


def test_an_author_approves_its_own_proposal_with_its_own_forecast() -> None:
    market = Market(Wanting(buy(probability=0.61)))
    proposal_id = proposals(market.quote(60_000))[0].proposal_id
    [ballot] = ballots(market.announce(announced("0.1", proposal_id=proposal_id)))
    assert (ballot.stance, ballot.probability) == ("approve", 0.61)


def test_an_own_proposal_whose_side_has_turned_is_judged_anew() -> None:
    """Given a proposal to buy, when more than its target is held by then, then the forecast for buying says nothing."""
    market = Market(Wanting(buy(probability=0.61)))
    proposal_id = proposals(market.quote(60_000))[0].proposal_id
    [ballot] = ballots(market.announce(announced("0.1", held="0.2", proposal_id=proposal_id)))
    assert ballot.stance == "abstain"


def test_one_forecast_per_round_instrument_and_side() -> None:
    agent = Wanting(opinion=Opinion(probability=0.55))
    market = Market(agent)
    first = ballots(market.announce(announced("0.1", proposal_id="p1")))[0]
    agent.opinion = Opinion(probability=0.7, size_limit=Decimal("0.5"))
    same = ballots(market.announce(announced("0.2", proposal_id="p2")))[0]
    other_side = ballots(market.announce(announced("0.1", held="0.3", proposal_id="p3")))[0]
    other_round = ballots(market.announce(announced("0.1", proposal_id="p4", round_id="next")))[0]

    assert (first.probability, same.probability, same.size_limit) == (0.55, 0.55, Decimal("0.5"))
    assert (other_side.probability, other_round.probability) == (0.7, 0.7)


def test_an_amendment_comes_before_the_ballot_and_only_while_it_may_join() -> None:
    market = Market(Wanting(opinion=Opinion(probability=0.6, amend_to=Decimal("0.05"))))
    in_time = market.announce(announced("0.1"))
    assert [type(command.body) for command in in_time] == [OfferAmendment, CastBallot]

    of_an_amendment = market.announce(announced("0.1", proposal_id="p2", amends="p1"))
    market.now = START + 12 * MS
    too_late = market.tell(announcement_envelope(announced("0.1", proposal_id="p3")))
    assert [type(command.body) for command in of_an_amendment + too_late] == [CastBallot, CastBallot]


def test_rounds_of_other_books_are_nobodys_business() -> None:
    market = Market(Wanting())
    assert not market.tell(announcement_envelope(announced("0.1"), book="another"))


def test_a_reduce_needs_no_forecast() -> None:
    market = Market(Wanting(Idea(instrument=BTC, target=Decimal("0.1"), action="reduce")))
    market.fill("buy", "0.3")
    [proposal] = proposals(market.quote(60_000))
    assert (proposal.action, proposal.probability) == ("reduce", None)

    body = announced("0.1", held="0.3", action="reduce", proposal_id=proposal.proposal_id)
    [ballot] = ballots(market.announce(body))
    assert ballot.stance == "approve"


def test_a_trade_without_a_forecast_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="needs a probability"):
        Idea(instrument=BTC, target=Decimal(1))


def test_a_seat_may_be_asked_by_itself() -> None:
    market = Market(Wanting(buy()))
    tick = quote(60_000, START)
    market.view.observe(tick)
    seat = market.seats[0]
    assert proposals(seat.handle(Envelope(id=tick.id, body=tick, actor="feed", sent_at=START), START))
    assert ballots(seat.handle(announcement_envelope(announced("0.1")), START))
    assert isinstance(tick, Quote)


def test_a_proposal_under_way_and_a_round_that_asks_the_same_have_one_forecast() -> None:
    """Given an own proposal to buy that has not been announced yet, when somebody else's asks the same, then the seat
    says what it proposed with, and says it again on its own."""
    market = Market(Wanting(buy(probability=0.61), opinion=Opinion(probability=0.58)))
    proposal_id = proposals(market.quote(60_000))[0].proposal_id
    other = ballots(market.announce(announced("0.2", proposal_id="theirs")))[0]
    own = ballots(market.announce(announced("0.1", proposal_id=proposal_id)))[0]
    assert (other.probability, own.probability) == (0.61, 0.61)


def test_legs_go_together_so_a_guard_vetoes_what_it_would_make_smaller() -> None:
    leg = AnnouncedLeg(
        instrument="ETHUSDT", target=Decimal(-2), held=Decimal(0), price=Decimal(2500), spread=Decimal(1)
    )
    small = Market(Wanting(opinion=Opinion(size_limit=Decimal(3)))).announce(announced("0.1", legs=(leg,)))
    large = Market(Wanting(opinion=Opinion(size_limit=Decimal(1)))).announce(announced("0.1", legs=(leg,)))
    assert [(b.stance, b.veto) for b in ballots(small) + ballots(large)] == [("abstain", False), ("abstain", True)]
    assert "ETHUSDT" in ballots(large)[0].reason


def test_a_newcomer_votes_and_does_not_propose_trades_until_it_has_entered() -> None:
    market = Market(Wanting(buy(probability=0.61), opinion=Opinion(probability=0.55)))
    name = market.seats[0].name
    market.view.fold(newcomer(name))
    assert not proposals(market.quote(60_000))
    assert ballots(market.announce(announced("0.1")))[0].stance == "approve"
    market.view.fold(SeatEntered(agent=name, weight=0.1, events=50))
    market.now += 10_000 * MS
    assert proposals(market.quote(60_000))


def newcomer(agent: str) -> SeatGranted:
    return SeatGranted(
        agent=agent, role="rule", owner="o", prior_ppm=0, veto=False, required=False, shadow=True, who="w", why="w"
    )


def test_on_a_suspended_instrument_only_less_is_proposed() -> None:
    market = Market(Wanting(buy(probability=0.61)))
    market.view.fold(TradingSuspended(instrument=BTC, who="operator:kim", why="news"))
    assert not proposals(market.quote(60_000))
    market.view.fold(SuspensionLifted(instrument=BTC, who="operator:kim", why="over"))
    assert proposals(market.quote(60_000))
