"""Folded states, from which the cores recover."""

from django.db import migrations

from ledger.schema import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_operators_end_halts")]
    operations = [migrations.RunSQL(sql("snapshot"), "DROP TABLE snapshot")]
