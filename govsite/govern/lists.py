"""What operators look at before they decide: parameters, changes, holds, alarms, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from governance.domain.parameters import BOOK, INSTRUMENT, Parameter
from governance.models import Alarm, Book, ChangeRequest, Hold
from govsite.govern.words import change_words
from streams.events import Preview

OPEN = ("requested", "approved")


def terms(book: Book, instrument: str) -> Iterator[str]:
    """Every parameter with its value, its safe direction, its bounds and its meaning."""
    if instrument:
        listed = {terms["symbol"]: terms for terms in book.instruments}
        if instrument not in listed:
            raise LookupError(f"{instrument} is not listed in the book {book.book}; there are {', '.join(listed)}")
        table, values = INSTRUMENT, listed[instrument]
    else:
        table, values = BOOK, book.terms
    yield f"{'name':26}{'value':>16}  {'safe':8}{'from':>12}{'to':>12}  meaning"
    for name, parameter in table.items():
        yield _term(name, values.get(name), parameter)


def _term(name: str, value: Any, parameter: Parameter) -> str:
    shown = int(value) if isinstance(value, bool) else value
    low, high = (f"{float(bound):.12g}" for bound in (parameter.low, parameter.high))
    return f"{name:26}{shown!s:>16}  {parameter.safe or 'waits':8}{low:>12}{high:>12}  {parameter.what}"


def changes(book: str, *, closed: bool) -> Iterator[str]:
    found = ChangeRequest.objects.filter(book=book).order_by("requested_at")
    for change in found if closed else found.filter(status__in=OPEN):
        yield f"{change.change_id}  {_change_words(change)}"
        yield f"    {change.who}: {change.why}"
        yield f"    {'loosens' if change.loosens else 'tightens'}: {change.why_loosens}"
        if change.preview:
            yield f"    preview: {change.preview['different']} of {change.preview['decisions']} decisions differ"


def _change_words(change: ChangeRequest) -> str:
    what = change_words(change.change)
    if change.status == "requested":
        return f"{what}: waits for another operator than {change.who}"
    if change.status == "approved":
        assert change.enacts_at is not None
        return f"{what}: approved by {change.approved_by}, enacted {_in(change.enacts_at)}"
    if change.status == "refused":
        return f"{what}: refused by {change.refused_by}: {change.refused_why}"
    return f"{what}: enacted{' after ' + change.approved_by if change.approved_by else ' at once'}"


def holds(book: str) -> Iterator[str]:
    for hold in Hold.objects.filter(book=book, status="held").order_by("until"):
        orders = ", ".join(f"{order['side']} {order['quantity']} {order['instrument']}" for order in hold.orders)
        yield f"{hold.decision_id}  {orders}"
        yield f"    held by {', '.join(hold.rules)}; lapses {_in(hold.until)}"


def alarms(book: str, *, acknowledged: bool) -> Iterator[str]:
    found = Alarm.objects.filter(book=book).order_by("raised_at")
    for alarm in found if acknowledged else found.filter(acknowledged_at=None):
        yield f"{alarm.alarm_id}  {alarm.breaker} {alarm.subject}: {alarm.effect}"
        yield f"    raised {alarm.raised_at:%Y-%m-%d %H:%M:%S} UTC"
        yield f"    {alarm.formula}; {', '.join(f'{name} = {value}' for name, value in alarm.inputs.items())}"
        if alarm.acknowledged_by:
            yield f"    acknowledged by {alarm.acknowledged_by}: {alarm.acknowledged_why}"
        if alarm.cleared_by:
            yield f"    cleared by {alarm.cleared_by}: {alarm.cleared_why}"


def preview(found: Preview) -> Iterator[str]:
    if not found.decisions:
        yield "preview: there is no decision to try it on yet"
        return
    yield f"preview: {found.different} of the last {found.decisions} decisions would have been others"
    for each in found.differences:
        yield f"    {each.decision_id}  {each.before} → {each.after}  {each.detail}"


def _in(at: datetime) -> str:
    seconds = (at - datetime.now(UTC)).total_seconds()
    return f"in {seconds:.0f} s" if seconds > 0 else "now"
