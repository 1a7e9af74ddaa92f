"""Halting and resuming: a halt sets the gate in PostgreSQL at once, a resume is a command that the governor answers."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from govsite.ops import standing
from govsite.ops.frame import page_context
from govsite.ops.sending import LONGEST_ACTOR, ReasonForm, actor, enqueue, may
from govsite.ops.words import reason_words
from ledger import gate, outbox
from streams.messages import ResumeTrading

RESUMING = {
    "NOT_ENTITLED": "who ended the halt cannot also let all trades in again; another operator can",
    "NO_CHANGE": "the book trades already",
}


class BookForm(ReasonForm):
    book = forms.CharField(max_length=64, error_messages={"required": "Say which book."})


@require_http_methods(["GET", "POST"])
@login_required
def halt(request: HttpRequest) -> HttpResponse:
    """Works without governor and Redis: the gate is one row in PostgreSQL."""
    may(request, "governance.halt_trading", "halt trading")
    if request.method == "GET":
        return render(request, "site/command.html", {**page_context(request, "halt"), "form": "site/halt_form.html"})
    form = BookForm(request.POST)
    if not form.is_valid():
        return _wrong(request, form, "site/halt_form.html")
    book = form.cleaned_data["book"]
    # Never refused for the length of a name: stopping comes first.
    who = actor(request)[:LONGEST_ACTOR]
    set_gate = gate.halt(connection, book, who=who, why=form.cleaned_data["reason"], command_id=str(uuid.uuid4()))
    text = f"Halted by {set_gate.who}: “{set_gate.why}”."
    return _answer(request, {"text": text, "mode": standing.mode_for_browser(book)})


@require_http_methods(["GET", "POST"])
@login_required
def resume(request: HttpRequest) -> HttpResponse:
    """Puts the command into the outbox; the relay sends it until the governor's inbox has it."""
    may(request, "governance.resume_trading", "resume trading")
    if request.method == "GET":
        return render(
            request, "site/command.html", {**page_context(request, "resume"), "form": "site/resume_form.html"}
        )
    form = BookForm(request.POST)
    if form.is_valid() and len(actor(request)) > LONGEST_ACTOR:
        form.add_error(None, f"Your name in the ledger would be longer than {LONGEST_ACTOR} characters.")
    if not form.is_valid():
        return _wrong(request, form, "site/resume_form.html")
    command_id = enqueue(request, form.cleaned_data["book"], ResumeTrading(reason=form.cleaned_data["reason"]))
    return _answer(request, {"text": _answer_words(outbox.WAITING), "command_id": command_id}, status=202)


@require_GET
@login_required
def command(request: HttpRequest, command_id: str) -> HttpResponse:
    """What became of a command: waiting, accepted or refused."""
    result = outbox.status(connection, command_id)
    if result is None:
        raise Http404("There is no such command.")
    answered = result != outbox.WAITING
    book = page_context(request, "")["book"]
    return JsonResponse(
        {
            "text": _answer_words(result),
            "result": result if answered else "",
            "mode": standing.mode_for_browser(book) if answered and book else None,
        }
    )


def _answer_words(result: str) -> str:
    if result == outbox.WAITING:
        return "Waiting: the governor has not answered yet."
    verdict, _, code = result.partition(":")
    words = RESUMING.get(code) or reason_words(code)
    return f"{verdict.capitalize()}: {words}." if code else f"{verdict.capitalize()}."


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _wrong(request: HttpRequest, form: BookForm, template: str) -> HttpResponse:
    errors = [str(error) for messages in form.errors.values() for error in messages]
    if _wants_json(request):
        return JsonResponse({"text": " ".join(errors)}, status=400)
    return render(
        request, "site/command.html", {**page_context(request, ""), "form": template, "errors": errors}, status=400
    )


def _answer(request: HttpRequest, answer: dict[str, Any], status: int = 200) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse(answer, status=status)
    return redirect("live")
