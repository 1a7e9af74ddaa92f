"""Strikes instead of bonds: who sends what nobody should have to read may not propose for a while."""

from __future__ import annotations

from collections import deque

from streams.events import BookTerms, ProposingSuspended
from streams.messages import Code

NS_PER_S = 1_000_000_000

OFFENCES = frozenset(
    (
        Code.MESSAGE_RATE,
        Code.DUPLICATE,
        Code.INCOHERENT,
        Code.WRONG_HORIZON,
        Code.INVALID,
        Code.NOT_ENTITLED,
        Code.ALREADY_VOTED,
        Code.UNKNOWN_INSTRUMENT,
        Code.UNKNOWN_PROPOSAL,
    )
)
"""Refusals that the sender could have known of; what the market or another seat did is no offence."""


class Strikes:
    """Counts by the process clock (ns); begins anew with the governor."""

    def __init__(self) -> None:
        self._of: dict[str, deque[int]] = {}

    def strike(self, agent: str, code: Code, now: int, terms: BookTerms) -> ProposingSuspended | None:
        """The suspension, where this was one strike too many: it begins a new count."""
        if code not in OFFENCES:
            return None
        strikes = self._of.setdefault(agent, deque())
        strikes.append(now)
        while strikes[0] <= now - terms.strikes_window_s * NS_PER_S:
            strikes.popleft()
        if len(strikes) < terms.strikes:
            return None
        count = len(strikes)
        strikes.clear()
        return ProposingSuspended(
            agent=agent,
            strikes=count,
            until=now + terms.strikes_pause_s * NS_PER_S,
            why=f"{count} strikes within {terms.strikes_window_s} s, the last one {code}",
        )
