"""Every address of the site under requests that no form sends: an answer each time, nothing done without right."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from govsite.access.roles import AUDITOR, VIEWER
from govsite.ops.frame import CHOSEN
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
LISTED = ("q", "o", "p", "e", "all", "_facets", "_popup", "_to_field", "_changelist_filters")
"""What lists and forms of the admin read of their query, beside the fields that they filter by."""
RECORDS = re.compile(r"/admin/(\w+/\w+/(add/|[^/]+/(change|delete)/)?)?$")
"""Lists and forms of the admin that Django makes."""
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


def written(asked: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='%', errors='surrogatepass')}" for name, value in asked.items())


def names_read(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the view looks for in its query when it is opened plainly, and when it finds something there."""
    names = set[str]()

    def look(method: str) -> Callable[..., Any]:
        looked = getattr(QueryDict, method)

        def noting(self: QueryDict, name: str, *default: Any) -> Any:
            names.add(name)
            return looked(self, name, *default)

        return noting

    with monkeypatch.context() as patch:
        for method in ("__getitem__", "__contains__", "get", "getlist"):
            patch.setattr(QueryDict, method, look(method))
        client.get(address).close()
        client.get(f"{address}?{written(dict.fromkeys(names, '1'))}").close()
    return names


def filters(address: str) -> Iterator[str]:
    """The fields that a list of the admin filters by."""
    for model, records in admin.site._registry.items():
        if address == reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"):
            for each in records.list_filter:
                pair: Any = each
                field = getattr(each, "parameter_name", None) or (each if isinstance(each, str) else pair[0])
                yield from (f"{field}{look}" for look in ("", "__exact", "_from_0"))


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
def test_bad_values_in_the_query(addresses: list[str], operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client, found = root(operator), list[str]()
    for address in (each for each in addresses if not RECORDS.match(each)):
        names = names_read(client, address, monkeypatch)
        own = names - {CHOSEN} if address != reverse("live") else names
        for value in BAD.values() if own else ():
            found += faults(client, "get", f"{address}?{written(dict.fromkeys(names, value))}")
        for name in sorted(own if len(own) > 1 else names - own):  # alone, so that no other one is found wrong before
            found += faults(client, "get", f"{address}?{written({name: BAD['nul']})}")
    assert found == []


@pytest.mark.timeout(300)
def test_bad_values_in_the_query_of_records(addresses: list[str], operator: User) -> None:
    client, found = root(operator), list[str]()
    for address in filter(RECORDS.match, addresses):
        names = tuple(filters(address))
        for value in (BAD["nul"], BAD["huge"]):
            found += faults(client, "get", f"{address}?{written(dict.fromkeys(LISTED, value))}")
        for name in names:
            found += faults(client, "get", f"{address}?{written({name: BAD['nul']})}")
    for name, value in itertools.product((*LISTED, "outcome", "began_at__gte"), BAD.values()):
        found += faults(client, "get", f"{reverse('admin:governance_decision_changelist')}?{written({name: value})}")
    assert found == []


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
