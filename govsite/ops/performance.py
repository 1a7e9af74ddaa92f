"""How good an agent is, from the read models: weight, calibration, regret, vetoes, proposals with what came of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import Lock
from typing import Any, NamedTuple

from django.db.models import Max, QuerySet

from governance.domain import performance
from governance.domain.performance import GivenForecast, Regret
from governance.models import Ballot, CouncilScore, Outcome, Proposal, Seat, SeatWeight
from govsite.ops.words import because, state_words
from streams.events import CouncilScored, ObservedOutcome, SeatScore

FORECASTS = 2_000
WEIGHTS = 600
PROPOSALS = 50
VETOES = 500
Key = tuple[str, str]


class Asked(NamedTuple):
    """What a question is made of; thousands are read at once, and rows of a model would take five times as long."""

    proposal_id: str
    action: str
    instrument: str
    target: Decimal
    amends: str
    held: Decimal | None
    price: Decimal | None
    legs: list[dict[str, Any]]


class Answer(NamedTuple):
    """What the market made of a question; y is None where it cannot be told."""

    deliberation_id: str
    question: str
    gain: float | None
    y: bool | None


def question_of(proposal: Asked | Proposal, proposals: Mapping[str, Asked] | Mapping[str, Proposal]) -> str:
    """`BTCUSDT:buy`, of several legs joined by `+`; an amendment shares the question of its original."""
    while proposal.amends and proposal.amends in proposals:
        proposal = proposals[proposal.amends]
    parts = [(proposal.instrument, proposal.target - (proposal.held or Decimal(0)))]
    parts += [(leg["instrument"], Decimal(leg["target"]) - Decimal(leg["held"])) for leg in proposal.legs]
    return "+".join(sorted(f"{name}:{'buy' if change > 0 else 'sell'}" for name, change in parts if change))


def with_originals(ids: Iterable[str]) -> dict[str, Asked]:
    """The proposals and whatever they amend."""
    found: dict[str, Asked] = {}
    missing = set(ids)
    while missing:
        rows = Proposal.objects.filter(proposal_id__in=missing).values_list(*Asked._fields)
        more = {row[0]: Asked(*row) for row in rows}
        if not more:
            break
        found |= more
        missing = {each.amends for each in more.values() if each.amends} - found.keys()
    return found


def outcomes_of(book: str, deliberations: Iterable[str], until: datetime | None = None) -> dict[Key, Answer]:
    """What was known before `until`, or is known by now."""
    found = Outcome.objects.filter(book=book, deliberation_id__in=set(deliberations))
    if until is not None:
        found = found.filter(recorded_at__lt=until)
    return {row[:2]: Answer(*row) for row in found.values_list(*Answer._fields)}


def observed(outcome: Answer) -> ObservedOutcome:
    """What the measures need of it."""
    return ObservedOutcome(
        deliberation_id=outcome.deliberation_id, question=outcome.question, legs=(), gain=outcome.gain, y=outcome.y
    )


def forecasts(book: str, agent: str, until: datetime | None = None) -> list[performance.Forecast]:
    """(q, y) of the agent's newest forecasts that have an answer; of rounds before `until`."""
    cast = list(
        _of_rounds(Ballot.objects.filter(agent=agent, late=False, probability__isnull=False), book, until)
        .exclude(stance="abstain")
        .order_by("-ledger_position")
        .values_list("proposal_id", "probability", "deliberation__deliberation_id")[:FORECASTS]
    )
    proposals = with_originals(proposal_id for proposal_id, _, _ in cast)
    rows = [
        GivenForecast(
            deliberation_id=deliberation_id,
            question=question_of(proposals[proposal_id], proposals),
            agent=agent,
            probability=probability or 0.0,
        )
        for proposal_id, probability, deliberation_id in reversed(cast)
        if proposal_id in proposals and proposals[proposal_id].action == "trade"
    ]
    answers = outcomes_of(book, (row.deliberation_id for row in rows), until)
    return performance.answered(rows, map(observed, answers.values())).get(agent, [])


def _of_rounds(ballots: QuerySet[Ballot], book: str, until: datetime | None) -> QuerySet[Ballot]:
    ballots = ballots.filter(deliberation__book=book)
    return ballots if until is None else ballots.filter(deliberation__recorded_at__lt=until)


def vetoes(book: str, agent: str, until: datetime | None = None) -> dict[str, Any]:
    """What the agent's newest vetoes were worth, had the orders been filled at P; only answered ones count."""
    cast = list(
        _of_rounds(Ballot.objects.filter(agent=agent, veto=True, late=False), book, until)
        .select_related("deliberation")
        .only("proposal_id", "deliberation__deliberation_id")
        .order_by("-ledger_position")[:VETOES]
    )
    proposals = with_originals(ballot.proposal_id for ballot in cast)
    answers = outcomes_of(book, (ballot.deliberation.deliberation_id for ballot in cast), until)
    amount, answered = Decimal(0), 0
    for ballot in cast:
        proposal = proposals.get(ballot.proposal_id)
        if proposal is None or proposal.price is None:
            continue
        outcome = answers.get((ballot.deliberation.deliberation_id, question_of(proposal, proposals)))
        worth = outcome and performance.veto_value(observed(outcome), _notional(proposal))
        if worth:
            amount, answered = amount + worth.amount, answered + 1
    return {"count": len(cast), "answered": answered, "amount": round(amount, 2), "label": performance.HYPOTHETICAL}


def _notional(proposal: Asked) -> Decimal:
    value: Decimal = abs(proposal.target - (proposal.held or Decimal(0))) * (proposal.price or Decimal(0))
    for leg in proposal.legs:
        value += abs(Decimal(leg["target"]) - Decimal(leg["held"])) * Decimal(leg["market"]["price"])
    return value


def proposals_of(book: str, agent: str, until: datetime | None = None) -> list[dict[str, Any]]:
    """The newest ones with their outcome, None while the horizon runs."""
    made = Proposal.objects.filter(book=book, agent=agent)
    if until is not None:
        made = made.filter(recorded_at__lt=until)
    rows = list(
        made.select_related("deliberation").order_by("-recorded_at", "-ledger_position", "proposal_id")[:PROPOSALS]
    )
    known = with_originals(row.proposal_id for row in rows)
    answers = outcomes_of(book, (row.deliberation.deliberation_id for row in rows if row.deliberation), until)
    return [
        {
            "row": row,
            "state": state_words(row.state),
            "why": because(row.reason, row.by, {}) if row.reason != row.state else "",
            "outcome": answers.get((row.deliberation.deliberation_id, question_of(row, known)))
            if row.deliberation
            else None,
        }
        for row in rows
    ]


def weights(book: str, agent: str) -> list[SeatWeight]:
    """The newest scored buckets, oldest first."""
    return list(SeatWeight.objects.filter(book=book, agent=agent).order_by("-bucket")[:WEIGHTS])[::-1]


class Scored:
    """Every scored bucket of a book since the founding or the last edit by hand; asked again, only what is new is
    read."""

    def __init__(self) -> None:
        self._since = ("", -1)
        self._upto = 0
        self._buckets: list[CouncilScored] = []
        self._turn = Lock()

    def regret(self, book: str) -> Regret | None:
        """The council against the best committee, with the bound G3."""
        with self._turn:
            return self._regret(book)

    def _regret(self, book: str) -> Regret | None:
        seats = Seat.objects.filter(book=book)
        since = (book, seats.aggregate(Max("edited_position"))["edited_position__max"] or 0)
        last = CouncilScore.objects.filter(book=book).aggregate(Max("ledger_position"))["ledger_position__max"] or 0
        if since != self._since or last < self._upto:
            self._since, self._upto, self._buckets = since, since[1], []
        self._buckets += _scored(book, self._upto, last)
        self._upto = max(self._upto, last)
        return performance.regret(self._buckets, dict(seats.values_list("agent", "owner")))


def regret_at(book: str, until: datetime) -> Regret | None:
    """As the council stood then. None too where a weight was edited by hand since, for edits of before it are not
    known."""
    seats = Seat.objects.filter(book=book)
    edited = seats.aggregate(Max("edited_position"))["edited_position__max"] or 0
    known = CouncilScore.objects.filter(book=book, scored_at__lt=until)
    last = known.aggregate(Max("ledger_position"))["ledger_position__max"] or 0
    if edited > last:
        return None
    return performance.regret(_scored(book, edited, last), dict(seats.values_list("agent", "owner")))


def _scored(book: str, after: int, upto: int) -> Sequence[CouncilScored]:
    seats: dict[int, list[SeatScore]] = defaultdict(list)
    names = ("agent", "forecasts", "questions", "loss", "brier", "before", "after", "ppm")
    new = {"book": book, "ledger_position__gt": after, "ledger_position__lte": upto}
    for position, *values in SeatWeight.objects.filter(**new).values_list("ledger_position", *names):
        seats[position].append(SeatScore(**dict(zip(names, values, strict=True))))
    return [
        CouncilScored(
            bucket=score.bucket,
            copy=score.copy,
            cap=score.cap,
            floor=score.floor,
            questions=score.questions,
            mix_loss=score.mix_loss,
            forecast_loss=score.forecast_loss,
            seats=tuple(seats[score.ledger_position]),
        )
        for score in CouncilScore.objects.filter(**new).order_by("ledger_position")
    ]
