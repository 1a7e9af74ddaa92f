"""Seats in the admin: what is asked of them has a reason, goes once, and never over what changed meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from governance.models import Seat
from streams import events as e
from streams.changes import AdjustReputation, GrantSeat, ReinstateSeat, SuspendSeat
from tests.integration.site.conftest import Writer
from tests.integration.site.forms import opened, outbox_bodies
from tests.integration.site.people import browser, person
from tests.unit.site.history import History

GRANT = "/admin/governance/seat/new/"
NEWCOMER = {"agent": "late-comer", "role": "strategy", "owner": "desk-7", "reason": "new model"}


@pytest.fixture
def client(operator: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)
    return browser(operator)


@pytest.fixture(autouse=True)
def book(writer: Writer) -> None:
    writer.show(lambda history: history.found())


def address(agent: str, what: str) -> str:
    return f"/admin/governance/seat/{Seat.objects.get(agent=agent).pk}/act/{what}/"


def suspended(writer: Writer, *names: str) -> None:
    def tell(history: History) -> None:
        for name in names:
            history.tell(e.SeatSuspended(agent="rule", who=name, why="odd"))

    writer.show(tell)


def test_a_weight_is_asked_for_once(client: Client) -> None:
    where = address("rule", "reputation")
    assert "another operator" in client.get(where).content.decode()
    said = opened(client, where, weight="12.5", reason="a broken feed")
    answers = [client.post(where, said) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    (body,) = outbox_bodies()
    assert (body.change, body.reason) == (AdjustReputation(agent="rule", weight=0.125), "a broken feed")
    assert "has not answered yet" in client.get(answers[0]["Location"]).content.decode()


@pytest.mark.parametrize("weight", ["", "-0.1", "100.1", "NaN", "inf", "a", "1e400", "\0", "9" * 10_000])
def test_a_wrong_weight_is_said_at_the_field(client: Client, weight: str) -> None:
    where = address("rule", "reputation")
    page: Any = client.post(where, opened(client, where, weight=weight, reason="r"))
    assert page.status_code == 400
    assert page.context["form"].errors["weight"]
    assert not outbox_bodies()


def test_a_weight_that_changed_meanwhile_is_shown_and_not_overwritten(client: Client) -> None:
    where = address("rule", "reputation")
    said = opened(client, where, weight="12.5", reason="r")
    Seat.objects.filter(agent="rule").update(weight_ppm=222_222)
    page: Any = client.post(where, said)
    assert page.status_code == 409
    assert "22.22" in page.content.decode()
    assert not outbox_bodies()
    again = {field.html_name: field.value() for field in page.context["form"]}
    assert (again["weight"], again["reason"]) == ("12.5", "r")
    assert client.post(where, again).status_code == 302
    assert len(outbox_bodies()) == 1


def test_a_suspension_does_not_wait_for_a_quiet_weight(client: Client) -> None:
    where = address("rule", "suspend")
    said = opened(client, where, reason="wild")
    Seat.objects.filter(agent="rule").update(weight_ppm=222_222)
    assert client.post(where, said).status_code == 302
    (body,) = outbox_bodies()
    assert body.change == SuspendSeat(agent="rule")


def test_a_guard_has_no_weight_to_edit(client: Client) -> None:
    text = client.get(address("risk", "reputation")).content.decode()
    assert "holds no mass" in text
    assert "Request the edit" not in text


def test_a_seat_is_suspended_and_another_operator_is_told_to_confirm(client: Client, writer: Writer) -> None:
    where = address("rule", "suspend")
    said = opened(client, where, reason="odd forecasts")
    assert [client.post(where, said).status_code for _ in range(2)] == [302, 302]
    assert [body.change for body in outbox_bodies()] == [SuspendSeat(agent="rule")]
    suspended(writer, "operator:ada")
    assert "another operator confirms" in client.get(where).content.decode()
    bob = browser(person("bob", is_superuser=True))
    assert "Confirm the suspension" in bob.get(where).content.decode()
    suspended(writer, "operator:bob")
    assert "Its suspension is confirmed" in browser(person("eve", is_superuser=True)).get(where).content.decode()


def test_a_seat_is_reinstated(client: Client, writer: Writer) -> None:
    where = address("rule", "reinstate")
    assert "It is not suspended" in client.get(where).content.decode()
    suspended(writer, "operator:bob")
    assert "Request its return" in client.get(where).content.decode()
    assert client.post(where, opened(client, where, reason="mended")).status_code == 302
    assert [body.change for body in outbox_bodies()] == [ReinstateSeat(agent="rule")]


def test_a_seat_is_granted(client: Client) -> None:
    said = opened(client, GRANT, **NEWCOMER)
    assert [client.post(GRANT, said).status_code for _ in range(2)] == [302, 302]
    assert [body.change for body in outbox_bodies()] == [GrantSeat(agent="late-comer", role="strategy", owner="desk-7")]


def test_a_rule_seat_is_declared_by_signals(client: Client) -> None:
    signal = {"signals-0-name": "up", "signals-0-when": "market.trend > 1.0", "signals-0-score": "market.move_30s"}
    said = opened(client, GRANT, **{**NEWCOMER, "role": "rule"})
    page: Any = client.post(GRANT, said)
    assert (page.status_code, list(page.context["form"].errors)) == (400, ["role"])
    page = client.post(GRANT, {**said, **signal, "signals-0-score": "market.mov_30s"})
    assert page.status_code == 400
    assert "did you mean market.move_30s?" in page.context["signals"].forms[0].errors["score"][0]
    assert client.post(GRANT, {**said, **signal}).status_code == 302
    (body,) = outbox_bodies()
    assert body.change.signals[0].name == "up"


@pytest.mark.parametrize(
    ("field", "value"),
    [("agent", "no spaces"), ("agent", "\0"), ("agent", "x" * 65), ("role", "king"), ("owner", ""), ("required", "on")],
)
def test_a_wrong_grant_is_said_at_the_field(client: Client, field: str, value: str) -> None:
    page: Any = client.post(GRANT, opened(client, GRANT, **{**NEWCOMER, field: value}))
    assert page.status_code == 400
    assert page.context["form"].errors[field]
    assert not outbox_bodies()


def test_a_name_that_is_taken_is_said(client: Client) -> None:
    page: Any = client.post(GRANT, opened(client, GRANT, **{**NEWCOMER, "agent": "rule"}))
    assert page.status_code == 409
    assert page.context["form"].errors["agent"]
    assert not outbox_bodies()


def test_the_forms_are_linked_from_the_seat_and_from_the_agents_page(client: Client) -> None:
    seat = Seat.objects.get(agent="rule")
    for page in (f"/admin/governance/seat/{seat.pk}/change/", "/agents/rule/"):
        text = client.get(page).content.decode()
        assert address("rule", "reputation") in text
        assert address("rule", "suspend") in text
    for page in ("/admin/governance/seat/", "/agents/"):
        assert GRANT in client.get(page).content.decode()


def test_who_only_looks_may_not_act(client: Client) -> None:
    vic = browser(person("vic", "viewer"))
    for page in ("/agents/rule/", f"/admin/governance/seat/{Seat.objects.get(agent='rule').pk}/change/"):
        answer = vic.get(page)
        assert answer.status_code == 200
        assert address("rule", "suspend") not in answer.content.decode()
    for path in (GRANT, *(address("rule", what) for what in ("reputation", "reinstate", "suspend"))):
        assert [vic.get(path).status_code, vic.post(path, {"reason": "r"}).status_code] == [403, 403]
    assert client.get(address("rule", "promote")).status_code == 404
    assert client.get(f"/admin/governance/seat/{'0' * 8}-0000-0000-0000-{'0' * 12}/act/suspend/").status_code == 404
