"""What the site keeps for itself, beside the ledger and its read models."""

from __future__ import annotations

from django.db import models

from govsite.api.records import ApiToken as ApiToken


class AlarmDelivery(models.Model):
    """One alarm on its way to the webhook, from when it was found in the log until the receiver has taken it.
    `position` is that of its event in the governance log, `body` what is posted, at every attempt the same."""

    alarm_id = models.TextField(primary_key=True)
    position = models.BigIntegerField()
    body = models.TextField()
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    trouble = models.TextField(default="", blank=True)
    delivered_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        default_permissions = ("view",)
        indexes = (models.Index(fields=["position"], name="alarm_undelivered", condition=models.Q(delivered_at=None)),)

    def __str__(self) -> str:
        return self.alarm_id
