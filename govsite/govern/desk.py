"""`manage.py govern` for the desk: flatten, cancel, deposit, withdraw, adjust, reconcile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandError, CommandParser

from govsite.govern.asking import ask
from govsite.ops.words import reason_words
from ledger.models import LedgerEvent
from streams.messages import AdjustPosition, CancelOrder, Flatten, MoveCash, Reconcile

if TYPE_CHECKING:
    from govsite.management.commands.govern import Command

Leaf = Callable[..., CommandParser]


def add_arguments(what: Any, leaf: Leaf) -> None:
    """`leaf` adds a sub-command to `what` with who asks, why, and how long the answer is waited for."""
    flat = leaf(what, "flatten", _flatten, "sell or buy back a position, or all of them, at the market; not voted on")
    flat.add_argument("--instrument", metavar="SYMBOL", help="only this one (default: everything that is held)")
    leaf(what, "cancel", _cancel, "an order that is under way").add_argument("order_id", metavar="ORDER")
    for name, sign, text in (
        ("deposit", 1, "book cash that came in; peak and day-open move with it"),
        ("withdraw", -1, "book cash that goes out, of what is not promised to orders"),
    ):
        leaf(what, name, _cash(sign), text).add_argument("amount", help="in the book's quote currency, above 0")
    level = leaf(what, "adjust", _adjust, "bring the book level with what is really held: a transfer, not a trade")
    level.add_argument("instrument", metavar="SYMBOL")
    level.add_argument("quantity", help="what comes in; what goes out has a minus (see the example)")
    level.add_argument("price", help="what it is worth, in quote currency a unit")
    leaf(what, "reconcile", _reconcile, "compare the book with its venue now")


def _flatten(command: Command, options: dict[str, Any]) -> None:
    body = Flatten(instrument=options["instrument"], reason=options["reason"])
    command_id = ask(command.who(options, "flatten"), body)
    command.say(outcome_of(command_id), "Accepted.")


def outcome_of(command_id: str) -> Iterator[str]:
    """What the decision made of it, and what works no more: the governor answers when it is in the ledger."""
    admitted = LedgerEvent.objects.filter(command_id=command_id, event="ProposalAdmitted").first()
    if admitted is None:
        return
    round_ = LedgerEvent.objects.filter(aggregate_id=admitted.aggregate_id)
    own = set(round_.filter(command_id=command_id).values_list("payload__proposal_id", flat=True))
    decision = round_.filter(event__in=("DecisionReached", "DecisionHeld")).order_by("position").last()
    if decision is None:
        return
    for cancelled in LedgerEvent.objects.filter(event="CancelOrdered", causation_id=decision.causation_id):
        yield f"cancelled first: {cancelled.payload['order_id']}"
    held = " and waits for an operator (manage.py govern holds)" if decision.event == "DecisionHeld" else ""
    for order in decision.payload["orders"]:
        yield f"{order['side']} {order['quantity']} {order['instrument']}, {order['limit']} at worst{held}"
    for reason in decision.payload["reasons"]:
        if reason["proposal_id"] in own and reason["reason"]:
            yield f"no order: {reason['reason']}, {reason['detail'] or reason_words(reason['reason'])}"


def _cancel(command: Command, options: dict[str, Any]) -> None:
    body = CancelOrder(order_id=options["order_id"], reason=options["reason"])
    command.command(options, "cancel", body, "It is cancelled unless it is filled before that.")


def _cash(sign: int) -> Callable[[Command, dict[str, Any]], None]:
    done = "Booked with the next transaction of the executor; peak and day-open move with it."

    def move(command: Command, options: dict[str, Any]) -> None:
        amount = _above_zero("amount", options["amount"])
        command.command(options, "cash", MoveCash(amount=sign * amount, reason=options["reason"]), done)

    return move


def _adjust(command: Command, options: dict[str, Any]) -> None:
    body = AdjustPosition(
        instrument=options["instrument"],
        quantity=_number("quantity", options["quantity"]),
        price=_above_zero("price", options["price"]),
        reason=options["reason"],
    )
    command.command(options, "cash", body, "Booked with the next transaction of the executor, as a transfer in kind.")


def _reconcile(command: Command, options: dict[str, Any]) -> None:
    done = "The executor compares now; a difference is an alarm (manage.py govern alarms)."
    command.command(options, "reconcile", Reconcile(reason=options["reason"]), done)


def _above_zero(name: str, text: str) -> Decimal:
    if (value := _number(name, text)) <= 0:
        raise CommandError(f"{name}: {text} is not above 0.")
    return value


def _number(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise CommandError(f"{name}: {text!r} is no number.") from error
    if not value.is_finite() or abs(value) > 10**18:
        raise CommandError(f"{name}: {text} is no number of a sane size.")
    return value
