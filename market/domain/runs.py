"""P over time, run-length encoded: from when until when each instrument had which price, exact to the tick."""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal

from msgspec import Struct

from market.domain.mark import QUOTE_FRESH_NS, TWO
from streams.messages import Quote, Source, Tick, Trade

LONGEST_PAUSE_NS = 1_000_000_000
WITHIN_NS = 5_000_000_000
ZERO = Decimal(0)
CHANGED = -1


class Run(Struct, kw_only=True, gc=False):
    """P was `price` at every tick from `first_at` to `last_at` (market clock, ns), no two of them more than 1 s apart;
    `spread` is 0 where a trade set it. Runs of one instrument never overlap."""

    instrument: str
    first_at: int
    last_at: int
    price: Decimal
    spread: Decimal
    source: Source


class Mark(Struct, frozen=True, gc=False):
    """P at a time (market clock, ns)."""

    price: Decimal
    at: int
    source: Source


class _Line:
    """One instrument: its runs in order, the last one open; `before` is its last tick but for those at the end of the
    open run, `given` the end of the open run when it was last handed on."""

    __slots__ = ("before", "given", "quote", "quoted", "runs", "trade")

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.quote: Quote | None = None
        self.trade: Trade | None = None
        self.quoted = False
        self.before = 0
        self.given = CHANGED


class Runs:
    """Takes every tick, in order, and keeps the runs until they are handed on or forgotten.

    P is that of `market.domain.mark`: trades and two-sided quotes tell it, everything moves the clock. A tick from
    before `now` counts as of now; of several at one time the last one counts, so that P is a function of the time."""

    def __init__(self, now: int = 0) -> None:
        self.now = now
        self._lines: dict[str, _Line] = {}

    def observe(self, tick: Tick) -> None:
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
        line = self._lines[instrument] = _Line()
        return line

    def first_after(self, instrument: str, at: int, within_ns: int = WITHIN_NS) -> Mark | None:
        """The first P at `at` or in the `within_ns` after it; None where there was none, or it is forgotten."""
        line = self._lines.get(instrument)
        if line is None:
            return None
        index = bisect_left(line.runs, at, key=_last_at)
        if index == len(line.runs) or line.runs[index].first_at > at + within_ns:
            return None
        run = line.runs[index]
        return Mark(run.price, max(at, run.first_at), run.source)

    def take_changed(self) -> list[Run]:
        """Copies of the runs that are new or other than at the last call; all but the open ones are then forgotten."""
        changed: list[Run] = []
        for line in self._lines.values():
            runs = line.runs
            if runs and runs[-1].last_at != line.given:
                changed += runs[:-1]
                line.runs = runs[-1:]
                line.given = runs[-1].last_at
                changed.append(_copy(runs[-1]))
        return changed

    def forget(self, before: int) -> None:
        """Runs that ended before this time will not be asked for any more; the open ones stay."""
        for line in self._lines.values():
            ended = bisect_left(line.runs, before, key=_last_at)
            del line.runs[: min(ended, len(line.runs) - 1)]


def _take_quote(line: _Line, quote: Quote, at: int) -> None:
    last, line.quote = line.quote, quote
    if at - quote.market_at > QUOTE_FRESH_NS:
        _take_last_trade(line, at)
        return
    if line.quoted and last is not None and _alike(last, quote):
        run = line.runs[-1]
        if 0 < at - run.last_at <= LONGEST_PAUSE_NS:
            line.before, run.last_at = run.last_at, at
            return
    line.quoted = True
    price, spread = (quote.bid + quote.ask) / TWO, quote.ask - quote.bid
    _extend(line, quote, at, price, spread)


def _take_trade(line: _Line, trade: Trade, at: int) -> None:
    line.trade = trade
    quote = line.quote
    if quote is None or at - quote.market_at > QUOTE_FRESH_NS:
        _take_last_trade(line, at)
    elif line.runs and at > (run := line.runs[-1]).last_at:
        line.before, run.last_at = run.last_at, at


def _take_last_trade(line: _Line, at: int) -> None:
    line.quoted = False
    if line.trade is not None:
        _extend(line, line.trade, at, line.trade.price, ZERO)


def _extend(line: _Line, tick: Quote | Trade, at: int, price: Decimal, spread: Decimal) -> None:
    """What was said before at the same time gives way; it may have been handed on already."""
    run = line.runs[-1] if line.runs else None
    if run is not None:
        same = run.price == price and run.spread == spread and run.source == tick.source
        if at > run.last_at:
            line.before = run.last_at
            if same and at - run.last_at <= LONGEST_PAUSE_NS:
                run.last_at = at
                return
        elif same:
            return
        else:
            line.given = CHANGED
            if run.first_at == at:
                run.price, run.spread, run.source = price, spread, tick.source
                return
            run.last_at = line.before
    line.runs.append(
        Run(instrument=tick.instrument, first_at=at, last_at=at, price=price, spread=spread, source=tick.source)
    )


def _alike(last: Quote, quote: Quote) -> bool:
    return last.bid == quote.bid and last.ask == quote.ask and last.source == quote.source


def _last_at(run: Run) -> int:
    return run.last_at


def _copy(run: Run) -> Run:
    return Run(
        instrument=run.instrument,
        first_at=run.first_at,
        last_at=run.last_at,
        price=run.price,
        spread=run.spread,
        source=run.source,
    )
