"""A halt ends who holds it up; work that is done by one at a time, and what is forgotten, go through functions."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from ledger.schema import sql

NEW = (
    "gate_clear",
    "gate_take",
    "gate_halt",
    "gate_change",
    "projection_move",
    "work_begin",
    "work_end",
    "forget_answers",
    "forget_commands",
    "snapshot_write",
    "closed",
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("ledger", "0009_signed_commands")]
    operations: ClassVar = [migrations.RunSQL(sql(name), migrations.RunSQL.noop) for name in NEW]
