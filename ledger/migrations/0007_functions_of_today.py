"""The functions, triggers, view and grants as they are today, wherever a database comes from: what an earlier release
made of them is dropped, also under signatures that nobody calls any more."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from ledger.schema import REPLACEABLE, sql

DROP = """
DO $$
DECLARE
    earlier regprocedure;
BEGIN
    FOR earlier IN
        SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname IN (
            'append_events', 'lease_acquire', 'lease_renew',
            'gate_lock', 'gate_read', 'gate_pass', 'gate_halt', 'gate_change')
    LOOP
        EXECUTE format('DROP FUNCTION %s', earlier);
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0006_resubmit_letter")]
    operations: ClassVar = [
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        *(migrations.RunSQL(sql(name), migrations.RunSQL.noop) for name in REPLACEABLE),
    ]
