"""Operators' commands are kept with the signature of who asked; one of before has none, and is refused."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0008_accounts")]
    operations: ClassVar = [
        migrations.RunSQL("ALTER TABLE outbox ADD COLUMN signature bytea", "ALTER TABLE outbox DROP COLUMN signature"),
        # Sent unsigned they would be refused, and sent again for ever.
        migrations.RunSQL("UPDATE outbox SET result = 'refused:UNSIGNED' WHERE result IS NULL", migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField("outboxcommand", "signature", models.BinaryField(null=True)),
            ]
        ),
    ]
