"""The orders that rest on paper: how much stands before them, and what trades and quotes have brought them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from execution.domain.order import Order
from execution.domain.venue import Execution
from execution.venues.shown import Shown, is_worse
from execution.venues.used import UsedLiquidity
from market.domain.instrument import to_lot
from market.domain.orderbook import Rank
from streams.events import BookTerms, InstrumentTerms
from streams.messages import Quote, Side, Tick, Trade

ZERO = Decimal(0)
NS_PER_MS = 1_000_000
SIDES: tuple[Side, ...] = ("buy", "sell")
Key = tuple[str, Side]


class _Resting(Struct, frozen=True):
    """`open` is neither filled nor earned; `queue` the quantity that stands before it, None where nobody knows."""

    order_id: str
    side: Side
    limit: Decimal
    open: Decimal
    queue: Decimal | None
    listing: InstrumentTerms
    share: Decimal
    max_age_ns: int

    @property
    def key(self) -> Key:
        return self.listing.symbol, self.side


class RestingOrders:
    """In price and then in time priority: who comes first takes first of what a trade or a level has for them all.

    - A trade at the limit works off the queue, and what it has beyond that fills.
    - A trade through the limit fills: whoever stood before has been served.
    - Quotes and books that cross the limit fill with what they offer up to it.
    - A level never shows less than what stands before an order, so smaller sizes shorten the queue.

    `due` are the executions that are not booked yet."""

    def __init__(self) -> None:
        self.due: dict[str, tuple[Execution, ...]] = {}
        self._orders: dict[str, _Resting] = {}
        self._queues: dict[Key, tuple[str, ...]] = {}

    def copy(self) -> RestingOrders:
        copy = RestingOrders()
        copy.due, copy._orders, copy._queues = dict(self.due), dict(self._orders), dict(self._queues)
        return copy

    def add(self, order: Order, listing: InstrumentTerms, terms: BookTerms, queue: Decimal | None) -> None:
        self.remove(order.order_id)
        resting = _Resting(
            order_id=order.order_id,
            side=order.side,
            limit=order.limit,
            open=order.leaves,
            queue=queue,
            listing=listing,
            share=terms.paper_depth_share,
            max_age_ns=terms.quote_max_age_ms * NS_PER_MS,
        )
        self._orders[order.order_id] = resting
        waiting = (*self._queues.get(resting.key, ()), order.order_id)
        best_first = sorted(waiting, key=lambda order_id: self._orders[order_id].limit, reverse=order.side == "buy")
        self._queues[resting.key] = tuple(best_first)

    def booked(self, order_id: str, execution: Execution) -> None:
        due = self.due.get(order_id, ())
        if execution in due:
            at = due.index(execution)
            self._owe(order_id, due[:at] + due[at + 1 :])
        elif resting := self._orders.get(order_id):
            self._orders[order_id] = replace(resting, open=max(ZERO, resting.open - execution.quantity))

    def remove(self, order_id: str) -> None:
        self.due.pop(order_id, None)
        resting = self._orders.pop(order_id, None)
        if resting is not None:
            left = tuple(waiting for waiting in self._queues[resting.key] if waiting != order_id)
            if left:
                self._queues[resting.key] = left
            else:
                del self._queues[resting.key]

    # --- what the market does -----------------------------------------------------------------------

    def traded(self, trade: Trade) -> None:
        for side in SIDES if self._queues else ():
            used = ZERO
            for order_id in self._queues.get((trade.instrument, side), ()):
                resting = self._orders[order_id]
                if is_worse(resting.limit, trade.price, _rank(side)):
                    break
                queue = resting.queue if trade.price == resting.limit else ZERO
                if queue is None or not resting.open:
                    continue
                ahead = min(queue, trade.quantity)
                brought = to_lot((trade.quantity - ahead) * resting.share - used, resting.listing.lot_size)
                got = max(ZERO, min(resting.open, brought))
                used += got
                self._earn(replace(resting, queue=queue - ahead), got, trade.id)

    def shown(self, tick: Tick, shown: Shown, now: int, used: UsedLiquidity) -> None:
        """A quote, or what changed the book: `shown` has taken it in already."""
        for side in SIDES if self._queues else ():
            reached = True
            for order_id in self._queues.get((tick.instrument, side), ()):
                resting = self._orders[order_id]
                queue = _shortened(resting, tick, shown, now)
                if queue != resting.queue:
                    resting = self._orders[order_id] = replace(resting, queue=queue)
                if reached and resting.open:
                    reached = self._cross(resting, shown, now, used)

    def _cross(self, resting: _Resting, shown: Shown, now: int, used: UsedLiquidity) -> bool:
        """Whether an order with a worse limit may be reached too."""
        facing: Rank = "asks" if resting.side == "buy" else "bids"
        symbol, left = resting.listing.symbol, resting.open
        for price, size, tick_id in shown.levels(facing, now - resting.max_age_ns):
            if is_worse(price, resting.limit, facing):
                return left < resting.open
            got = min(left, used.available(resting.listing, facing, price, size * resting.share))
            if got > ZERO:
                used.use(symbol, facing, price, size, got)
                self._earn(self._orders[resting.order_id], got, tick_id)
                left -= got
            if not left:
                break
        return True

    def _earn(self, resting: _Resting, got: Decimal, tick_id: str) -> None:
        self._orders[resting.order_id] = replace(resting, open=resting.open - got) if got else resting
        if got:
            execution = Execution(got, resting.limit, tick_id, "maker")
            self._owe(resting.order_id, (*self.due.get(resting.order_id, ()), execution))

    def _owe(self, order_id: str, due: tuple[Execution, ...]) -> None:
        if due:
            self.due[order_id] = due
        else:
            self.due.pop(order_id, None)


def _rank(side: Side) -> Rank:
    return "bids" if side == "buy" else "asks"


def _shortened(resting: _Resting, tick: Tick, shown: Shown, now: int) -> Decimal | None:
    """The queue after what the tick says of the order's price; first of all that anything is known of it."""
    rank = _rank(resting.side)
    if resting.queue is None:
        return shown.ahead(rank, resting.limit, now - resting.max_age_ns)
    if type(tick) is not Quote:
        size = shown.ahead(rank, resting.limit, now - resting.max_age_ns) if resting.queue else ZERO
        return resting.queue if size is None else min(resting.queue, size)
    best, size = (tick.bid, tick.bid_size) if rank == "bids" else (tick.ask, tick.ask_size)
    if not size or is_worse(best, resting.limit, rank):
        return ZERO
    return min(resting.queue, size) if best == resting.limit else resting.queue
