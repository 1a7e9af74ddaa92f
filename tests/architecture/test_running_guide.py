"""The operations guide names every variable that the code reads and every alarm that it raises, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from govsite.settings.environment import SECRETS
from streams.parts import Breaker

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("govsite", "governance", "agents", "feeds", "execution", "market", "rules", "ledger", "streams")
GUIDE = (ROOT / "docs" / "running.md").read_text()
VARIABLE = r"((?:GOVSITE|APCA)_[A-Z0-9_]+|OTEL_SERVICE_NAME)"
OF_THE_STACK = {"GOVSITE_PAGES", "GOVSITE_STACK"}  # what `runstack` tells its own children


def sources() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            yield path.read_text()


def test_every_variable_is_in_the_guide_and_no_other() -> None:
    read = {name for text in sources() for name in re.findall(f'"{VARIABLE}"', text)} - OF_THE_STACK
    told = set(re.findall(f"`{VARIABLE}`", GUIDE))
    assert told == read | {name for name in SECRETS if name.startswith(("GOVSITE_", "APCA_"))}


def test_every_breaker_is_in_the_guide() -> None:
    told = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", GUIDE[GUIDE.index("## Alarms of a book") :], re.MULTILINE)
    assert {name for row in told for name in re.findall(r"`([a-z_]+)`", row)} == set(get_args(Breaker))


ALARMS = (
    "the log was changed",
    "does not follow on the hash before it",
    "is archived, but deleted or changed in the table",
    "a row beyond",
    "the archive is damaged from position",
    "the ledger is in another database than before",
    "tells of another ledger",
    "was made anew",
    "the replication slot holds back",
    "the publication",
    "clocks differ",
)


@pytest.mark.parametrize("words", ALARMS)
def test_what_the_relay_alarms_of_is_in_the_guide_in_its_own_words(words: str) -> None:
    assert words in GUIDE
    assert any(words in path.read_text() for path in (ROOT / "ledger").glob("*.py"))
