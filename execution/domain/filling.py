"""What becomes of an order on paper: what it takes when it arrives, what it earns while it rests, and its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import structs

from execution.domain.account import ZERO
from execution.domain.blotter import Blotter
from execution.domain.counter import Counter, Offered
from execution.domain.order import Order, OrderEvent
from execution.domain.refusals import Refusal, cancelled, ended, forbidden, lapsed, rejected
from execution.domain.venue import Execution, NoOffer
from streams.events import OrderFilled, OrderPartiallyFilled, OrderWorking
from streams.messages import Code, Mode


class Filling:
    """Yields events; the caller folds each into the blotter, the order and the counter before it asks for the next."""

    def __init__(self, blotter: Blotter, counter: Counter, now: int, mode: Mode) -> None:
        self._blotter = blotter
        self._counter = counter
        self._now = now
        self._mode = mode

    def arrive(self, order: Order) -> Iterator[OrderEvent]:
        """The order reaches the market: it takes what it may, then it rests or ends."""
        if refusal := forbidden(self._blotter, order, self._mode):
            yield ended(order, refusal)
            return
        quantity = self._blotter.tradable(order, self._mode)
        wanted = structs.replace(order, quantity=order.filled + quantity)
        for other in self._blotter.opposite(order):
            if other.sent_at:
                continue  # at a real venue, where paper cannot meet it; only that venue can end it
            detail = f"a newer order to {order.side} at {order.limit} would trade with it"
            yield ended(other, cancelled(Code.SELF_TRADE, detail))
        offered = self._take(wanted)
        executions = () if isinstance(offered, NoOffer) else offered
        if refusal := self._refused(order, wanted, offered):
            yield ended(order, refusal)
            return
        short = not order.may_rest and _total(executions) < wanted.leaves
        shortfall = self._shortfall(wanted) if short else None
        for execution in executions:
            yield self._filled(order, execution)
        if not order.is_final:
            yield self._rested(order, shortfall)

    def earn(self, order: Order) -> Iterator[OrderEvent]:
        """What the resting order has earned, as far as the book may still trade it."""
        for execution in self._counter.venue.due(order.order_id):
            quantity = min(execution.quantity, self._blotter.tradable(order, self._mode))
            if quantity:
                part = structs.replace(execution, quantity=quantity)
                if unpaid := self._unpaid(order, [part], ZERO):
                    yield ended(order, cancelled(unpaid.code, unpaid.detail))
                    return
                yield self._filled(order, part)
            if order.is_final:
                return
            if quantity < execution.quantity:
                yield ended(order, self._no_room(order))
                return
        if refusal := lapsed(order, self._now):
            yield ended(order, refusal)

    # --- what the market has for it -------------------------------------------------------------------

    def _take(self, wanted: Order) -> Offered:
        terms = self._blotter.terms
        assert terms is not None
        return self._counter.venue.take(wanted, self._blotter.instruments[wanted.instrument], terms)

    def _shortfall(self, wanted: Order) -> Refusal | None:
        """Why the market gives less than is wanted; in FIX the remainder of an immediate order is canceled."""
        terms = self._blotter.terms
        assert terms is not None
        end = self._counter.venue.exhausted(wanted, self._blotter.instruments[wanted.instrument], terms)
        return cancelled(end.code, end.detail) if end else None

    def _refused(self, order: Order, wanted: Order, offered: Offered) -> Refusal | None:
        """Why it does not even begin to trade."""
        executions = () if isinstance(offered, NoOffer) else offered
        if isinstance(offered, NoOffer) and not order.may_rest and offered.code != Code.NO_LIQUIDITY:
            return rejected(offered.code, offered.detail)
        rest = wanted.leaves - _total(executions)
        if (order.time_in_force == "FOK" or order.group) and (rest or wanted.leaves < order.leaves):
            return cancelled(Code.UNFILLABLE, f"only {_total(executions)} of {order.leaves} can be had at once")
        if not executions and not order.may_rest:
            return self._shortfall(wanted)
        listing = self._blotter.instruments[order.instrument]
        value = wanted.leaves * (executions[0].price if executions else order.limit)
        if value < listing.min_notional:
            return rejected(Code.BELOW_MINIMUM, f"{value} is below the venue's minimum {listing.min_notional}")
        return self._unpaid(order, executions, rest if order.may_rest else ZERO)

    def _unpaid(self, order: Order, executions: Sequence[Execution], rest: Decimal) -> Refusal | None:
        """Whether a buy, with what of it would rest, costs more than is free."""
        blotter = self._blotter
        if order.side == "sell" or blotter.reduces(order):
            return None
        values = [each.quantity * each.price for each in executions] + ([rest * order.limit] if rest else [])
        cost = sum((value + blotter.fee(value) for value in values), ZERO)
        free = blotter.account.cash - blotter.reserved_beside(order)
        return rejected(Code.NO_CASH, f"{cost} is needed, {free} is there") if free < cost else None

    # --- what becomes of it ---------------------------------------------------------------------------

    def _filled(self, order: Order, execution: Execution) -> OrderEvent:
        leaves = order.leaves - execution.quantity
        kind = OrderPartiallyFilled if leaves else OrderFilled
        return kind(
            order_id=order.order_id,
            decision_id=order.decision_id,
            venue=self._counter.venue.name,
            instrument=order.instrument,
            side=order.side,
            quantity=execution.quantity,
            leaves=leaves,
            price=execution.price,
            fee=self._blotter.fee(execution.quantity * execution.price),
            tick_id=execution.tick_id,
            received_at=order.received_at,
            liquidity=execution.liquidity,
        )

    def _rested(self, order: Order, shortfall: Refusal | None) -> OrderEvent:
        """What is not filled at once rests, or is cancelled."""
        if shortfall is None and not self._blotter.tradable(order, self._mode):
            return ended(order, self._no_room(order))
        if shortfall is not None:
            return ended(order, shortfall)
        if refusal := lapsed(order, self._now):
            return ended(order, refusal)
        return OrderWorking(order_id=order.order_id, decision_id=order.decision_id, venue=self._counter.venue.name)

    def _no_room(self, order: Order) -> Refusal:
        held = self._blotter.account.held(order.instrument)
        detail = f"with a position of {held} no more of {order.side} {order.leaves} may be traded"
        if order.reduce_only:
            return cancelled(Code.REDUCE_ONLY, detail)
        if self._mode == "REDUCE_ONLY":
            return cancelled(Code.MODE, detail)
        if order.instrument in self._blotter.suspended:
            return cancelled(Code.SUSPENDED, detail)
        return cancelled(Code.POSITION_LIMIT, detail)


def _total(executions: Sequence[Execution]) -> Decimal:
    return sum((each.quantity for each in executions), ZERO)
