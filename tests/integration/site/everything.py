"""A history in which every kind of record has something to show, and every address there is to show it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from execution.models import Order
from governance.models import ChangeRequest, Decision, Hold, Rule, Seat
from govsite.api import tokens
from govsite.models import AlarmDelivery
from govsite.urls import urlpatterns
from ledger import outbox
from ledger.application import InboxEntry
from ledger.models import LedgerEvent
from streams import events as e
from streams.changes import ActivateRule, Change, SetTerm
from streams.client import COMMANDS, DEAD_LETTERS, Entry, Streams
from streams.envelope import Envelope, Refused, encode
from streams.messages import Code, LiftSuspension
from tests.integration.site.conftest import Writer
from tests.integration.site.desk import trip, working
from tests.integration.site.test_governing import answered, scored
from tests.unit.site.history import START, VIEW, History
from tests.unit.site.test_governance_projections import held, requested

D = Decimal
COMMAND, REFUSED = "asked-for", "refused-1"
NAMES = 64  # characters at most
NONE = re.compile("(?!)")
LATER = 2_000_000_000_000_000_000


def tell(writer: Writer, said: str) -> None:
    """To a founded book: all that agents and operators can say, with `said` in every text of theirs; ada is there."""
    writer.show(lambda history: _council(history, said))
    for outcome in ("granted", "vetoed", "reduced", "refused"):
        writer.show(lambda history, outcome=outcome: history.round(outcome=outcome, why=said))  # type: ignore[misc]
    for tells in (lambda history: scored(history, 30), lambda history: _asked(history, said)):
        writer.show(tells)
    writer.show(lambda history: _held(history, said))
    writer.show(lambda history: _orders(history, said))
    writer.show(lambda history: _stopped(history, said))
    answered(writer)
    _sent(writer, said)
    _kept(said)


def live(history: History, said: str) -> None:
    """What comes over the socket while somebody looks."""
    history.round(outcome="vetoed", why=said)
    _held(history, said, "live")
    history.tell(e.FeedGap(instrument=said, kind=said, first=1, last=2, market_at=START))
    history.tell(e.FeedSourceChanged(origin="live", to="synthetic", why=said))
    history.tell(e.TradingSuspended(instrument="ETHUSDT", who=f"operator:{said}", why=said, formula=said))
    history.tell(e.TradingStatusChanged(instrument=said, tradable=False, status=said, market_at=1))
    trip(history, "live", subject=said, effect="LATCHED", formula=said, breaker="repeated_execution")
    history.tell(e.SeatSuspended(agent="order-flow", who=f"operator:{said}", why=said))
    history.tell(e.TradingReduced(who=f"operator:{said}", why=said, gate_at=1))
    history.tell(e.CancelOrdered(order_id=said, who=f"operator:{said}", why=said))
    for _ in range(2):
        _refused(history, said)
    _amended(history, said)


def _council(history: History, said: str) -> None:
    name = said[:NAMES]
    signal = e.SignalRule(name=said[:NAMES], when=said, score=said)
    history.tell(
        e.SeatGranted(
            agent=name, role="rule", owner=said, prior_ppm=0, veto=False, required=False, shadow=True,
            signals=(signal,), who=f"operator:{said}", why=said,
        )
    )  # fmt: skip
    history.tell(e.ProposingSuspended(agent="rule", strikes=20, until=LATER, why=said))
    clause = e.RuleClause(name=said[:NAMES], cel=said)
    example = e.RuleExample(name=said[:NAMES], facts={"order.side": said}, verdict="passes")
    for version in (1, 2):
        history.tell(
            e.RuleActivated(
                rule="worded", version=version, title=said, effect="deny", clauses=(clause,), examples=(example,),
                who=f"operator:{said}", why=f"{version} {said}",
            )
        )  # fmt: skip
    history.tell(e.TermChanged(name="max_gross", instrument="", origin=D(1), to=D("0.9"), who="operator:x", why=said))
    _refused(history, said)
    _amended(history, said)


def _refused(history: History, said: str) -> None:
    key = f"refused-{history.now}-{len(history.governance)}"
    refused = e.ProposalRefused(
        proposal_id=key, agent=said[:NAMES], action="trade", instrument="BTCUSDT", target=D(1), reason=said, detail=said
    )
    history.tell(refused, key)


def _amended(history: History, said: str) -> None:
    key = history.governance[-1].originator_id.hex
    history._open(key, "BTCUSDT", D(60000))
    admitted = e.ProposalAdmitted(
        proposal_id=f"{key}1", agent=said[:NAMES], action="trade", instrument="BTCUSDT", target=D("0.1"),
        probability=0.6, held=D(0), price=D(60000), market=VIEW, evidence=(said,), ttl_ms=200, why=said,
    )  # fmt: skip
    history.tell(admitted, key)
    offered = e.AmendmentOffered(proposal_id=f"{key}2", amends=f"{key}1", agent="risk", target=D("0.05"), why=said)
    history.tell(offered, key)
    ballot: dict[str, Any] = {
        "proposal_id": f"{key}1", "agent": said[:NAMES], "stance": "reject", "probability": 0.4, "weight_ppm": 9,
        "size_limit": None, "veto": False, "reason": said,
    }  # fmt: skip
    history.tell(e.BallotCast(**ballot), key, actor=said[:NAMES])
    history.tell(e.BallotLate(**ballot), key, actor=said[:NAMES])
    history.tell(e.DeliberationClosed(reason="all_voted", closed_at=history.now), key)
    history.tell(
        e.DecisionReached(
            decision_id=f"decided-{key}", deliberation_id=key, outcome="refused", orders=(),
            reasons=(e.ProposalResult(proposal_id=f"{key}1", state="REFUSED", reason=said, by=said, detail=said),),
            trigger=e.Trigger(tick_id=said, received_at=START), ttl_ms=200,
        ),
        key,
    )  # fmt: skip


def _asked(history: History, said: str) -> None:
    clause = e.RuleClause(name=said[:NAMES], cel=said)
    changes: tuple[Change, ...] = (
        SetTerm(name="max_gross", value=D("1.2")),
        ActivateRule(rule="worded", title=said, effect="deny", clauses=(clause,)),
        SetTerm(name="max_position", value=D("0.9"), instrument="BTCUSDT"),
    )
    for number, change in enumerate(changes):
        history.tell(
            e.ChangeRequested(
                change_id=f"c{number}", change=change, loosens=True, why_loosens=said, who=f"operator:{said}",
                why=said, requested_at=START, preview=e.Preview(decisions=10, different=1),
            ),
            f"c{number}",
        )  # fmt: skip
    history.tell(e.ChangeApproved(change_id="c1", who=f"operator:{said}", why=said, enacts_at=LATER), "c1")
    history.tell(e.ChangeRefused(change_id="c2", who=f"operator:{said}", why=said), "c2")
    requested(history, SetTerm(name="max_gross", value=D("1.3")), change_id="c3")


def _held(history: History, said: str, name: str = "held") -> None:
    if name == "held":
        held(history)
    key = f"{name}-round"
    history._open(key, "BTCUSDT", D(60000))
    ticket = e.OrderTicket(order_id=f"{name}-o", instrument="BTCUSDT", side="buy", quantity=D("0.1"), limit=D(60100))
    history.tell(
        e.DecisionHeld(
            decision_id=f"{name}-decision", deliberation_id=key, track="TRADE", rules=(said,), orders=(ticket,),
            held=(), reasons=(e.ProposalResult(proposal_id="p", state="HELD", reason=said, by=said, detail=said),),
            trigger=e.Trigger(tick_id=said, received_at=START), ttl_ms=200, at=START, until=LATER,
        ),
        key,
    )  # fmt: skip


def _orders(history: History, said: str) -> None:
    working(history)
    for number, ending in enumerate((e.OrderRejected, e.OrderCancelled, e.OrderExpired)):
        order = f"ended-{number}"
        working(history, order, decision=said)
        history.tell(ending(order_id=order, decision_id=said, reason=said, detail=said), order, actor="executor")
    history.tell(e.CashMoved(amount=D(10), reason=said), actor=f"operator:{said}")
    adjusted = e.PositionAdjusted(
        instrument="ETHUSDT", quantity=D(1), price=D(3000), who=f"operator:{said}", reason=said
    )
    history.tell(adjusted, actor="executor")


def _stopped(history: History, said: str) -> None:
    trip(history, "open", subject=said, effect="LATCHED", formula=said, breaker="repeated_execution")
    trip(history, "drawn", subject="demo", breaker="drawdown", effect="HALTED", formula=said)
    trip(history, "seen", formula=said)
    history.tell(e.AlarmAcknowledged(alarm_id="seen", who=f"operator:{said}", why=said))
    history.tell(e.TradingSuspended(instrument="BTCUSDT", who=f"operator:{said}", why=said, formula=said))
    restricted = e.InstrumentRestricted(
        instrument="ETHUSDT", since=5, until=None, hard=True, who=f"operator:{said}", why=said
    )
    history.tell(restricted)
    history.tell(e.TradingHalted(who=f"operator:{said}", why=said, gate_at=1))


def _sent(writer: Writer, said: str) -> None:
    for command in (COMMAND, REFUSED):
        body = LiftSuspension(instrument="BTCUSDT", reason=said[:500])
        sent = Envelope(id=command, body=body, actor="operator:ada", sent_at=time.time_ns(), book="demo")
        outbox.enqueue(connection, sent)
    refused = InboxEntry(command_id=REFUSED, entry_id="1-1", result=f"refused:{said}", book="demo")
    writer.governance.commit([], inbox=[refused])


def bury(redis_url: str, said: str) -> None:
    """Two dead letters: a command, and what is none."""
    streams = Streams(redis_url)
    body = LiftSuspension(instrument="BTCUSDT", reason=said[:500])
    sent = Envelope(id="buried", body=body, actor=f"operator:{said}", sent_at=time.time_ns(), book=said)
    for raw in (encode(sent), said.encode()):
        streams.bury(Entry(COMMANDS, "7-0", raw), Refused(Code.UNKNOWN_BOOK, said), origin=said)
    streams.redis.close()


def _kept(said: str) -> None:
    ada = User.objects.get(username="ada")
    tokens.issue(ada, said[:80], tokens.SCOPES, agent="fast-momentum", confirmed=True)
    now = timezone.now()
    AlarmDelivery.objects.create(alarm_id="drawn", position=1, body=said, attempts=3, next_at=now, trouble=said)
    User.objects.create(username="bob", first_name=said[:150], last_name=said[:150])


# --- addresses ----------------------------------------------------------------------------------


def arguments(redis_url: str) -> dict[str, list[dict[str, Any]]]:
    """For the name of each address that has some: what stands in it, once per record worth opening."""
    streams = Streams(redis_url)
    entries: Any = streams.redis.xrange(DEAD_LETTERS)
    letters = [entry_id.decode() for entry_id, _ in entries]
    streams.redis.close()
    rule = [{"rule_id": Rule.objects.get(rule="worded").rule_id}]
    seat = Seat.objects.get(agent="rule").seat_id
    order = [{"order_id": Order.objects.filter(order_id__contains="-").latest("order_id").order_id}]
    change, hold = ChangeRequest.objects.get(change_id="c0"), Hold.objects.get(decision_id="held-decision")
    decisions = (Decision.objects.filter(outcome="granted"), Decision.objects.filter(decision_id__startswith="decided"))
    return {
        "decision": [{"decision_id": each[0].decision_id} for each in decisions],
        "why-fill": [{"event_id": str(LedgerEvent.objects.filter(event="OrderFilled")[0].event_id)}],
        "ledger-event": [{"log": "governance", "partition": 0, "position": each} for each in (1, 12)],
        "why-order": order,
        "cancel-order": order,
        "acknowledge-alarm": [{"alarm_id": "open"}],
        "agent": [{"name": each} for each in Seat.objects.filter(role="rule").values_list("agent", flat=True)],
        **{f"{verdict}-change": [{"change_id": change.change_id}] for verdict in ("approve", "refuse")},
        **{f"{verdict}-hold": [{"decision_id": hold.decision_id}] for verdict in ("release", "refuse")},
        **{name: [{"entry_id": each} for each in letters] for name in ("dead-letter", "resubmit-letter")},
        "command": [{"command_id": COMMAND}, {"command_id": REFUSED}],
        **dict.fromkeys(("rule-edit", "rule-retire", "rule-versions"), rule),
        "seat-act": [{"seat_id": seat, "what": what} for what in ("reputation", "suspend", "reinstate")],
        "terms": [{"book": "demo"}],
        "term-edit": [{"book": "demo", "name": "max_gross"}],
        "change-page": [{"aggregate_id": change.pk}],
    }


def addresses(redis_url: str) -> list[str]:
    """Every address of the site but those of the API, with records of this history in it."""
    known = arguments(redis_url)
    found = []
    for pattern in urlpatterns:
        if isinstance(pattern, URLPattern) and pattern.name:
            found += [reverse(pattern.name, kwargs=each) for each in known.get(pattern.name, [{}])]
    return [*found, *_records(), "/admin/login/", "/admin/password_change/", "/none/", "/admin/none/"]


def named() -> Iterator[URLPattern]:
    """Addresses of the site that take something."""
    for pattern in urlpatterns:
        if isinstance(pattern, URLPattern) and pattern.pattern.converters:
            yield pattern


def with_value(pattern: URLPattern, name: str, value: str) -> str:
    """The address with the value in place of one parameter, and with harmless ones for the others."""
    others = {"uuid": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "int": "1"}

    def put(match: re.Match[str]) -> str:
        return value if match["name"] == name else others.get(match["kind"], "demo")

    return "/" + re.sub(r"<(?P<kind>\w+):(?P<name>\w+)>", put, str(pattern.pattern))


def _records() -> Iterator[str]:
    """Lists of the admin, one record of each, and the forms to add one."""
    yield "/admin/"
    for model in sorted(admin.site._registry, key=lambda model: model._meta.label):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        for record in itertools.islice(model._default_manager.all(), 1):
            yield from (reverse(f"{name}_{what}", args=[record.pk]) for what in ("change", "delete"))


def pages(client: Client, redis_url: str, other: re.Pattern[str] = NONE) -> list[str]:
    """Those that show this client something when they are opened, but for the `other`."""
    shown = []
    for address in itertools.filterfalse(other.match, addresses(redis_url)):
        answer = client.get(address)
        if answer.status_code in (200, 404) and answer["Content-Type"].startswith("text/html"):
            shown.append(address)
        answer.close()
    return shown
