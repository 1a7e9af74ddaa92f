"""The table of the 23 controls: what each limits, where it is enforced, its parameters and what is exempt from it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Where = Literal["rule", "admission", "clearing", "execution"]
RR = "orders that shrink risk"
NO_ONE = "nothing"


class Control(Struct, frozen=True):
    """`rule` is its name in the starter rulebook, empty for what is built in. `parameters` are terms of the book or,
    after `instrument.`, of the instrument."""

    number: int
    name: str
    where: Where
    breach: str
    parameters: tuple[str, ...]
    exempt: str
    rule: str = ""


CONTROLS: tuple[Control, ...] = (
    Control(1, "price collar", "rule", "deny", ("collar_bp",), f"{RR}: three times as wide", "price-collar"),
    Control(2, "max order value", "rule", "clip", ("max_order_value",), RR, "max-order-value"),
    Control(3, "max order volume", "rule", "clip", ("instrument.max_order_volume",), RR, "max-order-volume"),
    Control(4, "message rate", "admission", "refuse", ("messages_per_s", "message_burst"), "REDUCE, HALT and ballots"),
    Control(
        5,
        "repeated execution",
        "rule",
        "deny, latched until a person re-enables",
        ("repeated_fills", "repeated_window_s"),
        RR,
        "repeated-execution",
    ),
    Control(
        6,
        "position limit",
        "rule",
        "clip",
        ("instrument.min_position", "instrument.max_position"),
        RR,
        "position-limit",
    ),
    Control(7, "gross exposure", "rule", "clip", ("max_gross",), RR, "gross-exposure"),
    Control(8, "net exposure", "rule", "clip", ("max_net",), "orders with which |net| falls", "net-exposure"),
    Control(9, "concentration", "rule", "clip", ("max_concentration",), RR, "concentration"),
    Control(10, "drawdown stop", "rule", "deny", ("drawdown_reduce",), RR, "drawdown-stop"),
    Control(11, "daily loss", "rule", "deny", ("daily_loss_reduce",), RR, "daily-loss"),
    Control(12, "consecutive losses", "rule", "deny", ("losses_in_row", "losses_cooldown_s"), RR, "consecutive-losses"),
    Control(13, "duplicate order", "rule", "deny", ("duplicate_window_ms",), NO_ONE, "duplicate-order"),
    Control(
        14,
        "restricted list",
        "rule",
        "deny",
        ("restricted instruments, from and to",),
        f"{RR}, unless hard",
        "restricted-list",
    ),
    Control(15, "self-trade prevention", "execution", "cancel the older of two that would cross", (), NO_ONE),
    Control(16, "stale data", "rule", "deny", ("quote_max_age_ms", "trade_max_age_ms"), RR, "stale-data"),
    Control(17, "feed gap", "rule", "deny", ("gap_clean_ms",), RR, "feed-gap"),
    Control(
        18,
        "stale proposal",
        "rule",
        "deny",
        ("proposal_max_age_ms", "drift_bp"),
        f"of the age nothing, of the drift {RR}",
        "stale-proposal",
    ),
    Control(
        19,
        "volatility breaker",
        "rule",
        "deny",
        ("volatility_window_s", "max_volatility"),
        RR,
        "volatility-breaker",
    ),
    Control(
        20,
        "venue filters",
        "clearing",
        "round toward zero to the lot and passively to the tick; below the venue's minimum deny",
        ("instrument.tick_size", "instrument.lot_size", "instrument.min_notional"),
        f"{NO_ONE}: the dust is kept and reported",
    ),
    Control(21, "buying power", "rule", "deny", ("fee_bp",), RR, "buying-power"),
    Control(22, "trading status", "rule", "deny", ("the venue's status",), NO_ONE, "trading-status"),
    Control(23, "data source", "rule", "deny", ("live_only",), RR, "data-source"),
)
