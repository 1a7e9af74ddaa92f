"""A large ledger in the mix of a real one, with chains that hold: what queries and benchmarks are measured on.

python -m tests.integration.ledger.large postgresql://… 1000000       fills an empty, migrated database
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from msgspec.structs import replace

from ledger.records import GENESIS, event_id
from streams import events as e
from streams.events import DomainEvent, aggregate_id, encode_event
from streams.messages import Log
from tests.unit.site.history import SEATS, VIEW, History

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ROUND_MS = 500
SCORED_EVERY, MARKED_EVERY, SUSPENDED_EVERY = 60, 120, 5_000
PRICE, QUANTITY, MOMENT = Decimal("77777.77"), Decimal("0.05"), 1_111_111_111_111_111_111
COLUMNS = """log, partition, position, event_id, originator_id, originator_version, topic, state, recorded_at,
    correlation_id, causation_id, command_id, actor, book, prev_hash, hash"""
TYPES = [
    "text",
    "int4",
    "int8",
    "uuid",
    "uuid",
    "int8",
    "text",
    "bytea",
    "timestamptz",
    *["text"] * 5,
    "bytea",
    "bytea",
]
SITUATION = e.SituationRecorded(
    market_now=MOMENT,
    mode="NORMAL",
    cash=Decimal(100_000),
    positions={"BTCUSDT": Decimal("0.05")},
    reserved={},
    markets={"BTCUSDT": replace(VIEW, price=PRICE, market_at=MOMENT)},
    ages={"BTCUSDT": e.Ages(12_000_000, 40_000_000, 0)},
    caps={},
    conditions={"BTCUSDT": e.Conditions(volatility=Decimal("0.0004"))},
    standing=e.Standing(peak=Decimal(100_500), day_open=Decimal(100_000)),
)


class Template(NamedTuple):
    """An event of a round with gaps in its state for what is different in every round."""

    log: Log
    aggregate: str
    topic: str
    state: bytes
    actor: str


class Chain:
    """One log being written: positions, times and hashes in order."""

    def __init__(self, log: Log, book: str) -> None:
        self.log, self.book = log, book
        self.position, self.hash = 0, GENESIS

    def row(
        self, originator: UUID, version: int, topic: str, state: bytes, at: datetime, root: str, actor: str
    ) -> tuple[Any, ...]:
        self.position += 1
        identity = event_id(self.log, 0, self.position)
        iso = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = (
            f"{self.log}\x1f0\x1f{self.position}\x1f{identity}\x1f{originator}\x1f{version}\x1f{topic}\x1f{iso}\x1f"
            f"{root}\x1f{root}\x1f\x1f{actor}\x1f{self.book}\x1f"
        )
        before, self.hash = self.hash, sha256(self.hash + fields.encode() + state).digest()
        return (
            *(self.log, 0, self.position, identity, originator, version, topic, state, at),
            *(root, root, None, actor, self.book, before, self.hash),
        )


class Writer:
    """Makes the rows of a book's history, round by round."""

    def __init__(self, book: str = "demo") -> None:
        self.history = History(book)
        self.chains = {log: Chain(log, book) for log in ("governance", "execution")}
        self.templates = {granted: list(_templates(book, granted=granted)) for granted in (True, False)}

    def rows(self, events: int) -> Iterator[tuple[Any, ...]]:
        """At least so many, and the round that is begun to its end."""
        self.history.found()
        yield from self._told(STARTED)
        number = 0
        while sum(chain.position for chain in self.chains.values()) < events:
            number += 1
            yield from self._round(number)

    def _told(self, at: datetime) -> Iterator[tuple[Any, ...]]:
        for log, told in (("governance", self.history.governance), ("execution", self.history.execution)):
            for event in told:
                yield self._row(log, event, at)
            told.clear()

    def _row(self, log: str, event: DomainEvent, at: datetime) -> tuple[Any, ...]:
        topic, state = e.TOPICS[type(event.body)], encode_event(event.body)
        root = event.correlation_id
        return self.chains[log].row(event.originator_id, event.originator_version, topic, state, at, root, event.actor)

    def _round(self, number: int) -> Iterator[tuple[Any, ...]]:
        at = STARTED + timedelta(milliseconds=ROUND_MS * number)
        names = names_of(number)
        gaps = [
            *((f"@{gap}@".encode(), name.encode()) for gap, name in names.items()),
            (str(PRICE).encode(), str(price_of(number)).encode()),
            (str(MOMENT).encode(), str(int(at.timestamp() * 1_000) * 1_000_000).encode()),
            (b"@side@", b"buy" if number % 8 < 4 else b"sell"),
        ]
        originators = {kind: aggregate_id(kind, names[kind]) for kind in ("Deliberation", "Order")}
        versions = {"Deliberation": 0, "Order": 0}
        for template in self.templates[number % 4 != 0]:
            state = template.state
            for gap, value in gaps:
                state = state.replace(gap, value)
            kind = template.aggregate
            versions[kind] += 1
            moment = at if template.log == "governance" else at + timedelta(milliseconds=3)
            yield self.chains[template.log].row(
                originators[kind], versions[kind], template.topic, state, moment, names["tick"], template.actor
            )
        self._between(number, names)
        yield from self._told(at + timedelta(milliseconds=100))

    def _between(self, number: int, names: dict[str, str]) -> None:
        """What happens every now and then."""
        if number % SCORED_EVERY == 0:
            self.history.tell(
                e.OutcomesRecorded(bucket=number // SCORED_EVERY, horizon=30, outcomes=(_outcome(names),))
            )
            self.history.tell(_scores(number // SCORED_EVERY))
        if number % MARKED_EVERY == 0:
            value = Decimal(100_000)
            mark = e.EquityMarked(equity=value, peak=value, day_open=value, day="2026-01-01", market_at=number)
            self.history.tell(mark)
        if number % SUSPENDED_EVERY == 0:
            self.history.tell(e.TradingSuspended(instrument="ETHUSDT", who="operator:ada", why="a fork"))
            self.history.tell(e.SuspensionLifted(instrument="ETHUSDT", who="operator:ada", why="it is over"))


def names_of(number: int) -> dict[str, str]:
    """The ids of a round, by the kind of what they name."""
    order = str(UUID(int=number << 8 | 3))
    return {
        "tick": f"binance:BTCUSDT:t{number}",
        "Deliberation": str(UUID(int=number << 8 | 1)),
        "decision": str(UUID(int=number << 8 | 2)),
        "Order": order,
        "proposal": str(UUID(int=number << 8 | 4)),
    }


def price_of(number: int) -> Decimal:
    return Decimal(6_000_000 + number * 37 % 10_000).scaleb(-2)


def _templates(book: str, *, granted: bool) -> Iterator[Template]:
    """One proposal, eight ballots, what follows from them, and an order with its fill where they granted one."""
    told = History(book)
    told.round(outcome="granted" if granted else "refused", price=PRICE, quantity=QUANTITY)
    events = [*told.governance, *told.execution]
    opened, proposals = events[0].body, [x.body for x in events if isinstance(x.body, e.ProposalAdmitted)]
    decision = next(x.body for x in events if isinstance(x.body, e.DecisionReached))
    second = getattr(proposals[1], "proposal_id")  # noqa: B009 - of one proposal only the first is told
    texts = {
        opened.deliberation_id: "Deliberation",  # type: ignore[attr-defined]
        decision.decision_id: "decision",
        proposals[0].proposal_id: "proposal",
        **{ticket.order_id: "Order" for ticket in decision.orders},
    }
    for event in _with_situation(events):
        if getattr(event.body, "proposal_id", "") == second:
            continue
        state = encode_event(event.body).replace(str(told.now).encode(), str(MOMENT).encode())
        for text, kind in texts.items():
            state = state.replace(text.encode(), f"@{kind}@".encode())
        state = state.replace(b'"side":"buy"', b'"side":"@side@"').replace(b"binance:BTCUSDT:t41", b"@tick@")
        topic = e.TOPICS[type(event.body)]
        kind = topic.partition(".")[0]
        log: Log = "execution" if kind == "Order" else "governance"
        yield Template(log, kind, topic, state, event.actor)


def _with_situation(events: Iterable[DomainEvent]) -> Iterator[DomainEvent]:
    for event in events:
        yield event
        if isinstance(event.body, e.DeliberationClosed):
            yield replace(event, body=SITUATION)


def _outcome(names: dict[str, str]) -> e.ObservedOutcome:
    leg = e.OutcomeLeg(instrument="BTCUSDT", side="buy", origin=PRICE, cost=0.0001, end=PRICE, end_at=MOMENT)
    return e.ObservedOutcome(
        deliberation_id=names["Deliberation"], question=names["proposal"], legs=(leg,), gain=-0.0001, y=False
    )


def _scores(bucket: int) -> e.CouncilScored:
    share = 1 / sum(ppm > 0 for _, _, ppm in SEATS)
    seats = tuple(
        e.SeatScore(
            agent=agent, forecasts=5, questions=9, loss=0.24, brier=0.24, before=share, after=share,
            ppm=int(share * 1e6),
        )
        for agent, _, ppm in SEATS
        if ppm
    )  # fmt: skip
    return e.CouncilScored(
        bucket=bucket, copy=bucket % 3, cap=1 / 3, floor=0.01, questions=9, mix_loss=0.24, forecast_loss=0.24,
        seats=seats,
    )  # fmt: skip


def fill(url: str, events: int, book: str = "demo") -> int:
    """Fills the empty logs with about so many events of one book; gives the number of rounds."""
    writer = Writer(book)
    with psycopg.connect(url) as connection:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY event_log ({COLUMNS}) FROM STDIN (FORMAT binary)") as copy,
        ):
            copy.set_types(TYPES)
            rounds = 0
            for row in writer.rows(events):
                rounds += row[6] == "Deliberation.DeliberationOpened"
                copy.write_row(row)
        for chain in writer.chains.values():
            connection.execute(
                "INSERT INTO head (log, partition, position, hash) VALUES (%s, 0, %s, %s)",
                [chain.log, chain.position, chain.hash],
            )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE event_log")
    return rounds


if __name__ == "__main__":
    sys.stdout.write(f"{fill(sys.argv[1], int(sys.argv[2])):,} rounds\n")
