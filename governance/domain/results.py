"""What became of one proposal, in words that a loser can read: what beat it, and by how much."""

from __future__ import annotations

from governance.domain.clearing import Cleared
from governance.domain.rulebook import Denial
from streams.events import ProposalResult, ProposalTallied
from streams.messages import Code


def denied(proposal_id: str, denial: Denial) -> ProposalResult:
    return ProposalResult(
        proposal_id=proposal_id, state="DENIED", reason=denial.code, by=denial.rule, detail=denial.detail
    )


def after_rules(proposal_id: str, cleared: Cleared, before: ProposalResult) -> ProposalResult:
    if denial := cleared.denial:
        return denied(proposal_id, denial)
    if cut := cleared.cut:
        return ProposalResult(proposal_id=proposal_id, state="REDUCED", reason=cut.code, by=cut.by, detail=cut.detail)
    return before


def not_passed(event: ProposalTallied) -> ProposalResult:
    share = f"{event.yes_ppm} for, {event.no_ppm} against of {event.total_ppm} ppm"
    forecast = "" if event.forecast is None else f", forecast {event.forecast:.4f}"
    state = "REFUSED" if event.reason == Code.GUARD_SILENT else event.state
    return ProposalResult(
        proposal_id=event.proposal_id, state=state, reason=event.reason, by=event.by, detail=share + forecast
    )
