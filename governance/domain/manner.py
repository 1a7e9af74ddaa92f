"""How an order is to be executed: at the market or at a limit, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from streams.messages import Side, TimeInForce


class Manner(Struct, frozen=True):
    """At the market where there is no `limit`; `good_for_ms` is for GTD."""

    limit: Decimal | None = None
    time_in_force: TimeInForce = "IOC"
    good_for_ms: int = 0


MARKET = Manner()


def strictest(manners: Sequence[Manner], side: Side, *, together: bool) -> Manner:
    """Of the winners of one order, in content-hash order: the lowest limit of a buy, the highest of a sale, for as long
    as the first with that limit asks. Orders that are executed `together` with others cannot wait for the market."""
    limited = [each for each in manners if each.limit is not None]
    if not limited:
        at_once = any(each.time_in_force == "FOK" for each in manners) and not together
        return Manner(time_in_force="FOK") if at_once else MARKET
    limits = [each.limit for each in limited if each.limit is not None]
    best = min(limits) if side == "buy" else max(limits)
    found = next(each for each in limited if each.limit == best)
    return Manner(found.limit) if together else found
