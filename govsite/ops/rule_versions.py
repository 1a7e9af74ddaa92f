"""The history of a rule in the admin: every version with who, when, why and whose approval, and what differs."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from governance.models import ChangeRequest, Rule, RuleVersion
from govsite.ops.rule_page import CLAUSES, difference

SHOWN = 200


def page(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """`?from=` and `?to=` are two versions that are compared; without them the newest with the one before it."""
    if not request.user.has_perm("governance.view_rule"):
        raise PermissionDenied("You may not see rules.")
    row = get_object_or_404(Rule, rule_id=rule_id)
    versions = list(RuleVersion.objects.filter(book=row.book, rule=row.rule).order_by("-version")[:SHOWN])
    changes = _changes(row, versions)
    numbers = [each.version for each in versions]
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": f"Versions of the rule {row.rule}",
        "row": row,
        "numbers": numbers,
        "versions": [{"row": each, "change": changes.get(each.ledger_position - 1)} for each in versions],
        "retirements": ChangeRequest.objects.filter(
            book=row.book, kind="RetireRule", subject=row.rule, status="enacted"
        ).order_by("-closed_at")[:SHOWN],
    }
    first, second, wrong = _chosen(request, numbers)
    if wrong:
        return render(request, "admin/governance/rule_versions.html", {**context, "wrong": wrong}, status=400)
    context |= {"first": first, "second": second}
    if first and second:
        said = {each.version: _said(each) for each in versions}
        names = f"version {first}", f"version {second}"
        context["difference"] = difference(said[first], said[second], *names).splitlines()
    return render(request, "admin/governance/rule_versions.html", context)


def _changes(row: Rule, versions: list[RuleVersion]) -> dict[int, ChangeRequest]:
    """By where in the log they were enacted: the version that a change made is the entry after that."""
    before = [each.ledger_position - 1 for each in versions]
    found = ChangeRequest.objects.filter(
        book=row.book, kind="ActivateRule", subject=row.rule, status="enacted", ledger_position__in=before
    )
    return {each.ledger_position: each for each in found}


def _chosen(request: HttpRequest, numbers: list[int]) -> tuple[int, int, str]:
    """Two versions, 0 for none, and what is wrong with the ones that were asked for."""
    chosen = [numbers[1] if len(numbers) > 1 else 0, numbers[0] if len(numbers) > 1 else 0]
    for place, name in enumerate(("from", "to")):
        asked = request.GET.get(name)
        if asked is None:
            continue
        if asked not in {str(number) for number in numbers}:
            there = ", ".join(str(number) for number in numbers)
            return 0, 0, f"{name}: there is no version {asked[:40]}; there are {there}."
        chosen[place] = int(asked)
    return chosen[0], chosen[1], ""


def _said(version: RuleVersion) -> dict[str, Any]:
    return {name: getattr(version, name) for name in CLAUSES}
