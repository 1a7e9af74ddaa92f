"""The OpenAPI document against the API that runs: schemathesis sends what it describes, and what it forbids."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from govsite.api import tokens
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip, working

EXAMPLES = 2
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WITHOUT = {"POST /api/v1/feed-source"}  # waits 5 s for a feed each time; its own test asks it
DOWN = 503  # nothing signs and no governor runs here
FORBIDDEN = {  # to make what a schema forbids takes long: one of each kind
    "GET /api/v1/orders",
    "GET /api/v1/bars",
    "GET /api/v1/ledger",
    "POST /api/v1/books/{book}/adjust",
    "POST /api/v1/books/{book}/halt",
    "POST /api/v1/books/{book}/proposals",
}


@pytest.fixture
def headers(writer: Writer, operator: User, redis_url: str, settings: Any, monkeypatch: Any) -> dict[str, str]:
    """Those of a program that may do everything, in a book with a history."""
    writer.show(lambda told: trip(working(told.found())))
    writer.show(lambda told: told.round())
    settings.REDIS_URL = redis_url
    monkeypatch.setattr(tokens, "pace", tokens.Pace(1e9, 1e9))
    _, secret = tokens.issue(operator, "schemathesis", tokens.SCOPES, agent="fast-momentum", confirmed=True)
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.timeout(300)
def test_the_document_is_true(headers: dict[str, str]) -> None:
    load_all_checks()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler(), headers=headers)
    asked = 0
    faults = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]
        if operation.label in WITHOUT:
            continue
        forbidden = [GenerationMode.NEGATIVE] if operation.label in FORBIDDEN else []
        for mode in (GenerationMode.POSITIVE, *forbidden):
            try:
                asked += _try(operation, mode, headers)
            except BaseExceptionGroup as group:
                faults.append(f"{operation.label}: {'; '.join(map(str, group.exceptions))}")
            except AssertionError as error:
                faults.append(f"{operation.label}: {error}")
    assert not faults, "\n\n".join(faults)
    assert asked > 90


def _try(operation: Any, mode: GenerationMode, headers: dict[str, str]) -> int:
    count = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @bounded(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Case[Any]) -> None:
        nonlocal count
        count += 1
        answer = case.call(headers=headers)
        if answer.status_code != DOWN:  # described, and no fault of what was asked
            case.validate_response(answer, checks=CHECKS)

    run()
    return count
