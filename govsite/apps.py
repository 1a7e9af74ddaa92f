"""The site's own app: its roles are kept after every migration, its people have names that the ledger can hold."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from govsite.access import roles
from govsite.access.names import check_name


class GovsiteConfig(AppConfig):
    name = "govsite"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        post_migrate.connect(roles.keep, sender=self, dispatch_uid="govsite.roles")
        User._meta.get_field("username").validators.append(check_name)
        if apps.is_installed("channels"):  # else this process shows no pages and has nobody logged in
            from govsite.access import sessions

            sessions.connect()
