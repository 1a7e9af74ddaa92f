"""The paper venue: the real market's prices, our own fills."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from execution.domain.venue import NoOffer, Offer
from market.domain.mark import Market, Prices
from streams.events import BookTerms, InstrumentTerms
from streams.messages import Code, Side

BASIS_POINTS = Decimal(10_000)
NS_PER_MS = 1_000_000


class PaperVenue:
    """Fills the whole quantity at the best bid or ask held when the order arrives, else at the last trade.

    Both must be fresh by the market clock (`quote_max_age_ms`, `trade_max_age_ms`). The price is worsened by
    `slippage_bp` and rounded to the tick against the order: a simulation must not flatter."""

    name = "paper"

    def offer(self, prices: Prices, listing: InstrumentTerms, side: Side, terms: BookTerms) -> Offer | NoOffer:
        market = prices.markets.get(listing.symbol)
        if market is None:
            return NoOffer(Code.NO_PRICE, "no quote or trade was ever seen")
        found = _quoted(market, prices.now, side, terms) or _traded(market, prices.now, terms)
        if found is None:
            return NoOffer(Code.STALE_DATA, _ages(market, prices.now))
        price = _worsened(found.price, side, terms.slippage_bp, listing.tick_size)
        if price <= 0:
            return NoOffer(Code.NO_PRICE, f"{found.price} less slippage is no price at a tick of {listing.tick_size}")
        return Offer(price, found.tick_id)


def _quoted(market: Market, now: int, side: Side, terms: BookTerms) -> Offer | None:
    quote = market.quote
    if quote is None or now - quote.market_at > terms.quote_max_age_ms * NS_PER_MS:
        return None
    return Offer(quote.ask if side == "buy" else quote.bid, quote.id)


def _traded(market: Market, now: int, terms: BookTerms) -> Offer | None:
    trade = market.trade
    if trade is None or now - trade.market_at > terms.trade_max_age_ms * NS_PER_MS:
        return None
    return Offer(trade.price, trade.id)


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
