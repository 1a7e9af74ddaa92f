"""The market as a browser sees it: the newest of each instrument, ticks per second, a line of the last 90 s."""

from __future__ import annotations

from collections import defaultdict, deque
from decimal import Decimal
from typing import Any

from market.domain.mark import Prices
from streams.messages import Quote, Tick, Trade

RATE_WINDOW_MS = 2000
HISTORY = 90
HISTORY_EVERY_MS = 1000
STALE_MS = 5000


class Ticker:
    """Fed with samples of `market.ticks`; `now` is in ms."""

    def __init__(self) -> None:
        self.prices = Prices()
        self.source = ""
        self._changed: set[str] = set()
        self._seen: dict[str, int] = {}
        self._counts: dict[str, deque[tuple[int, float]]] = defaultdict(deque)
        self._history: dict[str, deque[tuple[int, float]]] = defaultdict(lambda: deque(maxlen=HISTORY))

    def take(self, ticks: list[Tick], now: int, *, stand_for: float = 1.0) -> None:
        """`stand_for`: how many ticks of the stream each of these stands for."""
        counted: dict[str, int] = defaultdict(int)
        for tick in ticks:
            self.prices.observe(tick)
            counted[tick.instrument] += 1
            if isinstance(tick, Quote | Trade):
                self._changed.add(tick.instrument)
                self.source = tick.source
        for instrument, number in counted.items():
            self._seen[instrument] = now
            self._counts[instrument].append((now, number * stand_for))

    def marks(self) -> dict[str, Decimal]:
        """P of every instrument that ever had one."""
        views = {name: self.prices.view(name) for name in self.prices.markets}
        return {name: view.price for name, view in views.items() if view is not None}

    def stale(self, now: int) -> frozenset[str]:
        return frozenset(name for name in self.prices.markets if now - self._seen.get(name, 0) > STALE_MS)

    def changed(self, now: int) -> dict[str, dict[str, Any]]:
        """What to tell of the instruments that moved since the last call."""
        told = {name: self._tell(name, now) for name in sorted(self._changed)}
        self._changed.clear()
        return told

    def everything(self, now: int) -> dict[str, dict[str, Any]]:
        """The same of all instruments, with their history."""
        return {
            name: {**self._tell(name, now), "history": [list(point) for point in self._history[name]]}
            for name in sorted(self.prices.markets)
        }

    def _tell(self, name: str, now: int) -> dict[str, Any]:
        market, view = self.prices.markets[name], self.prices.view(name)
        quote, trade = market.quote, market.trade
        mark = None if view is None else view.price
        if mark is not None:
            self._remember(name, now, float(mark))
        return {
            "last": None if trade is None else str(trade.price),
            "side": None if trade is None else trade.aggressor,
            "bid": None if quote is None else str(quote.bid),
            "ask": None if quote is None else str(quote.ask),
            "mark": None if mark is None else str(mark),
            "rate": round(self._rate(name, now), 1),
            "age_ms": max(0, now - self._seen.get(name, 0)),
            "source": self.source,
        }

    def _remember(self, name: str, now: int, mark: float) -> None:
        history = self._history[name]
        if not history or now - history[-1][0] >= HISTORY_EVERY_MS:
            history.append((now, mark))

    def _rate(self, name: str, now: int) -> float:
        counts = self._counts[name]
        while counts and counts[0][0] <= now - RATE_WINDOW_MS:
            counts.popleft()
        return sum(number for _, number in counts) * 1000 / RATE_WINDOW_MS
