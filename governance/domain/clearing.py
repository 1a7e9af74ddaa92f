"""The last step of arbitration: rules on all survivors against the book as it would be, reductions first.

Each order is judged with those before it already in the book, so the book after the last one has been judged. A clip
only shrinks, is rounded toward zero to the lot and checked once more: a breach then denies. What a clip frees is not
handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from governance.domain.arbitration import Cut, Survivor
from governance.domain.rulebook import Denial, Judgement, Rulebook
from governance.domain.situation import NS_PER_MS, Situation
from governance.domain.state import ZERO
from market.domain.instrument import to_lot, to_tick
from rules.engine import Fact
from rules.facts import NEVER_MS
from streams.envelope import derived_id
from streams.events import ClauseTrace, OrderTicket
from streams.messages import Code, Side, Track

BP = Decimal(10_000)
WIDER_WHEN_REDUCING = 3


class Cleared(Struct, frozen=True):
    """What the rules made of one survivor: a ticket, or the denial."""

    survivor: Survivor
    ticket: OrderTicket | None
    cut: Cut | None
    denial: Denial | None


class Clearing(Struct, frozen=True):
    cleared: tuple[Cleared, ...]
    traces: tuple[ClauseTrace, ...]


def clear(
    survivors: Sequence[Survivor], situation: Situation, rulebook: Rulebook, decision_id: str, track: Track
) -> Clearing:
    """Rules jointly on what survived; the order of `survivors` does not matter."""
    held = dict(situation.held)
    cleared: list[Cleared] = []
    traces: list[ClauseTrace] = []
    for survivor in sorted(survivors, key=lambda each: (not each.reducing, each.hash)):
        order_id = derived_id("order", decision_id, survivor.instrument)
        result = _clear(survivor, order_id, held, situation, rulebook, track, traces)
        cleared.append(result)
        if result.ticket is not None:
            quantity = result.ticket.quantity
            held[survivor.instrument] += quantity if result.ticket.side == "buy" else -quantity
    return Clearing(tuple(cleared), tuple(traces))


def _clear(
    survivor: Survivor,
    order_id: str,
    held: dict[str, Decimal],
    situation: Situation,
    rulebook: Rulebook,
    track: Track,
    traces: list[ClauseTrace],
) -> Cleared:
    judgement = _judge(survivor, order_id, held, situation, rulebook, track, traces)
    cut: Cut | None = None
    if judgement.denial is None and judgement.largest is not None:
        rule, size = judgement.clipped_by, abs(survivor.quantity)
        lot = situation.instruments[survivor.instrument].lot_size
        clipped = min(size, to_lot(judgement.largest, lot))
        if clipped <= 0:
            return Cleared(survivor, None, None, Denial(rule, Code.RULE_DENIED, f"less than a lot of {lot} is left"))
        sign = 1 if survivor.quantity > 0 else -1
        survivor = replace(survivor, target=survivor.held + sign * clipped)
        cut = Cut(Code.CLIPPED, rule, f"from {size} to {clipped}")
        judgement = _judge(survivor, order_id, held, situation, rulebook, track, traces)
        if judgement.denial is None and judgement.largest is not None:
            again = Denial(judgement.clipped_by, Code.RULE_DENIED, "still breached after the clip")
            return Cleared(survivor, None, None, again)
    if judgement.denial is not None:
        return Cleared(survivor, None, None, judgement.denial)
    ticket = _ticket(survivor, order_id, situation)
    minimum = situation.instruments[survivor.instrument].min_notional
    if ticket.quantity * situation.markets[survivor.instrument].price < minimum:
        return Cleared(survivor, None, None, Denial("min_notional", Code.BELOW_MINIMUM, f"worth less than {minimum}"))
    return Cleared(survivor, ticket, cut, None)


def _judge(
    survivor: Survivor,
    order_id: str,
    held: dict[str, Decimal],
    situation: Situation,
    rulebook: Rulebook,
    track: Track,
    traces: list[ClauseTrace],
) -> Judgement:
    values = facts(survivor, held, situation, track)
    judgement = rulebook.judge(order_id, values, survivor.reducing)
    traces += judgement.traces
    return judgement


def protective_limit(survivor: Survivor, situation: Situation) -> Decimal:
    """P·(1 ± collar), three times as far when risk shrinks, rounded passively to the tick."""
    side: Side = "buy" if survivor.quantity > 0 else "sell"
    price = situation.markets[survivor.instrument].price
    width = situation.terms.collar_bp * (WIDER_WHEN_REDUCING if survivor.reducing else 1) / BP
    limit = price * (1 + width if side == "buy" else 1 - width)
    return to_tick(limit, situation.instruments[survivor.instrument].tick_size, side)


def _ticket(survivor: Survivor, order_id: str, situation: Situation) -> OrderTicket:
    return OrderTicket(
        order_id=order_id,
        instrument=survivor.instrument,
        side="buy" if survivor.quantity > 0 else "sell",
        quantity=abs(survivor.quantity),
        limit=protective_limit(survivor, situation),
        reduce_only=survivor.reducing,
    )


def facts(survivor: Survivor, held: dict[str, Decimal], situation: Situation, track: Track) -> dict[str, Fact]:
    """Everything that a rule may read of one order; `held` is the book as the orders before this one leave it.
    What has no price has no fact: the rule engine refuses such a set."""
    instrument = survivor.instrument
    terms, limits = situation.instruments[instrument], situation.terms
    market = situation.markets.get(instrument)
    elsewhere = net_elsewhere = ZERO
    for name, quantity in held.items():
        if name != instrument and quantity:
            if name not in situation.markets:
                market = None
                continue
            value = quantity * situation.markets[name].price
            elsewhere, net_elsewhere = elsewhere + abs(value), net_elsewhere + value
    if market is None or situation.equity is None:
        return {}
    price, before, after = market.price, survivor.held, survivor.target
    size, limit = abs(survivor.quantity), protective_limit(survivor, situation)
    ages = situation.ages[instrument]
    return {
        "order.instrument": instrument,
        "order.side": "buy" if survivor.quantity > 0 else "sell",
        "order.quantity": float(size),
        "order.notional": float(size * price),
        "order.limit": float(limit),
        "order.limit_bp": float(abs(limit - price) * BP / price),
        "order.risk_reducing": survivor.reducing,
        "order.position_before": float(before),
        "order.position_after": float(after),
        "order.support_ppm": survivor.support_ppm,
        "order.track": track,
        "book.name": situation.book,
        "book.mode": situation.mode,
        "book.cash": float(situation.cash),
        "book.equity": float(situation.equity),
        "book.gross_before": float(elsewhere + abs(before) * price),
        "book.gross_after": float(elsewhere + abs(after) * price),
        "book.gross_elsewhere": float(elsewhere),
        "book.net_before": float(net_elsewhere + before * price),
        "book.net_after": float(net_elsewhere + after * price),
        "market.price": float(price),
        "market.spread": float(market.spread),
        "market.quote_age_ms": NEVER_MS if ages.quote is None else ages.quote / NS_PER_MS,
        "market.trade_age_ms": NEVER_MS if ages.trade is None else ages.trade / NS_PER_MS,
        "market.source": market.source,
        "instrument.tick_size": float(terms.tick_size),
        "instrument.lot_size": float(terms.lot_size),
        "instrument.min_notional": float(terms.min_notional),
        "instrument.max_order_volume": float(terms.max_order_volume),
        "instrument.min_position": float(terms.min_position),
        "instrument.max_position": float(terms.max_position),
        "limits.max_order_value": float(limits.max_order_value),
        "limits.max_gross": float(limits.max_gross),
        "limits.max_concentration": float(limits.max_concentration),
        "limits.collar_bp": float(limits.collar_bp),
        "limits.quote_max_age_ms": float(limits.quote_max_age_ms),
        "limits.trade_max_age_ms": float(limits.trade_max_age_ms),
        "limits.fee_bp": float(limits.fee_bp),
    }
