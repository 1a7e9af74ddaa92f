"""The site's own app: its roles are kept after every migration, its people have names that the ledger can hold."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_migrate

from govsite.access import roles
from govsite.access.names import check_name
from govsite.accounts.postgres import grant


class GovsiteConfig(AppConfig):
    name = "govsite"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        post_migrate.connect(roles.keep, sender=self, dispatch_uid="govsite.roles")
        post_migrate.connect(_grant, sender=self, dispatch_uid="govsite.accounts")
        User._meta.get_field("username").validators.append(check_name)
        if apps.is_installed("channels"):  # else this process shows no pages and has nobody logged in
            from govsite.access import sessions

            sessions.connect()


def _grant(using: str, **_: Any) -> None:
    """New tables are nobody's but the owner's until the accounts of the processes are given theirs: with the last
    migration, because on the way to it what is granted is not all there."""
    connections[using].ensure_connection()
    executor = MigrationExecutor(connections[using])
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        grant(connections[using].connection)
