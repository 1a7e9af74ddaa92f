"""A ballot's key is its event's id, as with the other rows that are made once: nothing has to be hashed for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

BY_EVENT = """UPDATE governance_ballot SET event_id = event_log.event_id FROM event_log
    WHERE event_log.log = 'governance' AND event_log.position = governance_ballot.ledger_position"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0004_read_models"), ("ledger", "0001_initial")]
    operations: ClassVar = [
        migrations.RenameField("ballot", "ballot_id", "event_id"),
        migrations.RunSQL(BY_EVENT, migrations.RunSQL.noop),
    ]
