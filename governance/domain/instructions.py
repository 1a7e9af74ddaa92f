"""What operators ask of a book's desk: to flatten, to cancel, to book what came in or went out, to compare."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from governance.domain.chronicle import Chronicle
from governance.domain.floor import Floor
from governance.domain.operators import is_operator
from governance.domain.state import ZERO, BookState
from governance.domain.step import Answer, Step
from streams.envelope import Envelope
from streams.events import (
    CancelOrdered,
    CashMoveOrdered,
    Event,
    PositionAdjustmentOrdered,
    ReconciliationOrdered,
    aggregate_id,
)
from streams.messages import AdjustPosition, CancelOrder, Code, Flatten, MoveCash, Reconcile

BP = Decimal(10_000)


class Instructions:
    """Each becomes an event that the executor acts on, or is refused with a reason. One operator is enough: what is
    done is in the ledger under that name, and nothing of it takes on risk."""

    def __init__(self, state: BookState, floor: Floor) -> None:
        self.state = state
        self.floor = floor

    def handle(self, message: Envelope, body: Any, entry_id: str, now: int, step: Step) -> None:
        if not is_operator(message.actor):
            detail = f"{type(body).__name__} is for operators, not for {message.actor}"
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, detail), step)
        else:
            COMMANDS[type(body)](self, message, body, entry_id, now, step)

    def free_cash(self) -> Decimal:
        """What is neither promised to a buy at its limit, with the fee, nor ordered out already."""
        state = self.state
        promised = sum(
            (
                quantity * state.limits[name]
                for name, (_, quantity) in state.reserved.items()
                if quantity > ZERO and name in state.limits
            ),
            ZERO,
        )
        return state.cash - promised * (1 + state.terms.fee_bp / BP) - state.capital.leaving

    def _flatten(self, message: Envelope, body: Flatten, entry_id: str, now: int, step: Step) -> None:
        self.floor.flatten(message, body, entry_id, now, step)

    def _cancel(self, message: Envelope, body: CancelOrder, entry_id: str, now: int, step: Step) -> None:
        if body.order_id not in self.state.reserved:
            detail = f"{body.order_id} is no order of {self.state.book} that is still under way"
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_ORDER, detail), step)
            return
        event = CancelOrdered(order_id=body.order_id, who=message.actor, why=body.reason)
        self._accept(message, entry_id, event, step)

    def _move_cash(self, message: Envelope, body: MoveCash, entry_id: str, now: int, step: Step) -> None:
        free = self.free_cash()
        if body.amount == ZERO:
            self.floor.turn_away(message, entry_id, (Code.NO_CHANGE, "nothing would move"), step)
        elif body.amount < ZERO and -body.amount > free:
            detail = f"{-body.amount} is asked for, {free} is neither promised to orders nor ordered out"
            self.floor.turn_away(message, entry_id, (Code.NO_CASH, detail), step)
        else:
            event = CashMoveOrdered(amount=body.amount, who=message.actor, why=body.reason)
            self._accept(message, entry_id, event, step)

    def _adjust(self, message: Envelope, body: AdjustPosition, entry_id: str, now: int, step: Step) -> None:
        if body.instrument not in self.state.instruments:
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_INSTRUMENT, body.instrument), step)
        elif body.quantity == ZERO:
            self.floor.turn_away(message, entry_id, (Code.NO_CHANGE, "nothing would move"), step)
        else:
            event = PositionAdjustmentOrdered(
                instrument=body.instrument,
                quantity=body.quantity,
                price=body.price,
                who=message.actor,
                why=body.reason,
            )
            self._accept(message, entry_id, event, step)

    def _reconcile(self, message: Envelope, body: Reconcile, entry_id: str, now: int, step: Step) -> None:
        self._accept(message, entry_id, ReconciliationOrdered(who=message.actor, why=body.reason), step)

    def _accept(self, message: Envelope, entry_id: str, event: Event, step: Step) -> None:
        book = aggregate_id("Book", self.state.book)
        chronicle = Chronicle(self.state.book, book, message, self.state.version(book))
        chronicle.add(event, message)
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
        step.answers.append(Answer(message.id, entry_id, "accepted"))


COMMANDS: dict[type[Any], Callable[..., None]] = {
    Flatten: Instructions._flatten,
    CancelOrder: Instructions._cancel,
    MoveCash: Instructions._move_cash,
    AdjustPosition: Instructions._adjust,
    Reconcile: Instructions._reconcile,
}
