"""The levels of a synthetic order book: a ladder below the best bid and above the best ask, and how it changes."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

UPDATE_EVERY_S = 0.1
STEP = 0.2e-4  # between levels, as a share of the price
TOUCHED = 2  # levels that get another quantity with every update
Sizes = dict[int, int]


class Ladder:
    """Prices and quantities are whole units. The best levels are always those of the quote that it was brought up to
    date with."""

    def __init__(self, random: Random, levels: int, price_units: float) -> None:
        self._random = random
        self._levels = levels
        self._step = max(1, round(price_units * STEP))
        self.bids: Sizes = {}
        self.asks: Sizes = {}
        self.last_id = 0
        self.due_s = 0.0

    def update(
        self, best: tuple[int, int, int, int], touched: float, draw: Callable[[], int], now_s: float
    ) -> tuple[Sizes, Sizes]:
        """Bids and asks that changed, quantity 0 = level gone, for a quote (bid, its size, ask, its size). `touched` is
        the share of levels that change anyway, `draw` gives a new quantity."""
        bid, bid_size, ask, ask_size = best
        step, count = self._step, self._levels
        below, above = (bid - 1) // step * step, (ask // step + 1) * step
        bids = {bid: bid_size} | dict.fromkeys(range(below, max(below - (count - 1) * step, 0), -step), 0)
        asks = {ask: ask_size} | dict.fromkeys(range(above, above + (count - 1) * step, step), 0)
        changed = (
            self._move(self.bids, bids, touched, draw),
            self._move(self.asks, asks, touched, draw),
        )
        self.last_id += max(len(changed[0]) + len(changed[1]), 1)
        self.due_s = now_s + UPDATE_EVERY_S
        return changed

    def _move(self, held: Sizes, wanted: Sizes, touched: float, draw: Callable[[], int]) -> Sizes:
        random = self._random
        share = max(touched, TOUCHED / self._levels)
        changes = {price: 0 for price in held if price not in wanted}
        for price, size in wanted.items():
            new = size or (draw() if price not in held or random.random() < share else held[price])
            if held.get(price) != new:
                changes[price] = new
        for price, size in changes.items():
            if size:
                held[price] = size
            else:
                del held[price]
        return changes
