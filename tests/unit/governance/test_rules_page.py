"""docs/rules.md says what the code does: every fact, every control, and its example is one that may be activated."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from governance.domain.controls import CONTROLS, Control
from governance.domain.rulebook import RuleRefused, checked
from rules.engine import LONGEST_TEXT, Fact
from rules.facts import ORDER_FACTS, SIGNAL_FACTS, Declared
from streams.events import RuleActivated

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "rules.md").read_text()
BAR = r"\|"


def facts_table(facts: dict[str, Declared]) -> list[str]:
    head = ["fact", "type", "sound", "what it is"]
    rows = [[f"`{name}`", each.kind, f"`{_shown(each.sound)}`", each.meaning] for name, each in facts.items()]
    return _table(head, rows)


def controls_table() -> list[str]:
    return _table(["#", "control", "enforced in", "parameters", "breach", "exempt"], map(_row, CONTROLS))


def _row(control: Control) -> list[str]:
    where = f"rule `{control.rule}`" if control.rule else control.where
    parameters = ", ".join(control.parameters) or "-"
    return [str(control.number), control.name, where, parameters, control.breach, control.exempt]


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    return [f"| {' | '.join(cell.replace('|', BAR) for cell in row)} |" for row in (head, ["---"] * len(head), *rows)]


def _shown(value: Fact) -> str:
    return msgspec.json.encode(value).decode()


@pytest.mark.parametrize("table", [facts_table(ORDER_FACTS), facts_table(SIGNAL_FACTS), controls_table()])
def test_the_page_has_the_whole_table(table: list[str]) -> None:
    assert "\n".join(table) in PAGE, "the table in docs/rules.md should be:\n" + "\n".join(table)


def examples() -> list[RuleActivated]:
    texts = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    return [rule_of(tomllib.loads(text)) for text in texts]


def rule_of(said: dict[str, object]) -> RuleActivated:
    return msgspec.convert(said | {"rule": said.pop("name"), "version": 1, "who": "", "why": ""}, RuleActivated)


@pytest.mark.parametrize("rule", examples(), ids=lambda rule: rule.rule)
def test_its_examples_may_be_activated(rule: RuleActivated) -> None:
    checked(rule)
    with pytest.raises(RuleRefused):
        checked(
            msgspec.structs.replace(rule, clauses=tuple(msgspec.structs.replace(c, cel="true") for c in rule.clauses))
        )


def test_its_bounds_are_those_of_the_engine() -> None:
    assert f"{LONGEST_TEXT:,} characters" in PAGE
