"""What a round finds when it closes, taken from the book, the market and the surveillance."""

from __future__ import annotations

from collections.abc import Iterable, Set

from governance.domain.setting_aside import without
from governance.domain.situation import Situation, ages_of, situation_of
from governance.domain.state import BookState
from governance.domain.surveillance import Surveillance
from market.domain.mark import Prices
from streams.events import CapInForce, SituationRecorded

NOTHING: frozenset[str] = frozenset()


def assess(
    state: BookState,
    prices: Prices,
    surveillance: Surveillance,
    concerned: Iterable[str],
    now: int,
    aside: Set[str] = NOTHING,
) -> Situation:
    """Of the instruments that are held or concerned, in the order of their names; `now` is the process clock (ns).
    The granted orders in `aside` are not counted on."""
    reserved = without(state, aside)
    positions = {name: quantity for name, quantity in state.positions.items() if quantity}
    names = sorted({*concerned, *positions, *reserved})
    caps = {name: cap for name in names if (cap := state.cap(name, now)) is not None}
    found = SituationRecorded(
        market_now=prices.now,
        mode=state.mode,
        cash=state.cash,
        positions=positions,
        reserved=reserved,
        markets={name: view for name in names if (view := prices.view(name)) is not None},
        ages={name: ages_of(prices, name) for name in names},
        caps={name: CapInForce(limit=cap.limit, proposal_id=cap.proposal_id) for name, cap in caps.items()},
        conditions={name: surveillance.conditions(name, now) for name in names},
        standing=surveillance.standing(),
    )
    return situation_of(found, state, now)
