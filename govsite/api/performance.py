"""How good an agent is, over HTTP: calibration, regret, vetoes and proposals with what the market made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from msgspec.structs import asdict
from ninja import Field, Query, Router, Schema

from governance.domain import performance as measures
from governance.models import Ballot, Decision, Proposal, Seat
from govsite.api import columns, tokens
from govsite.api.answers import ERRORS, asks_only, entitled, path_text, told
from govsite.api.auditing import time_of
from govsite.api.reading import OPTIONS, in_a_book, one, parameters
from govsite.ops import performance

VETOES = 50
_scored = performance.Scored()

router = Router(tags=["Read"])


class AskedOfAnAgent(Schema):
    book: str | None = Field(None, max_length=200, description="needed where several books have an agent of that name")
    until: str | None = Field(None, alias="to", description="as it was known before this time; without it, now")


class CalibrationBin(Schema):
    """The forecasts from `low` to below `high` (the last bin: 1 included)."""

    low: float
    high: float
    count: int = Field(description="forecasts in it that have an answer")
    forecast: float = Field(description="their mean")
    frequency: float = Field(description="share of them with y = 1")
    interval: tuple[float, float] = Field(description="95 % score interval of the frequency (Wilson)")


class CouncilRegret(Schema):
    """The council against the best committee of 1/κ owners in hindsight, in bucket means summed over `buckets`."""

    buckets: int
    council: float = Field(description="loss of the council")
    forecast: float = Field(description="loss of the weighted mean of the forecasts")
    committee: dict[str, float] = Field(description="the best committee: its agents with their shares")
    committee_loss: float
    regret: float = Field(description="council − committee_loss")
    bound: float = Field(description="G3: the regret is guaranteed to stay below it")
    agents: dict[str, float] | None = Field(description="regret against each agent alone; null where a cap holds")


class Vetoed(Schema):
    """One veto and what it kept from being gained (negative) or lost, had the order been filled at P."""

    proposal_id: str
    deliberation_id: str
    decision_id: str | None
    proposer: str
    instrument: str
    question: str = Field(description="BTCUSDT:buy; of several legs joined by +")
    reason: str
    at: columns.Time
    gain: float | None = Field(description="side·return − cost of what it stopped; null while it is not known")
    y: bool | None


class Vetoes(Schema):
    count: int = Field(description="of the newest 500")
    answered: int
    amount: columns.Number = Field(description="what they were worth in the quote currency, hypothetical")
    newest: list[Vetoed]


class Judged(Schema):
    """A proposal, what became of it, and what the market made of its question."""

    proposal_id: str
    deliberation_id: str | None
    decision_id: str | None
    action: str
    instrument: str
    target: columns.Number
    held: columns.Number | None
    probability: float | None
    why: str
    state: str
    reason: str
    by: str
    detail: str
    at: columns.Time
    gain: float | None = Field(description="side·return − cost; null while it is not known, or VOID")
    y: bool | None = Field(description="null while it is not known, or VOID")
    answered: bool


class AgentPerformance(Schema):
    book: str
    agent: str
    forecasts: int = Field(description="the newest (at most 2,000) that have an answer")
    brier: float | None = Field(description="mean (q − y)²: 0 is best, 0.25 is what always saying 1/2 earns")
    bins: list[CalibrationBin] = Field(description="calibration; bins without forecasts are left out")
    regret: CouncilRegret | None = Field(description="null before the first scored question")
    vetoes: Vetoes | None = Field(description="null for a seat without veto")
    proposals: list[Judged] = Field(description="the newest 50")


@router.get(
    "/agents/{agent}/performance",
    response={200: AgentPerformance, **ERRORS},
    summary="How good an agent is",
    **OPTIONS,
)
def agent_performance(request: HttpRequest, agent: str, asked: Query[AskedOfAnAgent]) -> HttpResponse:
    """Calibration of its forecasts, regret of its council with the bound, its vetoes and proposals with their worth."""
    for model in ("seat", "proposal", "ballot", "outcome"):
        entitled(request, tokens.READ, f"governance.view_{model}")
    asks_only(request, *parameters(AskedOfAnAgent))
    seats = in_a_book(Seat.objects.filter(agent=path_text("agent", agent)), asked.book, f"an agent {agent!r}")
    seat = one(seats, f"agent {agent!r}")
    until = None if asked.until is None else time_of("to", asked.until)
    return told(request, performance_of(seat["book"], agent, until, veto=seat["veto"]))


def performance_of(book: str, agent: str, until: datetime | None, *, veto: bool) -> dict[str, Any]:
    given = performance.forecasts(book, agent, until)
    regret = _scored.regret(book) if until is None else performance.regret_at(book, until)
    return {
        "book": book,
        "agent": agent,
        "forecasts": len(given),
        "brier": measures.brier(given),
        "bins": [asdict(each) for each in measures.calibration(given)],
        "regret": None if regret is None else asdict(regret),
        "vetoes": _vetoes(book, agent, until) if veto else None,
        "proposals": _proposals(book, agent, until),
    }


def _proposals(book: str, agent: str, until: datetime | None) -> list[dict[str, Any]]:
    found = performance.proposals_of(book, agent, until)
    decided = _decisions(each["row"].deliberation_id for each in found)
    return [_judged(each["row"], each["outcome"], decided) for each in found]


def _judged(row: Proposal, outcome: performance.Answer | None, decided: dict[Any, str]) -> dict[str, Any]:
    names = ("proposal_id", "action", "instrument", "probability", "why", "state", "reason", "by", "detail")
    return {
        **{name: getattr(row, name) for name in names},
        "deliberation_id": row.deliberation.deliberation_id if row.deliberation else None,
        "decision_id": decided.get(row.deliberation_id),
        "target": columns.plain(row.target),
        "held": columns.plain(row.held),
        "at": row.recorded_at,
        "gain": outcome and outcome.gain,
        "y": outcome and outcome.y,
        "answered": outcome is not None,
    }


def _vetoes(book: str, agent: str, until: datetime | None) -> dict[str, Any]:
    summed = performance.vetoes(book, agent, until)
    cast = Ballot.objects.filter(agent=agent, veto=True, late=False, deliberation__book=book)
    if until is not None:
        cast = cast.filter(deliberation__recorded_at__lt=until)
    newest = list(cast.select_related("deliberation").order_by("-ledger_position")[:VETOES])
    proposals = performance.with_originals(ballot.proposal_id for ballot in newest)
    authors = dict(Proposal.objects.filter(proposal_id__in=proposals).values_list("proposal_id", "agent"))
    answers = performance.outcomes_of(book, (ballot.deliberation.deliberation_id for ballot in newest), until)
    decided = _decisions(ballot.deliberation_id for ballot in newest)
    rows = []
    for ballot in newest:
        if (stopped := proposals.get(ballot.proposal_id)) is None:
            continue
        question = performance.question_of(stopped, proposals)
        outcome = answers.get((ballot.deliberation.deliberation_id, question))
        rows.append(
            {
                "proposal_id": ballot.proposal_id,
                "deliberation_id": ballot.deliberation.deliberation_id,
                "decision_id": decided.get(ballot.deliberation_id),
                "proposer": authors.get(ballot.proposal_id, ""),
                "instrument": stopped.instrument,
                "question": question,
                "reason": ballot.reason,
                "at": ballot.deliberation.recorded_at,
                "gain": outcome and outcome.gain,
                "y": outcome and outcome.y,
            }
        )
    amount: Decimal = summed["amount"]
    return {
        "count": summed["count"],
        "answered": summed["answered"],
        "amount": columns.plain(amount),
        "newest": rows,
    }


def _decisions(keys: Iterable[Any]) -> dict[Any, str]:
    """Round → the id of what it decided."""
    wanted = {key for key in keys if key is not None}
    return dict(Decision.objects.filter(deliberation_id__in=wanted).values_list("deliberation_id", "decision_id"))
