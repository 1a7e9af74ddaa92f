"""Who aggressed, where a recording does not say: the tick test."""

from __future__ import annotations

from decimal import Decimal

from streams.messages import Side


class TickTest:
    """A trade above the price before was bought, one below it sold, one at it goes like the one before (Lee and Ready,
    1991: right in about 80 of 100 trades of stocks). The first one counts as bought."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[Decimal, Side]] = {}

    def of(self, instrument: str, price: Decimal) -> Side:
        before = self._before.get(instrument)
        if before is None:
            side: Side = "buy"
        elif price == before[0]:
            return before[1]
        else:
            side = "buy" if price > before[0] else "sell"
        self._before[instrument] = (price, side)
        return side
