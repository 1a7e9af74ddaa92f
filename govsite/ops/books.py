"""All books at a glance: mode, money, exposure, drawdown and what is under way; a click chooses one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required, permission_required
from django.db import connection
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from msgspec import Struct

from execution.models import FINAL, Account, Order, Position
from governance.models import Alarm, Book, Decision, Deliberation
from govsite.ops import standing
from govsite.ops.frame import page_context
from govsite.ops.halting import RANK
from ledger.gate import ALL_BOOKS
from ledger.models import GateMode
from market import marks
from market.domain.runs import Run

PAGE = 50
LONGEST = 200
OPEN_FOR = timedelta(minutes=10)  # a round takes milliseconds; what a hold keeps open is told with the holds
ZERO = Decimal(0)
LOOKS = {"granted": "good", "reduced": "accent", "vetoed": "veto", "expired": "", "refused": ""}


class Worth(Struct, frozen=True, kw_only=True):
    """At the marks of now. `drawdown` is a share of the peak, `day` what was won since the market's day began; None
    where there is no mark of equity yet. `unpriced`: held, and counted with its cost."""

    quote: str
    equity: Decimal
    gross: Decimal
    of_gross: Decimal | None
    drawdown: Decimal | None
    of_drawdown: Decimal | None
    day: Decimal | None
    unpriced: int


@require_GET
@never_cache
@login_required
@permission_required("governance.view_book", raise_exception=True)
def page(request: HttpRequest) -> HttpResponse:
    """By name, `?after=` goes on; `?find=` is a part of the name. So many queries, whatever the number of books."""
    context = page_context(request, "books")
    find, after = request.GET.get("find", ""), request.GET.get("after", "")
    problems = [
        f"{name}: a name has at most {LONGEST} characters, and no NUL among them"
        for name, value in (("find", find), ("after", after))
        if len(value) > LONGEST or "\0" in value
    ]
    rows = [] if problems else list(_asked(find, after)[: PAGE + 1])
    shown, more = rows[:PAGE], len(rows) > PAGE
    return render(
        request,
        "site/books.html",
        {
            **context,
            "problems": problems,
            "find": "" if problems else find,
            "rows": described(shown),
            "next": f"?{urlencode({'find': find, 'after': shown[-1].book})}" if more else "",
            "first": f"?{urlencode({'find': find})}" if after else "",
            "address": f"?{urlencode({'find': find, 'after': after})}" if not problems else "",
        },
        status=400 if problems else 200,
    )


def _asked(find: str, after: str) -> Any:
    last = Decision.objects.filter(book=OuterRef("book")).order_by("-ledger_position")
    rows = Book.objects.order_by("book").annotate(
        decision_id=Subquery(last.values("decision_id")[:1]),
        outcome=Subquery(last.values("outcome")[:1]),
        decided_at=Subquery(last.values("decided_at")[:1]),
    )
    if find:
        rows = rows.filter(book__icontains=find)
    return rows.filter(book__gt=after) if after else rows


def described(rows: Sequence[Any]) -> list[dict[str, Any]]:
    names = [row.book for row in rows]
    worths, gates = _worths(rows), _gates(names)
    working = _counted(Order.objects.filter(book__in=names).exclude(state__in=FINAL))
    alarms = _counted(Alarm.objects.filter(book__in=names, acknowledged_at=None))
    fresh = Q(recorded_at__gte=timezone.now() - OPEN_FOR, closed_at=None)
    rounds = _counted(Deliberation.objects.filter(fresh, book__in=names))
    return [
        {
            "row": row,
            "mode": _mode(gates.get(row.book, "NORMAL")),
            "worth": worths.get(row.book),
            "rounds": rounds.get(row.book, 0),
            "working": working.get(row.book, 0),
            "alarms": alarms.get(row.book, 0),
            "look": LOOKS.get(row.outcome or "", ""),
            "decided_ms": _ago(row.decided_at),
            "query": urlencode({"book": row.book}),
        }
        for row in rows
    ]


def _ago(at: Any) -> float | None:
    return None if at is None else (timezone.now() - at).total_seconds() * 1000


def _counted(rows: Any) -> dict[str, int]:
    return dict(rows.order_by().values_list("book").annotate(Count("pk")))


def _gates(names: Sequence[str]) -> dict[str, str]:
    """The stricter of the book's own gate and that of all books, which is the truth about modes."""
    kept = dict(GateMode.objects.filter(book__in=[*names, ALL_BOOKS]).values_list("book", "mode"))
    everywhere = kept.get(ALL_BOOKS, "NORMAL")
    return {name: max(kept.get(name, "NORMAL"), everywhere, key=RANK.__getitem__) for name in names}


def _mode(mode: str) -> dict[str, str]:
    title, icon, look = standing.LOOKS[mode]
    return {"mode": mode, "title": title, "icon": icon, "look": look}


# --- money ------------------------------------------------------------------------------------------


def _worths(rows: Sequence[Any]) -> dict[str, Worth]:
    names = [row.book for row in rows]
    accounts = {each.book: each for each in Account.objects.filter(book__in=names)}
    held: dict[str, list[Position]] = {}
    for position in Position.objects.filter(book__in=names).exclude(quantity=0):
        held.setdefault(position.book, []).append(position)
    connection.ensure_connection()
    runs = marks.latest(connection.connection)
    return {
        row.book: _worth(row, accounts[row.book], held.get(row.book, ()), runs) for row in rows if row.book in accounts
    }


def _worth(row: Book, account: Account, held: Sequence[Position], runs: Mapping[str, Run]) -> Worth:
    values = [
        each.cost if each.instrument not in runs else each.quantity * runs[each.instrument].price for each in held
    ]
    equity, gross = account.cash + sum(values, ZERO), sum(map(abs, values), ZERO)
    drawdown = None
    if row.peak is not None:
        peak = max(row.peak, equity)
        drawdown = (peak - equity) / peak if peak > ZERO else Decimal(1)
    return Worth(
        quote=account.quote,
        equity=equity,
        gross=gross,
        of_gross=_of(gross, equity * _term(row, "max_gross")),
        drawdown=drawdown,
        of_drawdown=None if drawdown is None else _of(drawdown, _term(row, "drawdown_reduce")),
        day=None if row.day_open is None else equity - row.day_open,
        unpriced=sum(each.instrument not in runs for each in held),
    )


def _term(row: Book, name: str) -> Decimal:
    return Decimal(str(row.terms.get(name, 0)))


def _of(value: Decimal, limit: Decimal) -> Decimal | None:
    return value / limit if limit > ZERO else None
