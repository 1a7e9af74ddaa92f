"""Rules with their versions, and the changes of a book that people asked for."""

from __future__ import annotations

from django.db import models

from ledger.readmodel import ReadModel


class Rule(ReadModel):
    """A rule of a book's rulebook in its current version."""

    rule_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    rule = models.TextField()
    version = models.IntegerField()
    title = models.TextField()
    effect = models.TextField()
    clauses = models.JSONField(default=list)
    clip_to = models.TextField(default="", blank=True)
    exempt_risk_reducing = models.BooleanField(default=True)
    shadow = models.BooleanField(default=False)
    examples = models.JSONField(default=list)
    status = models.TextField(default="active")
    who = models.TextField()
    why = models.TextField()
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "rule"], name="rule_by_name"),)

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class RuleVersion(ReadModel):
    """Every version of every rule, with who activated it and why."""

    version_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    rule = models.TextField()
    version = models.IntegerField()
    title = models.TextField()
    effect = models.TextField()
    clauses = models.JSONField(default=list)
    clip_to = models.TextField(default="", blank=True)
    exempt_risk_reducing = models.BooleanField(default=True)
    shadow = models.BooleanField(default=False)
    examples = models.JSONField(default=list)
    who = models.TextField()
    why = models.TextField()
    activated_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "rule", "version"], name="rule_versions"),)

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class ChangeRequest(ReadModel):
    """A change of a book that somebody asked for. `status`: requested, approved (its timelock runs until `enacts_at`),
    enacted or refused."""

    aggregate_id = models.UUIDField(primary_key=True)
    change_id = models.TextField(db_index=True)
    book = models.TextField()
    kind = models.TextField()
    subject = models.TextField()
    change = models.JSONField(default=dict)
    loosens = models.BooleanField()
    why_loosens = models.TextField()
    who = models.TextField()
    why = models.TextField()
    preview = models.JSONField(null=True)
    status = models.TextField(default="requested", db_index=True)
    requested_at = models.DateTimeField(db_index=True)
    approved_by = models.TextField(default="", blank=True)
    approved_why = models.TextField(default="", blank=True)
    enacts_at = models.DateTimeField(null=True)
    refused_by = models.TextField(default="", blank=True)
    refused_why = models.TextField(default="", blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(ReadModel.Meta):
        permissions = (
            ("request_change", "Can ask for changes of a book"),
            ("approve_change", "Can approve and refuse changes of a book"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
