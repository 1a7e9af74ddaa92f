"""Editing a rule in the admin: checked, previewed, and sent as a request for a change."""

from __future__ import annotations

import difflib
import json
import uuid
from typing import Any

import msgspec
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from governance.models import ChangeRequest, Rule
from governance.preview import preview
from govsite.govern import lists
from govsite.ops import sending
from govsite.ops.rule_forms import ClauseSet, ExampleSet, RuleForm, change_of
from ledger import outbox
from streams.changes import ActivateRule
from streams.messages import RequestChange

FIELDS = ("title", "effect", "clip_to", "exempt_risk_reducing", "shadow")
OPEN = ("requested", "approved")


def edit(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    sending.may(request, "governance.request_change", "ask for a change of a rule")
    row = get_object_or_404(Rule, rule_id=rule_id)
    data = request.POST if request.method == "POST" else None
    opened = {name: getattr(row, name) for name in FIELDS}
    form = RuleForm(data, initial={**opened, "opened_at": _state(row), "token": uuid.uuid4()})
    clauses = ClauseSet(data, prefix="clauses", initial=None if data else row.clauses)
    examples = ExampleSet(data, prefix="examples", initial=None if data else row.examples)
    context: dict[str, Any] = {"form": form, "clauses": clauses, "examples": examples}
    status = 200
    if data is not None:
        valid = [form.is_valid(), clauses.is_valid(), examples.is_valid()]
        change = change_of(row.rule, form, clauses, examples) if all(valid) else None
        if change is None:
            status = 400
        elif "check" in data:
            context["preview"] = list(lists.preview(preview(settings.DATABASE_URL, row.book, change)))
        elif _id(request, form, change, "command") and outbox.status(connection, _id(request, form, change, "command")):
            return _back(row, _id(request, form, change, "command"))
        elif form.cleaned_data["opened_at"] != _state(row):
            context["conflict"], status = _diff(row, change), 409
        else:
            return _sent(request, row, form, change)
    return _page(request, row, context, status)


def _sent(request: HttpRequest, row: Rule, form: RuleForm, change: ActivateRule) -> HttpResponse:
    body = RequestChange(
        change_id=_id(request, form, change, "change"), change=change, reason=form.cleaned_data["reason"],
        preview=preview(settings.DATABASE_URL, row.book, change),
    )  # fmt: skip
    command_id = sending.enqueue(request, row.book, body, _id(request, form, change, "command"))
    sending.wait(command_id)
    return _back(row, command_id)


def _back(row: Rule, command_id: str) -> HttpResponse:
    return redirect(f"{reverse('rule-edit', args=[row.rule_id])}?command={command_id}")


def _id(request: HttpRequest, form: RuleForm, change: ActivateRule, what: str) -> str:
    """The same form sent twice has the same id and is one command; one with other contents is another."""
    said = msgspec.json.encode([what, sending.actor(request), form.cleaned_data["reason"], change]).decode()
    return str(uuid.uuid5(form.cleaned_data["token"], said))


def _pending(row: Rule) -> list[ChangeRequest]:
    found = ChangeRequest.objects.filter(book=row.book, status__in=OPEN, change__rule=row.rule)
    return list(found.order_by("-requested_at")[:10])


def _state(row: Rule) -> int:
    """Grows with every version of the rule and every request to change it: a ledger position."""
    newest = ChangeRequest.objects.filter(book=row.book, change__rule=row.rule).order_by("-ledger_position").first()
    return max(row.ledger_position, newest.ledger_position if newest else 0)


def _diff(row: Rule, change: ActivateRule) -> str:
    names = (*FIELDS, "clauses", "examples")
    now = {name: getattr(row, name) for name in names}
    yours = {name: msgspec.to_builtins(getattr(change, name)) for name in names}
    lines = difflib.unified_diff(
        _lines(now), _lines(yours), f"in force: version {row.version}", "yours, not sent", lineterm=""
    )
    return "\n".join(lines)


def _lines(said: dict[str, Any]) -> list[str]:
    return json.dumps(said, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _page(request: HttpRequest, row: Rule, context: dict[str, Any], status: int) -> HttpResponse:
    shared = {**admin.site.each_context(request), **sending.told(request), "title": f"Change the rule {row.rule}"}
    said = {**shared, "row": row, "pending": _pending(row), **context}
    return render(request, "admin/governance/rule_edit.html", said, status=status)
