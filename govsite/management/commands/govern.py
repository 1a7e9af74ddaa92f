"""`manage.py govern`: what operators change and decide, as commands that the governor answers."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from msgspec import ValidationError, convert

from governance.models import Book
from govsite.govern import desk, lists
from govsite.govern.asking import Operator, ask, events_of, operator, told, wait_for
from govsite.govern.files import RuleFile, Wrong
from govsite.govern.trying import NotTried, Unsound, previewed
from streams.changes import (
    AdjustReputation,
    Change,
    GrantSeat,
    IssueSeatKey,
    ReinstateSeat,
    Restrict,
    RetireRule,
    RevokeSeatKey,
    SetTerm,
    SuspendSeat,
    Unrestrict,
)
from streams.events import Breaker, Preview, Role
from streams.messages import (
    AcknowledgeAlarm,
    AnyMessage,
    ApproveChange,
    ClearBreaker,
    LiftSuspension,
    RefuseChange,
    RefuseHold,
    ReleaseHold,
    RequestChange,
    SuspendInstrument,
)

EXAMPLES = """
What tightens takes hold at once. What loosens waits: another operator approves it, then its timelock runs. Tighten is
only a new rule that denies, clips or holds, and a parameter that moves in its safe direction (see `govern terms`), an
instrument that is restricted, a seat that is suspended. Every command is kept in PostgreSQL, sent by the relay and
answered by the governor; the answer is waited for.

a rule file (TOML):
  name = "small-orders"
  title = "No order above 5,000"
  effect = "deny"                       # deny, clip (with clip_to), hold (an operator decides), warn
  [[clauses]]
  name = "value inside limit"           # every clause must be true, or the effect follows
  cel = "order.notional <= 5000.0"
  [[examples]]                          # run at every check
  name = "a large order"
  facts = { "order.notional" = 6000.0 }
  verdict = "breaches"                  # passes, breaches, exempt

a rule agent's file (TOML): the first signal whose `when` holds gives the score, positive expects a rise
  agent = "trend-rule"
  owner = "research"
  [[signals]]
  name = "follow the trend"
  when = "market.trend > 1.0"
  score = "market.move_30s"

examples:
  manage.py govern rule check small-orders.toml
  manage.py govern rule activate small-orders.toml --as ann --reason "large orders moved the market"
  manage.py govern rule retire small-orders --as ann --reason "replaced"       shows the shadow replay, then waits
  manage.py govern approve 7d0c… --as bob --reason "looked at the preview"
  manage.py govern terms --instrument BTCUSDT
  manage.py govern term set max_gross 0.8 --as ann --reason "calmer"           tightens: at once
  manage.py govern rule-agent declare trend.toml --as ann --reason "to be tried in shadow"
  manage.py govern restrict BTCUSDT --hard --as ann --reason "news"
  manage.py govern changes; manage.py govern holds; manage.py govern alarms
  manage.py govern hold release d81f… --as bob --reason "known client"
  manage.py govern flatten --instrument BTCUSDT --as ann --reason "news"        all positions without --instrument
  manage.py govern cancel 5f1c… --as ann --reason "too far away"
  manage.py govern deposit 25000 --as ann --reason "new money"
  manage.py govern adjust --as ann --reason "withdrawn by hand" -- BTCUSDT -0.1 61000
"""
Handler = Callable[["Command", dict[str, Any]], None]


class Command(BaseCommand):
    help = "Changes a book's rules, parameters and seats; decides changes, holds and alarms; orders the desk about."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        style = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=EXAMPLES, formatter_class=style, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data-dir", metavar="DIR", help="of the stack (default: var/, or GOVSITE_DATA_DIR)")
        what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        _rules(what)
        _terms(what)
        _seats(what)
        _decisions(what)
        _instruments(what)
        desk.add_arguments(what, _leaf)

    def handle(self, *args: Any, **options: Any) -> None:
        handler: Handler = options["handler"]
        if not settings.DATABASE_URL and handler is not _check:
            raise CommandError(f"No stack runs in {settings.DATA_DIR}: start one, or set DATABASE_URL and REDIS_URL.")
        try:
            handler(self, options)
            self.stdout.flush()
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    # --- what they share ----------------------------------------------------------------------------

    def say(self, lines: Iterable[str], nothing: str) -> None:
        shown = False
        for line in lines:
            shown = True
            self.stdout.write(line)
        if not shown:
            self.stdout.write(nothing)

    def who(self, options: dict[str, Any], right: str) -> Operator:
        return operator(options["as_name"], options["book"], options["wait"], right)

    def command(self, options: dict[str, Any], right: str, body: AnyMessage, done: str) -> None:
        ask(self.who(options, right), body)
        self.stdout.write(done)

    def request(self, options: dict[str, Any], change: Change, preview: Preview | None = None) -> None:
        """Asks for a change and tells whether it holds already or what it waits for."""
        who, change_id = self.who(options, "request"), str(uuid.uuid4())
        body = RequestChange(change_id=change_id, change=change, reason=options["reason"], preview=preview)
        ask(who, body, command_id=change_id)
        events = events_of(change_id)
        why = events["ChangeRequested"]["why_loosens"]
        if "ChangeEnacted" in events:
            self.stdout.write(f"In force: it tightens ({why}). Change {change_id}.")
        else:
            self.stdout.write(f"It loosens ({why}) and waits for another operator:")
            self.stdout.write(f'  manage.py govern approve {change_id} --as NAME --reason "…"')

    def previewed(self, options: dict[str, Any], change: Change) -> Preview | None:
        """Its texts were in the sandbox, with the lines of its file."""
        try:
            found = previewed(options["book"], change, options["last"])
        except (Unsound, NotTried) as error:
            raise CommandError(str(error)) from error
        if found is not None:
            self.say(lists.preview(found), "")
        return found


# --- arguments --------------------------------------------------------------------------------------


def _leaf(parent: Any, name: str, handler: Handler, help_text: str, *, asks: bool = True) -> CommandParser:
    leaf: CommandParser = parent.add_parser(name, help=help_text, description=help_text)
    leaf.set_defaults(handler=handler)
    leaf.add_argument("--book", default="demo", help="which book (default: demo)")
    if asks:
        leaf.add_argument("--as", dest="as_name", required=True, metavar="NAME", help="which operator: a user's name")
        leaf.add_argument("--reason", required=True, metavar="TEXT", help="why; it is kept in the ledger")
        leaf.add_argument("--wait", type=float, default=10.0, metavar="S", help="longest wait for an answer (10)")
    return leaf


def _branch(parent: Any, name: str, help_text: str) -> Any:
    branch = parent.add_parser(name, help=help_text, description=help_text)
    return branch.add_subparsers(dest="how", required=True, metavar="HOW")


def _rules(what: Any) -> None:
    rule = _branch(what, "rule", "check, activate or retire a rule")
    leaf = _leaf(rule, "check", _check, "compile a rule file and run its examples, nothing else", asks=False)
    leaf.add_argument("file", type=Path)
    leaf = _leaf(rule, "activate", _activate, "a new rule, or the next version of one")
    leaf.add_argument("file", type=Path)
    leaf.add_argument("--last", type=_count, default=200, metavar="N", help="decisions to try it on before (200)")
    leaf = _leaf(rule, "retire", _retire, "ends a rule; this loosens")
    leaf.add_argument("name")
    leaf.add_argument("--last", type=_count, default=200, metavar="N", help="decisions to try it on before (200)")
    agent = _branch(what, "rule-agent", "a seat whose signals are declared in CEL")
    leaf = _leaf(agent, "declare", _declare, "a new rule seat, in shadow until it has been scored often enough")
    leaf.add_argument("file", type=Path)


def _count(text: str) -> int:
    """At least one: a replay of nothing shows nothing."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _terms(what: Any) -> None:
    leaf = _leaf(what, "terms", _list_terms, "every parameter, its safe direction and its bounds", asks=False)
    leaf.add_argument("--instrument", default="", metavar="SYMBOL", help="those of one instrument")
    term = _branch(what, "term", "set a parameter")
    leaf = _leaf(term, "set", _set_term, "a number; flags are 0 or 1")
    leaf.add_argument("name")
    leaf.add_argument("value")
    leaf.add_argument("--instrument", default="", metavar="SYMBOL", help="of one instrument")
    leaf.add_argument("--last", type=_count, default=200, metavar="N", help="decisions to try it on before (200)")


def _seats(what: Any) -> None:
    seat = _branch(what, "seat", "grant, suspend or reinstate a seat")
    leaf = _leaf(seat, "grant", _grant, "a newcomer; with mass it votes in shadow first")
    leaf.add_argument("agent")
    leaf.add_argument("--role", required=True, choices=get_args(Role))
    leaf.add_argument("--owner", required=True, help="who runs it: the cap is per owner")
    leaf.add_argument("--required", action="store_true", help="a guard without whose ballot nothing passes")
    for name, kind, help_text in (
        ("suspend", SuspendSeat, "stops it at once; a second operator confirms, which takes its mass out"),
        ("reinstate", ReinstateSeat, "lets it act again; this loosens"),
    ):
        leaf = _leaf(seat, name, _of_agent(kind), help_text)
        leaf.add_argument("agent")
    leaf = _leaf(seat, "key", _issue_key, "gives it another key; what was signed with the last one is refused")
    leaf.add_argument("agent")
    leaf.add_argument("--public", default="", metavar="HEX", help="the Ed25519 key of the party that holds the seat")
    leaf = _leaf(seat, "revoke-key", _of_agent(RevokeSeatKey), "nothing that it says is taken until it has another one")
    leaf.add_argument("agent")
    reputation = _branch(what, "reputation", "edit a seat's weight")
    leaf = _leaf(reputation, "set", _reputation, "its share of the mass, in all copies; restarts the bounds")
    leaf.add_argument("agent")
    leaf.add_argument("weight", type=float)


def _decisions(what: Any) -> None:
    leaf = _leaf(what, "changes", _list_changes, "changes that wait", asks=False)
    leaf.add_argument("--all", action="store_true", help="closed ones too")
    for name, handler, help_text in (
        ("approve", _approve, "another operator's change; its timelock begins"),
        ("refuse", _refuse, "ends a change that is not enacted; your own is withdrawn"),
    ):
        _leaf(what, name, handler, help_text).add_argument("change_id", metavar="ID")
    _leaf(what, "holds", _list_holds, "decisions that wait for an operator", asks=False)
    hold = _branch(what, "hold", "decide a held decision")
    _leaf(hold, "release", _release, "prices and rules are checked again").add_argument("decision", metavar="DECISION")
    _leaf(hold, "refuse", _refuse_hold, "it is not executed").add_argument("decision", metavar="DECISION")
    leaf = _leaf(what, "alarms", _list_alarms, "alarms that nobody has acknowledged", asks=False)
    leaf.add_argument("--all", action="store_true", help="acknowledged ones too")
    alarm = _branch(what, "alarm", "acknowledge an alarm")
    _leaf(alarm, "ack", _acknowledge, "somebody has seen it").add_argument("alarm_id", metavar="ID")
    leaf = what.add_parser("answer", help="what became of a command that was not waited for")
    leaf.add_argument("command_id", metavar="ID")
    leaf.set_defaults(handler=_answer)


def _instruments(what: Any) -> None:
    leaf = _leaf(what, "restrict", _restrict, "put an instrument on the restricted list")
    leaf.add_argument("instrument")
    leaf.add_argument("--since", type=int, default=0, metavar="NS", help="market clock, nanoseconds (default: always)")
    leaf.add_argument("--until", type=int, metavar="NS", help="market clock, nanoseconds (default: for ever)")
    leaf.add_argument("--hard", action="store_true", help="not even reductions")
    _leaf(what, "unrestrict", _unrestrict, "take it off the list; this loosens").add_argument("instrument")
    _leaf(what, "suspend", _suspend, "an instrument: only reductions").add_argument("instrument")
    _leaf(what, "lift", _lift, "a suspension").add_argument("instrument")
    breaker = _branch(what, "breaker", "clear a breaker")
    leaf = _leaf(breaker, "clear", _clear, "a person has looked at it")
    leaf.add_argument("breaker", choices=get_args(Breaker))
    leaf.add_argument("subject", help="the book, an instrument, or agent:instrument")


# --- handlers ---------------------------------------------------------------------------------------


def _read(path: Path) -> RuleFile:
    try:
        return RuleFile(path)
    except Wrong as error:
        raise CommandError(str(error)) from error


def _check(command: Command, options: dict[str, Any]) -> None:
    file = _read(options["file"])
    try:
        change = file.agent() if "agent" in file.said else file.rule()
        file.check(change)
    except Wrong as error:
        raise CommandError(str(error)) from error
    command.stdout.write(f"{options['file']}: it is sound.")


def _activate(command: Command, options: dict[str, Any]) -> None:
    command.who(options, "request")
    file = _read(options["file"])
    try:
        change = file.rule()
        file.check(change)
    except Wrong as error:
        raise CommandError(str(error)) from error
    command.request(options, change, command.previewed(options, change))


def _retire(command: Command, options: dict[str, Any]) -> None:
    command.who(options, "request")
    change = RetireRule(rule=options["name"])
    command.request(options, change, command.previewed(options, change))


def _declare(command: Command, options: dict[str, Any]) -> None:
    file = _read(options["file"])
    try:
        change = file.agent()
        file.check(change)
    except Wrong as error:
        raise CommandError(str(error)) from error
    command.request(options, change)


def _list_terms(command: Command, options: dict[str, Any]) -> None:
    book = Book.objects.filter(book=options["book"]).first()
    if book is None:
        raise CommandError(f"--book: there is no book {options['book']}, or the projector has not read it yet.")
    try:
        command.say(lists.terms(book, options["instrument"]), "")
    except LookupError as error:
        raise CommandError(f"--instrument: {error.args[0]}.") from error


def _set_term(command: Command, options: dict[str, Any]) -> None:
    try:
        value = Decimal(options["value"])
        change = SetTerm(name=options["name"], value=value, instrument=options["instrument"])
    except (InvalidOperation, ValueError) as error:
        raise CommandError(f"value: {options['value']!r} is no finite number of a sane length.") from error
    command.request(options, change, command.previewed(options, change))


def _grant(command: Command, options: dict[str, Any]) -> None:
    names = ("agent", "role", "owner", "required")
    command.request(options, GrantSeat(**{name: options[name] for name in names}))


def _of_agent(kind: type[SuspendSeat | ReinstateSeat | RevokeSeatKey]) -> Handler:
    return lambda command, options: command.request(options, kind(agent=options["agent"]))


def _issue_key(command: Command, options: dict[str, Any]) -> None:
    try:
        change = convert({"kind": "IssueSeatKey", "agent": options["agent"], "public": options["public"]}, IssueSeatKey)
    except ValidationError as error:
        raise CommandError(f"--public: {error}") from error
    command.request(options, change)


def _reputation(command: Command, options: dict[str, Any]) -> None:
    if not 0.0 <= options["weight"] <= 1.0:
        raise CommandError("weight: it is a share, between 0 and 1.")
    command.request(options, AdjustReputation(agent=options["agent"], weight=options["weight"]))


def _list_changes(command: Command, options: dict[str, Any]) -> None:
    command.say(lists.changes(options["book"], closed=options["all"]), "No change waits.")


def _approve(command: Command, options: dict[str, Any]) -> None:
    body = ApproveChange(change_id=options["change_id"], reason=options["reason"])
    command.command(options, "approve", body, "Approved; its timelock runs (manage.py govern changes).")


def _refuse(command: Command, options: dict[str, Any]) -> None:
    body = RefuseChange(change_id=options["change_id"], reason=options["reason"])
    command.command(options, "approve", body, "The change is closed.")


def _list_holds(command: Command, options: dict[str, Any]) -> None:
    command.say(lists.holds(options["book"]), "No decision is held.")


def _release(command: Command, options: dict[str, Any]) -> None:
    body = ReleaseHold(decision_id=options["decision"], reason=options["reason"])
    command.command(options, "hold", body, "Released; prices and rules are checked again.")


def _refuse_hold(command: Command, options: dict[str, Any]) -> None:
    body = RefuseHold(decision_id=options["decision"], reason=options["reason"])
    command.command(options, "hold", body, "Refused; nothing of it is executed.")


def _list_alarms(command: Command, options: dict[str, Any]) -> None:
    command.say(lists.alarms(options["book"], acknowledged=options["all"]), "No alarm waits for a person.")


def _acknowledge(command: Command, options: dict[str, Any]) -> None:
    body = AcknowledgeAlarm(alarm_id=options["alarm_id"], reason=options["reason"])
    command.command(options, "alarm", body, "Acknowledged.")


def _answer(command: Command, options: dict[str, Any]) -> None:
    command.stdout.write(told(options["command_id"], wait_for(options["command_id"], 0.0)))


def _restrict(command: Command, options: dict[str, Any]) -> None:
    names = ("instrument", "since", "until", "hard")
    command.request(options, Restrict(**{name: options[name] for name in names}))


def _unrestrict(command: Command, options: dict[str, Any]) -> None:
    command.request(options, Unrestrict(instrument=options["instrument"]))


def _suspend(command: Command, options: dict[str, Any]) -> None:
    body = SuspendInstrument(instrument=options["instrument"], reason=options["reason"])
    command.command(options, "suspend", body, "Suspended: only reductions are sent.")


def _lift(command: Command, options: dict[str, Any]) -> None:
    body = LiftSuspension(instrument=options["instrument"], reason=options["reason"])
    command.command(options, "suspend", body, "Lifted.")


def _clear(command: Command, options: dict[str, Any]) -> None:
    body = ClearBreaker(breaker=options["breaker"], subject=options["subject"], reason=options["reason"])
    command.command(options, "alarm", body, "Cleared.")
