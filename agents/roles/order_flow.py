"""Order flow: who adds and takes at the best prices, and who trades aggressively, moves the price."""

from __future__ import annotations

import math
from decimal import Decimal

from agents.roles.signals import Returns
from agents.roles.strategy import Habits, Strategy
from streams.messages import Quote, Tick, Trade

ZERO = Decimal(0)


class Pressure:
    """A decayed sum of signed flow in standard deviations of independent flows. What is `pending` until the next
    sample is added up as decimals, which is exact and costs less than making floats of them."""

    def __init__(self) -> None:
        self.pending = ZERO
        self.total = 0.0
        self.squares = 0.0

    def sample(self, decay: float) -> None:
        flow, self.pending = float(self.pending), ZERO
        self.total = self.total * decay + flow
        self.squares = self.squares * decay * decay + flow * flow

    @property
    def deviations(self) -> float:
        return self.total / math.sqrt(self.squares) if self.squares > 0.0 else 0.0


class Book:
    """The top of one instrument's book and what has flowed in and out of it."""

    def __init__(self) -> None:
        self.bid = self.bid_size = self.ask = self.ask_size = ZERO
        self.quotes = Pressure()
        self.trades = Pressure()

    def quote(self, tick: Quote) -> None:
        """Order flow imbalance of the best prices (Cont, Kukanov and Stoikov 2014)."""
        bid, ask, bid_size, ask_size = tick.bid, tick.ask, tick.bid_size, tick.ask_size
        if not self.bid or not self.ask:
            self.bid, self.ask, self.bid_size, self.ask_size = bid, ask, bid_size, ask_size
            return
        flow = self.quotes.pending
        if bid >= self.bid:
            flow += bid_size
        if bid <= self.bid:
            flow -= self.bid_size
        if ask <= self.ask:
            flow -= ask_size
        if ask >= self.ask:
            flow += self.ask_size
        self.bid, self.ask, self.bid_size, self.ask_size = bid, ask, bid_size, ask_size
        self.quotes.pending = flow

    def trade(self, tick: Trade) -> None:
        self.trades.pending += tick.quantity if tick.aggressor == "buy" else -tick.quantity

    def score(self, decay: float) -> float:
        """Both pressures as one standard normal; one of them where the feed has no other."""
        self.quotes.sample(decay)
        self.trades.sample(decay)
        parts = [pressure.deviations for pressure in (self.quotes, self.trades) if pressure.squares > 0.0]
        return sum(parts) / math.sqrt(len(parts)) if parts else 0.0


class OrderFlow(Strategy):
    """The pressure of quotes and trades with the time constant `tau_s`; it adds up every one of them."""

    absorbs = (Quote, Trade)

    def __init__(self, habits: Habits, *, tau_s: float) -> None:
        super().__init__(habits)
        self.tau_s = tau_s
        self.books: dict[str, Book] = {}

    def absorb(self, tick: Tick) -> None:
        book = self.books.get(tick.instrument)
        if book is None:
            book = self.books[tick.instrument] = Book()
        if isinstance(tick, Quote):
            book.quote(tick)
        elif isinstance(tick, Trade):
            book.trade(tick)

    def is_confirmed(self, instrument: str, side: int) -> bool:
        """Flow along the last move where prices trend, against it where they revert: other flow moves nothing."""
        trend = self.trends[instrument]
        along = trend.drift.total * side > 0
        return trend.value is not None and along == (trend.value >= 1.0)

    def score(self, instrument: str, price: float, returns: Returns, deviation: float) -> float | None:
        return self.books[instrument].score(math.exp(-returns.last_step_s / self.tau_s))
