"""The book and the market as a round finds them: everything that arbitration and rules may look at."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from governance.domain.state import ZERO, BookState
from market.domain.mark import Prices
from streams.events import (
    Ages,
    BookTerms,
    CapInForce,
    Conditions,
    InstrumentTerms,
    MarketView,
    SituationRecorded,
    Standing,
)
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
    caps: dict[str, CapInForce]
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
        prices.lag_ns(instrument),
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


def situation_of(found: SituationRecorded, state: BookState, now: int) -> Situation:
    """What follows from what was found, of the instruments in `found.ages`: the one way in which a round and its
    derivation from the log come to the same numbers, to the last digit. `state` gives the terms and instruments."""
    held, gross, equity, complete = {}, ZERO, found.cash, True
    for name in found.ages:
        position = found.positions.get(name, ZERO)
        quantity = held[name] = position + found.reserved.get(name, ZERO)
        if (market := found.markets.get(name)) is not None:
            gross += max(abs(position), abs(quantity)) * market.price
            equity += position * market.price
        elif position or quantity:
            complete = False
    return Situation(
        book=state.book,
        mode=found.mode,
        terms=state.terms,
        instruments=state.instruments,
        cash=found.cash,
        equity=equity if complete else None,
        gross=gross,
        positions=found.positions,
        reserved=found.reserved,
        held=held,
        markets=found.markets,
        ages=found.ages,
        caps=found.caps,
        conditions=found.conditions,
        standing=found.standing,
        now=now,
        market_now=found.market_now,
    )
