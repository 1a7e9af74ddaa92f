"""Limits and breakers in words: what each measures, what happens at it, and how a reading of it stands."""

from __future__ import annotations

from typing import NamedTuple

MEASURED = {
    "drawdown": "How much of the highest equity since the opening or the last resume is lost.",
    "daily_loss": "How much of the equity at the start of the market's day (UTC) is lost.",
    "reject_rate": "How many of the latest orders the venue has refused.",
    "stale_feed": "How long no price has come.",
    "repeated_execution": "How often an agent's orders on one side were filled within a short time, or how often that "
    "happened.",
    "reconciliation": "How far the book's own account is from the venue's.",
    "identity": "Whether somebody spoke in a name that is not theirs or with a revoked key, or tampered with a stream.",
    "volatility-breaker": "How far the price has moved from its lowest to its highest.",
    "consecutive-losses": "How many round trips, from flat to flat, have lost in a row.",
}
TITLES = {"volatility-breaker": "Volatility", "consecutive-losses": "Consecutive losses"}
EFFECTS = {
    "HALTED": "halts the book",
    "REDUCE_ONLY": "the book may only reduce",
    "SUSPENDED": "the instrument may only be reduced",
    "REFUSED": "what was said so is refused, and kept among the dead letters",
    "LATCHED": "stops the agent on the instrument until a person clears it",
    "DENIED": "its rule denies orders that take on risk",
}
FRACTIONS = frozenset({"drawdown", "daily_loss", "reject_rate", "volatility-breaker"})
UNITS = {"stale_feed": " s"}
LIMITS = {
    "gross": ("Gross exposure", "Σ |position · price| ≤ {limit} of equity", "orders are cut to it"),
    "net": ("Net exposure", "|Σ position · price| ≤ {limit} of equity", "orders are cut to it"),
    "concentration": ("Share of equity", "|position · price| ≤ {limit} of equity", "orders are cut to it"),
    "position": ("Largest position", "{low} ≤ position ≤ {high}", "orders are cut to it"),
}


class State(NamedTuple):
    """`rank` sorts, the worst is highest; `look` and `icon` never stand without the `title`."""

    rank: int
    title: str
    look: str
    icon: str


STATES = {
    "latched": State(5, "latched", "bad", "halted"),
    "tripped": State(4, "tripped", "bad", "refused"),
    "over": State(4, "at its limit", "bad", "refused"),
    "unknown": State(3, "not known", "", "lost"),
    "warned": State(2, "near its limit", "warn", "late"),
    "ok": State(1, "ok", "good", "granted"),
}

OF_EQUITY, PERCENT, BP, SECONDS, MS = "% of equity", "%", "bp", "s", "ms"
PARAMETERS = {
    "collar_bp": ("from the price of now, at most", BP),
    "max_order_value": ("an order is worth at most", "{quote}"),
    "instrument.max_order_volume": ("an order has at most", "units"),
    "messages_per_s": ("an agent’s messages, steadily", "a second"),
    "message_burst": ("at once, at most", "messages"),
    "repeated_fills": ("fills on one side that trip it", "fills"),
    "repeated_window_s": ("counted within", SECONDS),
    "instrument.min_position": ("position, at least", "units"),
    "instrument.max_position": ("position, at most", "units"),
    "max_gross": ("gross exposure, at most", OF_EQUITY),
    "max_net": ("net exposure, at most", OF_EQUITY),
    "max_concentration": ("one instrument, at most", OF_EQUITY),
    "drawdown_reduce": ("lost of the peak, below", OF_EQUITY),
    "daily_loss_reduce": ("lost of the day’s start, below", OF_EQUITY),
    "losses_in_row": ("lost in a row, below", "round trips"),
    "losses_cooldown_s": ("then a pause of", SECONDS),
    "duplicate_window_ms": ("the same order again only after", MS),
    "quote_max_age_ms": ("the last quote is at most as old as", MS),
    "trade_max_age_ms": ("the last trade is at most as old as", MS),
    "gap_clean_ms": ("after a gap, clean data for", MS),
    "proposal_max_age_ms": ("a proposal is at most as old as", MS),
    "drift_bp": ("the price has moved since, at most", BP),
    "volatility_window_s": ("measured over", SECONDS),
    "max_volatility": ("from lowest to highest, below", PERCENT),
    "instrument.tick_size": ("price in steps of", "{quote}"),
    "instrument.lot_size": ("quantity in steps of", "units"),
    "instrument.min_notional": ("an order is worth at least", "{quote}"),
    "fee_bp": ("fee that is counted in", BP),
    "live_only": ("only live prices", ""),
}
"""What each parameter of a control says, and the unit of its value; what is in percent is a fraction in the terms."""
