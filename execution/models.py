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

    class Meta(ReadModel.Meta):
        permissions = (
            ("move_cash", "Can deposit, withdraw and adjust positions"),
            ("reconcile_book", "Can compare a book with its venue"),
        )

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
    """An order from its acceptance to its one final state, with its fills summed. `state`: accepted (on its way to
    paper), sent (on its way to a real venue), working (in the venue's book), partially_filled, then filled, cancelled,
    rejected or expired for good."""

    order_id = models.TextField(primary_key=True)
    decision_id = models.TextField()
    book = models.TextField()
    instrument = models.TextField(default="", blank=True)
    side = models.TextField(default="", blank=True)
    quantity = ExactField(null=True)
    limit = ExactField(null=True)
    type = models.TextField(default="market")
    time_in_force = models.TextField(default="IOC")
    reduce_only = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True)
    group = models.TextField(default="", blank=True)
    client_order_id = models.TextField(default="", blank=True)
    venue_order_id = models.TextField(default="", blank=True)
    state = models.TextField()
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
            models.Index(fields=["decision_id"], name="order_of_decision"),
        )
        permissions = (
            ("cancel_order", "Can cancel orders"),
            ("flatten_book", "Can flatten an instrument or a book"),
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
    """One execution of an order at a venue. `fee` is its value in quote, `fee_base` the part that was taken in base."""

    event_id = models.UUIDField(primary_key=True)
    order = models.ForeignKey(Order, models.DO_NOTHING, related_name="fills", db_constraint=False)
    decision_id = models.TextField()
    book = models.TextField()
    instrument = models.TextField()
    side = models.TextField()
    quantity = ExactField()
    price = ExactField()
    fee = ExactField()
    fee_base = ExactField(default=0)
    liquidity = models.TextField(default="taker")
    trade_id = models.TextField(default="", blank=True)
    venue = models.TextField()
    tick_id = models.TextField()
    received_at = models.BigIntegerField()
    after_halt = models.BooleanField(default=False)
    filled_at = models.DateTimeField(db_index=True)
    correlation_id = models.TextField()

    class Meta(ReadModel.Meta):
        indexes = (
            models.Index(fields=["decision_id"], name="fill_of_decision"),
            models.Index(fields=["book", "filled_at"], name="fill_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize():f} {self.instrument} at {self.price.normalize():f}"
