"""Forms of the admin as a browser sends them: opened, filled in, sent."""

from __future__ import annotations

from typing import Any

from django.test import Client

from ledger.models import OutboxCommand
from streams.envelope import decode


def opened(client: Client, address: str, **filled: Any) -> dict[str, Any]:
    """What the form at the address would send, with what is `filled` in."""
    page: Any = client.get(address)
    assert page.status_code == 200, page.content.decode()
    form = page.context["form"]
    said = {
        field.html_name: field.value() for field in form if field.value() is not None and field.value() is not False
    }
    for part in ("signals", "clauses", "examples"):
        if part in page.context:
            rows = page.context[part]
            said |= {
                field.html_name: field.value()
                for each in (*rows.forms, rows.management_form)
                for field in each
                if field.value() is not None and field.value() is not False
            }
    return {**said, **filled}


def outbox_bodies() -> list[Any]:
    """What was sent so far, oldest first."""
    return [decode(bytes(kept.raw)).body for kept in OutboxCommand.objects.order_by("created_at")]
