"""What is kept of the market: P over time, for as long as outcomes may still ask for it, bars, and what venues say of
their instruments. The feed writes all of it (`market.writer`); times are ns of the market clock."""

from __future__ import annotations

from django.db import models


class PriceRun(models.Model):
    """P was `price` at every tick from `first_at` to `last_at`."""

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


class Bar(models.Model):
    """What was traded in the `width_s` seconds from `at` on, for lists of it; see `market.domain.bars.Bar`."""

    key = models.TextField(primary_key=True)
    instrument = models.TextField()
    width_s = models.IntegerField()
    at = models.BigIntegerField()
    open = models.DecimalField(max_digits=48, decimal_places=18)
    high = models.DecimalField(max_digits=48, decimal_places=18)
    low = models.DecimalField(max_digits=48, decimal_places=18)
    close = models.DecimalField(max_digits=48, decimal_places=18)
    mark = models.DecimalField(max_digits=48, decimal_places=18)
    volume = models.DecimalField(max_digits=48, decimal_places=18)
    buy_volume = models.DecimalField(max_digits=48, decimal_places=18)
    turnover = models.DecimalField(max_digits=48, decimal_places=18)
    trades = models.IntegerField()
    source = models.TextField()
    venue = models.TextField()
    mixed = models.BooleanField()

    class Meta:
        managed = False
        db_table = "bar_listed"
        default_permissions = ("view",)
        unique_together = (("instrument", "width_s", "at"),)

    def __str__(self) -> str:
        return f"{self.instrument} {self.width_s} s {self.close.normalize():f}"


class VenueListing(models.Model):
    """The filters of an instrument and whether it trades, as its venue said last; 0 where it never said. The
    `previous_` ones held until `changed_at`."""

    key = models.TextField(primary_key=True)
    venue = models.TextField()
    symbol = models.TextField()
    base = models.TextField()
    quote = models.TextField()
    tick_size = models.DecimalField(max_digits=48, decimal_places=18)
    lot_size = models.DecimalField(max_digits=48, decimal_places=18)
    min_notional = models.DecimalField(max_digits=48, decimal_places=18)
    tradable = models.BooleanField()
    status = models.TextField()
    at = models.BigIntegerField()
    first_at = models.BigIntegerField()
    changed_at = models.BigIntegerField(null=True)
    previous_tick_size = models.DecimalField(max_digits=48, decimal_places=18, null=True)
    previous_lot_size = models.DecimalField(max_digits=48, decimal_places=18, null=True)
    previous_min_notional = models.DecimalField(max_digits=48, decimal_places=18, null=True)

    class Meta:
        managed = False
        db_table = "venue_listing"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.symbol} on {self.venue}"
