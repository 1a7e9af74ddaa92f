"""Scores derived again: the forecasts of the log and the outcomes that were recorded give the same weights."""

from __future__ import annotations

from collections import deque
from uuid import UUID

from governance.domain.differences import Difference, compared, impossible, nearly
from governance.domain.reconstruction import Recorded, Row
from governance.domain.scoring import FOLDS, Asked, Price, observe
from governance.domain.state import BookState
from streams.events import BookTerms, CouncilScored, ObservedOutcome, OutcomesRecorded, SeatEntered, encode_event

# Under which fee an outcome was observed is not in it; a change of terms in its horizon leaves few to choose from.
TERMS_KEPT = 8


class Rescoring:
    """Beside the fold of one book; `state` is folded after each of these was asked."""

    def __init__(self, state: BookState) -> None:
        self.state = state
        self._terms: deque[BookTerms] = deque(maxlen=TERMS_KEPT)
        self._found: tuple[Difference, ...] = ()
        self._expected: CouncilScored | None = None
        self._entries: list[SeatEntered] | None = None

    def remember(self, originator: UUID, recorded: Recorded) -> None:
        """Folds the forecasts of a round, as the book's own fold does with its events."""
        if not self._terms or self._terms[-1] is not self.state.terms:
            self._terms.append(self.state.terms)
        events = (recorded.opened, *recorded.admitted, *recorded.amended, *recorded.ballots, recorded.closed)
        for event in events:
            FOLDS[type(event)](self.state.pending, event, originator)

    def observed(self, row: Row, event: OutcomesRecorded) -> None:
        """What the market made of each question, from the prices that were recorded at its end; then the score, once
        the bucket has all its outcomes."""
        pending, state = self.state.pending, self.state
        self._entries = None
        asked = {
            (each.asked.deliberation_id, each.asked.question): each.asked for each in pending.questions(event.bucket)
        }
        wrong = [
            outcome
            for outcome in event.outcomes
            if not self._follows(asked.get((outcome.deliberation_id, outcome.question)), outcome)
        ]
        self._found += tuple(
            impossible(row, f"the outcome of {each.question} in {each.deliberation_id} does not follow from its prices")
            for each in wrong
        )
        if event.horizon != state.terms.horizon_s:
            why = f"the horizon is {state.terms.horizon_s} s, not {event.horizon}"
            self._found = (*self._found, impossible(row, why))
        try:
            questions = pending.answered(event.bucket, event.outcomes)
        except ValueError as error:
            self._found = (*self._found, impossible(row, str(error)))
            return
        if questions is not None:
            self._expected = state.reputation.score(event.bucket, questions, state.terms)

    def _follows(self, asked: Asked | None, outcome: ObservedOutcome) -> bool:
        if asked is None:
            return False
        ends = {leg.instrument: leg for leg in outcome.legs}

        def price_after(instrument: str, _: int) -> Price | None:
            leg = ends.get(instrument)
            return None if leg is None or leg.end is None or leg.end_at is None else (leg.end, leg.end_at)

        stored = encode_event(outcome)  # type: ignore[arg-type]
        for terms in dict.fromkeys((self.state.terms, *reversed(self._terms))):
            try:
                if encode_event(observe(asked, price_after, terms.fee_bp, terms.horizon_s)) == stored:  # type: ignore[arg-type]
                    return True
            except ValueError:
                continue
        return False

    def scored(self, row: Row, event: CouncilScored) -> tuple[Difference, ...]:
        found, expected = self._found, self._expected
        self._found, self._expected, self._entries = (), None, None
        if expected is not None:
            return (*found, *nearly(row, event, expected))
        return found or (impossible(row, "not all outcomes were recorded before it"),)

    def entered(self, row: Row) -> tuple[Difference, ...]:
        """Newcomers that enter follow their score in order; `state` stands after it."""
        if self._entries is None:
            self._entries = self.state.reputation.entries(self.state.terms)
        if not self._entries:
            return (impossible(row, "no newcomer was due"),)
        return compared([row], [self._entries.pop(0)])
