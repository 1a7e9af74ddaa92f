"""The live list has words for every event that a ledger can hold."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from streams.events import AGGREGATES

EVENTS = Path(__file__).parents[3] / "static/site/js/live/events.js"
LINE = re.compile(r"^  (?P<event>[A-Z]\w+): \(p\) => (?P<words>.*)$", re.MULTILINE)
FIELD = re.compile(r"\bp\.(\w+)")


def test_each_event_has_words_that_read_only_what_it_says() -> None:
    lines = {found["event"]: found["words"] for found in LINE.finditer(EVENTS.read_text())}
    types = {kind.__name__: kind for kinds in AGGREGATES.values() for kind in kinds}
    assert sorted(lines) == sorted(types)
    for name, words in lines.items():
        known = {field.name for field in msgspec.structs.fields(types[name])}
        assert set(FIELD.findall(words)) <= known, name
