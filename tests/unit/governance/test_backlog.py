"""The mark of the command stream: never past an entry without an answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from governance.backlog import Backlog, just_before
from streams.client import after


def test_the_mark_follows_what_was_read_when_everything_is_answered() -> None:
    backlog = Backlog("0-0")
    backlog.read("5-0")
    backlog.answered("5-0")
    assert backlog.mark == "5-0"


def test_the_mark_waits_before_the_oldest_entry_without_an_answer() -> None:
    backlog = Backlog("0-0")
    for entry_id in ("5-0", "5-1", "6-0"):
        backlog.read(entry_id)
    backlog.answered("5-0")
    backlog.answered("6-0")
    assert backlog.mark == "5-0"


@given(st.lists(st.integers(0, 40), unique=True, min_size=1), st.data())
def test_reading_after_the_mark_gives_every_unanswered_entry_again(numbers: list[int], data: st.DataObject) -> None:
    entries = [f"{number // 4 + 1}-{number % 4}" for number in sorted(numbers)]
    answered = data.draw(st.sets(st.sampled_from(entries)))
    backlog = Backlog("0-0")
    for entry in entries:
        backlog.read(entry)
    for entry in answered:
        backlog.answered(entry)
    unanswered = [entry for entry in entries if entry not in answered]
    assert all(after(entry, backlog.mark) for entry in unanswered)
    assert all(not after(entry, backlog.mark) for entry in entries if not unanswered or after(unanswered[0], entry))


def test_just_before_crosses_milliseconds() -> None:
    assert just_before("7-3") == "7-2"
    assert after("7-0", just_before("7-0"))
    assert after(just_before("7-0"), "6-99999")
