"""How long fifty rules on one order take, traces and all."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from governance.domain.clearing import clear
from governance.domain.rulebook import Rulebook
from tests.unit.governance.court import STARTER, facts_of, found_with, survivor


def test_fifty_rules_on_one_order(benchmark: Any) -> None:
    starter = [replace(each, clauses=each.clauses[:1]) for each in STARTER]
    fifty = [replace(starter[index % len(starter)], rule=f"rule {index}") for index in range(50)]
    rulebook, values = Rulebook(fifty, 1), facts_of(survivor("5"), found_with())
    judgement = benchmark.pedantic(rulebook.judge, ("order", values, False), rounds=200, iterations=5, warmup_rounds=5)
    assert len(judgement.traces) == 50
    assert judgement.denial is None


def test_the_starter_rulebook_on_one_survivor(benchmark: Any) -> None:
    rulebook, found, each = Rulebook(STARTER, 1), found_with(), survivor("5")
    clearing = benchmark.pedantic(
        clear, ([each], found, rulebook, "decision", "TRADE"), rounds=200, iterations=5, warmup_rounds=5
    )
    assert clearing.cleared[0].ticket is not None
