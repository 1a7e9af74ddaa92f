"""The marks that losses are measured from: the peak of equity since opening or resume, and the open of the day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from governance.domain.situation import equity_of
from governance.domain.state import BookState
from market.domain.mark import Prices
from market.domain.position import ZERO
from streams.events import EquityMarked, Standing

NS_PER_MINUTE = 60_000_000_000
NS_PER_DAY = 86_400_000_000_000
EPOCH = date(1970, 1, 1).toordinal()


def day_of(market_at: int) -> str:
    """The UTC day of a time (ns), as YYYY-MM-DD."""
    return date.fromordinal(EPOCH + market_at // NS_PER_DAY).isoformat()


class EquityMarks:
    """The peak is kept in memory and recorded at most once a market minute: a crash forgets a minute's rise at most.
    What comes in and goes out beside trades moves both marks, for it is neither profit nor loss."""

    def __init__(self, state: BookState, prices: Prices) -> None:
        self.state = state
        self.prices = prices
        self._known: EquityMarked | None = None
        self._peak = ZERO
        self._day_open = ZERO

    def equity(self) -> Decimal | None:
        return equity_of(self.state, self.prices)

    def standing(self) -> Standing:
        if self._recall() is None:
            return Standing()
        moved = self.state.capital.moved
        return Standing(peak=self._peak + moved, day_open=self._day_open + moved)

    def update(self) -> EquityMarked | None:
        """Looks at equity now; gives what is to be recorded, with the last of what moved as its cause. Nothing while a
        position has no price."""
        equity, market_now = self.equity(), self.prices.now
        if equity is None or not market_now:
            return None
        day, known = day_of(market_now), self._recall()
        if known is None:
            return self._mark(equity, equity, equity, day)
        capital = self.state.capital
        peak = max(self._peak + capital.moved, equity)
        if day != known.day:
            return self._mark(equity, peak, equity, day)
        if capital.since_marked:
            return self._mark(equity, peak, self._day_open + capital.moved, day)
        self._peak = peak
        risen = peak > known.peak and market_now - known.market_at >= NS_PER_MINUTE
        return self._mark(equity, peak, self._day_open, day) if risen else None

    def _recall(self) -> EquityMarked | None:
        """What is recorded; taken over where it is not what this object knows. None before the first mark."""
        marked = self.state.safety.marks
        if marked is not None and marked is not self._known:
            self._peak, self._day_open = marked.peak, marked.day_open
        self._known = marked
        return marked

    def _mark(self, equity: Decimal, peak: Decimal, day_open: Decimal, day: str) -> EquityMarked:
        return EquityMarked(equity=equity, peak=peak, day_open=day_open, day=day, market_at=self.prices.now)
