"""What the rules may read of one order, taken from the book and the market as the round finds them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from governance.domain.arbitration import Survivor, reduces
from governance.domain.situation import NS_PER_MS, Situation
from governance.domain.state import ZERO
from market.domain.instrument import to_tick
from rules.engine import Fact
from rules.facts import NEVER_MS
from streams.events import Ages, BookTerms, Conditions, InstrumentTerms, MarketView
from streams.messages import Side, Track

BP = Decimal(10_000)
MS_PER_S = 1_000.0
WIDER_WHEN_REDUCING = 3
ALL_IS_LOST = 1.0
CALM = Conditions()


class OfDecision:
    """The facts that all orders of one decision share, worked out once."""

    __slots__ = ("facts", "fee", "situation")

    def __init__(self, situation: Situation, track: Track) -> None:
        self.situation = situation
        self.fee = situation.terms.fee_bp / BP
        self.facts: dict[str, Fact] = {
            "order.track": track,
            "book.name": situation.book,
            "book.mode": situation.mode,
            "book.cash": float(situation.cash),
            **_standing(situation),
            **_limits(situation.terms),
        }

    def committed(self) -> Decimal | None:
        """What the buys cost, with fees, that are granted and not yet executed; None without a price of one."""
        cost = ZERO
        for instrument, quantity in self.situation.reserved.items():
            if quantity > 0:
                if instrument not in self.situation.markets:
                    return None
                cost += self.cost(quantity, self.situation.markets[instrument].price)
        return cost

    def cost(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Of a signed quantity: a buy's value and fee, a sale's fee."""
        value = abs(quantity) * price
        return value * self.fee + (value if quantity > 0 else ZERO)


def facts(
    survivor: Survivor, held: Mapping[str, Decimal], committed: Decimal | None, shared: OfDecision
) -> dict[str, Fact]:
    """Everything that a rule may read of one order; `held` is the book as the other orders leave it, `committed` the
    cash that they take. Empty where something has no price: the rule engine refuses such a set."""
    situation, instrument = shared.situation, survivor.instrument
    market, exposure = situation.markets.get(instrument), _elsewhere(instrument, held, situation)
    if market is None or exposure is None or committed is None or situation.equity is None:
        return {}
    terms = situation.instruments[instrument]
    before = held[instrument]
    quantity = survivor.quantity
    conditions = situation.conditions.get(instrument, CALM)
    return (
        shared.facts
        | _order(survivor, before, market, shared)
        | _exposures(before, before + quantity, market.price, *exposure)
        | {"book.cash_free": float(situation.cash - committed)}
        | _market(market, situation.ages[instrument])
        | _instrument(terms)
        | _conditions(conditions)
        | _conduct(survivor, conditions, market.price, situation)
    )


def protective_limit(survivor: Survivor, situation: Situation) -> Decimal:
    """P·(1 ± collar), three times as far when risk shrinks, rounded passively to the tick."""
    side = side_of(survivor)
    price = situation.markets[survivor.instrument].price
    width = situation.terms.collar_bp * (WIDER_WHEN_REDUCING if survivor.reducing else 1) / BP
    limit = price * (1 + width if side == "buy" else 1 - width)
    return to_tick(limit, situation.instruments[survivor.instrument].tick_size, side)


def limit_of(survivor: Survivor, situation: Situation) -> Decimal:
    """The protective price, or the limit that was asked for where that is stricter, rounded passively to the tick."""
    protective, side, asked = protective_limit(survivor, situation), side_of(survivor), survivor.manner.limit
    if asked is None:
        return protective
    limit = to_tick(asked, situation.instruments[survivor.instrument].tick_size, side)
    return min(limit, protective) if side == "buy" else max(limit, protective)


def side_of(survivor: Survivor) -> Side:
    return "buy" if survivor.quantity > 0 else "sell"


def _elsewhere(instrument: str, held: Mapping[str, Decimal], situation: Situation) -> tuple[Decimal, Decimal] | None:
    """Gross and net over the other instruments; None where one that is held has no price."""
    gross = net = ZERO
    for name, quantity in held.items():
        if quantity and name != instrument:
            market = situation.markets.get(name)
            if market is None:
                return None
            value = quantity * market.price
            gross, net = gross + abs(value), net + value
    return gross, net


def _order(survivor: Survivor, before: Decimal, market: MarketView, shared: OfDecision) -> dict[str, Fact]:
    quantity, price = survivor.quantity, market.price
    limit = limit_of(survivor, shared.situation)
    return {
        "order.instrument": survivor.instrument,
        "order.side": side_of(survivor),
        "order.quantity": float(abs(quantity)),
        "order.notional": float(abs(quantity) * price),
        "order.cost": float(shared.cost(quantity, price)),
        "order.limit": float(limit),
        "order.limit_bp": float(abs(limit - price) * BP / price),
        "order.risk_reducing": reduces(before, before + quantity),
        "order.position_before": float(before),
        "order.position_after": float(before + quantity),
    }


def _exposures(before: Decimal, after: Decimal, price: Decimal, gross: Decimal, net: Decimal) -> dict[str, Fact]:
    net_before, net_after = net + before * price, net + after * price
    return {
        "order.net_falls": abs(net_after) < abs(net_before),
        "book.gross_before": float(gross + abs(before) * price),
        "book.gross_after": float(gross + abs(after) * price),
        "book.gross_elsewhere": float(gross),
        "book.net_before": float(net_before),
        "book.net_after": float(net_after),
    }


def _market(market: MarketView, ages: Ages) -> dict[str, Fact]:
    return {
        "market.price": float(market.price),
        "market.spread": float(market.spread),
        "market.quote_age_ms": _ms(ages.quote),
        "market.trade_age_ms": _ms(ages.trade),
        "market.lag_ms": _ms(ages.lag),
        "market.source": market.source,
    }


def _instrument(terms: InstrumentTerms) -> dict[str, Fact]:
    return {
        "instrument.tick_size": float(terms.tick_size),
        "instrument.lot_size": float(terms.lot_size),
        "instrument.min_notional": float(terms.min_notional),
        "instrument.max_order_volume": float(terms.max_order_volume),
        "instrument.min_position": float(terms.min_position),
        "instrument.max_position": float(terms.max_position),
    }


def _conditions(known: Conditions) -> dict[str, Fact]:
    """Losses of which nobody knows when they were are fresh ones."""
    losses_age = 0 if known.losses and known.losses_age is None else known.losses_age
    return {
        "instrument.suspended": known.suspended,
        "instrument.tradable": known.tradable,
        "instrument.restricted": known.restricted,
        "instrument.gap_age_ms": _ms(known.gap_age),
        "instrument.volatility": float(known.volatility),
        "instrument.calm_age_ms": _ms(known.calm_age),
        "instrument.losses": known.losses,
        "instrument.losses_age_ms": _ms(losses_age),
    }


def _conduct(survivor: Survivor, known: Conditions, price: Decimal, situation: Situation) -> dict[str, Fact]:
    """How the proposal came about and what was granted lately."""
    seen = price if survivor.seen is None else survivor.seen
    age = abs(situation.now - survivor.evidence_at) if survivor.evidence_at else 0
    order = (side_of(survivor), abs(survivor.quantity), limit_of(survivor, situation)) if known.granted else ()
    return {
        "order.evidence_age_ms": age / NS_PER_MS,
        "order.drift_bp": float(abs(price - seen) * BP / seen),
        "order.repeated_execution": any(agent in known.latched for agent in survivor.agents),
        "order.duplicates": sum((each.side, each.quantity, each.limit) == order for each in known.granted),
    }


def _standing(situation: Situation) -> dict[str, Fact]:
    """Before the first mark the present equity is peak and day-open. A mark that is not above zero is a total loss."""
    equity = situation.equity
    if equity is None:
        return {}
    return {
        "book.equity": float(equity),
        "book.drawdown": _lost(equity, situation.standing.peak),
        "book.daily_loss": _lost(equity, situation.standing.day_open),
    }


def _lost(equity: Decimal, mark: Decimal | None) -> float:
    mark = equity if mark is None else mark
    return float((mark - equity) / mark) if mark > 0 else ALL_IS_LOST


def _limits(terms: BookTerms) -> dict[str, Fact]:
    return {
        "limits.fee_bp": float(terms.fee_bp),
        "limits.collar_bp": float(terms.collar_bp),
        "limits.max_order_value": float(terms.max_order_value),
        "limits.max_gross": float(terms.max_gross),
        "limits.max_net": float(terms.max_net),
        "limits.max_concentration": float(terms.max_concentration),
        "limits.drawdown_reduce": float(terms.drawdown_reduce),
        "limits.drawdown_halt": float(terms.drawdown_halt),
        "limits.daily_loss_reduce": float(terms.daily_loss_reduce),
        "limits.daily_loss_halt": float(terms.daily_loss_halt),
        "limits.losses_in_row": terms.losses_in_row,
        "limits.losses_cooldown_ms": terms.losses_cooldown_s * MS_PER_S,
        "limits.duplicate_window_ms": float(terms.duplicate_window_ms),
        "limits.quote_max_age_ms": float(terms.quote_max_age_ms),
        "limits.trade_max_age_ms": float(terms.trade_max_age_ms),
        "limits.gap_clean_ms": float(terms.gap_clean_ms),
        "limits.proposal_max_age_ms": float(terms.proposal_max_age_ms),
        "limits.drift_bp": float(terms.drift_bp),
        "limits.volatility_window_ms": terms.volatility_window_s * MS_PER_S,
        "limits.max_volatility": float(terms.max_volatility),
        "limits.live_only": terms.live_only,
    }


def _ms(age: int | None) -> float:
    """Of an age in ns; never is long ago."""
    return NEVER_MS if age is None else age / NS_PER_MS
