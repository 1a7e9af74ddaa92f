"""Each role against each action: with its rights, without, and with a password only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from pytest_django import Settings

from govsite.access.roles import (
    ADMINISTRATOR,
    AUDITOR,
    EXPLORE,
    HALT,
    OPERATOR,
    RISK_OFFICER,
    ROLES,
    SEEN,
    VIEWER,
    acts,
)
from ledger.models import OutboxCommand
from tests.integration.site.conftest import Writer
from tests.integration.site.people import browser, confirmed, person

BOOK = {"book": "demo", "reason": "because"}
ACTIONS = sorted(
    [
        (HALT, "/halt/", ()),
        ("governance.suspend_instrument", "/halt/", (("what", "BTCUSDT"),)),
        ("governance.suspend_instrument", "/lift/", (("instrument", "BTCUSDT"),)),
        ("governance.resume_trading", "/resume/", ()),
        ("governance.switch_source", "/feed/switch/", (("source", "synthetic"),)),
        ("governance.decide_hold", "/holds/none/release/", ()),
        ("governance.approve_change", "/changes/none/approve/", ()),
        ("governance.acknowledge_alarm", "/alarms/none/acknowledge/", ()),
        ("governance.acknowledge_alarm", "/alarms/clear/", (("breaker", "drawdown"), ("subject", "demo"))),
        ("execution.cancel_order", "/orders/none/cancel/", ()),
        ("execution.flatten_book", "/orders/flatten/", (("instrument", "BTCUSDT"),)),
        ("execution.reconcile_book", "/orders/reconcile/", ()),
        ("execution.move_cash", "/orders/cash/", (("direction", "in"), ("amount", "1"))),
        ("execution.move_cash", "/orders/adjust/", (("instrument", "BTCUSDT"), ("quantity", "1"), ("price", "1"))),
    ]
)
LOOKED_AT = sorted(
    [
        ("governance.view_decision", "/admin/governance/decision/"),
        ("execution.view_order", "/admin/execution/order/"),
        ("market.view_bar", "/admin/market/bar/"),
        (EXPLORE, "/admin/ledger/ledgerevent/"),
        ("auth.view_user", "/admin/auth/user/"),
        ("auth.view_group", "/admin/auth/group/"),
        ("axes.view_accessattempt", "/admin/axes/accessattempt/"),
    ]
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No governor is there to wait for."""
    monkeypatch.setattr("govsite.ops.sending.PATIENCE_S", 0.0)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_does_what_it_may_and_nothing_else(role: str, writer: Writer) -> None:
    writer.show(lambda history: history.found())
    client = browser(person("carl", role))
    for right, address, more in ACTIONS:
        before = OutboxCommand.objects.count()
        status = client.post(address, {**BOOK, **dict(more)}).status_code
        may = right in ROLES[role]
        assert (status != 403) == may, (role, right, address, status)
        assert status < 500
        assert may or OutboxCommand.objects.count() == before


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_password_alone_halts_and_does_nothing_else(role: str, writer: Writer, settings: Settings) -> None:
    settings.SECOND_FACTOR = True
    writer.show(lambda history: history.found())
    client = browser(person("carl", role))
    for right, address, more in ACTIONS:
        answer = client.post(address, {**BOOK, **dict(more)}, headers={"Referer": "http://testserver/orders/?page=2"})
        if right not in ROLES[role]:
            assert answer.status_code == 403, (role, address)
        elif right == HALT:
            assert (answer.status_code, answer["Location"]) == (302, "/")
        else:
            assert answer["Location"] == "/second-factor/?next=%2Forders%2F%3Fpage%3D2&undone=1", (role, address)
    assert not OutboxCommand.objects.exists()


@pytest.mark.parametrize("role", sorted({OPERATOR, RISK_OFFICER}))
def test_who_has_shown_both_acts(role: str, writer: Writer, settings: Settings) -> None:
    settings.SECOND_FACTOR = True
    writer.show(lambda history: history.found())
    client = confirmed(person("carl", role))
    for right, address, more in ACTIONS:
        answer = client.post(address, {**BOOK, **dict(more)})
        assert (answer.status_code == 403) == (right not in ROLES[role]), (role, address)
        assert "second-factor" not in answer.get("Location", "")
    assert OutboxCommand.objects.exists()


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_sees_the_records_that_are_its(role: str, database: str) -> None:
    user = person("carl", role)
    client = browser(user)
    for right, address in LOOKED_AT:
        shown = client.get(address).status_code == 200
        expected = right in ROLES[role] or (role != ADMINISTRATOR and right.partition(".")[0] not in ("auth", "axes"))
        expected = expected and (right != EXPLORE or role == AUDITOR)
        assert shown == expected, (role, address)
        assert user.has_perm(right) == expected
        assert (address in client.get("/admin/").content.decode()) == expected, "no link leads nowhere"


def test_who_only_looks_needs_no_second_factor(database: str) -> None:
    roles = {role: acts(person(role.replace(" ", "-"), role)) for role in sorted(ROLES)}
    assert roles == {VIEWER: False, AUDITOR: False, OPERATOR: True, RISK_OFFICER: True, ADMINISTRATOR: True}
    assert not acts(User(username="gone", is_active=False, is_superuser=True))


def test_every_right_of_a_role_exists_and_another_migrate_puts_back_what_was_taken(database: str) -> None:
    group = Group.objects.get(name=OPERATOR)
    taken = Permission.objects.get(codename="cancel_order")
    foreign = Permission.objects.get(codename="move_cash")
    group.permissions.remove(taken)
    group.permissions.add(foreign)
    call_command("migrate", verbosity=0, skip_checks=True)
    for role, rights in ROLES.items():
        held = {
            f"{each.content_type.app_label}.{each.codename}"
            for each in Group.objects.get(name=role).permissions.select_related("content_type")
        }
        assert rights <= held, role
        assert {right for right in held - rights if ".view_" not in right} == set(), role


def test_every_right_to_act_belongs_to_a_role(database: str) -> None:
    assigned = set().union(*ROLES.values())
    usual = ("add_", "change_", "delete_", "view_")
    own = Permission.objects.filter(content_type__app_label__in=SEEN).select_related("content_type")
    acting = {f"{each.content_type.app_label}.{each.codename}" for each in own if not each.codename.startswith(usual)}
    assert acting
    assert acting - assigned == set()


def test_an_administrator_does_not_promote_themselves(database: str) -> None:
    root = person("root", is_superuser=True)
    user, other = person("ann", ADMINISTRATOR), person("carl")
    client = browser(user)
    risk = Group.objects.get(name=RISK_OFFICER)
    form = {"username": "ann", "groups": [risk.pk], "is_superuser": "on", "is_active": "on", "is_staff": "on"}
    client.post(f"/admin/auth/user/{user.pk}/change/", form)
    client.post(f"/admin/auth/user/{other.pk}/change/", {**form, "username": "renamed"})
    client.post(f"/admin/auth/user/{root.pk}/change/", {"username": "root"})
    client.post(f"/admin/auth/user/{other.pk}/delete/", {"post": "yes"})
    client.post(f"/admin/auth/group/{risk.pk}/change/", {"name": "mine"})
    client.post(f"/admin/auth/group/{risk.pk}/delete/", {"post": "yes"})
    for each in (user, other, root, risk):
        each.refresh_from_db()
    assert (user.is_superuser, [group.name for group in user.groups.all()]) == (False, [ADMINISTRATOR])
    assert (other.username, other.is_superuser, list(other.groups.all())) == ("carl", False, [risk])
    assert (root.is_superuser, root.is_active, risk.name) == (True, True, RISK_OFFICER)
