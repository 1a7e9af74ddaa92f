"""P, the price that everybody uses: the mid of a fresh quote, else the last trade."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, structs

from streams.events import MarketView
from streams.messages import Quote, Source, Tick, Trade

QUOTE_FRESH_NS = 1_000_000_000
DELAY_WINDOW_NS = 300_000_000_000
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


class _Delay(Struct):
    """The least time from event to receipt (ns) in this window and in the one before."""

    window: int
    before: int
    now: int

    @property
    def least(self) -> int:
        return min(self.before, self.now)


class Markets(dict[str, Market]):
    def __missing__(self, instrument: str) -> Market:
        market = self[instrument] = Market()
        return market


class Prices:
    """What the market last said of each instrument, and the market clock (ns): the latest receive time seen."""

    def __init__(self) -> None:
        self.markets = Markets()
        self.now = 0
        self._delays: dict[tuple[str, Source], _Delay] = {}

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
            if tick.event_at:
                self._note_delay(tick)

    def frozen(self) -> Prices:
        """The prices of this moment, which later ticks do not move."""
        copy = Prices()
        copy.now = self.now
        for instrument, market in self.markets.items():
            copy.markets[instrument] = Market(market.quote, market.trade)
        copy._delays = {key: structs.replace(delay) for key, delay in self._delays.items()}
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

    def lag_ns(self, instrument: str) -> int | None:
        """How much later than usual the last trade came: from event to receipt, less the least that this took its venue
        in the last five to ten minutes, which is where the two clocks differ. None where no trade says when it was."""
        market = self.markets.get(instrument)
        trade = market.trade if market else None
        if trade is None or not trade.event_at:
            return None
        return trade.market_at - trade.event_at - self._delays[trade.venue, trade.source].least

    def _note_delay(self, trade: Trade) -> None:
        delay, window = trade.market_at - trade.event_at, trade.market_at // DELAY_WINDOW_NS
        known = self._delays.get((trade.venue, trade.source))
        if known is None or window > known.window + 1:
            self._delays[trade.venue, trade.source] = _Delay(window, delay, delay)
        elif window > known.window:
            known.window, known.before, known.now = window, known.now, delay
        elif delay < known.now:
            known.now = delay

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
