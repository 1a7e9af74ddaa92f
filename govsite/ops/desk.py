"""What the desk orders itself, by command and with a reason: cancel, flatten, reconcile, move cash, adjust."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from execution.models import FINAL, Order
from governance.models import Book
from govsite.ops import positions
from govsite.ops.frame import page_context
from govsite.ops.orders import WORKING_SHOWN, described, listed_in
from govsite.ops.posting import by_form
from govsite.ops.sending import ReasonForm, may, send
from streams.messages import AdjustPosition, CancelOrder, Flatten, MoveCash, Reconcile

DIGITS: dict[str, Any] = {"max_digits": 36, "decimal_places": 18}
TINIEST = Decimal("1e-18")


def posted_book(request: HttpRequest) -> Book:
    """The book that the form was shown for: another tab may have chosen another one meanwhile."""
    name = request.POST.get("book", "")
    if "\0" in name:
        raise Http404("There is no such book.")
    return get_object_or_404(Book, pk=name)


@by_form("orders")
def cancel(request: HttpRequest, order_id: str) -> HttpResponse:
    may(request, "execution.cancel_order", "cancel orders")
    if "\0" in order_id:
        raise Http404("There is no such order.")
    order = get_object_or_404(Order, pk=order_id)
    return send(
        request,
        "orders",
        reverse("orders"),
        order.book,
        lambda said: CancelOrder(order_id=order_id, reason=said["reason"]),
        ReasonForm(request.POST),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def flatten(request: HttpRequest) -> HttpResponse:
    """Shows what would be sold and bought, and asks for a reason; `instrument` empty is everything that is held."""
    may(request, "execution.flatten_book", "flatten positions")
    if request.method == "POST":
        book = posted_book(request)
        instrument = _sound(book, request.POST.get("instrument", ""))
        return send(
            request,
            "orders",
            reverse("orders"),
            book.book,
            lambda said: Flatten(instrument=instrument or None, reason=said["reason"]),
            ReasonForm(request.POST),
        )
    context = page_context(request, "orders")
    found = Book.objects.filter(book=context["book"]).first()
    if found is None:
        raise Http404("There is no book yet.")
    instrument = _sound(found, request.GET.get("instrument", ""))
    return render(request, "site/flatten.html", {**context, "instrument": instrument, **_preview(found, instrument)})


def _sound(book: Book, instrument: str) -> str:
    if instrument and instrument not in listed_in(book):
        raise Http404("That instrument is not listed in this book.")
    return instrument


def _preview(book: Book, instrument: str) -> dict[str, Any]:
    money, holdings = positions.standing(book)
    held = [each for each in holdings if each.quantity and instrument in ("", each.instrument)]
    working = Order.objects.filter(book=book.book).exclude(state__in=FINAL).order_by("recorded_at")
    if instrument:
        working = working.filter(instrument=instrument)
    return {
        "money": money,
        "held": [{"row": each, "worst": positions.worst(book, each)} for each in held],
        "unpriced": [each.instrument for each in held if each.mark is None],
        "worth": sum((each.exposure for each in held), Decimal(0)),
        "working": [described(row) for row in working[:WORKING_SHOWN]],
    }


@by_form("orders")
def reconcile(request: HttpRequest) -> HttpResponse:
    may(request, "execution.reconcile_book", "compare a book with its venue")
    return send(
        request,
        "orders",
        reverse("orders"),
        posted_book(request).book,
        lambda said: Reconcile(reason=said["reason"]),
        ReasonForm(request.POST),
    )


class CashForm(ReasonForm):
    direction = forms.ChoiceField(
        choices=(("in", "Deposit"), ("out", "Withdraw")), error_messages={"invalid_choice": "Say deposit or withdraw."}
    )
    amount = forms.DecimalField(min_value=TINIEST, **DIGITS)


@by_form("orders")
def move_cash(request: HttpRequest) -> HttpResponse:
    may(request, "execution.move_cash", "deposit or withdraw")
    return send(
        request,
        "orders",
        reverse("orders"),
        posted_book(request).book,
        lambda said: MoveCash(
            amount=said["amount"] if said["direction"] == "in" else -said["amount"], reason=said["reason"]
        ),
        CashForm(request.POST),
    )


class AdjustForm(ReasonForm):
    instrument = forms.CharField(max_length=32)
    quantity = forms.DecimalField(**DIGITS)
    price = forms.DecimalField(min_value=TINIEST, **DIGITS)

    def __init__(self, *args: Any, instruments: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.instruments = instruments

    def clean_instrument(self) -> str:
        name = str(self.cleaned_data["instrument"])
        if name not in self.instruments:
            raise forms.ValidationError(f"{name} is not listed in this book; there are: {', '.join(self.instruments)}")
        return name


@by_form("orders")
def adjust(request: HttpRequest) -> HttpResponse:
    """Brings the book level with what is really held: a transfer, not a trade."""
    may(request, "execution.move_cash", "adjust positions")
    book = posted_book(request)
    return send(
        request,
        "orders",
        reverse("orders"),
        book.book,
        lambda said: AdjustPosition(
            instrument=said["instrument"], quantity=said["quantity"], price=said["price"], reason=said["reason"]
        ),
        AdjustForm(request.POST, instruments=listed_in(book)),
    )
