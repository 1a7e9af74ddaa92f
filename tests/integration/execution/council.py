"""Stands in for governor, feed and relay: writes the governance log and both streams as they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec
import psycopg

from execution.executor import Executor
from ledger import gate
from ledger.application import LedgerApplication, RecordedEvent
from streams.client import LEDGER_GOVERNANCE, TICKS, Streams
from streams.envelope import Envelope, derived_id
from streams.events import (
    FINAL,
    TOPICS,
    BookFounded,
    BookTerms,
    DecisionReached,
    DomainEvent,
    Event,
    Fill,
    InstrumentTerms,
    OrderFilled,
    OrderTicket,
    Trigger,
    aggregate_id,
    encode_event,
)
from streams.messages import LedgerEntry, LedgerRow, Quote, Side
from tests.servers import wait_until
from tests.unit.execution.market import BOOK, BTC, opened


class Council:
    def __init__(self, database_url: str, redis_url: str) -> None:
        self.database_url = database_url
        self.governance = LedgerApplication(database_url, "governance", owner="council")
        self.execution = LedgerApplication(database_url, "execution", owner="seed")
        self.streams = Streams(redis_url)
        self._decided = 0

    def found(self, terms: BookTerms = BookTerms(), listing: InstrumentTerms = BTC) -> None:  # noqa: B008 - frozen
        self.governance.acquire(lease_s=60)
        founded = BookFounded(
            book=BOOK, quote="USDT", instruments=(listing,), terms=terms, who="operator:seed", why="test"
        )
        self.publish(self.commit(self.event(founded, "Book", BOOK)))
        self.execution.acquire()
        self.execution.commit([opened()])
        self.execution.release()

    def close(self) -> None:
        self.governance.close()
        self.execution.close()
        self.streams.redis.close()

    # --- the governance log and its stream --------------------------------------------------------------

    def event(self, body: Event, aggregate: str, key: str, *, book: str = BOOK, version: int = 1) -> DomainEvent:
        return DomainEvent(
            originator_id=aggregate_id(aggregate, key),
            originator_version=version,
            body=body,
            correlation_id=f"tick-{key}",
            causation_id="proposal",
            actor="governor",
            book=book,
        )

    def commit(self, *events: DomainEvent) -> LedgerEntry:
        commit = self.governance.commit(events)
        rows = [
            LedgerRow(
                position=commit.first + number,
                event_id=commit.event_ids[number],
                aggregate_id=str(event.originator_id),
                version=event.originator_version,
                topic=TOPICS[type(event.body)],
                correlation_id=event.correlation_id,
                causation_id=event.causation_id,
                actor=event.actor,
                book=event.book,
                state=msgspec.Raw(encode_event(event.body)),
            )
            for number, event in enumerate(events)
        ]
        return LedgerEntry(
            log="governance",
            partition=0,
            first=commit.first,
            last=commit.last,
            recorded_at=commit.recorded_at,
            rows=tuple(rows),
        )

    def publish(self, entry: LedgerEntry) -> None:
        self.streams.publish_at(LEDGER_GOVERNANCE, f"{entry.last}-0", self.envelope(entry))

    def publish_again(self, entry: LedgerEntry) -> None:
        """The same entry under a later id."""
        self.streams.publish(LEDGER_GOVERNANCE, [self.envelope(entry)])

    def envelope(self, entry: LedgerEntry) -> Envelope:
        return Envelope(id=f"entry:{entry.last}", body=entry, actor="relay", sent_at=time.time_ns())

    # --- decisions and prices ---------------------------------------------------------------------------

    def decision(
        self, *tickets: tuple[Side, str], ttl_ms: int = 60_000, book: str = BOOK, orders: Sequence[OrderTicket] = ()
    ) -> DomainEvent:
        self._decided += 1
        decision_id = derived_id("decision", self._decided)
        made = tuple(
            OrderTicket(
                order_id=derived_id("order", decision_id, number),
                instrument="BTCUSDT",
                side=side,
                quantity=Decimal(quantity),
                limit=Decimal(60300 if side == "buy" else 59700),
            )
            for number, (side, quantity) in enumerate(tickets)
        )
        body = DecisionReached(
            decision_id=decision_id,
            deliberation_id=f"deliberation-{self._decided}",
            outcome="granted" if tickets or orders else "refused",
            orders=made + tuple(orders),
            reasons=(),
            trigger=Trigger(tick_id="binance:BTCUSDT:t1", received_at=time.time_ns()),
            ttl_ms=ttl_ms,
        )
        return self.event(body, "Deliberation", body.deliberation_id, book=book)

    def decide(
        self, *tickets: tuple[Side, str], ttl_ms: int = 60_000, book: str = BOOK, orders: Sequence[OrderTicket] = ()
    ) -> DecisionReached:
        """Decided, committed and published, as one transaction."""
        event = self.decision(*tickets, ttl_ms=ttl_ms, book=book, orders=orders)
        self.publish(self.commit(event))
        assert isinstance(event.body, DecisionReached)
        return event.body

    def quote(self, bid: str = "59999.99", ask: str = "60000.01") -> Quote:
        now = time.time_ns()
        tick = Quote(
            instrument="BTCUSDT",
            market_at=now,
            received_at=now,
            update_id=now,
            bid=Decimal(bid),
            bid_size=Decimal(3),
            ask=Decimal(ask),
            ask_size=Decimal(3),
        )
        self.streams.publish(TICKS, [Envelope(id=tick.id, body=tick, actor="feed", sent_at=now)])
        return tick

    # --- what became of it --------------------------------------------------------------------------------

    def executed(self) -> list[RecordedEvent]:
        """The orders' events in the execution log."""
        return list(self.execution.events(aggregates=("Order",)))

    def finals(self) -> dict[str, list[Event]]:
        """Final states by order id; more than one would be an error."""
        finals: dict[str, list[Event]] = {}
        for recorded in self.executed():
            body = recorded.event.body
            if isinstance(body, FINAL):
                finals.setdefault(body.order_id, []).append(body)  # type: ignore[attr-defined]
        return finals

    def fills(self) -> list[Fill]:
        return [recorded.event.body for recorded in self.executed() if isinstance(recorded.event.body, OrderFilled)]

    def mark(self) -> int:
        """The executor's position in the governance log, as committed."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT mark FROM head WHERE log = 'execution'").fetchone()
        return int(row[0] or 0) if row else 0

    def halt(self, book: str = BOOK) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            gate.halt(connection, book, who="operator:ann", why="test", command_id="halt-1")


def turn_until(executor: Executor, condition: Callable[[], object], what: str) -> None:
    def turned() -> object:
        executor.turn()
        return condition()

    wait_until(turned, what)
