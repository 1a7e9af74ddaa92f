"""Tokens of the API as they are kept: who they stand for, what they may, until when; never the token itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models


class ApiToken(models.Model):
    """`digest` is the SHA-256 of the token (256 random bits), `prefix` its first characters, by which people recognise
    it. `confirmed`: who issued it had shown a second factor, or the shell of the server. `agent` is the seat that the
    scope `propose` speaks for."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="What it is for, in your own words.")
    prefix = models.CharField(max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes: models.JSONField[Any, list[str]] = models.JSONField(default=list)
    agent = models.CharField(max_length=64, blank=True, default="")
    confirmed = models.BooleanField(default=False, editable=False)
    issued_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API token"
        default_permissions = ("view",)
        permissions = (("propose_for_seat", "Can submit proposals as an agent"),)
        ordering = ("-issued_at",)

    def __str__(self) -> str:
        return f"{self.prefix}… of {self.owner.get_username()}"

    def state(self, now: datetime) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= now else "valid"
