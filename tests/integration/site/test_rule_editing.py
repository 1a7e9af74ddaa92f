"""A rule is changed in the admin by a command: checked first, sent once, never over somebody else's change."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.test import Client

from governance.models import Rule
from ledger.models import OutboxCommand
from streams.changes import ActivateRule, RetireRule
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
    rows = [page.context[name] for name in ("clauses", "examples")]
    for part in (page.context["form"], *(part for row in rows for part in (*row.forms, row.management_form))):
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
    assert "Mine" in page.context["difference"]
    assert not OutboxCommand.objects.exists()


NEW = {
    "rule": "small-orders",
    "title": "Small orders",
    "effect": "deny",
    "clip_to": "",
    "reason": "calmer",
    "opened_at": "0",
    "token": "0b6d6b2e-0b3c-4b52-8f1b-6f0f5a0f2a11",
    "clauses-TOTAL_FORMS": "1",
    "clauses-INITIAL_FORMS": "0",
    "clauses-0-name": "value",
    "clauses-0-cel": "order.notional <= 5000.0",
    "examples-TOTAL_FORMS": "1",
    "examples-INITIAL_FORMS": "0",
    "examples-0-name": "a large order",
    "examples-0-facts": '{"order.notional": 6000.0}',
    "examples-0-verdict": "breaches",
}
ADD = "/admin/governance/rule/new/"


def asked() -> RequestChange:
    (kept,) = OutboxCommand.objects.all()
    body = decode(bytes(kept.raw)).body
    assert isinstance(body, RequestChange)
    return body


def test_a_rule_is_added(client: Client, address: str) -> None:
    assert ADD in client.get("/admin/governance/rule/").content.decode()
    assert ADD in client.get("/changes/").content.decode()
    assert client.get(ADD).status_code == 200
    assert [client.post(ADD, NEW).status_code for _ in range(2)] == [302, 302]
    change = asked().change
    assert isinstance(change, ActivateRule)
    assert (change.rule, change.clauses[0].name, change.examples[0].verdict) == ("small-orders", "value", "breaches")
    assert asked().preview is not None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rule", ""),
        ("rule", "x" * 65),
        ("rule", "\0"),
        ("title", "x" * 10_000),
        ("effect", "explode"),
        ("reason", ""),
        ("clip_to", "1 +"),
        ("opened_at", ""),
        ("token", "none"),
    ],
)
def test_a_wrong_field_of_a_new_rule_is_said_at_the_field(client: Client, address: str, field: str, value: str) -> None:
    said = {**NEW, "effect": "clip", field: value} if field == "clip_to" else {**NEW, field: value}
    page: Any = client.post(ADD, said)
    assert page.status_code == 400
    assert page.context["form"].errors[field]
    assert not OutboxCommand.objects.exists()


def test_a_name_that_is_taken_is_no_new_rule(client: Client, address: str) -> None:
    row = Rule.objects.order_by("rule")[0]
    page: Any = client.post(ADD, {**NEW, "rule": row.rule})
    assert page.status_code == 409
    assert f"Change the rule {row.rule} instead" in page.content.decode()
    assert not OutboxCommand.objects.exists()


def test_an_example_that_comes_out_otherwise_is_said(client: Client, address: str) -> None:
    page: Any = client.post(ADD, {**NEW, "examples-0-verdict": "passes"})
    assert page.status_code == 400
    assert "a large order" in str(page.context["form"].non_field_errors())


def test_the_closest_fact_is_suggested(client: Client, address: str) -> None:
    page: Any = client.post(ADD, {**NEW, "clauses-0-cel": "order.notionl <= 5000.0"})
    assert "did you mean order.notional?" in page.context["clauses"].forms[0].errors["cel"][0]


def test_a_rule_is_retired_with_a_reason(client: Client, address: str) -> None:
    where = address.replace("/edit/", "/retire/")
    page: Any = client.get(where)
    said = {name: page.context["form"][name].value() for name in ("opened_at", "token")}
    assert client.post(where, {**said, "reason": ""}).status_code == 400
    page = client.post(where, {**said, "reason": "not needed", "check": "1"})
    assert "there is no decision to try it on yet" in page.content.decode()
    assert not OutboxCommand.objects.exists()
    assert [client.post(where, {**said, "reason": "not needed"}).status_code for _ in range(2)] == [302, 302]
    assert asked().change == RetireRule(rule=Rule.objects.order_by("rule")[0].rule)


def test_a_retirement_meanwhile_changed_is_not_sent(client: Client, address: str) -> None:
    where = address.replace("/edit/", "/retire/")
    page: Any = client.get(where)
    said = {name: page.context["form"][name].value() for name in ("opened_at", "token")}
    row = Rule.objects.order_by("rule")[0]
    Rule.objects.filter(pk=row.pk).update(ledger_position=row.ledger_position + 1)
    assert client.post(where, {**said, "reason": "not needed"}).status_code == 409
    assert not OutboxCommand.objects.exists()


def test_a_ledger_that_does_not_answer_in_time_is_said_at_the_form(
    client: Client, address: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("governance.preview.PATIENCE_S", 1)
    said = filled(client, address, title="Another title")
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE event_log IN ACCESS EXCLUSIVE MODE")
        page: Any = client.post(address, said)
    assert page.status_code == 503
    assert "took too long" in str(page.context["form"].non_field_errors())
    assert page.context["form"]["title"].value() == "Another title"
    assert not OutboxCommand.objects.exists()


def test_who_only_reads_may_not_edit(address: str) -> None:
    vic = browser(person("vic", "viewer"))
    for path in (address, address.replace("/edit/", "/retire/"), ADD):
        assert [vic.get(path).status_code, vic.post(path, NEW).status_code] == [403, 403]
