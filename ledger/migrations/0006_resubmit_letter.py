"""The right to send a dead letter again."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

OUTBOX = (("resubmit_letter", "Can send a dead letter again"),)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0005_checkpoints")]
    operations: ClassVar = [
        migrations.AlterModelOptions(
            "outboxcommand", {"managed": False, "verbose_name": "operator's command", "permissions": OUTBOX}
        ),
    ]
