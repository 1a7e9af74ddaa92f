"""A short run of what `manage.py chaos` does for half an hour: every process killed, and one of each other fault."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from govsite.chaos import run
from govsite.chaos.faults import FAULTS, KILLED
from govsite.chaos.victim import Victim

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_whatever_is_broken_everything_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    random = Random(11)
    said: list[str] = []
    with Victim(tmp_path / "var") as victim:
        outcome = run.rehearse(victim, run.schedule(len(KILLED), 1, random), random, said.append)
    assert [fault for trial in outcome.trials for fault in trial.faults] == [], victim.last_words()
    assert outcome.verified == ""
    assert {trial.fault for trial in outcome.trials} == set(FAULTS)
    assert outcome.fills > 0
    assert outcome.halts > 0
