"""One request for a change in the admin: its clock, who may decide it, and the decision as a command, sent once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client

from governance.models import ChangeRequest
from streams import events as e
from streams.changes import SetTerm
from streams.messages import ApproveChange, RefuseChange
from tests.integration.site.conftest import Writer
from tests.integration.site.forms import opened, outbox_bodies
from tests.integration.site.people import browser, person
from tests.unit.site.history import History
from tests.unit.site.test_governance_projections import requested


@pytest.fixture
def client(operator: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    return browser(operator)


def waiting(history: History) -> None:
    requested(history.found(), SetTerm(name="max_gross", value=Decimal("1.2")))


@pytest.fixture
def address(writer: Writer) -> str:
    writer.show(waiting)
    return f"/admin/governance/changerequest/{ChangeRequest.objects.get().pk}/decide/"


@pytest.mark.parametrize(("verdict", "kind"), [("approve", ApproveChange), ("refuse", RefuseChange)])
def test_a_change_is_decided_by_one_command(client: Client, address: str, verdict: str, kind: Any) -> None:
    said = opened(client, address, verdict=verdict, reason="looked at it")
    answers = [client.post(address, said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert outbox_bodies() == [kind(change_id="c", reason="looked at it")]
    assert "has not answered yet" in client.get(answers[0]["Location"]).content.decode()


def test_who_asked_for_it_is_told_that_another_operator_approves(address: str) -> None:
    ann = browser(person("ann", is_superuser=True))
    text = ann.get(address).content.decode()
    assert "another operator has to approve it" in text
    assert 'value="approve"' not in text
    assert "Withdraw</button>" in text


def test_the_clock_of_the_timelock_is_on_the_page(client: Client, address: str, writer: Writer) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    nanoseconds = int(at.timestamp()) * 1_000_000_000
    writer.show(
        lambda history: history.tell(
            e.ChangeApproved(change_id="c", who="operator:bob", why="fine", enacts_at=nanoseconds), "c"
        )
    )
    for page in (address, "/changes/"):
        text = client.get(page).content.decode()
        assert f'<time data-until datetime="{at.isoformat()}">' in text
        assert "site/js/countdown.js" in text
    text = client.get(address).content.decode()
    assert 'value="approve"' not in text
    assert "Cancel it before it is enacted" in text


def test_a_request_that_moved_on_is_shown_and_not_decided(client: Client, address: str) -> None:
    said = opened(client, address, verdict="approve", reason="r")
    row = ChangeRequest.objects.get()
    ChangeRequest.objects.update(ledger_position=row.ledger_position + 1, status="refused", refused_by="operator:bob")
    page: Any = client.post(address, said)
    assert page.status_code == 409
    assert "The request is refused by now" in page.content.decode()
    assert not outbox_bodies()


@pytest.mark.parametrize(
    ("field", "value"), [("reason", ""), ("reason", "x" * 501), ("reason", "\0"), ("verdict", "ignore"), ("token", "")]
)
def test_a_wrong_field_is_said(client: Client, address: str, field: str, value: str) -> None:
    said = {**opened(client, address, verdict="approve", reason="r"), field: value}
    page: Any = client.post(address, said)
    assert page.status_code == 400
    assert page.context["form"].errors[field]
    assert not outbox_bodies()


def test_who_may_only_look_decides_nothing(address: str) -> None:
    vic = browser(person("vic", "viewer"))
    assert "You may see it and not decide it" in vic.get(address).content.decode()
    assert vic.post(address, {"verdict": "approve", "reason": "r"}).status_code == 403
    assert browser(person("guest")).get(address).status_code == 403


def test_it_is_linked_from_the_list_and_from_the_records(client: Client, address: str) -> None:
    for page in ("/admin/governance/changerequest/", address.replace("/decide/", "/change/"), "/changes/"):
        assert address in client.get(page).content.decode()


OURS = ("execution", "governance", "ledger", "market")
KEPT = sorted(model._meta.label_lower for model in admin.site._registry if model._meta.app_label in OURS)


def test_every_record_has_its_page() -> None:
    assert {f"governance.{name}" for name in ("rule", "seat", "book", "changerequest", "alarm")} < set(KEPT)
    assert "ledger.ledgerevent" in KEPT


@pytest.mark.parametrize("model", KEPT)
def test_nothing_is_deleted_or_added_or_edited_in_the_records(client: Client, writer: Writer, model: str) -> None:
    """Not even by who may do everything: the pages that ask for changes are the only way."""
    writer.show(waiting)
    kept = apps.get_model(model)._default_manager
    where = f"/admin/{model.replace('.', '/')}/"
    assert client.get(where).status_code == 200
    assert [client.get(f"{where}add/").status_code, client.post(f"{where}add/", {}).status_code] == [403, 403]
    before, rows = kept.count(), [str(row.pk) for row in kept.order_by("pk")[:1]]
    for row in rows:
        delete = f"{where}{row}/delete/"
        assert [client.get(delete).status_code, client.post(delete, {"post": "yes"}).status_code] == [403, 403]
        assert client.post(f"{where}{row}/change/", {}).status_code == 403
    client.post(where, {"action": "delete_selected", "_selected_action": rows, "post": "yes"})
    assert kept.count() == before
