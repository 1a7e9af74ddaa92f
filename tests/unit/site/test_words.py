"""Every code has words, and every loss names what was in the way."""

from __future__ import annotations

import pytest

from govsite.ops.words import REASONS, TARGETS_MS, because, for_browser, outcome_words, reason_words, state_words
from streams.messages import Code


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_words(code: Code) -> None:
    assert str(code) in REASONS


@pytest.mark.parametrize(
    ("code", "by", "sentence"),
    [
        ("DEFEATED", "forecast", "the voters’ forecast was below one half"),
        ("DEFEATED", "anomaly", "too much mass was against it, anomaly above all"),
        ("VETOED", "compliance", "compliance vetoed it"),
        ("SUPERSEDED", "p1", "the council’s median pointed elsewhere, to the proposal of rule"),
        ("CAPPED", "07652e03-28c9-52bd-b6c7-db9fd10c13f4", "a cap on the position is in force, by an earlier proposal"),
        ("INQUORATE", "quorum", "too little mass approved: no quorum"),
        ("RULE_DENIED", "", "a rule denied it"),
    ],
)
def test_a_loss_names_what_was_in_the_way(code: str, by: str, sentence: str) -> None:
    assert because(code, by, {"p1": "rule"}) == sentence


def test_what_a_later_release_says_is_shown_as_it_is() -> None:
    assert reason_words("BRAND_NEW") == "BRAND_NEW"
    assert state_words("VERY_NEW") == "very new"
    assert "not known" in outcome_words("undecided")


def test_the_browser_gets_the_same_words() -> None:
    words = for_browser()
    assert words["reasons"] is REASONS
    assert words["targets"] == {stage: {"p50": p50, "p99": p99} for stage, (p50, p99) in TARGETS_MS.items()}
