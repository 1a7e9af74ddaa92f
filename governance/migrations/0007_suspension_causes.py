"""Everything that suspends an instrument, not only what came last."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0006_desk")]
    operations: ClassVar = [
        migrations.AddField(model_name="instrumentstate", name="causes", field=models.JSONField(default=dict)),
    ]
