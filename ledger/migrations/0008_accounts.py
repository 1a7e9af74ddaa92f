"""Each log is written by its own account, commands wait for the governor only, and the role of all services is gone."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from ledger.schema import sql

CHANGED = ("only_writer", "projection_hold", "lease_acquire", "lease_renew", "append_events", "closed")
FORGET = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_service') THEN
        REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ledger_service;
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM ledger_service;
    END IF;
END
$$
"""
# Else whoever may write the outbox would write any stream, by the hand of the relay.
STREAMS = r"ALTER TABLE outbox ADD CONSTRAINT outbox_stream CHECK (stream ~ '^governance\.commands(\.[0-9]+)?$')"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0007_functions_of_today")]
    operations: ClassVar = [
        *(migrations.RunSQL(sql(name), migrations.RunSQL.noop) for name in CHANGED),
        migrations.RunSQL(FORGET, migrations.RunSQL.noop),
        migrations.RunSQL(STREAMS, "ALTER TABLE outbox DROP CONSTRAINT outbox_stream"),
    ]
