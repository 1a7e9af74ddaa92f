"""The tables, functions, view and publication of the ledger."""

from django.db import migrations

from ledger.schema import REPLACEABLE, TABLES, sql


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(sql(name))
        for name in (*TABLES, *REPLACEABLE)
    ]
