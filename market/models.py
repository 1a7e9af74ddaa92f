"""What is kept of the market: P over time, for as long as outcomes may still ask for it."""

from __future__ import annotations

from django.db import models


class PriceRun(models.Model):
    """P was `price` at every tick from `first_at` to `last_at` (market clock, ns); the feed writes it."""

    pk = models.CompositePrimaryKey("instrument", "first_at")
    instrument = models.TextField()
    first_at = models.BigIntegerField()
    last_at = models.BigIntegerField()
    price = models.DecimalField(max_digits=48, decimal_places=18)
    spread = models.DecimalField(max_digits=48, decimal_places=18)
    source = models.TextField()

    class Meta:
        managed = False
        db_table = "price_run"

    def __str__(self) -> str:
        return f"{self.instrument} {self.price.normalize():f}"
