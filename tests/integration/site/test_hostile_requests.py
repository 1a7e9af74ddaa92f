"""Every address of the site under requests that no form sends: an answer each time, nothing done without right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from govsite.access.roles import AUDITOR, VIEWER
from ledger.models import OutboxCommand
from tests.integration.site import everything
from tests.integration.site.conftest import Writer
from tests.integration.site.people import person

BAD = {
    "nul": "\0",
    "long": "x" * 10_000,
    "surrogate": "\ud800",
    "bytes": "%ff%fe",
    "right to left": "\u202e\ufeff\U0001f600",
    "huge": "9" * 400,
    "negative": "-1",
    "float": "1e999",
    "sql": "' OR 1=1 --",
    "dots": "../../etc/passwd",
}
"""What pages read of their query, the admin's lists included."""
METHODS = ("put", "patch", "delete", "options", "trace", "head")
BODIES = (
    ("application/json", b"{"),
    ("text/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    ("multipart/form-data; boundary=x", b"--y"),
    ("application/x-www-form-urlencoded; charset=utf-99", b"reason=%00%ff"),
    ("application/x-www-form-urlencoded", b"a=1&" * 1000),
    ("application/octet-stream", b"x" * 3_000_000),
    ("application/x-www-form-urlencoded", b"reason=" + b"x" * 3_000_000),
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


@pytest.fixture
def addresses(writer: Writer, operator: User, redis_url: str, settings: Settings) -> list[str]:
    settings.REDIS_URL = redis_url
    writer.show(lambda history: history.found())
    everything.tell(writer, "a reason")
    everything.bury(redis_url, "a reason")
    OutboxCommand.objects.all().delete()
    return everything.addresses(redis_url)


def faults(client: Client, method: str, address: str, **options: Any) -> Iterator[str]:
    client.raise_request_exception = False
    try:
        sent = ("POST", address) if method == "generic" else (address,)
        answer = getattr(client, method)(*sent, **options)
    except UnicodeEncodeError:  # of the client: such an address cannot be sent
        return
    if answer.status_code >= 500 and answer.status_code != 503:
        yield f"{method} {address[:120]} {str(options)[:120]}: {answer.status_code} {answer.exc_info}"[:600]
    answer.close()


def root(operator: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator)
    return client


@pytest.mark.timeout(300)
def test_who_is_not_logged_in_does_nothing(addresses: list[str]) -> None:
    guest, found = Client(), list[str]()
    for address in addresses:
        for method in ("get", "post", *METHODS):
            found += faults(guest, method, address)
    assert found == []
    assert not OutboxCommand.objects.exists()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", sorted((AUDITOR, VIEWER)))
def test_a_role_finds_no_broken_page(addresses: list[str], role: str) -> None:
    client, found = root(person("carl", role)), list[str]()
    for address in addresses:
        for method in ("get", "post"):
            found += faults(client, method, address, data={"reason": "x", "book": "demo"} if method == "post" else None)
    assert found == []
    if role in (VIEWER, AUDITOR):
        assert not OutboxCommand.objects.exists()


@pytest.mark.timeout(300)
def test_wrong_methods_and_bodies(addresses: list[str], operator: User) -> None:
    client, found = root(operator), list[str]()
    for address in addresses:
        for method in METHODS:
            found += faults(client, method, address)
        for kind, body in BODIES:
            found += faults(client, "generic", address, data=body, content_type=kind)
    assert found == []
    assert not OutboxCommand.objects.exists()


@pytest.mark.timeout(300)
def test_bad_values_in_the_address(addresses: list[str], operator: User) -> None:
    client, found = root(operator), list[str]()
    for pattern in everything.named():
        for converter in pattern.pattern.converters:
            for value in BAD.values():
                written = quote(value, safe="%", errors="surrogatepass")
                address = everything.with_value(pattern, converter, written)
                for method in ("get", "post"):
                    found += faults(client, method, address)
    assert found == []
    assert not OutboxCommand.objects.exists()
