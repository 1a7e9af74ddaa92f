"""Halting and resuming: a halt sets the gate in PostgreSQL at once; to suspend, lift and resume are commands that the
governor answers."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from governance.models import Book
from govsite.ops import halting
from govsite.ops.frame import page_context
from govsite.ops.posting import by_form
from govsite.ops.sending import LONGEST_ACTOR, ReasonForm, actor, enqueue, in_order, may, told, wait
from govsite.ops.words import reason_words
from ledger import gate, outbox
from ledger.errors import GateHeld
from streams.messages import LiftSuspension, ResumeTrading, SuspendInstrument

WHOLE_BOOK, EVERYTHING = "book", "all"

RESUMING = {
    "NOT_ENTITLED": "who ended the halt cannot also let all trades in again; another operator can",
    "NO_CHANGE": "it is so already",
    "STALE_DATA": "it has no fresh prices: 5 s of clean data let it in again",
}


class BookForm(ReasonForm):
    book = forms.CharField(max_length=64, error_messages={"required": "Say which book."})


class HaltForm(BookForm):
    """`what`: the book, all books, or one instrument of the book, which is suspended. A symbol is upper case, so none
    is taken for one of the words."""

    what = forms.CharField(max_length=32, required=False)


class LiftForm(BookForm):
    instrument = forms.CharField(max_length=32, error_messages={"required": "Say which instrument."})


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def halt(request: HttpRequest) -> HttpResponse:
    """Works without governor and Redis: the gate is one row in PostgreSQL. Suspending one instrument is the
    governor's, and needs it."""
    if request.method == "GET":
        may(request, "governance.halt_trading", "halt trading")
        return _page(request, "halt")
    form = HaltForm(request.POST)
    what = str(request.POST.get("what", "")) or WHOLE_BOOK
    if what not in (WHOLE_BOOK, EVERYTHING):
        return _suspend(request, form, what)
    may(request, "governance.halt_trading", "halt trading")
    if form.is_valid() and what == WHOLE_BOOK and not halting.is_known(form.cleaned_data["book"]):
        form.add_error("book", f"There is no book {form.cleaned_data['book']}: nothing was halted.")
    if not form.is_valid():
        return _wrong(request, form, "halt")
    book = gate.ALL_BOOKS if what == EVERYTHING else form.cleaned_data["book"]
    # Never refused for the length of a name: stopping comes first.
    who = actor(request)[:LONGEST_ACTOR]
    try:
        set_gate = gate.halt(connection, book, who=who, why=form.cleaned_data["reason"], command_id=str(uuid.uuid4()))
    except GateHeld as error:
        form.add_error(None, str(error))
        return _wrong(request, form, "halt")
    text = f"Halted by {set_gate.who}: “{set_gate.why}”."
    return _answer(request, {"text": text, **_state(request, form.cleaned_data["book"])})


def _suspend(request: HttpRequest, form: HaltForm, instrument: str) -> HttpResponse:
    may(request, "governance.suspend_instrument", "suspend an instrument")
    _check_instrument(form, "what", instrument)
    if not in_order(request, form):
        return _wrong(request, form, "halt")
    said = form.cleaned_data
    command_id = enqueue(request, said["book"], SuspendInstrument(instrument=instrument, reason=said["reason"]))
    return _asked(request, command_id)


@by_form("halt")
def lift(request: HttpRequest) -> HttpResponse:
    """Ends an operator's suspension, or one after a reconciliation."""
    may(request, "governance.suspend_instrument", "lift a suspension")
    form = LiftForm(request.POST)
    _check_instrument(form, "instrument", request.POST.get("instrument", ""))
    if not in_order(request, form):
        return _wrong(request, form, "halt")
    said = form.cleaned_data
    body = LiftSuspension(instrument=said["instrument"], reason=said["reason"])
    return _asked(request, enqueue(request, said["book"], body))


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def resume(request: HttpRequest) -> HttpResponse:
    """Puts the command into the outbox; the relay sends it until the governor's inbox has it."""
    may(request, "governance.resume_trading", "resume trading")
    if request.method == "GET":
        return _page(request, "resume")
    form = BookForm(request.POST)
    if not in_order(request, form):
        return _wrong(request, form, "resume")
    said = form.cleaned_data
    return _asked(request, enqueue(request, said["book"], ResumeTrading(reason=said["reason"])))


@require_GET
@never_cache
@login_required
def command(request: HttpRequest, command_id: str) -> HttpResponse:
    """What became of a command: waiting, accepted or refused."""
    result = outbox.status(connection, command_id.replace("\0", ""))
    if result is None:
        raise Http404("There is no such command.")
    answered = result != outbox.WAITING
    book = page_context(request, "")["book"]
    state = _state(request, book) if answered and book else {"mode": None}
    return JsonResponse({"text": _answer_words(result), "result": result if answered else "", **state})


# --- what they share --------------------------------------------------------------------------------


def _check_instrument(form: BookForm, field: str, instrument: str) -> None:
    if not form.is_valid():
        return
    book = Book.objects.filter(book=form.cleaned_data["book"]).first()
    listed = [str(each["symbol"]) for each in book.instruments] if book else []
    if instrument not in listed:
        there = ", ".join(listed) or "none"
        form.add_error(field, f"{instrument[:32]} is not listed in this book; there are: {there}.")


def _state(request: HttpRequest, book: str) -> dict[str, Any]:
    """What the top of the page has to show now."""
    return halting.browser_state(request, "" if book == gate.ALL_BOOKS else book)


def _answer_words(result: str) -> str:
    if result == outbox.WAITING:
        return "Waiting: the governor has not answered yet."
    verdict, _, code = result.partition(":")
    words = RESUMING.get(code) or reason_words(code)
    return f"{verdict.capitalize()}: {words}." if code else f"{verdict.capitalize()}."


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _page(request: HttpRequest, name: str, errors: list[str] | None = None) -> HttpResponse:
    """The form on a page of its own, with what is suspended and can be lifted."""
    context = {**page_context(request, name), **told(request, RESUMING), "form": f"site/{name}_form.html"}
    suspended = [(each, halting.suspension_words(each)) for each in halting.suspensions(context["book"])]
    may_lift = request.user.has_perm("governance.suspend_instrument")
    context |= {"errors": errors, "suspended": suspended, "may_lift": may_lift}
    return render(request, "site/command.html", context, status=400 if errors else 200)


def _wrong(request: HttpRequest, form: BookForm, name: str) -> HttpResponse:
    errors = [str(error) for messages in form.errors.values() for error in messages]
    if _wants_json(request):
        return JsonResponse({"text": " ".join(errors)}, status=400)
    return _page(request, name, errors)


def _asked(request: HttpRequest, command_id: str) -> HttpResponse:
    """A script asks itself what became of it; without one the page that follows tells."""
    if _wants_json(request):
        return JsonResponse({"text": _answer_words(outbox.WAITING), "command_id": command_id}, status=202)
    wait(command_id)
    return redirect(f"{reverse('halt')}?command={command_id}")


def _answer(request: HttpRequest, answer: dict[str, Any]) -> HttpResponse:
    return JsonResponse(answer) if _wants_json(request) else redirect("live")
