"""The office that scores the council: outcomes come in by the bucket, weights and newcomers' entries go out."""

from __future__ import annotations

from governance.domain.chronicle import Chronicle
from governance.domain.floor import Floor
from governance.domain.state import BookState
from governance.domain.step import Answer, Step
from streams.envelope import Envelope
from streams.events import Event, OutcomesRecorded, aggregate_id
from streams.messages import Code, RecordOutcomes

SCORER = "scorer"


class Scoreboard:
    def __init__(self, state: BookState, floor: Floor) -> None:
        self.state = state
        self.floor = floor

    def handle(self, message: Envelope, body: RecordOutcomes, entry_id: str, now: int, step: Step) -> None:
        if message.actor != SCORER:
            detail = f"only the scorer records outcomes, not {message.actor}"
            self.floor.turn_away(message, entry_id, (Code.NOT_ENTITLED, detail), step)
        elif not body.outcomes:
            self.floor.turn_away(message, entry_id, (Code.INVALID, "there are no outcomes"), step)
        elif self.state.reputation.knows(body.bucket) or body.bucket not in self.state.pending.buckets():
            detail = f"bucket {body.bucket} has no forecasts, or was scored before"
            self.floor.turn_away(message, entry_id, (Code.UNKNOWN_BUCKET, detail), step)
        else:
            self._score(message, body, entry_id, step)

    def _score(self, message: Envelope, body: RecordOutcomes, entry_id: str, step: Step) -> None:
        """A bucket is scored as a whole, when the last of its outcomes is there; many do not fit into one command."""
        state = self.state
        try:
            questions = state.pending.answered(body.bucket, body.outcomes)
        except ValueError as error:
            self.floor.turn_away(message, entry_id, (Code.INVALID, str(error)), step)
            return
        recorded = OutcomesRecorded(bucket=body.bucket, horizon=state.terms.horizon_s, outcomes=body.outcomes)
        self._add(recorded, message, step, command=message)
        if questions is not None:
            self._add(state.reputation.score(body.bucket, questions, state.terms), message, step)
            for entered in state.reputation.entries(state.terms):
                self._add(entered, message, step)
        step.answers.append(Answer(message.id, entry_id, "accepted"))

    def _add(self, event: Event, cause: Envelope, step: Step, command: Envelope | None = None) -> None:
        council_id = aggregate_id("Council", self.state.book)
        chronicle = Chronicle(self.state.book, council_id, cause, self.state.version(council_id))
        chronicle.add(event, command)
        self.state.apply(chronicle.events[0])
        step.events += chronicle.events
