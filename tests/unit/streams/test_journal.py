"""A journal goes on after whoever wrote it was killed in the middle of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.envelope import Envelope
from streams.journal import BLOCK, Journal, read
from streams.messages import ClockAdvanced


def message(name: str) -> Envelope:
    return Envelope(id=name, body=ClockAdvanced(), actor="executor", sent_at=1)


@pytest.mark.parametrize("half", [b'{"message":', b"x" * (3 * BLOCK), b""], ids=["half", "long", "nothing"])
def test_half_a_line_is_cut_off(tmp_path: Path, half: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    first = Journal(path)
    first.write(message("one"), 1)
    first.write(message("two"), 2)
    first.close()
    with path.open("ab") as file:
        file.write(half)
    second = Journal(path)
    second.write(message("three"), 3)
    second.close()
    assert [given.message.id for given in read(path)] == ["one", "two", "three"]


def test_a_journal_that_is_only_half_a_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"message"')
    journal = Journal(path)
    journal.write(message("one"), 1)
    journal.close()
    assert [given.message.id for given in read(path)] == ["one"]
