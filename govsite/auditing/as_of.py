"""`audit as-of`: a book at a time, its positions and profit, weights, rules, terms, mode and what was open."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from decimal import Decimal
from typing import IO, Any

import msgspec
from django.core.management import CommandError
from rich.console import Group
from rich.table import Table

from execution.domain.account import Account
from governance.domain.reputation import COPIES
from governance.domain.state import BookState
from govsite.auditing import output
from govsite.auditing.conditions import moment
from govsite.auditing.names import unknown
from govsite.auditing.past import Mark, Past, past
from ledger.audit import Connection, Question
from ledger.errors import LedgerError
from ledger.narrative import sentence

EXAMPLES = """
  python manage.py audit as-of 2026-01-31T09:30 demo            the book as it was then
  python manage.py audit as-of 2026-01-31T09:30:15.250Z demo --json
"""
AMOUNT_DIGITS = 8
Document = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("time", type=moment, metavar="TIME", help="ISO 8601, UTC unless it says so")
    parser.add_argument("book", metavar="BOOK")
    parser.add_argument("--json", action="store_true", help="everything as one JSON document")


def run(connection: Connection, options: dict[str, Any], out: IO[str]) -> bool:
    """Writes the book as it was. CommandError where there was no such book."""
    book, at = options["book"], options["time"]
    if told := ahead(connection, at):
        raise CommandError(told, returncode=2)
    try:
        found = past(connection, book, at)
    except LedgerError as error:
        raise CommandError(str(error)) from error
    if found is None:
        raise CommandError(no_book(connection, book, at), returncode=2)
    shown = document(found)
    if options["json"]:
        out.write(output.encode(shown).decode() + "\n")
    else:
        output.console(out).print(_page(shown))
    return True


def ahead(connection: Connection, moment: datetime) -> str:
    """What to say of a time that is still to come by the clock of the ledger; empty for any other."""
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    if row is None or moment <= row[0]:
        return ""
    return f"{moment.isoformat()} is in the future: it is {row[0].astimezone(UTC).isoformat(timespec='seconds')}"


def no_book(connection: Connection, book: str, moment: datetime) -> str:
    """Why nothing can be shown of a book at a time: it was founded later, or there is none of this name."""
    fault = unknown(connection, Question(book=book)) or "it was founded later"
    return f"the ledger knows no book {book!r} at {moment.isoformat()}: {fault}"


def document(found: Past) -> Document:
    """The past as one JSON document: amounts in the quote currency, quantities in base units, times in UTC."""
    state = found.state
    return {
        "book": found.book,
        "at": found.at,
        "positions_in_log": {"governance": found.governance.position, "execution": found.execution.position},
        "mode": {"mode": state.mode, "set": _mode_set(found)},
        "source": state.source,
        "money": _money(found),
        "positions": _positions(found.account, found.marks),
        "orders": [
            {
                "order": one.accepted,
                "state": one.state,
                "filled": one.filled,
                "leaves": one.accepted.quantity - one.filled,
            }
            for one in found.orders
        ],
        "council": _council(state),
        "rulebook_version": state.rulebook_version,
        "rules": [state.rules[name] for name in sorted(state.rules)],
        "terms": state.terms,
        "instruments": [state.instruments[name] for name in sorted(state.instruments)],
        "suspended": {name: sorted(causes) for name, causes in sorted(state.safety.suspended.items())},
        "restricted": dict(sorted(state.changes.restrictions.items())),
        "untradable": dict(sorted(state.safety.untradable.items())),
        "latched": {name: sorted(agents) for name, agents in sorted(state.safety.latched.items()) if agents},
        "alarms": list(state.safety.standing.values()),
        "holds": [held.event for held in state.holds.open.values()],
        "changes": list(state.changes.open.values()),
    }


def _mode_set(found: Past) -> Document | None:
    if found.mode_set is None:
        return None
    return {"at": _time(found.mode_set.recorded_at), "text": sentence(found.mode_set)}


def _money(found: Past) -> Document:
    """What needs a price is None where an instrument that was held had none."""
    account = found.account
    held = {name for name, position in account.positions.items() if position.quantity}
    prices = {name: mark.price for name, mark in found.marks.items()}
    known = held <= prices.keys()
    mark = found.equity_mark
    return {
        "quote": account.quote,
        "cash": account.cash,
        "deposits": account.deposits,
        "fees": account.fees,
        "realised": account.realised,
        "unrealised": account.unrealised(prices) if known else None,
        "net": account.net(prices) if known else None,
        "equity": account.equity(prices) if known else None,
        "gross_exposure": account.exposure(prices).gross if known else None,
        "net_exposure": account.exposure(prices).net if known else None,
        "peak": mark.peak if mark else None,
        "day_open": mark.day_open if mark else None,
    }


def _positions(account: Account, marks: dict[str, Mark]) -> list[Document]:
    told = []
    for name, position in sorted(account.positions.items()):
        if not position.quantity:
            continue
        mark = marks.get(name)
        value = position.quantity * mark.price if mark else None
        told.append(
            {
                "instrument": name,
                "quantity": position.quantity,
                "average": round(position.average, AMOUNT_DIGITS),
                "cost": position.cost,
                "mark": mark.price if mark else None,
                "mark_tick": mark.tick_id if mark else None,
                "mark_source": mark.source if mark else None,
                "mark_recorded_at": _time(mark.recorded_at) if mark else None,
                "value": value,
                "unrealised": None if value is None else value - position.cost,
            }
        )
    return told


def _council(state: BookState) -> list[Document]:
    """`ppm` are the masses of the three copies; bucket b of the market clock votes with copy b mod 3."""
    out = {seat.agent for seat in state.seats.values() if len(seat.suspended_by) > 1}
    masses = [state.reputation.ppm(copy, out) for copy in range(COPIES)]
    return [
        {
            "agent": seat.agent,
            "role": seat.role,
            "owner": seat.owner,
            "ppm": [mass.get(seat.agent, 0) for mass in masses],
            "forecasts_scored": state.reputation.events.get(seat.agent, 0),
            "veto": seat.veto,
            "required": seat.required,
            "shadow": seat.shadow,
            "suspended_by": seat.suspended_by,
        }
        for _, seat in sorted(state.seats.items())
    ]


def _time(recorded_ns: int) -> str:
    return (
        datetime.fromtimestamp(recorded_ns // 1_000_000_000, UTC)
        .replace(microsecond=recorded_ns // 1000 % 1_000_000)
        .isoformat()
    )


def _page(shown: Document) -> Group:
    """The document for people: only what there was."""
    parts: list[Any] = [*_head(shown)]
    for title, columns, rows in (
        ("Positions", "instrument quantity average mark value unrealised", shown["positions"]),
        ("Open orders", "order_id instrument side quantity limit filled state", map(_open, shown["orders"])),
        ("Council", "agent role owner ppm forecasts_scored veto shadow suspended_by", shown["council"]),
        ("Rules", "rule version effect shadow title", map(_plain, shown["rules"])),
        ("Alarms", "alarm_id breaker subject effect formula", map(_plain, shown["alarms"])),
        ("Holds", "decision_id rules until", map(_plain, shown["holds"])),
        ("Changes", "change_id proposer loosens why approved_by", map(_plain, shown["changes"])),
    ):
        parts += _rows(title, columns.split(), list(rows))
    return Group(*parts, "\nTerms", _pairs(_plain(shown["terms"])))


def _open(one: Document) -> Document:
    return {**_plain(one["order"]), **one}


def _head(shown: Document) -> tuple[str, Table]:
    mode, set_ = shown["mode"]["mode"], shown["mode"]["set"]
    told = {
        "mode": f"{mode} ({set_['text']})" if set_ else mode,
        **{name: value for name, value in shown["money"].items() if value is not None},
        "feed": shown["source"] or "none yet",
    }
    for name in ("suspended", "restricted", "untradable", "latched"):
        if shown[name]:
            told[name] = ", ".join(f"{key} ({_text(value)})" for key, value in shown[name].items())
    places = ", ".join(f"{log} {position}" for log, position in shown["positions_in_log"].items())
    return f"{shown['book']} at {shown['at'].astimezone(UTC).isoformat()} ({places})", _pairs(told)


def _pairs(told: Document) -> Table:
    table = Table(box=None, show_header=False)
    for name, value in told.items():
        table.add_row(name.replace("_", " "), _text(value))
    return table


def _rows(title: str, columns: list[str], rows: list[Document]) -> tuple[Any, ...]:
    """The title and the table; nothing where there is nothing."""
    if not rows:
        return ()
    table = Table(*(name.replace("_", " ") for name in columns), box=None, header_style="bold")
    for row in rows:
        table.add_row(*(_text(row[name]) for name in columns))
    return f"\n{title}", table


def _plain(one: Any) -> Document:
    return msgspec.structs.asdict(one)


def _text(value: Any) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():f}"
        case list() | tuple() | set():
            return ", ".join(map(_text, value)) or "-"
        case msgspec.Struct():
            return output.encode(value).decode()
    return str(value)
