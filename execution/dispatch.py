"""The life of orders at a real venue: sent once, asked after until they are final, cancelled when they must be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from execution.calls import Answer, Calls
from execution.domain.desk import Desk
from execution.domain.order import IllegalTransition, Order
from execution.domain.venue import Holdings, Report
from execution.venues.remote import Refused, RemoteVenue, Unreachable
from ledger.records import Gate
from streams.events import DomainEvent
from streams.messages import Code

log = logging.getLogger(__name__)

NS_PER_S = 1_000_000_000
LOOK_EVERY_NS = 500_000_000
LOOK_AT_RESTING_EVERY_NS = 3_000_000_000  # a venue counts what it is asked
CANCEL_EVERY_NS = 1_000_000_000

Commit = Callable[[Desk, list[DomainEvent]], None]
Barrier = Callable[[str], Gate]
Hold = Callable[[str, Holdings], None]


class Dispatch:
    """What is sent is in the log already (`OrderSent`), and it is sent by whoever committed that, once. After a crash,
    or when an answer does not come, the venue is asked by the client order id. An order that it does not know and that
    was sent so long ago that the venue would not take it any more was never placed."""

    def __init__(self, venue: RemoteVenue, *, commit: Commit, barrier: Barrier, hold: Hold) -> None:
        self.venue = venue
        self.calls = Calls(venue)
        self._commit = commit
        self._barrier = barrier
        self._hold = hold
        self._settled_after_ns = int(venue.settles_within_s * NS_PER_S)
        self._look_at: dict[str, int] = {}
        self._cancel_at: dict[str, int] = {}

    def send(self, book: str, orders: Iterable[Order], now: int) -> None:
        """Of orders whose `OrderSent` this process has just committed."""
        for order in orders:
            self._look_at[order.order_id] = now + LOOK_EVERY_NS
            self.calls.send(book, order)

    def pursue(self, desks: Iterable[Desk], now: int) -> None:
        """Takes what has been answered and asks what is due."""
        known = {desk.account.book: desk for desk in desks}
        for answer in self.calls.answers():
            if answer.book in known:
                self._take(known[answer.book], answer, now)
        for desk in known.values():
            if unresolved := desk.unresolved():
                self._ask(desk, unresolved, now)

    def close(self) -> None:
        self.calls.close()

    def _ask(self, desk: Desk, unresolved: Iterable[Order], now: int) -> None:
        book = desk.account.book
        for order, code in desk.to_cancel(now, self._barrier(book).mode):
            if now >= self._cancel_at.get(order.order_id, 0):
                self._cancel_at[order.order_id] = now + CANCEL_EVERY_NS
                log.info("cancelling the order %s at %s: %s", order.order_id, self.venue.name, code)
                self.calls.cancel(book, order)
                self._look_at[order.order_id] = now + LOOK_EVERY_NS
        for order in unresolved:
            sending = self.calls.is_under_way("send", book, order.order_id)
            if not sending and now >= self._look_at.get(order.order_id, 0):
                pause = LOOK_AT_RESTING_EVERY_NS if order.working else LOOK_EVERY_NS
                self._look_at[order.order_id] = now + pause
                self.calls.look(book, order)

    def _take(self, desk: Desk, answer: Answer, now: int) -> None:
        if answer.holdings is not None:
            self._hold(answer.book, answer.holdings)
            return
        order = desk.orders.open(answer.order_id)
        if order is None:
            return  # final already
        if answer.error is not None:
            self._failed(desk, order, answer, now)
        elif answer.report is not None:
            self._reported(desk, answer.report, now)
        elif answer.question == "look" and answer.asked_at - order.sent_at > self._settled_after_ns:
            detail = f"{self.venue.name} knows no such order, and would not take it any more"
            self._commit(desk, desk.failed(order.order_id, Code.VENUE_LOST, detail, now=now))
        if desk.orders.open(answer.order_id) is None:
            self._look_at.pop(answer.order_id, None)
            self._cancel_at.pop(answer.order_id, None)

    def _reported(self, desk: Desk, report: Report, now: int) -> None:
        """What cannot be is not booked: the account there then differs from the book, and the reconciliation tells."""
        try:
            events = desk.reported(report, now=now, halted_at=self._halted_at(desk))
        except IllegalTransition as error:
            log.critical("%s tells what cannot be: %s", self.venue.name, error)
            return
        self._commit(desk, events)

    def _failed(self, desk: Desk, order: Order, answer: Answer, now: int) -> None:
        """Only what certainly is not at the venue ends here; everything else is asked after."""
        log.warning("%s of the order %s: %s", answer.question, order.order_id, answer.error)
        if answer.question == "send" and isinstance(answer.error, Refused | Unreachable):
            detail = f"{self.venue.name}: {answer.error}"[:500]
            self._commit(desk, desk.failed(order.order_id, Code.VENUE_REFUSED, detail, now=now))
        elif answer.question == "cancel":
            self._look_at[order.order_id] = now

    def _halted_at(self, desk: Desk) -> int:
        barrier = self._barrier(desk.account.book)
        return barrier.gate_at if barrier.mode == "HALTED" else 0
