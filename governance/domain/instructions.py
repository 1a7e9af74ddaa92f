"""What operators ask of a book's desk: to flatten, to cancel, to book what came in or went out, to compare."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

from governance.domain.chronicle import Chronicle
from governance.domain.floor import Floor
from governance.domain.operators import is_operator
from governance.domain.parameters import plain
from governance.domain.state import ZERO, BookState
from governance.domain.step import Answer, Step
from market.domain.position import WIDE
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
SMALLEST_MOVE = Decimal("0.01")
LARGEST_MOVE = Decimal("1e15")  # what no book has; sums of such amounts are still exact
Refused = tuple[Code, str]


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
        if refused := self._wrong_amount(body.amount):
            self.floor.turn_away(message, entry_id, refused, step)
        else:
            event = CashMoveOrdered(amount=body.amount, who=message.actor, why=body.reason)
            self._accept(message, entry_id, event, step)

    def _wrong_amount(self, amount: Decimal) -> Refused | None:
        size, quote = abs(amount), self.state.quote
        if not amount:
            return Code.NO_CHANGE, "nothing would move"
        if size < SMALLEST_MOVE:
            return Code.BELOW_MINIMUM, f"{plain(size)} {quote} is less than {SMALLEST_MOVE}, the least that moves"
        if size > LARGEST_MOVE:
            return Code.SIZE_LIMIT, f"{plain(size)} {quote} is more than {LARGEST_MOVE:,f}, the most that moves at once"
        free = self.free_cash()
        if amount < ZERO and size > free:
            return Code.NO_CASH, f"{size} is asked for, {free} is neither promised to orders nor ordered out"
        return None

    def _adjust(self, message: Envelope, body: AdjustPosition, entry_id: str, now: int, step: Step) -> None:
        if refused := self._wrong_adjustment(body):
            self.floor.turn_away(message, entry_id, refused, step)
        else:
            event = PositionAdjustmentOrdered(
                instrument=body.instrument,
                quantity=body.quantity,
                price=body.price,
                who=message.actor,
                why=body.reason,
            )
            self._accept(message, entry_id, event, step)

    def _wrong_adjustment(self, body: AdjustPosition) -> Refused | None:
        """What leaves whole lots may be of any size: so goes dust, what a fee in kind leaves of a lot."""
        listed = self.state.instruments.get(body.instrument)
        if listed is None:
            return Code.UNKNOWN_INSTRUMENT, body.instrument
        if not body.quantity:
            return Code.NO_CHANGE, "nothing would move"
        value = abs(body.quantity * body.price)
        if value > LARGEST_MOVE:
            detail = f"{plain(body.quantity)} at {plain(body.price)} is worth more than {LARGEST_MOVE:,f}"
            return Code.SIZE_LIMIT, f"{detail} {self.state.quote}, the most that moves at once"
        held = self.state.positions.get(body.instrument, ZERO)
        if _is_whole(listed.lot_size, body.quantity) or _is_whole(listed.lot_size, held, body.quantity):
            return None
        detail = f"{plain(body.quantity)} is no multiple of the lot of {plain(listed.lot_size)}"
        return Code.INVALID, f"{detail}, and with the {plain(held)} that is held it makes no whole lots either"

    def _reconcile(self, message: Envelope, body: Reconcile, entry_id: str, now: int, step: Step) -> None:
        self._accept(message, entry_id, ReconciliationOrdered(who=message.actor, why=body.reason), step)

    def _accept(self, message: Envelope, entry_id: str, event: Event, step: Step) -> None:
        book = aggregate_id("Book", self.state.book)
        chronicle = Chronicle(self.state.book, book, message, self.state.version(book))
        chronicle.add(event, message)
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
        step.answers.append(Answer(message.id, entry_id, "accepted"))


def _is_whole(lot: Decimal, *quantities: Decimal) -> bool:
    """Whether they come to whole lots together."""
    with localcontext(prec=WIDE):
        return not sum((quantity % lot for quantity in quantities), ZERO) % lot


COMMANDS: dict[type[Any], Callable[..., None]] = {
    Flatten: Instructions._flatten,
    CancelOrder: Instructions._cancel,
    MoveCash: Instructions._move_cash,
    AdjustPosition: Instructions._adjust,
    Reconcile: Instructions._reconcile,
}
