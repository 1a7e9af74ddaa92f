from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from ledger import gate
from ledger.application import RecordedEvent
from ledger.records import Gate, GateChange
from streams.events import (
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
)
from streams.messages import Code
from tests.integration.execution.conftest import Hire
from tests.integration.execution.council import Council
from tests.unit.execution.market import BOOK

D = Decimal


def bodies(events: Sequence[RecordedEvent]) -> list[Any]:
    return [recorded.event.body for recorded in events]


# --- the gate ---------------------------------------------------------------------------------------------


def test_a_halt_that_is_committed_while_a_decision_is_queued_cancels_it(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"))
    council.halt()
    executor.turn()
    assert [type(body) for body in bodies(council.executed())] == [OrderAccepted, OrderCancelled]
    assert bodies(council.executed())[1].reason == Code.HALTED
    assert executor.floor.desk(BOOK).account.cash == D(100000)


def test_a_halt_between_the_look_at_the_gate_and_the_commit_is_seen_by_the_commit(
    council: Council, hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"))
    council.decide(("buy", "0.2"))
    looked = gate.read

    def look_and_then_halt(connection: Any, book: str) -> Gate:
        seen = looked(connection, book)
        council.halt()
        return seen

    monkeypatch.setattr("execution.transactions.gate.read", look_and_then_halt)
    executor.turn()
    assert [type(body) for (body,) in council.finals().values()] == [OrderCancelled, OrderCancelled]
    assert executor.floor.desk(BOOK).account.held("BTCUSDT") == 0


def test_a_halt_of_all_books_holds_for_each(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.halt(gate.ALL_BOOKS)
    council.decide(("buy", "0.1"))
    executor.turn()
    assert not council.fills()


def test_when_a_book_may_only_reduce_nothing_else_is_filled(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.2"))
    executor.turn()
    council.halt()
    reduce = GateChange(
        book=BOOK, origin="HALTED", mode="REDUCE_ONLY", who="operator:ann", why="test", command_id="resume-1"
    )
    council.governance.commit([], gate=reduce)
    council.decide(("buy", "0.1"))
    council.decide(("sell", "0.1"))
    council.decide(("sell", "0.2"))
    executor.turn()
    finals = [body for (body,) in council.finals().values()][1:]
    assert [(type(body), getattr(body, "reason", "")) for body in finals] == [
        (OrderRejected, "MODE"),
        (OrderFilled, ""),
        (OrderRejected, "MODE"),
    ]
