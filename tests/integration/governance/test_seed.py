"""Founding the demo book, and what a later release adds to one that was founded before."""

from __future__ import annotations

import pytest

from agents.demo import DEMO_COUNCIL
from governance.domain.starter import starter_rules
from govsite.seed import BOOK, WHO, Founding, founding_events, known_instrument, seed
from ledger.application import LedgerApplication
from ledger.errors import LeaseHeld
from streams.events import RuleActivated, RuleRetired

BTC, ETH = known_instrument("BTCUSDT"), known_instrument("ETHUSDT")


def rules(url: str) -> list[str]:
    ledger = LedgerApplication(url, "governance")
    try:
        bodies = [recorded.event.body for recorded in ledger.events(book=BOOK, aggregates=["Rulebook"])]
        return [body.rule for body in bodies if isinstance(body, RuleActivated)]
    finally:
        ledger.close()


def test_founding_twice_changes_nothing(ledger_url: str) -> None:
    assert seed(ledger_url, [BTC], DEMO_COUNCIL) == [BOOK, "BTCUSDT"]
    assert seed(ledger_url, [BTC], DEMO_COUNCIL) == []
    assert rules(ledger_url) == [rule.rule for rule in starter_rules(WHO)]


def test_what_is_founded_needs_no_log_and_what_is_new_says_who_holds_it(ledger_url: str) -> None:
    """A stack that runs may be started again; only an addition has to wait for its writers."""
    seed(ledger_url, [BTC], DEMO_COUNCIL)
    governor = LedgerApplication(ledger_url, "governance")
    governor.acquire()
    try:
        assert seed(ledger_url, [BTC], DEMO_COUNCIL) == []
        with pytest.raises(LeaseHeld):
            seed(ledger_url, [BTC, ETH], DEMO_COUNCIL)
        governor.renew()
    finally:
        governor.release()
        governor.close()


def test_a_book_of_an_earlier_release_gets_the_rules_that_it_never_had(ledger_url: str) -> None:
    """What an operator has retired stays retired."""
    governing, executing = founding_events([BTC])
    first = ("price-collar", "stale-data")
    early = [e.body for e in governing if not isinstance(e.body, RuleActivated) or e.body.rule in first]
    founding = Founding(BOOK)
    retired = RuleRetired(rule="price-collar", version=1, who="operator:kim", why="too wide")
    for log, bodies in (("governance", [*early, retired]), ("execution", [e.body for e in executing])):
        ledger = LedgerApplication(ledger_url, log)  # type: ignore[arg-type]
        ledger.acquire()
        ledger.commit([founding.wrap(body) for body in bodies])
        ledger.release()
        ledger.close()
    added = seed(ledger_url, [BTC, ETH], DEMO_COUNCIL)
    names = [rule.rule for rule in starter_rules(WHO)]
    assert added == ["ETHUSDT", *(name for name in names if name not in first)]
    assert sorted(rules(ledger_url)) == sorted(names)
