"""What a book is and what stands in its way: terms, mode, instruments, breakers, alarms, gaps in its data."""

from __future__ import annotations

from django.db import models

from ledger.readmodel import ExactField, ReadModel


class Book(ReadModel):
    """A portfolio's terms, its mode and the source of its prices, as the governance log tells them.
    `peak` and `day_open` are what losses are measured from."""

    book = models.TextField(primary_key=True)
    quote = models.TextField()
    instruments = models.JSONField(default=list)
    terms = models.JSONField(default=dict)
    mode = models.TextField(default="NORMAL")
    mode_who = models.TextField(default="", blank=True)
    mode_why = models.TextField(default="", blank=True)
    mode_at = models.DateTimeField(null=True)
    source = models.TextField(default="", blank=True)
    source_why = models.TextField(default="", blank=True)
    source_at = models.DateTimeField(null=True)
    equity = ExactField(null=True)
    peak = ExactField(null=True)
    day_open = ExactField(null=True)
    day = models.TextField(default="", blank=True)
    founded_by = models.TextField(default="")
    founded_why = models.TextField(default="")
    founded_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        permissions = (
            ("halt_trading", "Can halt trading"),
            ("resume_trading", "Can resume trading"),
            ("suspend_instrument", "Can suspend an instrument and lift it"),
            ("switch_source", "Can switch the source of prices"),
        )

    def __str__(self) -> str:
        return self.book


class InstrumentState(ReadModel):
    """What stands in the way of trading one instrument: a suspension, a restriction (market clock, ns), its venue.
    `causes` are all that suspend it, by who did it; of several the newest is told in the fields before."""

    instrument_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    instrument = models.TextField()
    suspended = models.BooleanField(default=False)
    suspended_by = models.TextField(default="", blank=True)
    suspended_why = models.TextField(default="", blank=True)
    suspended_at = models.DateTimeField(null=True)
    formula = models.TextField(default="", blank=True)
    inputs = models.JSONField(default=dict)
    causes = models.JSONField(default=dict)
    restricted = models.TextField(default="", blank=True)
    restricted_since = models.BigIntegerField(null=True)
    restricted_until = models.BigIntegerField(null=True)
    restricted_by = models.TextField(default="", blank=True)
    restricted_why = models.TextField(default="", blank=True)
    tradable = models.BooleanField(default=True)
    venue_status = models.TextField(default="", blank=True)

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "instrument"], name="instrument_by_symbol"),)
        verbose_name = "instrument"

    def __str__(self) -> str:
        return self.instrument


class BreakerState(ReadModel):
    """A breaker on its subject: how far it was when it last spoke, and what it does."""

    breaker_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    breaker = models.TextField()
    subject = models.TextField()
    state = models.TextField()
    effect = models.TextField(default="", blank=True)
    level = models.FloatField()
    formula = models.TextField()
    inputs = models.JSONField(default=dict)
    alarm_id = models.TextField(default="", blank=True)
    who = models.TextField(default="", blank=True)
    why = models.TextField(default="", blank=True)
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        verbose_name = "breaker"

    def __str__(self) -> str:
        return f"{self.breaker} {self.subject}: {self.state}"


class Alarm(ReadModel):
    """One alarm of a trip, until a person has acknowledged it; its breaker may be cleared before or after."""

    alarm_id = models.TextField(primary_key=True)
    book = models.TextField()
    breaker = models.TextField()
    subject = models.TextField()
    effect = models.TextField()
    level = models.FloatField()
    formula = models.TextField()
    inputs = models.JSONField(default=dict)
    raised_at = models.DateTimeField(db_index=True)
    acknowledged_by = models.TextField(default="", blank=True)
    acknowledged_why = models.TextField(default="", blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    cleared_by = models.TextField(default="", blank=True)
    cleared_why = models.TextField(default="", blank=True)
    cleared_at = models.DateTimeField(null=True)

    class Meta(ReadModel.Meta):
        permissions = (("acknowledge_alarm", "Can acknowledge alarms and clear breakers"),)
        indexes = (
            models.Index(fields=["book"], name="alarm_open", condition=models.Q(acknowledged_at=None)),
            models.Index(fields=["book", "raised_at"], name="alarm_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.breaker} {self.subject} {self.raised_at:%H:%M:%S}"


class FeedGap(ReadModel):
    """Market data that could not be had."""

    event_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    instrument = models.TextField()
    kind = models.TextField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.instrument} {self.kind} {self.first}–{self.last}"
