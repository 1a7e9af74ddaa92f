"""What the chamber has on its table: open rounds, proposals that wait for the next one, rounds that are closed."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from governance.domain.council import Weights
from governance.domain.deliberation import Candidate, Round
from streams.envelope import Envelope
from streams.messages import Track

CLOSED_KEPT = 1_000


class Waiting(Struct, frozen=True):
    """A proposal that came when its track's round could not be joined any more."""

    command: Envelope
    entry_id: str
    proposal_id: str


class Closed(Struct):
    """A round of the past: enough of it to record a late ballot. `version` is that of its aggregate."""

    deliberation_id: str
    version: int
    weights: Weights
    voted: dict[str, set[str]]


class Docket:
    def __init__(self) -> None:
        self.rounds: dict[Track, Round] = {}
        self.waiting: dict[Track, list[Waiting]] = {"REDUCE": [], "TRADE": []}
        self._closed: OrderedDict[str, Closed] = OrderedDict()
        self._of_proposal: dict[str, Closed] = {}

    def open_candidate(self, proposal_id: str) -> tuple[Round, Candidate] | None:
        for round_ in self.rounds.values():
            candidate = round_.candidates.get(proposal_id)
            if candidate is not None:
                return round_, candidate
        return None

    def closed_round(self, proposal_id: str) -> Closed | None:
        return self._of_proposal.get(proposal_id)

    def knows(self, proposal_id: str) -> bool:
        """Whether the id is taken by a proposal on the table or of the last closed rounds."""
        return (
            proposal_id in self._of_proposal
            or self.open_candidate(proposal_id) is not None
            or any(each.proposal_id == proposal_id for queue in self.waiting.values() for each in queue)
        )

    def appended(self, deliberation_id: str, version: int) -> None:
        """Events were added to a closed round; it may be forgotten already."""
        closed = self._closed.get(deliberation_id)
        if closed is not None:
            closed.version = version

    def remember(self, round_: Round, version: int) -> None:
        """Keeps the last thousand closed rounds."""
        voted = {name: set(candidate.tally.ballots) for name, candidate in round_.candidates.items()}
        closed = Closed(round_.deliberation_id, version, round_.weights, voted)
        self._closed[closed.deliberation_id] = closed
        for proposal_id in voted:
            self._of_proposal[proposal_id] = closed
        while len(self._closed) > CLOSED_KEPT:
            _, oldest = self._closed.popitem(last=False)
            for proposal_id in oldest.voted:
                if self._of_proposal.get(proposal_id) is oldest:
                    del self._of_proposal[proposal_id]
