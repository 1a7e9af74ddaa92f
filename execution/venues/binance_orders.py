"""Our orders in Binance's words and its answers in ours; whether its filters allow what our listings allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from execution.domain.order import Order
from execution.domain.venue import Report, ReportState, VenueFill
from execution.venues.remote import Refused
from streams.events import InstrumentTerms

ZERO = Decimal(0)
Data = Mapping[str, Any]
STATES: dict[str, ReportState] = {
    "PENDING_NEW": "pending",
    "NEW": "working",
    "PARTIALLY_FILLED": "working",
    "PENDING_CANCEL": "working",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "cancelled",
}
FINAL = ("filled", "cancelled", "rejected", "expired")


def request_of(order: Order) -> dict[str, str]:
    """The parameters of a new order. A market order is a limit order at its protective price that takes what it can at
    once; one that is good until a time is good until cancelled, and the desk cancels it. Raises Refused."""
    if order.reduce_only and order.side == "buy":
        raise Refused("on a spot market nothing is sold short: there is nothing that a purchase could reduce")
    in_force = {"GTD": "GTC"}.get(order.time_in_force, order.time_in_force)
    return {
        "symbol": order.instrument,
        "side": order.side.upper(),
        "type": "LIMIT",
        "timeInForce": in_force,
        "quantity": plain(order.quantity),
        "price": plain(order.limit),
        "newClientOrderId": order.order_id,
        "newOrderRespType": "FULL",
    }


def plain(value: Decimal) -> str:
    """As the venue wants it: no exponent, no zeros at the end."""
    return f"{value.normalize():f}"


def number(text: str) -> Decimal:
    """Raises ValueError or ArithmeticError for what is no amount."""
    value = Decimal(text)
    if not value.is_finite() or value < 0:
        raise ValueError(f"{text!r} is no amount")
    return value


def state_of(answer: Data) -> ReportState:
    """Raises ValueError for a state that nobody knows."""
    state = STATES.get(str(answer["status"]))
    if state is None:
        raise ValueError(f"the venue says that the order is {answer['status']!r}, and what that is is not known")
    at_once = answer.get("timeInForce") in ("IOC", "FOK")
    return "cancelled" if state == "expired" and at_once else state


def report_of(order: Order, answer: Data, fills: Sequence[VenueFill], alarms: Iterable[str]) -> Report:
    state = state_of(answer)
    words = [*alarms]
    if state in ("cancelled", "expired", "rejected"):
        words.append(f"the venue says {answer['status']}")
    return Report(
        client_order_id=order.order_id,
        state=state,
        venue_order_id=str(answer["orderId"]),
        fills=tuple(fills),
        detail="; ".join(words)[:500],
    )


def fill_of(trade: Data, *, base: str, quote: str, maker: bool) -> tuple[VenueFill, str]:
    """An execution, and what is to be told of it: a fee in a third currency is not in the book of this account."""
    quantity, price = number(trade["qty"]), number(trade["price"])
    commission, asset = number(trade["commission"]), str(trade["commissionAsset"])
    trade_id = str(trade["tradeId"] if "tradeId" in trade else trade["id"])
    fee, fee_base, alarm = ZERO, ZERO, ""
    if asset == quote:
        fee = commission
    elif asset == base:
        fee, fee_base = commission * price, commission
    elif commission:
        alarm = f"the fee of trade {trade_id} was taken in {asset} ({plain(commission)}), which this book does not hold"
    fill = VenueFill(
        trade_id=trade_id,
        quantity=quantity,
        price=price,
        fee=fee,
        fee_base=fee_base,
        liquidity="maker" if maker else "taker",
    )
    return fill, alarm


def quarrels(listing: InstrumentTerms, there: Data) -> Iterator[str]:
    """What of a listing the venue would refuse, and what to change."""
    name, filters = listing.symbol, {each["filterType"]: each for each in there["filters"]}
    if not there.get("isSpotTradingAllowed", False) or "LIMIT" not in there.get("orderTypes", ()):
        yield f"{name} takes no limit orders on the spot market there"
    for kind, key, ours, word in (
        ("PRICE_FILTER", "tickSize", listing.tick_size, "tick size"),
        ("LOT_SIZE", "stepSize", listing.lot_size, "lot size"),
    ):
        step = Decimal(filters.get(kind, {}).get(key, 0))
        if step and ours % step:
            yield f"the {word} of {name} is {plain(ours)}: it must be a multiple of {plain(step)}"
    least = Decimal(filters.get("LOT_SIZE", {}).get("minQty", 0))
    if listing.lot_size < least:
        yield f"the lot size of {name} is {plain(listing.lot_size)}: the venue takes no less than {plain(least)}"
    most = Decimal(filters.get("LOT_SIZE", {}).get("maxQty", 0))
    if most and listing.max_order_volume > most:
        yield f"{name} allows orders of {plain(listing.max_order_volume)}: the venue takes at most {plain(most)}"
    value = max(Decimal(filters.get(kind, {}).get("minNotional", 0)) for kind in ("NOTIONAL", "MIN_NOTIONAL"))
    if listing.min_notional < value:
        yield f"{name} allows orders worth {plain(listing.min_notional)}: the venue takes none under {plain(value)}"
