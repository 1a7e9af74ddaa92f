"""Calls to a real venue, made by threads because they block; their answers are taken by the executor's own thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Literal

from msgspec import Struct, structs

from execution.domain.order import Order
from execution.domain.venue import Holdings, Report
from execution.venues.remote import OutcomeUnknown, RemoteVenue, VenueError
from streams.events import InstrumentTerms

Question = Literal["open", "send", "look", "cancel", "holdings"]
URGENT = ("send", "cancel")
WORKERS = 8


class Answer(Struct, frozen=True, kw_only=True):
    """What came of a call: a report (None where the venue knows no such order), holdings, or an error. `asked_at`
    (process clock, ns): what the venue says is as of then or later, however late it is read here."""

    question: Question
    book: str
    order_id: str = ""
    report: Report | None = None
    holdings: Holdings | None = None
    error: VenueError | None = None
    asked_at: int = 0
    life: int = 0


class Calls:
    """At most one call of a kind is under way for an order (or for the holdings of a book). Orders and cancellations do
    not wait behind questions."""

    def __init__(self, venue: RemoteVenue) -> None:
        self.venue = venue
        self._questions = ThreadPoolExecutor(WORKERS, thread_name_prefix="venue")
        self._urgent = ThreadPoolExecutor(WORKERS, thread_name_prefix="venue urgent")
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._under_way: set[tuple[Question, str, str]] = set()
        self._life = 0

    def open(self, listings: Sequence[InstrumentTerms]) -> None:
        def ask() -> Answer:
            self.venue.open(listings)
            return Answer(question="open", book="")

        self._begin("open", "", "", ask)

    def send(self, book: str, order: Order) -> None:
        self._begin("send", book, order.order_id, lambda: self._reported("send", book, order, self.venue.send(order)))

    def look(self, book: str, order: Order) -> None:
        self._begin("look", book, order.order_id, lambda: self._reported("look", book, order, self.venue.look(order)))

    def cancel(self, book: str, order: Order) -> None:
        def ask() -> Answer:
            self.venue.cancel(order)
            return Answer(question="cancel", book=book, order_id=order.order_id)

        self._begin("cancel", book, order.order_id, ask)

    def holdings(self, book: str, quote: str, instruments: Sequence[str]) -> None:
        def ask() -> Answer:
            return Answer(question="holdings", book=book, holdings=self.venue.holdings(quote, instruments))

        self._begin("holdings", book, "", ask)

    def is_under_way(self, question: Question, book: str, order_id: str = "") -> bool:
        return (question, book, order_id) in self._under_way

    def answers(self) -> list[Answer]:
        """What has come in since this was asked last."""
        found: list[Answer] = []
        while True:
            try:
                answer = self._answers.get_nowait()
            except Empty:
                return found
            if answer.life == self._life:
                self._under_way.discard((answer.question, answer.book, answer.order_id))
                found.append(answer)

    def begin_anew(self) -> None:
        """Who asked has forgotten why: what was asked until now is not answered any more."""
        self._life += 1
        self._under_way.clear()

    def close(self) -> None:
        """Does not wait for calls that hang: what they bring is asked again at the next start."""
        for threads in (self._questions, self._urgent):
            threads.shutdown(wait=False, cancel_futures=True)
        self.venue.close()

    def _begin(self, question: Question, book: str, order_id: str, ask: Callable[[], Answer]) -> None:
        key = (question, book, order_id)
        if key in self._under_way:
            return
        self._under_way.add(key)
        threads = self._urgent if question in URGENT else self._questions
        threads.submit(self._ask, key, self._life, ask)

    def _ask(self, key: tuple[Question, str, str], life: int, ask: Callable[[], Answer]) -> None:
        asked_at, (question, book, order_id) = time.time_ns(), key
        try:
            answer = ask()
        except VenueError as error:
            answer = Answer(question=question, book=book, order_id=order_id, error=error)
        except Exception as error:  # noqa: BLE001 - whatever it was, the outcome is not known, and somebody has to be told
            unknown = OutcomeUnknown(f"{type(error).__name__}: {error}")
            answer = Answer(question=question, book=book, order_id=order_id, error=unknown)
        self._answers.put(structs.replace(answer, asked_at=asked_at, life=life))

    @staticmethod
    def _reported(question: Question, book: str, order: Order, report: Report | None) -> Answer:
        return Answer(question=question, book=book, order_id=order.order_id, report=report)
