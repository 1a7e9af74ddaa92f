"""Events of rules and of change requests into rows."""

from __future__ import annotations

from typing import Any

from governance.models import ChangeRequest, Rule, RuleVersion
from ledger.readmodel import Rows, Told, key_of, moment
from streams import events as e
from streams.envelope import to_builtins


def rule(rows: Rows, recorded: Told) -> None:
    body, book, at = recorded.body, recorded.book, moment(recorded.recorded_at)
    assert isinstance(body, e.RuleActivated | e.RuleRetired)
    key = key_of("rule", book, body.rule)
    if isinstance(body, e.RuleActivated):
        version = key_of("rule", book, body.rule, body.version)
        told = {"book": book, "ledger_position": recorded.position, **to_builtins(body)}
        rows.add(Rule.told(rule_id=key, changed_at=at, **told))
        rows.add(RuleVersion.told(version_id=version, activated_at=at, **told))
        return
    row = rows.change(Rule, key, recorded.position)
    if row is not None:
        row.status, row.who, row.why, row.changed_at = "retired", body.who, body.why, at


def requested(rows: Rows, recorded: Told) -> None:
    body = recorded.body
    assert isinstance(body, e.ChangeRequested)
    change = to_builtins(body.change)
    rows.add(
        ChangeRequest.told(
            aggregate_id=recorded.aggregate_id,
            change_id=body.change_id,
            book=recorded.book,
            kind=change["kind"],
            subject=_subject(change),
            change=change,
            loosens=body.loosens,
            why_loosens=body.why_loosens,
            who=body.who,
            why=body.why,
            preview=None if body.preview is None else to_builtins(body.preview),
            requested_at=moment(body.requested_at),
            ledger_position=recorded.position,
        )
    )


def _subject(change: dict[str, Any]) -> str:
    """What the change is about: `max_position BTCUSDT`, a rule, an agent, an instrument."""
    return " ".join(change[field] for field in ("name", "rule", "agent", "instrument") if change.get(field))


def change(rows: Rows, recorded: Told) -> None:
    row = rows.change(ChangeRequest, recorded.aggregate_id, recorded.position)
    if row is None:
        return
    at = moment(recorded.recorded_at)
    match recorded.body:
        case e.ChangeApproved(who=who, why=why, enacts_at=enacts_at):
            row.status, row.approved_by, row.approved_why, row.enacts_at = "approved", who, why, moment(enacts_at)
        case e.ChangeRefused(who=who, why=why):
            row.status, row.refused_by, row.refused_why, row.closed_at = "refused", who, why, at
        case e.ChangeEnacted():
            row.status, row.closed_at = "enacted", at
