"""The read models of execution: written only by the projector, from the ledger, and rebuilt from it at any time."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from ledger.readmodel import ExactField, ReadModel

FINAL = ("filled", "rejected", "cancelled", "expired")


class Account(ReadModel):
    """The money of a book: cash, what was paid in, what was realised and what it cost."""

    book = models.TextField(primary_key=True)
    quote = models.TextField()
    cash = ExactField()
    deposits = ExactField()
    realised = ExactField()
    fees = ExactField()
    opened_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.book


class Position(ReadModel):
    """What a book holds of an instrument, at which average cost."""

    position_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    instrument = models.TextField()
    quantity = ExactField()
    cost = ExactField()
    realised = ExactField()
    fees = ExactField()
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "instrument"], name="position_by_instrument"),)

    def __str__(self) -> str:
        return f"{self.book} {self.instrument}"

    @property
    def average(self) -> Decimal:
        return self.cost / self.quantity if self.quantity else Decimal(0)


class Order(ReadModel):
    """An order from its acceptance to its one final state, with its fills summed."""

    order_id = models.TextField(primary_key=True)
    decision_id = models.TextField(db_index=True)
    book = models.TextField()
    instrument = models.TextField(default="", blank=True)
    side = models.TextField(default="", blank=True)
    quantity = ExactField(null=True)
    limit = ExactField(null=True)
    state = models.TextField(db_index=True)
    filled = ExactField(default=0)
    value = ExactField(default=0)
    fee = ExactField(default=0)
    venue = models.TextField(default="", blank=True)
    reason = models.TextField(default="", blank=True)
    detail = models.TextField(default="", blank=True)
    recorded_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    correlation_id = models.TextField()

    class Meta(ReadModel.Meta):
        indexes = (
            models.Index(
                fields=["book"],
                name="order_working",
                condition=~Q(state__in=("filled", "rejected", "cancelled", "expired")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.instrument} {self.state}".strip()

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def average_price(self) -> Decimal | None:
        return self.value / self.filled if self.filled else None


class Fill(ReadModel):
    """One execution of an order at a venue."""

    event_id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="fills", db_constraint=False)
    decision_id = models.TextField(db_index=True)
    book = models.TextField()
    instrument = models.TextField()
    side = models.TextField()
    quantity = ExactField()
    price = ExactField()
    fee = ExactField()
    venue = models.TextField()
    tick_id = models.TextField()
    received_at = models.BigIntegerField()
    after_halt = models.BooleanField(default=False)
    filled_at = models.DateTimeField(db_index=True)
    correlation_id = models.TextField()

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize():f} {self.instrument} at {self.price.normalize():f}"
