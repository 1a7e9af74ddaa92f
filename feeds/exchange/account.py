"""The one account of a local exchange: its balances, its orders, its trades, and how orders meet the market."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from msgspec import Struct

from feeds.exchange.delivery import ActiveFaults
from feeds.exchange.faults import HalfFilled
from feeds.exchange.market import KnownMarket
from feeds.exchange.settings import Settings
from feeds.exchange.tape import Event

ZERO = Decimal(0)
SMALLEST = Decimal("0.00000001")
BNB_PRICE = Decimal(300)
BASIS_POINTS = Decimal(10_000)

Side = Literal["BUY", "SELL"]
Level = tuple[Decimal, Decimal]
Status = Literal["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED"]


class OwnOrder(Struct, kw_only=True):
    """An order of the account. `price` 0: at any. `spent` in quote. Times in ms."""

    order_id: int
    client_id: str
    symbol: str
    base: str
    quote: str
    side: Side
    type: str
    time_in_force: str
    price: Decimal
    quantity: Decimal
    at: int
    executed: Decimal = ZERO
    spent: Decimal = ZERO
    status: Status = "NEW"

    @property
    def leaves(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def is_open(self) -> bool:
        return self.status in ("NEW", "PARTIALLY_FILLED")

    def reaches(self, price: Decimal) -> bool:
        """Whether the order takes this price."""
        return not self.price or (price <= self.price if self.side == "BUY" else price >= self.price)


class OwnTrade(Struct, frozen=True, kw_only=True):
    id: int
    order_id: int
    symbol: str
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str
    at: int
    is_buyer: bool
    is_maker: bool


class Refusal(Exception):
    """Why an order is not placed or not cancelled, in the venue's words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Account:
    """`placed` counts by client order id what was ever taken on. `now` gives ns by the exchange's own clock."""

    def __init__(self, market: KnownMarket, faults: ActiveFaults, settings: Settings, now: Callable[[], int]) -> None:
        self.placed: Counter[str] = Counter()
        self.free: dict[str, Decimal] = defaultdict(Decimal, settings.balances)
        self.locked: dict[str, Decimal] = defaultdict(Decimal)
        self.orders: dict[int, OwnOrder] = {}
        self.trades: list[OwnTrade] = []
        self.trades_of: dict[int, list[OwnTrade]] = defaultdict(list)
        self._market = market
        self._faults = faults
        self._settings = settings
        self._now = now
        self._newest: dict[tuple[str, str], OwnOrder] = {}
        self._open: dict[str, list[OwnOrder]] = defaultdict(list)
        self._taken: dict[tuple[str, Side, Decimal], tuple[Decimal, Decimal]] = {}

    def open_orders(self, symbol: str = "") -> list[OwnOrder]:
        return [order for orders in self._open.values() for order in orders if symbol in ("", order.symbol)]

    def find(self, symbol: str, *, order_id: int = 0, client_id: str = "") -> OwnOrder | None:
        """By the id, else the newest of that client order id."""
        if order_id:
            order = self.orders.get(order_id)
            return order if order is not None and order.symbol == symbol else None
        return self._newest.get((symbol, client_id))

    def place(self, order: OwnOrder) -> list[OwnTrade]:
        """Takes the order on and executes what crosses now. Raises Refusal."""
        if any(other.client_id == order.client_id for other in self.open_orders()):
            raise Refusal(-2010, "Duplicate order sent.")
        crossing = self._crossing(order)
        self._lock(order, crossing)
        order.order_id = len(self.orders) + 1
        self.orders[order.order_id] = self._newest[order.symbol, order.client_id] = order
        self.placed[order.client_id] += 1
        if order.time_in_force == "FOK" and sum((size for _, size in crossing), ZERO) < order.quantity:
            crossing = []
        trades = [self._take(order, price, size) for price, size in crossing]
        if order.is_open and (order.type == "MARKET" or order.time_in_force in ("IOC", "FOK")):
            self._end(order, "EXPIRED")
        elif order.is_open:
            self._open[order.symbol].append(order)
        return trades

    def cancel(self, order: OwnOrder) -> None:
        self._open[order.symbol].remove(order)
        self._end(order, "CANCELED")

    def observe(self, event: Event) -> None:
        """What the market does to orders that rest."""
        orders = self._open.get(event.symbol)
        if not orders:
            return
        if event.kind == "trade":
            self._printed(orders, event)
        elif event.kind in ("depthUpdate", "bookTicker"):
            for order in orders:
                for price, size in self._crossing(order):
                    self._note_taken(order, price, size)
                    self._trade(order, order.price, size, is_maker=True)
        self._open[event.symbol] = [order for order in orders if order.is_open]

    # --- the market ------------------------------------------------------------------------------

    def _printed(self, orders: list[OwnOrder], event: Event) -> None:
        price, left = Decimal(event.data["p"]), Decimal(event.data["q"])
        hit: Side = "BUY" if event.data["m"] else "SELL"
        for order in orders:
            if left and order.reaches(price) and (price != order.price or order.side == hit):
                size = min(left, order.leaves)
                left -= size
                self._trade(order, order.price, size, is_maker=True)

    def _crossing(self, order: OwnOrder) -> list[Level]:
        """What the other side shows within the price of the order and has not given yet, best first."""
        wanted = order.leaves
        if self._faults.take(HalfFilled, Event(0, order.symbol, "trade", {})) is not None:
            step = Decimal(1).scaleb(-self._market.steps[order.symbol].quantity)
            wanted = (wanted / 2).quantize(step, ROUND_DOWN)
        found: list[Level] = []
        for price, shown in self._market.offers(order.symbol, "asks" if order.side == "BUY" else "bids"):
            if not wanted or not order.reaches(price):
                break
            size = min(wanted, self._left(order, price, shown))
            if size:
                found.append((price, size))
                wanted -= size
        return found

    def _left(self, order: OwnOrder, price: Decimal, shown: Decimal) -> Decimal:
        """Of a level: what was taken comes back when it is shown with another quantity."""
        was_shown, taken = self._taken.get((order.symbol, order.side, price), (ZERO, ZERO))
        return shown - taken if was_shown == shown else shown

    def _note_taken(self, order: OwnOrder, price: Decimal, size: Decimal) -> None:
        shown = dict(self._market.offers(order.symbol, "asks" if order.side == "BUY" else "bids")).get(price, ZERO)
        left = self._left(order, price, shown)
        self._taken[order.symbol, order.side, price] = (shown, shown - left + size)

    # --- money -----------------------------------------------------------------------------------

    def _lock(self, order: OwnOrder, crossing: list[Level]) -> None:
        asset = order.quote if order.side == "BUY" else order.base
        amount = order.quantity
        if order.side == "BUY":
            at_best = sum((price * size for price, size in crossing), ZERO)
            amount = order.price * order.quantity if order.price else at_best
        if self.free[asset] < amount:
            raise Refusal(-2010, "Account has insufficient balance for requested action.")
        self.free[asset] -= amount
        self.locked[asset] += amount

    def _take(self, order: OwnOrder, price: Decimal, size: Decimal) -> OwnTrade:
        self._note_taken(order, price, size)
        return self._trade(order, price, size, is_maker=False)

    def _trade(self, order: OwnOrder, price: Decimal, size: Decimal, *, is_maker: bool) -> OwnTrade:
        value, buys = price * size, order.side == "BUY"
        paid, got = (order.quote, order.base) if buys else (order.base, order.quote)
        locked = (order.price * size if order.price else value) if buys else size
        self.locked[paid] -= locked
        self.free[paid] += locked - (value if buys else size)
        received = size if buys else value
        self.free[got] += received
        commission, asset = self._commission(received, value, got)
        self.free[asset] -= commission
        order.executed += size
        order.spent += value
        order.status = "PARTIALLY_FILLED" if order.leaves else "FILLED"
        trade = OwnTrade(
            id=len(self.trades) + 1,
            order_id=order.order_id,
            symbol=order.symbol,
            price=price,
            quantity=size,
            commission=commission,
            commission_asset=asset,
            at=self._now() // 1_000_000,
            is_buyer=buys,
            is_maker=is_maker,
        )
        self.trades.append(trade)
        self.trades_of[order.order_id].append(trade)
        return trade

    def _commission(self, received: Decimal, value: Decimal, got: str) -> tuple[Decimal, str]:
        rate = self._settings.commission_bp / BASIS_POINTS
        if self._settings.commission_in == "BNB":
            return (value * rate / BNB_PRICE).quantize(SMALLEST), "BNB"
        return (received * rate).quantize(SMALLEST), got

    def _end(self, order: OwnOrder, status: Status) -> None:
        """What was locked for the rest is free again."""
        asset = order.quote if order.side == "BUY" else order.base
        rest = order.leaves if order.side == "SELL" else order.price * order.leaves
        self.locked[asset] -= rest
        self.free[asset] += rest
        order.status = status

    def balances(self) -> Iterator[tuple[str, Decimal, Decimal]]:
        for asset in sorted({*self.free, *self.locked}):
            yield asset, self.free[asset], self.locked[asset]
