"""Order books for quotes that have none: a hundred and fifty levels a side around the best ones, as changes to them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from streams.messages import Depth, Quote

LEVELS = 150  # with fewer, a reader who shows a hundred would ask for more all the time
EVERY_NS = 100_000_000
Changes = tuple[tuple[Decimal, Decimal], ...]


class _Side(Struct):
    """Levels one step apart behind the best one (in steps), whose quantity was quoted."""

    away: int
    best: int = 0
    size: Decimal = Decimal(0)

    def move(self, best: int, size: Decimal, step: Decimal) -> Changes:
        before, after = self._levels(self.best) if self.size else set(), self._levels(best)
        gone = [(level * step, Decimal(0)) for level in before - after]
        come = [(level * step, _standing(level)) for level in after - before | {self.best} & after if level != best]
        changed = [] if (best, size) == (self.best, self.size) else [(best * step, size)]
        self.best, self.size = best, size
        return tuple(gone + come + changed)

    def _levels(self, best: int) -> set[int]:
        return set(range(best, max(best + self.away * LEVELS, 0), self.away))


def _standing(level: int) -> Decimal:
    """What stands at a price depends on the price alone, so that it stays as it is."""
    return Decimal(1 + level * 7919 % 97) / 10


class _Ladder(Struct):
    step: Decimal
    bids: _Side
    asks: _Side
    last_id: int = 0
    next_at: int = 0


class Ladders:
    """`follow` gives at most every 100 ms what has changed; its ids are those of the quotes."""

    def __init__(self) -> None:
        self._ladders: dict[str, _Ladder] = {}
        self._have_depth: set[str] = set()

    def has_depth(self, instrument: str) -> None:
        """The instrument has changes of its own from now on."""
        self._have_depth.add(instrument)

    def follow(self, quote: Quote) -> Depth | None:
        if quote.instrument in self._have_depth or not quote.two_sided:
            return None
        ladder = self._ladders.get(quote.instrument) or self._begin(quote)
        if quote.market_at < ladder.next_at:
            return None
        first = ladder.last_id + 1 if ladder.last_id else quote.update_id
        previous, ladder.last_id, ladder.next_at = ladder.last_id, quote.update_id, quote.market_at + EVERY_NS
        return Depth(
            instrument=quote.instrument,
            market_at=quote.market_at,
            received_at=quote.received_at,
            event_at=quote.event_at,
            source=quote.source,
            first_id=first,
            last_id=quote.update_id,
            previous_id=previous,
            bids=ladder.bids.move(int(quote.bid / ladder.step), quote.bid_size, ladder.step),
            asks=ladder.asks.move(int(quote.ask / ladder.step), quote.ask_size, ladder.step),
        )

    def _begin(self, quote: Quote) -> _Ladder:
        step = Decimal(1).scaleb(-max(_decimals(quote.bid), _decimals(quote.ask)))
        return self._ladders.setdefault(quote.instrument, _Ladder(step, _Side(-1), _Side(1)))


def _decimals(price: Decimal) -> int:
    return len(f"{price:f}".partition(".")[2])
