"""What may stand in the way of a book's trading, found in the gate, the processes, the market and the read models."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import redis
from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from msgspec import Struct

from governance.domain.council import FEWEST_OWNERS
from governance.models import Ballot, Book, BreakerState, Hold, InstrumentState, Proposal, Seat
from govsite.live.status import STREAMS, Heard, StreamState
from govsite.ops import alarm_words
from govsite.ops.denials import Lately
from govsite.ops.market import REDIS_PATIENCE_S
from govsite.ops.standstill import BLOCKS, DOUBTS, LIMITS, SAYS, Finding, listed, spoken
from streams.client import TICKS, connect
from streams.telemetry import processes

NEEDED = ("feed", "agents", "governor", "executor")
AROUND = ("relay", "projector")
SILENT_S = 5.0
LAG_MS = 2_000
LAG_EVENTS = 1_000
QUIET = timedelta(seconds=60)


class Machine(Struct, frozen=True):
    """Processes as they were heard last and the newest tick's age (ms; None: there never was one). `trouble`: what is
    in the way of asking."""

    processes: Sequence[Mapping[str, Any]]
    tick_age_ms: int | None
    trouble: str


def machine() -> Machine:
    try:
        with connect(settings.REDIS_URL, timeout_s=REDIS_PATIENCE_S) as connected:
            streams = [_stream(connected, name) for name in STREAMS]
            heard = Heard()
            heard.take(processes(connected))
    except (redis.RedisError, ValueError):
        return Machine((), None, "Redis does not answer")
    ticks = next(each for each in streams if each.name == TICKS)
    return Machine(heard.processes(streams), ticks.age_ms(time.time_ns() // 1_000_000), "")


def _stream(connected: redis.Redis, name: str) -> StreamState:
    try:
        known: Any = connected.xinfo_stream(name)
    except redis.ResponseError:
        return StreamState(name, 0, "0-0")  # nobody has written to it yet
    return StreamState(name, known["length"], known["last-generated-id"].decode())


def findings(book: Book, mode: Mapping[str, Any], found: Machine, lately: Lately) -> list[Finding]:
    """In order of what blocks first."""
    return [
        *_mode(mode),
        *_processes(found),
        *_prices(found),
        *_instruments(book),
        *_council(book),
        *_breakers(book),
        *_holds(book),
        *_agents(book, lately),
        *_rounds(lately),
        *_orders(lately),
    ]


# --- the gate and the machine -----------------------------------------------------------------------


def _mode(mode: Mapping[str, Any]) -> Iterator[Finding]:
    if mode["mode"] == "NORMAL":
        return
    halted = mode["mode"] == "HALTED"
    what = "halted" if halted else "in reduce-only mode"
    scope = "all books are" if mode["book"] == "*" else "the book is"
    yield Finding(
        key="mode",
        grade=BLOCKS if halted else LIMITS,
        title="Halted" if halted else "Reduce only",
        because=f"{scope} {what}, by {mode['who']}",
        words=mode["text"],
        page="resume",
        act="Resume",
    )


def _processes(found: Machine) -> Iterator[Finding]:
    if found.trouble:
        yield _machine("redis", BLOCKS, "Redis", "Redis does not answer, so nothing reaches the governor", "")
        return
    heard = {str(each["name"]): each for each in found.processes}
    if silent := [name for name in NEEDED if heard[name]["state"] == "unheard"]:
        because = f"{_named(silent)} not running"
        yield _machine("processes", BLOCKS, "Processes", because, "Nothing was heard of that in the last 5 s.")
    if silent := [name for name in AROUND if heard[name]["state"] == "unheard"]:
        words = "What operators send waits without the relay; without the projector this page shows what was before."
        yield _machine("around", DOUBTS, "Processes", f"{_named(silent)} not running", words)
    for name, each in heard.items():
        for stream, behind in each["behind"].items():
            most = LAG_EVENTS if behind["unit"] == "events" else LAG_MS
            if behind["amount"] > most:
                far = f"{behind['amount'] / 1000:.1f} s" if behind["unit"] == "ms" else f"{behind['amount']} events"
                because = f"the process {name} is {far} behind {stream}"
                yield _machine(f"lag {name} {stream}", DOUBTS, "Lag", because, "")


def _named(silent: Sequence[str]) -> str:
    return f"the process {silent[0]} is" if len(silent) == 1 else f"the processes {' and '.join(silent)} are"


def _machine(key: str, grade: str, title: str, because: str, words: str) -> Finding:
    said = f"{because[0].upper()}{because[1:]}. {words}".strip()
    return Finding(key=key, grade=grade, title=title, because=because, words=said, page="live", act="Processes")


def _prices(found: Machine) -> Iterator[Finding]:
    if found.trouble:
        return
    age = found.tick_age_ms
    if age is not None and age <= SILENT_S * 1000:
        return
    because = "no price has ever come" if age is None else f"no price has come for {spoken(age / 1000)}"
    words = f"{because[0].upper()}{because[1:]}: the feed is silent, and on old prices nothing takes on risk."
    yield Finding(
        key="prices", grade=BLOCKS, title="Feed", because=because, words=words, page="feed", act="Look at the feed"
    )


# --- the book ---------------------------------------------------------------------------------------


def _instruments(book: Book) -> Iterator[Finding]:
    symbols = sorted(str(each["symbol"]) for each in book.instruments)
    barred: dict[str, str] = {}
    for row in InstrumentState.objects.filter(book=book.book, instrument__in=symbols).order_by("instrument"):
        if why := _barred(row):
            barred[row.instrument] = why
    if not barred:
        return
    everything = len(barred) == len(symbols)
    named = listed([f"{name}: {why}" for name, why in barred.items()])
    yield Finding(
        key="instruments",
        grade=BLOCKS if everything else DOUBTS,
        title="Instruments",
        because=f"none of the book's instruments may be traded freely ({named})",
        words=f"{len(barred)} of {len(symbols)} may not be traded freely: {named}.",
        page="halt",
        act="Lift a suspension",
    )


def _barred(row: InstrumentState) -> str:
    if row.suspended:
        return f"suspended by {row.suspended_by}"
    if not row.tradable:
        return f"the venue says {row.venue_status or 'it does not trade'}"
    return f"restricted by {row.restricted_by}" if row.restricted else ""


def _council(book: Book) -> Iterator[Finding]:
    seats = Seat.objects.filter(book=book.book)
    owners = {seat.owner for seat in seats if seat.weight_ppm and not seat.shadow and len(seat.suspended_by) < 2}
    if len(owners) < FEWEST_OWNERS:
        because = f"the council is too small: {len(owners)} owners have mass, and it takes {FEWEST_OWNERS}"
        yield _agents_finding("council", BLOCKS, "Council", because, f"{because[0].upper()}{because[1:]}.")
    stopped = [seat.agent for seat in seats if seat.status == "suspended" or _paused(seat)]
    if stopped:
        words = f"Suspended or paused, so they propose nothing: {listed(stopped)}."
        yield _agents_finding("stopped", SAYS, "Agents", "agents are suspended or paused", words)
    if missing := [seat.agent for seat in seats if seat.required and seat.status == "suspended"]:
        because = f"the required guard {missing[0]} is suspended"
        yield _agents_finding("guard", DOUBTS, "Guards", because, f"Suspended guards: {listed(missing)}.")


def _paused(seat: Seat) -> bool:
    return seat.paused_until is not None and seat.paused_until > timezone.now()


def _agents_finding(key: str, grade: str, title: str, because: str, words: str) -> Finding:
    return Finding(key=key, grade=grade, title=title, because=because, words=words, page="agents", act="Agents")


def _breakers(book: Book) -> Iterator[Finding]:
    """What put the book into its mode is told there; here is what else is tripped or latched."""
    for row in BreakerState.objects.filter(book=book.book, state="tripped").order_by("breaker", "subject"):
        severity = alarm_words.severity(row.effect)
        subject = "the book" if row.subject == row.book else row.subject
        ends = alarm_words.what_next(row.breaker, row.effect, tripped=True)
        yield Finding(
            key=f"breaker {row.breaker} {row.subject}",
            grade=DOUBTS,
            title="Latched" if row.effect == "LATCHED" else "Tripped",
            because=f"the breaker {row.breaker} is tripped",
            words=f"{alarm_words.title_words(row.breaker, row.subject)}, {subject}: {severity.title}. {ends}",
            page="alarms",
            act="Alarms",
        )


def _holds(book: Book) -> Iterator[Finding]:
    held = list(Hold.objects.filter(book=book.book, status="held").order_by("until")[:50])
    if held:
        many = len(held) > 1
        words = f"{len(held)} decision{'s' if many else ''} wait{'' if many else 's'} for an operator, the next until"
        yield Finding(
            key="holds",
            grade=DOUBTS,
            title="Holds",
            because="decisions wait for an operator",
            words=f"{words} {held[0].until:%H:%M:%S} UTC ({', '.join(held[0].rules)}).",
            page="holds",
            act="Decide holds",
        )


def _agents(book: Book, lately: Lately) -> Iterator[Finding]:
    """Who has said nothing lately, by what they last proposed or voted."""
    proposed = Proposal.objects.filter(agent=OuterRef("agent"), book=book.book).order_by("-recorded_at")
    voted = Ballot.objects.filter(agent=OuterRef("agent"), deliberation__book=book.book).order_by("-ledger_position")
    seats = Seat.objects.filter(book=book.book).order_by("agent").annotate(
        proposed_at=Subquery(proposed.values("recorded_at")[:1]),
        voted_at=Subquery(voted.values("deliberation__recorded_at")[:1]),
    )  # fmt: skip
    rows, now = list(seats), timezone.now()
    last = max((row.proposed_at for row in rows if row.proposed_at), default=None)
    if last is None or now - last > QUIET:
        because = "no agent has proposed anything yet"
        if last is not None:
            because = f"no agent has proposed anything for {spoken((now - last).total_seconds())}"
        words = f"{because[0].upper()}{because[1:]}. Without a proposal there is no round."
        yield _agents_finding("proposals", BLOCKS, "Proposals", because, words)
    elif lately.rounds:
        silent = [row.agent for row in rows if _silent_since(row, now)]
        if silent:
            words = f"Neither proposed nor voted in the last minute: {listed(silent)}."
            yield _agents_finding("silent", DOUBTS, "Silent agents", f"agents are silent: {listed(silent)}", words)


def _silent_since(row: Any, now: Any) -> bool:
    times = [at for at in (row.proposed_at, row.voted_at) if at is not None]
    return not times or now - max(times) > QUIET


# --- rounds and orders ------------------------------------------------------------------------------


def _rounds(lately: Lately) -> Iterator[Finding]:
    if not lately.rounds or lately.granted:
        return
    most = lately.denials[0] if lately.denials else None
    rounds = f"none of the last {lately.rounds} rounds was granted" if lately.rounds > 1 else "the last round was not"
    because = rounds + (f"; most often {most.words}" if most else "")
    if lately.rounds == 1:
        because = "the last round was not granted" + (f": {most.words}" if most else "")
    yield Finding(
        key="rounds",
        grade=BLOCKS,
        title="Rounds",
        because=because,
        words=f"{because[0].upper()}{because[1:]}.",
        page="decisions",
        act="Those decisions",
        query=f"?{most.query}" if most and most.query else "",
    )


def _orders(lately: Lately) -> Iterator[Finding]:
    if lately.unfilled:
        each = lately.unfilled[0]
        count = sum(one.count for one in lately.unfilled)
        yield Finding(
            key="orders",
            grade=DOUBTS,
            title="Orders",
            because="granted orders are not filled",
            words=f"{count} granted order{'' if count == 1 else 's'} ended without a fill; most often {each.words}.",
            page="orders",
            act="Those orders",
            query=f"?{each.query}",
        )


def link(book: str, finding: Finding, address: str) -> str:
    """To the page where one can act, on this book."""
    query = f"{finding.query}&" if finding.query else "?"
    return f"{address}{query}{urlencode({'book': book})}"
