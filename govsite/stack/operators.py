"""The two operators of the demo: some things need two people."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model

from govsite.stack.datadir import DataDir

NAMES = ("operator", "second")


def make_operators(data: DataDir) -> None:
    """Creates those that are missing and keeps their generated passwords; one changed since is forgotten here."""
    users = get_user_model()
    kept = data.operators()
    for name in NAMES:
        user = users.objects.filter(username=name).first()
        if user is None:
            kept[name] = secrets.token_urlsafe(9)
            users.objects.create_superuser(username=name, password=kept[name])
        elif name in kept and not user.check_password(kept[name]):
            del kept[name]
    data.keep_operators(kept)
