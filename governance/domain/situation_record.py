"""What a round found, as it is recorded, so that its decision can be derived again from the log alone."""

from __future__ import annotations

from governance.domain.situation import Situation
from governance.domain.situation import situation_of as situation_of
from streams.events import SituationRecorded


def recorded(situation: Situation) -> SituationRecorded:
    """The inverse of `situation_of`: terms, instruments and rules are those of the log before the round."""
    return SituationRecorded(
        market_now=situation.market_now,
        mode=situation.mode,
        cash=situation.cash,
        positions=situation.positions,
        reserved=situation.reserved,
        markets=situation.markets,
        ages=situation.ages,
        caps=situation.caps,
        conditions=situation.conditions,
        standing=situation.standing,
    )
