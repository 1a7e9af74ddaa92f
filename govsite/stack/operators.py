"""The two operators of the demo: some things need two people."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from govsite.access.roles import ADMINISTRATOR, AUDITOR, RISK_OFFICER
from govsite.stack.datadir import DataDir

ROLES = {"operator": (RISK_OFFICER, AUDITOR, ADMINISTRATOR), "second": (RISK_OFFICER, AUDITOR)}


def make_operators(data: DataDir) -> None:
    """Creates those that are missing and keeps their generated passwords; one changed since is forgotten here."""
    users = get_user_model()
    kept = data.operators()
    for name, roles in ROLES.items():
        user = users.objects.filter(username=name).first()
        if user is None:
            kept[name] = secrets.token_urlsafe(9)
            user = users.objects.create_user(username=name, password=kept[name], is_staff=True)
            user.groups.set(Group.objects.filter(name__in=roles))
        elif name in kept and not user.check_password(kept[name]):
            del kept[name]
    data.keep_operators(kept)
