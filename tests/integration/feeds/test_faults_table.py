"""The fault table in the documentation: it has every fault, and each of its rows is a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

from feeds.exchange.faults import KINDS

ROOT = Path(__file__).resolve().parents[3]
HEAD = "| fault | what agents see | event | metric | test |"


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "market-data.md").read_text().partition(HEAD)[2].splitlines()[2:]
    table = lines[: lines.index("")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def named_in(pattern: str) -> set[str]:
    files = (ROOT / "tests" / "integration" / "feeds").glob(pattern)
    return {name for path in files for name in re.findall(r"^async def (test_\w+)", path.read_text(), re.MULTILINE)}


def test_every_fault_has_a_row() -> None:
    told = {kind for row in rows() for kind in re.findall(r"`(\w+)`", row[0])}
    assert told == set(KINDS)


def test_every_row_names_a_test_and_every_test_has_a_row() -> None:
    assert all(len(row) == 5 and all(row) for row in rows())
    named = {name for row in rows() for name in re.findall(r"`(test_\w+)`", row[4])}
    assert all(re.fullmatch(r"`test_\w+`", row[4]) for row in rows())
    assert named >= named_in("test_faults_*.py") - {"test_stocks_come_as_trades_and_quotes"}
    assert named <= named_in("**/test_*.py")
