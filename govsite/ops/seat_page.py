"""Acting on seats in the admin: edit a reputation, suspend, reinstate, grant; each asks for a change with a reason."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from governance.domain.council import GUARDS
from governance.models import Book, Seat
from govsite.ops import sending
from govsite.ops.change_asking import CONFLICT, SENT, Asked, ChangeForm, ask, moved_at, opened, page, pending, posted
from govsite.ops.rule_page import asked_book
from govsite.ops.seat_forms import GrantForm, KeyForm, SignalSet, WeightForm, grant_of
from streams.changes import AdjustReputation, Change, IssueSeatKey, ReinstateSeat, RevokeSeatKey, SuspendSeat

RIGHT, WORDS = "governance.request_change", "ask for a change of a seat"
PERCENT, PPM_PER_PERCENT = Decimal(100), 10_000
HEADINGS = {
    "reputation": "Edit the reputation of",
    "suspend": "Suspend",
    "reinstate": "Reinstate",
    "key": "Give another key to",
    "revoke-key": "Revoke the key of",
}
MAKES: dict[str, Callable[[str, dict[str, Any]], Change]] = {
    "reputation": lambda agent, said: AdjustReputation(agent=agent, weight=float(said["weight"] / PERCENT)),
    "suspend": lambda agent, said: SuspendSeat(agent=agent),
    "reinstate": lambda agent, said: ReinstateSeat(agent=agent),
    "key": lambda agent, said: IssueSeatKey(agent=agent, public=said["public"]),
    "revoke-key": lambda agent, said: RevokeSeatKey(agent=agent),
}


def act(request: HttpRequest, seat_id: uuid.UUID, what: str) -> HttpResponse:
    """`what`: one of `MAKES`."""
    sending.may(request, RIGHT, WORDS)
    if what not in MAKES:
        raise Http404("There is no such action.")
    row = get_object_or_404(Seat, seat_id=seat_id)
    kind = {"reputation": WeightForm, "key": KeyForm}.get(what, ChangeForm)
    weight = Decimal(row.weight_ppm) / PPM_PER_PERCENT
    form = kind(posted(request), initial={**opened(_state(row, what)), "weight": weight})
    address, asked = reverse("seat-act", args=[row.seat_id, what]), Asked(200)
    if request.method == "POST":
        asked = _asked(request, row, what, form)
        if asked.status == SENT:
            return asked.back(address)
        if asked.status == CONFLICT:
            _reopen(form, row, what)
    context = {"row": row, "form": form, "what": what, "address": address, "heading": f"{HEADINGS[what]} {row.agent}"}
    context |= {"why_not": _why_not(request, row, what), "pending": pending(row.book, agent=row.agent)}
    context |= {"timelock_s": timelock_s(row.book), "me": sending.actor(request)}
    return page(request, "seat_act", context, asked)


def grant(request: HttpRequest) -> HttpResponse:
    """A newcomer of the chosen book; a seat whose name is taken is the governor's to refuse."""
    sending.may(request, RIGHT, WORDS)
    book = asked_book(request)
    data = posted(request)
    form, signals = GrantForm(data, initial=opened(0)), SignalSet(data, prefix="signals")
    address, asked = f"{reverse('seat-grant')}?book={quote(book)}", Asked(200)
    if data is not None:
        change = grant_of(form, signals) if all([form.is_valid(), signals.is_valid()]) else None
        taken = Seat.objects.filter(book=book, agent=change.agent).first() if change else None
        state = moved_at(book, taken.ledger_position if taken else 0, agent=change.agent) if change else 0
        asked = ask(request, book, form, change, state) if change else Asked(400)
        if asked.status == SENT:
            return asked.back(address)
        if asked.status == CONFLICT:
            form.add_error("agent", "There is a seat of this name, or somebody has asked for one.")
    context = {"form": form, "signals": signals, "book": book, "address": address, "timelock_s": timelock_s(book)}
    return page(request, "seat_grant", {**context, "heading": f"Grant a seat in the book {book}"}, asked)


def timelock_s(book: str) -> int | None:
    found = Book.objects.filter(book=book).first()
    return found.terms.get("timelock_s") if found else None


def _asked(request: HttpRequest, row: Seat, what: str, form: ChangeForm) -> Asked:
    if not form.is_valid():
        return Asked(400)
    return ask(request, row.book, form, MAKES[what](row.agent, form.cleaned_data), _state(row, what))


def _why_not(request: HttpRequest, row: Seat, what: str) -> str:
    """Why there is no form to send, in words; the governor would refuse it all the same."""
    me = sending.actor(request)
    if what == "reputation" and (row.veto or row.role in GUARDS):
        return "A guard holds no mass: it has no weight to edit."
    if what == "reinstate" and row.status != "suspended":
        return f"It is not suspended: it is {row.status}."
    if what == "suspend" and me in row.suspended_by:
        return "You suspended it: another operator confirms, which takes its mass out of the total."
    if what == "suspend" and len(row.suspended_by) > 1:
        return "Its suspension is confirmed: nothing more can be taken from it."
    if what == "revoke-key" and row.key_revoked:
        return f"Its key {row.key_number} is revoked: nothing that it says is taken until it has another one."
    return ""


def _state(row: Seat, what: str) -> int:
    """Another number as soon as its standing or a request about it has changed; for an edit of its weight, that too.

    Weights move with every scored bucket: a suspension, which no weight can make wrong, does not wait for that."""
    requests = moved_at(row.book, 0, agent=row.agent)
    weight = row.weight_ppm if what == "reputation" else f"{row.key_number} {row.key_revoked}"
    return zlib.crc32(f"{weight} {row.status} {row.suspended_by} {requests}".encode())


def _reopen(form: ChangeForm, row: Seat, what: str) -> None:
    """The page shows the seat as it is now: sent again, the form is meant against that."""
    data: Any = form.data
    said = data.copy()
    said["opened_at"] = _state(row, what)
    form.data = said
