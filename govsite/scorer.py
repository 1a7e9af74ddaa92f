"""What the market made of a bucket, and the scorer of a backtest: it follows the ticks and gives what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from governance.domain.scoring import NS_PER_S, Asked, Price, Question, bucket_of, due_at, observe
from governance.domain.state import BookState
from market.domain.runs import Mark, Runs
from streams.events import BookTerms
from streams.messages import RecordOutcomes, Source, Tick

Find = Callable[[str, int], Mark | None]


QUESTIONS_PER_COMMAND = 150  # of some 270 bytes each, in an entry of 64 KiB at most


def parts_of(questions: Sequence[Question]) -> list[list[Asked]]:
    """The questions of a bucket, as many at a time as a command takes; the same parts whenever this is asked."""
    asked = [question.asked for question in questions]
    return [asked[begin : begin + QUESTIONS_PER_COMMAND] for begin in range(0, len(asked), QUESTIONS_PER_COMMAND)]


def outcomes_of(bucket: int, asked: Iterable[Asked], find: Find, terms: BookTerms) -> RecordOutcomes:
    """`find(instrument, ns)` gives the first P within 5 s from that time on. A price from another source than the one
    at the opening is of another market: that is VOID."""
    observed = []
    for question in asked:
        sources = {leg.instrument: leg.source for leg in question.legs}

        def price_after(instrument: str, at: int, sources: dict[str, Source] = sources) -> Price | None:
            end = find(instrument, at)
            return (end.price, end.at) if end is not None and end.source == sources[instrument] else None

        observed.append(observe(question, price_after, terms.fee_bp, terms.horizon_s))
    return RecordOutcomes(bucket=bucket, outcomes=tuple(observed))


class Scorer:
    """`give` takes the command at the market time at which it is due; the questions are the chamber's own."""

    def __init__(self, state: BookState, give: Callable[[RecordOutcomes], None]) -> None:
        self._state = state
        self._give = give
        self._runs = Runs()
        self._next_at = 0

    def on_tick(self, tick: Tick) -> None:
        runs = self._runs
        runs.observe(tick)
        if runs.now >= self._next_at:
            self._score(runs.now)

    def _score(self, now: int) -> None:
        """All that is due; then sets when the next bucket can be, at the latest the one that is being filled."""
        horizon_s, pending = self._state.terms.horizon_s, self._state.pending
        waiting = [bucket_of(now, horizon_s)]
        for bucket in pending.buckets():
            if due_at(bucket, horizon_s) > now:
                waiting.append(bucket)
                continue
            for asked in parts_of(pending.questions(bucket)):
                self._give(outcomes_of(bucket, asked, self._runs.first_after, self._state.terms))
        oldest = min(waiting)
        self._runs.forget(oldest * horizon_s * NS_PER_S)
        self._next_at = due_at(oldest, horizon_s)
