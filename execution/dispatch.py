"""The life of orders at a real venue: sent once, asked after until they are final, cancelled when they must be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence

from execution.calls import Answer, Calls
from execution.domain.desk import Desk
from execution.domain.order import IllegalTransition, Order
from execution.domain.venue import Holdings, Report
from execution.venues.remote import Refused, Unreachable
from streams.events import DomainEvent
from streams.messages import Code, Mode

log = logging.getLogger(__name__)

NS_PER_S = 1_000_000_000
LOOK_EVERY_NS = 500_000_000
LOOK_AT_RESTING_EVERY_NS = 3_000_000_000  # a venue counts what it is asked
CANCEL_EVERY_NS = 1_000_000_000
OPEN_EVERY_NS = 5_000_000_000

Decide = Callable[[int], list[DomainEvent]]
Told = Callable[[Desk, Decide], None]
Commit = Callable[[Desk, list[DomainEvent]], None]
ModeOf = Callable[[str], Mode]
Hold = Callable[[str, Holdings | None], None]


class Dispatch:
    """What is sent is in the log already (`OrderSent`), and it is sent by whoever committed that, once. After a crash,
    or when an answer does not come, the venue is asked by the client order id. An order that it does not know and that
    was sent so long ago that the venue would not take it any more was never placed.

    `told` commits what the venue says; `commit` what follows from its saying nothing; `hold` is given the holdings,
    None where they could not be had."""

    def __init__(self, calls: Calls, *, told: Told, commit: Commit, mode: ModeOf, hold: Hold) -> None:
        self.calls = calls
        self.venue = calls.venue
        self._told = told
        self._commit = commit
        self._mode = mode
        self._hold = hold
        self._settled_after_ns = int(self.venue.settles_within_s * NS_PER_S)
        self._checked: frozenset[str] | None = None
        self._asked: frozenset[str] = frozenset()
        self._open_at = 0
        self._look_at: dict[str, int] = {}
        self._known_as_of: dict[str, int] = {}
        self._cancel_at: dict[str, int] = {}
        self._strange: set[str] = set()

    def send(self, book: str, orders: Iterable[Order], now: int) -> None:
        """Of orders whose `OrderSent` this process has just committed."""
        for order in orders:
            self._look_at[order.order_id] = now + LOOK_EVERY_NS
            self.calls.send(book, order)

    def pursue(self, desks: Sequence[Desk], now: int) -> None:
        """Takes what has been answered and asks what is due."""
        known = {desk.account.book: desk for desk in desks}
        for answer in self.calls.answers():
            if answer.question == "open":
                self._opened(answer, desks)
            elif answer.book in known:
                self._take(known[answer.book], answer, now)
        self._open([desk for desk in desks if desk.real], now)
        for desk in desks:
            if unresolved := self._ours(desk):
                self._ask(desk, unresolved, now)

    def look_now(self, desk: Desk) -> None:
        """Somebody doubts what the book knows of its orders."""
        for order in self._ours(desk):
            self._look_at[order.order_id] = 0

    def is_level(self, desk: Desk, since: int) -> bool:
        """Whether the venue has told of every order since then."""
        return all(self._known_as_of.get(order.order_id, 0) >= since for order in self._ours(desk))

    # --- whether it trades there at all -------------------------------------------------------------

    def _open(self, desks: Sequence[Desk], now: int) -> None:
        """Until the venue was asked whether it takes what a book lists, orders of that book are rejected."""
        listings = {terms.symbol: terms for desk in desks for terms in desk.instruments.values()}
        if not desks or self._checked == listings.keys() or now < self._open_at:
            return
        self._open_at, self._asked = now + OPEN_EVERY_NS, frozenset(listings)
        self.calls.open(list(listings.values()))

    def _opened(self, answer: Answer, desks: Sequence[Desk]) -> None:
        if answer.error is not None:
            log.error("nothing is traded at %s: %s", self.venue.name, answer.error)
            return
        self._checked = self._asked
        log.info("trading at %s", self.venue.name)
        for desk in desks:
            if desk.instruments.keys() <= self._checked:
                desk.remote = self.venue.name

    # --- orders -------------------------------------------------------------------------------------

    def _ours(self, desk: Desk) -> list[Order]:
        """Orders at another venue than this one are nobody's to ask after: they stay as they are."""
        unresolved = desk.unresolved()
        for order in unresolved:
            if order.venue != self.venue.name and order.order_id not in self._strange:
                self._strange.add(order.order_id)
                log.critical("the order %s is at %s, not at %s: it stays open", *_place(order), self.venue.name)
        return [order for order in unresolved if order.venue == self.venue.name]

    def _ask(self, desk: Desk, unresolved: Sequence[Order], now: int) -> None:
        book, ours = desk.account.book, {order.order_id for order in unresolved}
        for order, code in desk.to_cancel(now, self._mode(book)):
            if order.order_id in ours and now >= self._cancel_at.get(order.order_id, 0):
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
        if answer.question == "holdings":
            if answer.error is not None:
                log.error("%s cannot be compared with %s: %s", answer.book, self.venue.name, answer.error)
            self._hold(answer.book, answer.holdings)
            return
        order = desk.orders.open(answer.order_id)
        if order is None:
            return  # final already
        if answer.error is not None:
            self._failed(desk, order, answer, now)
        elif answer.report is not None:
            self._reported(desk, answer.report, now)
            self._known_as_of[order.order_id] = answer.asked_at
        elif answer.question == "look" and answer.asked_at - order.sent_at > self._settled_after_ns:
            detail = f"{self.venue.name} knows no such order, and would not take it any more"
            self._commit(desk, desk.failed(order.order_id, Code.VENUE_LOST, detail, now=now))
        if desk.orders.open(answer.order_id) is None:
            for kept in (self._look_at, self._known_as_of, self._cancel_at):
                kept.pop(answer.order_id, None)

    def _reported(self, desk: Desk, report: Report, now: int) -> None:
        """What cannot be is not booked: the account there then differs from the book, and the reconciliation tells."""
        try:
            self._told(desk, lambda halted_at: desk.reported(report, now=now, halted_at=halted_at))
        except IllegalTransition as error:
            log.critical("%s tells what cannot be: %s", self.venue.name, error)

    def _failed(self, desk: Desk, order: Order, answer: Answer, now: int) -> None:
        """Only what certainly is not at the venue ends here; everything else is asked after."""
        log.warning("%s of the order %s: %s", answer.question, order.order_id, answer.error)
        if answer.question == "send" and isinstance(answer.error, Refused | Unreachable):
            detail = f"{self.venue.name}: {answer.error}"[:500]
            self._commit(desk, desk.failed(order.order_id, Code.VENUE_REFUSED, detail, now=now))
        elif answer.question == "cancel":
            self._look_at[order.order_id] = now


def _place(order: Order) -> tuple[str, str]:
    return order.order_id, order.venue
