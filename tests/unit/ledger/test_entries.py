"""Rows to entries: one transaction one entry, cut where it would be too large to take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ledger.entries import LogRow, entries, enveloped, stream_of
from streams.envelope import decode, encode
from streams.messages import LedgerRow


def rows(sizes: list[tuple[int, int]]) -> list[LogRow]:
    """A row for each (transaction, size of its state)."""
    return [
        (
            "execution",
            0,
            1000 * transaction,
            LedgerRow(
                position=position,
                event_id="e" * 36,
                aggregate_id="a" * 36,
                version=1,
                topic="Deliberation.ProposalsArbitrated",
                correlation_id="c" * 60,
                causation_id="c" * 36,
                actor="governor",
                book="demo",
                state=Raw(b'"' + b"x" * size + b'"'),
            ),
        )
        for position, (transaction, size) in enumerate(sizes, 1)
    ]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30_000)), min_size=1, max_size=40).map(sorted))
def test_every_row_once_in_order_and_every_entry_can_be_taken(sizes: list[tuple[int, int]]) -> None:
    found = list(entries(rows(sizes)))
    assert [row.position for entry in found for row in entry.rows] == list(range(1, len(sizes) + 1))
    assert all((entry.first, entry.last) == (entry.rows[0].position, entry.rows[-1].position) for entry in found)
    assert all(decode(encode(enveloped(entry))).body == entry for entry in found)


def test_a_transaction_that_fits_is_one_entry() -> None:
    found = list(entries(rows([(1, 10), (1, 10), (2, 10)])))
    assert [(entry.first, entry.last, entry.recorded_at) for entry in found] == [(1, 2, 1000), (3, 3, 2000)]


def test_the_envelope_names_the_root_and_the_book() -> None:
    envelope = enveloped(next(entries(rows([(1, 1)]))))
    assert (envelope.id, envelope.actor, envelope.book) == ("ledger.execution:1", "relay", "demo")
    assert envelope.correlation == "c" * 60


def test_only_further_partitions_have_a_suffix() -> None:
    assert (stream_of("governance", 0), stream_of("governance", 2)) == ("ledger.governance", "ledger.governance.2")
