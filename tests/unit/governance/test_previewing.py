"""The shadow replay of a change: which of the last decisions would have been others, and how."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings

from governance.domain.previewing import UNKNOWN, Previewing
from governance.domain.reconstruction import Row
from governance.domain.rulebook import RuleRefused
from streams.changes import ActivateRule, Change, GrantSeat, RetireRule, SetTerm
from streams.events import Preview, RuleClause
from tests.unit.governance.ledgered import LedgeredScene, rows_of
from tests.unit.governance.scene import BOOK
from tests.unit.governance.test_properties import ACTIONS, Play

D = Decimal


def rule(effect: Any, cel: str, **changed: Any) -> ActivateRule:
    return ActivateRule(rule="new", title="New", effect=effect, clauses=(RuleClause(name="small", cel=cel),), **changed)


@cache
def rows() -> tuple[Row, ...]:
    """Bought 0.02, then up to 0.12; then a proposal that three against three defeat."""
    scene = LedgeredScene()
    for name, target, qs in (
        ("p0", "0.02", (0.6,) * 6),
        ("p1", "0.12", (0.6, 0.6, 0.6, 0.6, 0.6, 0.4)),
        ("p2", "0.15", (0.65, 0.65, 0.65, 0.45, 0.45, 0.45)),
    ):
        scene.quote()
        scene.propose(target, proposal_id=name)
        scene.everybody(name, qs)
        if scene.decision().orders:
            scene.fill(scene.decision())
        scene.wait(3_000)
    return tuple(scene.rows())


def preview(change: Change, first: int = 0, log: tuple[Row, ...] | None = None) -> Preview:
    previewing = Previewing(BOOK, change, first)
    for row in rows() if log is None else log:
        previewing.take(row)
    return previewing.preview()


def told(change: Change, first: int = 0) -> list[tuple[str, str, str]]:
    return [(each.before, each.after, each.detail) for each in preview(change, first).differences]


def test_a_term_that_cuts_says_what_it_cuts() -> None:
    ((before, after, detail),) = told(SetTerm(name="max_order_value", value=D(2_000)))
    assert (before, after) == ("granted", "reduced")
    assert detail == "BTCUSDT buy 0.1 at 50250 -> buy 0.04 at 50250"


def test_a_term_of_an_instrument_is_laid_over_the_instrument() -> None:
    assert [after for _, after, _ in told(SetTerm(name="max_order_volume", value=D("0.05"), instrument="BTCUSDT"))] == [
        "reduced"
    ]
    assert told(SetTerm(name="max_order_volume", value=D("0.05"), instrument="ETHUSDT")) == []


def test_a_rule_that_denies_names_itself() -> None:
    ((before, after, detail),) = told(rule("deny", "order.quantity <= 0.05"))
    assert (before, after) == ("granted", "refused")
    assert "BTCUSDT buy 0.1 at 50250 -> nothing" in detail
    assert "p1: RULE_DENIED new New: small" in detail


def test_a_rule_in_shadow_changes_nothing() -> None:
    assert told(rule("deny", "order.quantity <= 0.05", shadow=True)) == []


def test_a_rule_that_holds_leaves_it_to_an_operator() -> None:
    ((before, after, detail),) = told(rule("hold", "order.quantity <= 0.05"))
    assert (before, after, detail) == ("granted", "expired", "held by new until an operator releases it")


def test_a_rule_that_is_retired_lets_more_through() -> None:
    cut = LedgeredScene()
    cut.quote()
    cut.propose("0.3", proposal_id="p0")
    cut.everybody("p0")
    log = tuple(cut.rows())
    assert cut.decision().outcome == "reduced"
    (name,) = {each.by for each in cut.decision().reasons}
    (difference,) = preview(RetireRule(rule=name), log=log).differences
    assert (difference.before, difference.after) == ("reduced", "granted")


def test_a_quorum_counts_ballots_again() -> None:
    assert [after for _, after, _ in told(SetTerm(name="trade_quorum", value=D("0.9")))] == ["refused"]
    ((before, after, detail),) = told(SetTerm(name="trade_threshold", value=D("0.4")))
    assert (before, after, detail) == ("refused", "granted", UNKNOWN)


def test_only_decisions_from_the_first_position_are_made_again() -> None:
    third = [row.position for row in rows() if row.event == "DecisionReached"][2]
    assert preview(SetTerm(name="max_order_value", value=D(2_000)), third) == Preview(decisions=1, different=0)


def test_seats_are_what_a_decision_starts_from() -> None:
    assert preview(GrantSeat(agent="new", role="strategy", owner="new")) == Preview(decisions=3, different=0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(RuleRefused, match="small"):
        preview(rule("deny", "order.quantty <= 0.05"))
    with pytest.raises(AttributeError):
        preview(SetTerm(name="max_ordr_value", value=D(1)))


@settings(max_examples=50, deadline=None)
@given(ACTIONS)
def test_a_change_that_changes_nothing_has_no_differences(actions: list[tuple[Any, ...]]) -> None:
    log = tuple(rows_of([*LedgeredScene().events(), *Play(actions).events]))
    found = preview(SetTerm(name="max_order_value", value=D(10_000)), log=log)
    assert (found.different, found.decisions) == (0, sum(row.event == "DecisionReached" for row in log))
