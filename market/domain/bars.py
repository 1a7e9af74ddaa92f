"""Bars of 1 s and 1 min on the market clock: what was traded in each, and where P stood at its end.

A bar exists only where something happened. Open, high, low and close are those of its trades; where only quotes came
they are those of P, and the bar has no volume. A minute is the sum of its seconds."""

from __future__ import annotations

from decimal import Context, Decimal

from msgspec import Struct
from msgspec.structs import replace

from market.domain.mark import QUOTE_FRESH_NS, TWO
from streams.messages import Quote, Source, Tick, Trade

SECOND_NS = 1_000_000_000
MINUTE_S = 60
MINUTE_NS = MINUTE_S * SECOND_NS
WIDTHS_S = (1, MINUTE_S)
ZERO = Decimal(0)
EXACTLY = Context(prec=60)  # sums of price x quantity have more digits than prices


class Bar(Struct, frozen=True, kw_only=True, gc=False):
    """`at`: where it begins (market clock, ns), a multiple of its width. Volumes in base units, `turnover` in the quote
    currency, `buy_volume` by buyers who crossed the spread; `mark` is P after the last tick. `source` and `venue` are
    those of the last tick; `mixed` says that there were others before it in the same bar."""

    instrument: str
    width_s: int
    at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    mark: Decimal
    volume: Decimal
    buy_volume: Decimal
    turnover: Decimal
    trades: int
    source: Source
    venue: str
    mixed: bool


def joined(earlier: Bar, later: Bar) -> Bar:
    """Both as one bar, which begins where the earlier one does; trades outrank quotes."""
    alike = bool(earlier.trades) == bool(later.trades)
    first, last = (earlier, later) if alike else (earlier, earlier) if earlier.trades else (later, later)
    return replace(
        later,
        width_s=earlier.width_s,
        at=earlier.at,
        open=first.open,
        high=max(first.high, last.high),
        low=min(first.low, last.low),
        close=last.close,
        volume=EXACTLY.add(earlier.volume, later.volume),
        buy_volume=EXACTLY.add(earlier.buy_volume, later.buy_volume),
        turnover=EXACTLY.add(earlier.turnover, later.turnover),
        trades=earlier.trades + later.trades,
        mixed=earlier.mixed or later.mixed or (earlier.source, earlier.venue) != (later.source, later.venue),
    )


def minute_of(second: Bar) -> Bar:
    """The minute in which a second is, as far as this second tells."""
    return replace(second, width_s=MINUTE_S, at=second.at - second.at % MINUTE_NS)


class _Second(Struct, gc=False):
    """The open second of an instrument. `first`, `highest` and `lowest` are of 2 P, which needs no division."""

    at: int
    source: Source
    venue: str
    first: Decimal
    highest: Decimal
    lowest: Decimal
    mixed: bool = False
    trades: int = 0
    open: Decimal = ZERO
    high: Decimal = ZERO
    low: Decimal = ZERO
    close: Decimal = ZERO
    volume: Decimal = ZERO
    buy_volume: Decimal = ZERO
    turnover: Decimal = ZERO


class _Line:
    """One instrument: its open second, its minute up to there, and closed bars that were not handed on."""

    __slots__ = ("changed", "closed", "instrument", "minute", "quote", "second", "trade", "twice")

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.twice = ZERO
        self.second: _Second | None = None
        self.minute: Bar | None = None
        self.closed: list[Bar] = []
        self.changed = False


class Bars:
    """Takes every tick, in order, and keeps bars until they are handed on. A tick from before `now` counts as of now,
    as it does for P: a bar whose time is over never changes, and no trade is lost."""

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self._lines: dict[str, _Line] = {}

    def observe(self, tick: Tick) -> None:
        """Trades and two-sided quotes make bars; everything moves the clock."""
        at = tick.market_at
        if at > self.now:
            self.now = at
        else:
            at = self.now
        if type(tick) is Quote:
            if tick.bid_size and tick.ask_size and tick.bid and tick.ask:
                _take_quote(self._lines.get(tick.instrument) or self._begin(tick.instrument), tick, at)
        elif type(tick) is Trade:
            _take_trade(self._lines.get(tick.instrument) or self._begin(tick.instrument), tick, at)

    def _begin(self, instrument: str) -> _Line:
        line = self._lines[instrument] = _Line(instrument)
        return line

    def take_changed(self) -> list[Bar]:
        """The bars that are new or other than at the last call: closed ones for the last time, the open ones as they
        are now."""
        changed: list[Bar] = []
        for line in self._lines.values():
            if not line.changed:
                continue
            line.changed = False
            changed += line.closed
            line.closed.clear()
            if line.second is not None:
                second = _bar(line, line.second)
                changed += (second, _in_minute(line, second))
        return changed


def _take_quote(line: _Line, quote: Quote, at: int) -> None:
    line.quote = quote
    if at - quote.market_at <= QUOTE_FRESH_NS:
        _see(line, quote, at, quote.bid + quote.ask)
    elif line.trade is not None:
        _see(line, quote, at, line.trade.price + line.trade.price)


def _take_trade(line: _Line, trade: Trade, at: int) -> None:
    line.trade = trade
    price, quantity, quote = trade.price, trade.quantity, line.quote
    quoted = quote is not None and at - quote.market_at <= QUOTE_FRESH_NS
    second = _see(line, trade, at, line.twice if quoted else price + price)
    if not second.trades:
        second.open = second.high = second.low = price
    elif price > second.high:
        second.high = price
    elif price < second.low:
        second.low = price
    second.close = price
    second.trades += 1
    second.volume = EXACTLY.add(second.volume, quantity)
    second.turnover = EXACTLY.fma(price, quantity, second.turnover)
    if trade.aggressor == "buy":
        second.buy_volume = EXACTLY.add(second.buy_volume, quantity)


def _see(line: _Line, tick: Quote | Trade, at: int, twice: Decimal) -> _Second:
    """The second in which a tick is, with 2 P and where it comes from noted; the one before it is closed."""
    second = line.second
    line.changed = True
    if second is None or at - second.at >= SECOND_NS:
        if second is not None:
            _close(line, second, at)
        line.twice = twice
        second = line.second = _Second(at - at % SECOND_NS, tick.source, tick.venue, twice, twice, twice)
        return second
    line.twice = twice
    if twice > second.highest:
        second.highest = twice
    elif twice < second.lowest:
        second.lowest = twice
    if tick.source != second.source or tick.venue != second.venue:
        second.source, second.venue, second.mixed = tick.source, tick.venue, True
    return second


def _close(line: _Line, second: _Second, at: int) -> None:
    """The second is over, and at this time its minute may be."""
    bar = _bar(line, second)
    line.closed.append(bar)
    line.minute = _in_minute(line, bar)
    if at - line.minute.at >= MINUTE_NS:
        line.closed.append(line.minute)
        line.minute = None


def _in_minute(line: _Line, second: Bar) -> Bar:
    return minute_of(second) if line.minute is None else joined(line.minute, second)


def _bar(line: _Line, second: _Second) -> Bar:
    mark = line.twice / TWO
    if second.trades:
        prices = (second.open, second.high, second.low, second.close)
    else:
        prices = (second.first / TWO, second.highest / TWO, second.lowest / TWO, mark)
    return Bar(
        instrument=line.instrument,
        width_s=1,
        at=second.at,
        open=prices[0],
        high=prices[1],
        low=prices[2],
        close=prices[3],
        mark=mark,
        volume=second.volume,
        buy_volume=second.buy_volume,
        turnover=second.turnover,
        trades=second.trades,
        source=second.source,
        venue=second.venue,
        mixed=second.mixed,
    )
