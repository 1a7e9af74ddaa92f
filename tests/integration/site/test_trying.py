"""A change is tried in one way, whoever asks for it: what is unsound and what could not be tried are told apart."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from govsite.govern.trying import NotTried, Unsound, tried
from streams.changes import ActivateRule, Change, GrantSeat, SetTerm, SuspendSeat
from streams.parts import RuleClause, RuleExample, SignalRule
from tests.integration.site.conftest import Writer


def rule(cel: str, *examples: RuleExample) -> ActivateRule:
    clauses = (RuleClause(name="value", cel=cel),)
    return ActivateRule(rule="small", title="Small", effect="deny", clauses=clauses, examples=examples)


LARGE: dict[str, bool | int | float | str] = {"order.notional": 9_000.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (rule("order.notionl < 1.0"), "did you mean order.notional"),
        (rule("1.0"), "must give BOOL"),
        (rule("order.notional < 1.0", RuleExample(name="large", facts=LARGE, verdict="passes")), "large"),
        (
            GrantSeat(
                agent="new",
                role="rule",
                owner="o",
                signals=(SignalRule(name="s", when="true", score="market.mov_30s"),),
            ),
            "did you mean market.move_30s",
        ),
    ],
)
def test_what_is_wrong_with_a_change_is_said(writer: Writer, change: Change, words: str) -> None:
    with pytest.raises(Unsound, match=words):
        tried("demo", change)


def test_a_sound_change_is_tried_on_the_last_decisions(writer: Writer) -> None:
    writer.show(lambda history: history.found())
    for change in (rule("order.notional < 1.0"), SetTerm(name="max_gross", value=Decimal("0.5"))):
        found = tried("demo", change)
        assert found is not None
        assert found.decisions == 0


def test_what_is_not_replayed_has_no_preview(writer: Writer) -> None:
    assert tried("demo", SuspendSeat(agent="rule")) is None
    assert tried("demo", SetTerm(name="nosuch", value=Decimal(1))) is None


def test_a_ledger_that_does_not_answer_is_no_fault_of_the_change(
    writer: Writer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = SetTerm(name="max_gross", value=Decimal("0.5"))
    monkeypatch.setattr("governance.preview.PATIENCE_S", 1)
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE event_log IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(NotTried, match="took too long"):
            tried("demo", change)
    monkeypatch.setattr("django.conf.settings.DATABASE_URL", "postgresql://127.0.0.1:1/none")
    with pytest.raises(NotTried, match="does not answer"):
        tried("demo", change)
