"""What the executor tells of its work: counters, latencies, and an alarm where a real venue traded after a halt."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from decimal import Decimal

from ledger.application import Commit, RecordedEvent
from streams.events import (
    FINAL,
    DecisionReached,
    DomainEvent,
    OrderCancelled,
    OrderExpired,
    OrderFilled,
    OrderPartiallyFilled,
    OrderRejected,
    ReconciliationFailed,
)
from streams.messages import ZERO
from streams.telemetry import Telemetry

log = logging.getLogger(__name__)


class Reporting:
    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry = telemetry

    def committed(self, batch: Sequence[RecordedEvent], events: Sequence[DomainEvent], commit: Commit) -> None:
        """`batch` are the decisions that were executed, none where time or a venue brought the events."""
        done, counters = time.time_ns(), self.telemetry.counters
        decided = {recorded.event_id: recorded for recorded in batch}
        counters["decisions"] += len(batch)
        counters["commits"] += bool(batch)
        for event in events:
            body = event.body
            if isinstance(body, OrderFilled | OrderPartiallyFilled):
                counters["fills"] += 1
                self._filled(body, decided.get(event.causation_id), done)
            if isinstance(body, FINAL):
                counters[f"orders:{type(body).__name__.removeprefix('Order').lower()}"] += 1
            if isinstance(body, OrderRejected | OrderCancelled | OrderExpired):
                counters[f"refused:{body.reason}"] += 1
            if isinstance(body, ReconciliationFailed):
                counters["differences"] += 1
                log.critical(
                    "%s: the book has %s %s, %s has %s",
                    *(event.book, _plain(body.book_quantity), body.instrument, body.venue, _plain(body.venue_quantity)),
                )
        self.telemetry.gauges["position"] = commit.last

    def _filled(self, fill: OrderFilled | OrderPartiallyFilled, decision: RecordedEvent | None, done: int) -> None:
        if fill.after_halt:
            self.telemetry.counters["fills after a halt"] += 1
            log.critical("%s filled the order %s after the halt", fill.venue, fill.order_id)
        if decision is None or not isinstance(fill, OrderFilled):
            return
        self.telemetry.observe("execution", done - decision.recorded_at)
        told = decision.event.body
        if isinstance(told, DecisionReached) and not told.released:  # an operator's time is no latency
            self.telemetry.observe("end_to_end", done - fill.received_at)


def _plain(value: Decimal) -> str:
    return f"{value.normalize() + ZERO:f}"
