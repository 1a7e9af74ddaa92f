"""The newest fills of one book, without a look at all others."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("execution", "0003_desk")]
    operations: ClassVar = [
        migrations.AddIndex("fill", models.Index(fields=["book", "filled_at"], name="fill_in_order")),
    ]
