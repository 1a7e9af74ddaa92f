"""What a book holds at the marks of now: exposure, gains, and how much of its limits that takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection
from msgspec import Struct

from execution.models import Account, Position
from governance.models import Book
from ledger.readmodel import moment
from market import marks
from market.domain.runs import Run

ZERO = Decimal(0)
STALE_NS = 5_000_000_000
MOST_COLLARS = 3


class Holding(Struct, frozen=True, kw_only=True):
    """`mark` is None where no price is known: then nothing of it is valued but its cost. `limit` is the largest
    position that the book's terms allow on its side, `share` how much of the tightest limit it takes (1 is all)."""

    instrument: str
    quantity: Decimal
    average: Decimal
    mark: Decimal | None
    marked_at: Any
    stale: bool
    exposure: Decimal
    unrealised: Decimal | None
    realised: Decimal
    fees: Decimal
    limit: Decimal
    of_position: Decimal | None
    of_concentration: Decimal | None

    @property
    def share(self) -> Decimal | None:
        known = [share for share in (self.of_position, self.of_concentration) if share is not None]
        return max(known, default=None)

    @property
    def side(self) -> str:
        """The side of the order that brings it to nothing."""
        return "sell" if self.quantity > ZERO else "buy"

    @property
    def size(self) -> Decimal:
        return abs(self.quantity)


class Money(Struct, frozen=True, kw_only=True):
    """The account at the marks of now. `gross` and `net` are exposures, their shares of what the terms allow; None
    where equity is not above zero. `unpriced`: held, and without a price."""

    quote: str
    cash: Decimal
    deposits: Decimal
    equity: Decimal
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    gross: Decimal
    net: Decimal
    of_gross: Decimal | None
    of_net: Decimal | None
    unpriced: tuple[str, ...]

    @property
    def profit(self) -> Decimal:
        return self.equity - self.deposits


def standing(book: Book | None) -> tuple[Money | None, list[Holding]]:
    """(None, []) where the account is not opened yet."""
    account = Account.objects.filter(book=book.book).first() if book else None
    if book is None or account is None:
        return None, []
    connection.ensure_connection()
    runs, clock = marks.latest(connection.connection), marks.market_clock(connection.connection) or 0
    rows = list(Position.objects.filter(book=book.book).order_by("instrument"))
    money = _money(book, account, rows, runs)
    return money, [_holding(book, row, runs.get(row.instrument), clock, money.equity) for row in rows]


def _money(book: Book, account: Account, rows: list[Position], runs: Mapping[str, Run]) -> Money:
    worth = {row.instrument: _worth(row, runs.get(row.instrument)) for row in rows}
    equity = account.cash + sum(worth.values(), ZERO)
    gross, net = sum(map(abs, worth.values()), ZERO), sum(worth.values(), ZERO)
    return Money(
        quote=account.quote,
        cash=account.cash,
        deposits=account.deposits,
        equity=equity,
        realised=account.realised,
        unrealised=sum((worth[row.instrument] - row.cost for row in rows), ZERO),
        fees=account.fees,
        gross=gross,
        net=net,
        of_gross=_share(gross, equity * _term(book.terms, "max_gross")),
        of_net=_share(abs(net), equity * _term(book.terms, "max_net")),
        unpriced=tuple(row.instrument for row in rows if row.quantity and row.instrument not in runs),
    )


def _worth(row: Position, run: Run | None) -> Decimal:
    worth: Decimal = row.cost if run is None else row.quantity * run.price
    return worth


def _holding(book: Book, row: Position, run: Run | None, clock: int, equity: Decimal) -> Holding:
    terms: Mapping[str, Any] = next((each for each in book.instruments if each["symbol"] == row.instrument), {})
    limit = abs(_term(terms, "max_position" if row.quantity >= ZERO else "min_position"))
    exposure = abs(_worth(row, run))
    now = max(clock, time.time_ns()) if run is not None and run.source == "live" else clock
    return Holding(
        instrument=row.instrument,
        quantity=row.quantity,
        average=row.average,
        mark=None if run is None else run.price,
        marked_at=None if run is None else moment(run.last_at),
        stale=run is not None and now - run.last_at > STALE_NS,
        exposure=exposure,
        unrealised=None if run is None else _worth(row, run) - row.cost,
        realised=row.realised,
        fees=row.fees,
        limit=limit,
        of_position=_share(abs(row.quantity), limit),
        of_concentration=_share(exposure, equity * _term(book.terms, "max_concentration")),
    )


def _share(of: Decimal, limit: Decimal) -> Decimal | None:
    return of / limit if limit > ZERO else None


def _term(terms: Mapping[str, Any], name: str) -> Decimal:
    return Decimal(str(terms.get(name, 0)))


def worst(book: Book, holding: Holding) -> Decimal | None:
    """The price that a flattening order accepts at worst: three collars from the mark."""
    if holding.mark is None:
        return None
    collar = MOST_COLLARS * _term(book.terms, "collar_bp") / Decimal(10_000)
    return holding.mark * (1 - collar if holding.quantity > ZERO else 1 + collar)
