"""The read models of governance: written only by the projector, from the ledger, and rebuilt from it at any time."""

from governance.models.book import Alarm, Book, BreakerState, FeedGap, InstrumentState
from governance.models.changes import ChangeRequest, Rule, RuleVersion
from governance.models.council import CouncilScore, Outcome, Seat, SeatWeight
from governance.models.rounds import Ballot, Decision, Deliberation, Hold, Proposal

__all__ = [
    "Alarm",
    "Ballot",
    "Book",
    "BreakerState",
    "ChangeRequest",
    "CouncilScore",
    "Decision",
    "Deliberation",
    "FeedGap",
    "Hold",
    "InstrumentState",
    "Outcome",
    "Proposal",
    "Rule",
    "RuleVersion",
    "Seat",
    "SeatWeight",
]
