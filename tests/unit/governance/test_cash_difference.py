"""A difference in cash at the reconciliation: it suspends every instrument until one operator clears it, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from governance.domain.breakers import explanation
from governance.domain.safety import CASH
from streams.events import (
    BookReconciled,
    BreakerTripped,
    Event,
    InstrumentListed,
    ReconciliationFailed,
    SuspensionLifted,
    TradingSuspended,
)
from streams.messages import ClearBreaker, LiftSuspension, SuspendInstrument
from tests.unit.governance.ledgered import LedgeredScene
from tests.unit.governance.scene import instrument, result

D = Decimal
A = "operator:a"
BTC, ETH = "BTCUSDT", "ETHUSDT"
CLEAR = ClearBreaker(breaker="reconciliation", subject="USDT", reason="a transfer is on its way")


@pytest.fixture
def found() -> LedgeredScene:
    found = LedgeredScene()
    found.quote()
    return found


def differs(found: LedgeredScene, by: str, name: str = "USDT") -> None:
    """Reported a minute later, and looked at."""
    report(found, ReconciliationFailed(venue="v", instrument=name, book_quantity=D(100), venue_quantity=100 - D(by)))


def report(found: LedgeredScene, body: Event) -> None:
    found.wait(60_000)
    found.executed(body)
    found.quote()


def trips(found: LedgeredScene) -> list[str]:
    return [each.subject for each in found.bodies(BreakerTripped) if each.breaker == "reconciliation"]


def by_cash(found: LedgeredScene) -> list[str]:
    return sorted(name for name, causes in found.state.safety.suspended.items() if CASH in causes)


def test_it_suspends_entries_in_every_instrument_and_one_clearance_lifts_them_all(found: LedgeredScene) -> None:
    differs(found, "12.5")
    assert (trips(found), by_cash(found)) == (["USDT"], [BTC, ETH])
    assert [each.instrument for each in found.bodies(TradingSuspended) if each.who == CASH] == [BTC, ETH]
    assert result(found.propose("0.1")) == "refused:SUSPENDED"
    differs(found, "12.5")
    assert by_cash(found) == [BTC, ETH]
    assert len([each for each in found.bodies(TradingSuspended) if each.who == CASH]) == 2
    assert result(found.give(CLEAR, A)) == "accepted"
    assert by_cash(found) == []
    assert [each.instrument for each in found.bodies(SuspensionLifted) if each.who == CASH] == [BTC, ETH]


def test_the_same_difference_that_was_cleared_is_no_news_until_it_changes(found: LedgeredScene) -> None:
    differs(found, "12.5")
    found.give(CLEAR, A)
    for _ in range(3):
        differs(found, "12.5")
        found.restarted()
        differs(found, "12.509")
    assert (trips(found), by_cash(found)) == (["USDT"], [])
    differs(found, "12.51")
    assert (trips(found), by_cash(found)) == (["USDT"] * 2, [BTC, ETH])
    assert found.bodies(BreakerTripped)[-1].inputs["cleared"] == "12.5"
    found.give(CLEAR, A)
    differs(found, "12.51")
    assert len(trips(found)) == 2
    differs(found, "12.5")
    assert len(trips(found)) == 3


def test_once_they_agreed_the_same_difference_is_news_again(found: LedgeredScene) -> None:
    differs(found, "12.5")
    found.give(CLEAR, A)
    report(found, BookReconciled(venue="v", instruments=(BTC,)))
    differs(found, "12.5")
    assert trips(found) == ["USDT"] * 2
    report(found, BookReconciled(venue="v", instruments=(BTC,)))
    found.give(CLEAR, A)  # by now there is no difference that could be cleared
    differs(found, "12.5")
    assert (trips(found), by_cash(found)) == (["USDT"] * 3, [BTC, ETH])


def test_what_is_listed_while_it_lasts_is_suspended_too(found: LedgeredScene) -> None:
    differs(found, "-3")
    found.later("Book", InstrumentListed(terms=instrument("SOLUSDT"), who=A, why="new"))
    found.wait(200)
    found.quote()
    assert by_cash(found) == [BTC, ETH, "SOLUSDT"]
    found.give(CLEAR, A)
    assert by_cash(found) == []


def test_it_is_lifted_for_all_instruments_or_for_none(found: LedgeredScene) -> None:
    """Nor does the clearance lift what suspends an instrument for another reason."""
    found.give(SuspendInstrument(instrument=ETH, reason="odd"), A)
    differs(found, "3")
    step = found.give(LiftSuspension(instrument=BTC, reason="go on"), A)
    assert result(step) == "refused:SUSPENDED"
    assert by_cash(found) == [BTC, ETH]
    found.give(CLEAR, A)
    assert A in found.state.safety.suspended[ETH]
    assert result(found.give(LiftSuspension(instrument=ETH, reason="fine"), A)) == "accepted"


def test_it_lasts_over_a_restart(found: LedgeredScene) -> None:
    differs(found, "3")
    found.restarted()
    found.quote()
    assert by_cash(found) == [BTC, ETH]
    assert len(trips(found)) == 1
    assert result(found.give(CLEAR, A)) == "accepted"
    assert by_cash(found) == []


@pytest.mark.parametrize(
    ("name", "book", "venue", "told"),
    [
        ("USDT", "0E-8", "5", "|book − venue| ≥ 0.01 USDT: book 0, venue 5, reports 1"),
        ("USDT", "100000.0000", "-0E-8", "|book − venue| ≥ 0.01 USDT: book 100000, venue 0, reports 1"),
        (BTC, "1E+1", "0.50", "|book − venue| ≥ one lot of 0.0001: book 10, venue 0.5, reports 1"),
        ("DOGE", "0", "1E-7", "book ≠ venue in what the book does not list: book 0, venue 0.0000001, reports 1"),
    ],
)
def test_its_words_are_for_people(found: LedgeredScene, name: str, book: str, venue: str, told: str) -> None:
    report(found, ReconciliationFailed(venue="v", instrument=name, book_quantity=D(book), venue_quantity=D(venue)))
    (trip,) = [each for each in found.bodies(BreakerTripped) if each.breaker == "reconciliation"]
    assert explanation(trip) == told
