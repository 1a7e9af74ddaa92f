"""Adding, editing and retiring a rule in the admin: checked, tried, and sent as a request for a change."""

from __future__ import annotations

import difflib
import json
import uuid
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from governance.models import Book, ChangeRequest, Rule
from govsite.ops import sending
from govsite.ops.change_asking import CONFLICT, SENT, Asked, ChangeForm, ask, moved_at, opened, page, pending, posted
from govsite.ops.frame import chosen_book
from govsite.ops.rule_forms import ClauseSet, ExampleSet, NewRuleForm, RuleForm, change_of
from streams.changes import ActivateRule, RetireRule

FIELDS = ("title", "effect", "clip_to", "exempt_risk_reducing", "shadow")
CLAUSES = (*FIELDS, "clauses", "examples")
RIGHT, WORDS = "governance.request_change", "ask for a change of a rule"


def edit(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """The next version of a rule; of one that is retired, its return."""
    sending.may(request, RIGHT, WORDS)
    row = get_object_or_404(Rule, rule_id=rule_id)
    initial = {**{name: getattr(row, name) for name in FIELDS}, **opened(_state(row.book, row.rule))}
    form = RuleForm(posted(request), initial=initial)
    told = {"row": row, "book": row.book, "heading": f"Change the rule {row.rule}", "pending": _pending(row)}
    return _rule_form(request, form, {**told, "address": reverse("rule-edit", args=[row.rule_id])}, row)


def add(request: HttpRequest) -> HttpResponse:
    """A new rule of the chosen book; one whose name is taken by then is not sent."""
    sending.may(request, RIGHT, WORDS)
    book = asked_book(request)
    form = NewRuleForm(posted(request), initial={"effect": "deny", "exempt_risk_reducing": True, **opened(0)})
    told = {"book": book, "heading": f"Add a rule to the book {book}", "pending": []}
    return _rule_form(request, form, {**told, "address": f"{reverse('rule-add')}?book={quote(book)}"}, None)


def retire(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Ends a rule; its versions and traces stay in the ledger for ever."""
    sending.may(request, RIGHT, WORDS)
    row = get_object_or_404(Rule, rule_id=rule_id)
    form = ChangeForm(posted(request), initial=opened(_state(row.book, row.rule)))
    address, asked = reverse("rule-retire", args=[row.rule_id]), Asked(200)
    if request.method == "POST":
        state = _state(row.book, row.rule)
        asked = ask(request, row.book, form, RetireRule(rule=row.rule), state) if form.is_valid() else Asked(400)
        if asked.status == SENT:
            return asked.back(address)
    context = {"form": form, "row": row, "pending": _pending(row), "address": address}
    return page(request, "rule_retire", {**context, "heading": f"Retire the rule {row.rule}"}, asked)


# --- what they share --------------------------------------------------------------------------------


def _rule_form(request: HttpRequest, form: RuleForm, told: dict[str, Any], row: Rule | None) -> HttpResponse:
    """The form of a rule with its clauses and examples, and what came of sending it."""
    data, book = posted(request), told["book"]
    clauses = ClauseSet(data, prefix="clauses", initial=row.clauses if row and data is None else None)
    examples = ExampleSet(data, prefix="examples", initial=row.examples if row and data is None else None)
    context: dict[str, Any] = {**told, "form": form, "clauses": clauses, "examples": examples}
    asked = Asked(200)
    if data is not None:
        valid = [form.is_valid(), clauses.is_valid(), examples.is_valid()]
        name = row.rule if row else str(form.cleaned_data.get("rule", ""))
        change = change_of(name, form, clauses, examples) if all(valid) else None
        asked = ask(request, book, form, change, _state(book, name)) if change else Asked(400)
        if asked.status == SENT:
            return asked.back(told["address"])
        if change is not None and asked.status == CONFLICT:
            context |= _conflict(book, change)
    return page(request, "rule_edit", context, asked)


def asked_book(request: HttpRequest) -> str:
    books = list(Book.objects.order_by("founded_at", "book").values_list("book", flat=True))
    book = chosen_book(request, books)
    if not book:
        raise Http404("No book has been founded yet.")
    return book


def _state(book: str, rule: str) -> int:
    """0 for a rule that nobody has asked for so far."""
    known = Rule.objects.filter(book=book, rule=rule).first()
    return moved_at(book, known.ledger_position if known else 0, rule=rule)


def _pending(row: Rule) -> list[ChangeRequest]:
    return pending(row.book, rule=row.rule)


def _conflict(book: str, change: ActivateRule) -> dict[str, Any]:
    """The rule as it is now beside the one that was not sent."""
    row = Rule.objects.filter(book=book, rule=change.rule).first()
    now = {name: getattr(row, name) for name in CLAUSES} if row else {}
    yours = {name: msgspec.to_builtins(getattr(change, name)) for name in CLAUSES}
    title = f"version {row.version}, {row.status}" if row else "no version so far"
    return {"difference": difference(now, yours, title, "yours, not sent"), "known": row}


def difference(one: dict[str, Any], other: dict[str, Any], name: str, other_name: str) -> str:
    """Two rules line by line, with enough around each difference that it can be placed."""
    lines = difflib.unified_diff(_lines(one), _lines(other), name, other_name, lineterm="", n=4)
    return "\n".join(lines)


def _lines(said: dict[str, Any]) -> list[str]:
    """As people read it: a line for each field, texts with their own lines."""
    lines = [f"{name}: {said[name]}" for name in FIELDS if name in said]
    for clause in said.get("clauses", ()):
        lines += [f"clause {clause['name']}:", *(f"    {line}" for line in clause["cel"].splitlines())]
    for example in said.get("examples", ()):
        facts = json.dumps(example["facts"], sort_keys=True, ensure_ascii=False)
        lines.append(f"example {example['name']} {example['verdict']}: {facts}")
    return lines
