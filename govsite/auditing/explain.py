"""`audit explain`: how a decision came about, what became of it and what it turned out to be worth."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from django.core.management import CommandError
from rich.console import Console
from rich.table import Table

from govsite.auditing import output
from govsite.auditing.story import Document, document
from ledger import audit

EXAMPLES = """
  python manage.py audit explain 5b4e2c1a-…                     a decision, its deliberation or one of its orders
  python manage.py audit explain 5b4e2c1a-… --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="DECISION_ID", help="also the id of a deliberation or of an order")
    parser.add_argument("--json", action="store_true", help="the story as one JSON document")


def run(connection: audit.Connection, options: dict[str, Any], out: IO[str]) -> bool:
    """Writes the story. CommandError where there is no such decision."""
    story = audit.explain(connection, options["id"])
    if story is None:
        raise CommandError(f"there is no decision, deliberation or order {options['id']!r} in the ledger")
    told = document(story)
    if options["json"]:
        out.write(output.encode(told).decode() + "\n")
    else:
        _tell(told, output.console(out))
    return True


def _tell(told: Document, console: Console) -> None:
    tick = f"; set off by the tick {told['trigger'].tick_id}" if told["trigger"] else ""
    console.print(f"Decision {told['decision_id'] or '(not reached)'}: {told['outcome']}{tick}")
    console.print(_events(told))
    for line in (*_proposals(told), *_orders(told), *_worth(told)):
        console.print(line)


def _events(told: Document) -> Table:
    table = Table("ms", "log", "position", "event", "what happened", box=None)
    for one in told["events"]:
        name = one["event"].partition(".")[2]
        table.add_row(f"{one['since_ms']:.1f}", one["log"], str(one["position"]), name, one["text"])
    return table


def _proposals(told: Document) -> Iterator[str]:
    for one in told["proposals"]:
        reasons = " ".join(filter(None, (one["reason"], one["detail"])))
        reason = f" ({reasons})" if reasons else ""
        lost = f", beaten by {one['lost_to']}" if one["lost_to"] else ""
        yield f"\nProposal {one['proposal_id']} of {one['agent']}: {one['state'] or 'undecided'}{reason}{lost}"
        if outcome := one["outcome"]:
            verdict = {True: "it paid", False: "it did not pay", None: "VOID"}[outcome.y]
            gain = "" if outcome.gain is None else f", gain {outcome.gain * 1e4:+.2f} bp after costs"
            yield f"  the market's answer to {outcome.question}: {verdict}{gain}"
            for ballot in one["ballots"]:
                if ballot["brier"] is not None:
                    yield f"  {ballot['agent']} forecast {ballot['probability']:.3f}, loss {ballot['brier']:.4f}"


def _orders(told: Document) -> Iterator[str]:
    for one in told["orders"]:
        ticket = one["ticket"]
        reason = f" ({one['reason']})" if one["reason"] else ""
        what = f"{ticket.side} {_number(ticket.quantity)} {ticket.instrument}"
        yield f"\nOrder {ticket.order_id}: {what}: {one['state']}{reason}"
        if one["filled"]:
            slip = "" if one["slippage_bp"] is None else f", {_number(one['slippage_bp'])} bp worse than decided"
            yield (
                f"  filled {_number(one['filled'])} at {_number(one['average_price'])} on average, value "
                f"{_number(one['value'])}, fees {_number(one['fees'])}{slip}"
            )
        if one["at_horizon"] is not None:
            yield f"  at the horizon ({_number(one['price_at_horizon'])}): {_number(one['at_horizon'])} after fees"


def _worth(told: Document) -> Iterator[str]:
    worth = told["worth"]
    if not worth["known"]:
        yield "\nWhat it was worth is not known: the outcomes of its bucket are not recorded."
        return
    yield f"\nOutcomes of bucket {worth['bucket']}, {worth['horizon_s']} s after the opening:"
    for score in worth["scores"]:
        yield (
            f"  {score.agent}: loss {score.loss:.4f} on {score.forecasts} of {score.questions} questions, weight "
            f"{score.before:.2%} → {score.after:.2%}"
        )


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
