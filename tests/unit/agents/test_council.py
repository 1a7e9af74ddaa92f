"""How a council spreads what comes over its seats."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import pytest

from agents.agent import Agent, Idea, View
from agents.demo import BENCH_COUNCIL, DEMO_COUNCIL, bench_council, seat_council
from streams.envelope import Envelope, encode
from streams.events import BookTerms
from streams.messages import Depth, Quote, Tick, Trade
from tests.unit.agents.market import BOOK, BTC, START, TERMS, Market, announced, tick_envelope


class Counting(Agent):
    def __init__(self) -> None:
        self.calls = 0
        self.absorbed: list[Tick] = []

    def on_tick(self, tick: Tick, view: View) -> tuple[Idea, ...]:
        self.calls += 1
        return ()

    def absorb(self, tick: Tick) -> None:
        self.absorbed.append(tick)


class Always(Counting):
    every_ms = 0


class EverySecond(Counting):
    every_ms = 1000


class TradesOnly(Counting):
    wants = (Trade,)
    every_ms = 0
    absorbs: ClassVar[tuple[type[Tick], ...]] = (Quote,)


class Deaf(Counting):
    wants = ()


def test_agents_are_called_at_their_pace_with_what_they_want() -> None:
    agents = [Counting(), Always(), EverySecond(), TradesOnly(), Deaf()]
    market = Market(*agents)
    for _ in range(50):
        market.quote(60_000, after_ms=50)
        market.trade(60_000, after_ms=50)

    assert [agent.calls for agent in agents] == [20 + 1, 100, 5 + 1, 50, 0]
    assert [len(agent.absorbed) for agent in agents] == [0, 0, 0, 50, 0]


def test_an_agent_that_fails_to_absorb_does_not_keep_others_from_it() -> None:
    class Choking(Counting):
        absorbs = (Quote,)

        def absorb(self, tick: Tick) -> None:
            raise RuntimeError("too much")

    class Hungry(Counting):
        absorbs = (Quote,)

    hungry = Hungry()
    market = Market(Choking(), hungry)
    market.quote(60_000)
    assert len(hungry.absorbed) == 1
    assert market.council.errors == 1


def test_depth_moves_the_clock_and_calls_nobody() -> None:
    agent = Counting()
    market = Market(agent)
    market.see(Depth(instrument=BTC, market_at=START + 5, received_at=START + 5, first_id=1, last_id=2))
    assert (market.view.now, agent.calls) == (START + 5, 0)


def test_the_demo_council_is_six_owners_of_a_sixth_and_two_guards() -> None:
    with_mass = [plan for plan in DEMO_COUNCIL if plan.prior_ppm]
    guards = [plan for plan in DEMO_COUNCIL if not plan.prior_ppm]
    assert {plan.prior_ppm for plan in with_mass} == {166_666}
    assert len({plan.owner for plan in with_mass}) == 6
    assert [(plan.name, plan.veto, plan.required) for plan in guards] == [("risk", 1, 1), ("compliance", 1, 1)]
    assert len({plan.name for plan in DEMO_COUNCIL}) == 8


def test_only_some_seats_may_be_run() -> None:
    council = seat_council(DEMO_COUNCIL, BOOK, only=["risk", "rule"])
    assert [seat.name for seat in council.seats] == ["risk", "rule"]
    with pytest.raises(KeyError):
        seat_council(DEMO_COUNCIL, BOOK, only=["nobody"])


def test_two_councils_that_see_the_same_say_the_same() -> None:
    def run() -> bytes:
        market = Market()
        market.council = seat_council(DEMO_COUNCIL, BOOK, BookTerms(), {BTC: TERMS})
        said = []
        for number in range(400):
            price = 60_000 + (number * 7919 % 113) / 3 + number / 5
            said += market.quote(price, bid_size=str(1 + number % 3))
            said += market.trade(price, quantity=str(0.01 * (1 + number % 7)))
        said += market.announce(announced("0.1"))
        assert market.council.errors == 0
        return b"\n".join(map(encode, said))

    said = run()
    assert b"SubmitProposal" in said
    assert run() == said


def test_the_bench_council_beats_time_and_approves() -> None:
    council = seat_council(bench_council(10), BOOK, BookTerms(), {BTC: TERMS})
    market = Market()
    market.council = council
    market.open_book()
    market.quote(60_000)
    beats = [number for number in range(2, 101) if market.quote(60_000, after_ms=1)]
    assert beats == list(range(10, 101, 10))

    stances = [command.body.stance for command in market.announce(announced("0.01"))]  # type: ignore[union-attr]
    assert stances == ["approve"] * 6 + ["abstain"] * 2
    assert [plan.name for plan in BENCH_COUNCIL] == [seat.name for seat in council.seats]


def test_a_metronome_goes_to_and_fro() -> None:
    market = Market()
    market.council = seat_council(bench_council(1), BOOK, BookTerms(), {BTC: TERMS})
    [buying] = market.quote(60_000)
    assert buying.body.target > 0  # type: ignore[union-attr]
    market.fill("buy", str(buying.body.target))  # type: ignore[union-attr]
    [selling] = market.quote(60_000)
    assert selling.body.target == 0  # type: ignore[union-attr]
    market.fill("sell", str(buying.body.target - Decimal("0.00001")))  # type: ignore[union-attr]
    [again] = market.quote(60_000)
    assert again.body.target == buying.body.target, "dust that no venue takes back counts as nothing held"  # type: ignore[union-attr]


def test_messages_of_no_interest_are_passed_over() -> None:
    market = Market(Counting())
    tick = Depth(instrument="XRPUSDT", market_at=START, received_at=START, first_id=1, last_id=1)
    assert market.tell(tick_envelope(tick)) == []
    assert market.tell(Envelope(id="x", body=announced("0.1"), actor="governor", sent_at=0, book="another")) == []
