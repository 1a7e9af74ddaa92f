"""The causal story of one decision: what each step read, decided and cost in time, ready to be shown as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from execution.models import Fill, Order
from governance import evaluations
from governance.models import Ballot, Book, Decision, Deliberation, Hold, Proposal, RuleVersion
from govsite.ops.graph import Bar
from govsite.ops.words import CLOSINGS, because, outcome_words, reason_words, state_words
from ledger.readmodel import moment

BP = Decimal(10_000)
UNDECIDED = "There is no decision of this round: it is under way, it waits for an operator, or it was interrupted."
Row = dict[str, Any]


def story(decision: Decision) -> dict[str, Any]:
    """Everything for the template `site/story.html`."""
    round_ = Deliberation.objects.filter(pk=decision.deliberation_id).first()
    return _told(decision, round_, decision.deliberation_id, decision.book)


def undecided(round_: Deliberation) -> dict[str, Any]:
    """The same of a round without a decision: it is under way, an operator is asked, or it was interrupted."""
    return _told(None, round_, round_.pk, round_.book)


def _told(decision: Decision | None, round_: Deliberation | None, key: Any, book: str) -> dict[str, Any]:
    proposals = list(Proposal.objects.filter(deliberation_id=key).order_by("recorded_at", "agent"))
    ballots = list(Ballot.objects.filter(deliberation_id=key).order_by("-weight_ppm", "agent"))
    orders = list(Order.objects.filter(decision_id=decision.pk).order_by("recorded_at")) if decision else []
    fills = list(Fill.objects.filter(decision_id=decision.pk).order_by("ledger_position")) if decision else []
    terms, trigger = _terms(book), decision.trigger_tick if decision else round_.correlation_id if round_ else ""
    return {
        "decision": decision,
        "round": round_,
        "hold": Hold.objects.filter(deliberation_id=key).first(),
        "trigger": trigger,
        "outcome_words": outcome_words(decision.outcome) if decision else UNDECIDED,
        "closing_words": CLOSINGS.get(round_.close_reason, round_.close_reason) if round_ else "",
        "timeline": timeline(decision, round_, orders, fills) if decision else [],
        "ticks": _ticks(trigger, round_, proposals),
        "proposals": [_proposal(proposal, ballots) for proposal in proposals],
        "tallies": [tally(proposal, round_, terms) for proposal in proposals if proposal.tally],
        "results": _results(decision, proposals),
        "targets": _targets(round_, proposals),
        "traces": _traces(book, round_),
        "orders": _orders(decision, orders, fills) if decision else [],
        "fills": [_fill(fill, _price_of(round_, proposals, fill.instrument)) for fill in fills],
        "terms": terms,
    }


def _ticks(trigger: str, round_: Deliberation | None, proposals: list[Proposal]) -> list[Row]:
    """Each tick once, with all that it was for; the price is that of the market when the round opened."""
    uses: dict[str, list[str]] = {}
    prices: dict[str, Any] = {}
    if trigger:
        uses[trigger] = ["started it all"]
    if round_ is not None and round_.market.get("tick_id"):
        uses.setdefault(round_.market["tick_id"], []).append("price at the opening")
        prices[round_.market["tick_id"]] = round_.market
    for proposal in proposals:
        for tick in proposal.evidence:
            uses.setdefault(tick, []).append(f"evidence of {proposal.agent}")
    return [
        {
            "tick_id": tick,
            "what": what[0] if len(what) == 1 else f"{what[0]}, and more",
            "uses": ", ".join(what),
            "price": prices.get(tick, {}).get("price"),
            "spread": prices.get(tick, {}).get("spread"),
            "source": prices.get(tick, {}).get("source", ""),
        }
        for tick, what in uses.items()
    ]


def _terms(book: str) -> dict[str, Any]:
    found = Book.objects.filter(book=book).first()
    return found.terms if found else {}


def timeline(
    decision: Decision, round_: Deliberation | None, orders: Iterable[Order], fills: Iterable[Fill]
) -> list[Row]:
    """Each step with the ms since the tick was received (process clock)."""
    began = moment(decision.trigger_received_at)
    steps: list[tuple[str, datetime | None]] = [("tick received", began)]
    if round_ is not None:
        steps += [("round opened", round_.opened_at), ("ballots closed", round_.closed_at)]
    steps.append(("decision committed", decision.decided_at))
    steps += [("order accepted", order.recorded_at) for order in orders]
    steps += [("fill committed", fill.filled_at) for fill in fills]
    return [
        {"what": what, "at": at, "since_ms": (at - began).total_seconds() * 1000}
        for what, at in steps
        if at is not None
    ]


def _proposal(proposal: Proposal, ballots: list[Ballot]) -> Row:
    cast = [ballot for ballot in ballots if ballot.proposal_id == proposal.proposal_id]
    return {
        "row": proposal,
        "change": None if proposal.held is None else proposal.target - proposal.held,
        "state_words": state_words(proposal.state),
        "ballots": [
            {"row": ballot, "share": ballot.weight_ppm * 100 / proposal.total_ppm if proposal.total_ppm else None}
            for ballot in cast
        ],
    }


def tally(proposal: Proposal, round_: Deliberation | None, terms: dict[str, Any]) -> Row:
    """The passing rule with its numbers: Y ≥ quorum x T, Y > threshold x (Y + N), and on trades f ≥ 1/2."""
    yes, no, total = proposal.yes_ppm or 0, proposal.no_ppm or 0, proposal.total_ppm or 0
    reduces = round_ is not None and round_.track == "REDUCE"
    quorum = Decimal("0.2") if reduces else Decimal(str(terms.get("trade_quorum", "0.4")))
    threshold = Decimal(1) / 3 if reduces else Decimal(str(terms.get("trade_threshold", "0.5")))
    needed, beaten = quorum * total, threshold * (yes + no)
    return {
        "row": proposal,
        "yes": yes,
        "no": no,
        "missing": proposal.missing_ppm or 0,
        "total": total,
        "bar": _bar(yes, no, total, max(needed, beaten)),
        "checks": [
            {"name": "quorum", "ok": yes >= needed, "have": yes, "need": needed, "how": f"{quorum:%} of all mass"},
            {"name": "majority", "ok": yes > beaten, "have": yes, "need": beaten, "how": "more than the threshold"},
            *_forecast_check(proposal, reduces=reduces),
        ],
        "state_words": state_words(proposal.tally),
        "reason_words": because(proposal.tally_reason, proposal.tally_by, {}) if proposal.tally_reason else "",
    }


def _bar(yes: int, no: int, total: int, need: Decimal) -> Bar:
    """As parts of all mass; an empty council fills nothing."""
    return Bar(yes / total, no / total, min(float(need) / total, 1.0)) if total else Bar(0.0, 0.0, 0.0)


def _forecast_check(proposal: Proposal, *, reduces: bool) -> list[Row]:
    if reduces or proposal.forecast is None:
        return []
    return [{"name": "forecast", "ok": proposal.forecast >= 0.5, "forecast": proposal.forecast}]


def _results(decision: Decision | None, proposals: list[Proposal]) -> list[Row]:
    """Why each proposal ended as it did; losers name what beat them."""
    known = {proposal.proposal_id: proposal for proposal in proposals}
    proposers = {proposal.proposal_id: proposal.agent for proposal in proposals}
    reasons = decision.reasons if decision else []
    told = [{**reason, "row": known.get(reason["proposal_id"])} for reason in reasons]
    named = {reason["proposal_id"] for reason in reasons}
    for proposal in proposals:
        if proposal.proposal_id not in named:
            told.append(
                {
                    "proposal_id": proposal.pk,
                    "row": proposal,
                    "state": proposal.state,
                    "reason": proposal.reason,
                    "by": proposal.by,
                    "detail": proposal.detail,
                }
            )
    for result in told:
        result["state_words"] = state_words(result["state"])
        result["reason_words"] = because(result["reason"], result.get("by", ""), proposers) if result["reason"] else ""
    return told


def _targets(round_: Deliberation | None, proposals: list[Proposal]) -> list[Row]:
    """What the council agreed to hold of each instrument, and the change that it means."""
    if round_ is None:
        return []
    held: dict[str, Decimal | None] = defaultdict(lambda: None)
    held.update({proposal.instrument: proposal.held for proposal in proposals})
    return [
        {
            "instrument": name,
            "target": Decimal(str(target)),
            "held": held[name],
            "change": None if held[name] is None else Decimal(str(target)) - (held[name] or 0),
        }
        for name, target in round_.targets.items()
    ]


def _traces(book: str, round_: Deliberation | None) -> list[Row]:
    """Every clause with its formula, as the rule stood in that version."""
    traces = evaluations.traces(round_.pk) if round_ else []
    versions = RuleVersion.objects.filter(book=book, rule__in={trace["rule"] for trace in traces})
    formulas = {
        (version.rule, version.version, clause["name"]): clause["cel"]
        for version in versions
        for clause in version.clauses
    }
    return [_trace(trace, formulas) for trace in traces]


def _trace(trace: Row, formulas: dict[tuple[str, int, str], str]) -> Row:
    value = trace["value"]
    verdict = "true" if value is True else "false" if value is False else str(value)
    facts = trace.get("facts", {})
    formula = formulas.get((trace["rule"], trace["version"], trace["clause"]), "")
    return {**trace, "ok": value is True, "verdict": verdict, "facts": sorted(facts.items()), "formula": formula}


def _orders(decision: Decision, orders: list[Order], fills: list[Fill]) -> list[Row]:
    """Every order that was decided, with what the executor made of it."""
    known = {order.order_id: order for order in orders}
    return [
        {
            "ticket": ticket,
            "row": (row := known.get(ticket["order_id"])),
            "state": row.state if row else "decided",
            "state_words": state_words(row.state) if row else "not yet accepted by the executor",
            "reason_words": reason_words(row.reason) if row and row.reason else "",
        }
        for ticket in decision.orders
    ]


def _price_of(round_: Deliberation | None, proposals: list[Proposal], instrument: str) -> Decimal | None:
    for proposal in proposals:
        if proposal.instrument == instrument and proposal.market.get("price"):
            return Decimal(proposal.market["price"])
    return Decimal(round_.market["price"]) if round_ and round_.market.get("price") else None


def _fill(fill: Fill, decided_at: Decimal | None) -> Row:
    """`slippage_bp`: how much worse than the price that the decision rests on."""
    side = 1 if fill.side == "buy" else -1
    slippage = None if not decided_at else side * (fill.price / decided_at - 1) * BP
    return {"row": fill, "value": fill.quantity * fill.price, "decided_at": decided_at, "slippage_bp": slippage}
