"""Rules before the court: a survivor, a situation, and what the clearing makes of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from governance.domain.arbitration import Survivor
from governance.domain.clearing import Cleared, Clearing, clear
from governance.domain.facts import OfDecision, facts
from governance.domain.rulebook import Rulebook
from governance.domain.situation import Situation
from governance.domain.starter import starter_rules
from rules.engine import Fact
from streams.events import Conditions, RuleActivated, RuleClause
from tests.unit.governance.table import situation

D = Decimal
MS = 1_000_000
STARTER = starter_rules("operator:a")


def rule(cel: str, effect: str = "deny", **changed: Any) -> RuleActivated:
    known: dict[str, Any] = {
        "rule": "test",
        "version": 1,
        "title": "Test",
        "effect": effect,
        "clauses": (RuleClause(name="clause", cel=cel),),
        "who": "operator:a",
        "why": "",
    }
    return RuleActivated(**(known | changed))


def starter(name: str) -> RuleActivated:
    (found,) = [each for each in STARTER if each.rule == name]
    return found


def survivor(target: str, held: str = "0", symbol: str = "AAA", **changed: Any) -> Survivor:
    known: dict[str, Any] = {
        "instrument": symbol,
        "hash": f"h-{symbol}",
        "held": D(held),
        "target": D(target),
        "support_ppm": 500_000,
        "winners": ("p",),
    }
    return Survivor(**(known | changed))


def run(rules: list[RuleActivated], *survivors: Survivor, found: Situation | None = None) -> Clearing:
    held = {each.instrument: str(each.held) for each in survivors}
    return clear(survivors, found or situation(held), Rulebook(rules, 1), "decision", "TRADE")


def only(clearing: Clearing) -> Cleared:
    (found,) = clearing.cleared
    return found


def quantity(cleared: Cleared) -> D:
    assert cleared.ticket is not None
    return cleared.ticket.quantity


def code(cleared: Cleared) -> str:
    assert cleared.denial is not None
    assert cleared.ticket is None
    return cleared.denial.code


def facts_of(survivor: Survivor, found: Situation) -> dict[str, Fact]:
    shared = OfDecision(found, "TRADE")
    return facts(survivor, found.held, shared.committed(), shared)


def found_with(held: dict[str, str] | None = None, **changed: Any) -> Situation:
    """A situation of AAA and BBB at 100, equity and cash 10,000; terms by their names, the rest of it by its own."""
    base = situation(held or {})
    terms = {name: changed.pop(name) for name in list(changed) if name in base.terms.__struct_fields__}
    return replace(base, terms=replace(base.terms, **terms), **changed)


def cleared(name: str, each: Survivor, found: Situation) -> Cleared:
    """By one rule of the starter rulebook alone; the whole of it never says less."""
    alone = only(run([starter(name)], each, found=found))
    if alone.ticket is None:
        assert only(run(list(STARTER), each, found=found)).ticket is None
    return alone


def granted(name: str, each: Survivor, found: Situation) -> bool:
    """As asked, untouched."""
    result = cleared(name, each, found)
    return result.ticket is not None and result.cut is None


def denied_by(name: str, each: Survivor, found: Situation) -> bool:
    result = cleared(name, each, found)
    return result.denial is not None and (result.denial.rule, result.denial.code) == (name, "RULE_DENIED")


def conditions(**changed: Any) -> dict[str, Conditions]:
    return {"AAA": Conditions(**changed)}
