"""The starter rulebook: price collar, order value, position, gross exposure and stale data."""

from __future__ import annotations

from streams.events import RuleActivated, RuleClause


def starter_rules(who: str, why: str = "Starter rulebook") -> tuple[RuleActivated, ...]:
    """Five controls as a new book has them; their parameters are the book's limits."""
    return (
        RuleActivated(
            rule="price-collar",
            version=1,
            title="Protective limit inside the price collar (three times as wide when risk shrinks)",
            effect="deny",
            clauses=(
                RuleClause(
                    name="limit inside collar",
                    cel="order.limit_bp <= limits.collar_bp * (order.risk_reducing ? 3.0 : 1.0)",
                ),
            ),
            exempt_risk_reducing=False,
            who=who,
            why=why,
        ),
        RuleActivated(
            rule="max-order-value",
            version=1,
            title="Largest value of one order",
            effect="clip",
            clauses=(RuleClause(name="value inside limit", cel="order.notional <= limits.max_order_value"),),
            clip_to="limits.max_order_value / market.price",
            who=who,
            why=why,
        ),
        RuleActivated(
            rule="position-limit",
            version=1,
            title="Position inside the instrument's limits",
            effect="clip",
            clauses=(
                RuleClause(name="not below minimum", cel="order.position_after >= instrument.min_position"),
                RuleClause(name="not above maximum", cel="order.position_after <= instrument.max_position"),
            ),
            clip_to='order.side == "buy" ? instrument.max_position - order.position_before'
            " : order.position_before - instrument.min_position",
            who=who,
            why=why,
        ),
        RuleActivated(
            rule="gross-exposure",
            version=1,
            title="Gross exposure inside the limit",
            effect="clip",
            clauses=(RuleClause(name="gross inside limit", cel="book.gross_after <= limits.max_gross * book.equity"),),
            clip_to="(limits.max_gross * book.equity - book.gross_elsewhere) / market.price"
            ' - (order.side == "buy" ? order.position_before : -order.position_before)',
            who=who,
            why=why,
        ),
        RuleActivated(
            rule="stale-data",
            version=1,
            title="Quote or trade is young enough",
            effect="deny",
            clauses=(
                RuleClause(
                    name="quote or trade fresh",
                    cel="market.quote_age_ms <= limits.quote_max_age_ms"
                    " || market.trade_age_ms <= limits.trade_max_age_ms",
                ),
            ),
            who=who,
            why=why,
        ),
    )
