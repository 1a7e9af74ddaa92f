"""Alarms on their way to the webhook."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = []
    operations: ClassVar = [
        migrations.CreateModel(
            "AlarmDelivery",
            [
                ("alarm_id", models.TextField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField()),
                ("body", models.TextField()),
                ("attempts", models.IntegerField(default=0)),
                ("next_at", models.DateTimeField()),
                ("trouble", models.TextField(blank=True, default="")),
                ("delivered_at", models.DateTimeField(db_index=True, null=True)),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["position"], name="alarm_undelivered", condition=models.Q(delivered_at=None))
                ],
            },
        )
    ]
