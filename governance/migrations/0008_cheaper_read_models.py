"""Indexes for prefixes of texts, which nothing asks for, go; so does what rules found, which the ledger has.

Projecting a ledger spent a third of PostgreSQL's time on the two."""

from __future__ import annotations

from django.db import migrations

WITHOUT_PREFIXES = """
DO $$
DECLARE
    found regclass;
BEGIN
    FOR found IN
        SELECT i.indexrelid FROM pg_index i JOIN pg_opclass o ON o.oid = i.indclass[0]
        WHERE o.opcname = 'text_pattern_ops' AND i.indrelid = ANY (ARRAY[
            'governance_deliberation', 'governance_decision', 'governance_proposal', 'governance_outcome'
        ]::regclass[])
    LOOP
        EXECUTE format('DROP INDEX %s', found);
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = (("governance", "0007_suspension_causes"),)
    operations = (
        migrations.RunSQL(WITHOUT_PREFIXES, migrations.RunSQL.noop),
        migrations.RemoveField("deliberation", "traces"),
    )
