"""Cursors of pages: they come back as they went, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govsite.ops.keyset import cursor_of, place_of

TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(TIMES, st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=200))
def test_a_cursor_comes_back_as_it_went(at: datetime, key: str) -> None:
    assert place_of(cursor_of(at, key)) == (at, key)


@pytest.mark.parametrize("cursor", ["x", ".a", "1.", "1", "1.\0", "a.b", f"{10**40}.a", "1." + "a" * 400, "nan.a"])
def test_nothing_else_is_taken_for_a_cursor(cursor: str) -> None:
    with pytest.raises(ValueError, match="give it as the page before had it"):
        place_of(cursor)
