"""Where books and streams belong: the same for ever, whoever asks."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.client import COMMANDS, TICKS, kept
from streams.partitions import log_names, partition_of, plain, split, suffixed


@pytest.mark.parametrize(
    ("book", "of_2", "of_16"), [("demo", 0, 0), ("north", 1, 5), ("", 0, 4), ("Zürich", 0, 8), ("book-7", 0, 12)]
)
def test_a_book_stays_where_it_was_written(book: str, of_2: int, of_16: int) -> None:
    assert (partition_of(book, 2), partition_of(book, 16)) == (of_2, of_16)


@given(st.text(), st.integers(1, 1000))
def test_every_book_has_one_partition_of_those_that_there_are(book: str, count: int) -> None:
    assert 0 <= partition_of(book, count) < count
    assert partition_of(book, 1) == 0


def test_many_books_are_spread_evenly() -> None:
    found = Counter(partition_of(f"book-{number}", 8) for number in range(8_000))
    assert sorted(found) == list(range(8))
    assert max(found.values()) < 1.15 * min(found.values())


@given(st.sampled_from(["governor", "ledger.governance", "governance.commands"]), st.integers(0, 10_000))
def test_a_suffix_can_be_taken_off(name: str, partition: int) -> None:
    assert split(suffixed(name, partition)) == (name, partition)
    assert plain(suffixed(name, partition)) == name


def test_the_first_partition_has_the_plain_names() -> None:
    assert suffixed(COMMANDS, 0) == COMMANDS
    assert log_names(1) == ["governance", "execution"]
    assert log_names(2) == ["governance", "governance.1", "execution", "execution.1"]


def test_the_streams_of_every_partition_are_kept_as_long() -> None:
    assert kept(suffixed(COMMANDS, 3)) == kept(COMMANDS) == 200_000
    assert kept(TICKS) == 300_000
    assert kept("ledger.governance.1") is None
