"""The council of a book: seats, how they were scored, and what the market made of their questions."""

from __future__ import annotations

from django.db import models

from ledger.readmodel import ReadModel


class Seat(ReadModel):
    """An agent's place in the council of a book: the mass it was last given (ppm), whether it is seated, in shadow or
    suspended (and by whom), and until when it may not propose. `events` counts its scored forecasts,
    `edited_position` is where in the log somebody last set its weight by hand, `key_public` the Ed25519 key of the
    party that holds it, "" where it signs with a key of the house."""

    seat_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    agent = models.TextField()
    role = models.TextField()
    owner = models.TextField()
    prior_ppm = models.IntegerField()
    weight_ppm = models.IntegerField()
    veto = models.BooleanField()
    required = models.BooleanField()
    shadow = models.BooleanField(default=False)
    signals = models.JSONField(default=list)
    status = models.TextField(default="seated")
    suspended_by = models.JSONField(default=list)
    strikes = models.IntegerField(default=0)
    paused_until = models.DateTimeField(null=True)
    events = models.IntegerField(default=0)
    edited_position = models.BigIntegerField(default=0)
    key_number = models.IntegerField(default=1)
    key_public = models.TextField(default="")
    key_revoked = models.BooleanField(default=False)
    who = models.TextField()
    why = models.TextField()
    changed_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "agent"], name="seat_by_agent"),)

    def __str__(self) -> str:
        return self.agent


class CouncilScore(ReadModel):
    """One bucket of forecasts as it was scored: the council's loss, the cap and the floor that held."""

    score_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    bucket = models.BigIntegerField()
    copy = models.IntegerField()
    cap = models.FloatField()
    floor = models.FloatField()
    questions = models.IntegerField()
    mix_loss = models.FloatField()
    forecast_loss = models.FloatField()
    scored_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (models.Index(fields=["book", "bucket"], name="score_by_bucket"),)

    def __str__(self) -> str:
        return f"bucket {self.bucket}"


class SeatWeight(ReadModel):
    """One seat in one scored bucket: what it forecast, what it lost, its weight in that copy before and after."""

    weight_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    agent = models.TextField()
    bucket = models.BigIntegerField()
    copy = models.IntegerField()
    forecasts = models.IntegerField()
    questions = models.IntegerField()
    loss = models.FloatField()
    brier = models.FloatField(null=True)
    before = models.FloatField()
    after = models.FloatField()
    ppm = models.IntegerField()
    scored_at = models.DateTimeField()

    class Meta(ReadModel.Meta):
        indexes = (
            models.Index(fields=["book", "agent", "bucket"], name="weight_over_time"),
            models.Index(fields=["book", "ledger_position"], name="weight_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.agent} {self.ppm} ppm"


class Outcome(ReadModel):
    """What the market made of one question of one round; `y` is null where it is VOID."""

    outcome_id = models.UUIDField(primary_key=True)
    book = models.TextField()
    bucket = models.BigIntegerField()
    deliberation_id = models.TextField(db_index=True)
    question = models.TextField()
    horizon_s = models.IntegerField()
    legs = models.JSONField(default=list)
    gain = models.FloatField(null=True)
    y = models.BooleanField(null=True)
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.question}: {'VOID' if self.y is None else int(self.y)}"
