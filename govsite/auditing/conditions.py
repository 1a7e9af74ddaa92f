"""Which events an auditor means: the same conditions wherever events are asked for or exported."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any, get_args

import msgspec
from django.core.management import CommandError

from govsite.auditing import names
from ledger import audit
from ledger.audit import Question
from streams.messages import Log


def _whole(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError("0 (all) or more")
    return number


def add_conditions(parser: argparse.ArgumentParser, *, limit: int | None) -> None:
    """The options of a question; `limit` is the default of --limit, None leaves that option out."""
    parser.add_argument("--log", choices=get_args(Log), help="only this log")
    parser.add_argument(
        "--event", dest="events", action="append", type=event_name, help="its name; may be given several times"
    )
    kinds = f"kind ({', '.join(names.KINDS)}) or id of the aggregate"
    parser.add_argument("--aggregate", type=aggregate, help=kinds)
    parser.add_argument("--actor", help="who caused it: an agent, operator:NAME, executor, …")
    parser.add_argument("--book", help="only this book")
    parser.add_argument("--correlation", help="all that this root (usually a tick) set off")
    parser.add_argument("--command", help="all that this command led to")
    parser.add_argument("--from", dest="since", type=moment, metavar="TIME", help="ISO 8601, UTC unless it says so")
    parser.add_argument("--to", dest="until", type=moment, metavar="TIME", help="up to but without this time")
    parser.add_argument("--after", type=int, metavar="POSITION", help="only positions after this one")
    if limit is not None:
        parser.add_argument("--limit", type=_whole, default=limit, help=f"at most so many (default: {limit}; 0: all)")


def question(options: dict[str, Any]) -> Question:
    """What the options of `add_conditions` ask."""
    fields = {field.name for field in msgspec.structs.fields(Question)}
    given = {name: options[name] for name in fields & options.keys() if options[name] not in (None, 0)}
    return Question(**given)


def event_name(text: str) -> str:
    """A name that events of this release have; a mistyped one would find nothing and look like an answer."""
    if slip := names.slip("event", text, audit.LOG_OF):
        raise argparse.ArgumentTypeError(slip)
    return text


def aggregate(text: str) -> str:
    """A kind of aggregate or the id of one."""
    if slip := names.no_aggregate(text):
        raise argparse.ArgumentTypeError(slip)
    return text


def known_names(connection: audit.Connection, asked: Question) -> None:
    """CommandError (exit code 2) for a book or an actor of which the ledger has nothing."""
    if slip := names.unknown(connection, asked):
        raise CommandError(slip, returncode=2)


def moment(text: str) -> datetime:
    """A time as an option is given."""
    try:
        return audit.at(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it like 2026-01-31T09:00") from error
