"""Given a council, when an operator is granted a seat for signals in CEL, then it sits, sees and votes at once."""

from __future__ import annotations

import pytest

from agents.agent import View
from agents.council import Council
from agents.demo import DEMO_COUNCIL, declared_seat, seat_council
from agents.seat import Seat
from streams.envelope import Envelope
from streams.events import BookTerms, Event, SeatGranted, SignalRule
from streams.messages import CastBallot, LedgerEntry
from tests.unit.agents.market import BOOK, BTC, START, TERMS, Market, announced, row

UP = SignalRule(name="up", when="market.price > 0.0", score="2.0")


def granted(agent: str = "trend-rule", *signals: SignalRule) -> SeatGranted:
    return SeatGranted(
        agent=agent,
        role="rule",
        owner="research",
        prior_ppm=0,
        veto=False,
        required=False,
        shadow=True,
        signals=signals,
        who="operator:ann",
        why="to be tried",
    )


def entry(*events: Event, first: int = 1, book: str = BOOK) -> Envelope:
    rows = tuple(row(event, position, book) for position, event in enumerate(events, first))
    body = LedgerEntry(log="governance", partition=0, first=first, last=first + len(rows) - 1, recorded_at=0, rows=rows)
    return Envelope(id=f"g-{first}", body=body, actor="relay", sent_at=START, book=book)


@pytest.fixture
def market() -> Market:
    market = Market()
    market.council = Council([], market.view, declared_seat)
    return market


def names(council: Council) -> list[str]:
    return [seat.name for seat in council.seats]


def test_a_declared_agent_sees_the_market_and_votes(market: Market) -> None:
    market.walk([60_000.0 + number % 7 for number in range(40)])
    market.tell(entry(granted("trend-rule", UP)))
    market.walk([60_000.0 + number % 7 for number in range(400)])
    (command,) = market.announce(announced("0.1"))
    assert command.actor == "trend-rule"
    assert isinstance(command.body, CastBallot)
    assert command.body.stance == "approve"


def test_it_comes_once_and_only_with_signals_and_for_this_book(market: Market) -> None:
    market.tell(entry(granted("a"), granted("b", UP), granted("b", UP)))
    market.tell(entry(granted("b", UP), first=2))
    market.tell(entry(granted("c", UP), first=10, book="other"))
    assert names(market.council) == ["b"]


def test_who_sits_already_keeps_the_seat() -> None:
    view = View(BOOK, BookTerms(), {BTC: TERMS})
    seated = Seat("rule", declared_seat(granted("rule", UP), view).agent, view)
    council = Council([seated], view, declared_seat)
    council.handle(entry(granted("rule", UP)), START)
    assert council.seats == [seated]


def test_signals_of_another_release_leave_the_others_alone(market: Market, caplog: pytest.LogCaptureFixture) -> None:
    bad = SignalRule(name="bad", when="market.unheard_of > 1.0", score="1.0")
    market.tell(entry(granted("old", bad), granted("new", UP)))
    assert names(market.council) == ["new"]
    assert "the rule agent old cannot sit: signals: bad: when:" in caplog.text


def test_a_process_that_runs_some_seats_runs_no_declared_ones() -> None:
    for only, expected in (((), ["trend-rule"]), (("risk",), ["risk"])):
        council = seat_council(DEMO_COUNCIL, BOOK, BookTerms(), {BTC: TERMS}, only=only)
        council.handle(entry(granted("trend-rule", UP)), START)
        assert names(council)[-1:] == expected
