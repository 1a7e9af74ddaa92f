"""The key that each seat signs with: its number, the party that holds it, and whether it is revoked."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("governance", "0008_cheaper_read_models"),)
    operations = (
        migrations.AddField("seat", "key_number", models.IntegerField(default=1, db_default=1)),
        migrations.AddField("seat", "key_public", models.TextField(default="", db_default="")),
        migrations.AddField("seat", "key_revoked", models.BooleanField(default=False, db_default=False)),
    )
