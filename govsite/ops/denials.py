"""What came of the latest rounds of a book, and what its proposals were lost to, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from msgspec import Struct

from execution.models import FINAL, Order
from governance.models import Decision, Proposal, Rule, Seat
from govsite.ops.words import BECAUSE, because, reason_words

WINDOW = timedelta(minutes=15)
ROUNDS = 300
PROPOSALS = 2000
TOP = 8
WON = frozenset({"GRANTED", "REDUCED"})


class Denial(Struct, frozen=True):
    """`by`: the rule or the seat, where one did it. `query` leads to the decisions, "" where no round was reached."""

    reason: str
    by: str
    count: int
    words: str
    query: str


class Lately(Struct, frozen=True, kw_only=True):
    """Of the last 15 min, of 300 rounds at most: rounds by outcome, what was lost to what, and what became of the
    orders that did not end as fills."""

    rounds: int
    outcomes: dict[str, int]
    denials: list[Denial]
    unfilled: list[Denial]
    last: Decision | None

    @property
    def granted(self) -> int:
        return self.outcomes.get("granted", 0) + self.outcomes.get("reduced", 0)


def lately(book: str) -> Lately:
    since = timezone.now() - WINDOW
    newest = list(Decision.objects.filter(book=book).order_by("-ledger_position")[:ROUNDS])
    rounds = [each for each in newest if each.decided_at >= since]
    known = {*_names(Rule, "rule", book), *_names(Seat, "agent", book)}
    lost = Counter((reason, _nameable(reason, by, known)) for reason, by in _lost(rounds))
    lost.update(_refused(book, since))
    return Lately(
        rounds=len(rounds),
        outcomes=dict(Counter(each.outcome for each in rounds)),
        denials=[_denial(reason, by, count, known) for (reason, by), count in lost.most_common(TOP)],
        unfilled=_unfilled(rounds),
        last=newest[0] if newest else None,
    )


def _names(model: Any, name: str, book: str) -> Iterator[str]:
    yield from model.objects.filter(book=book).values_list(name, flat=True)


def _lost(rounds: list[Decision]) -> Iterator[tuple[str, str]]:
    for decision in rounds:
        for each in decision.reasons:
            reason = str(each.get("reason") or each.get("state", ""))
            if reason not in WON:
                yield reason, str(each.get("by", ""))


def _refused(book: str, since: datetime) -> Iterator[tuple[str, str]]:
    """Refused before a round, of the newest proposals of all books."""
    newest = Proposal.objects.filter(recorded_at__gte=since).order_by("-recorded_at")
    for found, state, reason in newest.values_list("book", "state", "reason")[:PROPOSALS]:
        if found == book and state == "REFUSED":
            yield reason, "before a round"


def _nameable(reason: str, by: str, known: set[str]) -> str:
    """`by` where it leads somewhere: ids of other proposals differ from round to round and would split one reason."""
    return by if by in known or f"{reason}:{by}" in BECAUSE else ""


def _denial(reason: str, by: str, count: int, known: set[str]) -> Denial:
    if by == "before a round":
        return Denial(reason, "", count, f"{reason_words(reason)} (refused before a round)", "")
    subject = by if by in known else ""
    words = because(reason, by if subject or reason == "DEFEATED" else "", {})
    return Denial(reason, subject, count, words, urlencode({"why": subject or reason}))


def _unfilled(rounds: list[Decision]) -> list[Denial]:
    granted = [each.decision_id for each in rounds if each.orders]
    ended = Order.objects.filter(decision_id__in=granted, filled=0, state__in=FINAL)
    counted = Counter(ended.values_list("state", "reason"))
    return [
        Denial(reason, "", count, f"{state}: {reason_words(reason)}", urlencode({"state": state}))
        for (state, reason), count in counted.most_common(TOP)
    ]
