"""Rights of the desk over orders, positions and cash."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

ORDER = (("cancel_order", "Can cancel orders"), ("flatten_book", "Can flatten an instrument or a book"))
ACCOUNT = (
    ("move_cash", "Can deposit, withdraw and adjust positions"),
    ("reconcile_book", "Can compare a book with its venue"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("execution", "0002_read_models")]
    operations: ClassVar = [
        migrations.AlterModelOptions(
            name, {"abstract": False, "default_permissions": ("view",), "permissions": permissions}
        )
        for name, permissions in (("order", ORDER), ("account", ACCOUNT))
    ]
