"""Why nothing is traded, in one sentence: what blocks first says it."""

from __future__ import annotations

import pytest

from govsite.ops.standstill import BLOCKS, DOUBTS, LIMITS, SAYS, Finding, answer, listed, spoken


def finding(grade: str, because: str) -> Finding:
    return Finding(key=because, grade=grade, title="", because=because, words="", page="live", act="")


HALT, SILENT = finding(BLOCKS, "the book is halted"), finding(BLOCKS, "no price has come for 9 s")
REDUCE, HOLD, PAUSED = finding(LIMITS, "of a breaker"), finding(DOUBTS, "of holds"), finding(SAYS, "of pauses")


@pytest.mark.parametrize(
    ("found", "fill_s", "look", "text"),
    [
        ([HALT, SILENT], 2.0, "bad", "Trading stands still because the book is halted."),
        ([REDUCE, SILENT], 2.0, "bad", "Trading stands still because no price has come for 9 s."),
        ([REDUCE, HOLD], 2.0, "warn", "Only reductions are traded because of a breaker."),
        ([HOLD, PAUSED], 2.4, "good", "Trading goes on: last fill 2 s ago."),
        ([], 60.0, "good", "Trading goes on: last fill 60 s ago."),
        ([], 61.0, "warn", "Nothing is known to stop trading, yet nothing is filled: last fill 61 s ago."),
        ([PAUSED], None, "warn", "Nothing is known to stop trading, but nothing has been filled yet."),
    ],
)
def test_the_answer_is_what_blocks_first(found: list[Finding], fill_s: float | None, look: str, text: str) -> None:
    said = answer(found, fill_s)
    assert (said.look, said.text) == (look, text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_times_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


def test_of_many_names_the_first_are_said() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"
