"""Signed checkpoints of the logs."""

from django.db import migrations

from ledger.schema import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_snapshots")]
    operations = [migrations.RunSQL(sql("checkpoint"))]
