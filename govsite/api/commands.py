"""Operators' commands and agents' proposals over HTTP: the same commands as the pages send, by the same rights."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import redis
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from execution.models import Order
from feeds import control
from governance.models import Alarm, Book, ChangeRequest, Hold, Seat
from govsite.access import roles
from govsite.api import bodies, problems, tokens
from govsite.api.answers import ERRORS, asks_only, fresh, path_text
from govsite.api.bodies import sane
from govsite.api.reading import GateShape, gate_of
from govsite.api.sending import CommandState, asked, find, id_of, may, posts, state
from govsite.auditing import output
from govsite.govern.trying import NotTried, Unsound, tried
from govsite.ops import halting, sending
from ledger import gate, outbox
from ledger.errors import GateHeld
from streams import commands as c
from streams.changes import Change
from streams.client import connect
from streams.events import Preview

router = Router(tags=["Act"])
WHY = {"reason": "end of the day"}
WAIT: Any = Query(0.0, ge=0.0, le=1.0, description="seconds to wait")  # type: ignore[type-arg]


def book_of(name: str) -> str:
    if not Book.objects.filter(book=path_text("book", name)).exists():
        raise problems.missing(f"there is no book {name!r}")
    return name


def book_in(rows: Any, what: str) -> str:
    """The book of the row that is meant."""
    row = rows.first()
    if row is None:
        raise problems.missing(f"there is no {what}")
    return str(row.book)


# --- halting ----------------------------------------------------------------------------------------


@router.post("/halt", **posts("command:halt", bodies.ReasonBody, "Halt all books", WHY, response={200: GateShape}))
def halt_all(request: HttpRequest) -> HttpResponse:
    """In force when it is answered, without governor and Redis. Needs no second factor: stopping comes first."""
    may(request, "command:halt", roles.HALT, "halt trading")
    return _halted(request, gate.ALL_BOOKS)


@router.post(
    "/books/{book}/halt", **posts("command:halt", bodies.ReasonBody, "Halt a book", WHY, response={200: GateShape})
)
def halt(request: HttpRequest, book: str) -> HttpResponse:
    """In force when it is answered, without governor and Redis. Needs no second factor: stopping comes first."""
    may(request, "command:halt", roles.HALT, "halt trading")
    if not halting.is_known(path_text("book", book)):
        raise problems.missing(f"there is no book {book!r}: nothing was halted")
    return _halted(request, book)


def _halted(request: HttpRequest, book: str) -> HttpResponse:
    said = bodies.read(request, bodies.ReasonBody)
    if "\0" in said.reason:
        raise problems.bad("reason: a NUL character cannot be stored as text")
    who = sending.actor(request)[: sending.LONGEST_ACTOR]
    try:
        row = gate.halt(connection, book, who=who, why=said.reason, command_id=str(uuid.uuid4()))
    except GateHeld as error:
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
    response = HttpResponse(output.encode(gate_of(row)), content_type="application/json")
    fresh(response)
    return response


@router.post("/books/{book}/resume", **posts("command:resume", bodies.ReasonBody, "Let trades in again", WHY))
def resume(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    """From HALTED to REDUCE_ONLY; then another operator, to NORMAL."""
    may(request, "command:resume", "governance.resume_trading", "resume trading")
    book_of(book)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.ResumeTrading(reason=said.reason), wait)


@router.post(
    "/books/{book}/suspensions",
    **posts("command:suspension", bodies.InstrumentBody, "Suspend an instrument", {"instrument": "BTCUSDT", **WHY}),
)
def suspend(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:suspension", "governance.suspend_instrument", "suspend an instrument")
    book_of(book)
    said = bodies.read(request, bodies.InstrumentBody)
    return asked(request, book, c.SuspendInstrument(instrument=said.instrument, reason=said.reason), wait)


@router.post(
    "/books/{book}/suspensions/lift",
    **posts("command:suspension", bodies.InstrumentBody, "Lift a suspension", {"instrument": "BTCUSDT", **WHY}),
)
def lift(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:suspension", "governance.suspend_instrument", "lift a suspension")
    book_of(book)
    said = bodies.read(request, bodies.InstrumentBody)
    return asked(request, book, c.LiftSuspension(instrument=said.instrument, reason=said.reason), wait)


# --- deciding ---------------------------------------------------------------------------------------


@router.post("/holds/{path:decision_id}/release", **posts("command:hold", bodies.ReasonBody, "Release a hold", WHY))
def release(request: HttpRequest, decision_id: str, wait: float = WAIT) -> HttpResponse:
    """Prices and rules are checked again."""
    book = _hold(request, decision_id)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.ReleaseHold(decision_id=decision_id, reason=said.reason), wait)


@router.post("/holds/{path:decision_id}/refuse", **posts("command:hold", bodies.ReasonBody, "Refuse a hold", WHY))
def refuse_hold(request: HttpRequest, decision_id: str, wait: float = WAIT) -> HttpResponse:
    book = _hold(request, decision_id)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.RefuseHold(decision_id=decision_id, reason=said.reason), wait)


def _hold(request: HttpRequest, decision_id: str) -> str:
    may(request, "command:hold", "governance.decide_hold", "release or refuse held decisions")
    rows = Hold.objects.filter(decision_id=path_text("decision_id", decision_id))
    return book_in(rows, f"held decision {decision_id!r}")


@router.post("/changes/{path:change_id}/approve", **posts("command:change", bodies.ReasonBody, "Approve a change", WHY))
def approve(request: HttpRequest, change_id: str, wait: float = WAIT) -> HttpResponse:
    """Another operator than who asked for it; its timelock begins."""
    book = _change(request, change_id)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.ApproveChange(change_id=change_id, reason=said.reason), wait)


@router.post("/changes/{path:change_id}/refuse", **posts("command:change", bodies.ReasonBody, "Refuse a change", WHY))
def refuse_change(request: HttpRequest, change_id: str, wait: float = WAIT) -> HttpResponse:
    book = _change(request, change_id)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.RefuseChange(change_id=change_id, reason=said.reason), wait)


def _change(request: HttpRequest, change_id: str) -> str:
    may(request, "command:change", "governance.approve_change", "approve or refuse changes")
    rows = ChangeRequest.objects.filter(change_id=path_text("change_id", change_id)).order_by("-requested_at")
    return book_in(rows, f"change {change_id!r}")


SET_TERM = {"change": {"kind": "SetTerm", "name": "drawdown_halt", "value": "0.05"}, "reason": "a quieter week"}


@router.post("/books/{book}/changes", **posts("command:change", bodies.ChangeBody, "Ask for a change", SET_TERM))
def request_change(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    """What tightens holds at once; what loosens waits for another operator and its timelock. Rules are compiled, and
    changes of rules and parameters are tried on the last decisions, before anything is sent."""
    may(request, "command:change", "governance.request_change", "ask for changes of a book")
    book_of(book)
    said = bodies.read(request, bodies.ChangeBody)
    change_id = id_of(request)
    body = c.RequestChange(
        change_id=change_id, change=said.change, reason=said.reason, preview=_previewed(book, said.change, said.last)
    )
    return asked(request, book, body, wait, command_id=change_id)


def _previewed(book: str, change: Change, last: int) -> Preview | None:
    try:
        return tried(book, change, last)
    except Unsound as error:
        raise problems.bad(str(error)) from None
    except NotTried as error:
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None


# --- alarms, orders, money --------------------------------------------------------------------------


@router.post("/alarms/{path:alarm_id}/acknowledge", **posts("command:alarm", bodies.ReasonBody, "Acknowledge", WHY))
def acknowledge(request: HttpRequest, alarm_id: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:alarm", "governance.acknowledge_alarm", "acknowledge alarms")
    book = book_in(Alarm.objects.filter(alarm_id=path_text("alarm_id", alarm_id)), f"alarm {alarm_id!r}")
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.AcknowledgeAlarm(alarm_id=alarm_id, reason=said.reason), wait)


@router.post(
    "/books/{book}/breakers/clear",
    **posts("command:alarm", bodies.BreakerBody, "Clear a breaker", {"breaker": "drawdown", "subject": "demo", **WHY}),
)
def clear(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:alarm", "governance.acknowledge_alarm", "clear breakers")
    book_of(book)
    said = bodies.read(request, bodies.BreakerBody)
    return asked(request, book, c.ClearBreaker(breaker=said.breaker, subject=said.subject, reason=said.reason), wait)


@router.post("/orders/{path:order_id}/cancel", **posts("command:order", bodies.ReasonBody, "Cancel an order", WHY))
def cancel(request: HttpRequest, order_id: str, wait: float = WAIT) -> HttpResponse:
    """It is cancelled unless it is filled before that."""
    may(request, "command:order", "execution.cancel_order", "cancel orders")
    book = book_in(Order.objects.filter(order_id=path_text("order_id", order_id)), f"order {order_id!r}")
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.CancelOrder(order_id=order_id, reason=said.reason), wait)


@router.post(
    "/books/{book}/flatten", **posts("command:flatten", bodies.FlattenBody, "Flatten", {"instrument": "BTCUSDT", **WHY})
)
def flatten(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    """A position, or all of them, to zero at the market; what works is cancelled first. Not while halted."""
    may(request, "command:flatten", "execution.flatten_book", "flatten positions")
    book_of(book)
    said = bodies.read(request, bodies.FlattenBody)
    return asked(request, book, c.Flatten(instrument=said.instrument, reason=said.reason), wait)


@router.post(
    "/books/{book}/cash", **posts("command:cash", bodies.CashBody, "Deposit, withdraw", {"amount": "500", **WHY})
)
def move_cash(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:cash", "execution.move_cash", "deposit or withdraw")
    book_of(book)
    said = bodies.read(request, bodies.CashBody)
    return asked(request, book, c.MoveCash(amount=sane("amount", said.amount), reason=said.reason), wait)


ADJUST = {"instrument": "BTCUSDT", "quantity": "0.5", "price": "61000", **WHY}


@router.post("/books/{book}/adjust", **posts("command:cash", bodies.AdjustBody, "Adjust a position", ADJUST))
def adjust(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    """Brings the book level with what is really held: a transfer, not a trade."""
    may(request, "command:cash", "execution.move_cash", "adjust positions")
    book_of(book)
    said = bodies.read(request, bodies.AdjustBody)
    quantity, price = sane("quantity", said.quantity), sane("price", said.price)
    if price <= 0:
        raise problems.bad("price: it is above 0")
    body = c.AdjustPosition(instrument=said.instrument, quantity=quantity, price=price, reason=said.reason)
    return asked(request, book, body, wait)


@router.post("/books/{book}/reconcile", **posts("command:reconcile", bodies.ReasonBody, "Compare with the venue", WHY))
def reconcile(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    may(request, "command:reconcile", "execution.reconcile_book", "compare a book with its venue")
    book_of(book)
    said = bodies.read(request, bodies.ReasonBody)
    return asked(request, book, c.Reconcile(reason=said.reason), wait)


# --- the feed ---------------------------------------------------------------------------------------


class FeedAnswer(Schema):
    done: bool
    text: str = Field(description="what the feed says")


@router.post(
    "/feed-source",
    **posts(
        "command:source",
        bodies.SourceBody,
        "Switch the source of prices",
        {"source": "replay", **WHY},
        response={200: FeedAnswer},
    ),
)
def switch_source(request: HttpRequest) -> HttpResponse:
    """The feed that runs does it, and answers; 409 where it refuses."""
    may(request, "command:source", "governance.switch_source", "switch the source of prices")
    said = bodies.read(request, bodies.SourceBody)
    if "\0" in said.reason:
        raise problems.bad("reason: a NUL character cannot be stored as text")
    who = sending.actor(request)[: sending.LONGEST_ACTOR]
    wish = control.a_wish("source", actor=who, source=said.source, reason=said.reason)
    try:
        with connect(settings.REDIS_URL, timeout_s=control.PATIENCE_S + 1) as connected:
            answer = control.ask(connected, wish)
    except control.Unanswered:
        detail = f"no feed has answered within {control.PATIENCE_S:.0f} s: nothing was switched"
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
    except (redis.RedisError, ValueError):
        detail = "Redis does not answer, so the feed cannot be reached: nothing was switched"
        raise problems.Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
    if not answer.done:
        raise problems.Problem(HTTPStatus.CONFLICT, answer.text)
    response = HttpResponse(output.encode({"done": True, "text": answer.text}), content_type="application/json")
    fresh(response)
    return response


# --- proposals --------------------------------------------------------------------------------------

PROPOSAL = {
    "agent": "fast-momentum",
    "proposal": {
        "proposal_id": "2b1f8f0e-3c1b-4a55-9a5e-0f3c5f1a7b11",
        "action": "trade",
        "instrument": "BTCUSDT",
        "target": "0.05",
        "probability": 0.57,
        "price": "61234.56",
        "evidence": ["binance:BTCUSDT:t41"],
        "evidence_received_at": 1_767_225_600_123_456_789,
        "reason": "three rising trades in a row",
    },
}


@router.post("/books/{book}/proposals", **posts("propose", bodies.ProposalBody, "Propose as an agent", PROPOSAL))
def propose(request: HttpRequest, book: str, wait: float = WAIT) -> HttpResponse:
    """In the ledger it is the seat's own. A token speaks for the one agent that it names."""
    may(request, tokens.PROPOSE, "govsite.propose_for_seat", "propose for a seat")
    book_of(book)
    said = bodies.read(request, bodies.ProposalBody)
    token = tokens.of(request)
    if token is not None and token.agent != said.agent:
        raise problems.Problem(HTTPStatus.FORBIDDEN, f"agent: the token {token.prefix}… speaks for {token.agent} only")
    if "\0" in said.agent or not Seat.objects.filter(book=book, agent=said.agent).exists():
        raise problems.bad(f"agent: {said.agent!r} has no seat in book {book}")
    return asked(request, book, said.proposal, wait, actor=said.agent)


@router.get("/commands/{command_id}", response={200: CommandState, **ERRORS}, summary="What became of a command")
def command(request: HttpRequest, command_id: str) -> HttpResponse:
    """One's own; all of them for who may see the outbox."""
    asks_only(request)
    found, token = find(command_id), tokens.of(request)
    own = {sending.actor(request), token.agent if token and token.agent else ""}
    if found is None or not (found.actor in own or request.user.has_perm("ledger.view_outboxcommand")):
        raise problems.missing(f"there is no command {command_id!r}")
    return state(found, outbox.status(connection, found.id) or outbox.WAITING)
