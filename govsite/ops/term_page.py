"""The terms and limits of a book in the admin: each with its unit, value, bounds and safe direction, and its change."""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from governance.domain import council
from governance.domain.parameters import BOOK, INSTRUMENT, Parameter, setting
from governance.models import Book, Seat
from govsite.ops import sending
from govsite.ops.change_asking import SENT, Asked, ChangeForm, ask, moved_at, opened, page, pending, posted, sent_as
from govsite.ops.seat_page import timelock_s
from govsite.templatetags.figures import exactly
from streams.changes import SetTerm
from streams.events import BookTerms, InstrumentTerms

RIGHT, WORDS = "governance.request_change", "ask for a change of a term"
SUFFIXES = {"_bp": "basis points", "_ms": "ms", "_s": "s"}
UNITS = {
    **dict.fromkeys(("messages_per_s",), "per second"),
    **dict.fromkeys(("max_gross", "max_net", "max_concentration"), "of equity"),
    **dict.fromkeys(("trade_threshold", "trade_quorum", "owner_cap", "weight_floor"), "of mass"),
    **dict.fromkeys(("max_order_volume", "min_position", "max_position", "lot_size"), "base units"),
    **dict.fromkeys(("max_order_value", "min_notional", "tick_size"), "quote"),
    **dict.fromkeys(("live_only", "real_venue"), "0 or 1"),
    **dict.fromkeys(("drawdown_reduce", "drawdown_halt", "daily_loss_reduce", "daily_loss_halt"), "fraction"),
    **dict.fromkeys(("max_volatility", "reject_rate", "paper_depth_share"), "fraction"),
}


class TermForm(ChangeForm):
    value = forms.DecimalField(max_digits=36)
    field_order = ("value", "reason")


def listed(request: HttpRequest, book: str) -> HttpResponse:
    """Every parameter of the book, and of each of its instruments."""
    if not request.user.has_perm("governance.view_book"):
        raise PermissionDenied("You may not see books.")
    row = _book(book)
    tables = [("The book", "", [_shown(name, row.terms, each) for name, each in BOOK.items()])]
    tables += [
        (terms["symbol"], terms["symbol"], [_shown(name, terms, each) for name, each in INSTRUMENT.items()])
        for terms in row.instruments
    ]
    context = {**admin.site.each_context(request), "title": f"Terms of the book {row.book}", "row": row}
    return render(request, "admin/governance/terms.html", {**context, "tables": tables})


def edit(request: HttpRequest, book: str, name: str) -> HttpResponse:
    """One term, of the book or of the instrument that `?instrument=` names."""
    sending.may(request, RIGHT, WORDS)
    row, symbol = _book(book), request.GET.get("instrument", "")
    values, parameter = _term(row, name, symbol)
    now = _shown(name, values, parameter)
    form = TermForm(posted(request), initial={**opened(_state(row, name, symbol, now)), "value": now["value"]})
    address, asked = _address(row, name, symbol), Asked(200)
    if request.method == "POST":
        asked = _asked(request, row, form, name, symbol, now)
        if asked.status == SENT:
            return asked.back(address)
    context = {"row": row, "form": form, "term": now, "instrument": symbol, "address": address}
    context |= {"pending": pending(row.book, name=name, instrument=symbol), "timelock_s": timelock_s(row.book)}
    return page(request, "term", {**context, "heading": f"Set {name}{f' of {symbol}' if symbol else ''}"}, asked)


def _asked(request: HttpRequest, row: Book, form: TermForm, name: str, symbol: str, now: dict[str, Any]) -> Asked:
    if not form.is_valid():
        return Asked(400)
    try:
        change = SetTerm(name=name, value=form.cleaned_data["value"], instrument=symbol)
    except ValueError:
        form.add_error("value", f"{name} lies between {now['low']} and {now['high']}, with at most 40 digits.")
        return Asked(400)
    moved = form.cleaned_data["opened_at"] != _state(row, name, symbol, now)
    known = moved or sent_as(request, row.book, form, change)
    if not known and (wrong := _wrong(row, change)):
        form.add_error("value", wrong)
        return Asked(400)
    return ask(request, row.book, form, change, _state(row, name, symbol, now))


def _wrong(row: Book, change: SetTerm) -> str:
    """What the governor would say against it: bounds, whole numbers, and what holds between terms."""
    terms = msgspec.convert(row.terms, BookTerms)
    instruments = {each["symbol"]: msgspec.convert(each, InstrumentTerms) for each in row.instruments}
    names = ("agent", "role", "owner", "prior_ppm", "veto", "required", "shadow", "suspended_by")
    seats = {
        values["agent"]: council.Seat(**{**values, "suspended_by": tuple(values["suspended_by"])})
        for values in Seat.objects.filter(book=row.book).values(*names)
    }
    found = setting(change.name, change.value, change.instrument, terms, instruments, seats)
    return found[1].removeprefix("value: ") if isinstance(found, tuple) else ""


def _book(book: str) -> Book:
    return get_object_or_404(Book, book=book.replace("\0", ""))


def _term(row: Book, name: str, symbol: str) -> tuple[dict[str, Any], Parameter]:
    values = next((each for each in row.instruments if each["symbol"] == symbol), None) if symbol else row.terms
    parameter = (INSTRUMENT if symbol else BOOK).get(name)
    if values is None or parameter is None:
        raise Http404("There is no such term.")
    return values, parameter


def _shown(name: str, values: dict[str, Any], parameter: Parameter) -> dict[str, Any]:
    value = values.get(name)
    shown = Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))
    low, high = exactly(parameter.low), exactly(parameter.high)
    return {"name": name, "value": shown, "unit": unit_of(name), "what": parameter.what, "low": low, "high": high,
            "safe": parameter.safe}  # fmt: skip


def unit_of(name: str) -> str:
    """The unit of a parameter, as its name says it."""
    if name in UNITS:
        return UNITS[name]
    return next((unit for suffix, unit in SUFFIXES.items() if name.endswith(suffix)), "count")


def _state(row: Book, name: str, symbol: str, now: dict[str, Any]) -> int:
    """Another number as soon as the term, or a request about it, has changed."""
    requests = moved_at(row.book, 0, name=name, instrument=symbol)
    return zlib.crc32(f"{now['value'].normalize()} {requests}".encode())


def _address(row: Book, name: str, symbol: str) -> str:
    address = reverse("term-edit", args=[row.book, name])
    return f"{address}?instrument={quote(symbol)}" if symbol else address
