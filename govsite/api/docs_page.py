"""The API's description of itself, as a page to be read: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from govsite.api import tokens
from govsite.api.document import document
from govsite.api.root import api
from govsite.ops.frame import page_context

TAGS = ("Read", "Act", "Audit", "Machine")


@require_GET
@never_cache
@login_required
def page(request: HttpRequest) -> HttpResponse:
    """Every address with its parameters, its body and a call that can be copied."""
    made = document(api)
    groups = [{"title": tag, "operations": [*_operations(made, tag)]} for tag in TAGS]
    scopes = [(name, " or ".join(needed) or "those of what is read") for name, needed in tokens.SCOPES.items()]
    context = {**page_context(request, "api-docs"), "groups": groups, "scopes": scopes, "host": request.get_host()}
    return render(request, "site/api_docs.html", context)


def _operations(made: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [
        _operation(path, method, operation)
        for path, operations in made["paths"].items()
        for method, operation in operations.items()
        if tag in operation.get("tags", ())
    ]


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = json.dumps(body["example"]) if body else ""
    call = f'curl -H "Authorization: Bearer $TOKEN" https://HOST{path}'
    if example:
        call += f" -H 'Content-Type: application/json' -d '{example}'"
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "scope": operation.get("x-scope", ""),
        "parameters": [
            {**each, "kind": _kind(each["schema"]), "words": each.get("description", "")}
            for each in operation["parameters"]
        ],
        "call": call,
    }


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " · ".join(map(str, schema["enum"]))
    choices = [_kind(each) for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return ", ".join(choices) or str(schema.get("const", schema.get("type", "")))
