from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from execution.domain.replay import Replay
from execution.reporting import Reporting
from ledger.application import RecordedEvent
from ledger.errors import Corrupt
from streams import journal
from streams.client import DEAD_LETTERS, LEDGER_GOVERNANCE, TICKS
from streams.envelope import Envelope, decode
from streams.events import (
    AGGREGATES,
    DomainEvent,
    OrderAccepted,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderTicket,
)
from streams.messages import Code, DeadLetter
from streams.telemetry import processes
from tests.integration.execution.conftest import Hire
from tests.integration.execution.council import Council, turn_until
from tests.unit.execution.market import BOOK, ticket

D = Decimal


def bodies(events: Sequence[RecordedEvent]) -> list[Any]:
    return [recorded.event.body for recorded in events]


# --- decision in, fill out ---------------------------------------------------------------------------


def test_a_decision_becomes_a_fill_at_the_price_that_is_held(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    tick = council.quote()
    decision = council.decide(("buy", "0.1"))
    executor.turn()
    accepted, filled = council.executed()
    assert isinstance(accepted.event.body, OrderAccepted)
    assert isinstance(filled.event.body, OrderFilled)
    assert (filled.event.body.price, filled.event.body.tick_id) == (D("60000.01"), tick.id)
    assert filled.event.body.received_at == decision.trigger.received_at
    assert filled.event.correlation_id == "tick-deliberation-1"
    assert {accepted.event.causation_id, filled.event.causation_id} == {
        next(r.event_id for r in council.governance.events(aggregates=("Deliberation",)))
    }
    assert (accepted.event.originator_version, filled.event.originator_version) == (1, 2)
    assert council.mark() == 2
    assert executor.floor.desk(BOOK).account.held("BTCUSDT") == D("0.1")


def test_decisions_of_one_read_share_a_transaction(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    for _ in range(5):
        council.decide(("buy", "0.01"))
    executor.turn()
    assert len(council.fills()) == 5
    assert executor.telemetry.counters["commits"] == 1
    assert council.mark() == 6
    assert len({recorded.recorded_at for recorded in council.executed()}) == 1


def test_the_second_of_two_decisions_sees_what_the_first_did(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"))
    council.decide(("sell", "0.1"))
    council.decide(("sell", "0.1"))
    executor.turn()
    assert [type(body) for (body,) in council.finals().values()] == [OrderFilled, OrderFilled, OrderRejected]


def test_a_decision_of_a_book_that_nobody_founded_is_rejected_and_the_next_is_executed(
    council: Council, hire: Hire
) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"), book="ghost")
    council.decide(("buy", "0.1"))
    executor.turn()
    (ghost,), (filled,) = council.finals().values()
    assert isinstance(ghost, OrderRejected)
    assert ghost.reason == Code.UNKNOWN_BOOK
    assert isinstance(filled, OrderFilled)
    assert {r.event.book for r in council.executed()} == {"ghost", BOOK}


def test_after_a_start_the_prices_of_the_last_seconds_are_held(council: Council, hire: Hire) -> None:
    council.quote()
    council.decide(("buy", "0.1"))
    executor = hire()
    executor.start()
    executor.turn()
    assert len(council.fills()) == 1


def test_a_decision_older_than_its_time_to_live_expires(council: Council, hire: Hire) -> None:
    council.quote()
    decision = council.decide(("buy", "0.1"), ttl_ms=1)
    time.sleep(0.002)
    executor = hire()
    executor.start()
    executor.turn()
    assert bodies(council.executed())[1:] == [
        OrderExpired(
            order_id=decision.orders[0].order_id,
            decision_id=decision.decision_id,
            reason="TTL",
            detail=bodies(council.executed())[1].detail,
        )
    ]


def test_the_mark_moves_past_what_has_no_orders_without_a_commit_for_each(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    executor.turn()  # it hears of the book, and compares it with its venue
    for _ in range(20):
        council.decide()
    executor._renew_at = time.time_ns() + 60_000_000_000  # however slow the machine is
    before = executor.application.recorder.head
    executor.turn()
    assert executor.application.recorder.head == before
    executor._renew_at = 0
    turn_until(executor, lambda: council.mark() == 21, "the mark has moved")
    assert council.executed() == []
    assert executor.telemetry.counters["commits"] == 0


def test_who_starts_says_where_it_trades(council: Council, hire: Hire, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        hire().start()
    assert "executing from position 1 of the governance log, venue: paper" in caplog.text
    assert processes(council.streams.redis)["executor"]["gauges"]["venue"] == "paper"


# --- once -----------------------------------------------------------------------------------------------


def test_an_entry_that_comes_again_is_executed_once(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    entry = council.commit(council.decision(("buy", "0.1")))
    council.publish(entry)
    executor.turn()
    council.publish_again(entry)
    council.publish_again(entry)
    executor.turn()
    assert len(council.executed()) == 2


def test_a_hole_in_the_stream_is_filled_from_the_table(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.commit(council.decision(("buy", "0.1")))  # never published
    council.decide(("buy", "0.2"))
    executor.turn()
    assert [fill.quantity for fill in council.fills()] == [D("0.1"), D("0.2")]


def test_without_any_stream_entry_the_table_is_read(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.commit(council.decision(("buy", "0.1")))
    turn_until(executor, council.fills, "the decision is found in the table")
    assert len(council.fills()) == 1


class DiesAfterItsCommit(Reporting):
    """The process ends between the commit and everything that would follow."""

    def committed(self, batch: Sequence[RecordedEvent], *args: Any) -> None:
        if batch:
            raise KeyboardInterrupt


def test_who_dies_right_after_the_commit_does_not_execute_again(council: Council, hire: Hire) -> None:
    victim = hire()
    victim.reporting = DiesAfterItsCommit(victim.telemetry)
    victim.start()
    council.quote()
    entry = council.commit(council.decision(("buy", "0.1")))
    council.publish(entry)
    with pytest.raises(KeyboardInterrupt):
        victim.turn()
    heir = hire()
    heir.start()
    council.publish_again(entry)
    turn_until(heir, lambda: heir.follower.position >= 2, "the entry is read again")
    assert len(council.executed()) == 2
    assert heir.floor.desk(BOOK).account.held("BTCUSDT") == D("0.1")


def test_an_order_that_the_log_has_but_memory_forgot_is_buried_and_its_neighbours_are_executed(
    council: Council, hire: Hire, caplog: pytest.LogCaptureFixture
) -> None:
    executor = hire()
    executor.start()
    council.quote()
    first = council.decide(("buy", "0.1"))
    executor.turn()
    executor.floor.desk(BOOK).orders._finished.clear()
    council.decide(("buy", "0.2"))
    council.publish(council.commit(council.decision(orders=first.orders)))
    council.decide(("buy", "0.3"))
    executor.turn()
    assert [fill.quantity for fill in council.fills()] == [D("0.1"), D("0.2"), D("0.3")]
    (letter,) = dead_letters(council)
    assert (letter.code, letter.stream, letter.origin) == (Code.DUPLICATE, LEDGER_GOVERNANCE, "executor")
    assert executor.floor.desk(BOOK).account.held("BTCUSDT") == D("0.6")
    turn_until(executor, lambda: council.mark() == 5, "the mark has passed all")
    (loud,) = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert "have no end, because their rejection cannot be booked either" in loud


def unreckonable(name: str = "too much") -> OrderTicket:
    return ticket(quantity="1E+999999", name=name)


def test_the_orders_of_a_decision_that_cannot_be_executed_are_rejected_each_once(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"))
    bad = council.decide(orders=[ticket(name="beside"), unreckonable()])
    council.decide(("buy", "0.2"))
    executor.turn()
    assert [fill.quantity for fill in council.fills()] == [D("0.1"), D("0.2")]
    refused = [event for event in council.executed() if getattr(event.event.body, "decision_id", "") == bad.decision_id]
    assert [type(body) for body in bodies(refused)] == [OrderAccepted, OrderRejected] * 2
    assert bodies(refused)[1] == OrderRejected(
        order_id=bad.orders[0].order_id,
        decision_id=bad.decision_id,
        reason="INVALID",
        detail="the order cannot be executed: it has a number that cannot be calculated with",
    )
    assert len({event.recorded_at for event in refused}) == 1
    assert council.mark() == 4
    assert [letter.code for letter in dead_letters(council)] == [Code.INVALID]


def test_the_mark_passes_a_decision_that_cannot_be_executed_in_the_transaction_of_its_rejections(
    council: Council, hire: Hire
) -> None:
    executor = hire()
    executor.start()
    executor.turn()
    executor._renew_at = time.time_ns() + 60_000_000_000  # the mark does not move by itself
    council.decide(orders=[unreckonable()])
    executor.turn()
    assert [type(body) for body in bodies(council.executed())] == [OrderAccepted, OrderRejected]
    assert council.mark() == 2
    heir = hire()
    executor.application.release()
    heir.start()
    assert len(council.executed()) == 2


# --- bad input, records ---------------------------------------------------------------------------------------


def test_what_is_no_tick_and_no_entry_is_buried_with_its_reason(council: Council, hire: Hire) -> None:
    executor = hire()
    executor.start()
    council.streams.redis.xadd(TICKS, {b"m": b"{nonsense"})
    council.streams.redis.xadd(LEDGER_GOVERNANCE, {b"m": b"\xff"}, id="1-1")
    council.quote()
    council.decide(("buy", "0.1"))
    executor.turn()
    assert sorted((letter.stream, letter.code) for letter in dead_letters(council)) == [
        (LEDGER_GOVERNANCE, Code.UNDECODABLE),
        (TICKS, Code.UNDECODABLE),
    ]
    assert len(council.fills()) == 1


def test_what_was_recorded_gives_the_same_events_again(council: Council, hire: Hire, tmp_path: Path) -> None:
    path = tmp_path / "executor.jsonl"
    executor = hire(record=path)
    executor.start()
    council.quote()
    council.decide(("buy", "0.1"))
    executor.turn()
    council.quote(ask="60000.05")
    council.decide(("buy", "0.1"), ("sell", "0.15"))
    executor.turn()
    council.decide(orders=[unreckonable()])
    executor.turn()
    council.halt()
    council.decide(("sell", "0.01"))
    executor.turn()
    executor.finish()
    again = hire(record=path)  # a second start tells the log once more
    again.start()
    council.decide(("sell", "0.01"))
    again.turn()
    again.finish()
    again.record.close() if again.record else None

    replay = Replay()
    events: list[DomainEvent] = []
    for given in journal.read(path):
        events += replay.handle(given.message, given.now)
    orders = [event for event in events if isinstance(event.body, AGGREGATES["Order"])]
    assert orders == [recorded.event for recorded in council.executed()]
    assert any(isinstance(event.body, OrderRejected) and event.body.reason == "INVALID" for event in orders)
    assert replay.floor.desk(BOOK).account == again.floor.desk(BOOK).account


def dead_letters(council: Council) -> list[DeadLetter]:
    entries = council.streams.read({DEAD_LETTERS: "0"}, block_ms=None)
    letters = [msgspec.convert(decode(entry.raw), Envelope).body for entry in entries]
    return [letter for letter in letters if isinstance(letter, DeadLetter)]


def test_a_mark_beyond_the_log_is_believed_by_nobody(council: Council, hire: Hire, ledger_url: str) -> None:
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute("UPDATE head SET mark = '1000000' WHERE log = 'execution'")
    with pytest.raises(Corrupt, match="ends at 1, but was executed to 1000000"):
        hire().start()
