"""What an operator orders of an account, as the event that books it."""

from __future__ import annotations

from execution.domain.account import ZERO
from execution.domain.blotter import Blotter
from streams.events import CashMoved, CashMoveOrdered, Event, PositionAdjusted, PositionAdjustmentOrdered


class NotBooked(ValueError):
    """What was ordered cannot be booked as the account is now; the text says why."""


def booked(blotter: Blotter, ordered: Event) -> Event | None:
    """None for an event that orders nothing of an account. NotBooked where less is free than is to be withdrawn, or
    where the instrument is not listed."""
    book = blotter.account.book
    match ordered:
        case CashMoveOrdered(amount=amount, why=why):
            if amount < ZERO and blotter.free_cash < -amount:
                raise NotBooked(f"{-amount} cannot be withdrawn from {book}: {blotter.free_cash} is free")
            return CashMoved(amount=amount, reason=why)
        case PositionAdjustmentOrdered():
            if ordered.instrument not in blotter.instruments:
                raise NotBooked(f"{ordered.instrument} is not listed in {book}: list it first")
            return PositionAdjusted(
                instrument=ordered.instrument,
                quantity=ordered.quantity,
                price=ordered.price,
                who=ordered.who,
                reason=ordered.why,
            )
        case _:
            return None
