"""What people read of the API: the calls of docs/api.md are made, and the page and the document agree."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from govsite.api import tokens
from ledger.models import OutboxCommand
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
CALLS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.fixture
def headers(writer: Writer, operator: User, redis_url: str, settings: Any) -> dict[str, str]:
    def tell(history: Any) -> None:
        history.found()
        history.round()

    writer.show(tell)
    settings.REDIS_URL = redis_url
    _, secret = tokens.issue(operator, "docs", tokens.SCOPES, agent="fast-momentum", confirmed=True)
    return {"TOKEN": secret, "SITE": ""}


def called(line: str, known: dict[str, str]) -> Any:
    """Makes the call that a line of curl is."""
    for name, value in known.items():
        line = line.replace(f"${name}", value)
    program, *words = shlex.split(line)
    assert program == "curl"
    headers, method, body, path = {}, "GET", "", ""
    rest = iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        elif word == "-X":
            method = next(rest)
        elif word == "-I":
            method = "HEAD"
        elif word != "-s":
            path = word
    kind = headers.pop("Content-Type", "application/octet-stream")
    return Client().generic(method, path, body, kind, headers=headers)


def test_every_call_of_the_guide_works(headers: dict[str, str]) -> None:
    answers = [(line, called(line, headers)) for line in CALLS]
    assert len(answers) > 10
    for line, answer in answers:
        assert answer.status_code in (200, 202), (line, answer.content)
    assert OutboxCommand.objects.count() == sum(answer.status_code == 202 for _, answer in answers)


def test_the_page_names_every_address_and_keeps_the_policy(operator: User) -> None:
    client = browser(operator)
    page = client.get("/api/v1/docs")
    text = page.content.decode()
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path in document["paths"]:
        assert f">{path}</span>" in text
    assert "'unsafe" not in page["Content-Security-Policy"]
    assert not re.search(
        r"<script(?![^>]* src=)|\sstyle=|\son[a-z]+=|https?://(?!HOST)", text.replace("http://www.w3.org", "")
    )
    assert Client().get("/api/v1/docs").status_code == 302


def test_every_operation_describes_its_errors_and_who_may(operator: User) -> None:
    document = browser(operator).get("/api/v1/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"BearerToken", "SessionAuth"}
    for operations in document["paths"].values():
        for method, operation in operations.items():
            assert operation["security"]
            assert operation["summary"]
            wanted = {"401", "403", "404", "422", "429"} | ({"409", "413", "415"} if method == "post" else {"304"})
            assert wanted <= set(operation["responses"])
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert set(answer["content"]) == {"application/problem+json"}
