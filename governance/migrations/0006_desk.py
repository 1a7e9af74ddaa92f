"""Rights of the desk over a book, and its alarms in the order in which people read them."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

BOOK = (
    ("halt_trading", "Can halt trading"),
    ("resume_trading", "Can resume trading"),
    ("suspend_instrument", "Can suspend an instrument and lift it"),
    ("switch_source", "Can switch the source of prices"),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("governance", "0005_ballots_by_event")]
    operations: ClassVar = [
        migrations.AlterModelOptions(
            "book", {"abstract": False, "default_permissions": ("view",), "permissions": BOOK}
        ),
        migrations.AddIndex(
            "alarm", models.Index(fields=["book"], name="alarm_open", condition=models.Q(acknowledged_at=None))
        ),
        migrations.AddIndex("alarm", models.Index(fields=["book", "raised_at"], name="alarm_in_order")),
    ]
