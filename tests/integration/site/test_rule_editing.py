"""A rule is changed in the admin by a command: checked first, sent once, never over somebody else's change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from governance.models import Rule
from ledger.models import OutboxCommand
from streams.changes import ActivateRule
from streams.envelope import decode
from streams.messages import RequestChange
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, person


@pytest.fixture
def client(operator: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def address(writer: Writer) -> str:
    writer.show(lambda history: history.found())
    return f"/admin/governance/rule/{Rule.objects.order_by('rule')[0].pk}/edit/"


def filled(client: Client, address: str, **changed: Any) -> dict[str, Any]:
    """The form as it is opened, sent back with what is `changed`."""
    page: Any = client.get(address)
    assert page.status_code == 200
    said: dict[str, Any] = {"reason": "calmer"}
    for part in (page.context["form"], *page.context["clauses"].forms, page.context["clauses"].management_form,
                 page.context["examples"].management_form):  # fmt: skip
        said |= {f.html_name: f.value() for f in part if f.value() is not None and f.value() is not False}
    sound = {"effect": "deny", "clip_to": "", "clauses-0-cel": "order.notional <= 10000.0"}
    return {**said, **sound, **changed}


def test_a_form_sent_twice_is_one_request(client: Client, address: str) -> None:
    said = filled(client, address, title="Another title")
    assert [client.post(address, said).status_code for _ in range(2)] == [302, 302]
    (kept,) = OutboxCommand.objects.all()
    message = decode(bytes(kept.raw))
    assert isinstance(message.body, RequestChange)
    assert isinstance(message.body.change, ActivateRule)
    said_of = (message.actor, message.body.reason, message.body.change.title)
    assert said_of == ("operator:ada", "calmer", "Another title")


def test_checking_sends_nothing(client: Client, address: str) -> None:
    page: Any = client.post(address, filled(client, address, check="1"))
    assert page.status_code == 200
    assert "Checked" in page.content.decode()
    assert not OutboxCommand.objects.exists()


@pytest.mark.parametrize("cel", ["1 +", "nosuch.fact > 1.0", "1.0", "\0", "x" * 10_000])
def test_a_wrong_clause_is_said_at_the_clause(client: Client, address: str, cel: str) -> None:
    page: Any = client.post(address, filled(client, address, **{"clauses-0-cel": cel}))
    assert page.status_code == 400
    assert page.context["clauses"].forms[0].errors["cel"]
    assert not OutboxCommand.objects.exists()


def test_a_rule_changed_meanwhile_is_shown_and_not_sent(client: Client, address: str) -> None:
    said = filled(client, address, title="Mine")
    row = Rule.objects.order_by("rule")[0]
    Rule.objects.filter(pk=row.pk).update(ledger_position=row.ledger_position + 1)
    page: Any = client.post(address, said)
    assert page.status_code == 409
    assert "Mine" in page.context["conflict"]
    assert not OutboxCommand.objects.exists()


def test_who_only_reads_may_not_edit(address: str) -> None:
    assert browser(person("vic", "viewer")).get(address).status_code == 403
