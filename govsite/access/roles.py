"""Who may do what: five roles, kept as groups that every `migrate` brings to what stands here."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig

VIEWER, OPERATOR, RISK_OFFICER, AUDITOR, ADMINISTRATOR = (
    "viewer",
    "operator",
    "risk officer",
    "auditor",
    "administrator",
)
HALT = "governance.halt_trading"
EXPLORE = "ledger.view_ledgerevent"
SEEN = ("agents", "execution", "feeds", "governance", "govsite", "ledger", "market")
"""Apps whose every record a viewer may see, but for the ledger itself."""

DESK = frozenset(
    {
        HALT,
        "governance.resume_trading",
        "governance.suspend_instrument",
        "governance.switch_source",
        "governance.decide_hold",
        "governance.acknowledge_alarm",
        "execution.cancel_order",
        "execution.flatten_book",
        "execution.reconcile_book",
        "ledger.resubmit_letter",
    }
)
RISK = frozenset(
    {
        *("governance.request_change", "governance.approve_change"),
        *("execution.move_cash", "govsite.propose_for_seat"),
    }
)
PEOPLE = frozenset(
    {
        *("auth.view_user", "auth.add_user", "auth.change_user"),
        *("auth.view_group", "auth.add_group", "auth.change_group", "auth.delete_group"),
        *("axes.view_accessattempt", "axes.delete_accessattempt", "axes.view_accesslog"),
    }
)
ROLES: dict[str, frozenset[str]] = {
    VIEWER: frozenset(),
    OPERATOR: DESK,
    RISK_OFFICER: DESK | RISK,
    AUDITOR: frozenset({EXPLORE}),
    ADMINISTRATOR: PEOPLE,
}
"""Rights beyond seeing. All but the administrator see what a viewer sees: who looks after people need not."""

ACTING = DESK | RISK | PEOPLE
"""Whoever has one of these acts, and needs a second factor."""

log = logging.getLogger("govsite.security")


def keep(sender: AppConfig, apps: Any, using: str, **_: Any) -> None:
    """After `migrate`: makes the groups that are missing, and gives each exactly its rights."""
    try:
        permissions, groups = apps.get_model("auth", "Permission"), apps.get_model("auth", "Group")
    except LookupError:  # a migration back to before there were people
        return
    known = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in permissions.objects.using(using).select_related("content_type")
    }
    seen = {
        name for name in known if _split(name)[0] in SEEN and _split(name)[1].startswith("view_") and name != EXPLORE
    }
    for role, rights in ROLES.items():
        wanted = rights if role == ADMINISTRATOR else rights | seen
        if missing := sorted(wanted - known.keys()):
            log.warning("the role %s lacks what this state of the tables does not know: %s", role, ", ".join(missing))
        group, _made = groups.objects.using(using).get_or_create(name=role)
        group.permissions.set([known[name] for name in sorted(wanted & known.keys())])


def acts(user: Any) -> bool:
    """Whether the person has any right to do more than look."""
    return bool(user.is_active and (user.is_superuser or ACTING & user.get_all_permissions()))


def _split(name: str) -> tuple[str, str]:
    app, _, codename = name.partition(".")
    return app, codename
