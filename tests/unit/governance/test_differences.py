"""What counts as the same event: to the byte, but for fields that a later release has added."""

from __future__ import annotations

from uuid import UUID

import pytest

from governance.domain.differences import compared
from governance.domain.reconstruction import Row
from streams.events import DecisionReached, Trigger, encode_event

DECISION = DecisionReached(
    decision_id="d",
    deliberation_id="r",
    outcome="refused",
    orders=(),
    reasons=(),
    trigger=Trigger(tick_id="t", received_at=1),
    ttl_ms=200,
)


def row(state: bytes) -> Row:
    return Row(
        position=1, book="demo", originator=UUID(int=1), version=1, topic="Deliberation.DecisionReached", state=state
    )


@pytest.mark.parametrize(
    ("edit", "same"),
    [
        ((b"", b""), True),
        ((b',"released":false', b""), True),
        ((b',"ttl_ms":200,"released":false', b""), False),
        ((b"false", b"true"), False),
        ((b',"released":false', b',"released": false'), False),
        ((b"refused", b"granted"), False),
    ],
)
def test_only_a_last_field_at_its_default_may_be_missing(edit: tuple[bytes, bytes], same: bool) -> None:
    stored = encode_event(DECISION).replace(*edit)
    assert bool(compared([row(stored)], [DECISION])) is not same
