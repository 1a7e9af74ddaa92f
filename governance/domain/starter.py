"""The starter rulebook: the controls of a new book that are rules; their parameters are the book's limits.

`controls.py` has the whole table, with those that are built in.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from rules.facts import NEVER_MS
from streams.events import RuleActivated, RuleClause
from streams.parts import Effect, Fact, RuleExample

Examples = tuple[RuleExample, ...]


def starter_rules(who: str, why: str = "Starter rulebook") -> tuple[RuleActivated, ...]:
    """Twenty rules at their first version, each with its examples."""
    return tuple(replace(rule, who=who, why=why) for make in _CHAPTERS for rule in make())


def _order_size() -> Iterator[RuleActivated]:
    yield _rule(
        "price-collar",
        "Protective limit inside the price collar (three times as wide when risk shrinks)",
        {"limit inside collar": "order.limit_bp <= limits.collar_bp * (order.risk_reducing ? 3.0 : 1.0)"},
        _passes("at the collar", {"order.limit_bp": 50.0}),
        _breaches("outside", {"order.limit_bp": 50.1}),
        _passes("three times as far out of a position", {"order.limit_bp": 150.0, "order.risk_reducing": True}),
        _breaches("farther out of a position", {"order.limit_bp": 150.1, "order.risk_reducing": True}),
        exempt=False,
    )
    yield _rule(
        "max-order-value",
        "Largest value of one order",
        {"value inside limit": "order.notional <= limits.max_order_value"},
        *_trio({"order.notional": 10_000.0}, {"order.notional": 10_000.01}),
        clip_to="limits.max_order_value / market.price",
    )
    yield _rule(
        "max-order-volume",
        "Largest quantity of one order",
        {"quantity inside limit": "order.quantity <= instrument.max_order_volume"},
        *_trio({"order.quantity": 0.35}, {"order.quantity": 0.36}),
        clip_to="instrument.max_order_volume",
    )


def _exposure() -> Iterator[RuleActivated]:
    yield _rule(
        "position-limit",
        "Position inside the instrument's limits",
        {
            "not below minimum": "order.position_after >= instrument.min_position",
            "not above maximum": "order.position_after <= instrument.max_position",
        },
        *_trio({"order.position_after": 0.7}, {"order.position_after": 0.71}),
        _breaches("short of a spot instrument", {"order.side": "sell", "order.position_after": -0.01}),
        clip_to='order.side == "buy" ? instrument.max_position - order.position_before'
        " : order.position_before - instrument.min_position",
    )
    yield _rule(
        "gross-exposure",
        "Gross exposure inside the limit",
        {"gross inside limit": "book.gross_after <= limits.max_gross * book.equity"},
        *_trio({"book.gross_after": 100_000.0}, {"book.gross_after": 100_001.0}),
        clip_to=_room("limits.max_gross * book.equity - book.gross_elsewhere"),
    )
    yield _rule(
        "net-exposure",
        "Net exposure inside the limit, unless |net| falls",
        {
            "not too long": "order.net_falls || book.net_after <= limits.max_net * book.equity",
            "not too short": "order.net_falls || -book.net_after <= limits.max_net * book.equity",
        },
        _passes("at the limit", {"book.net_after": 60_000.0}),
        _breaches("long beyond it", {"book.net_after": 60_001.0}),
        _breaches("short beyond it", {"order.side": "sell", "book.net_after": -60_001.0}),
        _breaches("a smaller position, a larger net", {"book.net_after": 60_001.0, "order.risk_reducing": True}),
        _passes("|net| falls", {"book.net_before": 80_000.0, "book.net_after": 70_000.0, "order.net_falls": True}),
        clip_to="(limits.max_net * book.equity"
        ' + (order.side == "buy" ? -book.net_before : book.net_before)) / market.price',
        exempt=False,
    )
    yield _rule(
        "concentration",
        "One instrument's share of equity inside the limit",
        {
            "long inside limit": "order.position_after * market.price <= limits.max_concentration * book.equity",
            "short inside limit": "-order.position_after * market.price <= limits.max_concentration * book.equity",
        },
        *_trio({"order.position_after": 0.8}, {"order.position_after": 0.81}),
        _breaches("short beyond it", {"order.side": "sell", "order.position_after": -0.81}),
        clip_to=_room("limits.max_concentration * book.equity"),
    )
    yield _rule(
        "buying-power",
        "The cash that is free pays for the order and its fee",
        {"cash is there": "order.cost <= book.cash_free"},
        *_trio({"book.cash_free": 5_000.1}, {"book.cash_free": 5_000.0}),
    )


def _losses() -> Iterator[RuleActivated]:
    yield _rule(
        "drawdown-stop",
        "No new risk while equity is too far below its peak",
        {"drawdown below limit": "book.drawdown < limits.drawdown_reduce"},
        *_trio({"book.drawdown": 0.0499}, {"book.drawdown": 0.05}),
    )
    yield _rule(
        "daily-loss",
        "No new risk after too large a loss since the open of the UTC market day",
        {"loss below limit": "book.daily_loss < limits.daily_loss_reduce"},
        *_trio({"book.daily_loss": 0.0199}, {"book.daily_loss": 0.02}),
    )
    lost: dict[str, Fact] = {"instrument.losses": 4, "instrument.losses_age_ms": 599_999.0}
    yield _rule(
        "consecutive-losses",
        "A pause after several losing round trips in a row",
        {
            "few losses, or long ago": "instrument.losses < limits.losses_in_row"
            " || instrument.losses_age_ms >= limits.losses_cooldown_ms"
        },
        *_trio({"instrument.losses": 3, "instrument.losses_age_ms": 0.0}, lost),
        _passes("after the cooldown", {"instrument.losses": 4, "instrument.losses_age_ms": 600_000.0}),
    )


def _conduct() -> Iterator[RuleActivated]:
    yield _rule(
        "repeated-execution",
        "Nobody who was filled too often on one side, until a person re-enables it",
        {"not stopped": "!order.repeated_execution"},
        *_trio({"order.repeated_execution": False}, {"order.repeated_execution": True}),
    )
    yield _rule(
        "duplicate-order",
        "Not the same order twice within the window",
        {"not granted just now": "order.duplicates == 0"},
        _passes("the first", {"order.duplicates": 0}),
        _breaches("the second", {"order.duplicates": 1}),
        _breaches("the second, out of a position", {"order.duplicates": 1, "order.risk_reducing": True}),
        exempt=False,
    )
    yield _rule(
        "stale-proposal",
        "Evidence is young and the price is near what the agent saw",
        {
            "evidence is young": "order.evidence_age_ms <= limits.proposal_max_age_ms",
            "price has not drifted": "order.risk_reducing || order.drift_bp <= limits.drift_bp",
        },
        _passes("as old as may be", {"order.evidence_age_ms": 500.0, "order.drift_bp": 20.0}),
        _breaches("older", {"order.evidence_age_ms": 500.1}),
        _breaches("older, out of a position", {"order.evidence_age_ms": 500.1, "order.risk_reducing": True}),
        _breaches("drifted", {"order.drift_bp": 20.1}),
        _passes("drifted, out of a position", {"order.drift_bp": 20.1, "order.risk_reducing": True}),
        exempt=False,
    )


def _access() -> Iterator[RuleActivated]:
    yield _rule(
        "restricted-list",
        "The instrument is not on the restricted list (soft: it may be reduced)",
        {"not restricted": 'instrument.restricted == "" || (instrument.restricted == "soft" && order.risk_reducing)'},
        _passes("not listed", {"instrument.restricted": ""}),
        _breaches("soft", {"instrument.restricted": "soft"}),
        _passes("soft, out of a position", {"instrument.restricted": "soft", "order.risk_reducing": True}),
        _breaches("hard, out of a position", {"instrument.restricted": "hard", "order.risk_reducing": True}),
        exempt=False,
    )
    yield _rule(
        "trading-status",
        "The venue trades the instrument",
        {"tradable": "instrument.tradable"},
        _passes("open", {"instrument.tradable": True}),
        _breaches("halted", {"instrument.tradable": False}),
        _breaches("halted, out of a position", {"instrument.tradable": False, "order.risk_reducing": True}),
        exempt=False,
    )
    yield _rule(
        "data-source",
        "Live data only, where the book says so",
        {"live": '!limits.live_only || market.source == "live"'},
        *_trio({"market.source": "replay"}, {"market.source": "replay", "limits.live_only": True}),
        _passes("live", {"limits.live_only": True}),
    )


def _market() -> Iterator[RuleActivated]:
    yield _rule(
        "stale-data",
        "Quote or trade is young enough",
        {
            "quote or trade fresh": "market.quote_age_ms <= limits.quote_max_age_ms"
            " || market.trade_age_ms <= limits.trade_max_age_ms"
        },
        *_trio(
            {"market.quote_age_ms": 1_001.0, "market.trade_age_ms": 5_000.0},
            {"market.quote_age_ms": 1_001.0, "market.trade_age_ms": 5_001.0},
        ),
        _passes("only the quote is young", {"market.quote_age_ms": 1_000.0, "market.trade_age_ms": NEVER_MS}),
    )
    yield _rule(
        "feed-gap",
        "The feed has been without an unfilled gap for a while",
        {"clean long enough": "instrument.gap_age_ms >= limits.gap_clean_ms"},
        *_trio({"instrument.gap_age_ms": 5_000.0}, {"instrument.gap_age_ms": 4_999.0}),
    )
    yield _rule(
        "volatility-breaker",
        "The price has not moved too far within the window, and has been calm for as long",
        {
            "inside limit": "instrument.volatility <= limits.max_volatility",
            "calm long enough": "instrument.calm_age_ms >= limits.volatility_window_ms",
        },
        *_trio({"instrument.volatility": 0.01}, {"instrument.volatility": 0.0101}),
        _breaches("calm, not yet for long", {"instrument.calm_age_ms": 59_999.0}),
        _passes("calm for long", {"instrument.calm_age_ms": 60_000.0}),
    )


_CHAPTERS = (_order_size, _exposure, _losses, _conduct, _access, _market)


def _rule(
    name: str,
    title: str,
    clauses: dict[str, str],
    *examples: RuleExample,
    clip_to: str = "",
    exempt: bool = True,
) -> RuleActivated:
    effect: Effect = "clip" if clip_to else "deny"
    return RuleActivated(
        rule=name,
        version=1,
        title=title,
        effect=effect,
        clauses=tuple(RuleClause(name=clause, cel=cel) for clause, cel in clauses.items()),
        clip_to=clip_to,
        exempt_risk_reducing=exempt,
        examples=examples,
        who="",
        why="",
    )


def _room(exposure: str) -> str:
    """The largest quantity that leaves |position| · P within `exposure`."""
    signed = '(order.side == "buy" ? order.position_before : -order.position_before)'
    return f"({exposure}) / market.price - {signed}"


def _trio(sound: dict[str, Fact], breach: dict[str, Fact]) -> Examples:
    """What passes, what does not, and the same out of a position."""
    exempt = RuleExample(name="out of a position", facts=breach | {"order.risk_reducing": True}, verdict="exempt")
    return _passes("inside", sound), _breaches("outside", breach), exempt


def _passes(name: str, facts: dict[str, Fact]) -> RuleExample:
    return RuleExample(name=name, facts=facts, verdict="passes")


def _breaches(name: str, facts: dict[str, Fact]) -> RuleExample:
    return RuleExample(name=name, facts=facts, verdict="breaches")
