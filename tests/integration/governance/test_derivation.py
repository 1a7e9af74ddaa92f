"""`audit verify --decisions` on a real ledger: all derived, until somebody edits a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from io import StringIO
from itertools import islice
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from feeds.synthetic import SyntheticMarket
from governance.preview import preview
from govsite.backtest import demo_pipeline
from govsite.pipeline import MemoryLog
from govsite.seed import KNOWN, known_instrument
from ledger.application import LedgerApplication
from streams.changes import SetTerm
from streams.events import DecisionHeld, DecisionReached, DomainEvent, Preview
from streams.messages import LedgerEntry, ReleaseHold
from tests.unit.governance.ledgered import LedgeredScene, held_scene

DECISIONS = 12
TICKS = 20_000


def scene() -> LedgeredScene:
    """Rounds that are granted, refused, vetoed and reduced."""
    played = LedgeredScene()
    for number in range(DECISIONS):
        played.quote(price=str(50_000 + number))
        name = f"p{number}"
        played.propose(f"0.{number + 1:02}", proposal_id=name)
        qs = (0.6,) * 6 if number % 3 else (0.4, 0.4, 0.4, 0.4, 0.6, None)
        played.everybody(name, qs, veto=number % 5 == 4)
        played.wait(1_000)
    return played


@pytest.fixture
def ledger(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    write(ledger_url, scene().events())
    return ledger_url


def write(url: str, events: list[DomainEvent]) -> None:
    governance = LedgerApplication(url, "governance")
    governance.acquire()
    governance.commit(events)
    governance.close()


def verify(*arguments: Any) -> tuple[str, int]:
    """What it says, and its exit code."""
    out = StringIO()
    try:
        call_command("audit", "verify", "--decisions", *arguments, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def edit(url: str, change: str, *parameters: object) -> None:
    """As somebody who owns the database would."""
    with psycopg.connect(url) as owner:
        owner.execute("ALTER TABLE event_log DISABLE TRIGGER append_only")
        assert owner.execute(change, parameters).rowcount > 0
        owner.execute("ALTER TABLE event_log ENABLE ALWAYS TRIGGER append_only")


def test_all_decisions_derive(ledger: str) -> None:
    assert verify() == (f"demo: derived {DECISIONS} decisions\n", 0)


@pytest.mark.parametrize(
    ("arguments", "counted"),
    [
        (["--last", "5"], "derived 5 decisions"),
        (["--last", "5", "--book", "demo"], "derived 5 decisions"),
        (["--since", "2000-01-01"], f"derived {DECISIONS} decisions"),
        (["--since", "2999-01-01"], "derived nothing"),
    ],
)
def test_a_scope_chooses_decisions(ledger: str, arguments: list[str], counted: str) -> None:
    assert verify(*arguments) == (f"demo: {counted}\n", 0)
    assert verify("--book", "other") == ("the ledger holds no such book\n", 0)


def test_a_scope_without_decisions_is_refused(ledger: str) -> None:
    with pytest.raises(CommandError, match="need --decisions"):
        call_command("audit", "verify", "--last", "5")


@pytest.mark.parametrize(
    ("topic", "before", "after", "says"),
    [
        ("BallotCast", '"probability":0.6', '"probability":0.7', "forecast: 0.7 expected, 0.6 stored"),
        ("BallotCast", '"weight_ppm":166666', '"weight_ppm":166667', "weighs 166667 ppm, by the snapshot 166666"),
        ("DecisionReached", '"outcome":"granted"', '"outcome":"reduced"', "outcome: 'granted' expected"),
        ("SituationRecorded", '"cash":"100000"', '"cash":"100001"', "100001.0 expected, 100000.0 stored"),
        ("RuleActivated", '"version":1', '"version":2', "version: 2 expected, 1 stored"),
        ("DeliberationOpened", '"total_ppm":999996', '"total_ppm":999997', "total_ppm: 999996 expected"),
        ("ProposalAdmitted", '"agent"', '"gent"', "cannot be derived"),
    ],
)
def test_what_was_edited_is_found(ledger: str, topic: str, before: str, after: str, says: str) -> None:
    edit(
        ledger,
        """UPDATE event_log SET state = convert_to(replace(convert_from(state, 'UTF8'), %s, %s), 'UTF8')
        WHERE split_part(topic, '.', 2) = %s""",
        before,
        after,
        topic,
    )
    told, code = verify()
    assert code == 1
    assert "DIFFER" in told
    assert says in told


def test_a_hold_that_was_released_much_later_derives_by_itself(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    played, held = held_scene()
    for number in range(3):
        played.wait(3_000)
        played.quote()
        played.propose("0.04", proposal_id=f"later-{number}")
        played.everybody(f"later-{number}")
    played.give(ReleaseHold(decision_id=held.decision_id, reason="looks right"), "operator:b")
    decided = [type(body) for body in played.bodies() if isinstance(body, DecisionHeld | DecisionReached)]
    assert (decided[0], decided[-1], len(decided)) == (DecisionHeld, DecisionReached, 3)
    write(ledger_url, played.events())
    assert verify("--last", "1") == ("demo: derived 1 decisions\n", 0)
    assert verify() == ("demo: derived 2 decisions, 1 holds\n", 0)


def test_a_backtest_of_the_demo_book_derives_with_its_scores(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the demo council does on a synthetic market, as its governor would have recorded it."""
    monkeypatch.setattr(settings, "DATABASE_URL", ledger_url)
    recorded: list[DomainEvent] = []
    append = MemoryLog.append

    def kept(log: MemoryLog, events: Iterable[DomainEvent], now: int) -> LedgerEntry:
        events = list(events)
        if log.log == "governance":
            recorded.extend(events)
        return append(log, events, now)

    monkeypatch.setattr(MemoryLog, "append", kept)
    pipeline = demo_pipeline([known_instrument(symbol) for symbol in KNOWN])
    for tick in islice(SyntheticMarket(7, 1_700_000_000_000_000_000), TICKS):
        pipeline.on_tick(tick)
    pipeline.finish()
    write(ledger_url, recorded)
    kinds = Counter(type(event.body).__name__ for event in recorded)
    assert kinds["CouncilScored"] > 0
    counted = f"{kinds['DecisionReached']:,} decisions, {kinds['CouncilScored']:,} scores"
    assert verify() == (f"demo: derived {counted}\n", 0)


def test_a_decision_that_is_gone_is_missed(ledger: str) -> None:
    edit(ledger, "DELETE FROM event_log WHERE position = (SELECT max(position) FROM event_log)")
    told, code = verify()
    assert code == 1
    assert "the log ends before its decision" in told


def test_a_change_is_previewed_over_the_last_decisions(ledger: str) -> None:
    change = SetTerm(name="max_order_value", value=Decimal(100))
    found = preview(ledger, "demo", change)
    assert found.decisions == DECISIONS
    assert 0 < found.different < DECISIONS
    assert {each.after for each in found.differences} <= {"reduced", "refused"}
    assert preview(ledger, "demo", change, last=3).decisions == 3
    assert preview(ledger, "other", change) == Preview(decisions=0, different=0)
