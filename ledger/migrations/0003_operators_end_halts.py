"""A halt is ended by an operator only, and to REDUCE_ONLY."""

from django.db import migrations

from ledger.schema import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_models")]
    operations = [migrations.RunSQL(sql("gate_change"), migrations.RunSQL.noop)]
