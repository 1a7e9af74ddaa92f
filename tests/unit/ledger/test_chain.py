"""The chain: whatever byte of whatever row is changed, verification stops at that row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from ledger.chain import Broken, ChainRow, hash_of, verify
from ledger.records import GENESIS, event_id
from ledger.verifying import event_ids
from streams.envelope import NAMESPACE

TEXT = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=20)
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 0, UTC)


def chained(texts: list[str]) -> list[ChainRow]:
    rows: list[ChainRow] = []
    previous = GENESIS
    for position, text in enumerate(texts, 1):
        row = ChainRow(
            log="execution",
            partition=0,
            position=position,
            event_id=event_id("execution", 0, position),
            originator_id=UUID(int=1),
            originator_version=1,
            topic="Order.OrderSent",
            state=text.encode(),
            recorded_at=MOMENT,
            correlation_id="root",
            causation_id="",
            command_id=None,
            actor=text,
            book="demo",
            prev_hash=previous,
            hash=b"",
        )
        row = row._replace(hash=hash_of(row))
        rows.append(row)
        previous = row.hash
    return rows


def test_the_formula_is_the_published_one() -> None:
    (row,) = chained(["{}"])
    own = uuid5(NAMESPACE, "execution\x1f0\x1f1")
    text = f"execution\x1f0\x1f1\x1f{own}\x1f{UUID(int=1)}\x1f1\x1fOrder.OrderSent\x1f2026-01-02T03:04:05.000000Z"
    rest = "\x1froot\x1f\x1f\x1f{}\x1fdemo\x1f"
    assert row.event_id == own
    assert row.hash == sha256(bytes(32) + (text + rest).encode() + b"{}").digest()


def test_the_zone_of_the_reader_does_not_matter() -> None:
    (row,) = chained(["x"])
    assert hash_of(row._replace(recorded_at=MOMENT.astimezone(timezone(timedelta(hours=9))))) == row.hash


@given(st.lists(TEXT, max_size=6))
def test_a_whole_chain_holds(texts: list[str]) -> None:
    rows = chained(texts)
    assert list(verify(rows)) == rows


@given(st.lists(TEXT, min_size=1, max_size=6), st.data())
def test_a_changed_byte_is_found_where_it_is(texts: list[str], data: st.DataObject) -> None:
    rows = chained(texts)
    victim = data.draw(st.integers(0, len(rows) - 1))
    field = data.draw(st.sampled_from(["state", "actor", "book", "correlation_id", "topic", "recorded_at"]))
    old = getattr(rows[victim], field)
    new: Any
    match old:
        case bytes():
            new = old + b"!"
        case str():
            new = old + "!"
        case _:
            new = old + timedelta(microseconds=1)
    rows[victim] = rows[victim]._replace(**{field: new})
    assert list(verify(rows))[-1] == Broken(victim + 1, "its hash does not fit what it says")


@given(st.lists(TEXT, min_size=2, max_size=6), st.data())
def test_a_missing_or_exchanged_row_is_found(texts: list[str], data: st.DataObject) -> None:
    rows = chained(texts)
    victim = data.draw(st.integers(0, len(rows) - 2))
    shorter = rows[:victim] + rows[victim + 1 :]
    assert list(verify(shorter))[-1] == Broken(victim + 1, f"position {victim + 1} is missing, {victim + 2} follows")
    forged = chained([*texts[:victim], texts[victim] + "!", *texts[victim + 1 :]])
    exchanged = rows[: victim + 1] + forged[victim + 1 :]
    assert list(verify(exchanged))[-1] == Broken(victim + 2, "it does not follow on the hash before it")


@given(st.integers(1, 2**62), st.integers(1, 130))
def test_the_ids_of_many_places_at_once_are_those_of_each(first: int, count: int) -> None:
    positions = range(first, first + count)
    assert event_ids("execution", 7, positions) == b"".join(event_id("execution", 7, n).bytes for n in positions)
