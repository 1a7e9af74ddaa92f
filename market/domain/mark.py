"""P, the price that everybody uses: the mid of a fresh quote, else the last trade."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from streams.events import MarketView
from streams.messages import Quote, Source, Tick, Trade

QUOTE_FRESH_NS = 1_000_000_000
TWO = Decimal(2)


class Market(Struct):
    """The last quote and trade of one instrument (None until seen)."""

    quote: Quote | None = None
    trade: Trade | None = None

    @property
    def latest(self) -> Tick | None:
        """The younger of the two by the market clock."""
        if self.quote is None or self.trade is None:
            return self.quote or self.trade
        return self.quote if self.quote.market_at >= self.trade.market_at else self.trade

    @property
    def lag(self) -> int | None:
        """From event to receipt (ns) of the younger one that has an event time, 0 where the venue's clock is ahead."""
        timed = [tick for tick in (self.quote, self.trade) if tick is not None and tick.event_at]
        youngest = max(timed, key=lambda tick: tick.market_at, default=None)
        return None if youngest is None else max(0, youngest.market_at - youngest.event_at)


class Markets(dict[str, Market]):
    def __missing__(self, instrument: str) -> Market:
        market = self[instrument] = Market()
        return market


class Prices:
    """What the market last said of each instrument, and the market clock (ns): the latest receive time seen."""

    def __init__(self) -> None:
        self.markets = Markets()
        self.now = 0

    def observe(self, tick: Tick) -> None:
        """One-sided quotes are no price and are passed over; depth only moves the clock."""
        at = tick.market_at
        if at > self.now:
            self.now = at
        if type(tick) is Quote:
            if tick.bid_size and tick.ask_size and tick.bid and tick.ask:
                self.markets[tick.instrument].quote = tick
        elif type(tick) is Trade:
            self.markets[tick.instrument].trade = tick

    def frozen(self) -> Prices:
        """The prices of this moment, which later ticks do not move."""
        copy = Prices()
        copy.now = self.now
        for instrument, market in self.markets.items():
            copy.markets[instrument] = Market(market.quote, market.trade)
        return copy

    def fresh_quote(self, instrument: str) -> Quote | None:
        """The best bid and offer if it is at most 1 s old by the market clock."""
        market = self.markets.get(instrument)
        if market is None or market.quote is None or self.now - market.quote.market_at > QUOTE_FRESH_NS:
            return None
        return market.quote

    def view(self, instrument: str) -> MarketView | None:
        """P with its spread, the tick that set it and its source; None if there never was a price."""
        if quote := self.fresh_quote(instrument):
            return _view((quote.bid + quote.ask) / TWO, quote.ask - quote.bid, quote.id, quote)
        market = self.markets.get(instrument)
        if market is None or market.trade is None:
            return None
        return _view(market.trade.price, Decimal(0), market.trade.id, market.trade)

    def age_ns(self, instrument: str) -> int | None:
        """Age of the instrument's last tick by the market clock; None if there never was one."""
        market = self.markets.get(instrument)
        latest = market.latest if market else None
        return None if latest is None else self.now - latest.market_at

    def source(self, instrument: str) -> Source | None:
        market = self.markets.get(instrument)
        latest = market.latest if market else None
        return None if latest is None else latest.source


def _view(price: Decimal, spread: Decimal, tick_id: str, tick: Tick) -> MarketView:
    return MarketView(price=price, spread=spread, tick_id=tick_id, source=tick.source, market_at=tick.market_at)
