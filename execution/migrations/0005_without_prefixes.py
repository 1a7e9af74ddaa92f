"""Indexes for prefixes of texts, which nothing asks for, go: each would cost a little of every fill and order."""

from __future__ import annotations

from django.db import migrations

WITHOUT_PREFIXES = """
DO $$
DECLARE
    found regclass;
BEGIN
    FOR found IN
        SELECT i.indexrelid FROM pg_index i JOIN pg_opclass o ON o.oid = i.indclass[0]
        WHERE o.opcname = 'text_pattern_ops'
            AND i.indrelid = ANY (ARRAY['execution_fill', 'execution_order']::regclass[])
    LOOP
        EXECUTE format('DROP INDEX %s', found);
    END LOOP;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = (("execution", "0004_fills_of_a_book"),)
    operations = (migrations.RunSQL(WITHOUT_PREFIXES, migrations.RunSQL.noop),)
