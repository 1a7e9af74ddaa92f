"""Rounds and what came of them: proposals, ballots, decisions, and decisions that wait for an operator."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from ledger.readmodel import ExactField, ReadModel


class Deliberation(ReadModel):
    """A round, from its opening to its end; `rulebook_version` is the one at its opening. What rules found stays in the
    ledger (`governance.evaluations`): it is most of a round, and is looked at for one round at a time."""

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
    legs = models.JSONField(default=list)
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

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["agent", "recorded_at"], name="proposals_of_agent"),)

    def __str__(self) -> str:
        return f"{self.agent}: {self.action} {self.instrument} → {self.target.normalize():f}"


class Ballot(ReadModel):
    """One seat's vote on one proposal; a late one did not count."""

    event_id = models.UUIDField(primary_key=True)
    deliberation = models.ForeignKey(Deliberation, models.DO_NOTHING, related_name="ballots", db_constraint=False)
    proposal_id = models.TextField()
    agent = models.TextField()
    stance = models.TextField()
    probability = models.FloatField(null=True)
    weight_ppm = models.IntegerField()
    size_limit = ExactField(null=True)
    veto = models.BooleanField()
    late = models.BooleanField(default=False)
    reason = models.TextField(default="", blank=True)

    class Meta(ReadModel.Meta):
        indexes = (
            models.Index(fields=["agent", "ledger_position"], name="ballots_of_agent"),
            models.Index(fields=["agent", "ledger_position"], name="vetoes_of_agent", condition=models.Q(veto=True)),
        )

    def __str__(self) -> str:
        return f"{self.agent}: {self.stance}"


class Decision(ReadModel):
    """The outcome of a round: the orders that it grants, and a reason for every proposal that lost. `held`: an operator
    was asked first."""

    decision_id = models.TextField(primary_key=True)
    deliberation = models.ForeignKey(Deliberation, models.DO_NOTHING, related_name="decisions", db_constraint=False)
    event_id = models.UUIDField()
    book = models.TextField()
    track = models.TextField()
    instrument = models.TextField()
    outcome = models.TextField(db_index=True)
    held = models.BooleanField(default=False)
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


class Hold(ReadModel):
    """A decision that rules held for an operator. `status`: held, released, refused, lapsed, or ended where the
    decision came without an operator and before its time (a halt)."""

    decision_id = models.TextField(primary_key=True)
    deliberation = models.ForeignKey(Deliberation, models.DO_NOTHING, related_name="holds", db_constraint=False)
    book = models.TextField()
    instrument = models.TextField()
    track = models.TextField()
    rules = models.JSONField(default=list)
    orders = models.JSONField(default=list)
    held = models.JSONField(default=list)
    status = models.TextField(default="held", db_index=True)
    held_at = models.DateTimeField()
    until = models.DateTimeField()
    who = models.TextField(default="", blank=True)
    why = models.TextField(default="", blank=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="", blank=True)

    class Meta(ReadModel.Meta):
        permissions = (("decide_hold", "Can release and refuse held decisions"),)

    def __str__(self) -> str:
        return f"{self.instrument} held by {', '.join(self.rules)}"
