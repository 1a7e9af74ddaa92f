"""Every kind of change is said in words."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest

from govsite.govern.words import change_words
from streams import changes as c
from streams.envelope import to_builtins
from streams.events import RuleClause, SignalRule

CLAUSE = RuleClause(name="c", cel="true")
SIGNAL = SignalRule(name="s", when="true", score="1.0")
SAID: tuple[tuple[c.Change, str], ...] = (
    (
        c.ActivateRule(rule="calm", title="Calm markets only", effect="deny", clauses=(CLAUSE,), shadow=True),
        "rule calm (deny, in shadow): Calm markets only",
    ),
    (c.RetireRule(rule="calm"), "retire the rule calm"),
    (c.SetTerm(name="max_gross", value=Decimal("1.2")), "set max_gross to 1.2"),
    (c.SetTerm(name="max_position", value=Decimal(2), instrument="BTCUSDT"), "set max_position of BTCUSDT to 2"),
    (c.Restrict(instrument="BTCUSDT", hard=True), "restrict BTCUSDT, reductions too"),
    (c.Unrestrict(instrument="BTCUSDT"), "take BTCUSDT off the restricted list"),
    (
        c.GrantSeat(agent="new", role="rule", owner="them", signals=(SIGNAL,)),
        "grant new a seat (rule, owner them, declared by 1 signal)",
    ),
    (c.SuspendSeat(agent="new"), "suspend new"),
    (c.ReinstateSeat(agent="new"), "reinstate new"),
    (c.IssueSeatKey(agent="new"), "give new a new key of the house"),
    (c.IssueSeatKey(agent="new", public="ab" * 32), "give new the key of the party that holds it"),
    (c.RevokeSeatKey(agent="new"), "revoke the key of new"),
    (c.AdjustReputation(agent="new", weight=0.1), "set the weight of new to 0.1"),
)


@pytest.mark.parametrize(("change", "words"), SAID)
def test_a_change_is_said_in_words(change: c.Change, words: str) -> None:
    assert change_words(to_builtins(change)) == words


def test_none_is_left_out() -> None:
    assert {type(change) for change, _ in SAID} == set(get_args(c.Change))
