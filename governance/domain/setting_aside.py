"""Which granted orders a reduction does not count on: what works is cancelled before anything is sold against it."""

from __future__ import annotations

from collections.abc import Set
from decimal import Decimal

from governance.domain.state import ZERO, BookState


def set_aside(state: BookState, instrument: str, *, flat: bool) -> list[str]:
    """The ids of orders in `state.reserved`, in their order. Of what works in a venue's book all that a reduction would
    have to sell (or buy) again; `flat` takes all of it, and what is on its way to make the position smaller besides: a
    reduce-only order for the whole position is cut by whatever gets there first, one for less would leave a rest."""
    reserved = {name: quantity for name, (where, quantity) in state.reserved.items() if where == instrument}
    position = state.positions.get(instrument, ZERO)
    under_way = sum((quantity for name, quantity in reserved.items() if name not in state.working), ZERO)
    return [
        name
        for name, quantity in reserved.items()
        if (name in state.working and (flat or quantity * (position + under_way) >= ZERO))
        or (flat and quantity * position < ZERO)
    ]


def without(state: BookState, names: Set[str]) -> dict[str, Decimal]:
    """What is granted and not final by instrument, but for the orders in `names`."""
    reserved = dict(state.reserved_in)
    for name in sorted(names & state.reserved.keys()):
        instrument, quantity = state.reserved[name]
        left = reserved.pop(instrument, ZERO) - quantity
        if left:
            reserved[instrument] = left
    return reserved
