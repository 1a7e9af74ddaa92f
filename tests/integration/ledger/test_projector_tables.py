"""Rows into tables and out again: every type of column, with and without nulls."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import Ballot, Outcome, Proposal
from governance.projections import READ_MODELS
from ledger.readmodel import Appended, ReadModel, exact
from ledger.tables import COLUMNS, copy, copy_in, fetch, insert, upsert, write

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
EXACT = st.decimals(-(10**12), 10**12, places=9).map(exact)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
PROPOSALS = st.lists(
    st.fixed_dictionaries(
        {
            "proposal_id": TEXT,
            "deliberation_id": st.none() | st.uuids().map(str),
            "book": TEXT,
            "target": EXACT,
            "held": st.none() | EXACT,
            "probability": st.none() | FLOAT,
            "ttl_ms": st.none() | st.integers(-(2**31), 2**31 - 1),
            "market": JSON.filter(lambda value: value is not None),
            "recorded_at": TIMES,
            "ledger_position": st.integers(-(2**63), 2**63 - 1),
        }
    ),
    max_size=6,
    unique_by=lambda values: str(values["proposal_id"]),
)


def uuid(number: int) -> str:
    return str(UUID(int=number))


def again(url: str, rows: list[Any]) -> dict[Any, dict[str, Any]]:
    """What a transaction sees after it has written the rows twice; it is not committed."""
    model: type[ReadModel] = type(rows[0])
    with psycopg.connect(url) as connection:
        for _ in range(2):
            write(connection, [upsert(model, rows)])
        found = fetch(connection, model, [row.pk for row in rows])
        connection.rollback()
    return {key: values(row) for key, row in found.items()}


def values(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


@given(told=PROPOSALS.filter(len))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(migrated_url: str, told: list[dict[str, Any]]) -> None:
    rows = [Proposal.told(**each) for each in told]
    assert again(migrated_url, rows) == {row.pk: values(row) for row in rows}


def test_flags_and_nulls_keep_their_places(migrated_url: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    outcomes = [
        Outcome.told(outcome_id=uuid(n), bucket=1, horizon_s=9, y=y, gain=gain, recorded_at=at, ledger_position=1)
        for n, (y, gain) in enumerate([(True, 0.5), (None, None), (False, -0.25)])
    ]
    assert [values["y"] for values in again(migrated_url, outcomes).values()] == [True, None, False]
    ballots = [
        Ballot.told(
            event_id=uuid(n), deliberation_id=uuid(9), weight_ppm=n, veto=n > 1, size_limit=limit,
            ledger_position=n,
        )
        for n, limit in enumerate([None, exact(Decimal("1e-18")), None])
    ]  # fmt: skip
    assert again(migrated_url, ballots) == {row.pk: values(row) for row in ballots}


@given(told=PROPOSALS.filter(len))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_copied_is_what_would_be_inserted(migrated_url: str, told: list[dict[str, Any]]) -> None:
    rows = [Proposal.told(**each) for each in told]
    names = tuple(values(rows[0]))
    appended = Appended(names)
    appended.rows += [tuple(values(row).values()) for row in rows]
    with psycopg.connect(migrated_url) as connection:
        copy_in(connection, [copy(Proposal, appended)])
        copied = fetch(connection, Proposal, [row.pk for row in rows])
        write(connection, [insert(Proposal, appended)])
        inserted = fetch(connection, Proposal, [row.pk for row in rows])
        connection.rollback()
    wanted = {row.pk: values(row) for row in rows}
    assert {key: values(row) for key, row in copied.items()} == wanted
    assert {key: values(row) for key, row in inserted.items()} == wanted


def test_lines_keep_what_would_end_a_column_or_a_line(migrated_url: str) -> None:
    reasons = ["a\tb", "a\nb", "a\rb", "a\\b", "\\N", "\\.", "", "ünïcode \u2028"]
    told = [
        Ballot.told(
            event_id=uuid(n), deliberation_id=uuid(9), weight_ppm=n, veto=False, reason=reason, ledger_position=n
        )
        for n, reason in enumerate(reasons)
    ]
    appended = Appended(tuple(values(told[0])))
    appended.rows += [tuple(values(row).values()) for row in told]
    with psycopg.connect(migrated_url) as connection:
        copy_in(connection, [copy(Ballot, appended)])
        found = fetch(connection, Ballot, [row.pk for row in told])
        connection.rollback()
    assert [values(found[uuid(n)])["reason"] for n in range(len(reasons))] == reasons


def test_a_later_state_of_a_row_replaces_the_earlier_one(migrated_url: str) -> None:
    row = Ballot.told(event_id=uuid(1), deliberation_id=uuid(9), weight_ppm=1, veto=False, ledger_position=1)
    with psycopg.connect(migrated_url) as connection:
        write(connection, [upsert(Ballot, [row])])
        row.weight_ppm, row.ledger_position = 2, 5
        write(connection, [upsert(Ballot, [row])])
        found = fetch(connection, Ballot, [row.pk, uuid(404)])
        connection.rollback()
    assert [(each.pk, values(each)["weight_ppm"], each.ledger_position) for each in found.values()] == [(row.pk, 2, 5)]


@pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.__name__)
def test_every_column_of_the_read_models_has_its_way(model: type[ReadModel]) -> None:
    text, arrays = upsert(model, [])
    assert len(arrays) == len(model._meta.concrete_fields)
    assert {type(array) for array in arrays} <= {column.array for column in COLUMNS.values()}
    assert text.count("%s") == len(arrays)
