"""Django's eyes on the ledger: read-only models over its tables and the auditors' view, for the admin."""

from __future__ import annotations

from django.db import models


class LedgerEvent(models.Model):
    """A row of the view `ledger`: one event of one of the logs."""

    event_id = models.UUIDField(primary_key=True)
    log = models.TextField()
    partition = models.IntegerField()
    position = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    aggregate = models.TextField()
    aggregate_id = models.UUIDField()
    version = models.BigIntegerField()
    event = models.TextField()
    book = models.TextField()
    actor = models.TextField()
    correlation_id = models.TextField()
    causation_id = models.TextField()
    command_id = models.TextField(null=True)  # noqa: DJ001 - a timer has no command, which is not an empty one
    payload = models.JSONField()
    prev_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        managed = False
        db_table = "ledger"
        verbose_name = "ledger event"

    def __str__(self) -> str:
        return f"{self.log} {self.position} {self.event}"


class Head(models.Model):
    """Where a log stands and who writes it."""

    name = models.TextField(primary_key=True)
    log = models.TextField()
    partition = models.IntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField()
    epoch = models.BigIntegerField()
    owner = models.TextField()
    lease_until = models.DateTimeField()
    mark = models.TextField()

    class Meta:
        managed = False
        db_table = "head"

    def __str__(self) -> str:
        return f"{self.log} at {self.position}"


class InboxCommand(models.Model):
    """A command that was consumed, and its answer."""

    command_id = models.TextField(primary_key=True)
    entry_id = models.TextField()
    result = models.TextField()
    book = models.TextField()
    recorded_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "inbox"
        verbose_name = "consumed command"

    def __str__(self) -> str:
        return f"{self.command_id}: {self.result}"


class GateMode(models.Model):
    """Whether a book may trade; `*` stands for all books."""

    book = models.TextField(primary_key=True)
    mode = models.TextField()
    who = models.TextField()
    why = models.TextField()
    command_id = models.TextField()
    gate_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "gate"
        verbose_name = "gate"

    def __str__(self) -> str:
        return f"{self.book} {self.mode}"


class OutboxCommand(models.Model):
    """An operator's command on its way into a stream; `result` is empty while it waits."""

    command_id = models.TextField(primary_key=True)
    stream = models.TextField()
    raw = models.BinaryField()
    signature = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    result = models.TextField(null=True)  # noqa: DJ001 - not answered is not an empty answer

    class Meta:
        managed = False
        db_table = "outbox"
        verbose_name = "operator's command"
        permissions = (("resubmit_letter", "Can send a dead letter again"),)

    def __str__(self) -> str:
        return f"{self.command_id}: {self.result or 'waiting'}"
