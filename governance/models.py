"""The read models of governance: written only by the projector, from the ledger, and rebuilt from it at any time."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from ledger.readmodel import ExactField, ReadModel


class Book(ReadModel):
    """A portfolio's terms, its mode and the source of its prices, as the governance log tells them."""

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
    founded_by = models.TextField(default="")
    founded_why = models.TextField(default="")
    founded_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        permissions = (
            ("halt_trading", "Can halt trading"),
            ("resume_trading", "Can resume trading"),
        )

    def __str__(self) -> str:
        return self.book


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


class Seat(ReadModel):
    """An agent's place in the council of a book, with the mass it votes with (ppm)."""

    seat_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    agent = models.TextField()
    role = models.TextField()
    owner = models.TextField()
    prior_ppm = models.IntegerField()
    weight_ppm = models.IntegerField()
    veto = models.BooleanField()
    required = models.BooleanField()
    status = models.TextField(default="seated")
    who = models.TextField()
    why = models.TextField()
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "agent"], name="seat_by_agent"),)

    def __str__(self) -> str:
        return self.agent


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
    status = models.TextField(default="active")
    who = models.TextField()
    why = models.TextField()
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "rule"], name="rule_by_name"),)

    def __str__(self) -> str:
        return f"{self.rule} v{self.version}"


class Deliberation(ReadModel):
    """A round, from its opening to its end."""

    aggregate_id = models.UUIDField(primary_key=True)
    deliberation_id = models.TextField(db_index=True)
    book = models.TextField()
    track = models.TextField()
    instrument = models.TextField()
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(default="", blank=True)
    outcome = models.TextField(default="", blank=True)
    total_ppm = models.IntegerField()
    weights_version = models.TextField()
    rulebook_version = models.IntegerField()
    market = models.JSONField(default=dict)
    targets = models.JSONField(default=dict)
    traces = models.JSONField(default=list)
    correlation_id = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.instrument} {self.track} {self.opened_at:%H:%M:%S.%f}"


class Proposal(ReadModel):
    """What an agent proposed, how the council tallied it and what became of it."""

    proposal_id = models.TextField(primary_key=True)
    deliberation = models.ForeignKey(
        Deliberation, models.DO_NOTHING, related_name="proposals", null=True, db_constraint=False
    )
    book = models.TextField()
    agent = models.TextField()
    action = models.TextField()
    instrument = models.TextField()
    target = ExactField()
    amends = models.TextField(default="", blank=True)
    probability = models.FloatField(null=True)
    held = ExactField(null=True)
    price = ExactField(null=True)
    market = models.JSONField(default=dict)
    evidence = models.JSONField(default=list)
    ttl_ms = models.IntegerField(null=True)
    why = models.TextField(default="", blank=True)
    yes_ppm = models.IntegerField(null=True)
    no_ppm = models.IntegerField(null=True)
    missing_ppm = models.IntegerField(null=True)
    total_ppm = models.IntegerField(null=True)
    forecast = models.FloatField(null=True)
    tally = models.TextField(default="", blank=True)
    tally_reason = models.TextField(default="", blank=True)
    tally_by = models.TextField(default="", blank=True)
    state = models.TextField()
    reason = models.TextField(default="", blank=True)
    by = models.TextField(default="", blank=True)
    detail = models.TextField(default="", blank=True)
    correlation_id = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.agent}: {self.action} {self.instrument} → {self.target.normalize():f}"


class Ballot(ReadModel):
    """One seat's vote on one proposal; a late one did not count."""

    ballot_id = models.UUIDField(primary_key=True)
    deliberation = models.ForeignKey(Deliberation, models.DO_NOTHING, related_name="ballots", db_constraint=False)
    proposal_id = models.TextField(db_index=True)
    agent = models.TextField()
    stance = models.TextField()
    probability = models.FloatField(null=True)
    weight_ppm = models.IntegerField()
    size_limit = ExactField(null=True)
    veto = models.BooleanField()
    late = models.BooleanField(default=False)
    reason = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"{self.agent}: {self.stance}"


class Decision(ReadModel):
    """The outcome of a round: the orders that it grants, and a reason for every proposal that lost."""

    decision_id = models.TextField(primary_key=True)
    deliberation = models.ForeignKey(Deliberation, models.DO_NOTHING, related_name="decisions", db_constraint=False)
    event_id = models.UUIDField()
    book = models.TextField()
    track = models.TextField()
    instrument = models.TextField()
    outcome = models.TextField(db_index=True)
    orders = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    trigger_tick = models.TextField()
    trigger_received_at = models.BigIntegerField()
    ttl_ms = models.IntegerField()
    correlation_id = models.TextField(db_index=True)
    decided_at = models.DateTimeField(db_index=True)

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "ledger_position"], name="decision_in_order"),)

    def __str__(self) -> str:
        return f"{self.instrument} {self.outcome} {self.decided_at:%H:%M:%S}"

    def get_absolute_url(self) -> str:
        return reverse("decision", args=[self.decision_id])
