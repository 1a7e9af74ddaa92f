"""A book as it was: at every time what a fold of all events until then gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from execution.domain.account import Account
from governance.recovery import fold
from govsite.auditing.executed import Folds, Place, executed
from govsite.auditing.past import Past, past
from ledger.application import LedgerApplication
from ledger.audit import position_at
from ledger.records import RecordedEvent
from streams import events as e
from streams.changes import SetTerm
from streams.messages import Log
from tests.integration.ledger import large
from tests.integration.ledger.signed import forge
from tests.unit.site.history import History

ROUNDS = 70
EVENTS = ROUNDS * 18


class Book:
    """A ledger that a history is told to, step by step; every step gives the time after it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.history = History()
        logs: tuple[Log, ...] = ("governance", "execution")
        self.logs = {log: LedgerApplication(url, log) for log in logs}
        for application in self.logs.values():
            application.acquire()

    def tell(self, *bodies: e.Event) -> datetime:
        for body in bodies:
            self.history.tell(body)
        return self.commit()

    def commit(self) -> datetime:
        at = 0
        told: dict[Log, Any] = {"governance": self.history.governance, "execution": self.history.execution}
        for log, events in told.items():
            if events:
                at = max(at, self.logs[log].commit(list(events)).recorded_at)
                events.clear()
        return datetime.fromtimestamp(at // 1_000_000_000, UTC) + timedelta(microseconds=at // 1000 % 1_000_000)

    def at(self, moment: datetime) -> Past:
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = past(connection, "demo", moment)
        assert found is not None
        return found

    def close(self) -> None:
        for application in self.logs.values():
            application.close()


@pytest.fixture
def book(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    told = Book(ledger_url)
    yield told
    told.close()


def audit(*arguments: Any) -> str:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def test_at_every_time_it_is_the_fold_of_all_that_was_recorded_by_then(ledger_url: str) -> None:
    large.fill(ledger_url, EVENTS)
    governance, execution = LedgerApplication(ledger_url, "governance"), LedgerApplication(ledger_url, "execution")
    events, done = list(governance.events()), list(execution.events())
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        for number in (0, 1, 7, 61, ROUNDS):
            at = large.STARTED + timedelta(milliseconds=large.ROUND_MS * number + 3)
            found = past(connection, "demo", at)
            assert found is not None
            account, state = Account(), fold(_until(events, at))["demo"]
            for one in _until(done, at):
                account.apply(one.event.body)
            assert found.account == account
            assert found.state.reputation.copies == state.reputation.copies
            assert found.state.terms == state.terms
            assert found.state.rules == state.rules
            assert found.state.seats == state.seats
            assert found.orders == []
            if number > 1:
                assert found.marks.keys() == {name for name, held in account.positions.items() if held.quantity}
                assert all(mark.price == large.price_of(number) for mark in found.marks.values())
    governance.close()
    execution.close()


def test_what_was_folded_before_is_folded_on_and_believed_only_in_the_same_log(ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        large.fill(ledger_url, EVENTS)
        row = connection.execute("SELECT max(position) FROM event_log WHERE log = 'execution'").fetchone()
        assert row is not None
        folds, last = Folds(kept=3), row[0]
        for position in (last // 2, last, last // 3, last // 2 + 1, last, 0):
            place = Place("execution", 0, position)
            assert executed(connection, place, "demo", folds) == executed(connection, place, "demo", Folds())
        account, _ = executed(connection, Place("execution", 0, last), "demo", folds)
        account.cash += 1
        assert executed(connection, Place("execution", 0, last), "demo", folds)[0].cash == account.cash - 1
        forge(connection, f"UPDATE event_log SET hash = sha256('another log') WHERE position = {last}")
        forge(connection, f"DELETE FROM event_log WHERE log = 'execution' AND position = {last - 1}")
        other = executed(connection, Place("execution", 0, last), "demo", folds)
        assert other == executed(connection, Place("execution", 0, last), "demo", Folds())


def _until(events: list[RecordedEvent], at: datetime) -> list[RecordedEvent]:
    limit = int(at.timestamp() * 1_000_000) * 1_000
    return [one for one in events if one.recorded_at <= limit]


def test_a_time_is_the_last_position_that_was_recorded_by_then(ledger_url: str) -> None:
    large.fill(ledger_url, 400)
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT recorded_at, max(position) FROM event_log WHERE log = 'governance' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        tick = timedelta(microseconds=1)
        assert [position_at(connection, "governance", 0, at) for at, _ in rows] == [last for _, last in rows]
        before = [0, *(last for _, last in rows[:-1])]
        assert [position_at(connection, "governance", 0, at - tick) for at, _ in rows] == before
        assert position_at(connection, "governance", 7, rows[-1][0]) == 0


def test_modes_terms_suspensions_and_weights_are_as_they_were(book: Book) -> None:
    book.history.found()
    founded = book.commit()
    halted = book.tell(
        e.TradingHalted(who="operator:ada", why="a test", gate_at=1),
        e.TradingSuspended(instrument="ETHUSDT", who="operator:bob", why="a fork"),
    )
    changed = book.tell(
        e.TermChanged(
            name="fee_bp", instrument="", origin=Decimal("0.2"), to=Decimal(7), who="operator:ada", why="dearer"
        ),
        e.ReputationAdjusted(agent="rule", origin=0.16, to=0.5, who="operator:ada", why="it knows"),
    )  # fmt: skip
    ended = book.tell(
        e.TradingResumed(who="operator:ada", why="over", origin="HALTED", to="REDUCE_ONLY"),
        e.SuspensionLifted(instrument="ETHUSDT", who="operator:bob", why="over"),
    )
    at_first, then, later, last = (book.at(moment).state for moment in (founded, halted, changed, ended))
    assert [state.mode for state in (at_first, then, later, last)] == ["NORMAL", "HALTED", "HALTED", "REDUCE_ONLY"]
    assert then.safety.suspended == {"ETHUSDT": {"operator:bob"}}
    assert not at_first.safety.suspended
    assert not last.safety.suspended
    assert (then.terms.fee_bp, later.terms.fee_bp) == (Decimal("0.2"), 7)
    assert then.reputation.ppm(0)["rule"] < later.reputation.ppm(0)["rule"]


def test_open_holds_and_changes_are_as_they_were(book: Book) -> None:
    book.history.found()
    key = "delib-1"
    held = e.DecisionHeld(
        decision_id="d1", deliberation_id=key, track="TRADE", rules=("ask-first",), orders=(), held=(), reasons=(),
        trigger=e.Trigger(tick_id="t", received_at=1), ttl_ms=200, at=1, until=2,
    )  # fmt: skip
    reached = e.DecisionReached(
        decision_id="d1", deliberation_id=key, outcome="expired", orders=(), reasons=(),
        trigger=e.Trigger(tick_id="t", received_at=1), ttl_ms=200,
    )  # fmt: skip
    change = e.ChangeRequested(
        change_id="c1", change=SetTerm(name="fee_bp", value=Decimal(1)), loosens=True, why_loosens="cheaper",
        who="operator:ada", why="try", requested_at=1,
    )  # fmt: skip
    book.history.tell(held, key)
    book.history.tell(change, "c1")
    waiting = book.commit()
    book.history.tell(reached, key)
    book.history.tell(e.ChangeRefused(change_id="c1", who="operator:bob", why="no"), "c1")
    over = book.commit()
    assert list(book.at(waiting).state.holds.open) == ["d1"]
    assert list(book.at(waiting).state.changes.open) == ["c1"]
    assert not book.at(over).state.holds.open
    assert not book.at(over).state.changes.open


def test_an_order_is_open_until_its_final_state(book: Book) -> None:
    book.history.found()
    accepted = e.OrderAccepted(
        order_id="o1", decision_id="d1", instrument="BTCUSDT", side="buy", quantity=Decimal(2), limit=Decimal(100),
        type="limit", time_in_force="GTC",
    )  # fmt: skip
    part = e.OrderPartiallyFilled(
        order_id="o1", decision_id="d1", venue="paper", instrument="BTCUSDT", side="buy", quantity=Decimal("0.5"),
        leaves=Decimal("1.5"), price=Decimal(100), fee=Decimal("0.01"), tick_id="t9", received_at=1,
    )  # fmt: skip
    times = []
    for body in (
        accepted,
        e.OrderWorking(order_id="o1", decision_id="d1", venue="paper"),
        part,
        e.OrderCancelled(order_id="o1", decision_id="d1", reason="BY_OPERATOR"),
    ):
        book.history.tell(body, "o1", actor="executor")
        times.append(book.commit())
    seen = [[(order.state, order.filled) for order in book.at(moment).orders] for moment in times]
    assert seen == [[("PENDING_NEW", 0)], [("NEW", 0)], [("PARTIALLY_FILLED", Decimal("0.5"))], []]
    mark = book.at(times[3]).marks["BTCUSDT"]
    assert (mark.price, mark.source, mark.tick_id) == (100, "the last fill", "t9")


def test_the_command_tells_people_and_programs(book: Book) -> None:
    book.history.found().round(price=Decimal(60_000), quantity=Decimal("0.05"))
    at = book.commit().isoformat()
    document = json.loads(audit("as-of", at, "demo", "--json"))
    (position,) = document["positions"]
    assert (position["instrument"], position["quantity"], position["mark"]) == ("BTCUSDT", "0.05", "60000")
    assert Decimal(document["money"]["cash"]) == Decimal(100_000) - 3_000 - Decimal("0.06123457")
    assert Decimal(document["money"]["equity"]) == Decimal(100_000) - Decimal("0.06123457")
    told = audit("as-of", at, "demo")
    assert "position-limit" in told
    assert "fast-momentum" in told
    assert "NORMAL" in told


def test_a_book_that_was_not_founded_yet_is_not_shown(book: Book) -> None:
    book.history.found()
    at = book.commit()
    with pytest.raises(CommandError, match=r"knows no book 'demo' at .*: it was founded later"):
        audit("as-of", (at - timedelta(seconds=1)).isoformat(), "demo")
    with pytest.raises(CommandError, match=r"there is no book 'dmeo': demo\?") as ended:
        audit("as-of", at.isoformat(), "dmeo")
    assert ended.value.returncode == 2


def test_a_time_that_is_still_to_come_is_not_answered(book: Book) -> None:
    book.history.found()
    at = book.commit() + timedelta(days=1)
    with pytest.raises(CommandError, match="is in the future: it is 20") as ended:
        audit("as-of", at.isoformat(), "demo")
    assert ended.value.returncode == 2
