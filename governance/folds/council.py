"""Events of a council into rows: seats with their mass and standing, scored buckets, outcomes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from governance.models import CouncilScore, Outcome, Seat, SeatWeight
from ledger.readmodel import Rows, Told, key_of, moment
from streams import events as e
from streams.envelope import to_builtins

PPM = 1_000_000


@lru_cache(maxsize=1024)
def seat_key(book: str, agent: str) -> str:
    return key_of("seat", book, agent)


def granted(rows: Rows, recorded: Told) -> None:
    body, book = recorded.body, recorded.book
    assert isinstance(body, e.SeatGranted)
    rows.add(
        Seat.told(
            seat_id=seat_key(book, body.agent),
            book=book,
            weight_ppm=body.prior_ppm,
            status="shadow" if body.shadow else "seated",
            changed_at=moment(recorded.recorded_at),
            ledger_position=recorded.position,
            **to_builtins(body),
        )
    )


def seat(rows: Rows, recorded: Told) -> None:
    """What happens to one seat. A weight that is set moves the others too: they show it with their next score."""
    body: Any = recorded.body
    row = rows.change(Seat, seat_key(recorded.book, body.agent), recorded.position)
    if row is None:
        return
    at = moment(recorded.recorded_at)
    match body:
        case e.SeatSuspended():
            row.suspended_by = list(dict.fromkeys([*row.suspended_by, body.who]))
            row.who, row.why, row.changed_at = body.who, body.why, at
        case e.SeatReinstated():
            row.suspended_by = []
            row.who, row.why, row.changed_at = body.who, body.why, at
        case e.SeatKeyIssued():
            row.key_number, row.key_public, row.key_revoked = body.number, body.public, False
            row.who, row.why, row.changed_at = body.who, body.why, at
        case e.SeatKeyRevoked():
            row.key_revoked = True
            row.who, row.why, row.changed_at = body.who, body.why, at
        case e.SeatEntered():
            row.shadow, row.weight_ppm, row.events, row.changed_at = False, int(body.weight * PPM), body.events, at
        case e.ReputationAdjusted():
            row.weight_ppm, row.who, row.why, row.changed_at = int(body.to * PPM), body.who, body.why, at
            row.edited_position = recorded.position
        case e.ProposingSuspended():
            row.strikes, row.paused_until = body.strikes, moment(body.until)
    row.status = "suspended" if row.suspended_by else "shadow" if row.shadow else "seated"


def scored(rows: Rows, recorded: Told) -> None:
    body, book, at = recorded.body, recorded.book, moment(recorded.recorded_at)
    assert isinstance(body, e.CouncilScored)
    rows.add(
        CouncilScore.told(
            score_id=key_of("score", book, body.bucket),
            book=book,
            bucket=body.bucket,
            copy=body.copy,
            cap=body.cap,
            floor=body.floor,
            questions=body.questions,
            mix_loss=body.mix_loss,
            forecast_loss=body.forecast_loss,
            scored_at=at,
            ledger_position=recorded.position,
        )
    )
    rows.load(Seat, [seat_key(book, score.agent) for score in body.seats])
    for score in body.seats:
        rows.add(
            SeatWeight.told(
                weight_id=key_of("weight", book, body.bucket, score.agent),
                book=book,
                bucket=body.bucket,
                copy=body.copy,
                scored_at=at,
                ledger_position=recorded.position,
                **to_builtins(score),
            )
        )
        row = rows.change(Seat, seat_key(book, score.agent), recorded.position)
        if row is not None:
            row.weight_ppm = score.ppm
            row.events += score.forecasts


def outcomes(rows: Rows, recorded: Told) -> None:
    body, book = recorded.body, recorded.book
    assert isinstance(body, e.OutcomesRecorded)
    for outcome in body.outcomes:
        rows.add(
            Outcome.told(
                outcome_id=key_of("outcome", book, outcome.deliberation_id, outcome.question),
                book=book,
                bucket=body.bucket,
                deliberation_id=outcome.deliberation_id,
                question=outcome.question,
                horizon_s=body.horizon,
                legs=outcome.legs,
                gain=outcome.gain,
                y=outcome.y,
                recorded_at=moment(recorded.recorded_at),
                ledger_position=recorded.position,
            )
        )
