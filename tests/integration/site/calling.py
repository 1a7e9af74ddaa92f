"""Programs that call the API in tests: with a token, and what comes back."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from govsite.api import tokens
from govsite.api.records import ApiToken
from ledger.application import InboxEntry
from tests.integration.site.conftest import Writer

HERE = "/api/v1"


def token_of(owner: User, *scopes: str, confirmed: bool = True, **options: Any) -> tuple[ApiToken, Client]:
    """A token, and a program that has it."""
    token, secret = tokens.issue(owner, "test", scopes, confirmed=confirmed, **options)
    return token, Client(headers={"Authorization": f"Bearer {secret}"}, enforce_csrf_checks=True)


def get(client: Client, path: str, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"{HERE}{path}", asked)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def post(client: Client, path: str, body: Any, key: str = "", **headers: str) -> tuple[int, dict[str, Any]]:
    if key:
        headers["Idempotency-Key"] = key
    answer = client.post(f"{HERE}{path}", body, content_type="application/json", headers=headers)
    said: dict[str, Any] = json.loads(answer.content)
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert said["status"] == answer.status_code
    return answer.status_code, said


def answered(writer: Writer, command_id: str, result: str = "accepted") -> None:
    """As the governor does it."""
    inbox = [InboxEntry(command_id=command_id, entry_id="1-1", result=result, book="demo")]
    writer.governance.commit([], inbox=inbox)
