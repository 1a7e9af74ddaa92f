"""The facts that texts in CEL may read: dotted names, their types, what they mean, and what a sound one looks like."""

from __future__ import annotations

from typing import NamedTuple

from rules.engine import Fact, Kind

NEVER_MS = 1e15


class Declared(NamedTuple):
    """`sound` is the value in a sound order on a calm market: examples say only what differs."""

    kind: Kind
    sound: Fact
    meaning: str


_NEVER = f"{NEVER_MS:.0e} if there was none"

ORDER_FACTS: dict[str, Declared] = {
    "order.instrument": Declared("STRING", "BTCUSDT", "symbol"),
    "order.side": Declared("STRING", "buy", '"buy" or "sell"'),
    "order.quantity": Declared("DOUBLE", 0.1, "unsigned, base units"),
    "order.notional": Declared("DOUBLE", 5_000.0, "quantity · P, quote currency"),
    "order.cost": Declared("DOUBLE", 5_000.1, "what it takes from the cash: a buy's notional + fee, a sale's fee"),
    "order.limit": Declared("DOUBLE", 50_250.0, "its limit, or the protective price of a market order"),
    "order.limit_bp": Declared("DOUBLE", 50.0, "|limit / P − 1| in basis points"),
    "order.risk_reducing": Declared("BOOL", False, "shrinks |position| without crossing zero"),
    "order.net_falls": Declared("BOOL", False, "the book's |net| is smaller with this order than before it"),
    "order.position_before": Declared("DOUBLE", 0.0, "position + reserved before this order, signed"),
    "order.position_after": Declared("DOUBLE", 0.1, "position + reserved + this order, signed"),
    "order.track": Declared("STRING", "TRADE", '"TRADE" or "REDUCE"'),
    "order.evidence_age_ms": Declared("DOUBLE", 30.0, "age of its evidence, process clock; a hold does not age it"),
    "order.drift_bp": Declared("DOUBLE", 0.0, "|P / price that the agent saw − 1| in basis points"),
    "order.repeated_execution": Declared("BOOL", False, "one of its authors is stopped here until a person re-enables"),
    "order.duplicates": Declared("INT", 0, "the same side, quantity and limit granted within the duplicate window"),
    "book.name": Declared("STRING", "demo", "the book"),
    "book.mode": Declared("STRING", "NORMAL", '"NORMAL", "REDUCE_ONLY" or "HALTED"'),
    "book.cash": Declared("DOUBLE", 100_000.0, "quote currency"),
    "book.cash_free": Declared("DOUBLE", 100_000.0, "cash − cost of the buys granted and not yet executed, with fees"),
    "book.equity": Declared("DOUBLE", 100_000.0, "cash + Σ position · P"),
    "book.drawdown": Declared("DOUBLE", 0.0, "(peak − equity) / peak, the peak since opening or resume"),
    "book.daily_loss": Declared("DOUBLE", 0.0, "(day-open − equity) / day-open, negative when the day earns; UTC day"),
    "book.gross_before": Declared("DOUBLE", 0.0, "Σ |position + reserved| · P before this order"),
    "book.gross_after": Declared("DOUBLE", 5_000.0, "Σ |position + reserved| · P with this order"),
    "book.gross_elsewhere": Declared("DOUBLE", 0.0, "the same over the other instruments only"),
    "book.net_before": Declared("DOUBLE", 0.0, "Σ (position + reserved) · P before this order, signed"),
    "book.net_after": Declared("DOUBLE", 5_000.0, "Σ (position + reserved) · P with this order, signed"),
    "market.price": Declared("DOUBLE", 50_000.0, "P: mid of a fresh quote, else last trade"),
    "market.spread": Declared("DOUBLE", 0.01, "ask − bid of the fresh quote, 0 without one"),
    "market.quote_age_ms": Declared("DOUBLE", 20.0, f"age of the last quote, market clock; {_NEVER}"),
    "market.trade_age_ms": Declared("DOUBLE", 200.0, f"age of the last trade, market clock; {_NEVER}"),
    "market.lag_ms": Declared("DOUBLE", 5.0, f"how much later than usual the last trade came; {_NEVER}"),
    "market.source": Declared("STRING", "live", '"live", "replay" or "synthetic"'),
    "instrument.suspended": Declared("BOOL", False, "SUSPENDED by a breaker or a person"),
    "instrument.tradable": Declared("BOOL", True, "the venue trades it: session open, no halt flag"),
    "instrument.restricted": Declared("STRING", "", '"", "soft" (reducing is allowed) or "hard"'),
    "instrument.gap_age_ms": Declared("DOUBLE", NEVER_MS, f"since the last unfilled gap of its feed; {_NEVER}"),
    "instrument.volatility": Declared("DOUBLE", 0.001, "(max − min) / min of P over the volatility window"),
    "instrument.calm_age_ms": Declared("DOUBLE", NEVER_MS, f"since the volatility was last at its limit; {_NEVER}"),
    "instrument.losses": Declared("INT", 0, "net losing round trips in a row"),
    "instrument.losses_age_ms": Declared("DOUBLE", NEVER_MS, f"since the last of them, market clock; {_NEVER}"),
    "instrument.tick_size": Declared("DOUBLE", 0.01, "quote currency"),
    "instrument.lot_size": Declared("DOUBLE", 0.00001, "base units"),
    "instrument.min_notional": Declared("DOUBLE", 5.0, "quote currency"),
    "instrument.max_order_volume": Declared("DOUBLE", 0.35, "base units"),
    "instrument.min_position": Declared("DOUBLE", 0.0, "base units, signed"),
    "instrument.max_position": Declared("DOUBLE", 0.7, "base units, signed"),
    "limits.fee_bp": Declared("DOUBLE", 0.2, "basis points of an order's notional"),
    "limits.collar_bp": Declared("DOUBLE", 50.0, "basis points"),
    "limits.max_order_value": Declared("DOUBLE", 10_000.0, "quote currency"),
    "limits.max_gross": Declared("DOUBLE", 1.0, "fraction of equity"),
    "limits.max_net": Declared("DOUBLE", 0.6, "fraction of equity"),
    "limits.max_concentration": Declared("DOUBLE", 0.4, "fraction of equity"),
    "limits.drawdown_reduce": Declared("DOUBLE", 0.05, "fraction of the peak"),
    "limits.drawdown_halt": Declared("DOUBLE", 0.08, "fraction of the peak"),
    "limits.daily_loss_reduce": Declared("DOUBLE", 0.02, "fraction of the day-open"),
    "limits.daily_loss_halt": Declared("DOUBLE", 0.03, "fraction of the day-open"),
    "limits.losses_in_row": Declared("INT", 4, "net losing round trips"),
    "limits.losses_cooldown_ms": Declared("DOUBLE", 600_000.0, "milliseconds, market clock"),
    "limits.duplicate_window_ms": Declared("DOUBLE", 2_000.0, "milliseconds, process clock"),
    "limits.quote_max_age_ms": Declared("DOUBLE", 1_000.0, "milliseconds, market clock"),
    "limits.trade_max_age_ms": Declared("DOUBLE", 5_000.0, "milliseconds, market clock"),
    "limits.gap_clean_ms": Declared("DOUBLE", 5_000.0, "milliseconds, market clock"),
    "limits.proposal_max_age_ms": Declared("DOUBLE", 500.0, "milliseconds, process clock"),
    "limits.drift_bp": Declared("DOUBLE", 20.0, "basis points"),
    "limits.volatility_window_ms": Declared("DOUBLE", 60_000.0, "milliseconds, market clock"),
    "limits.max_volatility": Declared("DOUBLE", 0.01, "(max − min) / min"),
    "limits.live_only": Declared("BOOL", False, "the book trades on live data only"),
}

SIGNAL_FACTS: dict[str, Declared] = {
    "market.instrument": Declared("STRING", "BTCUSDT", "symbol"),
    "market.price": Declared("DOUBLE", 50_000.0, "P: mid of a fresh quote, else last trade"),
    "market.spread_bp": Declared("DOUBLE", 0.2, "spread / P in basis points"),
    "market.cost_bp": Declared("DOUBLE", 0.6, "c = 2 · fee + spread / P in basis points"),
    "market.imbalance": Declared("DOUBLE", 0.0, "(bid size − ask size) / both of a fresh quote, else 0"),
    "market.move_5s": Declared("DOUBLE", 0.0, "decayed return over 5 s in standard deviations"),
    "market.move_30s": Declared("DOUBLE", 0.0, "decayed return over 30 s in standard deviations"),
    "market.trend": Declared("DOUBLE", 1.0, "variance ratio: above 1 prices trend, below 1 they revert"),
    "book.position": Declared("DOUBLE", 0.0, "base units, signed"),
}


def _schema(facts: dict[str, Declared]) -> dict[str, Kind]:
    return {name: declared.kind for name, declared in facts.items()}


def _sound(facts: dict[str, Declared]) -> dict[str, Fact]:
    return {name: declared.sound for name, declared in facts.items()}


ORDER_SCHEMA, SIGNAL_SCHEMA = _schema(ORDER_FACTS), _schema(SIGNAL_FACTS)
BASELINE, SIGNAL_BASELINE = _sound(ORDER_FACTS), _sound(SIGNAL_FACTS)


def example(schema: dict[str, Kind], sound: dict[str, Fact], changed: dict[str, Fact]) -> dict[str, Fact]:
    """`changed` laid over sound facts; a whole number stands for a DOUBLE where one is declared."""
    laid = {
        name: float(value) if schema.get(name) == "DOUBLE" and type(value) is int else value
        for name, value in changed.items()
    }
    return sound | laid
