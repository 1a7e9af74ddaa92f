"""The book and the market as a round finds them: everything that arbitration and rules may look at."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from governance.domain.state import ZERO, BookState, Cap
from market.domain.mark import Prices
from streams.events import Ages, BookTerms, Conditions, InstrumentTerms, MarketView, Standing
from streams.messages import Mode

NS_PER_MS = 1_000_000


def fresh(ages: Ages, terms: BookTerms) -> bool:
    """Whether the quote or the trade is young enough for its kind."""
    return (ages.quote is not None and ages.quote <= terms.quote_max_age_ms * NS_PER_MS) or (
        ages.trade is not None and ages.trade <= terms.trade_max_age_ms * NS_PER_MS
    )


class Situation(Struct, frozen=True):
    """`held` is position + reserved. `equity` is None while something held has no price. `gross` is Σ |position| · P
    with reservations counted where they add to it and not yet where they take away. `reserved` is by instrument.
    `conditions` and `standing` are what the surveillance knows; `now` is the process clock, `market_now` the market's.
    """

    book: str
    mode: Mode
    terms: BookTerms
    instruments: dict[str, InstrumentTerms]
    cash: Decimal
    equity: Decimal | None
    gross: Decimal
    positions: dict[str, Decimal]
    reserved: dict[str, Decimal]
    held: dict[str, Decimal]
    markets: dict[str, MarketView]
    ages: dict[str, Ages]
    caps: dict[str, Cap]
    conditions: dict[str, Conditions]
    standing: Standing
    now: int
    market_now: int


def ages_of(prices: Prices, instrument: str) -> Ages:
    market = prices.markets.get(instrument)
    if market is None:
        return Ages(None, None)
    return Ages(
        None if market.quote is None else prices.now - market.quote.market_at,
        None if market.trade is None else prices.now - market.trade.market_at,
    )


def equity_of(state: BookState, prices: Prices) -> Decimal | None:
    """cash + Σ position · P; None while a position has no price."""
    equity = state.cash
    for instrument, quantity in state.positions.items():
        if quantity:
            view = prices.view(instrument)
            if view is None:
                return None
            equity += quantity * view.price
    return equity


def situation(state: BookState, prices: Prices, concerned: Iterable[str], now: int) -> Situation:
    """Of the instruments that are held or concerned, in the order of their names; `now` is the process clock (ns)."""
    reserved: dict[str, Decimal] = {}
    for instrument, quantity in state.reserved.values():
        reserved[instrument] = reserved.get(instrument, ZERO) + quantity
    open_positions = {name: quantity for name, quantity in state.positions.items() if quantity}
    names = sorted({*concerned, *open_positions, *reserved})
    held = {name: state.positions.get(name, ZERO) + reserved.get(name, ZERO) for name in names}
    markets = {name: view for name in names if (view := prices.view(name)) is not None}
    gross, equity = ZERO, state.cash
    for name in names:
        position = open_positions.get(name, ZERO)
        if name in markets:
            gross += max(abs(position), abs(held[name])) * markets[name].price
            equity += position * markets[name].price
    complete = all(name in markets for name in names if held[name] or name in open_positions)
    caps = {name: cap for name in names if (cap := state.cap(name, now)) is not None}
    return Situation(
        book=state.book,
        mode=state.mode,
        terms=state.terms,
        instruments=state.instruments,
        cash=state.cash,
        equity=equity if complete else None,
        gross=gross,
        positions=open_positions,
        reserved=reserved,
        held=held,
        markets=markets,
        ages={name: ages_of(prices, name) for name in names},
        caps=caps,
        conditions={},
        standing=Standing(),
        now=now,
        market_now=prices.now,
    )
