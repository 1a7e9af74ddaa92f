"""`manage.py govern` with a governor and a relay at work: what operators ask for, and what they are told."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from msgspec.structs import replace

from agents.demo import DEMO_COUNCIL
from governance.governor import Governor
from governance.models import ChangeRequest, Seat
from governance.projections import GovernanceProjection
from govsite.govern.asking import Operator, ask, wait_for
from govsite.seed import BOOK, founding_events, known_instrument
from ledger import outbox
from ledger.application import LedgerApplication
from ledger.projector import Projector
from ledger.relay import Relay
from streams.changes import ActivateRule
from streams.client import DEAD_LETTERS, Streams
from streams.envelope import Envelope, decode
from streams.events import BookFounded, BookTerms, DomainEvent, RuleActivated, RuleClause, SeatGranted, TermChanged
from streams.messages import DeadLetter, RequestChange
from streams.stopping import Stop
from tests.servers import wait_until

RULE = """\
name = "small-orders"
title = "No order above 5,000"
effect = "deny"

[[clauses]]
name = "value inside limit"
cel = "order.notional <= 5000.0"

[[examples]]
name = "a large order"
facts = { "order.notional" = 6000.0 }
verdict = "breaches"
"""
AGENT = """\
agent = "trend-rule"
owner = "research"

[[signals]]
name = "follow the trend"
when = "market.trend > 1.0"
score = "market.move_30s"
"""


def govern(*words: str) -> str:
    out = io.StringIO()
    call_command("govern", *words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as caught:
        govern(*words)
    return str(caught.value)


@pytest.fixture
def people(database: str) -> None:
    """Two operators who may do everything, and somebody who may only look."""
    for name in ("ann", "bob"):
        User.objects.create(username=name, is_staff=True, is_superuser=True)
    User.objects.create(username="carl", is_staff=True)


@pytest.fixture
def governed(database: str, redis_url: str, people: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A book with a timelock of a second, and the processes that answer."""
    monkeypatch.setattr(settings, "REDIS_URL", redis_url)
    governing, executing = founding_events([known_instrument("BTCUSDT")], council=DEMO_COUNCIL)
    for log, events in (("governance", governing), ("execution", executing)):
        application = LedgerApplication(database, log, owner="test")  # type: ignore[arg-type]
        application.acquire()
        application.commit([with_short_timelock(event) for event in events])
        application.release()
        application.close()
    project(database)
    stop = Stop()
    processes = [
        threading.Thread(target=Governor(database_url=database, redis_url=redis_url, stop=stop).run),
        threading.Thread(target=Relay(database, redis_url, stop).run),
    ]
    for process in processes:
        process.start()
    yield database
    stop.set()
    for process in processes:
        process.join(30)
        assert not process.is_alive()


@pytest.fixture
def rule_file(tmp_path: Path) -> Path:
    file = tmp_path / "rule.toml"
    file.write_text(RULE)
    return file


def with_short_timelock(event: DomainEvent) -> DomainEvent:
    if isinstance(event.body, BookFounded):
        return replace(event, body=replace(event.body, terms=BookTerms(timelock_s=1)))
    return event


def project(database: str) -> None:
    projector = Projector(database, [GovernanceProjection()])
    projector.connect()
    projector.catch_up()
    projector.close()


def recorded(database: str, kind: type[Any]) -> list[Any]:
    application = LedgerApplication(database, "governance")
    try:
        return [each.event.body for each in application.events() if isinstance(each.event.body, kind)]
    finally:
        application.close()


def waits_until(condition: Callable[[], object], what: str) -> None:
    wait_until(condition, what, seconds=20)


def change_of(asked: str) -> str:
    """The id of the change that the command tells to approve."""
    return asked.split("govern approve ")[1].split()[0]


def by(name: str) -> tuple[str, ...]:
    return ("--as", name, "--reason", "because")


def test_what_tightens_is_in_force_when_the_command_returns(governed: str) -> None:
    assert "In force: it tightens" in govern("term", "set", "max_gross", "0.8", *by("ann"))
    (changed,) = recorded(governed, TermChanged)
    assert (changed.name, str(changed.to), changed.who, changed.why) == (
        *("max_gross", "0.8", "operator:ann"),
        "because",
    )


def test_what_loosens_waits_for_a_second_operator_and_the_timelock(governed: str) -> None:
    asked = govern("term", "set", "max_gross", "1.2", *by("ann"))
    assert "It loosens" in asked
    change_id = change_of(asked)
    assert refused("approve", change_id, *by("ann")).startswith("Refused: SAME_PERSON, change_id: operator:ann asked")
    project(governed)
    assert "waits for another operator than operator:ann" in govern("changes")
    assert govern("approve", change_id, *by("bob")).startswith("Approved")
    waits_until(lambda: recorded(governed, TermChanged), "the change is enacted")
    project(governed)
    assert ChangeRequest.objects.get().status == "enacted"
    assert govern("changes") == "No change waits.\n"
    assert "enacted after operator:bob" in govern("changes", "--all")


def test_a_change_may_be_withdrawn(governed: str) -> None:
    asked = govern("seat", "grant", "new", "--role", "strategy", "--owner", "x", *by("ann"))
    change_id = change_of(asked)
    assert govern("refuse", change_id, *by("ann")) == "The change is closed.\n"
    assert refused("approve", change_id, *by("bob")).endswith("was refused by operator:ann")


def test_refusals_name_the_field(governed: str) -> None:
    assert "name: there is no parameter max_gros" in refused("term", "set", "max_gros", "1", *by("ann"))
    assert "NO_CHANGE" in refused("unrestrict", "BTCUSDT", *by("ann"))
    assert "INVALID" in refused("restrict", "btc usdt", *by("ann"))
    assert "value: 'much'" in refused("term", "set", "max_gross", "much", *by("ann"))
    assert recorded(governed, TermChanged) == []


def test_a_seat_is_suspended_by_one_and_confirmed_by_another(governed: str) -> None:
    govern("seat", "suspend", "anomaly", *by("ann"))
    assert "another operator confirms" in refused("seat", "suspend", "anomaly", *by("ann"))
    govern("seat", "suspend", "anomaly", *by("bob"))
    project(governed)
    assert Seat.objects.get(agent="anomaly").suspended_by == ["operator:ann", "operator:bob"]


def test_a_rule_is_tried_on_past_decisions_then_in_force(governed: str, rule_file: Path) -> None:
    said = govern("rule", "activate", str(rule_file), *by("ann"))
    assert said.startswith("preview: there is no decision to try it on yet\nIn force: it tightens")
    (rule,) = [each for each in recorded(governed, RuleActivated) if each.rule == "small-orders"]
    assert (rule.version, rule.who, len(rule.examples)) == (1, "operator:ann", 1)
    assert "NO_CHANGE" in refused("rule", "activate", str(rule_file), *by("bob"))
    rule_file.write_text(RULE.replace("5000.0", "5500.0"))
    assert "It loosens (it replaces small-orders v1)" in govern("rule", "activate", str(rule_file), *by("ann"))
    assert "It loosens" in govern("rule", "retire", "small-orders", *by("bob"))


def test_a_text_that_is_not_sound_never_reaches_the_chamber(governed: str, redis_url: str) -> None:
    """Sent past the command's own check."""
    clause = RuleClause(name="bad", cel="order.nothing > 1.0")
    change = ActivateRule(rule="bad", title="Bad", effect="deny", clauses=(clause,))
    with pytest.raises(CommandError, match=r"RULE_REFUSED, clauses: bad: undeclared .* \(line 1, column 6\)"):
        ask(Operator("ann", BOOK, 10.0), RequestChange(change_id="c", change=change, reason="r"))
    letters = [decode(entry.raw).body for entry in Streams(redis_url).read({DEAD_LETTERS: "0-0"}, block_ms=None)]
    assert [letter.code for letter in letters if isinstance(letter, DeadLetter)] == ["RULE_REFUSED"]


def test_nobody_waits_for_a_hostile_text(governed: str) -> None:
    """Ten million steps are tried beside the governor, which goes on answering."""
    text = "true"
    for name in "abcdefg":
        text = f"[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all({name}, {text})"
    change = ActivateRule(rule="slow", title="Slow", effect="deny", clauses=(RuleClause(name="slow", cel=text),))
    envelope = Envelope(
        id="slow",
        body=RequestChange(change_id="slow", change=change, reason="r"),
        actor="operator:ann",
        sent_at=time.time_ns(),
        book=BOOK,
    )
    outbox.enqueue(connection, envelope)
    assert "In force" in govern("term", "set", "max_gross", "0.8", *by("bob"))
    assert wait_for("slow", 20.0) == "refused:RULE_REFUSED"
    assert not [each for each in recorded(governed, RuleActivated) if each.rule == "slow"]


def test_an_instrument_is_suspended_and_the_suspension_lifted(governed: str) -> None:
    assert govern("suspend", "BTCUSDT", *by("ann")).startswith("Suspended")
    assert "NO_CHANGE" in refused("suspend", "BTCUSDT", *by("ann"))
    assert govern("lift", "BTCUSDT", *by("bob")) == "Lifted.\n"
    assert "DOGE is not suspended" in refused("lift", "DOGE", *by("bob"))


def test_what_waits_for_nobody_is_listed_as_nothing(governed: str) -> None:
    assert govern("holds") == "No decision is held.\n"
    assert govern("alarms") == "No alarm waits for a person.\n"
    assert "UNKNOWN_DECISION" in refused("hold", "release", "none", *by("ann"))


def test_a_rule_agent_is_declared(governed: str, tmp_path: Path) -> None:
    file = tmp_path / "trend.toml"
    file.write_text(AGENT)
    asked = govern("rule-agent", "declare", str(file), *by("ann"))
    govern("approve", change_of(asked), *by("bob"))
    waits_until(lambda: len(recorded(governed, SeatGranted)) > len(DEMO_COUNCIL), "the seat is granted")
    seat = recorded(governed, SeatGranted)[-1]
    assert (seat.agent, seat.role, seat.owner, seat.shadow, seat.signals[0].name) == (
        *("trend-rule", "rule", "research", True),
        "follow the trend",
    )


def test_without_a_governor_the_command_is_kept(database: str, people: None) -> None:
    problem = refused("term", "set", "max_gross", "0.8", *by("ann"), "--wait", "0.1")
    assert problem.startswith("No answer after 0.1 s. The command is kept")
    assert govern("answer", problem.split()[-1]) == "Waiting\n"


def test_operators_are_users_who_may(database: str, people: None) -> None:
    assert "there is no active user eve" in refused("restrict", "BTCUSDT", *by("eve"))
    assert "carl may not do this" in refused("restrict", "BTCUSDT", *by("carl"))
    permission = Permission.objects.get(codename="request_change")
    User.objects.get(username="carl").user_permissions.add(permission)
    assert "No answer" in refused("restrict", "BTCUSDT", *by("carl"), "--wait", "0.1")
    assert "carl may not do this" in refused("approve", "x", *by("carl"))


def test_terms_are_listed_with_their_safe_direction(governed: str) -> None:
    lines = {line.split()[0]: line for line in govern("terms").splitlines()}
    assert lines["max_gross"].split()[1:3] == ["1.0", "lower"]
    assert lines["fee_bp"].split()[1:3] == ["0.2", "waits"]
    assert "horizon_s" not in lines, "it is fixed when a book is founded"
    assert lines["live_only"].split()[1:3] == ["0", "higher"]
    assert "max_position" in govern("terms", "--instrument", "BTCUSDT")
    assert "DOGE is not listed" in refused("terms", "--instrument", "DOGE")


# --- rule files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("document", ["changes.md", "rules.md"])
def test_the_files_in_the_documentation_are_sound(database: str, tmp_path: Path, document: str) -> None:
    text = (settings.BASE_DIR / "docs" / document).read_text()
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.toml"
        file.write_text(block)
        assert govern("rule", "check", str(file)).endswith("it is sound.\n")


def test_a_sound_rule_file(database: str, rule_file: Path) -> None:
    assert govern("rule", "check", str(rule_file)) == f"{rule_file}: it is sound.\n"


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("order.notional <=", "order.notionall <=", 7, "clauses: value inside limit: undeclared"),
        ('cel = "order.notional <= 5000.0"', 'cel = """\ntrue &&\norder.x"""', 9, "clauses: value inside limit: "),
        ('effect = "deny"', 'effect = "forbid"', 3, "effect: Invalid enum value 'forbid'"),
        ('title = "No order above 5,000"\n', "", 1, "title"),
        ('effect = "deny"', 'effect = "deny"\ncolour = "red"', 4, "colour: not known here"),
    ],
)
def test_an_error_stands_at_its_line(
    database: str, rule_file: Path, old: str, new: str, line: int, problem: str
) -> None:
    rule_file.write_text(RULE.replace(old, new))
    said = refused("rule", "check", str(rule_file))
    assert said.startswith(f"{rule_file}:{line}: "), said
    assert problem in said


def test_an_example_that_comes_out_otherwise(database: str, rule_file: Path) -> None:
    rule_file.write_text(RULE.replace('"breaches"', '"passes"'))
    assert "a large order" in refused("rule", "check", str(rule_file))


def test_a_file_that_is_no_toml(database: str, rule_file: Path) -> None:
    rule_file.write_text("name = ")
    assert "rule.toml: Invalid value" in refused("rule", "check", str(rule_file))
    assert "cannot be read" in refused("rule", "check", str(rule_file.parent / "none.toml"))


def test_a_rule_agents_file_names_the_signal_and_the_field(database: str, tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(AGENT.replace("market.move_30s", "market.move_30"))
    assert refused("rule", "check", str(file)).startswith(f"{file}:7: signals: follow the trend: score: ")


def test_the_book_is_the_demos(governed: str) -> None:
    assert "there is no book other" in refused("restrict", "BTCUSDT", *by("ann"), "--book", "other")
    assert BOOK in refused("restrict", "BTCUSDT", *by("ann"), "--book", "other")
