"""What the desk asks of a venue: at which price an order that arrives now would be filled."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from market.domain.mark import Prices
from streams.events import BookTerms, InstrumentTerms
from streams.messages import Code, Side


class Offer(Struct, frozen=True):
    """A price to fill at and the tick that it comes from."""

    price: Decimal
    tick_id: str


class NoOffer(Struct, frozen=True):
    code: Code
    detail: str


class Venue(Protocol):
    @property
    def name(self) -> str: ...

    def offer(self, prices: Prices, listing: InstrumentTerms, side: Side, terms: BookTerms) -> Offer | NoOffer: ...
