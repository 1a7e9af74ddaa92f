"""The mapper: every event goes to the ledger and comes back, old ones in today's form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import Notification, StoredEvent

from ledger.errors import Corrupt
from ledger.mapper import LedgerMapper, TracedEvent, TracedNotification
from streams.events import CashMoved, DomainEvent

EVENT = DomainEvent(
    originator_id=UUID(int=1),
    originator_version=2,
    body=CashMoved(amount=Decimal("1.50"), reason="deposit"),
    correlation_id="root",
    causation_id="cause",
    actor="executor",
    book="demo",
    command_id="c1",
)


def test_there_and_back() -> None:
    stored = LedgerMapper().to_stored_event(EVENT)
    assert (stored.topic, stored.state) == ("Account.CashMoved", b'{"amount":"1.50","reason":"deposit"}')
    assert LedgerMapper().to_domain_event(stored) == EVENT


def test_a_notification_is_read_like_the_event() -> None:
    stored = LedgerMapper().to_stored_event(EVENT)
    values = {field: getattr(stored, field) for field in TracedEvent.__dataclass_fields__}
    assert LedgerMapper().to_domain_event(TracedNotification(**values, id=9)) == EVENT


@pytest.mark.parametrize("extra", [{}, {"id": 9}])
def test_a_plain_event_has_no_cause(extra: dict[str, int]) -> None:
    kind = Notification if extra else StoredEvent
    plain = kind(UUID(int=1), 2, "Account.CashMoved", b'{"amount":"1.50","reason":"deposit"}', *extra.values())
    nothing = {"correlation_id": "", "causation_id": "", "actor": "", "book": "", "command_id": None}
    assert LedgerMapper().to_domain_event(plain) == msgspec.structs.replace(EVENT, **nothing)


def test_an_unknown_topic_is_corrupt() -> None:
    with pytest.raises(Corrupt, match="not known to this release"):
        LedgerMapper().to_domain_event(StoredEvent(UUID(int=1), 1, "Account.Vanished", b"{}"))


def test_old_events_are_read_in_todays_form() -> None:
    def renamed(fields: dict[str, Any]) -> dict[str, Any]:
        return {"amount": fields["sum"], "reason": fields["why"]}

    def explained(fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "why": "not kept then"}

    upcasters = {
        "Account.CashPaid": ("Account.CashPaid2", explained),
        "Account.CashPaid2": ("Account.CashMoved", renamed),
    }
    old = StoredEvent(UUID(int=1), 1, "Account.CashPaid", b'{"sum":"7"}')
    assert LedgerMapper(upcasters).to_domain_event(old).body == CashMoved(amount=Decimal(7), reason="not kept then")
