"""The facts that a rule on an order may read: dotted names, their types and what they mean."""

from __future__ import annotations

from typing import NamedTuple

from rules.engine import Kind

NEVER_MS = 1e15


class Declared(NamedTuple):
    kind: Kind
    meaning: str


ORDER_FACTS: dict[str, Declared] = {
    "order.instrument": Declared("STRING", "symbol"),
    "order.side": Declared("STRING", '"buy" or "sell"'),
    "order.quantity": Declared("DOUBLE", "unsigned, base units"),
    "order.notional": Declared("DOUBLE", "quantity · P, quote currency"),
    "order.limit": Declared("DOUBLE", "protective price of the order"),
    "order.limit_bp": Declared("DOUBLE", "|limit / P − 1| in basis points"),
    "order.risk_reducing": Declared("BOOL", "shrinks |position| without crossing zero"),
    "order.position_before": Declared("DOUBLE", "position + reserved before this order, signed"),
    "order.position_after": Declared("DOUBLE", "position + reserved + this order, signed"),
    "order.support_ppm": Declared("INT", "mass that approved what became this order"),
    "order.track": Declared("STRING", '"TRADE" or "REDUCE"'),
    "book.name": Declared("STRING", "the book"),
    "book.mode": Declared("STRING", '"NORMAL", "REDUCE_ONLY" or "HALTED"'),
    "book.cash": Declared("DOUBLE", "quote currency"),
    "book.equity": Declared("DOUBLE", "cash + Σ position · P"),
    "book.gross_before": Declared("DOUBLE", "Σ |position + reserved| · P before this order"),
    "book.gross_after": Declared("DOUBLE", "Σ |position + reserved| · P with this order"),
    "book.gross_elsewhere": Declared("DOUBLE", "the same over the other instruments only"),
    "book.net_before": Declared("DOUBLE", "Σ (position + reserved) · P before this order, signed"),
    "book.net_after": Declared("DOUBLE", "Σ (position + reserved) · P with this order, signed"),
    "market.price": Declared("DOUBLE", "P: mid of a fresh quote, else last trade"),
    "market.spread": Declared("DOUBLE", "ask − bid of the fresh quote, 0 without one"),
    "market.quote_age_ms": Declared("DOUBLE", f"age of the last quote, market clock; {NEVER_MS:.0e} if there was none"),
    "market.trade_age_ms": Declared("DOUBLE", f"age of the last trade, market clock; {NEVER_MS:.0e} if there was none"),
    "market.source": Declared("STRING", '"live", "replay" or "synthetic"'),
    "instrument.tick_size": Declared("DOUBLE", "quote currency"),
    "instrument.lot_size": Declared("DOUBLE", "base units"),
    "instrument.min_notional": Declared("DOUBLE", "quote currency"),
    "instrument.max_order_volume": Declared("DOUBLE", "base units"),
    "instrument.min_position": Declared("DOUBLE", "base units, signed"),
    "instrument.max_position": Declared("DOUBLE", "base units, signed"),
    "limits.max_order_value": Declared("DOUBLE", "quote currency"),
    "limits.max_gross": Declared("DOUBLE", "fraction of equity"),
    "limits.max_concentration": Declared("DOUBLE", "fraction of equity"),
    "limits.collar_bp": Declared("DOUBLE", "basis points"),
    "limits.quote_max_age_ms": Declared("DOUBLE", "milliseconds"),
    "limits.trade_max_age_ms": Declared("DOUBLE", "milliseconds"),
    "limits.fee_bp": Declared("DOUBLE", "basis points"),
}

ORDER_SCHEMA: dict[str, Kind] = {name: declared.kind for name, declared in ORDER_FACTS.items()}
