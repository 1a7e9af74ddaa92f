"""The paper venue: the real market's prices and quantities, our own fills."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from hashlib import sha256

from execution.domain.order import Order
from execution.domain.venue import Execution, NoOffer
from execution.venues.resting import RestingOrders
from execution.venues.shown import Level, Shown
from execution.venues.used import UsedLiquidity
from market.domain.mark import Market, Prices
from market.domain.orderbook import Rank
from streams.events import BookTerms, InstrumentTerms
from streams.messages import BookSnapshot, Code, Depth, Quote, Side, Tick, Trade

ZERO = Decimal(0)
BASIS_POINTS = Decimal(10_000)
NS_PER_MS = 1_000_000


class PaperVenue:
    """Orders take what the market shows, level by level, and rest behind what stands at their price.

    What is shown comes from the order book where it is in sync and fresh (`quote_max_age_ms`, market clock), else from
    the fresh quote, else from the fresh last trade (`trade_max_age_ms`), which has no size: it fills any quantity.
    `paper_depth_share` of a quantity is to be had. A taker's price is worsened by `slippage_bp` and rounded to the tick
    against the order: a simulation must not flatter. A resting order fills at its limit.

    `take`, `exhausted` and `due` only look; `taken`, `rest`, `booked` and `forget` say what was committed."""

    name = "paper"

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._shown: dict[str, Shown] = {}
        self._used = UsedLiquidity()
        self._resting = RestingOrders()

    def draft(self) -> PaperVenue:
        """A venue to try on: sees the same market; what is taken, rests or is booked there changes nothing here."""
        draft = PaperVenue(self._prices)
        draft._shown = self._shown
        draft._used = self._used.copy()
        draft._resting = self._resting.copy()
        return draft

    def observe(self, tick: Tick) -> None:
        """To be called after the prices have observed it."""
        if isinstance(tick, Trade):
            self._resting.traded(tick)
            return
        shown = self._shown.get(tick.instrument)
        if shown is None:
            shown = self._shown[tick.instrument] = Shown(tick.instrument)
        if isinstance(tick, Quote):
            shown.quoted(tick)
            self._used.quoted(tick)
            self._resting.shown(tick, shown, self._prices.now, self._used)
        elif isinstance(tick, Depth | BookSnapshot) and shown.deepened(tick):
            self._used.deepened(tick.instrument, shown)
            self._resting.shown(tick, shown, self._prices.now, self._used)

    # --- taking -------------------------------------------------------------------------------------

    def arrives_after_ns(self, order_id: str, terms: BookTerms) -> int:
        """How long the order is on its way: the latency, and a jitter that seed and order id decide."""
        jitter_ns = terms.paper_jitter_ms * NS_PER_MS
        if jitter_ns:
            drawn = sha256(f"{terms.paper_seed} {order_id}".encode()).digest()
            jitter_ns = int.from_bytes(drawn[:8]) % (jitter_ns + 1)
        return terms.paper_latency_ms * NS_PER_MS + jitter_ns

    def take(self, order: Order, listing: InstrumentTerms, terms: BookTerms) -> tuple[Execution, ...] | NoOffer:
        """What crosses now, best level first: up to the order's leaves and within its limit, () where the best price
        is worse than the limit. `NoOffer` (NO_PRICE, STALE_DATA, NO_LIQUIDITY) where nothing is to be had at all."""
        executions, end = self._match(order, listing, terms)
        if end is not None and not executions and end.code != Code.LIMIT:
            return end
        return tuple(executions)

    def exhausted(self, order: Order, listing: InstrumentTerms, terms: BookTerms) -> NoOffer | None:
        """Why `take` gives less than the order's leaves: LIMIT (the next price is worse), NO_LIQUIDITY, or what `take`
        itself would answer; None where it gives them all."""
        return self._match(order, listing, terms)[1]

    def taken(self, order: Order, execution: Execution, listing: InstrumentTerms, terms: BookTerms) -> None:
        """This quantity is gone until the market shows its level anew. Each execution in the order that `take` gave."""
        rank, left = _facing(order.side), execution.quantity
        for price, size, _ in self._levels(listing.symbol, rank, terms):
            worsened = _worsened(price, order.side, terms.slippage_bp, listing.tick_size)
            if _is_beyond(worsened, execution.price, order.side):
                return
            if worsened == execution.price:
                part = min(left, self._used.available(listing, rank, price, size * terms.paper_depth_share))
                if part > ZERO:
                    self._used.use(listing.symbol, rank, price, size, part)
                    left -= part
            if not left:
                return

    def _match(
        self, order: Order, listing: InstrumentTerms, terms: BookTerms
    ) -> tuple[list[Execution], NoOffer | None]:
        executions: list[Execution] = []
        left = order.leaves
        offered = self._offered(order, listing, terms)
        if isinstance(offered, NoOffer):
            return executions, offered
        for price, size, tick_id in offered:
            worsened = _worsened(price, order.side, terms.slippage_bp, listing.tick_size)
            if worsened <= ZERO:
                detail = f"{price} less slippage is no price at a tick of {listing.tick_size}"
                return executions, NoOffer(Code.NO_PRICE, detail)
            if _is_beyond(worsened, order.limit, order.side):
                return executions, NoOffer(Code.LIMIT, f"{worsened} is worse than the limit {order.limit}")
            quantity = min(left, size)
            executions.append(Execution(quantity, worsened, tick_id))
            left -= quantity
            if not left:
                return executions, None
        return executions, NoOffer(
            Code.NO_LIQUIDITY, f"the market shows no more than {order.leaves - left} of {order.leaves}"
        )

    def _offered(self, order: Order, listing: InstrumentTerms, terms: BookTerms) -> Iterator[Level] | NoOffer:
        """The levels that the order meets, each with what is to be had there."""
        now, shown, market = self._prices.now, self._shown.get(listing.symbol), self._prices.markets.get(listing.symbol)
        if shown is not None and shown.is_fresh(now - terms.quote_max_age_ms * NS_PER_MS):
            return self._available(listing, _facing(order.side), terms)
        trade = market.trade if market else None
        if trade is not None and now - trade.market_at <= terms.trade_max_age_ms * NS_PER_MS:
            return iter((Level(trade.price, order.leaves, trade.id),))
        if market is None or market.latest is None:
            return NoOffer(Code.NO_PRICE, "no quote or trade was ever seen")
        return NoOffer(Code.STALE_DATA, _ages(market, now))

    def _available(self, listing: InstrumentTerms, rank: Rank, terms: BookTerms) -> Iterator[Level]:
        for price, size, tick_id in self._levels(listing.symbol, rank, terms):
            quantity = self._used.available(listing, rank, price, size * terms.paper_depth_share)
            if quantity > ZERO:
                yield Level(price, quantity, tick_id)

    def _levels(self, instrument: str, rank: Rank, terms: BookTerms) -> Iterator[Level]:
        shown = self._shown.get(instrument)
        return shown.levels(rank, self._prices.now - terms.quote_max_age_ms * NS_PER_MS) if shown else iter(())

    # --- resting ------------------------------------------------------------------------------------

    def rest(self, order: Order, listing: InstrumentTerms, terms: BookTerms) -> None:
        """The order's leaves stand at its limit from now on, behind what the market shows there."""
        since = self._prices.now - terms.quote_max_age_ms * NS_PER_MS
        shown = self._shown.get(listing.symbol)
        queue = shown.ahead(_own(order.side), order.limit, since) if shown else None
        self._resting.add(order, listing, terms, queue)

    def due(self, order_id: str) -> tuple[Execution, ...]:
        """What the resting order has earned and is not booked yet, oldest first: as maker, at its limit."""
        return self._resting.due.get(order_id, ())

    def earned(self) -> list[str]:
        """The orders of which something is due."""
        return list(self._resting.due)

    def booked(self, order_id: str, execution: Execution) -> None:
        """One that was due is in the log. One that was not due (it comes from the log) leaves less to rest."""
        self._resting.booked(order_id, execution)

    def forget(self, order_id: str) -> None:
        """The order is final, or unknown here."""
        self._resting.remove(order_id)


def _facing(side: Side) -> Rank:
    """The side of the book that an order takes from."""
    return "asks" if side == "buy" else "bids"


def _own(side: Side) -> Rank:
    return "bids" if side == "buy" else "asks"


def _is_beyond(price: Decimal, limit: Decimal, side: Side) -> bool:
    return price > limit if side == "buy" else price < limit


def _worsened(price: Decimal, side: Side, slippage_bp: Decimal, tick_size: Decimal) -> Decimal:
    sign, rounding = (1, ROUND_CEILING) if side == "buy" else (-1, ROUND_FLOOR)
    slipped = price * (1 + sign * slippage_bp / BASIS_POINTS)
    return (slipped / tick_size).to_integral_value(rounding) * tick_size


def _ages(market: Market, now: int) -> str:
    ages = [
        f"the last {name} is {(now - tick.market_at) // NS_PER_MS} ms old"
        for name, tick in (("quote", market.quote), ("trade", market.trade))
        if tick is not None
    ]
    return ", ".join(ages)
