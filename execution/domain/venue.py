"""What the desk asks of venues, and what they answer: the paper venue at once, a real one by reports."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from streams.messages import Code, Liquidity

ReportState = Literal["pending", "working", "filled", "cancelled", "rejected", "expired"]


class Execution(Struct, frozen=True):
    """A quantity at a price on paper, and the tick that it comes from."""

    quantity: Decimal
    price: Decimal
    tick_id: str
    liquidity: Liquidity = "taker"


class VenueFill(Struct, frozen=True, kw_only=True):
    """An execution that a real venue reports. `fee` in quote, of which `fee_base` (base units) was taken in kind."""

    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_base: Decimal = Decimal(0)
    liquidity: Liquidity = "taker"


class Report(Struct, frozen=True, kw_only=True):
    """What a real venue says of one of our orders: where it stands and all its executions so far."""

    client_order_id: str
    state: ReportState
    venue_order_id: str = ""
    fills: tuple[VenueFill, ...] = ()
    detail: str = ""


class Holdings(Struct, frozen=True, kw_only=True):
    """What a real venue says that the account holds: `cash` of the quote currency, quantities by instrument."""

    cash: Decimal
    quantities: dict[str, Decimal]


class NoOffer(Struct, frozen=True):
    """Why nothing can be had, whatever the limit."""

    code: Code
    detail: str
