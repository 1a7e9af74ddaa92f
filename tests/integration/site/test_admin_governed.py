"""The admin's forms with a governor and a relay behind them: what is asked there takes hold, by one or by two."""

from __future__ import annotations

from typing import Any

from django.test import Client

from governance.models import ChangeRequest, Rule, Seat
from ledger.models import LedgerEvent
from tests.integration.site.forms import opened
from tests.integration.site.test_desk_governed import answered, browser
from tests.integration.site.test_govern import governed, people, project, waits_until
from tests.integration.site.test_rule_editing import ADD, NEW

__all__ = ["governed", "people"]


def fill(client: Client, address: str, **filled: Any) -> str:
    """What the page says once the governor has answered the form."""
    return answered(client, address, **opened(client, address, **filled))


def deciding(change: ChangeRequest) -> str:
    return f"/admin/governance/changerequest/{change.pk}/decide/"


def enacted(database: str, client: Client, kind: str) -> None:
    """The open change of the kind is approved and its timelock has run out."""
    change = ChangeRequest.objects.get(kind=kind, status="requested")
    assert "Accepted" in fill(client, deciding(change), verdict="approve", reason="seen")

    def is_enacted() -> bool:
        project(database)
        change.refresh_from_db()
        return change.status == "enacted"

    waits_until(is_enacted, f"{kind} is enacted")


def test_a_rule_is_added_changed_by_two_and_retired(governed: str) -> None:
    ann, bob = browser("ann"), browser("bob")
    assert "Accepted" in answered(ann, ADD, **NEW)
    project(governed)
    rule = Rule.objects.get(rule="small-orders")
    where = f"/admin/governance/rule/{rule.pk}/"
    clauses = {"clauses-0-name": "value", "clauses-0-cel": "order.notional <= 7000.0"}
    said = {**NEW, **opened(ann, f"{where}edit/", reason="larger ones are fine", **clauses)}
    assert "Accepted" in answered(ann, f"{where}edit/", **{**said, "examples-0-facts": '{"order.notional": 8000.0}'})
    project(governed)
    change = ChangeRequest.objects.get(kind="ActivateRule", status="requested")
    assert "you asked for it, so another operator approves it" in fill(
        ann, deciding(change), verdict="approve", reason="mine"
    )
    enacted(governed, bob, "ActivateRule")
    page: Any = ann.get(f"{where}versions/")
    approvals = [each["change"].approved_by for each in page.context["versions"]]
    assert approvals == ["operator:bob", ""]
    assert any("7000.0" in line for line in page.context["difference"])
    assert "Accepted" in fill(ann, f"{where}retire/", reason="no longer needed")
    project(governed)
    enacted(governed, bob, "RetireRule")
    rule.refresh_from_db()
    assert rule.status == "retired"


def test_a_reputation_is_edited_by_two(governed: str) -> None:
    ann, bob = browser("ann"), browser("bob")
    seat = Seat.objects.exclude(role__in=("risk", "compliance")).order_by("agent")[0]
    address = f"/admin/governance/seat/{seat.pk}/act/reputation/"
    assert "Accepted" in fill(ann, address, weight="5", reason="a broken feed")
    project(governed)
    seat.refresh_from_db()
    assert seat.weight_ppm > 100_000
    enacted(governed, bob, "AdjustReputation")
    seat.refresh_from_db()
    assert seat.weight_ppm == 50_000


def test_a_seat_is_suspended_at_once_and_confirmed_by_another(governed: str) -> None:
    ann, bob = browser("ann"), browser("bob")
    seat = Seat.objects.filter(role="anomaly")[0]
    address = f"/admin/governance/seat/{seat.pk}/act/suspend/"
    for client, name in ((ann, "ann"), (bob, "bob")):
        assert "Accepted" in fill(client, address, reason="odd forecasts")
        project(governed)
        seat.refresh_from_db()
        assert seat.suspended_by[-1] == f"operator:{name}"
    assert LedgerEvent.objects.filter(event="SeatSuspended").count() == 2


def test_a_limit_that_tightens_is_in_force_at_once(governed: str) -> None:
    ann = browser("ann")
    address = "/admin/governance/book/demo/terms/max_gross/"
    assert "Accepted" in fill(ann, address, value="0.8", reason="a quieter week")
    project(governed)
    assert "0.8 of equity" in ann.get(address).content.decode()


def test_a_seat_is_granted_by_two(governed: str) -> None:
    ann, bob = browser("ann"), browser("bob")
    said = {"agent": "late-comer", "role": "strategy", "owner": "desk-7", "reason": "a new model"}
    assert "Accepted" in fill(ann, "/admin/governance/seat/new/", **said)
    project(governed)
    enacted(governed, bob, "GrantSeat")
    assert Seat.objects.get(agent="late-comer").status == "shadow"
