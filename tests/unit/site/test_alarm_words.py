"""What an alarm is called depends on what it is about."""

from __future__ import annotations

import pytest

from govsite.ops.alarm_words import title_words


@pytest.mark.parametrize(
    ("breaker", "subject", "title"),
    [
        ("identity", "stream", "Tampered with"),
        ("identity", "momentum", "Not who it says"),
        ("drawdown", "demo", "Drawdown"),
        ("of_another_release", "", "Of another release"),
    ],
)
def test_titles(breaker: str, subject: str, title: str) -> None:
    assert title_words(breaker, subject) == title
